r"""What a finite step changes in :math:`w \leftarrow w - \eta\nabla L(w)`, with :math:`t = n\eta`.

**Per mode.** An eigenvector of a linearised flow with rate ``h``, :math:`e^{ht}`, is multiplied by
:math:`1 + \eta h` a step: the rate is :math:`\log|1 + \eta h|/\eta`, exactly. The escape is slower than
the flow's, :math:`\log(1 + \eta\rho)/\eta < \rho`; decay is faster, until at :math:`\eta h = -2`, first for
:math:`h = -2\rho`, it turns into growth: the largest stable step is :math:`1/\rho`.

**Time.** To first order in the step descent follows
:math:`\dot w = -\nabla(L + \tfrac{\eta}{4}\|\nabla L\|^2)`. Near the teacher, with :math:`x = 8\lambda t`,
:math:`(1 - 8\eta\lambda)^{t/\eta} = e^{-x - \eta x^2/2t - \dots}`. The modes being learnt have
:math:`x \approx 1`: there the step enters at relative order :math:`\eta/t`.

**Unchanged at every stable step**: all exponents and prefactors of
:mod:`theory.asymptotics.convergence.laws`, :mod:`theory.asymptotics.tail.recovery` and
:mod:`theory.asymptotics.tail.plateau`, and the corrections in powers of :math:`t^{-\gamma}`. For the memory
of the statistics has the same mass, :math:`\sum_m \eta\lambda(1 - 8\eta\lambda)^m = \tfrac18`.

**Changed**: the shift of time. Modes that have hardly moved obey :math:`V = -1 + 8\lambda\eta\sum_n u_n`,
and with the series' other corrections left out

.. math:: \text{recovered} - K \sim C\,(t - t_0 + \tfrac{\gamma\eta}{4})^p, \qquad
   t_0 = \mathrm{f.p.}\,\eta\sum_n (1 - u_n) - \lim_i \frac{w_i(0)}{8\lambda_i w^*_i},

because :math:`\sum_i (w^*_i)^2 (\eta x_i^2/t)\,e^{-2x_i} = C t^p\,p(1-p)\eta/4t`. The slower escape, in
:math:`t_0`, is the larger effect: descent is behind the flow.
"""

from __future__ import annotations

from fractions import Fraction

from mpmath import mp

from theory.asymptotics.convergence.laws import decay_law, summary_exponent
from theory.asymptotics.convergence.linearisation import final_rate, slowest, stability_step, stable_step
from theory.asymptotics.escape.rate import rate
from theory.asymptotics.numbers.constant import Constant, closed_form, undefined
from theory.asymptotics.numbers.field import Field, Number, rational
from theory.asymptotics.sums.spectrum import Exact, PowerLaw, Spectrum, decimal, exact
from theory.expected import Count, checked

SOURCE = "exact for each mode of arXiv:2511.18661, Proposition 2, linearised"
FINAL = "r in 1 - u ~ exp(-r eta n) after n steps of size eta, n -> inf, at finite d"
LEAD = (
    "l in recovered - K ~ C (t - t_0 + l)^p after steps of size eta, t = n eta, t_0 = f.p. eta sum (1 - u_n)"
)


@checked
def descent_escape_rate(spectrum: Spectrum, step: Exact, digits: Count = 15) -> Constant:
    r""":math:`\log(1 + \eta\rho)/\eta`, the growth of ``u`` per unit of time :math:`n\eta`.

    ``step`` is :math:`\eta > 0`. The number of steps of the escape is that of the flow's time with this
    rate in place of :math:`\rho`: :math:`\log d/(2\log(1 + \eta\rho))` from the sphere, to leading order.

    >>> print(descent_escape_rate(PowerLaw(2, "inf"), "0.01").printed(15)[0])
    5.39098039542547
    """
    eta = _step(step)

    def evaluate(field: Field) -> Number:
        size = rational(eta, field)
        return field.log1p(size * rate(spectrum, field)) / size

    return closed_form(
        evaluate, digits, "r in u ~ exp(r eta n) after n steps of size eta, while s << 1", SOURCE
    )


@checked
def descent_final_rate(spectrum: PowerLaw, step: Exact, digits: Count = 15) -> Constant:
    r"""The least of :math:`-\log|1 - \eta h|/\eta` over the Hessian's rates ``h`` at the teacher.

    It is attained at an end of the spectrum, :func:`.final_rate` or :math:`2\rho`; the upper end
    decides only within :math:`O(\lambda_d)` of the largest stable step. On isotropic data :math:`1 - u`
    decays as the square of a tangential mode, :math:`(1 - 8\eta/d)^2` a step.

    Raises ValueError for a step that is not stable.

    >>> print(descent_final_rate(PowerLaw(2, 1000), "0.1").printed(15)[0])
    4.86637689088849e-6
    >>> print(final_rate(PowerLaw(2, 1000)).printed(15)[0])
    4.86637570680748e-6
    """
    eta, limit = _step(step), stability_step(spectrum, digits)
    reason = final_rate(spectrum, digits).reason
    if reason is not None:
        return undefined(FINAL, SOURCE, reason)
    with mp.workdps(digits):
        if rational(eta) >= limit.value:
            raise ValueError(
                f"step is {decimal(eta)}, but it must be below the stability step {mp.nstr(limit.value, 6)}"
            )

    def evaluate(field: Field) -> Number:
        size = rational(eta, field)
        top = -field.log(abs(1 - 2 * size / stable_step(spectrum, field)))
        if spectrum.exponent == 0:
            bottom = -2 * field.log(abs(1 - size * slowest(spectrum, field) / 2))
        else:
            bottom = -field.log1p(-size * slowest(spectrum, field))
        return -field.max(-top, -bottom) / size

    return closed_form(evaluate, digits, FINAL, SOURCE)


@checked
def descent_lead(spectrum: Spectrum, step: Exact, digits: Count = 15) -> Constant:
    r""":math:`\gamma\eta/4`, by which the tail of descent is ahead of its own shift of time.

    >>> print(descent_lead(PowerLaw(2, "inf"), "0.01").printed(15)[0])
    0.00125000000000000
    """
    eta, reason = _step(step), summary_exponent(spectrum).reason
    if reason is not None or not isinstance(spectrum, PowerLaw):
        return undefined(LEAD, SOURCE, reason or "")
    return closed_form(lambda field: rational(decay_law(spectrum) * eta / 4, field), digits, LEAD, SOURCE)


def _step(step: Exact) -> Fraction:
    """Read a positive step size."""
    size = exact(step, "step")
    if size <= 0:
        raise ValueError(f"step is {decimal(size)}, but it must be positive")
    return size
