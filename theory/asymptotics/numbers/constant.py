"""A number with an error radius, a definition and a source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any, TypeVar

from mpmath import mp, mpf

from theory.asymptotics.numbers.arithmetic import Known
from theory.asymptotics.numbers.field import FLOATS, Field, Number, balls
from theory.expected import checked

GUARD = 20
"""Decimal digits carried beyond those requested."""


Function = TypeVar("Function", bound=Callable[..., "Constant"])


def catalogued(function: Function) -> Function:
    """Mark a constant, a function of spectrum and digits, for :mod:`theory.asymptotics.catalogue`.

    Its arguments are checked: it needs no :func:`theory.expected.checked` of its own.
    """
    function.in_catalogue = True  # type: ignore[attr-defined]
    return checked(function)


class Undecided(ArithmeticError):
    """The working precision does not decide: more may."""


class NotEnclosed(ArithmeticError):
    """No precision tried encloses the constant of this ``definition`` and ``source`` narrowly enough."""

    def __init__(self, reason: str, definition: str, source: str) -> None:
        super().__init__(reason)
        self.definition, self.source = definition, source


@checked
@dataclass(frozen=True)
class Constant(Known):
    """A real constant known to within ``radius``, or undefined for a stated ``reason``.

    The true number lies in ``[value - radius, value + radius]``. ``value`` keeps every bit it was
    computed with; printing it to fewer digits adds a rounding error, which :meth:`printed` moves
    into the printed radius, so that the printed pair encloses the number as well.

    Where ``rigorous`` this is proved: every operation was rounded outwards and every truncation bounded,
    see :mod:`theory.asymptotics.numbers.balls`. Elsewhere the radius is an estimate, from guard digits or
    from results at several resolutions.

    >>> third = closed_form(lambda field: field.mpf(1) / 3, 15, "one third", "arithmetic")
    >>> third.printed(15)
    ('0.333333333333333', '3.5e-16')
    >>> third.printed(5)
    ('0.33333', '3.5e-6')

    It is a number: what is computed with it has a radius too. Texts show the digits that this leaves, or as
    many as a format asks for.

    >>> print(third, f"{third:.4f}", 2 * third - 1 / third)
    0.3333333333333333333333333 ± 7.1e-26 0.3333 -2.33333333333333333333333 ± 3.9e-24
    >>> third < 0.34, float(third.log())
    (True, -1.0986122886681098)

    An undefined constant prints as ``None`` and says why:

    >>> undefined("limit of (-1)^n", "arithmetic", "no limit").as_json(15)["reason"]
    'no limit'
    """

    value: mpf | None
    radius: mpf | None
    definition: str
    source: str
    reason: str | None = None
    rigorous: bool = False

    def derived(self, value: mpf, radius: mpf, words: str, operands: tuple[Known, ...]) -> Constant:
        """What the operation of these ``words`` has made of constants: it is proved where they all are."""
        constants = [part for part in operands if isinstance(part, Constant)]
        source = "; ".join(dict.fromkeys(part.source for part in constants))
        return Constant(value, radius, words, source, rigorous=all(part.rigorous for part in constants))

    def known(self) -> tuple[mpf, mpf]:
        """Value and radius; raise ValueError with the reason where undefined."""
        if self.value is None or self.radius is None:
            raise ValueError(f"undefined: {self.reason}")
        return self.value, self.radius

    def __float__(self) -> float:
        """The value in double precision; raise ValueError with the reason where undefined."""
        return float(self.known()[0])

    def _mpmath_(self, prec: int, rounding: str) -> mpf:
        """The value, for functions of mpmath."""
        return self.known()[0]

    def _sympy_(self) -> Any:
        """The value, for expressions of SymPy."""
        from sympy import Float

        return Float(self.known()[0], self._certain)

    @property
    def _certain(self) -> int:
        """How many digits of the value the radius leaves."""
        if not (self.value and self.radius):
            return GUARD
        return max(1, int(mp.floor(mp.log10(abs(self.value) / self.radius))))

    def __str__(self) -> str:
        """The digits that the radius leaves, and the radius."""
        value, radius = self.printed(self._certain)
        return f"undefined: {self.reason}" if value is None else f"{value} ± {radius}"

    def __format__(self, spec: str) -> str:
        """As ``str``, or the value as ``decimal.Decimal`` writes it: to any number of digits."""
        if not spec:
            return str(self)
        return format(Decimal(mp.nstr(self.known()[0], self._certain + GUARD)), spec)

    def _repr_html_(self) -> str:
        """The digits that the radius leaves, as notebooks show them."""
        rows = [("definition", self.definition), ("source", self.source)]
        if self.value is None or self.radius is None:
            rows.insert(0, ("undefined", str(self.reason)))
        else:
            value, radius = self.printed(self._certain)
            standing = "proved" if self.rigorous else "estimated"
            rows[:0] = [("value", f"{value}"), ("radius", f"{radius}, {standing}")]
        left = "text-align:left"
        cells = "".join(
            f"<tr><td style='{left}'>{name}</td><td style='{left}'>{escape(text)}</td></tr>"
            for name, text in rows
        )
        return f"<table>{cells}</table>"

    def printed(self, digits: int) -> tuple[str | None, str | None]:
        """Value and radius as decimal strings, the value to ``digits`` digits.

        The radius covers the rounding of the printed value and is itself rounded upwards: six
        per cent exceeds the error of its two digits.
        """
        if self.value is None or self.radius is None:
            return None, None
        with mp.workdps(digits + 2 * GUARD):
            text = mp.nstr(self.value, digits, strip_zeros=False)
            radius = self.radius + abs(self.value - mpf(text))
            return text, mp.nstr(radius * mpf("1.06"), 2)

    def as_json(self, digits: int) -> dict[str, str | bool | None]:
        """The constant as a JSON-ready dictionary, its numbers as decimal strings."""
        value, radius = self.printed(digits)
        entry: dict[str, str | bool | None] = {
            "value": value,
            "radius": radius,
            "rigorous": self.rigorous,
            "definition": self.definition,
            "source": self.source,
        }
        return entry if self.reason is None else {**entry, "reason": self.reason}


def closed_form(
    evaluate: Callable[[Field], Number], digits: int, definition: str, source: str, lost: int = 0
) -> Constant:
    """Evaluate a formula, in balls where python-flint is installed.

    In balls the precision is raised until 10 digits more are proved than were requested. Otherwise the
    formula is evaluated with 20 more digits than requested, and ``lost`` more where it may cancel
    as many, and credited with 10 of them: a rule, with a margin of ten orders of magnitude for
    accumulated rounding, not a proof.

    Raises NotEnclosed where no precision proves them.
    """
    field = balls()
    if field is not None:
        try:
            value, radius = _enclosed(evaluate, field, digits)
        except ArithmeticError as error:
            raise NotEnclosed(str(error), definition, source) from None
        return Constant(value, radius, definition, source, rigorous=True)
    return estimated(lambda: evaluate(FLOATS), digits, definition, source, lost)


def estimated(
    evaluate: Callable[[], mpf], digits: int, definition: str, source: str, lost: int = 0
) -> Constant:
    """Evaluate what has no bound in balls: in floating point, by the rule of :func:`closed_form`."""
    with mp.workdps(digits + GUARD + lost):
        value = +evaluate()
        radius = abs(value) * mpf(10) ** (-digits - GUARD // 2)
    return Constant(value, radius, definition, source)


def _enclosed(evaluate: Callable[[Field], Number], field: Field, digits: int) -> tuple[mpf, mpf]:
    """A centre, and a radius of 10 digits more than requested that covers that of the ball."""
    precision = digits + 5 * GUARD // 4
    for _ in range(8):  # precisions that are tried, each half as long again as the one before
        with field.workdps(precision):
            try:
                value, proved = field.to_mpf(evaluate(field))
            except Undecided:
                proved = mp.inf
        with mp.workdps(15):
            radius = abs(value) * mpf(10) ** (-digits - GUARD // 2) if proved < mp.inf else -mp.inf
            if proved <= radius * (1 - mpf(10) ** -9):
                return value, radius
        precision += precision // 2
    raise ArithmeticError(f"not enclosed to {digits} digits with {precision} digits of working precision")


def undefined(definition: str, source: str, reason: str) -> Constant:
    """The constant that does not exist, with the reason."""
    return Constant(None, None, definition, source, reason)
