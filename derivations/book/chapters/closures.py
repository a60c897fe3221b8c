"""Closures: finite systems in place of the tower, and their measured errors."""

from collections.abc import Iterator

import sympy
from mpmath import mp

from derivations.book.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.book.proof import equal, holds, step
from derivations.typeset import latex
from numerics.closure_table import Row, closure_table, finite_spectrum, power_law_spectrum
from theory.symbolic import SpectralMeasure, Statistic, hierarchy, phase_retrieval
from theory.symbolic.closures import (
    CharacteristicPolynomial,
    GaussQuadrature,
    GeometricExtrapolation,
    Truncation,
    close,
)

DIGITS = 30
TIMES = (0.3, 1.0, 3.0, 10.0)


@derivation("polynomial-closure", "The characteristic polynomial", "P3")
def polynomial() -> Iterator[Step]:
    """Exact for finitely many eigenvalues, useless for many."""
    closure = CharacteristicPolynomial(["2/3", "1/3"])
    low, high = closure.coefficients
    first, second = sympy.Rational(2, 3), sympy.Rational(1, 3)
    yield step(
        r"The relation of the chapter before, for the eigenvalues $\tfrac23$ and $\tfrac13$: no "
        r"approximation, but an "
        "identity that closes the tower.",
        rf"u^{{(3)}} = \left({latex(high)}\right) u^{{(2)}} + \left({latex(low)}\right) u",
        "Cayley and Hamilton",
        equal((high, first + second), (low, -first * second)),
        OURS,
        CharacteristicPolynomial,
    )
    sizes = [max(map(abs, CharacteristicPolynomial(_inverse_squares(n)).coefficients)) for n in (4, 8, 12)]
    smallest = [min(map(abs, CharacteristicPolynomial(_inverse_squares(n)).coefficients)) for n in (4, 8, 12)]
    yield step(
        r"In floating point it fails early. For $\lambda_i = i^{-2}$ the coefficients span many orders of "
        r"magnitude: "
        "the small eigenvalues hide in the last ones, and rounding is amplified by their ratio.",
        r"\frac{\max_j |c_j|}{\min_j |c_j|} \approx "
        + r", \quad ".join(_power(big / small) for big, small in zip(sizes, smallest, strict=True))
        + r" \qquad (n = 4, 8, 12)",
        "exact coefficients, then divided",
        holds(
            all(b / c > 10**n for b, c, n in zip(sizes, smallest, (2, 8, 14), strict=True)),
            "exact arithmetic",
        ),
        OURS,
        CharacteristicPolynomial,
    )


def _inverse_squares(modes: int) -> list[sympy.Rational]:
    return [sympy.Rational(1, i * i) for i in range(1, modes + 1)]


def _power(number: sympy.Rational) -> str:
    return rf"10^{{{int(sympy.log(number, 10).evalf(5).round())}}}"


@derivation("quadrature-closure", "Gauss quadrature")
def quadrature() -> Iterator[Step]:
    """A few modes that share 2m moments with all of them."""
    measure = SpectralMeasure(
        _inverse_squares(8),
        [[sympy.Rational(n, 16) for n in (1, -2, 3, 1, 2, -1, 1, 2)]],
        [[sympy.Rational(1, 2)] * 8],
    )
    system = close(hierarchy(phase_retrieval()), GaussQuadrature(measure, blocks=2, digits=DIGITS))
    student, teacher = system.students[0], system.teachers[0]
    gaps = []
    with mp.workdps(DIGITS):
        for k in range(1, 5):
            pairs = (
                (Statistic("S", 0, 0, k), student, student),
                (Statistic("U", 0, 0, k), student, teacher),
                (Statistic("T", 0, 0, k), teacher, teacher),
            )
            for statistic, left, right in pairs:
                modes = zip(system.eigenvalues, left, right, strict=True)
                kept = mp.fsum(value**k * x * y for value, x, y in modes)
                exact = measure.value(statistic)
                gaps.append(abs(kept - mp.mpf(int(exact.p)) / int(exact.q)))
    yield step(
        r"The flow sees the spectrum through the measure of $(w_i(0), w^*_i)$ over $\lambda_i$ only. A "
        r"quadrature of $m$ "
        r"blocks has the same moments up to order $2m$ with at most $2m$ modes.",
        r"\sum_{j \leq 2m} \tilde\lambda_j^k \tilde x_j \tilde y_j = \sum_{i \leq d} \lambda_i^k x_i y_i, "
        r"\qquad k = 1, \dots, 2m, \quad x, y \in \{w(0), w^*\}",
        rf"block Lanczos; here eight modes became {len(system.eigenvalues)}, $m = 2$",
        holds(
            max(gaps) < mp.mpf("1e-26"), f"{DIGITS} digits; moments differ by at most {mp.nstr(max(gaps), 1)}"
        ),
        OURS,
        GaussQuadrature,
    )
    yield step(
        r"The result is again a flow of modes, of the same form: $u^2 \leq s s_*$ holds, the loss falls, the "
        r"teacher "
        "attracts. No closure in statistics keeps any of this. The exact reduction behind the solver is the "
        "same idea, "
        "bin by bin on a logarithmic axis, with an error that it states.",
        r"\dot{\tilde w}_j = \tilde\lambda_j\left(A \tilde w_j + B \tilde w^*_j\right), "
        r"\qquad \tilde\lambda_j > 0",
        "nodes of a Gauss rule lie within the support",
        holds(all(value > 0 for value in system.eigenvalues), "positive nodes"),
        OURS,
        GaussQuadrature,
    )


@derivation("crude-closures", "Truncation and extrapolation")
def crude() -> Iterator[Step]:
    """What they assume, and why the growing mode punishes it."""
    tower = hierarchy(phase_retrieval())
    cut = close(tower, Truncation(order=3))
    k, r = sympy.symbols("k r", positive=True)
    yield step(
        r"Truncation drops the order $n + 1$. As $\lambda_1 < 1$ high orders are small, and for short times "
        r"this is "
        "harmless: the error starts with a high power of the time.",
        r"u^{(n+1)} = 0, \qquad s^{(n+1)} = 0",
        "an ansatz",
        holds(cut.order == 3 and set(cut.coefficients) <= {0}, "coefficients of the closed system"),
        OURS,
        Truncation,
    )
    yield step(
        "Geometric extrapolation continues the last two orders as if one mode were left. This is right for "
        "one mode, "
        "and wrong again as soon as the ratio of the two orders changes sign or exceeds the largest "
        "eigenvalue.",
        r"u^{(n+1)} = \frac{\left(u^{(n)}\right)^2}{u^{(n-1)}}",
        r"exact for $u^{(k)} = c\,r^k$",
        equal(((r**k) ** 2 / r ** (k - 1), r ** (k + 1))),
        OURS,
        GeometricExtrapolation,
    )


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
        Each is a
        small object that keeps the open hierarchy it came from, and each becomes generated code whose length
        does not
        grow with the order. They are here to be compared: the solver of this library uses none of the crude
        ones.
        """)
    yield polynomial
    yield crude
    yield quadrature
    yield from _errors(asked.quick)
    yield Prose(r"""
        Three symptoms give a bad closure away without any reference: $s < 0$, $u^2 > s s_*$, and a loss that
        grows. Where
        one of them shows, nothing after it is to be believed; where none shows, compare two orders. The
        statistics of
        high order know the fast modes only, so a closure in statistics is at its worst where the paper's
        subject
        begins, in the slow tail. Quadrature has no such bias, and the next chapter needs no closure at all.
        """)


chapter = Chapter("closures", "Closures", (polynomial, crude, quadrature), _write)
