"""One implicit step at any precision: equations in Arb's numbers, corrections in double precision.

The collocation equations are those of :mod:`numerics.solver.step`,

    Y = y + h λ 𝒜 (A(X) Y + F(X) w*)   for every mode,    X = the statistics of Y,

with Y (s·K × N) as unknowns beside X. Their residual is computed at the full precision, by one product of
matrices; the linear system for the correction needs a few digits only and is solved in doubles, by
eliminating the modes, in the units of each mode and each statistic. While X is far off this is Newton's
method; then the system is kept, and each iteration adds the digits that it is accurate to (iterative
refinement).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import mul

import numpy as np
from flint import arb, arb_mat
from mpmath import mp, mpf

from numerics.arrays import Array
from numerics.precise.table import PreciseTable
from numerics.solver.contract import NoConvergence
from numerics.state.charts import Chart

FRESH = 1e-7
"""Change of the unknowns from which on the linear system is kept."""

LARGEST_COEFFICIENT = 1e200  # of a coefficient: 0 times infinity must not occur

SMALLEST = mpf(10) ** -500
"""Statistics, in units of the teacher's energy, and modes are accurate relative to themselves or to this:
what decays without end would keep the steps short.
"""


@dataclass(frozen=True, eq=False)
class PreciseModes:
    """Eigenvalues λ (N) and teacher w* (M × N); ``energy`` is T (M, M), of mpmath's numbers."""

    eigenvalues: list[arb]
    teacher: arb_mat
    weighted: arb_mat = field(init=False)
    energy: Array = field(init=False)

    def __post_init__(self) -> None:
        rows = [
            [(x * y).mid() for x, y in zip(self.eigenvalues, row, strict=True)] for row in table(self.teacher)
        ]
        object.__setattr__(self, "weighted", arb_mat(rows).transpose())
        object.__setattr__(self, "energy", numbers(self.teacher * self.weighted))

    @property
    def smallest(self) -> mpf:
        """The size below which statistics count as 0."""
        return SMALLEST * max(self.energy.diagonal())

    def statistics(self, states: arb_mat, students: int) -> Array:
        """Statistics (n, R) of R states, each of ``students`` consecutive rows of ``states`` (R·K × N)."""
        rows = table(states)
        weighted = [list(map(mul, self.eigenvalues, row)) for row in rows]
        cross = numbers(states * self.weighted).reshape(-1, students * len(self.energy))
        pairs = list(zip(*np.triu_indices(students), strict=True))
        own = [
            [number(sum(map(mul, weighted[first + j], rows[first + k]), arb())) for j, k in pairs]
            for first in range(0, len(rows), students)
        ]
        return np.concatenate([np.array(own, dtype=object), cross], axis=1).T

    def term_sizes(self, state: arb_mat) -> Array:
        """The statistics (n,) of ``state`` (K × N) with every term counted positive."""
        positive = PreciseModes(self.eigenvalues, absolute(self.teacher))
        return positive.statistics(absolute(state), state.nrows())[:, 0]

    def turned(self, orientation: Array) -> "PreciseModes":
        """The modes of the teacher P W*, with P (M, M) the ``orientation``, of integers."""
        return PreciseModes(self.eigenvalues, arb_mat(orientation.astype(int).tolist()) * self.teacher)


def table(matrix: arb_mat) -> list[list[arb]]:
    """The rows of a matrix."""
    rows: list[list[arb]] = matrix.table()
    return rows


def absolute(matrix: arb_mat) -> arb_mat:
    """The matrix of the moduli."""
    return arb_mat([[abs(x) for x in row] for row in table(matrix)])


def ball(x: mpf) -> arb:
    """The same number as Arb's, exactly."""
    sign, mantissa, exponent, _ = mp.mpf(x)._mpf_
    return arb((-int(mantissa) if sign else int(mantissa), exponent))


def numbers(matrix: arb_mat) -> Array:
    """The midpoints of a matrix as an array of mpmath's numbers."""
    values = [number(x) for x in matrix.entries()]
    return np.array(values, dtype=object).reshape(matrix.nrows(), matrix.ncols())


def number(x: arb) -> mpf:
    """The midpoint as a number of mpmath's."""
    return mp.make_mpf(x.mid()._mpf_)


def solve_step(
    method: PreciseTable,
    chart: Chart,
    modes: PreciseModes,
    width: arb,
    start: arb_mat,
    guess: Array,
    tolerance: float,
) -> tuple[Array, arb_mat]:
    """Statistics X (n, s) and states Y (s·K × N) at the nodes of a step of ``width`` from ``start`` (K × N).

    Iterates from the ``guess`` of X until X, in units of its terms, and Y, in units of each mode, change by
    less than ``tolerance``. Raises NoConvergence.
    """
    students, stages = start.nrows(), method.stages
    rates = [(width * x).mid() for x in modes.eigenvalues]
    unknowns, states = guess, arb_mat(table(start) * stages)
    change, system, before = np.inf, None, np.inf
    for _ in range(60):
        gain, force = _real(chart.drift, unknowns, modes)
        residual = _residual(method, rates, modes, gain, force, start, states)
        if system is None or change > FRESH:
            system = _System(method, rates, modes, gain.astype(float))
            units = _units(states, residual)
        states, moved = system.absorb(states, residual, units)
        if change > FRESH:
            units = _units(states)
            system.linearise(chart, unknowns, states, units)
        shift = system.solve(modes.statistics(states, students) - unknowns)
        unknowns = unknowns + shift * system.statistic_units[:, None]
        states = system.respond(states, shift, units)
        before, change = change, max(moved, float(np.abs(shift).max()))
        if change <= tolerance:
            return unknowns, states
        if not change < 1e3 or (before <= FRESH and change > 0.3 * before):
            break
    raise NoConvergence


def _real(
    function: Callable[[Array, Array], tuple[Array, Array]], unknowns: Array, modes: PreciseModes
) -> tuple[Array, Array]:
    """Two arrays such as A and F, or their slopes, at X; where they are not finite and real, no convergence.

    Angles between vectors that X cannot be the overlaps of are complex.
    """
    try:
        parts = function(unknowns, modes.energy)
    except ZeroDivisionError:
        raise NoConvergence from None
    if not all(mp.isfinite(x) and mp.im(x) == 0 for part in parts for x in part.flat):
        raise NoConvergence
    first, second = (_real_part(part) for part in parts)
    return first, second


_real_part = np.frompyfunc(mp.re, 1, 1)


def _residual(
    method: PreciseTable,
    rates: list[arb],
    modes: PreciseModes,
    gain: Array,
    force: Array,
    start: arb_mat,
    states: arb_mat,
) -> list[list[arb]]:
    """y + hλ (D Y + 𝒜 F w*) − Y (s·K × N), with D = 𝒜 A."""
    students, stages = len(gain), method.stages
    A = [[[ball(x) for x in row] for row in part] for part in gain.transpose(2, 0, 1)]
    coupling = [
        [weight * A[m][j][k] for m, weight in enumerate(row) for k in range(students)]
        for row in table(method.matrix)
        for j in range(students)
    ]
    F = arb_mat([[ball(x) for x in row] for row in force.transpose(2, 0, 1).reshape(stages, -1)])
    push = arb_mat(stages * students, len(modes.energy), (method.matrix * F).entries())
    slopes = table(arb_mat(coupling) * states + push * modes.teacher)
    begin = table(start) * stages
    return [
        [a + rate * b - c for a, rate, b, c in zip(first, rates, slope, row, strict=True)]
        for first, slope, row in zip(begin, slopes, table(states), strict=True)
    ]


def _units(states: arb_mat, residual: list[list[arb]] | None = None) -> list[arb]:
    """A power of two near the largest entry of each mode, or near SMALLEST where that is larger."""
    rows = table(states) + (residual or [])
    floor = ball(SMALLEST)
    return [_power(max(floor, *map(abs, column))) for column in zip(*rows, strict=True)]


def _power(x: arb) -> arb:
    """The largest power of two not above x > 0."""
    mantissa, exponent = x.mid().man_exp()
    return arb((1, exponent + int(mantissa).bit_length() - 1))


class _System:
    """The linearised equations in doubles: modes in ``units`` (N), statistics in ``statistic_units`` (n,)."""

    def __init__(self, method: PreciseTable, rates: list[arb], modes: PreciseModes, gain: Array) -> None:
        """Invert I − hλ D for every mode (N, s·K, s·K), and apply it to hλ 𝒜: ``drive`` (N, s, K, s, K)."""
        self.modes, self.students, self.stages = modes, gain.shape[0], method.stages
        matrix = _doubles(table(method.matrix))
        size = self.stages * self.students
        coupling = np.einsum("lm,jkm->ljmk", matrix, gain).reshape(size, size)
        widths = np.array([float(rate) for rate in rates])
        try:
            self.inverse = np.linalg.inv(np.eye(size) - widths[:, None, None] * coupling)
        except np.linalg.LinAlgError:
            raise NoConvergence from None
        blocks = self.inverse.reshape(len(rates), size, self.stages, self.students)
        drive = widths[:, None, None, None] * np.einsum("Naxj,xm->Namj", blocks, matrix, optimize=True)
        self.drive = drive.reshape(len(rates), self.stages, self.students, self.stages, self.students)

    def absorb(self, states: arb_mat, residual: list[list[arb]], units: list[arb]) -> tuple[arb_mat, float]:
        """Y with the ``residual`` of its linear equations corrected, and the largest change of it."""
        scaled = _doubles([[x / unit for x, unit in zip(row, units, strict=True)] for row in residual])
        change = np.einsum("Nab,bN->aN", self.inverse, scaled, optimize=True)
        return _add(states, change, units), float(np.abs(change).max())

    def linearise(self, chart: Chart, unknowns: Array, states: arb_mat, units: list[arb]) -> None:
        """Φ = ∂(A Y + F w*)/∂X, Ψ = ∂X/∂Y, and 1 − Ψ (∂Y/∂X), all at ``unknowns`` and ``states``."""
        rates, teacher = self.modes.eigenvalues, table(self.modes.teacher)
        own = sum((x * unit * unit for x, unit in zip(rates, units, strict=True)), arb())
        across = [
            sum((x * abs(y) * unit for x, y, unit in zip(rates, row, units, strict=True)), arb())
            for row in teacher
        ]
        rows, columns = np.triu_indices(self.students)
        sizes = [
            _power(max(x, ball(self.modes.smallest))) for x in [own] * len(rows) + across * self.students
        ]
        self.statistic_units = np.array([number(size) for size in sizes], dtype=object)
        scaled = _doubles([[x / y for x, y in zip(row, units, strict=True)] for row in table(states)])
        scaled = scaled.reshape(self.stages, self.students, -1)
        gain_slope, force_slope = _real(chart.drift_jacobian, unknowns, self.modes)
        gain_slope = (gain_slope * self.statistic_units[:, None]).astype(float)
        forced = np.array(
            [
                [[float(y * size / unit) for y, unit in zip(row, units, strict=True)] for size in sizes]
                for row in teacher
            ]
        )
        forced = np.clip(forced, -LARGEST_COEFFICIENT, LARGEST_COEFFICIENT)
        self.pushed = np.einsum("jkbm,mkN->bmNj", gain_slope, scaled, optimize=True)
        self.pushed += np.einsum("jcbm,cbN->bmNj", force_slope.astype(float), forced, optimize=True)
        pulled = np.zeros((len(sizes), self.stages, len(units), self.students))
        squares = np.array([float(x * y * y / sizes[0]) for x, y in zip(rates, units, strict=True)])
        for pair, (row, column) in enumerate(zip(rows, columns, strict=True)):
            pulled[pair, :, :, row] += squares * scaled[:, column]
            pulled[pair, :, :, column] += squares * scaled[:, row]
        for index in range(len(rows), len(sizes)):
            student, other = divmod(index - len(rows), len(teacher))
            terms = zip(rates, teacher[other], units, strict=True)
            pulled[index, :, :, student] = [float(x * y * unit / sizes[index]) for x, y, unit in terms]
        through = np.einsum("blNk,NlkmJ->lmbNJ", pulled, self.drive, optimize=True)
        through = through.reshape(self.stages, self.stages, len(sizes), -1)
        pushed = np.moveaxis(self.pushed.reshape(len(sizes), self.stages, -1), 0, 2)
        gradient = np.einsum("lmbc->blcm", through @ pushed)
        self.matrix = np.eye(len(sizes) * self.stages) - gradient.reshape(len(sizes) * self.stages, -1)

    def solve(self, gap: Array) -> Array:
        """The change (n, s) of X, in its units, that closes its ``gap`` to the statistics of Y."""
        right = (gap / self.statistic_units[:, None]).astype(float)
        if not (np.isfinite(right).all() and np.isfinite(self.matrix).all()):
            raise NoConvergence
        try:
            return np.linalg.solve(self.matrix, right.ravel()).reshape(right.shape)
        except np.linalg.LinAlgError:
            raise NoConvergence from None

    def respond(self, states: arb_mat, shift: Array, units: list[arb]) -> arb_mat:
        """Y after X changed by ``shift`` (n, s)."""
        forcing = np.einsum("bmNj,bm->Nmj", self.pushed, shift)
        change = np.einsum("NlkmJ,NmJ->lkN", self.drive, forcing, optimize=True)
        return _add(states, change.reshape(-1, len(units)), units)


def _doubles(rows: list[list[arb]]) -> Array:
    return np.array([[float(x) for x in row] for row in rows])


def _add(states: arb_mat, change: Array, units: list[arb]) -> arb_mat:
    """``states`` + ``change``, the latter in ``units``."""
    if not np.isfinite(change).all():
        raise NoConvergence
    return arb_mat(
        [
            [(x + arb(y) * unit).mid() for x, y, unit in zip(row, moves, units, strict=True)]
            for row, moves in zip(table(states), change.tolist(), strict=True)
        ]
    )
