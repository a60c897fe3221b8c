"""Constants of other links than the square: eigenvalues of dense matrices, and what is known for it alone."""

import pytest
from mpmath import mp, mpf

from theory.asymptotics import (
    CATALOGUE,
    SQUARE,
    Given,
    LocalFlow,
    PowerLaw,
    as_json,
    constants,
    escape_rate,
    final_rate,
    stability_step,
    window_start,
)
from theory.asymptotics.numbers.written import written

ERF = LocalFlow(
    "erf(z)", None, None, "8*sqrt(5)/(5*pi)", "32*sqrt(5)/(25*pi)", "24*sqrt(5)/(25*pi)", "ballistic"
)
CUBIC = LocalFlow("z**3 + z", None, None, "68", "-240", "-180", "ballistic")
RELU = LocalFlow("z/2 + Abs(z)/2", None, None, "1", "0", "0", "kink")
COSINE = LocalFlow("cos(z)", "2 - 2*exp(-1/2)", "2*exp(-1/2)", "1 - exp(-2)", "-4*exp(-2)", "-3*exp(-2)")
CUBIC_AND_SQUARE = LocalFlow("z**3/3 + 2*z**2", "16", "32", "38", "-88", "-66")
SINKING = LocalFlow("z**4 - 4*z**2", "16", "-64", "224", "-1600", "-1200")
SIGN = LocalFlow("sign(z)", no_escape="kink", no_law="infinite")

SPECTRA = [
    PowerLaw("1.5", 9),
    PowerLaw(3, 2),
    PowerLaw("0.4", 7, "source:-0.8"),
    Given([3, 2, 1], [1, "0.1", 1]),
    Given(["1.001", 1, "0.2"], ["1e-3", 1, 1]),
]
"""Where every eigenvalue is simple and the teacher touches it."""


def eigenvalues(spectrum, first, second):
    """Of ``first Q + second (Q w*)(Q w*)^T``, in ascending order."""
    levels = spectrum.levels()
    direction = [mp.sqrt(level.eigenvalue * level.mass) for level in levels]
    matrix = second * mp.matrix(direction) * mp.matrix(direction).T
    for i, level in enumerate(levels):
        matrix[i, i] += first * level.eigenvalue
    return sorted(mp.eigsy(matrix, eigvals_only=True))


@pytest.mark.parametrize("flow", [ERF, CUBIC, RELU, COSINE, SQUARE], ids=lambda flow: flow.link)
@pytest.mark.parametrize("spectrum", SPECTRA, ids=str)
def test_rates_at_the_teacher_are_those_of_the_dense_hessian(spectrum, flow):
    step, rate = stability_step(spectrum, 25, flow), final_rate(spectrum, 25, flow)
    with mp.workdps(50):
        found = eigenvalues(spectrum, written(flow.decay), -written(flow.overlap))
        assert abs(step.value - 2 / found[-1]) <= step.radius
        assert abs(rate.value - found[0]) <= rate.radius


@pytest.mark.parametrize("flow", [COSINE, SINKING, SQUARE], ids=lambda flow: flow.link)
@pytest.mark.parametrize("spectrum", SPECTRA, ids=str)
def test_escape_rate_is_the_top_of_the_dense_matrix(spectrum, flow):
    rate = escape_rate(spectrum, 25, flow)
    with mp.workdps(50):
        found = eigenvalues(spectrum, written(flow.growth), written(flow.pull))
        assert abs(rate.value - found[-1]) <= rate.radius


@pytest.mark.parametrize("flow", [COSINE, CUBIC_AND_SQUARE, SQUARE], ids=lambda flow: flow.link)
@pytest.mark.parametrize("spectrum", SPECTRA, ids=str)
def test_fastest_mode_is_that_of_the_dense_matrix(spectrum, flow):
    """<e, Qw*>, its share of |Qw*|, and the gap of the two largest eigenvalues."""
    names = ["escape_amplitude", "sign_agreement", "slow_mode_exponent"]
    found = constants(spectrum, 20, names, flow=flow)
    with mp.workdps(50):
        levels = spectrum.levels()
        direction = mp.matrix([mp.sqrt(level.eigenvalue * level.mass) for level in levels])
        matrix = written(flow.pull) * direction * direction.T
        for i, level in enumerate(levels):
            matrix[i, i] += written(flow.growth) * level.eigenvalue
        rates, vectors = mp.eigsy(matrix)
        scale = abs(mp.fdot(vectors[:, len(levels) - 1], direction))
        share = mp.asin(scale / mp.norm(direction)) / mp.pi
        gap = (1 - rates[len(levels) - 2] / rates[len(levels) - 1]) / 2
        for name, value in zip(names, (scale, share + mpf(1) / 2, gap), strict=True):
            assert abs(found[name].value - value) <= found[name].radius + mpf(10) ** -30, name


def test_a_mode_that_the_teacher_does_not_pull_has_no_amplitude():
    found = constants(PowerLaw(2, 9), 10, ["escape_amplitude", "sign_agreement"], flow=SINKING)
    assert all("dB/du = -64 at w = 0 is not positive" in constant.reason for constant in found.values())


@pytest.mark.parametrize("flow", [ERF, COSINE, SINKING], ids=lambda flow: flow.link)
def test_rates_of_many_modes_solve_the_secular_equation(flow):
    """Of both signs, where modes are not listed: the sum written out changes its sign across each ball."""
    law = PowerLaw("1.5", 4000, "source:0.1")
    step, rate = stability_step(law, 20, flow), final_rate(law, 20, flow)
    with mp.workdps(60):
        levels = law.levels()
        decay, form = written(flow.decay), -written(flow.overlap)

        def secular(h):
            return 1 - form * mp.fsum(x * mass / (h - decay * x) for x, mass, _ in levels)

        for low, high in (
            (2 / (step.value + step.radius), 2 / (step.value - step.radius)),
            (rate.value - rate.radius, rate.value + rate.radius),
        ):
            assert secular(low) * secular(high) < 0
        ends = (decay * x for x in law.extremes())
        top, bottom = ends
        assert (2 / step.value > top) == (rate.value > bottom) == (form > 0)


def test_escape_between_the_poles_at_infinite_dimension():
    """B'(0) < 0: flat, a = 2, where with p = 16 * 6/(pi x)^2 the sum is that of a cotangent's poles."""
    rate = escape_rate(PowerLaw(2, "inf"), 25, SINKING)
    with mp.workdps(50):

        def secular(p):
            x = mp.sqrt(96 / p) / mp.pi  # sum lambda^2/(p - 16 lambda), of 1/(p - 16 lambda) - 1/p the sum
            poles = (1 - mp.pi * x * mp.cot(mp.pi * x)) / 2  # sum_i x^2/(i^2 - x^2)
            return 1 + 64 * (poles * p / 16 - 1) / 16

        assert secular(rate.value - rate.radius) * secular(rate.value + rate.radius) < 0
        assert 16 * 6 / mp.pi**2 / 4 < rate.value < 16 * 6 / mp.pi**2


def test_one_eigenvalue():
    """24 of 16 d = 1: A + B < 0, u decays; the Hessian has alpha and alpha - c_p."""
    assert "u decays" in escape_rate(PowerLaw(0, 5), 15, SINKING).reason
    assert abs(escape_rate(PowerLaw(0, 5), 15, COSINE).value - mpf(2) / 5) < mpf(10) ** -14
    assert abs(stability_step(PowerLaw(0, 5), 15, ERF).value - 10 / written(ERF.decay)) < mpf(10) ** -13
    assert abs(stability_step(PowerLaw(0, 1), 15, CUBIC).value - mpf(2) / 308) < mpf(10) ** -14


def test_vectors_that_the_teacher_misses():
    """They have rate alpha lambda, and reach u at second order unless c_q = 0: with relu at third."""
    spectrum = Given([3, 2, "0.1"], [0, 1, 0])
    for flow in (ERF, CUBIC):
        alpha, beta = written(flow.decay), -written(flow.overlap)
        top = max(3 * alpha, 2 * (alpha + beta))
        assert abs(stability_step(spectrum, 15, flow).value - 2 / top) < mpf(10) ** -13
        assert abs(final_rate(spectrum, 15, flow).value - alpha / 5) < mpf(10) ** -13
    assert "beyond second order" in final_rate(spectrum, 15, RELU).reason
    assert abs(final_rate(Given([3, 2, 1], [0, 1, 0]), 15, RELU).value - 2) < mpf(10) ** -14


def test_reasons():
    found = constants(PowerLaw(2, 100), 10, flow=SIGN)
    assert found["escape_rate"].reason == "kink"
    for name in ("stability_step", "final_rate", "overlap_prefactor", "loss_prefactor", "window_end"):
        assert found[name].reason == "infinite", name


def test_constants_known_for_the_square_alone_say_so():
    answer = as_json(PowerLaw(2, 100), 10, batch=4, step_size=0.01, flow=CUBIC)
    assert (answer["link"], list(answer["constants"])[: len(CATALOGUE)]) == ("z**3 + z", list(CATALOGUE))
    for name in (
        "onset_delay",
        "third_delay",
        "recovered_constant",
        "sgd_stability_step",
        "sgd_loss_floor",
    ):
        assert "for the link z**2 alone, not for z**3 + z" in answer["constants"][name]["reason"]
    height = constants(PowerLaw(2, 100), 10, ["plateau_height"])["plateau_height"]
    assert answer["constants"]["plateau_height"] == height.as_json(10)
    assert (
        answer["constants"]["window_start"]["value"]
        == window_start(PowerLaw(2, 100), 10, CUBIC).printed(10)[0]
    )


@pytest.mark.parametrize("text", ["x", "", "1.5", "__import__('os')", "(1, 2)", "pi()"])
def test_only_numbers_in_closed_form(text):
    with pytest.raises(ValueError, match=r"decay is no number: .* it may hold whole numbers, pi"):
        LocalFlow("z**2", decay=text)
