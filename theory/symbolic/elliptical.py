"""Elliptical inputs: a Gaussian vector times an independent random radius.

``x = r g`` with ``g ~ N(0, Q)`` and ``r`` independent of it: a term of degree ``n`` in the projections has
the Gaussian expectation times ``ρ_n = E[rⁿ]``, so the loss still depends on the weights through ``S``, ``U``
and ``T`` alone. An elliptical model is a model like any other, and hierarchy, closures, landscape and
linearisations apply unchanged. Where all terms have one degree, as in phase retrieval, the radius merely
changes the unit of time; where they have several it moves the critical points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import sympy

from theory.expected import Count, checked
from theory.symbolic.degree import polynomial_degree
from theory.symbolic.given import given
from theory.symbolic.links import Z
from theory.symbolic.models import Model, ModelError
from theory.symbolic.moments import gaussian_moment


@checked
@dataclass(frozen=True)
class EllipticalModel(Model):
    """A :class:`~theory.symbolic.models.Model` whose inputs are ``r g``, ``g ~ N(0, Q)``.

    ``radial_moments`` holds ``(E[r²], E[r⁴], …)``, rationals or symbols, up to twice the links' degree. The
    inputs' covariance is ``E[r²] Q``. Raises :class:`~theory.symbolic.models.ModelError` where there are too
    few or where they are moments of no radius (``E[r^{2n}]² ≤ E[r^{2n−2}] E[r^{2n+2}]`` must hold).

    >>> loss = EllipticalModel("heavy tails", Z**2, Z**2, radial_moments=(1, 3)).loss
    >>> loss
    9*s**2 - 6*s*t + 9*t**2 - 12*u**2
    """

    radial_moments: tuple[sympy.Expr, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        moments = tuple(given(moment, "a radial moment") for moment in self.radial_moments)
        object.__setattr__(self, "radial_moments", moments)
        degree = polynomial_degree(self)
        if len(moments) < degree:
            raise ModelError(
                f"{self.name} needs the {degree} radial moments E[r^2], …, E[r^{2 * degree}],"
                f" not {len(moments)} of them"
            )
        _check_radius(moments)

    def pair_average(self, f: sympy.Expr, g: sympy.Expr, covariance: sympy.MatrixBase) -> sympy.Expr:
        """``E[f(r X) g(r Y)]`` for ``(X, Y) ~ N(0, covariance)``; odd degrees vanish."""
        radial = {2 * n + 2: moment for n, moment in enumerate(self.radial_moments)} | {0: sympy.S.One}
        return sympy.Add(
            *(
                a * b * radial[p + q] * gaussian_moment((p, q), covariance)
                for (p,), a in sympy.Poly(f, Z).terms()
                for (q,), b in sympy.Poly(g, Z).terms()
                if (p + q) % 2 == 0
            )
        )


@checked
def student_radial_moments(freedom: sympy.Expr | int, count: Count) -> tuple[sympy.Expr, ...]:
    """``(E[r²], …, E[r^{2·count}])`` of Student's t with covariance ``Q``, where they exist.

    ``r² = (ν − 2)/χ²_ν``, so ``E[r^{2n}] = (ν − 2)ⁿ / ((ν − 2)(ν − 4) ⋯ (ν − 2n))`` for ``ν > 2n``.

    >>> student_radial_moments(10, 2)
    (1, 4/3)
    """
    nu = given(freedom, "freedom")
    if nu.is_number and nu <= 2 * count:
        raise ModelError(
            f"Student's t with {nu} degrees of freedom has no radial moment of order {2 * count}"
        )
    moments, value = [], sympy.S.One
    for n in range(1, count + 1):
        value = value * (nu - 2) / (nu - 2 * n)
        moments.append(value)
    return tuple(moments)


def _check_radius(moments: Sequence[sympy.Expr]) -> None:
    """Log-convexity of the moments of ``r²``, as far as they are numbers."""
    sequence = (sympy.S.One, *moments)
    if any(moment.is_number and not moment > 0 for moment in moments):
        raise ModelError(f"radial moments must be positive, not {tuple(moments)}")
    for (low, middle), high in zip(pairwise(sequence), sequence[2:], strict=False):
        gap = low * high - middle**2
        if gap.is_number and gap < 0:
            raise ModelError(f"no radius has the even moments {tuple(moments)}: {middle}^2 > {low}*{high}")
