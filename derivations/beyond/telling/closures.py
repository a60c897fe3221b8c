"""Closures: finite systems in place of the tower, and their measured errors."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sympy
from mpmath import mp

from derivations.beyond.closure_table import Row, closure_table, finite_spectrum, power_law_spectrum
from derivations.court.checks import Check, Meaning, each, identity, means, number, value
from derivations.court.operators import plus, times
from derivations.court.statement import BrokenStepError, Clause, Statement, state
from derivations.press.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.press.proof import derived, holds
from derivations.setting.symbols import d, i, j, lam
from theory.symbolic import SpectralMeasure, hierarchy, phase_retrieval
from theory.symbolic.closures import (
    CharacteristicPolynomial,
    GaussQuadrature,
    GeometricExtrapolation,
    ModeSystem,
    MomentSystem,
    Truncation,
    close,
)

u, s = map(sympy.Function, ("u", "s"))
k, m, n = sympy.symbols("k m n")
x, y, left, right = map(sympy.IndexedBase, ("x", "y", r"\tilde x", r"\tilde y"))
node, student, teacher = map(sympy.IndexedBase, (r"\tilde\lambda", r"\tilde w", r"\tilde w^*"))

BLOCKS, DIGITS = 2, 30

TIMES = (0.3, 1.0, 3.0, 10.0)


@derivation("polynomial-closure", "The characteristic polynomial", "P3")
def polynomial() -> Iterator[Step]:
    """Exact for finitely many eigenvalues, useless for many."""
    low, high = CharacteristicPolynomial(["2/3", "1/3"]).coefficients
    c, b = sympy.symbols("c b")
    yield derived(
        "The relation of the chapter before, for its two eigenvalues: no "
        r"approximation, but an identity that closes the tower.",
        state(
            u(3),
            "=",
            plus(high * u(2), low * u(1)),
            check=identity({u: lambda order: sympy.Rational(2, 3) ** order * c + b / 3**order}),
        ),
        "Cayley and Hamilton",
        OURS,
        CharacteristicPolynomial,
    )
    yield derived(
        r"In floating point it fails early. For $\lambda_i = i^{-2}$ the coefficients span many orders of "
        r"magnitude: the small eigenvalues hide in the last ones, and rounding is amplified by their ratio.",
        _ratios(4, 8, 12),
        "exact coefficients, then divided",
        OURS,
        CharacteristicPolynomial,
    )


def _ratios(*sizes: int) -> Statement:
    """The largest coefficient over the smallest, for so many inverse squares."""
    ratio, r = sympy.Symbol(r"\frac{\max_j |c_j|}{\min_j |c_j|}"), sympy.IndexedBase("r")
    parts: list[sympy.Basic | str] = [r[n], "≔", ratio]
    for size in sizes:
        coefficients = CharacteristicPolynomial(_inverse_squares(size)).coefficients
        parts += [",", r[size], "≈", _rounded(_spread(coefficients))]
    return state(*parts, check=value([{r: _multiplied_out}], 0.005))  # three figures are printed


def _rounded(quantity: sympy.Rational) -> sympy.Number:
    """Three figures, without a point up to a thousand."""
    return sympy.Integer(round(quantity)) if quantity < 1000 else sympy.Float(quantity, 3)


def _multiplied_out(modes: int) -> sympy.Rational:
    """The same ratio from the product over the eigenvalues."""
    x = sympy.Symbol("x")
    product = sympy.prod(x - rate for rate in _inverse_squares(modes))
    return _spread(sympy.Poly(product, x).all_coeffs()[1:])


def _spread(coefficients: Sequence[sympy.Rational]) -> sympy.Rational:
    sizes = list(map(abs, coefficients))
    return max(sizes) / min(sizes)


def _inverse_squares(modes: int) -> list[sympy.Rational]:
    return [sympy.Rational(1, i * i) for i in range(1, modes + 1)]


@derivation("quadrature-closure", "Gauss quadrature")
def quadrature() -> Iterator[Step]:
    """A few modes that share 2m moments with all of them."""
    measure = SpectralMeasure(
        _inverse_squares(8),
        [[sympy.Rational(n, 16) for n in (1, -2, 3, 1, 2, -1, 1, 2)]],
        [[sympy.Rational(1, 2)] * 8],
    )
    system = close(hierarchy(phase_retrieval()), GaussQuadrature(measure, blocks=BLOCKS, digits=DIGITS))
    yield derived(
        r"The flow sees the spectrum through the measure of $(w_i(0), w^*_i)$ over $\lambda_i$ only. A "
        "quadrature of $m$ blocks has the same moments up to twice that order with at most twice as many "
        "modes.",
        state(
            sympy.Sum(times(node[j] ** k, left[j], right[j]), (j, 1, 2 * m)),
            "=",
            sympy.Sum(times(lam[i] ** k, x[i], y[i]), (i, 1, d)),
            ",",
            1,
            "≤",
            k,
            "≤",
            2 * m,
            ",",
            sympy.Symbol("x, y"),
            "∈",
            sympy.Symbol(r"\{w(0), w^*\}"),
            check=_same_moments(measure, system),
        ),
        rf"block Lanczos; here eight modes became {len(system.eigenvalues)}, $m = {BLOCKS}$",
        OURS,
        GaussQuadrature,
    )
    A, B, speed = sympy.Symbol("A"), sympy.Symbol("B"), sympy.Symbol(r"\dot{\tilde w}_{j}")
    yield derived(
        r"The result is again a flow of modes, of the same form: $u^2 \leq s s_*$ holds, the loss falls, the "
        r"teacher attracts. No closure in statistics keeps any of this. The exact reduction behind the "
        "solver is the same idea, bin by bin on a logarithmic axis, with an error that it states.",
        state(
            speed,
            "=",
            times(node[j], plus(A * student[j], B * teacher[j])),
            ",",
            node[j],
            ">",
            0,
            check=each(identity(_descent(A, B, speed)), _above(system.eigenvalues)),
        ),
        "nodes of a Gauss rule lie within the support",
        OURS,
        GaussQuadrature,
    )


def _same_moments(measure: SpectralMeasure, system: ModeSystem) -> Check:
    """The sums agree for the orders that are printed, and not for the orders before and after."""
    all_modes = _pairs(measure.eigenvalues, measure.students[0], measure.teachers[0], (lam, x, y))
    few_modes = _pairs(system.eigenvalues, system.students[0], system.teachers[0], (node, left, right))
    sizes = {m: BLOCKS, d: len(measure.eigenvalues)}

    def check(clauses: tuple[Clause, ...]) -> str:
        sums, orders, _ = clauses
        if not all(means(side.limits[0][2], sizes).is_Integer for side in sums.sides):
            raise BrokenStepError("sums over modes have whole limits")
        difference = sums.sides[0] - sums.sides[1]
        with mp.workdps(DIGITS):
            gaps = [
                max(
                    abs(number(means(difference, {**sizes, **few, **full, k: order})))
                    for few, full in zip(few_modes, all_modes, strict=True)
                )
                for order in range(2 * BLOCKS + 2)
            ]
        equal = [sympy.Integer(order) for order, gap in enumerate(gaps) if gap < 1e-26]
        if [means(side, sizes) for side in orders.sides[::2]] != equal[:1] + equal[-1:]:
            raise BrokenStepError(f"the moments of orders {equal} agree")
        largest = mp.nstr(max(gaps[order] for order in equal), 1)
        return f"{DIGITS} digits; moments differ by at most {largest}"

    return check


def _pairs(
    rates: Sequence[Any], student: Sequence[Any], teacher: Sequence[Any], names: Sequence[sympy.IndexedBase]
) -> list[Meaning]:
    """What λ, x and y are, for x and y each student or teacher."""
    vectors = (student, student), (student, teacher), (teacher, teacher)
    return [
        {name: _entry(values) for name, values in zip(names, (rates, *pair), strict=True)} for pair in vectors
    ]


def _entry(values: Sequence[Any]) -> Callable[[sympy.Integer], Any]:
    return lambda place: values[place - 1]


def _descent(A: sympy.Symbol, B: sympy.Symbol, speed: sympy.Symbol) -> Meaning:
    """Gradient descent on the loss of two nodes, in the first of them."""
    model, nodes = phase_retrieval(), (1, 2)
    overlaps = {
        "s": sum(node[n] * student[n] ** 2 for n in nodes),
        "u": sum(node[n] * student[n] * teacher[n] for n in nodes),
        "t": sum(node[n] * teacher[n] ** 2 for n in nodes),
    }
    drift = {A: model.A[0].subs(overlaps), B: model.B[0].subs(overlaps)}
    return {**drift, j: 1, speed: -model.loss.subs(overlaps).diff(student[1])}


def _above(values: Sequence[Any]) -> Check:
    """All of them are greater than the right side."""

    def check(clauses: tuple[Clause, ...]) -> str:
        return holds(all(value > clauses[0].sides[1] for value in values), "positive nodes")

    return check


@derivation("crude-closures", "Truncation and extrapolation")
def crude() -> Iterator[Step]:
    """What they assume, and why the growing mode punishes it."""
    cut = close(hierarchy(phase_retrieval()), Truncation(order=3))
    yield derived(
        r"Truncation drops the order $n + 1$. As $\lambda_1 < 1$ high orders are small, and for short times "
        r"this is harmless: the error starts with a high power of the time.",
        state(
            u(n + 1),
            "=",
            0,
            ",",
            s(n + 1),
            "=",
            0,
            check=identity({n: cut.order, u: _continued(cut, "u"), s: _continued(cut, "s")}),
        ),
        "an ansatz",
        OURS,
        Truncation,
    )
    c, r = sympy.symbols("c r", positive=True)
    yield derived(
        "Geometric extrapolation continues the last two orders as if one mode were left. This is right for "
        "one mode, and wrong again as soon as the ratio of the two orders changes sign or exceeds the "
        "largest eigenvalue.",
        state(u(n + 1), "=", u(n) ** 2 / u(n - 1), check=identity({u: lambda order: c * r**order})),
        r"exact for $u^{(k)} = c\,r^k$",
        OURS,
        GeometricExtrapolation,
    )


def _continued(system: MomentSystem, letter: str) -> Callable[[sympy.Integer], sympy.Expr]:
    """A statistic of any order up to the one that the closure puts for the next."""
    orders = sympy.symbols(f"{letter}1:{system.order + 1}")
    following = sum(c * x for c, x in zip(system.coefficients, orders, strict=True))
    values = dict(zip(map(sympy.Integer, range(1, system.order + 2)), (*orders, following), strict=True))
    return lambda order: values.get(order, sympy.nan)


def _errors(quick: bool) -> Iterator[Table]:
    """The table of errors for a finite and a power-law spectrum."""
    orders = (4, 8) if quick else (4, 8, 16)
    spectra = {"three distinct eigenvalues": finite_spectrum(), "$i^{-2}$, 30 modes": power_law_spectrum(30)}
    for name, measure in spectra.items():
        rows = closure_table(measure, orders, TIMES)
        yield Table(
            ("closure", "order", *(f"$t = {time:g}$" for time in TIMES)),
            [_cells(row) for row in rows],
            f"The larger error of $s$ and $u$ over $s_*$ by time, for {name}. A dash: the run blew up.",
            closure_table,
        )


def _cells(row: Row) -> list[str]:
    errors = ("–" if error == float("inf") else f"{error:.1e}" for error in row.errors)
    return [row.closure, str(row.order), *errors]


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        A closure stops the tower at some order and says what stands in for the next. Five are implemented.
        Each is a small object that keeps the open hierarchy it came from, and each becomes generated code
        whose length does not grow with the order. They are here to be compared: the solver of this library
        uses none of the crude ones.
        """)
    yield polynomial
    yield crude
    yield quadrature
    yield from _errors(asked.quick)
    yield Prose(r"""
        Three symptoms give a bad closure away without any reference: $s < 0$, $u^2 > s s_*$, and a loss
        that grows. Where one of them shows, nothing after it is to be believed; where none shows, compare
        two orders. The statistics of high order know the fast modes only, so a closure in statistics is at
        its worst where the paper's subject begins, in the slow tail. Quadrature has no such bias, and the
        next chapter needs no closure at all.
        """)


chapter = Chapter("closures", "Closures", (polynomial, crude, quadrature), _write)
