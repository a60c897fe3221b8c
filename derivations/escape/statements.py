"""Phase I: the growth rate, the fast manifold and the escape time (Lem 2, P9, R6)."""

from collections.abc import Callable, Sequence

import sympy
from mpmath import matrix, mp
from sympy import Function, IndexedBase, Rational, exp, sqrt

from derivations.court.checks import Check, Meaning, each, identity, means, value
from derivations.court.numbers import value as known
from derivations.court.operators import ModeSum, over, plus, times
from derivations.court.statement import BrokenStepError, Clause, Statement, state
from derivations.setting.statements import MODEL
from derivations.setting.symbols import d, i, lam, rho, s, small, t, time, u, w, w_star
from theory.asymptotics import PowerLaw, escape_rate

x = sympy.Symbol("x", positive=True)
g = IndexedBase("g")
D_slope, a_hat = Function("D'"), Function(r"\hat a")
WEIGHT = {"pull": MODEL.A[0].subs({s: 0, t: 1}), "push": MODEL.B[0].diff(u)}
"""The linear flow at 0: Q times the one, the rank-one form times the other; s* = 1."""

RATES, SQUARES = ("0.6", "0.3", "0.1"), ("1.2", "0.5", "1.3")
"""Three modes: eigenvalues, and (w*_i)² with Σ λ_i (w*_i)² = 1."""


def three_modes() -> Meaning:
    rates, squares = ([mp.mpf(text) for text in texts] for texts in (RATES, SQUARES))
    return {
        rho: _top(rates, tuple(squares)),
        lam: lambda mode: rates[int(mode) - 1],
        w_star: lambda mode: mp.sqrt(squares[int(mode) - 1]),
        ModeSum: 3,
    }


def exceeds() -> Statement:
    """ρ > x as the sign of a quadratic form in the teacher's Gaussian components."""
    form = ModeSum(times(lam[i] * (12 * lam[i] - x) / (x - 4 * lam[i]), g[i] ** 2), i)
    return state(rho, ">", x, "⟺", form, ">", 0, check=_same_sign)


def _same_sign(clauses: tuple[Clause, ...]) -> str:
    """The form is Σ λ_j g_j² times F(x) − 1, and F falls from infinity to zero, through 1 at ρ."""
    (clause,) = clauses
    left, threshold, form, zero = clause.sides
    size = ModeSum(lam[i] * g[i] ** 2, i)
    growth = ModeSum(WEIGHT["push"] * lam[i] ** 2 * g[i] ** 2 / (x - WEIGHT["pull"] * lam[i]), i)
    if (left, threshold, zero) != (rho, x, 0):
        raise BrokenStepError("the form decides on another inequality")
    return state(form, "=", growth - size, check=identity()).checked


def manifold() -> Statement:
    """The fast manifold's coefficients in the amplitude, Ȧ = ρA, from the mode equation order by order."""
    f, U, S = IndexedBase("f"), IndexedBase("U"), IndexedBase("S")
    n, rate = sympy.Symbol("n"), sympy.Symbol("lambda")
    j = sympy.Symbol("j")
    left = times((2 * n + 1) * rho - 4 * rate, f[n])
    right = plus(times(8, rate, U[n]), -times(12, rate, sympy.Sum(S[j] * f[n - j], (j, 1, n))))
    return state(left, "=", right, check=identity(_orders(f, U, S, n, rate), "order by order"))


def _orders(f: IndexedBase, U: IndexedBase, S: IndexedBase, n: sympy.Symbol, rate: sympy.Symbol) -> Meaning:
    """Coefficients of three orders as symbols, those of order 2 solved from the mode equation."""
    A, top = sympy.Symbol("A"), 2
    ours, overlaps, energies = (sympy.symbols(f"{name}0:3") for name in ("f", "U", "S"))
    student = sum(ours[k] * A ** (2 * k + 1) for k in range(top + 1))
    values = {
        s: sum(energies[k] * A ** (2 * k) for k in range(1, top + 1)),
        u: sum(overlaps[k] * A ** (2 * k + 1) for k in range(top + 1)),
        t: 1,
    }
    speed = rate * (MODEL.A[0].subs(values) * student + MODEL.B[0].subs(values))
    excess = sympy.expand(speed - rho * A * student.diff(A)).coeff(A, 2 * top + 1)
    (solved,) = sympy.solve(excess, ours[top])
    student_at = {0: ours[0], 1: ours[1], 2: solved}
    return {n: top, f: lambda k: student_at[int(k)], U: _entry(overlaps), S: _entry(energies)}


def _entry(values: tuple[sympy.Symbol, ...]) -> Callable[[sympy.Expr], sympy.Expr]:
    return lambda place: values[int(place)]


def amplitude_law() -> Statement:
    """The amplitude from a random start is Gaussian; its variance is a sum over modes (P9, R6)."""
    normal = sympy.Symbol("g", positive=True)
    left = a_hat(rho) / D_slope(rho)
    return state(left, "=", normal / sqrt(times(8, d, D_slope(rho))), check=_gaussian(normal))


def _gaussian(normal: sympy.Symbol) -> Check:
    """w_i(0) ~ N(0, 1/d): â has the variance Σ (λ_i w*_i)²/(ρ − 4λ_i)²/d, D' the same sum times 8 d."""
    scaled = ModeSum((lam[i] * w_star[i]) ** 2 / (rho - WEIGHT["pull"] * lam[i]) ** 2, i)
    numbers = three_modes()

    def total(_: sympy.Expr) -> sympy.Expr:
        return means(scaled, numbers)

    size, draw = 50, mp.mpf("0.7")
    names = {
        a_hat: lambda _: draw * sqrt(total(rho) / size),
        D_slope: lambda place: WEIGHT["push"] * total(place),
    }
    return value([{**numbers, d: size, normal: draw}], 1e-12, names)


p = sympy.Symbol("p", positive=True)
a_p, D_p, u_p = sympy.Symbol(r"\hat a{(p)}"), sympy.Symbol("D{(p)}"), sympy.Symbol(r"\hat u{(p)}")
M, Q, rank_one = sympy.Symbol("M"), sympy.Symbol("Q"), sympy.Symbol(r"Q w^* {w^*}^\top Q")
start = IndexedBase(r"w(0)")


def linear_flow() -> Statement:
    """ẇ = M w at s = 0 (5.3), as minus the Hessian of the loss at 0 in two dimensions."""
    x, y, c, e = (sympy.Matrix(sympy.symbols(f"{letter}1:3")) for letter in ("x", "y", "c", "e"))
    rates = sympy.diag(*sympy.symbols("l1:3"))
    overlaps = {s: (x.T * rates * x)[0], u: (x.T * rates * y)[0], t: (y.T * rates * y)[0]}
    written = MODEL.loss.subs(overlaps)
    bend = sum(written.diff(x[m], x[n]) * c[m] * e[n] for m in range(2) for n in range(2))
    at_zero = -bend.subs(dict.fromkeys(x, 0))
    unit = {y[1]: sympy.sqrt((1 - rates[0, 0] * y[0] ** 2) / rates[1, 1])}
    meaning = {
        M: at_zero.subs(unit),
        Q: (c.T * rates * e)[0],
        rank_one: ((c.T * rates * y)[0] * (e.T * rates * y)[0]).subs(unit),
    }
    return state(M, "=", plus(times(4, Q), times(8, rank_one)), check=identity(meaning, "the Hessian at 0"))


def laplace_mode() -> Statement:
    """One mode in Laplace's variable."""
    own, mode = sympy.Symbol(r"\hat w_{i}"), sympy.Symbol(r"\hat u")
    first = sympy.Symbol("w_{i}(0)")
    solved = _transformed(first, mode)
    left = times(p - 4 * lam[i], own)
    right = plus(first, times(8, lam[i], w_star[i], mode))
    return state(left, "=", right, check=identity({own: solved}, "the mode equation, transformed"))


def _transformed(first: sympy.Expr, mode: sympy.Expr) -> sympy.Expr:
    """ŵ_i from p ŵ − w(0) = λ (A ŵ + B'(u) û w*), A and B those of the model at 0."""
    own = sympy.Symbol("own")
    equation = p * own - first - lam[i] * (WEIGHT["pull"] * own + WEIGHT["push"] * mode * w_star[i])
    return sympy.solve(equation, own)[0]


def transformed() -> Statement:
    """û = â/D: one scalar equation (P9)."""
    from_start = ModeSum(lam[i] * start[i] * w_star[i] / (p - 4 * lam[i]), i)
    own = plus(1, -times(8, ModeSum(lam[i] ** 2 * w_star[i] ** 2 / (p - 4 * lam[i]), i)))
    return state(
        u_p, "=", a_p / D_p, ",", a_p, "≔", from_start, ",", D_p, "≔", own, check=identity({u_p: _overlap()})
    )


def _overlap() -> sympy.Expr:
    """û from û = Σ λ_i w*_i ŵ_i over two modes."""
    unknown = sympy.Symbol("unknown")
    total = ModeSum(lam[i] * w_star[i] * _transformed(start[i], unknown), i)
    return sympy.solve(means(total, {}) - unknown, unknown)[0]


def secular() -> Statement:
    """The growth rate, the top eigenvalue of the linear flow; the slope of D, positive above (Lem 2)."""
    total = ModeSum(lam[i] ** 2 * w_star[i] ** 2 / (rho - 4 * lam[i]), i)
    slope = ModeSum(lam[i] ** 2 * w_star[i] ** 2 / (p - 4 * lam[i]) ** 2, i)
    growth = ModeSum(WEIGHT["push"] * lam[i] ** 2 * w_star[i] ** 2 / (p - WEIGHT["pull"] * lam[i]), i)
    derivative = means(1 - growth, {}).diff(p)
    check = each(value([three_modes()], 1e-12), identity({D_slope: lambda _: derivative}))
    return state(1, "=", times(8, total), ",", D_slope(p), "=", times(8, slope), check=check)


def two_zeros() -> Statement:
    """Two positive zeros of D for λ = (2/3, 1/3) and w* = (1, 1); one lies above the poles (Lem 2, Lem 8)."""
    rates = Rational(2, 3), Rational(1, 3)
    linear = WEIGHT["pull"] * sympy.diag(*rates) + WEIGHT["push"] * sympy.Matrix(
        2, 2, lambda m, n: rates[m] * rates[n]
    )
    roots = sorted(linear.eigenvals(), key=float)
    polynomial = p**2 - linear.trace() * p + linear.det()

    def check(clauses: tuple[Clause, ...]) -> str:
        (clause,) = clauses
        printed, zero, name, found = clause.sides
        if (zero, name) != (0, p) or found != sympy.FiniteSet(*linear.eigenvals()):
            raise BrokenStepError("the zeros are others")
        if sympy.expand(printed - (p * sympy.eye(2) - linear).det()) != 0:
            raise BrokenStepError("the polynomial is another one")
        if not 4 * rates[1] < roots[0] < 4 * rates[0] < roots[1]:
            raise BrokenStepError("the zeros lie elsewhere")
        return "eigenvalues of the linear flow"

    return state(polynomial, "=", 0, "⟺", p, "∈", sympy.FiniteSet(*roots), check=check)


def bounds() -> Statement:
    """ρ between the first mode alone and all the mass on the first mode (P9)."""
    first, share = sympy.Symbol(r"\lambda_1{}"), sympy.Symbol(r"w^*_1{}")

    def check(clauses: tuple[Clause, ...]) -> str:
        lower, middle, upper = clauses[0].sides
        for mass in (mp.mpf(1), mp.mpf("0.5"), mp.mpf("1e-9")):
            rates = [mp.mpf("0.7"), mp.mpf("0.2")]
            heads = mass / rates[0], (1 - mass) / rates[1]
            point = {first: rates[0], share: mp.sqrt(heads[0])}
            found = _top(rates, heads)
            below, above = (found / means(side, point) for side in (lower, upper))
            if middle != rho or not above - SLACK <= 1 <= below + SLACK:
                raise BrokenStepError("a bound is passed")
            if mass == 1 and max(abs(below - 1), abs(above - 1)) > SLACK:
                raise BrokenStepError("a bound is not attained by one mode")
        return "two modes; both are attained when the mass is on the first"

    lower = plus(times(4, first), times(8, first**2, share**2))
    return state(lower, "≤", rho, "≤", times(12, first), check=check)


SLACK = 1e-12


def _top(rates: list[mp.mpf], squares: Sequence[mp.mpf]) -> mp.mpf:
    """The top eigenvalue of the linear flow of so many modes."""
    return max(mp.eigsy(_linear(rates, squares), eigvals_only=True))


def _linear(rates: list[mp.mpf], squares: Sequence[mp.mpf]) -> matrix:
    """The matrix of the linear flow at 0."""
    size = len(rates)
    linear = matrix(size, size)
    for m in range(size):
        for n in range(size):
            form = rates[m] * rates[n] * mp.sqrt(squares[m] * squares[n])
            linear[m, n] = int(WEIGHT["push"]) * form + (int(WEIGHT["pull"]) * rates[m] if m == n else 0)
    return linear


def residue() -> Statement:
    """u grows like the residue at ρ: late in the linear flow of three modes (P9)."""
    top, u_t = exp(rho * time), Function("u")
    above = ModeSum(times(lam[i], start[i], w_star[i]) / (rho - 4 * lam[i]), i)
    below = times(8, ModeSum(lam[i] ** 2 * w_star[i] ** 2 / (rho - 4 * lam[i]) ** 2, i))
    late = plus(1, small)
    sides = (
        u_t(time),
        "=",
        times(a_hat(rho) / D_slope(rho), top, late),
        "=",
        times(over(above, below), top, late),
    )
    return state(*sides, check=value([_grown(u_t)], 1e-12))


def _grown(overlap: Function) -> Meaning:
    """u of the linear flow by its matrix exponential; â and D' as sums."""
    rates, squares = ([mp.mpf(text) for text in texts] for texts in (RATES, SQUARES))
    first, teacher = matrix(["0.3", "-0.2", "0.9"]), [mp.sqrt(square) for square in squares]
    run, names, when = mp.expm(40 * _linear(rates, squares)) * first, three_modes(), 40
    found = mp.fsum(x * y * z for x, y, z in zip(rates, teacher, run, strict=True))
    distance = [names[rho] - int(WEIGHT["pull"]) * x for x in rates]
    head = mp.fsum(x * y * z / gap for x, y, z, gap in zip(rates, teacher, first, distance, strict=True))
    spread = mp.fsum((x * y / gap) ** 2 for x, y, gap in zip(rates, teacher, distance, strict=True))
    return {
        **names,
        start: lambda mode: first[int(mode) - 1],
        time: when,
        small: 0,
        overlap: lambda _: found,
        a_hat: lambda _: head,
        D_slope: lambda _: WEIGHT["push"] * spread,
    }


def by_hand() -> Statement:
    """One mode with λ (w*)² = 1, whose ρ is 12 λ: the formula gives back u(0)."""
    rate, first, teacher = sympy.Symbol("lambda", positive=True), sympy.Symbol("w_0"), sympy.Symbol("w^*")
    begun = sympy.Symbol("u(0)")
    gap = plus(rho, -4 * rate)
    quotient = over(over(times(rate, first, teacher), gap), over(8 * rate, gap**2))
    only = rate**2 * teacher**2 * WEIGHT["push"] / (rho - WEIGHT["pull"] * rate) - 1
    alone = sympy.solve(only.subs(teacher, 1 / sqrt(rate)), rho)[0]
    sides = (rho, "=", 12 * rate, "⟹", quotient, "=", times(rate, first, teacher), "=", begun)
    return state(*sides, check=identity({rho: alone, begun: rate * first * teacher}))


def direction() -> Statement:
    """The eigenvector of growth, mode by mode, scaled so that 8 u is 1."""
    rates, squares = ([mp.mpf(text) for text in texts] for texts in (RATES, SQUARES))
    vector = mp.eigsy(_linear(rates, squares))[1][:, len(rates) - 1]
    seen = mp.fsum(x * mp.sqrt(y) * z for x, y, z in zip(rates, squares, vector, strict=True))
    scaled = [entry / (int(WEIGHT["push"]) * seen) for entry in vector]
    names = {**three_modes(), w: lambda mode: scaled[int(mode) - 1]}
    points = [{**names, i: mode} for mode in range(1, len(rates) + 1)]
    right = lam[i] * w_star[i] / (rho - 4 * lam[i])
    return state(w[i], "∝", right, check=value(points, 1e-12))


def steepest() -> Statement:
    """ρ where one mode is left (R4)."""
    return state(rho, "→", 12, check=value([{rho: known(escape_rate(PowerLaw(60, "inf")))}], 1e-6))
