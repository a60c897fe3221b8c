"""The laws as symbols: every number and every exponent in them against the constants, sums and solutions."""

from fractions import Fraction
from functools import cache, partial

import numpy as np
import pytest
import sympy
from mpmath import mp

from derivations.court.statement import _nudged
from derivations.register import claims
from theory import asymptotics as constants
from theory.asymptotics import PowerLaw
from theory.laws import (
    ALGORITHMS,
    B,
    Laws,
    Verdict,
    a,
    d,
    history,
    laws,
    names,
    t,
    t_0,
)
from theory.symbolic import Z, local_flow, phase_retrieval, quadratic_network

TESTED = 1e-9
"""Relative difference between a law and its constant."""

CASES = (("1.5", "0"), ("2", "0"), ("2", "0.3"), ("3", "1.2"), ("2.3", "0.7"))
LINKS = (Z**2, Z**3 + Z, Z**2 + Z / 2, sympy.erf(Z))


def spectrum(exponent, source, dimension="inf"):
    return PowerLaw(exponent, dimension, f"source:{source}")


def values(exponent, source, **others):
    numbers = {a: sympy.Rational(exponent), B: sympy.Rational(source)}
    return numbers | {getattr(names, name): value for name, value in others.items()}


def number(expression):
    return float(sympy.N(expression, 20))


def value(constant):
    assert constant.value is not None, constant.reason
    return constant.value


def power(prefactor, exponent, when):
    return value(prefactor) * mp.mpf(when) ** -value(exponent)


def converging(name, flow=constants.SQUARE):
    """A prefactor of the constants as a function of a, B and the time."""

    def reference(exponent, source, when):
        law = spectrum(exponent, source)
        found = getattr(constants, f"{name}_prefactor")(law, 20, flow=flow)
        return power(found, constants.summary_exponent(law, 20), when)

    return reference


LATE = [(case, when) for case in CASES for when in (7, 1000)]


def of_time(name, algorithm="flow"):
    """The points of a law of the late times, and what the constants say there."""
    return [(values(*case, t=when), converging(name)(*case, when)) for case, when in LATE]


def settling():
    for case in CASES:
        law = spectrum(*case)
        scale, kappa = constants.convergence_prefactor(law, 20), constants.convergence_exponent(law, 20)
        for tolerance in ("1e-3", "1e-5"):
            small = mp.mpf(tolerance)
            yield values(*case, epsilon=sympy.Rational(tolerance)), (value(scale) / small) ** value(kappa)


def recovered():
    for case, when in LATE:
        law = spectrum(*case)
        rest = value(constants.recovered_constant(law, 20))
        scale, grown = constants.recovered_prefactor(law, 20), constants.recovered_exponent(law, 20)
        growing = value(scale) * mp.mpf(when) ** value(grown) if Fraction(case[1]) < Fraction(1, 2) else 0
        yield values(*case, t=when), rest + growing


def tail():
    for exponent in ("1.5", "3"):
        law = spectrum(exponent, "0")
        scale, grown = constants.tail_prefactor(law, 20), constants.tail_exponent(law, 20)
        for when in (3, 50):
            yield values(exponent, "0", t=when), value(scale) * mp.mpf(when) ** value(grown)


def escape_time():
    """Steep: log d over twice the rate; shallow: the constants of the saddle."""
    for exponent, source in CASES[:3]:
        rate = value(constants.escape_rate(spectrum(exponent, source), 20))
        for size in (10**3, 10**9):
            yield values(exponent, source, d=size, rho=rate), mp.log(size) / (2 * rate)
    size, reached = 10**6, mp.mpf(1) / 10
    for exponent in ("0.6", "0.75"):
        scale = value(constants.saddle_growth_prefactor(exponent, 20))
        climb = value(constants.saddle_growth_exponent(exponent, 20))
        point = values(exponent, "0", d=size, delta=reached, level=scale)
        yield point, size * (reached / scale) ** (1 / climb)
    for exponent in ("0.1", "0.3"):
        delay = value(constants.saddle_delay(exponent, 20))
        yield values(exponent, "0", d=size), delay * size * mp.log(size)


def descent_escape_time():
    for exponent, step in (("2", "0.01"), ("1.5", "0.05")):
        law = spectrum(exponent, "0")
        rate, slowed = constants.escape_rate(law, 20), constants.descent_escape_rate(law, step, 20)
        point = values(exponent, "0", d=10**5, rho=value(rate), eta=sympy.Rational(step))
        yield point, mp.log(10**5) / (2 * value(slowed))


def sgd_escape_time():
    for exponent, step in (("2", "0.01"), ("1.5", "0.05")):
        slowed = constants.sgd_escape_rate_typical(spectrum(exponent, "0"), float(step), 4)
        yield values(exponent, "0", d=10**5, typical=value(slowed)), mp.log(10**5) / (2 * value(slowed))


@cache
def floor_slope(case, batch):
    """The floor of the loss per step, at a step so small that its next order does not show."""
    return value(constants.sgd_loss_floor(spectrum(*case), 1e-8, batch)) / mp.mpf("1e-8")


def over_modes(summand):
    """The integral of a function of the mode's number, over all positive ones."""
    with mp.workdps(30):
        return mp.quad(lambda y: summand(mp.exp(y)) * mp.exp(y), [-60, -20, *range(-10, 31, 10), 60, 120])


def noise_left(exponent, when):
    """The sum of λ² e^(−16 λ t) as an integral over modes."""
    trace = mp.zeta(exponent)
    return over_modes(lambda x: (x**-exponent / trace) ** 2 * mp.exp(-16 * when * x**-exponent / trace))


def sgd_loss():
    """The bias of the constants, amplified, and the noise of the whole history as an integral."""
    amplified, total, step, batch = mp.mpf("1.3"), mp.mpf("0.7"), mp.mpf("0.002"), 3
    for exponent, source in (("1.5", "0"), ("2", "0.3"), ("2", "1"), ("2", "1.5"), ("1.5", "1")):
        for when in (1000, 10**5):
            bias = converging("loss")(exponent, source, when)
            spread = 4 * 64 * step * total / batch * noise_left(mp.mpf(exponent), when)
            side = Fraction(exponent) - 2 * Fraction(source)
            expected = (bias if side > 0 else spread) if side else bias + spread
            point = values(exponent, source, t=when, eta=step, m=batch, amplification=amplified)
            yield point | {history: total}, amplified * expected


def crossover():
    """Both parts of the loss are equal there."""
    for exponent, source, step in (("2", "1.5", "0.002"), ("1.5", "1", "0.0005")):
        total, step_size = mp.mpf("0.7"), mp.mpf(step)
        apart = partial(parts_apart, exponent, source, 4 * 64 * step_size * total / 3)
        found = mp.exp(mp.findroot(lambda x, apart=apart: apart(x), mp.mpf(12)))
        yield values(exponent, source, eta=step_size, m=3) | {history: total}, found


def parts_apart(exponent, source, scale, log_time):
    """The logarithm of bias over noise."""
    when = mp.exp(log_time)
    return mp.log(converging("loss")(exponent, source, when) / (scale * noise_left(mp.mpf(exponent), when)))


FLOORS = (("1.5", "0"), ("2", "0.5"))


def loss_floor():
    for case in FLOORS:
        yield values(*case, eta=sympy.Rational(1, 10**8), m=4, sigma2=1), floor_slope(case, 4) / 10**8


def mse_floor():
    found = value(constants.sgd_mse_floor(spectrum("2", "0"), 1e-8, 4))
    yield values("2", "0", eta=sympy.Rational(1, 10**8), m=4, sigma2=1), found


def least(rising, falling, gamma, grown):
    """Where and how small rising x^grown + falling x^−gamma is least, found by search."""

    def total(log_x):
        return rising * mp.exp(grown * log_x) + falling * mp.exp(-gamma * log_x)

    best = mp.findroot(lambda log_x: mp.diff(total, log_x), (mp.mpf(3), mp.mpf(4)))
    return mp.exp(best), total(best)


def tuned_loss():
    """The least sum of bias and floor over the steps."""
    noise, batch = mp.mpf("0.3"), 4
    for case in FLOORS:
        gamma = value(constants.summary_exponent(spectrum(*case)))
        slope = floor_slope(case, batch)
        bias = converging("loss")(*case, 1)
        for count in (10**6, 10**9):
            found = least(noise * slope, bias * mp.mpf(count / batch) ** -gamma, gamma, 1)
            yield values(*case, n=count, sigma2=noise), found[1]


def decayed_loss():
    """The least sum of the bias of the flow and of the steps' noise, integrated over the run.

    Where the last steps decide, the trace is that of a few rates, over all times before.
    """
    noise, rates = mp.mpf("0.3"), (mp.mpf("0.7"), mp.mpf("0.2"), mp.mpf("0.05"))
    for exponent, source, p in (("3", "0.5", 1), ("2.5", "0", 1), ("2", "0.5", 3), ("3", "0.2", 4)):
        gamma = value(constants.summary_exponent(spectrum(exponent, source)))
        bias = converging("loss")(exponent, source, 1) * (p + 1) ** gamma
        late = p < mp.mpf(exponent) - 1
        if late:
            trace, grown = mp.fsum(h ** (mp.mpf(1) / (p + 1)) for h in rates), mp.mpf(1) / (p + 1)
            unit = mp.quad(
                lambda y, p=p: y ** (2 * p) * kept(rates, y ** (p + 1) / (p + 1)), [0, 1, 3, 10, mp.inf]
            )
        else:
            trace, grown = mp.mpf(1), 1 / mp.mpf(exponent)
            scale = noise_left(mp.mpf(exponent), 10**12) * mp.mpf(10) ** (12 * (2 - grown))
            unit = mp.quad(
                lambda y, p=p, scale=scale, grown=grown: (
                    scale * y ** (2 * p) * (y ** (p + 1) / (p + 1)) ** (grown - 2)
                ),
                [0, 1],
            )
        for count in (10**6, 10**9):
            rising = 64 * noise * unit * mp.mpf(count) ** (grown - 1)
            found = least(rising, bias * mp.mpf(count) ** -gamma, gamma, grown)
            yield values(exponent, source, n=count, sigma2=noise, fall=p, trace=trace), found[1]
    point = values("3", "-0.2", n=1000, sigma2=noise, fall=4, trace=1, eta=mp.mpf("0.01"))
    yield point, converging("loss")("3", "-0.2", mp.mpf(10) / 5)


def kept(rates, left):
    """The sum of h² e^(−16 h R)."""
    return mp.fsum(h**2 * mp.exp(-16 * h * left) for h in rates)


@cache
def spread(exponent, when):
    """The sum of (1 − e^(−8 λ t))² as an integral over modes."""
    trace = mp.zeta(exponent)
    return over_modes(lambda x: mp.expm1(-8 * when * x**-exponent / trace) ** 2)


SAMPLED = (("1.5", "0"), ("2", "0"), ("2", "0.3"), ("3", "1.2"))


def variance():
    for case in SAMPLED:
        for when in (10, 300):
            expected = mp.mpf("0.3") / 500 * spread(mp.mpf(case[0]), when)
            yield values(*case, t=when, n=500, sigma2=mp.mpf("0.3")), expected


def stopping(part):
    """The least sum of bias and variance over the times: where it is, or how small."""
    noise = mp.mpf("0.3")
    for case in SAMPLED:
        gamma = value(constants.summary_exponent(spectrum(*case)))
        bias, unit = converging("loss")(*case, 1), spread(mp.mpf(case[0]), 1)
        for count in (500, 10**5):
            found = least(noise / count * unit, bias, gamma, 1 / mp.mpf(case[0]))
            yield values(*case, n=count, sigma2=noise), found[part]


def interpolation():
    """The ridge that n samples leave, from the equation for its effective dimension, and the bias at it."""
    for case in (("1.5", "0"), ("2", "0.3"), ("3", "1.2")):
        exponent, slope = mp.mpf(case[0]), mp.mpf(case[0]) + 2 * mp.mpf(case[1])
        unit = over_modes(lambda x, p=exponent: 1 / (1 + x**p))
        for count in (100, 10**4):
            ridge = (unit / count) ** exponent
            left = over_modes(lambda x, p=exponent, b=slope, k=ridge: x**-b * (k / (k + x**-p)) ** 2)
            yield values(*case, n=count, sigma2=0), 4 * exponent * left / mp.zeta(slope)


REFERENCES = {
    ("flow", "escape_time"): (escape_time, TESTED),
    ("flow", "overlap"): (lambda: of_time("overlap"), TESTED),
    ("flow", "energy"): (lambda: of_time("energy"), TESTED),
    ("flow", "loss"): (lambda: of_time("loss"), TESTED),
    ("flow", "settling"): (settling, TESTED),
    ("flow", "recovered"): (recovered, TESTED),
    ("flow", "tail"): (tail, TESTED),
    ("descent", "escape_time"): (descent_escape_time, TESTED),
    ("sgd", "escape_time"): (sgd_escape_time, TESTED),
    ("sgd", "sgd_loss"): (sgd_loss, 1e-6),
    ("sgd", "crossover"): (crossover, 1e-6),
    ("sgd", "loss_floor"): (loss_floor, 1e-5),
    ("sgd", "mse_floor"): (mse_floor, 1e-5),
    ("sgd", "tuned_loss"): (tuned_loss, 1e-5),
    ("sgd", "decayed_loss"): (decayed_loss, 1e-6),
    ("samples", "bias"): (lambda: of_time("loss"), TESTED),
    ("samples", "variance"): (variance, 1e-6),
    ("samples", "stopping_time"): (lambda: stopping(0), 1e-6),
    ("samples", "stopped_loss"): (lambda: stopping(1), 1e-6),
    ("samples", "interpolation"): (interpolation, 1e-6),
}
"""For each law what confirms it: points and values, and how closely they agree."""


def worst(law, expressions, points):
    """The largest relative difference, with ``expressions`` by regime in place of the law's own."""
    differences = []
    for point, expected in points:
        found = expressions[law.regimes.index(law.regime(point))].subs(numbers(law, point))
        differences.append(abs(sympy.N(found, 15) / sympy.Float(str(expected), 20) - 1))
    return max(differences)


def numbers(law, point):
    """The point and the names that have formulas, as floats."""
    found = {name: sympy.N(value, 20) for name, value in point.items()}
    for name in (names.gamma, names.Z, names.N, names.C):
        if name in law.names:
            found[name] = sympy.N(law.names[name].subs(found), 20)
    return found


@pytest.mark.parametrize(("algorithm", "name"), REFERENCES)
def test_a_law_is_what_confirms_it_and_none_of_its_numbers_may_change(algorithm, name):
    reference, tolerance = REFERENCES[algorithm, name]
    law, points = laws(algorithm=algorithm)[name], list(reference())
    own = [law.of_regime(regime) for regime in law.regimes]
    assert worst(law, own, points) < tolerance
    met = {law.regimes.index(law.regime(point)) for point, _ in points}
    for number_of in met:
        here = [item for item in points if own[law.regimes.index(law.regime(item[0]))] == own[number_of]]
        for changed in _nudged(own[number_of]):
            altered = [changed if body == own[number_of] else body for body in own]
            assert not worst(law, altered, here) < tolerance, changed


def test_every_law_is_confirmed():
    named = {(algorithm, name) for algorithm in ALGORITHMS for name in laws(algorithm=algorithm)}
    of_the_flow = {("descent", name) for name in laws() if name != "escape_time"}
    assert named == set(REFERENCES) | of_the_flow
    assert all(laws(algorithm="descent")[name] == laws()[name] for _, name in of_the_flow)


@pytest.mark.parametrize("name", ["overlap", "energy", "loss"])
@pytest.mark.parametrize("case", [("1.5", "0"), ("3", "0.2"), ("2.3", "0.7"), ("3", "1.2"), ("2", "0.5")])
def test_first_corrections_are_those_of_the_expansion(name, case):
    law = laws(spectrum=sympy.Rational(case[0]), teacher=sympy.Rational(case[1]))[name]
    series = constants.expansion(spectrum(*case), 20)
    coefficients = getattr(series, name)
    when, shift = sympy.Integer(10) ** 6, sympy.Rational(3, 10)
    found = number(law.written_out(law.regimes[0].correction).subs({t: when, t_0: shift}))
    gamma = float(series.gamma)
    if gamma < 1:
        expected = coefficients[2, 0] / coefficients[1, 0] * mp.mpf(10) ** (-6 * gamma)
    elif gamma == 1:
        expected = series.logarithm[name] / coefficients[1, 0] * mp.log(10**6) / 10**6
    else:
        expected = (coefficients.get((1, 1), 0) / coefficients[1, 0] - gamma * mp.mpf("0.3")) / 10**6
    assert abs(found / float(expected) - 1) < TESTED


@pytest.mark.parametrize("case", [("1.5", "0"), ("2", "0.3")])
def test_the_correction_of_what_is_recovered(case):
    law = laws(spectrum=sympy.Rational(case[0]), teacher=sympy.Rational(case[1]))["recovered"]
    found = number(law.written_out(law.regimes[0].correction).subs(t, 1))
    assert abs(found / float(constants.recovered_correction(spectrum(*case))) - 1) < TESTED


def test_logarithmic_growth_of_what_is_recovered():
    """At B = 1/2 each decade of time adds as much as the mean over the modes: 2000 modes, no feedback."""
    law = laws(spectrum=2, teacher=sympy.Rational(1, 2))["recovered"]
    modes = np.arange(1, 200001, dtype=float)
    x = 16 * modes**-2.0 / float(mp.zeta(2))
    weight = float(mp.zeta(2) / mp.zeta(3))
    early, late = (float(np.sum(weight / modes * -np.expm1(-x * when))) for when in (1e4, 1e6))
    assert abs(number(law.at({t: 10**6}) - law.at({t: 10**4})) / (late - early) - 1) < 1e-4


@pytest.mark.parametrize("link", LINKS, ids=str)
def test_laws_of_links_are_their_constants(link):
    flow, case = local_flow(link), ("2", "0.3")
    found = laws(link, sympy.Rational(2), sympy.Rational(3, 10))
    for name in ("overlap", "energy", "loss"):
        expected = converging(name, flow)(*case, 50)
        assert abs(number(found[name].at({t: 50})) / float(expected) - 1) < TESTED, name
    scale = constants.recovered_prefactor(spectrum(*case), flow=flow)
    grown = found["recovered"].written_out(found["recovered"].regimes[0].prefactor)
    assert abs(number(grown) / float(scale) - 1) < TESTED


def test_finite_sums_at_a_finite_dimension():
    law, point = PowerLaw("0.8", 1000, "source:0.4"), {a: 0.8, B: 0.4, d: 1000}
    found = laws(dimension=d)["loss"]
    expected = power(constants.loss_prefactor(law, 20), constants.summary_exponent(law, 20), 30)
    assert abs(number(found.at(point | {t: 30})) / float(expected) - 1) < TESTED
    start, end = (float(edge(law)) for edge in (constants.window_start, constants.window_end))
    window = found.written_out(found.window)
    inside = [
        bool(window.subs(point | {t: when})) for when in (0.99 * start, 1.01 * start, 0.99 * end, 1.01 * end)
    ]
    assert inside == [False, True, True, False]


def test_sources_are_claims_of_the_audit_or_modules():
    known = set(claims())
    for algorithm in ALGORITHMS:
        for law in laws(algorithm=algorithm).values():
            for regime in law.regimes:
                for part in regime.source.split("; "):
                    first = part.split()[0]
                    assert first in known or first.startswith("theory.") or "balanced" in part, part
                assert isinstance(regime.verdict, Verdict)


def test_conditions_decide():
    law = laws(algorithm="sgd")["sgd_loss"]
    found = [law.regime({a: 2, B: sympy.Rational(text)}) for text in ("0.9", "1", "1.1")]
    assert found == list(law.regimes)
    assert law.regime({a: 1, B: 3}) is None
    assert law.at({a: 1, B: 3}) is sympy.nan
    bias, _, noise = law.regimes
    assert [law.written_out(regime.exponent).subs({a: 2, B: 0}) for regime in (bias, noise)] == [
        sympy.Rational(-1, 2),
        sympy.Rational(-3, 2),
    ]


def test_laws_that_do_not_exist_say_why():
    assert "infinite" in laws(sympy.sign(Z)).missing["convergence"]
    assert laws(Z**3 + Z, algorithm="sgd").missing == {
        "sgd": "known for the link z**2 alone, not for z**3 + z"
    }
    assert list(laws(spectrum=sympy.Rational(1, 2), teacher=0)) == ["escape_time"]
    assert laws(spectrum=2, teacher=0, algorithm="sgd").missing.keys() == {"crossover"}


def test_models_and_links_are_the_same():
    assert laws(phase_retrieval()) == laws(Z**2) == laws()
    assert isinstance(laws(), Laws)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model": quadratic_network(2, 2)}, "one student and one teacher"),
        ({"spectrum": -1}, "spectrum is -1"),
        ({"spectrum": 2 * a}, "spectrum is 2[*]a"),
        ({"teacher": a}, "teacher is a"),
        ({"dimension": 10}, "dimension is 10"),
        ({"algorithm": "adam"}, "algorithm is 'adam'"),
    ],
)
def test_bad_input(arguments, words):
    with pytest.raises(ValueError, match=words):
        laws(**arguments)


WIDE = [(1.2, 0, 7, 1e-3, 1), (2, 1.5, 7, 1e-3, 2.6)]


@pytest.mark.parametrize("name", ["emergence_time", "wide_loss"])
def test_laws_of_wide_networks_are_the_numbers_and_none_of_theirs_may_change(name):
    law = laws("wide")[name]
    (regime,) = law.regimes
    points = []
    for second, inputs, when, first, trace in WIDE:
        point = {names.alpha: second, a: inputs, t: when, names.g_0: first, names.Z: trace, names.j: 3}
        if name == "wide_loss":
            expected = constants.wide_loss(when, second, first, inputs, trace)
        else:
            expected = constants.emergence_time(3.0**-second, first, 3.0**-inputs / trace)
        points.append((point, expected))

    def off(expression):
        found = [law.written_out(expression).subs(point).evalf(20) for point, _ in points]
        return max(
            abs(complex(x) / float(expected) - 1) for x, (_, expected) in zip(found, points, strict=True)
        )

    whole = law.of_regime(regime) * (1 + (regime.correction or 0))
    assert off(whole) < TESTED
    for changed in _nudged(whole):
        assert not off(changed) < TESTED, changed


def test_names_are_those_used():
    found = laws(Z**2, algorithm="samples")
    assert {str(name) for name in found.names} == {"gamma", "C", "Z", "N"}
    assert {str(name) for name in found.meanings} == {"a", "B", "t", "n", "sigma2"}
