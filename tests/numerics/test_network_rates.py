"""Rates of networks on given modes: against the quadratic map, the secular equation and the solver."""

import numpy as np
import pytest

from numerics import Problem, largest_stable_step, network, network_rates, solve


def draw(count, size=10, seed=0, spread=1.0):
    """Eigenvalues and teachers of energies about 1."""
    rng = np.random.default_rng(seed)
    lam = np.arange(1.0, size + 1.0) ** -1.5
    lam /= lam.sum()
    rows = rng.standard_normal((count, size))
    rows *= (1 + spread * rng.random(count) / np.sqrt(rows**2 @ lam))[:, None]
    return lam, rows / np.sqrt(np.mean(rows**2 @ lam))


def found(problem, model):
    """Values, None where there is none."""
    rates = network_rates(problem, model)
    return {name: None if rate.value is None else float(rate) for name, rate in rates.items()}


def quadratic_hessian(lam, W, weights):
    """∇² of 2 tr(QΔQΔ) + (tr QΔ)², Δ = Σ c_j (w_j w_jᵀ − w*_j w*_jᵀ), at W = W*: by the change of Δ."""
    K, size = W.shape
    root = np.sqrt(lam)
    changes = []
    for unit in np.eye(K * size).reshape(-1, K, size):
        delta = np.einsum("j,ja,jb->ab", weights, unit, W)
        delta = root[:, None] * (delta + delta.T) * root
        changes.append(np.concatenate([np.sqrt(2) * delta.ravel(), [np.trace(delta)]]))
    changes = np.array(changes)
    return 2 * changes @ changes.T


@pytest.mark.parametrize("weights", [(1, 1), (1, 1, 1), (1, 2), (1, -0.5, 2)])
def test_quadratic_networks_by_their_own_map(weights):
    """Σ c_j w_j w_jᵀ is all that counts: K(K − 1)/2 eigenvalues are 0, whatever the weights. At 0 student j
    has the rates c_j times those of 4 (Σ c*_m T_mm) Q + 8 Σ c*_m Q w*_m w*_mᵀ Q.
    """
    count, c = len(weights), np.array(weights, float)
    lam, star = draw(count)
    rates = found(Problem(lam, star, 0.1 * star), network("z**2", None, c, c))
    values = np.linalg.eigvalsh(quadratic_hessian(lam, star, c))
    neutral = count * (count - 1) // 2
    assert np.all(np.abs(values[:neutral]) < 1e-12)
    assert rates["stability_step"] == pytest.approx(2 / values[-1], rel=1e-11)
    assert rates["final_rate"] == pytest.approx(values[neutral], rel=1e-9)
    seen = np.einsum("m,ma,mb->ab", c, lam * star, lam * star)
    pull = 4 * np.sum(c * (star**2 @ lam)) * np.diag(lam) + 8 * seen
    assert rates["escape_rate"] == pytest.approx((c[:, None] * np.linalg.eigvalsh(pull)).max(), rel=1e-11)


@pytest.mark.parametrize(
    ("link", "weights"), [("erf(z)", (1, 1)), ("z**2 + z/2", (1, 2)), ("z**3 + z", (1, -0.5))]
)
def test_the_end_of_a_run(link, weights):
    """Unequal weights with E f' ≠ 0 among them: L ~ e^{−2ht} from the solver."""
    lam, star = draw(2, 8, 1, 0.3)
    start = star + 0.05 * np.random.default_rng(2).standard_normal(star.shape)
    model = network(link, None, weights, weights)
    rates = found(Problem(lam, star, start), model)
    span = 1 / rates["final_rate"]
    loss = solve(Problem(lam, star, start), 60 * span, model).overlaps([40 * span, 60 * span]).loss
    assert np.log(loss[0] / loss[1]) == pytest.approx(40.0, rel=1e-5)
    assert rates["stability_step"] == pytest.approx(largest_stable_step(Problem(lam, star, star), model))


def test_the_start_of_a_run():
    lam, star = draw(2, 8, 3)
    start = 1e-8 * np.random.default_rng(4).standard_normal((3, 8))
    model = network("z**2", None, [1, 1, 1], [1, 1])
    rate = found(Problem(lam, star, start), model)["escape_rate"]
    run = solve(Problem(lam, star, start), 16 / rate, model).overlaps([10 / rate, 13 / rate])
    growth = np.log(np.trace(run.S[..., 1]) / np.trace(run.S[..., 0]))
    assert growth == pytest.approx(6.0, rel=0.02)


def test_spare_students_and_what_has_no_rate():
    """K > M: the step is that of the teachers' map, where the spare student adds no curvature."""
    lam, star = draw(1, 6)
    one = Problem(lam, star[0], np.ones((2, 6)))
    rates = network_rates(one, network("z**2", None, [1, 1], [1]))
    alone = largest_stable_step(Problem(lam, star[0], star[0]))
    assert float(rates["stability_step"]) == pytest.approx(alone, rel=1e-11)
    assert "power of t" in rates["final_rate"].reason
    two = Problem(lam, np.stack([star[0], star[0][::-1]]), np.ones((2, 6)))
    linked = network_rates(two, network("erf(z)", None, [1, 1], [1, 2]))
    assert "cannot equal" in linked["stability_step"].reason
    assert "does not rest" in linked["escape_rate"].reason
    with pytest.raises(ValueError, match="1 teachers, the model 2"):
        network_rates(one, network("z**2", None, [1, 1], [1, 1]))


def test_the_radius_covers_what_is_lost():
    """Eigenvalues over fourteen decades: the least is not known beside the largest, and says so."""
    lam = np.array([1.0, 1e-15])
    star = np.array([[1.0, 1.0], [0.5, -1.0]])
    rates = network_rates(Problem(lam, star, star), network("z**2 + z", None, [1, 1], [1, 1]))
    assert "rounding" in rates["final_rate"].reason
    assert rates["stability_step"].value is not None
