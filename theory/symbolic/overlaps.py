"""Names of the overlaps, the only way in which a population loss depends on the weights.

With ``K`` students ``W`` (K × d), ``M`` teachers ``W*`` (M × d) and input covariance ``Q`` (d ×
d): ``S = W Q Wᵀ``, ``U = W Q W*ᵀ`` and ``T = W* Q W*ᵀ``. They are of order one in ``d`` when the
outputs are.
"""

from dataclasses import dataclass

import sympy

from theory.expected import checked


@checked
@dataclass(frozen=True)
class Overlaps:
    """The symbols of ``S`` (K × K, symmetric), ``U`` (K × M) and ``T`` (M × M, symmetric).

    For ``K = M = 1`` they are called ``s``, ``u`` and ``t``, otherwise ``S11``, ``S12``, … with
    indices from one.

    >>> Overlaps.symbols(1, 1).statistics
    (s, u)
    >>> Overlaps.symbols(2, 1).statistics
    (S11, S12, S22, U11, U21)
    """

    S: sympy.ImmutableMatrix
    U: sympy.ImmutableMatrix
    T: sympy.ImmutableMatrix

    @classmethod
    def symbols(cls, students: int, teachers: int) -> "Overlaps":
        """The symbols for that many student and teacher directions."""
        names = "sut" if students == teachers == 1 else "SUT"
        return cls(
            symmetric_symbols(names[0], students),
            matrix_symbols(names[1], students, teachers),
            symmetric_symbols(names[2], teachers),
        )

    @property
    def statistics(self) -> tuple[sympy.Symbol, ...]:
        """The overlaps that move: the upper triangle of ``S`` by rows, then ``U`` by rows."""
        return (*upper_triangle(self.S), *self.U)

    @property
    def covariance(self) -> sympy.ImmutableMatrix:
        """The covariance of the projections on all students, then all teachers, for Gaussian inputs."""
        return sympy.ImmutableMatrix(sympy.BlockMatrix([[self.S, self.U], [self.U.T, self.T]]).as_explicit())


def matrix_symbols(name: str, rows: int, columns: int) -> sympy.ImmutableMatrix:
    """A matrix of symbols ``name11``, ``name12``, …; a 1 × 1 matrix holds ``name`` itself.

    >>> matrix_symbols("U", 1, 2)
    Matrix([[U11, U12]])
    """
    if rows == columns == 1:
        return sympy.ImmutableMatrix([[sympy.Symbol(name)]])
    separator = "_" if max(rows, columns) > 9 else ""
    return sympy.ImmutableMatrix(rows, columns, lambda j, k: sympy.Symbol(f"{name}{j + 1}{separator}{k + 1}"))


def symmetric_symbols(name: str, size: int) -> sympy.ImmutableMatrix:
    """A symmetric matrix of symbols, named after its upper triangle.

    >>> symmetric_symbols("S", 2)
    Matrix([
    [S11, S12],
    [S12, S22]])
    """
    names = matrix_symbols(name, size, size)
    return sympy.ImmutableMatrix(size, size, lambda j, k: names[min(j, k), max(j, k)])


def upper_triangle(matrix: sympy.MatrixBase) -> tuple[sympy.Expr, ...]:
    """The entries on and above the diagonal, row by row."""
    return tuple(matrix[j, k] for j in range(matrix.rows) for k in range(j, matrix.cols))
