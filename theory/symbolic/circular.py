"""Complex inputs: links of ``|w†x|`` under circular Gaussian data.

Inputs are ``x = (g₁ + i g₂)/√2`` with independent real ``g₁, g₂ ~ N(0, Q)``, so ``E[xx†] = Q`` and
``E[xxᵀ] = 0``. A pair of projections ``X = w†x``, ``Y = w*†x`` has ``E|X|² = s``, ``E|Y|² = t`` and
``E[X Ȳ] = U = w†Qw*``, a complex number. Nothing seen through moduli depends on the phase of ``Y``,
so take ``U = u ≥ 0``; then ``(Re X, Re Y)`` and ``(Im X, Im Y)`` are independent real Gaussian
pairs, each with half of ``s``, ``u`` and ``t``. This is the reduction: a link that is an even
polynomial becomes one in ``(Re X)² + (Im X)²``, and its averages are real Gaussian moments.

With gradients ``∂_a + i∂_b`` by ``w = a + ib``, ``∇s = 2Qw`` and ``∇|U| = Qw* Ū/|U|``, hence

``ẇ = A Qw + B (Ū/|U|) Qw*``  with  ``A = −2 ∂L/∂s``, ``B = −∂L/∂u``, ``u = |U|``.

Turning ``w*`` by a phase makes ``U`` real at one time. It stays real where every mode ``w̄_i w*_i``
is real; then the flow is the real one with these ``A`` and ``B``. Otherwise the phases of the modes
move, and the flow is that of a real network with the students ``(a, b)`` and ``(−b, a)`` on
the inputs ``(g₁, g₂)/√2`` at twice its speed, since both students carry the same weights: for the
square, :func:`~theory.symbolic.models.quadratic_network` with two students and two teachers.
"""

from dataclasses import dataclass
from typing import ClassVar

import sympy

from theory.expected import checked
from theory.symbolic.links import LinkError, Z
from theory.symbolic.models import Model, ModelError
from theory.symbolic.moments import expectation


@checked
@dataclass(frozen=True)
class CircularModel(Model):
    """One complex student and one complex teacher; the links are applied to the moduli.

    ``student_link`` and ``teacher_link`` are even polynomials in
    :data:`~theory.symbolic.links.Z`, which stands for ``|w†x|``. The symbol ``u`` is ``|U|``. The
    tower of statistics, residual coordinates and generated code are those of real modes.
    """

    is_complex: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for link in (self.student_link, self.teacher_link):
            if not link.is_polynomial(Z) or sympy.expand(link - link.subs(Z, -Z)) != 0:
                raise LinkError(
                    f"cannot use the link {link} of a modulus: it must be an even polynomial in z"
                )
        if self.students != 1 or self.teachers != 1:
            raise ModelError(
                f"{self.name} has {self.students} students and {self.teachers} teachers; with complex inputs"
                " only one of each is derived: write a wider network as a real one"
            )

    def pair_average(self, f: sympy.Expr, g: sympy.Expr, covariance: sympy.MatrixBase) -> sympy.Expr:
        """``E[f(|X|) g(|Y|)]`` for the complex pair with ``E[XȲ]`` real.

        >>> model = complex_phase_retrieval()
        >>> model.pair_average(Z**2, Z**2, sympy.Matrix(2, 2, sympy.symbols("s u u t")))
        s*t + u**2
        """
        real_x, imag_x, real_y, imag_y = parts = sympy.symbols("p q r v", cls=sympy.Dummy)
        product = _of_square(f, real_x**2 + imag_x**2) * _of_square(g, real_y**2 + imag_y**2)
        return expectation(product, parts, sympy.kronecker_product(covariance / 2, sympy.eye(2)))


@checked
def complex_phase_retrieval() -> CircularModel:
    """Phase retrieval with complex inputs: student ``|w†x|²``, teacher ``|w*†x|²``.

    >>> complex_phase_retrieval().loss
    2*s**2 - 2*s*t + 2*t**2 - 2*u**2
    >>> complex_phase_retrieval().drift
    (Matrix([[-8*s + 4*t]]), Matrix([[4*u]]))
    """
    return CircularModel("complex phase retrieval", Z**2, Z**2)


def _of_square(link: sympy.Expr, square: sympy.Expr) -> sympy.Expr:
    """An even polynomial in ``z`` with ``square`` for ``z²``."""
    terms = sympy.Poly(link, Z).terms()
    return sympy.Add(*(coefficient * square ** (power // 2) for (power,), coefficient in terms))
