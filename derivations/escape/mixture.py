"""The escape time from a random start, and over drawn teachers (P9)."""

import sympy
from sympy import Function, Rational, exp, log, sqrt

from derivations.court.checks import Check, identity, means
from derivations.court.operators import plus, times
from derivations.court.statement import BrokenStepError, Clause, Statement, state
from derivations.setting.symbols import BigO, C, d, rho, time

p_2, r, ell, x, delta = sympy.symbols("p_2 r ell x delta", positive=True)
T_1 = sympy.Symbol("T_1")
density, mean, variance = Function("f"), Function("m"), Function("v")
"""The density of ρ; mean and variance of the constant given ρ."""


def median_time() -> Statement:
    """The median of T1: what the amplitude lacks, over ρ; the second mode has grown by its own rate."""
    median, K = sympy.Symbol(r"\mathrm{median}\, T_1{}"), sympy.Symbol("K", positive=True)
    right = plus(log(d) / (2 * rho), C, BigO(d ** (-(1 - p_2 / rho) / 2)))
    lacking = log(K * sqrt(d)) / rho
    beside = exp((p_2 - rho) * log(d) / (2 * rho))
    meaning = {median: lacking, C: log(K) / rho, BigO: lambda size: sympy.powsimp(size - beside)}
    return state(median, "=", right, check=identity(meaning, "amplitude d^(−1/2) at the start"))


def time_over_teachers() -> Statement:
    """Quantiles of T1 over drawn teachers: mean m and variance v of the constant, density f of ρ."""
    mean, slope, density = Function("m"), Function("(f v)'"), Function("f")
    second = slope(r) / (2 * density(r) * ell)
    size = Rational(1, 2) * log(d)
    right = plus((ell + mean(r)) / r, second, BigO(ell**-2))
    return state(T_1, "=", right, ",", ell, "≔", size, check=_quantiles(mean, slope, density))


def _quantiles(mean: Function, slope: Function, density: Function) -> Check:
    """Both sides of P(ρ − δC > r) = P(ρ > r) to second order in 1/ℓ, T1 as printed."""
    z = sympy.Symbol("z", positive=True)
    f, m, v = (sympy.Function(name) for name in ("f", "m", "v"))

    def check(clauses: tuple[Clause, ...]) -> str:
        printed, definition = clauses
        (error,) = printed.sides[1].atoms(BigO)
        names = {slope: lambda place: (f(place) * v(place)).diff(place), mean: m, density: f}
        if definition.sides != (ell, log(d) / 2):
            raise BrokenStepError("ℓ is half of log d")
        found = means(printed.sides[1].xreplace({error: sympy.S.Zero}), names).subs(ell, 1 / z)
        excess = _excess(f, m, v, r, sympy.series(1 / (z * found), z, 0, 3).removeO() - r, 1 / found, z)
        if sympy.simplify(excess) != 0 or error.args[0] != ell**-2:
            raise BrokenStepError("the quantile is another one to second order")
        return "the probability to second order in 1/ℓ"

    return check


def _excess(
    density: Function,
    mean: Function,
    variance: Function,
    place: sympy.Symbol,
    shift: sympy.Expr,
    delta: sympy.Expr,
    z: sympy.Symbol,
) -> sympy.Expr:
    """The second order in z of P(ρ − δC > r + shift) − P(ρ > r)."""
    y = sympy.Symbol("y", positive=True)
    at = {y: place}
    survival = -density(place) * shift - density(y).diff(y).subs(at) * shift**2 / 2
    product = density(y) * mean(y)
    linear = product.subs(at) + product.diff(y).subs(at) * shift
    square = (density(y) * (mean(y) ** 2 + variance(y))).diff(y).subs(at)
    total = (survival - delta * linear - delta**2 / 2 * square).doit()
    return sympy.series(total, z, 0, 3).removeO().coeff(z, 2)


def early() -> Statement:
    """An early escape as a statement on ρ, moved by C over the time."""
    sides = (T_1, "=", (ell + C) / rho, "≤", time, "⟺", rho - delta * C, "≥", delta * ell)
    return state(*sides, ",", delta, "=", 1 / time, check=_early)


def _early(clauses: tuple[Clause, ...]) -> str:
    """e^(ρ T1) makes up for the amplitude e^(−ℓ−C), and the two inequalities differ by a factor ρ/t."""
    (_, reached, limit, moved, bound), (name, inverse) = (clause.sides for clause in clauses)
    grown = Clause((exp(rho * reached) * exp(-ell - C), sympy.S.One), ("=",))
    scaled = (rho / time * (limit - reached)).expand()
    same = Clause((scaled, (moved - bound).subs(name, inverse)), ("=",))
    return identity(how="multiplied by ρ/t")((grown, same))


def moved() -> Statement:
    """P(ρ − δC > x) to second order in δ."""
    shifted, survival = sympy.Symbol(r"P(\rho - \delta C > x)"), sympy.Symbol(r"P(\rho > x)")
    first = times(delta, density(x), mean(x))
    square = times(density(x), plus(mean(x) ** 2, variance(x)))
    second = times(Rational(1, 2), delta**2, sympy.Derivative(square, x))
    right = plus(survival, -first, -second, BigO(delta**3))
    return state(shifted, "=", right, check=_expanded(survival))


def _expanded(survival: sympy.Symbol) -> Check:
    """Three cases hold the general one, linear in the moments: C constant, random alone, a function of ρ."""
    S, m, c = Function("S"), Function("m"), sympy.Symbol("c")
    inverse = x + delta * m(x) + delta**2 * m(x) * m(x).diff(x)
    cases = [
        (S(x + delta * c), c, 0),
        ((S(x + delta * c) + S(x - delta * c)) / 2, 0, c**2),
        (S(inverse), m(x), 0),
    ]

    def check(clauses: tuple[Clause, ...]) -> str:
        printed = clauses[0].sides[1]
        (error,) = printed.atoms(BigO)
        if sympy.degree(error.args[0], delta) != ORDER + 1:
            raise BrokenStepError("the expansion ends elsewhere")
        for exact, average, spread in cases:
            names = {mean: lambda _, own=average: own, variance: lambda _, own=spread: own}
            names |= {density: lambda place: -S(place).diff(place), survival: S(x), BigO: lambda _: 0}
            series = sympy.series(exact, delta, 0, ORDER + 1).removeO()
            if sympy.expand((series - means(printed, names)).doit()) != 0:
                raise BrokenStepError(f"the expansion of {exact} is another one")
        return "three cases, to second order in δ"

    return check


ORDER = 2
"""To which the probability is expanded."""
