r"""Gaussian teachers: what a draw changes in the laws of convergence, and by how much.

**Setting.** :math:`w^*_i \propto i^{-B} g_i` with standard normal :math:`g_i`, so
:math:`\mu_i = \bar\mu_i g_i^2/N`, :math:`\bar\mu_i` being the masses of the source teacher ``B`` (flat for
``B = 0``) and :math:`N = \sum_i \bar\mu_i g_i^2`, of mean 1.

**Given the draw** the laws are those of :mod:`theory.asymptotics.convergence.crossover`, with
:math:`f(t) = \sum_i \mu_i e^{-8\lambda_i t}`.

**The constant.** The head decides ``N``, the tail the fluctuations: for large ``t`` the two are
independent, and

.. math:: f(t) = \frac{C}{N} t^{-\gamma} \big(1 + D\,t^{-1/(2a)} \xi(t)\big), \qquad \xi \sim N(0, 1).

The prefactor is that of the source teacher over ``N``. It does not become sharp as ``d`` grows, and its mean
over teachers has the factor :math:`E[1/N] = \int_0^\infty \prod_i (1 + 2 \bar\mu_i z)^{-1/2} dz > 1`.

**The fluctuations.** :math:`g^2` has variance 2, hence for a statistic
:math:`\sum_i \mu_i \psi(8\lambda_i t)`, given ``N``,

.. math:: \mathrm{Var} = \frac{2}{N^2} \sum_i \bar\mu_i^2 \psi(8\lambda_i t)^2
   \sim \frac{2 A^2}{a N^2} \Big(\frac{Z}{8t}\Big)^{2\gamma + 1/a}
   \int_0^\infty y^{2\gamma + 1/a - 1} \psi(y)^2\,dy,

with :math:`\psi = \tfrac13 e^{-y} + \tfrac12 e^{-2y}` for ``1 - u``, :math:`\tfrac23 e^{-y}` for ``1 - s``,
:math:`4 e^{-2y}` for ``L``. The process :math:`\xi` is Gaussian in the limit and stationary in ``log t``;
that of ``1 - s`` has the correlation :math:`(2\sqrt{tt'}/(t + t'))^{2\gamma + 1/a}`.
"""

from __future__ import annotations

from fractions import Fraction

from mpmath import mp, mpf

from theory.asymptotics.convergence.laws import decay_law
from theory.asymptotics.numbers.constant import Constant, closed_form, estimated, undefined
from theory.asymptotics.numbers.field import Field, Number, rational
from theory.asymptotics.sums.power_sums import inverse_powers, power_sum
from theory.asymptotics.sums.spectrum import PowerLaw
from theory.expected import Count, checked

SOURCE = "arXiv:2511.18661, Proposition 14, in sharp form"
FLUCTUATION = "D: over Gaussian teachers of given energy {} has the relative standard deviation D t^(-1/(2a))"
INVERSE_ENERGY = "E[1/N], N the energy of a Gaussian teacher of mean energy 1: its effect on mean prefactors"

SHAPES = {"overlap": {1: (1, 3), 2: (1, 2)}, "energy": {1: (2, 3)}, "loss": {2: (4, 1)}}
"""The coefficients of :math:`e^{-ky}` in :math:`\\psi` by ``k``, as fractions."""

FEW = 64
"""Modes whose product bounds the integrand."""


@checked
def fluctuation_prefactor(spectrum: PowerLaw, quantity: str = "energy", digits: Count = 15) -> Constant:
    r"""The ``D`` of ``overlap``, ``energy`` or ``loss`` (``1 - u``, ``1 - s``, ``L``).

    ``spectrum`` has the flat or source teacher that gives the components' mean squares.

    For ``1 - s`` at ``a = 2``, flat,
    :math:`D^2 = 4\,\Gamma(\tfrac32) (Z/8)^{1/2} 2^{-3/2}/\Gamma(\tfrac12)^2`.

    >>> print(fluctuation_prefactor(PowerLaw(2, "inf")).printed(12)[0])
    0.425323775070
    >>> print(mp.nstr(mp.sqrt(4 * mp.gamma(1.5) * mp.sqrt(mp.zeta(2) / 8) / mp.sqrt(8) / mp.pi), 12))
    0.42532377507

    Raises ValueError for another quantity, and where there is no power law.
    """
    if quantity not in SHAPES:
        raise ValueError(f"quantity is {quantity!r}, but it must be overlap, energy or loss")
    decay_law(spectrum)
    return closed_form(
        lambda field: _fluctuation(spectrum, quantity, field), digits, FLUCTUATION.format(quantity), SOURCE
    )


@checked
def inverse_energy_mean(spectrum: PowerLaw, digits: Count = 15) -> Constant:
    r""":math:`E[1/N]`.

    **Method.** In ``log z`` the integrand is analytic in :math:`|\mathrm{Im}| < \pi` and decays at both
    ends: the trapezoidal rule of step ``h`` errs by :math:`e^{-2\pi^2/h}`. Modes with
    :math:`\bar\mu_i z > 1/4` somewhere are multiplied, the others enter through the series of the logarithm,
    whose terms are power sums. Where the masses do not fall all modes are multiplied.

    Of two modes of equal mass ``N`` is exponential, and the mean of its inverse infinite: three are needed.
    Of four it has the density :math:`4xe^{-2x}`, and the mean is 2:

    >>> print(inverse_energy_mean(PowerLaw(0, 4)).printed(12)[0])
    2.00000000000
    >>> inverse_energy_mean(PowerLaw(2, 2)).reason
    'E[1/N] is infinite for fewer than three modes'
    """
    if spectrum.mass_exponent is None:
        raise ValueError("the mean squares of the components must be those of a flat or source teacher")
    if spectrum.dimension < 3:
        return undefined(INVERSE_ENERGY, SOURCE, "E[1/N] is infinite for fewer than three modes")
    return estimated(lambda: _inverse_energy(spectrum), digits, INVERSE_ENERGY, SOURCE)


def _fluctuation(law: PowerLaw, quantity: str, field: Field) -> Number:
    """The relative standard deviation's prefactor."""
    gamma, shape = decay_law(law), SHAPES[quantity]
    a, power = rational(law.exponent, field), 2 * gamma + 1 / law.exponent

    def moment(order: Fraction, pairs: dict[int, Fraction]) -> Number:
        number = rational(order, field)
        terms = (rational(x, field) * field.power(k, -number) for k, x in pairs.items())
        return field.gamma(number) * field.fsum(terms)

    single = {k: Fraction(p, q) for k, (p, q) in shape.items()}
    squares: dict[int, Fraction] = {}
    for j, x in single.items():
        for k, y in single.items():
            squares[j + k] = squares.get(j + k, Fraction(0)) + x * y
    variance = 2 * a * field.power(law.trace_sum(field) / 8, 1 / a) * moment(power, squares)
    return field.sqrt(variance) / moment(gamma, single)


def _inverse_energy(law: PowerLaw) -> mpf:
    """Integrate ``z`` times the product over ``log z``."""
    b, energy, cutoff = law.mass_exponent, law.energy_sum(), mp.eps
    assert b is not None
    few = [2 * x / energy for x in inverse_powers(b, int(min(law.dimension, FEW)))]
    step = 2 * mp.pi**2 / -mp.log(cutoff)
    nodes = [mp.exp(-step * k) for k in range(int(-mp.log(cutoff) / step) + 1, 0, -1)]
    z = mpf(1)
    while z * _product(few, z) > cutoff:
        nodes.append(z)
        z *= mp.exp(step)
    needed = max(mpf(FEW), mp.power(4 * z / energy, 1 / rational(b))) if b > 0 else mp.inf
    count = int(min(mpf(law.dimension), needed))
    head = [2 * x / energy for x in inverse_powers(b, count)]
    tail = _tail_series(law, count, 2 * z / energy)
    return step * mp.fsum(
        x * _product(head, x) * mp.exp(-mp.polyval(tail, 2 * x / energy) / 2) for x in nodes
    )


def _product(masses: list[mpf], z: mpf) -> mpf:
    """The product of ``(1 + m z)**-1/2``."""
    return 1 / mp.sqrt(mp.fprod(1 + mass * z for mass in masses))


def _tail_series(law: PowerLaw, count: int, largest: mpf) -> list[mpf]:
    """The sum of ``log(1 + x i**-b)`` beyond ``count`` as a polynomial in ``x <= largest``."""
    assert law.mass_exponent is not None
    coefficients, order, term = [mpf(0)], 0, mpf(1)
    while count < law.dimension and abs(term) > mp.eps:
        order += 1
        sign = 1 if order % 2 else -1
        coefficients.append(sign * power_sum(order * law.mass_exponent, count + 1, law.dimension) / order)
        term = coefficients[-1] * mp.power(largest, order)
    return coefficients[::-1]
