"""The flow of a network to leading order at 0 and at its teachers, for regular teachers.

Students ``Σ_j c_j f(w_j·x)`` learn ``Σ_m c*_m f(w*_m·x)``, ``W* Q W*ᵀ = I``, each teacher with directions of
its own at every eigenvalue, as in the limit of infinite dimension where random signs average out.

**At 0**, for ``f = f_0 + f_2 z² + …``, the students are on their own, and so are the teachers' directions:
``ẇ_j = c_j (g Q + Σ_m c*_m p Q w*_m w*_mᵀ Q) w_j`` with ``g = 4 f_2 (Σ_m c*_m E f − f_0 Σ_k c_k)`` and
``p = 4 f_2 E f''``: one rate for each pair of a student and a teacher, of which the fastest is taken.

**At the teachers**, for ``K = M`` and the same weights on either side, the modes decay as ``V̇ = A V Q`` with

    ``A = −2 D [(E f'² − (E f')²) I + (E f')² 1 1ᵀ] D``,   ``D = diag(c)``,

but for what their overlaps with the teachers feed back, at second order of the loss. In the spectral
decomposition of ``−A``, of eigenvalues ``α_a``, the loss is a sum of single students':
``L = Σ_a (α_a/2) G(2 α_a t)`` with ``G(y) = Σ_i λ_i (w*_i)² exp(−λ_i y)``. With
``σ = E f'² − (E f')²``, ``μ = (E f')²`` and ``n_k`` students of ``|c| = c_k``, ``n_k − 1`` of the ``α_a`` are
the pole ``p_k = 2 σ c_k²``, and one lies between it and the next pole, a zero of
``Π_k (α − p_k) − 2 μ Σ_k n_k c_k² Π_{l≠k} (α − p_l)``.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

from theory.asymptotics.local_flow import LocalFlow
from theory.expected import checked
from theory.symbolic.links import Link, canonical, has_kink
from theory.symbolic.local_flow import (
    ATTRACTS,
    BALLISTIC,
    INFINITE,
    KINK,
    at_the_teacher,
    coefficient,
    local_flow,
)
from theory.symbolic.means import average, is_positive, shown, tidy

Weights = Sequence[float | Fraction]

OF_MATRICES = "of a network u and s are matrices: what is known is the law of its loss"
NOT_MATCHED = "the students' weights are not the teachers': not every teacher has a student of its own"
LINEAR = "the link is linear: the students' sum alone is learnt"
ODD = "the link has a linear part at 0, which couples the students"


@checked
def network_flow(link: Link, weights: Weights, teacher_weights: Weights) -> LocalFlow:
    """The numbers of a network of one link with these weights, for regular teachers of energy 1.

    ``growth`` and ``pull`` are those of the fastest pair of student and teacher; ``decays`` the ``α_a``.
    One student and one teacher of weight 1 have those of
    :func:`~theory.symbolic.local_flow.local_flow`.

    >>> from theory.symbolic.links import Z
    >>> flow = network_flow(Z**2 + Z / 2, [1, 1, 1], [1, 1, 1])
    >>> flow.decays, flow.width
    (('8', '8', '19/2'), 3)
    >>> network_flow(Z**2, [1, 1], [1, 1]).growth
    '8'
    """
    f, own, other = canonical(link), _exact(weights), _exact(teacher_weights)
    if own == other == [1]:
        return local_flow(link)
    numbers: dict[str, Any] = {**_at_zero(f, own, other), **_at_the_teachers(f, own, other)}
    return LocalFlow(str(f), width=len(own), teachers=len(other), **numbers)


def _exact(weights: Weights) -> list[sympy.Rational]:
    exact = [Fraction(weight) for weight in weights]
    return sorted(sympy.Rational(weight.numerator, weight.denominator) for weight in exact)


def _at_zero(f: sympy.Expr, own: list[sympy.Rational], other: list[sympy.Rational]) -> dict[str, str]:
    """The fastest pair, or why no pair grows."""
    if has_kink(f):
        return {"no_escape": KINK}
    constant, first, second = (coefficient(f, order) for order in range(3))
    level, slope, curvature = (average(f, order) for order in range(3))
    if first != 0:
        force = tidy(2 * first * slope)
        return {"no_escape": ODD if force == 0 else BALLISTIC.format(shown(force))}
    gain = tidy(4 * second * (sum(other) * level - constant * sum(own)))
    student = max(own) if gain == 0 or is_positive(gain) else min(own)
    growth = tidy(student * gain)
    pulls = [tidy(4 * second * curvature * student * weight) for weight in (min(other), max(other))]
    pull = pulls[1] if is_positive(pulls[1] - pulls[0]) else pulls[0]
    if growth == 0 or not is_positive(growth):
        return {"no_escape": ATTRACTS.format(shown(growth), shown(pull))}
    return {"growth": str(growth), "pull": str(pull)}


def _at_the_teachers(f: sympy.Expr, own: list[sympy.Rational], other: list[sympy.Rational]) -> dict[str, Any]:
    """The rates with their multiplicities, or why there are none."""
    if own != other:
        return {"no_law": NOT_MATCHED}
    square, mean_slope = at_the_teacher(f)[0], average(f, 1)
    if not square.is_finite:
        return {"no_law": INFINITE}
    spread, coupled = tidy(square - mean_slope**2), tidy(mean_slope**2)
    if spread == 0:
        return {"no_law": LINEAR}
    sizes = Counter(weight**2 for weight in own)
    if coupled != 0 and len(sizes) > 1:
        return {"no_law": OF_MATRICES, "decays": _coupled_rates(sizes, spread, coupled)}
    rates = [(2 * size * spread, count) for size, count in sizes.items()]
    if coupled != 0:
        (size,) = sizes
        count = len(own)
        rates = [(2 * size * spread, count - 1), (2 * size * (spread + count * coupled), 1)]
    return {"no_law": OF_MATRICES, "decays": tuple(str(tidy(rate)) for rate, n in rates for _ in range(n))}


def _coupled_rates(sizes: Counter[sympy.Expr], spread: sympy.Expr, coupled: sympy.Expr) -> tuple[str, ...]:
    """The rates of students of different weights, coupled by ``(E f')²``: poles, and zeros between them."""
    rate, squares = sympy.Symbol("m"), sorted(sizes)
    poles = [tidy(2 * spread * size) for size in squares]
    strengths = [tidy(2 * coupled * size * sizes[size]) for size in squares]
    everything = sympy.Mul(*(rate - pole for pole in poles))
    others = (
        strength * sympy.Mul(*(rate - pole for pole in poles if pole != own))
        for own, strength in zip(poles, strengths, strict=True)
    )
    zero = str(everything - sympy.Add(*others))
    ends = [*poles[1:], tidy(poles[-1] + 2 * sympy.Add(*strengths))]
    single = [f"root({zero}, {low}, {high})" for low, high in zip(poles, ends, strict=True)]
    return (
        *(str(pole) for pole, n in zip(poles, squares, strict=True) for _ in range(sizes[n] - 1)),
        *single,
    )
