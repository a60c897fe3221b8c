"""The flow on samples, predicted: its averages by quadrature, its linear part and whole runs by draws."""

import numpy as np
import pytest
from scipy.integrate import quad

from numerics import Problem, draw_samples, empirical_flow, power_law, solve
from numerics.samples import predict_samples, sample_escape
from numerics.samples.label_averages import averages, coupled
from numerics.samples.laplace import contour
from numerics.samples.linear_flow import free, gathered, kept, spread
from numerics.samples.resolvent import Directions

SHIFTS = np.array([3e-5 + 1e-5j, 0.008, 0.0119 - 0.002j, 0.3 + 0.4j, -2.0 + 0.7j, 40.0, 3e3 + 2e3j])


def gaussian(function):
    """E function(z), z ~ N(0, 1), by quadrature."""

    def integrand(z, part):
        return getattr(complex(function(z)), part) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    bounds = {"points": [0.01, 0.1, 0.5, 1.0, 2.0, 4.0], "limit": 400, "epsabs": 1e-13, "epsrel": 1e-12}
    return sum(
        2 * quad(integrand, 0, 40, (part,), **bounds)[0] * unit for part, unit in (("real", 1), ("imag", 1j))
    )


def over(order, power, *shifts):
    """E z^order/Π(1 + z²δ)^power, by quadrature."""
    return gaussian(lambda z: z**order / np.prod([(1 + z**2 * delta) ** power for delta in shifts]))


@pytest.mark.parametrize("delta", SHIFTS)
def test_averages_over_a_label(delta):
    values, slopes = averages(np.array([delta]))
    for order in range(4):
        assert values[order, 0] == pytest.approx(over(2 * order, 1, delta), rel=1e-7)
        assert slopes[order, 0] == pytest.approx(-over(2 * order + 2, 2, delta), rel=1e-6)


def test_coupled_averages():
    shifts = SHIFTS[SHIFTS.real > 0]
    found = coupled(shifts)
    for row, order in enumerate((4, 6, 8)):
        true = [[over(order, 1, one, other) for other in shifts] for one in shifts]
        assert found[row] == pytest.approx(np.array(true), rel=1e-6)


def test_the_contour_gives_exponentials():
    points, weights = contour()
    y = np.array([[0.0], [1e-6], [0.3], [1.0], [10.0], [1e3], [1e9]])
    assert (weights / (points + y)).sum(axis=1).real == pytest.approx(np.exp(-y[:, 0]), abs=1e-12)
    gathering = np.append(1.0, (-np.expm1(-y[1:]) / y[1:])[:, 0])
    assert (weights / (points * (points + y))).sum(axis=1).real == pytest.approx(gathering, abs=5e-12)
    assert points[::-1] == pytest.approx(points.conj())


def line(exponent, dimension):
    """Directions of a power law with the flat teacher, from w = 0."""
    eigenvalues = np.arange(1.0, dimension + 1) ** -exponent
    eigenvalues /= eigenvalues.sum()
    flat = np.ones(dimension)
    return Directions(eigenvalues, flat, flat, -flat)


def drawn_linear_flow(directions, samples, times, draws, seed):
    """τ, ν and |v|² of the deviation and of unit noise, (draws, T, 6), by eigenvectors of drawn operators."""
    eigenvalues, _, teacher, start = directions
    image, rng, rows = eigenvalues * teacher, np.random.default_rng(seed), []
    for _ in range(draws):
        x = np.sqrt(eigenvalues) * rng.standard_normal((samples, len(eigenvalues)))
        features = (x @ teacher)[:, None] * x
        rates, vectors = np.linalg.eigh(features.T @ features / samples)
        rates = np.maximum(rates, 1e-14)
        for time in times:
            v = vectors @ (np.exp(-8 * rates * time) * (vectors.T @ start))
            growth = np.expm1(-8 * rates * time) ** 2 / (4 * samples * rates)
            noise = (vectors * growth) @ vectors.T
            rows.append(
                [
                    *(v**2 @ eigenvalues, (v @ image) ** 2, v @ v),
                    *(np.diag(noise) @ eigenvalues, image @ noise @ image, np.trace(noise)),
                ]
            )
    return np.reshape(rows, (draws, len(times), 6))


@pytest.mark.parametrize(("exponent", "samples"), [(2.0, 60), (1.5, 240), (1.2, 600)])
def test_the_linear_flow_against_draws(exponent, samples):
    """Within three standard errors and 4/n, from few samples to many."""
    directions, times = line(exponent, 120), np.array([1.0, 30.0, 1e3])
    drawn = drawn_linear_flow(directions, samples, times, 150, 5)
    mean, error = drawn.mean(axis=0), drawn.std(axis=0) / np.sqrt(150)
    found = np.array([*kept(directions, samples, times), *gathered(directions, samples, times)]).T
    assert np.all(np.abs(found - mean) < 3 * error + 4 / samples * mean + 1e-12)
    population = spread(directions, free(directions, times)).energy
    assert mean[-1, 0] > 1.5 * population[-1]


def test_the_least_norm_interpolator_without_noise():
    """Late, n < d, the labels' weights cancel: Σ λ/(λ+k) = n, τ = k² Σ λ w*²/(λ+k)²/(1 − df₂/n)."""
    directions, samples = line(1.5, 400), 100
    eigenvalues = directions.eigenvalues
    low, high = 1e-12, 1.0
    for _ in range(200):
        ridge = np.sqrt(low * high)
        low, high = (ridge, high) if (eigenvalues / (eigenvalues + ridge)).sum() > samples else (low, ridge)
    second = ((eigenvalues / (eigenvalues + ridge)) ** 2).sum()
    energy = ridge**2 * (eigenvalues / (eigenvalues + ridge) ** 2).sum() / (1 - second / samples)
    assert kept(directions, samples, np.array([1e14])).energy[0] == pytest.approx(energy, rel=2 / samples)


def test_many_samples_are_the_population():
    problem, times = power_law(1.5, 300, "gaussian", seed=3), np.array([0.0, 1.0, 30.0, 1e3])
    run = predict_samples(problem, times, 10**12)
    population = solve(problem, 1e3).at(times)
    assert run.loss == pytest.approx(population.loss, rel=1e-8)
    assert run.mse == pytest.approx(population.mse, rel=1e-8)
    assert run.valid_until == np.inf


def escaping(exponent, dimension, energy=1.0):
    """A problem with a tenth of its energy at the start along the first direction."""
    directions = line(exponent, dimension)
    start = 0.3 * np.sqrt(directions.eigenvalues / (directions.eigenvalues**2).sum())
    return Problem(directions.eigenvalues, np.sqrt(energy) * directions.teacher, np.sqrt(energy) * start)


def compared(problem, samples, noise, times, draws):
    """Loss and MSE of runs over the prediction, (T,) each, their standard errors, and the prediction."""
    runs = [
        empirical_flow(draw_samples(problem, samples, noise_variance=noise, seed=seed), times)
        for seed in range(draws)
    ]
    predicted = predict_samples(problem, times, samples, noise_variance=noise)
    ratios = np.array([[run.loss / predicted.loss, run.mse / predicted.mse] for run in runs])
    return ratios.mean(axis=0), ratios.std(axis=0) / np.sqrt(draws), predicted


TIMES = np.array([1.0, 10.0, 100.0, 1e3])


@pytest.mark.parametrize(
    ("exponent", "samples", "noise", "energy"),
    [(1.5, 100, 0.1, 1.0), (2.0, 30, 0.0, 1.0), (2.0, 120, 0.4, 2.0)],
)
def test_whole_runs_on_samples(exponent, samples, noise, energy):
    """Within three standard errors and 5/n, where the population is far off."""
    problem = escaping(exponent, 60, energy)
    means, errors, predicted = compared(problem, samples, noise, TIMES / energy, 60)
    assert np.all(np.abs(means - 1) < 3 * errors + 5 / samples), means
    assert predicted.loss[-1] > 2 * predicted.population.at(TIMES / energy).loss[-1]


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [1.2, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("share", [0.25, 1.0, 4.0])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_whole_runs_at_every_share(exponent, share, noise):
    """At a = 1.2 the loss falls like t^(-1/6), never deep in the linear flow: 2/√n, of the loss alone."""
    problem, samples = escaping(exponent, 200), int(200 * share)
    means, errors, predicted = compared(problem, samples, noise, TIMES, 40)
    holds = predicted.valid_until > TIMES
    allowed, rows = (2 / np.sqrt(samples), 1) if exponent == 1.2 else (8 / samples, 2)
    assert np.all((np.abs(means - 1) < 3 * errors + allowed)[:rows, holds]), means


def test_where_noise_ends_the_prediction():
    """Before the stated time runs are within a tenth of it, long after it they lie below."""
    problem, times = escaping(2.0, 100), np.array([50.0, 200.0, 3e4])
    means, errors, predicted = compared(problem, 25, 0.1, times, 40)
    assert 200 < predicted.valid_until < 1e4
    assert np.all(np.abs(means[0, :2] - 1) < 0.1 + 3 * errors[0, :2])
    assert means[0, 2] < 0.6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": np.array([2.0, 1.0])}, "ascending"),
        ({"times": np.array([-1.0])}, "at least 0"),
        ({"noise_variance": -0.1}, "noise"),
        ({"samples": 0}, "samples"),
        ({"problem": Problem([1.0, 0.5], [1, 1], [[0.1, 0], [0, 0.1]])}, "one student"),
        ({"problem": Problem([1.0, 0.5], [1, 0], [0, 0.1])}, "ends at"),
    ],
)
def test_bad_requests(change, message):
    request = {"problem": escaping(2.0, 5), "times": [1.0], "samples": 10, "noise_variance": 0.0} | change
    with pytest.raises(ValueError, match=message):
        predict_samples(**request)


@pytest.mark.parametrize(
    ("exponent", "noise", "energy"), [(2.0, 0.0, 1.0), (1.2, 1.0, 1.0), (0.5, 0.5, 3.0), (0.0, 0.0, 1.0)]
)
def test_the_escape_rate_on_samples(exponent, noise, energy):
    """Of drawn operators; their part along the population's direction, of known mean, is taken away."""
    problem, samples, rng, rows = escaping(exponent, 40, energy), 2000, np.random.default_rng(2), []
    values, teacher = problem.eigenvalues, problem.teacher
    found = sample_escape(problem, samples, noise_variance=noise)
    image = values * teacher
    first = np.linalg.eigh(np.diag(values) * energy + 2 * np.outer(image, image))[1][:, -1]
    for _ in range(400):
        x = np.sqrt(values) * rng.standard_normal((samples, 40))
        labels = (x @ teacher) ** 2 + np.sqrt(noise) * rng.standard_normal(samples)
        operator = 4 / samples * (x.T * labels) @ x
        rows.append((np.linalg.eigvalsh(operator)[-1], first @ operator @ first))
    rates, alongs = np.array(rows).T
    rest = rates - alongs
    error = rest.std() / np.sqrt(400)
    assert rest.mean() == pytest.approx(
        found.mean - found.rate, abs=4 * error + 0.1 * (found.mean - found.rate)
    )
    assert alongs.mean() == pytest.approx(found.rate, abs=4 * found.std / np.sqrt(400))
    assert rates.std() == pytest.approx(found.std, rel=0.12)


def test_samples_needed_to_escape():
    """Of order one for a > 1, in infinite dimension, too; for a = 0 of order d: a transition."""
    few = [sample_escape(power_law(2, d, init="escape:0.1"), 10).least for d in (100, 1e6, np.inf)]
    assert few == pytest.approx([few[-1]] * 3, rel=0.05)
    assert few[-1] < 3
    many = [sample_escape(power_law(0, d, init="escape:0.1"), 10).least for d in (100, 400)]
    assert many[1] / many[0] == pytest.approx(4, rel=0.05)
