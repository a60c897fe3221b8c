"""Measured error of each closure against order and time.

Each closed system is generated, loaded and integrated by SciPy's DOP853; the reference is the flow of all
modes by the same integrator, so that what remains is the closure. Run it with
``python -m derivations.beyond.closure_table``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import sympy
from scipy.integrate import solve_ivp

from numerics.arrays import Array
from theory.symbolic import Hierarchy, Statistic, hierarchy, phase_retrieval
from theory.symbolic.closures import (
    CharacteristicPolynomial,
    GaussQuadrature,
    GeometricExtrapolation,
    ModeSystem,
    MomentSystem,
    Truncation,
    close,
    generate_system,
)
from theory.symbolic.measure import SpectralMeasure

RELATIVE, ABSOLUTE = 1e-12, 1e-15
BLOW_UP = 1e3
"""Statistics beyond this multiple of the teacher's energy count as blown up: a run stops there."""


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


def closure_table(measure: SpectralMeasure, orders: Sequence[int], times: Sequence[float]) -> list[Row]:
    """The errors of every closure of phase retrieval from a measure, at the increasing ``times``.

    The characteristic polynomial comes once, at the order that the spectrum sets, and only where it has at
    most twelve distinct eigenvalues: beyond, its coefficients drown in rounding. ``order`` of the
    quadrature is the number of orders that it keeps, twice its blocks.

    >>> rows = closure_table(finite_spectrum(), orders=[4], times=[0.1, 1.0])
    >>> [row.closure for row in rows]
    ['characteristic polynomial', 'Gauss quadrature', 'geometric extrapolation', 'truncation']
    >>> rows[0].errors[1] < 1e-10 < rows[3].errors[1]
    True
    """
    tower = hierarchy(phase_retrieval())
    exact = _modes_run(_all_modes(tower, measure), times)
    energy = float(measure.value(Statistic("T", 0, 0, 1)))
    return [
        Row(name, order, tuple(float(e) for e in np.abs(values - exact).max(axis=0) / energy))
        for name, order, system in _systems(tower, measure, orders)
        for values in [_run(system, measure, times)]
    ]


def _systems(
    tower: Hierarchy, measure: SpectralMeasure, orders: Sequence[int]
) -> Iterator[tuple[str, int, MomentSystem | ModeSystem]]:
    polynomial = CharacteristicPolynomial(measure.eigenvalues)
    if len(polynomial.eigenvalues) <= 12:
        yield "characteristic polynomial", len(polynomial.eigenvalues), close(tower, polynomial)
    for order in orders:
        quadrature = GaussQuadrature(measure, blocks=order // 2, digits=20)
        yield "Gauss quadrature", order, close(tower, quadrature)
    for order in orders:
        yield "geometric extrapolation", order, close(tower, GeometricExtrapolation(order=order))
    for order in orders:
        yield "truncation", order, close(tower, Truncation(order=order))


def _run(system: MomentSystem | ModeSystem, measure: SpectralMeasure, times: Sequence[float]) -> Array:
    if isinstance(system, ModeSystem):
        return _modes_run(system, times)
    return _moments_run(system, measure, times)


def _all_modes(tower: Hierarchy, measure: SpectralMeasure) -> ModeSystem:
    return ModeSystem(tower, measure.eigenvalues, measure.students, measure.teachers)


def _modes_run(system: ModeSystem, times: Sequence[float]) -> Array:
    """The overlaps ``(s, u)`` (2, times) of a system of modes."""
    module = _load(generate_system(system))
    eigenvalues, start, teacher = (
        np.array(values, dtype=float) for values in (system.eigenvalues, system.students, system.teachers)
    )
    states = _integrate(lambda w: module.right_hand_side(w, eigenvalues, teacher), start, times)
    return np.stack([module.statistics(w, eigenvalues, teacher) for w in states], axis=1)


def _moments_run(system: MomentSystem, measure: SpectralMeasure, times: Sequence[float]) -> Array:
    """The overlaps ``(s, u)`` (2, times) of a system of statistics."""
    module = _load(generate_system(system))
    orders = range(1, system.order + 2)
    start = np.array(
        [[measure.value(entry.at(order)) for order in orders[:-1]] for entry in system.hierarchy.entries],
        float,
    )
    teacher = np.array([[[measure.value(Statistic("T", 0, 0, order)) for order in orders]]], float)
    closure = np.array(system.coefficients, dtype=float)
    states = _integrate(lambda x: module.right_hand_side(x, teacher, closure), start, times)
    return states[:, :, 0].T


def _integrate(velocity: Callable[[Array], Array], start: Array, times: Sequence[float]) -> Array:
    """States at the times, infinite from a blow-up on."""
    bound = BLOW_UP * max(1.0, float(np.abs(start).max()))

    def blown_up(_: float, state: Array) -> float:
        return bound - float(np.abs(state).max())

    blown_up.terminal = True  # type: ignore[attr-defined]
    states = np.full((len(times), *start.shape), np.inf)
    with np.errstate(all="ignore"):
        run = solve_ivp(
            lambda _, y: velocity(y.reshape(start.shape)).ravel(),
            (0.0, times[-1]),
            start.ravel(),
            "DOP853",
            times,
            events=blown_up,
            rtol=RELATIVE,
            atol=ABSOLUTE,
        )
    reached = run.y.shape[1] if len(run.y) else 0
    states[:reached] = run.y.T.reshape(reached, *start.shape)
    return states


def _load(text: str) -> ModuleType:
    module = ModuleType("closed_system")
    exec(compile(text, module.__name__, "exec"), module.__dict__)
    return module


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
