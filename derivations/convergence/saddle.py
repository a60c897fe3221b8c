"""Along the saddle, for a shallow spectrum: the first mode escapes alone, u follows as a power (a < 1)."""

from collections.abc import Sequence

import sympy
from mpmath import mp
from sympy import Function, Rational, exp, log
from sympy import beta as Beta
from sympy import gamma as Gamma

from derivations.court.checks import Check, Meaning, each, identity, means, number, order, value
from derivations.court.numbers import value as known
from derivations.court.operators import over, plus, times
from derivations.court.statement import BrokenStepError, Clause, Statement, state
from derivations.setting.statements import MODEL
from derivations.setting.symbols import BigO, a, d, rho, s, t, time, u
from theory.asymptotics import PowerLaw, escape_rate, saddle_delay, saddle_growth

U, g, y = sympy.symbols("U g y", positive=True)
beta, kappa, theta, rate = sympy.symbols("beta kappa theta lambda", positive=True)
f, r, h = sympy.Symbol("f"), sympy.Symbol("r"), Function(r"h_\beta")
"""The clock θ, what all modes follow, r, and the share f = h r of it that a mode has reached."""

POWER = over(1 - a, times(2, 2 * a - 1))
"""Of u along the saddle."""

SPECTRUM = {g: (1 - a) / a}
"""The mass above y falls like y^−g."""


def plateau() -> Statement:
    """How long the saddle lasts for a < 1/2."""
    name = sympy.Symbol("T")
    scale = 1000 * mp.log(1000)
    points = [{a: mp.mpf(x), d: 1000, name: known(saddle_delay(x)) * scale} for x in ("0.2", "0.45")]
    right = times((1 - 2 * a) / times(16, 1 - a), d, log(d))
    return state(name, "∼", right, check=value(points, 1e-12))


def shallow_rate() -> Statement:
    """ρ for a < 1, where the first mode grows almost alone."""
    first = sympy.Symbol(r"\lambda_1{}")
    points = []
    for size in (10**12, 10**16):
        law = PowerLaw("0.5", size)
        largest = sympy.Float(law.extremes()[0], 40)
        points.append({rho: sympy.Float(known(escape_rate(law, 40)), 40), first: largest})
    right = times(4, first, plus(1, 2 * first, BigO(first**2)))
    return state(rho, "=", right, check=_relative(points))


def _relative(points: Sequence[Meaning]) -> Check:
    """For an O inside a bracket: both sides are divided by what stands before it."""

    def check(clauses: tuple[Clause, ...]) -> str:
        (clause,) = clauses
        left, right = clause.sides
        *factors, bracket = right.args
        with mp.workdps(40):
            return order(points, BigO, 3.0)((Clause((left / times(*factors), bracket), ("=",)),))

    return check


def saddle() -> Statement:
    """u along the saddle for 1/2 < a < 1, where s rests at 1/3."""
    rest = sympy.solve(MODEL.A[0].subs(t, 1), s)[0]
    climbing = times(U, (time / d) ** POWER)
    check = each(value(_climbing(), 1e-10), identity({s: rest}, "A = 0"))
    return state(u, "∼", climbing, ",", s, "→", Rational(1, 3), check=check)


def _climbing() -> Sequence[Meaning]:
    """u at two times, the later of which is d."""
    points = []
    for exponent in ("0.7", "0.75"):
        law = PowerLaw(exponent, 10**15)
        early, late = (mp.mpf(saddle_growth(law, when).leading) for when in (10**13, 10**15))
        points.append({a: mp.mpf(exponent), d: 10**15, time: 10**13, U: late, u: early})
    return points


def half() -> Statement:
    """u along the saddle at a = 1/2, in logarithms to leading order: ℓ = log(1/u) falls as ℓ' = −8ℓ/d."""
    start, name = Rational(1, 4) * log(d), sympy.Symbol(r"\log\frac1u{}")
    right = times(Rational(1, 4), log(d), exp(-8 * time / d))
    solved = sympy.Function("y")
    equation = sympy.Eq(solved(time).diff(time), -2 * MODEL.B[0].diff(u) / (2 * d) * solved(time))
    law = sympy.dsolve(equation, solved(time), ics={solved(0): start}).rhs
    return state(name, "∼", right, check=identity({name: law}, "the flow along the saddle"))


def followed() -> Statement:
    """Near s = 1/3 every mode follows the same r, in the clock of 4κ."""
    slope = sympy.Symbol(r"\frac{df}{d\theta}")
    near = {s: (1 + kappa) / 3, t: 1}
    pull, push = (entry[0].subs(near) for entry in MODEL.drift)
    speed = rate * (pull * f + push) / (4 * kappa)
    right = times(rate, r - f)
    return state(slope, "=", right, ",", r, "≔", 2 * u / kappa, check=identity({slope: speed}))


def scaled() -> Statement:
    """No scale is left: r is a power and f a function of λθ, which solves the equation of a mode."""
    amplitude = sympy.Symbol("R", positive=True)
    own = times(y / (1 - beta), sympy.hyper([1], [2 - beta], -y))
    sides = (r, "=", amplitude * theta**-beta, ",", f, "=", times(r, h(rate * theta)), ",", h(y), "=", own)
    return state(*sides, check=_mode_follows(amplitude))


def _mode_follows(amplitude: sympy.Symbol) -> Check:
    """df/dθ = λ(r − f) at points that are no special ones."""
    points = [
        {theta: mp.mpf("1.3"), rate: mp.mpf("0.7"), beta: mp.mpf(x), amplitude: 2} for x in ("0.2", "0.45")
    ]

    def check(clauses: tuple[Clause, ...]) -> str:
        shape = sympy.Lambda(y, means(clauses[2].sides[1], {}))
        driving = clauses[0].sides[1]
        share = means(clauses[1].sides[1], {h: shape, r: driving})
        rest = means(rate * (driving - share), {})
        for point in points:
            moved, expected = (number(means(side, point)) for side in (share.diff(theta), rest))
            if not abs(moved - expected) < 1e-12 * abs(expected):
                raise BrokenStepError("the modes follow otherwise")
        return "the equation of a mode, at two exponents"

    return check


def clocked() -> Statement:
    """The clock as a power of time, and u with it."""
    name = sympy.Symbol("x")
    sides = (
        theta,
        "∝",
        time ** (1 / (1 - g)),
        ",",
        u,
        "∼",
        times(U, (time / d) ** name),
        ",",
        name,
        "=",
        POWER,
    )
    exponent = (g - g / 2) / (1 - g)
    points = [{**point, name: number(means(POWER, point))} for point in _climbing()]
    check = each(_clock, value(points, 1e-10), identity({name: exponent.subs(SPECTRUM)}, "u ∝ θ^(g − β)"))
    return state(*sides, check=check)


def _clock(clauses: tuple[Clause, ...]) -> str:
    """θ' ∝ θ^g."""
    reached = clauses[0].sides[1]
    growth = sympy.simplify(sympy.diff(reached, time) / reached**g)
    if sympy.simplify(growth.diff(time)) != 0:
        raise BrokenStepError(f"the clock is not {reached}")
    return "the clock's equation"


def prefactor() -> Statement:
    """The first of two integrals, by mpmath at a = 3/4."""
    share = mp.mpf(1) / 3
    half_ = share / 2
    own = {h: lambda place: place / (1 - half_) * sympy.hyper([1], [2 - half_], -place)}
    area = sympy.Integral(times(y ** (-g - 1), h(y)), (y, 0, sympy.oo))
    right = times(Gamma(1 - g), Beta(1 - beta, g))
    return state(area, "=", right, check=value([{**own, g: share, beta: half_}], 1e-8))
