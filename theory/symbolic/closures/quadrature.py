"""Gauss quadrature of the spectral measure: a finite system of modes that keeps the first orders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product

import sympy
from mpmath import matrix, mp, mpf

from theory.expected import checked
from theory.symbolic.closures.base import ClosureError, check_order
from theory.symbolic.hierarchy import Hierarchy, Statistic
from theory.symbolic.measure import SpectralMeasure

Krylov = tuple[int, int]
"""The vector ``Q^a z_c``, by its power ``a`` and its component ``c``."""

WORKING_DIGITS = 4000
"""The most that :class:`GaussQuadrature` works with before it gives up."""


@checked
@dataclass(frozen=True)
class ModeSystem:
    """The flow on ``N`` nodes: ``ẇ_j = θ_j (A w_j + B w*_j)``, a problem of the original form.

    ``eigenvalues`` θ (N,), ``students`` the start (K × N) and ``teachers`` (M × N), as mpmath numbers.
    """

    hierarchy: Hierarchy
    eigenvalues: tuple[mpf | sympy.Rational, ...]
    students: tuple[tuple[mpf | sympy.Rational, ...], ...]
    teachers: tuple[tuple[mpf | sympy.Rational, ...], ...]

    @property
    def missing(self) -> tuple[Statistic, ...]:
        """Empty: the nodes yield every order."""
        return ()


@checked
@dataclass(frozen=True)
class GaussQuadrature:
    """Ansatz: the matrix measure ``Σ_i λ_i z_i z_iᵀ δ(λ − λ_i)`` becomes its block Gauss rule.

    ``z_i`` are the ``r = K + M`` components of students and teachers on mode ``i``. With ``m = blocks`` the
    rule has at most ``m r`` nodes, which lie within the spectrum, and keeps the orders 1 … 2m of ``S``, ``U``
    and ``T`` at the start: for one vector, the ``m``-node rule that keeps 2m moments. As every mode is linear
    given ``A`` and ``B``, a measure is all that the flow sees, and the rule's flow is that of another
    spectrum: it never blows up, and critical points stay critical points. Reference: Golub & Meurant,
    *Matrices, Moments and Quadrature* (2010), section 4; the nodes are the eigenvalues of the compression of
    ``Q`` to the block Krylov space, here by Cholesky of the moments (chapter 5) at a precision that is raised
    until the kept orders are reproduced to ``digits``.

    Exact where the measure has no more than ``m r`` atoms that matter. The error at a fixed time falls like
    ``(λ_1 |Φ|)^{2m}/(2m)!`` or faster, ``Φ = ∫A``; at fixed ``m`` it grows once ``1/|Φ|`` is below the
    smallest nodes, so nodes must be added as times grow: about as the logarithm of the time where they are
    placed bin by bin, as in ``numerics.problems.reduction``, and faster here. On 400 eigenvalues ``i^-2``
    the decay ``Σ λ_i (w*_i)² e^{−λ_i |Φ|}`` keeps 1 % with 4 blocks at ``|Φ| = 100`` and with 24 at ``10^5``.

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> measure = SpectralMeasure(["0.5", "0.25", "0.125"], [[1, -1, 0]], [[1, 1, 1]])
    >>> modes = GaussQuadrature(measure, blocks=1).close(hierarchy(phase_retrieval()))
    >>> len(modes.eigenvalues)
    2
    >>> print(sum(v * b**2 for v, b in zip(modes.eigenvalues, modes.teachers[0])))
    0.875
    """

    measure: SpectralMeasure
    blocks: int = field(kw_only=True)
    digits: int = field(default=30, kw_only=True)

    def __post_init__(self) -> None:
        check_order("blocks", self.blocks, 1)
        check_order("digits", self.digits, 1)

    def close(self, hierarchy: Hierarchy) -> ModeSystem:
        """The system of modes; :class:`ClosureError` where the precision does not suffice."""
        model, measure = hierarchy.gradient_model, self.measure
        if (model.students, model.teachers) != (len(measure.students), len(measure.teachers)):
            raise ClosureError(
                f"{model.name} has {model.students} students and {model.teachers} teachers, the measure"
                f" {len(measure.students)} and {len(measure.teachers)}"
            )
        full, count = self.blocks * (model.students + model.teachers), 0
        digits = 2 * self.digits + 16 * self.blocks
        while digits <= WORKING_DIGITS:
            with mp.workdps(digits):
                moments = self._moments()
                nodes, vectors = _block_gauss(moments, 2 * self.digits + 20)
                settled = len(nodes) in (full, count)
                if settled and _defect(moments, nodes, vectors) < mpf(10) ** -self.digits:
                    return _mode_system(hierarchy, nodes, vectors)
            count, digits = len(nodes), 2 * digits
        raise ClosureError(
            f"no rule of {self.blocks} blocks within {WORKING_DIGITS} digits: use fewer blocks"
        )

    def _moments(self) -> list[matrix]:
        """The r × r matrices of the orders 1 … 2·blocks."""
        measure = self.measure
        rows = [[_float(entry) for entry in row] for row in measure.students + measure.teachers]
        values = [_float(value) for value in measure.eigenvalues]
        weighted = [[value * entry for value, entry in zip(values, row, strict=True)] for row in rows]
        moments = []
        for _ in range(2 * self.blocks):
            moments.append(_gram(weighted, rows))
            weighted = [[value * entry for value, entry in zip(values, row, strict=True)] for row in weighted]
        return moments


def _float(value: sympy.Rational) -> mpf:
    return mpf(int(value.p)) / int(value.q)


def _gram(left: Sequence[Sequence[mpf]], right: Sequence[Sequence[mpf]]) -> matrix:
    return matrix([[mp.fdot(a, b) for b in right] for a in left])


def _block_gauss(moments: Sequence[matrix], digits: int) -> tuple[list[mpf], matrix]:
    """Nodes, and the vectors √θ z (one row a node), of the rule with these matrix moments.

    Krylov vectors that depend on earlier ones are left out: then the measure has few atoms and the rule is
    the measure itself. Which ones do is clear only when twice the precision leaves out no fewer. The moments
    need all the precision, the compression of ``Q`` only the ``digits`` of the result.
    """
    size = moments[0].rows
    index = list(product(range(len(moments) // 2), range(size)))

    def entry(p: Krylov, q: Krylov, shift: int = 0) -> mpf:
        return moments[p[0] + q[0] + shift][p[1], q[1]]

    kept, factor = _independent(index, entry)
    count = len(kept)
    if not count:
        raise ClosureError("the measure has no mass off the eigenvalue 0: nothing moves")
    shifted = matrix(count, count)
    for a, b in product(range(count), repeat=2):
        shifted[a, b] = entry(kept[a], kept[b], 1)
    half = matrix([_forward(factor, [shifted[a, b] for a in range(count)]) for b in range(count)])
    compressed = matrix([_forward(factor, [half[a, b] for a in range(count)]) for b in range(count)])
    with mp.workdps(digits):
        nodes, rotation = mp.eigsy((compressed + compressed.T) / 2)
    starts = matrix([_forward(factor, [entry(k, (0, c)) for k in kept]) for c in range(size)])
    return list(nodes), (starts * rotation).T


def _independent(
    index: Sequence[Krylov], entry: Callable[[Krylov, Krylov], mpf]
) -> tuple[list[Krylov], list[list[mpf]]]:
    """The Krylov vectors that do not depend on earlier ones, and the Cholesky factor of their Gram matrix."""
    kept: list[Krylov] = []
    factor: list[list[mpf]] = []
    threshold = mpf(10) ** (-mp.dps // 2)
    for candidate in index:
        row = _forward(factor, [entry(k, candidate) for k in kept])
        size = entry(candidate, candidate)
        rest = size - mp.fdot(row, row)
        if rest > threshold * size:
            kept.append(candidate)
            factor.append([*row, mp.sqrt(rest)])
    return kept, factor


def _forward(factor: Sequence[Sequence[mpf]], values: Sequence[mpf]) -> list[mpf]:
    """Solve ``L x = values`` with the rows of the lower triangle ``L``."""
    solution: list[mpf] = []
    for row, value in zip(factor, values, strict=True):
        solution.append((value - mp.fdot(row[:-1], solution)) / row[-1])
    return solution


def _defect(moments: Sequence[matrix], nodes: Sequence[mpf], vectors: matrix) -> mpf:
    """Largest error of a kept moment, relative to the geometric mean of its diagonal entries."""
    columns = [[vectors[j, c] for j in range(vectors.rows)] for c in range(vectors.cols)]
    weighted, worst = columns, mpf(0)
    for exact in moments:
        rule = _gram(weighted, columns)
        for a, b in product(range(exact.rows), range(exact.cols)):
            scale = mp.sqrt(exact[a, a] * exact[b, b])
            worst = max(worst, abs(rule[a, b] - exact[a, b]) / scale if scale else abs(rule[a, b]))
        weighted = [[node * entry for node, entry in zip(nodes, row, strict=True)] for row in weighted]
    return worst


def _mode_system(hierarchy: Hierarchy, nodes: Sequence[mpf], vectors: matrix) -> ModeSystem:
    """Order the nodes downwards and divide the vectors by √θ."""
    order = sorted(range(len(nodes)), key=lambda j: -nodes[j])
    rows = [tuple(vectors[j, c] / mp.sqrt(nodes[j]) for j in order) for c in range(vectors.cols)]
    students = hierarchy.model.students
    return ModeSystem(
        hierarchy, tuple(nodes[j] for j in order), tuple(rows[:students]), tuple(rows[students:])
    )
