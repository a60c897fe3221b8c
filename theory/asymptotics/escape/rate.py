r"""The rate :math:`\rho` at which the overlap grows while the student is small.

At :math:`w = 0` the flow of ``u`` obeys a Volterra equation whose resolvent has one pole to the
right of the spectrum; its position is the escape rate.
"""

from __future__ import annotations

from functools import lru_cache

from theory.asymptotics.escape.resolvent import Resolvent, lower_rate, resolvent, touched
from theory.asymptotics.local_flow import SQUARE, LocalFlow, factor
from theory.asymptotics.numbers.constant import Constant, catalogued, closed_form, undefined
from theory.asymptotics.numbers.field import FLOATS, Field, Number
from theory.asymptotics.numbers.roots import enclosed_root
from theory.asymptotics.numbers.written import written
from theory.asymptotics.sums.spectrum import Spectrum
from theory.expected import Count

DEFINITION = "the largest root rho of 1 = {pull} sum_i lambda_i^2 (w*_i)^2 / (rho - {growth} lambda_i)"
SOURCE = "arXiv:2511.18661, Lemma 2"


@catalogued
def escape_rate(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The escape rate: :math:`u(t) \sim c\,e^{\rho t}` while :math:`s \ll 1`.

    **Definition.** With :math:`\mu_i = \lambda_i (w^*_i)^2`, :math:`\rho` is the only root above
    :math:`4\lambda_1` of

    .. math:: F(\rho) = \sum_i \frac{8 \lambda_i \mu_i}{\rho - 4\lambda_i} = 1,

    where :math:`\lambda_1` is the largest eigenvalue that the teacher touches, :math:`\mu_1 > 0`.
    It is the top eigenvalue of :math:`4Q + 8 Q w^* w^{*T}` on the modes of the teacher. Another link has the
    numbers of its own ``flow`` in place of 4 and 8; where the second is negative, the root lies between
    the two largest poles.

    **Method.** The first modes are added one by one. Beyond mode ``n`` the geometric series of
    :math:`1/(\rho - 4\lambda_i)` turns the sum into moments :math:`\sum_{i \ge n} \lambda_i^k
    \mu_i`, found once; what is cut off is at most its first term over :math:`1 - 4\lambda_n/\rho`.
    The reciprocal :math:`1/F` is increasing and concave on the right of its poles: secants for
    :math:`1/F = 1` start between the Rayleigh quotient :math:`4 m_2/m_1 + 8 m_1`,
    :math:`m_k = \sum \lambda_i^k \mu_i`, and the bound :math:`4\lambda_1 + 8 m_1`. The unknown is
    :math:`\rho - 4\lambda_1`, so that a weak first mode costs no digits.

    **Error.** ``F`` decreases: the root is shut in where ``F - 1`` changes sign, in balls by more than
    the bound on the tail and all rounding; see :mod:`theory.asymptotics.numbers.roots`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(escape_rate(PowerLaw(2, "inf")).printed(15)[0])
    5.53894059108475
    >>> print(escape_rate(PowerLaw(2, "inf"), 50).printed(50)[0])
    5.5389405910847542644535870693329254476498000462269
    >>> print(escape_rate(PowerLaw(0, 1000)).printed(15)[0])
    0.0120000000000000

    **Check.** For :math:`a = 2`, :math:`d = \infty` and the flat teacher, partial fractions give
    :math:`\rho = 24/\varphi^2` where :math:`\varphi \in (0, \pi)` and
    :math:`\varphi \cot\varphi = 1 - \varphi^2/2`:

    >>> from mpmath import mp
    >>> phi = mp.findroot(lambda x: x * mp.cot(x) - 1 + x**2 / 2, 2.1)
    >>> print(24 / phi**2)
    5.53894059108475

    References: [Lem 2, Lem 8, P9] of arXiv:2511.18661.
    """
    if flow.growth is None or flow.pull is None:
        return undefined(DEFINITION.format(pull="B'(0)", growth="A(0)"), SOURCE, flow.no_escape)
    definition = DEFINITION.format(pull=factor(flow.pull), growth=factor(flow.growth))
    if touched(spectrum) == 1 and 1 + written(flow.escape_ratio) <= 0:
        return undefined(definition, SOURCE, "the teacher touches one eigenvalue: there u decays")
    return closed_form(lambda field: rate(spectrum, field, flow), digits, definition, SOURCE)


def rate(spectrum: Spectrum, field: Field = FLOATS, flow: LocalFlow = SQUARE) -> Number:
    """The escape rate at the working precision of the field."""
    assert flow.growth is not None
    return written(flow.growth, field) / 4 * top_rate(spectrum, flow.escape_ratio, field)


def top_rate(spectrum: Spectrum, ratio: str, field: Field = FLOATS) -> Number:
    """The largest eigenvalue of ``4 (Q + ratio Q w* w*^T Q)`` whose vector overlaps ``Q w*``.

    Negative ratios leave the first eigenvalue the largest, lowered:

    >>> from theory.asymptotics import PowerLaw
    >>> print(*(top_rate(PowerLaw(0, 2), ratio) for ratio in ("2", "0", "-1/2")))
    6.0 2.0 1.0
    """
    sign = written(ratio)
    if sign > 0:
        secular, shift = escape_root(spectrum, field, ratio)
        return secular.floor + shift
    if sign < 0 and touched(spectrum) > 1:
        return lower_rate(spectrum, 2, field, ratio)
    return resolvent(spectrum, field=field)[0].floor * (1 + written(ratio, field))


def escape_root(
    spectrum: Spectrum, field: Field = FLOATS, ratio: str = SQUARE.escape_ratio
) -> tuple[Resolvent, Number]:
    """The secular function and its root above ``4 lambda_1``, less that floor."""
    return _root(spectrum, ratio, field, field.dps)


@lru_cache(maxsize=32)
def _root(spectrum: Spectrum, ratio: str, field: Field, digits: int) -> tuple[Resolvent, Number]:
    with field.workdps(digits):
        secular, low = resolvent(spectrum, field=field, ratio=ratio)
        if len(secular.poles) == 1 and not secular.series:
            return secular, secular.poles[0][1]
        first_moment = field.fsum(weight for _, weight in secular.poles)
        if secular.series:
            first_moment += secular.series[0]
        return secular, enclosed_root(
            lambda shift: 1 / secular.value(shift) - 1, low, first_moment * (1 + 1e-9), field
        )
