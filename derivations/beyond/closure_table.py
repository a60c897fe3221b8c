"""Measured error of each closure against order and time.

Each closed system is run by :func:`numerics.solve_closed`; the reference is the flow of all modes, so that
what remains is the closure. Run it with ``python -m derivations.beyond.closure_table``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from numerics import Problem, solve, solve_closed, spectral_measure
from theory.symbolic import hierarchy, phase_retrieval
from theory.symbolic.closures import (
    CharacteristicPolynomial,
    Closure,
    GaussQuadrature,
    GeometricExtrapolation,
    Truncation,
    close,
)
from theory.symbolic.measure import SpectralMeasure


@dataclass(frozen=True)
class Row:
    """The larger error of ``s`` and ``u``, by time, over the teacher's energy; inf after a blow-up."""

    closure: str
    order: int
    errors: tuple[float, ...]


def finite_spectrum() -> SpectralMeasure:
    """Three distinct eigenvalues on six modes, one of them zero."""
    start = ["0.2", "-0.1", "0.15", "0.1", "0.05", "0.3"]
    teacher = ["0.8", "0.5", "-0.4", 1, 1, 1]
    return SpectralMeasure(["1", "0.5", "0.5", "0.2", "0.2", "0"], [start], [teacher])


def power_law_spectrum(modes: int = 60, exponent: int = 2) -> SpectralMeasure:
    """``λ_i = i^-a``, ``|w*_i| = 1/2``, and a start of both signs with components near 1/8."""
    eigenvalues = [sympy.Rational(1, i**exponent) for i in range(1, modes + 1)]
    start = [sympy.Rational((7 * i) % 11 - 4, 40) for i in range(1, modes + 1)]
    return SpectralMeasure(eigenvalues, [start], [[sympy.Rational(1, 2)] * modes])


def closure_table(
    spectrum: SpectralMeasure | Problem,
    orders: Sequence[int],
    times: Sequence[float],
    closures: Mapping[str, Closure[Any]] | None = None,
) -> list[Row]:
    """The errors of every closure of phase retrieval from a measure or problem, at the increasing ``times``.

    The characteristic polynomial comes once, at the order that the spectrum sets, and only where it has at
    most twelve distinct eigenvalues: beyond, its coefficients drown in rounding. ``order`` of the
    quadrature is the number of orders that it keeps, twice its blocks. ``closures`` of your own come last, by
    their names, each at its own order.

    >>> from theory.symbolic.closures import Rule
    >>> mine = {"constant": Rule(order=4, next_order=lambda x: x[:, -1])}
    >>> rows = closure_table(finite_spectrum(), [4], [0.1, 1.0], mine)
    >>> [row.closure for row in rows]
    ['characteristic polynomial', 'Gauss quadrature', 'geometric extrapolation', 'truncation', 'constant']
    >>> rows[0].errors[1] < 1e-10 < rows[4].errors[0] < rows[3].errors[1]
    True
    """
    measure = spectrum if isinstance(spectrum, SpectralMeasure) else spectral_measure(spectrum)
    problem = spectrum if isinstance(spectrum, Problem) else _problem(spectrum)
    tower, until = hierarchy(phase_retrieval()), float(times[-1])
    exact = solve(problem, until).at(times)
    rows = []
    for name, order, closure in [*_closures(measure, orders), *_own(closures or {})]:
        found = solve_closed(close(tower, closure), problem, until).at(times)
        apart = np.maximum(np.abs(found.s - exact.s), np.abs(found.u - exact.u)) / problem.teacher_energy
        errors = np.where(np.isnan(apart), np.inf, apart)
        rows.append(Row(name, order, tuple(float(error) for error in errors)))
    return rows


def _problem(measure: SpectralMeasure) -> Problem:
    """The one that starts from a measure of one student and one teacher."""
    rows = measure.eigenvalues, measure.teachers[0], measure.students[0]
    eigenvalues, teacher, init = (np.array(row, dtype=float) for row in rows)
    return Problem(eigenvalues, teacher, init)


def _closures(measure: SpectralMeasure, orders: Sequence[int]) -> Iterator[tuple[str, int, Closure[Any]]]:
    polynomial = CharacteristicPolynomial(measure.eigenvalues)
    if len(polynomial.eigenvalues) <= 12:
        yield "characteristic polynomial", len(polynomial.eigenvalues), polynomial
    for order in orders:
        yield "Gauss quadrature", order, GaussQuadrature(measure, blocks=order // 2, digits=20)
    for order in orders:
        yield "geometric extrapolation", order, GeometricExtrapolation(order=order)
    for order in orders:
        yield "truncation", order, Truncation(order=order)


def _own(closures: Mapping[str, Closure[Any]]) -> Iterator[tuple[str, int, Closure[Any]]]:
    for name, closure in closures.items():
        yield name, int(getattr(closure, "order", 0)), closure


def print_table(rows: Sequence[Row], times: Sequence[float]) -> None:
    """Print the rows under a line of times."""
    print(f"{'closure':26} {'order':>5} " + " ".join(f"{f't = {time:g}':>9}" for time in times))
    for row in rows:
        print(f"{row.closure:26} {row.order:5} " + " ".join(f"{error:9.1e}" for error in row.errors))


def main() -> None:
    """Print the table for a finite and for a power-law spectrum."""
    times = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
    for name, measure in (("finite", finite_spectrum()), ("power law", power_law_spectrum())):
        print(f"{name} spectrum")
        print_table(closure_table(measure, [4, 8, 16, 32], times), times)


if __name__ == "__main__":
    main()
