r"""Spectra and teachers: the measure that every asymptotic constant is a functional of.

With :math:`Q = \mathrm{diag}(\lambda_i)` the dynamics near ``0`` and near the teacher see the
problem only through the masses :math:`\mu_i = \lambda_i (w^*_i)^2` that the teacher puts on the
eigenvalues :math:`\lambda_i`. The teacher is always scaled so that
:math:`\sum_i \mu_i = \|w^*\|_Q^2 = 1`.
"""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from mpmath import mp, mpf

from theory.asymptotics.numbers.exact import quotient
from theory.asymptotics.numbers.field import FLOATS, Field, Number, rational
from theory.asymptotics.sums.power_sums import inverse_powers, power_sum
from theory.expected import checked
from theory.names import read_number, source_exponent

Exact = int | float | str | Fraction
"""Accepted for exponents; a float stands for the decimal number it prints as."""
LARGEST_EXPONENT = 100
"""That of eigenvalues and masses: beyond, every sum is its largest term to tens of digits."""


@checked
class Level(NamedTuple):
    """An eigenvalue, the teacher's mass on its eigenspace, and the dimension of that space."""

    eigenvalue: Number
    mass: Number
    multiplicity: int


@checked
@dataclass(frozen=True, init=False)
class PowerLaw:
    r"""The spectrum :math:`\lambda_i = i^{-a}/H_{d,a}`, ``i = 1..d``, of trace 1, and a teacher.

    Parameters
    ----------
    exponent
        :math:`a \ge 0`; more than 1 if ``dimension`` is infinite. ``"1.2"`` and ``1.2`` both mean
        12/10 exactly. ``a = 0`` is isotropic, :math:`Q = I/d`.
    dimension
        ``d``, a positive integer of any size, also written ``"1e12"``, or ``inf``.
    teacher
        ``"flat"``: all :math:`|w^*_i|` equal. ``"source:B"``: :math:`(w^*_i)^2 \propto i^{-2B}`,
        which needs :math:`a + 2B > 1` at :math:`d = \infty`; ``B`` may be negative. Otherwise the
        ``d`` components, in any scale.
    tail_mean_square
        Only with given components: the mean of their squares far in the tail, in their own
        scale (1 for standard normal draws). It turns the power laws of the flat teacher into
        those typical of such draws.

    The exponents are exact; eigenvalues, masses and moments are evaluated at the working precision
    of the ``field``, see :mod:`theory.asymptotics.numbers.field`.

    >>> flat = PowerLaw(2, "inf")
    >>> print(flat.eigenvalue(1), 6 / mp.pi**2)
    0.607927101854027 0.607927101854027
    >>> print(flat.moment(1), 36 / mp.pi**4 * mp.zeta(4))
    0.4 0.4
    >>> PowerLaw("1.2", "1e12", "source:0.3").mass_exponent
    Fraction(9, 5)
    >>> PowerLaw(1, math.inf)
    Traceback (most recent call last):
    ...
    ValueError: exponent is 1, but an infinite dimension needs exponent > 1
    """

    exponent: Fraction
    dimension: int | float
    teacher: str | tuple[Any, ...]
    tail_mean_square: Fraction | None

    def __init__(
        self,
        exponent: Exact,
        dimension: int | float | str,
        teacher: str | Iterable[Any] = "flat",
        tail_mean_square: Exact | None = None,
    ) -> None:
        """Check and store the parameters."""
        a, d = exact(exponent, "exponent"), _dimension(dimension)
        if not 0 <= a <= LARGEST_EXPONENT:
            raise ValueError(f"exponent is {_short(a)}, but it must lie between 0 and {LARGEST_EXPONENT}")
        if d == math.inf and a <= 1:
            raise ValueError(f"exponent is {decimal(a)}, but an infinite dimension needs exponent > 1")
        given = teacher if isinstance(teacher, str) else tuple(teacher)
        if isinstance(given, str):
            decay = a + 2 * _source(given)
            if abs(decay) > LARGEST_EXPONENT:
                raise ValueError(
                    f"teacher {given} gives exponent + 2B = {_short(decay)}, "
                    f"but it must lie between -{LARGEST_EXPONENT} and {LARGEST_EXPONENT}"
                )
            if d == math.inf and decay <= 1:
                raise ValueError(
                    f"teacher {given} gives exponent + 2B = {decimal(decay)}, "
                    "but an infinite dimension needs exponent + 2B > 1"
                )
            if tail_mean_square is not None:
                raise ValueError("tail_mean_square is allowed only with given teacher components")
        else:
            _check_components(given, d)
        square = None if tail_mean_square is None else exact(tail_mean_square, "tail_mean_square")
        if square is not None and square <= 0:
            raise ValueError(f"tail_mean_square is {decimal(square)}, but it must be positive")
        object.__setattr__(self, "exponent", a)
        object.__setattr__(self, "dimension", d)
        object.__setattr__(self, "teacher", given)
        object.__setattr__(self, "tail_mean_square", square)

    @property
    def mass_exponent(self) -> Fraction | None:
        """The exponent ``b`` of the masses ``i**-b``, or None for given components."""
        return self.exponent + 2 * _source(self.teacher) if isinstance(self.teacher, str) else None

    def trace_sum(self, field: Field = FLOATS) -> Number:
        r""":math:`H_{d,a} = \sum_{i \le d} i^{-a}`."""
        return _total(self.exponent, self.dimension, field, field.prec)

    def energy_sum(self, field: Field = FLOATS) -> Number:
        r""":math:`H_{d,b}`, the sum of the unnormalised masses, ``b`` their exponent."""
        return _total(self._mass_exponent(), self.dimension, field, field.prec)

    def eigenvalue(self, index: int, field: Field = FLOATS) -> Number:
        r""":math:`\lambda_i`."""
        return field.power(index, -rational(self.exponent, field)) / self.trace_sum(field)

    def extremes(self, field: Field = FLOATS) -> tuple[Number, Number]:
        r"""The largest and the smallest eigenvalue, the latter 0 at ``d = inf``."""
        largest = 1 / self.trace_sum(field)
        if self.dimension == math.inf:
            return largest, field.mpf(0)
        return largest, largest * field.power(self.dimension, -rational(self.exponent, field))

    def head(self, count: int, field: Field = FLOATS) -> list[Level]:
        """The first ``count`` modes of a flat or source teacher."""
        decay, trace, energy = self._mass_exponent(), self.trace_sum(field), self.energy_sum(field)
        eigenvalues = inverse_powers(self.exponent, count, field)
        masses = eigenvalues if decay == self.exponent else inverse_powers(decay, count, field)
        return [Level(x / trace, m / energy, 1) for x, m in zip(eigenvalues, masses, strict=True)]

    def moment(self, order: int, first: int = 1, field: Field = FLOATS) -> Number:
        r""":math:`\sum_{i \ge \text{first}} \lambda_i^k \mu_i` of a flat or source teacher.

        At ``first = 1`` this is the paper's :math:`s^{*(k+1)}`.
        """
        decay = order * self.exponent + self._mass_exponent()
        total = power_sum(decay, first, self.dimension, field)
        return total / self.trace_sum(field) ** order / self.energy_sum(field)

    def levels(self, field: Field = FLOATS) -> list[Level]:
        """All levels, largest eigenvalue first; every mode is listed."""
        if self.exponent == 0:
            return [Level(1 / field.mpf(self.dimension), field.mpf(1), int(self.dimension))]
        if isinstance(self.teacher, str):
            return self.head(int(self.dimension), field)
        eigenvalues = inverse_powers(self.exponent, len(self.teacher), field)
        masses = [x * field.mpf(w) ** 2 for x, w in zip(eigenvalues, self.teacher, strict=True)]
        scale, unit = 1 / field.fsum(eigenvalues), 1 / field.fsum(masses)
        return [Level(x * scale, m * unit, 1) for x, m in zip(eigenvalues, masses, strict=True)]

    def tail_amplitude(self, field: Field = FLOATS) -> Number | None:
        r"""The :math:`A` of :math:`\mu_i \sim A i^{-b}`, None if no such law is known."""
        if self.mass_exponent is not None:
            return 1 / self.energy_sum(field)
        if self.tail_mean_square is None:
            return None
        squares = (field.mpf(component) ** 2 for component in self.teacher)
        powers = inverse_powers(self.exponent, len(self.teacher), field)
        masses = (x * y for x, y in zip(powers, squares, strict=True))
        return rational(self.tail_mean_square, field) / field.fsum(masses)

    def _mass_exponent(self) -> Fraction:
        decay = self.mass_exponent
        if decay is None:
            raise ValueError("only flat and source teachers have moments in closed form")
        return decay


@checked
@dataclass(frozen=True, init=False)
class Given:
    r"""Eigenvalues and teacher components as given, the teacher rescaled to mass 1.

    Eigenvalues are used as they are (constants scale with their unit), need no order, may repeat
    and may vanish: a zero eigenvalue is never learnt and enters no constant here.

    >>> [print(*level) for level in Given([1, 3, 1], [1, 1, 2]).levels()]
    3.0 0.375 1
    1.0 0.625 2
    [None, None]
    """

    eigenvalues: tuple[Any, ...]
    teacher: tuple[Any, ...]

    def __init__(self, eigenvalues: Iterable[Any], teacher: Iterable[Any]) -> None:
        """Check and store the arrays."""
        given = tuple(eigenvalues)
        components = tuple(teacher)
        numbers = [_number(value, "eigenvalues") for value in given]
        if not numbers or min(numbers) < 0:
            raise ValueError("eigenvalues must be a non-empty sequence of numbers >= 0")
        _check_components(components, len(given))
        if not any(x and mpf(c) for x, c in zip(numbers, components, strict=True)):
            raise ValueError("teacher vanishes wherever the eigenvalues do not")
        object.__setattr__(self, "eigenvalues", given)
        object.__setattr__(self, "teacher", components)

    def levels(self, field: Field = FLOATS) -> list[Level]:
        """The levels, largest eigenvalue first: equal positive eigenvalues grouped, masses scaled."""
        groups: dict[Fraction, tuple[Number, int]] = {}
        for given, component in zip(self.eigenvalues, self.teacher, strict=True):
            if eigenvalue := quotient(given):
                mass, count = groups.get(eigenvalue, (field.mpf(0), 0))
                groups[eigenvalue] = mass + rational(eigenvalue, field) * field.mpf(component) ** 2, count + 1
        total = field.fsum(mass for mass, _ in groups.values())
        return [
            Level(rational(eigenvalue, field), mass / total, count)
            for eigenvalue, (mass, count) in sorted(groups.items(), reverse=True)
        ]

    def extremes(self, field: Field = FLOATS) -> tuple[Number, Number]:
        """The largest and the smallest positive eigenvalue."""
        levels = self.levels(field)
        return levels[0].eigenvalue, levels[-1].eigenvalue


class Measured(Hashable, Protocol):
    """Any finite problem that lists its modes: :class:`Given`, or a problem of :mod:`numerics`."""

    @property
    def eigenvalues(self) -> Any:
        """Those of all modes, zeros included."""

    @property
    def teacher(self) -> Any:
        """Its components."""

    def levels(self, field: Field = FLOATS) -> list[Level]:
        """The levels, largest eigenvalue first, the masses scaled to 1."""

    def extremes(self, field: Field = FLOATS) -> tuple[Number, Number]:
        """The largest and the smallest positive eigenvalue."""


Spectrum = PowerLaw | Measured


def unlisted(spectrum: Spectrum, limit: int) -> PowerLaw | None:
    """A flat or source power law of more than ``limit`` modes as itself, else None."""
    if (
        isinstance(spectrum, PowerLaw)
        and isinstance(spectrum.teacher, str)
        and spectrum.exponent > 0
        and spectrum.dimension > limit
    ):
        return spectrum
    return None


@lru_cache(maxsize=64)
def _total(exponent: Fraction, dimension: int | float, field: Field, prec: int) -> Number:
    with field.workprec(prec):
        return power_sum(exponent, 1, dimension, field)


def exact(value: Exact, name: str) -> Fraction:
    """Read a number without loss, a float as the decimal it prints as.

    >>> exact(1.2, "exponent"), exact("1e-3", "exponent")
    (Fraction(6, 5), Fraction(1, 1000))
    """
    try:
        number = read_number(value) if isinstance(value, str) else Fraction(_written(value))
    except (ValueError, TypeError):
        number = None
    if number is None:
        raise ValueError(f"{name} is {value!r}, but it must be a finite real number")
    return number


def _written(value: Exact) -> Exact:
    """A float as the decimal it prints as, any other number as it is."""
    return float.__repr__(value) if isinstance(value, float) else value


def decimal(value: Fraction) -> str:
    """Write a fraction as a terminating decimal where it is one, else as ``p/q``.

    >>> decimal(Fraction(6, 5)), decimal(Fraction(2)), decimal(Fraction(-1, 3))
    ('1.2', '2', '-1/3')
    """
    places = 0
    while 10**places % value.denominator:
        if places > value.denominator.bit_length():
            return str(value)
        places += 1
    digits = str(abs(value) * 10**places).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _short(value: Fraction) -> str:
    """Write a number as a decimal where that is short.

    >>> _short(Fraction(-1, 2)), _short(Fraction(10**99))
    ('-0.5', '1.0e+99')
    """
    text = decimal(value)
    return text if len(text) <= 20 else str(mp.nstr(mpf(value.numerator) / value.denominator, 6))


def _dimension(value: int | float | str) -> int | float:
    """Read a positive integer or infinity."""
    if str(value).strip().lstrip("+").lower() in ("inf", "infinity"):
        return math.inf
    dimension = exact(value, "dimension")
    if dimension < 1 or dimension.denominator != 1:
        raise ValueError(f"dimension is {value}, but it must be a positive integer or inf")
    return int(dimension)


def _source(teacher: str) -> Fraction:
    """The ``B`` of a named teacher."""
    source = source_exponent(teacher)
    if source is None:
        raise ValueError(f"teacher is {teacher!r}, but it must be flat, source:B or d components")
    return source


def _check_components(components: tuple[Any, ...], dimension: int | float) -> None:
    if len(components) != dimension:
        raise ValueError(f"teacher has {len(components)} components, but the dimension is {dimension}")
    numbers = [_number(component, "teacher") for component in components]
    if not any(numbers):
        raise ValueError("teacher is zero, but it must have a nonzero component")


def _number(value: Any, name: str) -> mpf:
    try:
        number = rational(value) if isinstance(value, Fraction) else mpf(value)
    except (ValueError, TypeError):
        number = mp.nan
    if not mp.isfinite(number):
        raise ValueError(f"{name} contains {value!r}, but every entry must be a finite number")
    return number
