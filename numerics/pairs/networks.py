"""The flow of networks of any width, from the pair functions of their links.

With students ``Σ_j c_j f(w_j·x)``, teachers ``Σ_m c*_m g(w*_m·x)`` and the pair functions P of student and
student, R of student and teacher, the loss is

    L = Σ_jk c_j c_k P(S_jj, S_kk, S_jk) − 2 Σ_jm c_j c*_m R(S_jj, T_mm, U_jm) + teachers + noise,

(P_jk and R_jm where units have links of their own), where a unit's pair with itself is ``E f²(S_jj)``, a
function of its own. Hence

    A_jj = −2 c_j [c_j (E f²)' + 2 Σ_{k≠j} c_k P_a(jk) − 2 Σ_m c*_m R_a(jm)],
    A_jk = −2 c_j c_k P_c(jk),      B_jm = 2 c_j c*_m R_c(jm).

Shapes as in the modules of :mod:`theory.symbolic.codegen`: statistics x (n, …), the upper triangle of S by
rows, then U by rows; A (K, K, …), B (K, M, …).
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from numerics.arrays import Array
from numerics.pairs.functions import Link, PairFunction, taylor_coefficients
from numerics.pairs.groups import pair_functions
from numerics.pairs.overlaps import split, upper_triangle


@dataclass(frozen=True, eq=False)
class Network:
    """The right-hand sides of a network: what a generated module offers, for any width.

    ``student_links`` (K) and ``teacher_links`` (M) are SymPy expressions in :data:`theory.symbolic.Z` or
    functions of Python, the weights real numbers. ``noise`` is the variance of label noise.
    """

    student_links: tuple[Link, ...]
    teacher_links: tuple[Link, ...]
    student_weights: Array
    teacher_weights: Array
    noise: float = 0.0
    name: str = "network"
    own: PairFunction = field(init=False)
    cross: PairFunction = field(init=False)
    taught: PairFunction = field(init=False)

    def __post_init__(self) -> None:
        f, g = self.student_links, self.teacher_links
        object.__setattr__(self, "own", pair_functions(f, f))
        object.__setattr__(self, "cross", pair_functions(f, g))
        object.__setattr__(self, "taught", pair_functions(g, g))

    @property
    def STUDENTS(self) -> int:
        """K."""
        return len(self.student_weights)

    @property
    def TEACHERS(self) -> int:
        """M."""
        return len(self.teacher_weights)

    @cached_property
    def ROTATIONS(self) -> bool:
        """Whether the loss keeps its value when the students are rotated: squares of equal weight."""
        alike = len(set(self.student_links)) == 1 and np.ptp(self.student_weights) == 0
        return bool(alike and is_square(self.student_links[0]))

    def error(self, student: Array, teacher: Array) -> float:
        """The largest relative error of the pair functions at variances of ``student`` and ``teacher``."""
        with np.errstate(all="ignore"):
            return max(
                self.own.error(student, student),
                self.cross.error(student, teacher),
                self.taught.error(teacher, teacher),
            )

    def drift(self, x: Array, T: Array) -> tuple[Array, Array]:
        """(A, B) = (−2 ∂L/∂S, −∂L/∂U): x (n, …) → A (K, K, …), B (K, M, …)."""
        with np.errstate(all="ignore"):
            return self._drift(*self._geometry(x, T))

    def drift_jacobian(self, x: Array, T: Array) -> tuple[Array, Array]:
        """The derivatives of drift by each statistic: dA (K, K, n, …), dB (K, M, n, …)."""
        with np.errstate(all="ignore"):
            by_S, by_U = self._drift_slopes(*self._geometry(x, T))
        return tuple(_by_statistic(s, u) for s, u in zip(by_S, by_U, strict=True))  # type: ignore[return-value]

    def loss(self, x: Array, T: Array) -> Array:
        """L = E[(student − teacher)²]: x (n, …) → (…)."""
        with np.errstate(all="ignore"):
            S, U, T = self._geometry(x, T)
            s, t = diagonal(S), diagonal(T)
            own = with_diagonal(self.own.value(s[:, None], s, _off_diagonal(S)), self.own.square(s, 0))
            cross = self.cross.value(s[:, None], t, U)
            taught = with_diagonal(
                self.taught.value(t[:, None], t, _off_diagonal(T)), self.taught.square(t, 0)
            )
            c, d = self.student_weights, self.teacher_weights
            return self.noise + form(c, own, c) - 2 * form(c, cross, d) + form(d, taught, d)

    def deficits(self, x: Array, T: Array) -> Array:
        """(T − U)/T and (T − S)/T on the diagonals: x (n, …) → (2, K, …)."""
        self._check_square()
        S, U, T = self._geometry(x, T)
        s, u, t = (diagonal(part) for part in (S, U, T))
        return np.stack([(t - u) / t, (t - s) / t])

    def _drift(self, S: Array, U: Array, T: Array) -> tuple[Array, Array]:
        s, t = diagonal(S), diagonal(T)
        c, pairs, cross = self._weights(S)
        own = self.own.slopes(s[:, None], s, _off_diagonal(S))
        other = self.cross.slopes(s[:, None], t, U)
        trace = c**2 * self.own.square(s, 1) - 2 * (cross * other[0]).sum(axis=1)
        trace = trace + 2 * _off_diagonal(pairs * own[0]).sum(axis=1)
        return -2 * with_diagonal(pairs * own[1], trace), 2 * cross * other[1]

    def _drift_slopes(self, S: Array, U: Array, T: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """The derivatives of A and B by S (…, K, K, …), S_jk in its upper triangle, and by U (…, K, M, …)."""
        K, M, axes = self.STUDENTS, self.TEACHERS, S.shape[2:]
        s, t = diagonal(S), diagonal(T)
        c, pairs, cross = self._weights(S)
        own = pairs * self.own.curvatures(s[:, None], s, _off_diagonal(S))
        other = cross * self.cross.curvatures(s[:, None], t, U)
        aa, ab, ac, bc, cc = (_off_diagonal(part) for part in own)
        j, k = np.arange(K)[:, None], np.arange(K)
        A_S, A_U = np.zeros((K, K, K, K, *axes)), np.zeros((K, K, K, M, *axes))
        B_S, B_U = np.zeros((K, M, K, K, *axes)), np.zeros((K, M, K, M, *axes))
        A_S[j, k, j, j] += -2 * ac
        A_S[j, k, k, k] += -2 * bc
        A_S[j, k, np.minimum(j, k), np.maximum(j, k)] += -2 * cc
        A_S[j, j, k, k] += -4 * ab
        A_S[j, j, np.minimum(j, k), np.maximum(j, k)] += -4 * ac
        A_S[k, k, k, k] += -2 * (c**2 * self.own.square(s, 2) + 2 * aa.sum(axis=1) - 2 * other[0].sum(axis=1))
        m = np.arange(M)
        A_U[j, j, j, m] += 4 * other[2]
        B_S[j, m, j, j] += 2 * other[2]
        B_U[j, m, j, m] += 2 * other[4]
        return (A_S, B_S), (A_U, B_U)

    def _weights(self, S: Array) -> tuple[Array, Array, Array]:
        """c_j, c_j c_k and c_j c*_m, with axes for those of ``S`` behind the first two."""
        c, d = self.student_weights, self.teacher_weights
        axes = (1,) * (S.ndim - 2)
        return (
            c.reshape(-1, *axes),
            np.outer(c, c).reshape(*S.shape[:2], *axes),
            np.outer(c, d).reshape(len(c), len(d), *axes),
        )

    def _geometry(self, x: Array, T: Array) -> tuple[Array, Array, Array]:
        """S (K, K, …), U (K, M, …) and T (M, M, 1, …)."""
        x = np.asarray(x, float)
        S, U = split(x, self.STUDENTS, self.TEACHERS)
        return S, U, with_axes(T, S)

    def _check_square(self) -> None:
        if self.STUDENTS != self.TEACHERS:
            raise ValueError("a model with different numbers of students and teachers has no deficits")


def is_square(link: Link) -> bool:
    """Whether a link is a multiple of z², but for a constant."""
    taylor = taylor_coefficients(link)
    return taylor is not None and len(taylor) == 3 and taylor[1] == 0


def with_axes(T: Array, S: Array) -> Array:
    """T (M, M, 1, …) with so many axes as ``S`` (K, K, …)."""
    return np.asarray(T, float).reshape(*np.shape(T), *(1,) * (S.ndim - 2))


def diagonal(matrix: Array) -> Array:
    """The diagonal (K, …) of a matrix (K, K, …)."""
    return np.einsum("jj...->j...", matrix)


def with_diagonal(matrix: Array, entries: Array) -> Array:
    """The ``matrix`` (K, K, …) with these ``entries`` (K, …) on its diagonal."""
    found = np.array(matrix)
    diagonal(found)[...] = entries
    return found


def form(left: Array, matrix: Array, right: Array) -> Array:
    """Σ_jk left_j matrix_jk right_k (…) of a matrix (K, M, …)."""
    return np.einsum("j,jk...,k->...", left, matrix, right)


def _off_diagonal(matrix: Array) -> Array:
    return with_diagonal(matrix, np.zeros(()))


def _by_statistic(by_S: Array, by_U: Array) -> Array:
    """Derivatives by the n statistics, from those by S, in its upper triangle, and by U."""
    rows, columns = upper_triangle(by_S.shape[2])
    return np.concatenate([by_S[:, :, rows, columns], by_U.reshape(*by_U.shape[:2], -1, *by_U.shape[4:])], 2)
