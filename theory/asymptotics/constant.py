"""A number with an error radius, a definition and a source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from mpmath import mp, mpf

GUARD = 20
"""Decimal digits carried beyond those requested."""


@dataclass(frozen=True)
class Constant:
    """A real constant known to within ``radius``, or undefined for a stated ``reason``.

    The true number lies in ``[value - radius, value + radius]``. ``value`` keeps every bit it was
    computed with; printing it to fewer digits adds a rounding error, which :meth:`printed` moves
    into the printed radius, so that the printed pair encloses the number as well.

    >>> third = closed_form(lambda: mpf(1) / 3, 15, "one third", "arithmetic")
    >>> third.printed(15)
    ('0.333333333333333', '3.5e-16')
    >>> third.printed(5)
    ('0.33333', '3.5e-6')

    An undefined constant prints as ``None`` and says why:

    >>> undefined("limit of (-1)^n", "arithmetic", "no limit").as_json(15)["reason"]
    'no limit'
    """

    value: mpf | None
    radius: mpf | None
    definition: str
    source: str
    reason: str | None = None

    def __float__(self) -> float:
        """Return the value in double precision; raise ValueError with the reason where undefined."""
        if self.value is None:
            raise ValueError(f"undefined: {self.reason}")
        return float(self.value)

    def _repr_html_(self) -> str:
        """The digits that the radius leaves, as notebooks show them."""
        rows = [("definition", self.definition), ("source", self.source)]
        if self.value is None or self.radius is None:
            rows.insert(0, ("undefined", str(self.reason)))
        else:
            known = mp.log10(abs(self.value) / self.radius) if self.value and self.radius else GUARD
            value, radius = self.printed(max(1, int(mp.floor(known)) - GUARD // 2 + 1))
            rows[:0] = [("value", f"{value}"), ("radius", f"{radius}")]
        left = "text-align:left"
        cells = "".join(
            f"<tr><td style='{left}'>{name}</td><td style='{left}'>{escape(text)}</td></tr>"
            for name, text in rows
        )
        return f"<table>{cells}</table>"

    def printed(self, digits: int) -> tuple[str | None, str | None]:
        """Return value and radius as decimal strings, the value to ``digits`` digits.

        The radius covers the rounding of the printed value and is itself rounded upwards: six
        per cent exceeds the error of its two digits.
        """
        if self.value is None or self.radius is None:
            return None, None
        with mp.workdps(digits + 2 * GUARD):
            text = mp.nstr(self.value, digits, strip_zeros=False)
            radius = self.radius + abs(self.value - mpf(text))
            return text, mp.nstr(radius * mpf("1.06"), 2)

    def as_json(self, digits: int) -> dict[str, str | None]:
        """Return the constant as a JSON-ready dictionary of decimal strings."""
        value, radius = self.printed(digits)
        entry = {
            "value": value,
            "radius": radius,
            "definition": self.definition,
            "source": self.source,
        }
        return entry if self.reason is None else {**entry, "reason": self.reason}


def closed_form(evaluate: Callable[[], mpf], digits: int, definition: str, source: str) -> Constant:
    """Evaluate an explicit formula with guard digits.

    The formula is evaluated with 20 more digits than requested, from functions accurate to a few
    units in the last place, and credited with 10 of them: a rule, with a margin of ten orders of
    magnitude for accumulated rounding, not an interval-arithmetic proof.
    """
    with mp.workdps(digits + GUARD):
        value = +evaluate()
        radius = abs(value) * mpf(10) ** (-digits - GUARD // 2)
    return Constant(value, radius, definition, source)


def undefined(definition: str, source: str, reason: str) -> Constant:
    """Return the constant that does not exist, with the reason."""
    return Constant(None, None, definition, source, reason)
