"""Pictures that decide: the paper's statement, ours, and a measurement that is neither, on the same axes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from derivations.court.legend import Law
from derivations.court.statement import Statement
from derivations.court.verdict import Verdict
from numerics.arrays import Array
from numerics.shown.figures import Curve, Panel, draw, encode

VISIBLE = 0.05
"""Share of the axis by which measurement and statement must differ for an eye to tell them apart."""


PRINTED: dict[str, Any] = {"color": "#d55e00", "linestyle": "--"}
OURS: dict[str, Any] = {"color": "#0072b2", "linestyle": "-"}
POINTS: dict[str, Any] = {"color": "black", "linestyle": "none", "marker": "o", "zorder": 3}
CROSSES: dict[str, Any] = {"linestyle": "none", "marker": "x", "markersize": 3.5}
CIRCLES: dict[str, Any] = {"linestyle": "none", "marker": "o", "markerfacecolor": "none"}
RING: dict[str, Any] = {"color": "#d55e00", "markersize": 8, "markeredgewidth": 1, **CIRCLES}


class Relation(StrEnum):
    """How a measured value stands to the value that a statement names."""

    EQUAL = "="
    AT_MOST = "≤"
    AT_LEAST = "≥"

    def beyond(self, gap: Array) -> Array:
        """By how much ``gap``, measured minus named, breaks the relation; 0 where it does not."""
        match self:
            case Relation.AT_MOST:
                return np.maximum(gap, 0.0)
            case Relation.AT_LEAST:
                return np.maximum(-gap, 0.0)
        return np.abs(gap)


@dataclass(frozen=True, eq=False)
class Said:
    """What a statement says of the measured quantity: a value for each measurement, and the relation.

    ``formula`` is its name in the legend: a law whose values are those drawn, or words. Where its hypothesis
    fails a statement says nothing, nan.
    """

    formula: str | Law
    values: Array
    relation: Relation = Relation.EQUAL

    @property
    def label(self) -> str:
        """The formula, after the sign of a bound."""
        name = _label(self.formula)
        return name if self.relation is Relation.EQUAL else f"{self.relation} {name}"


def _label(formula: str | Law) -> str:
    return formula if isinstance(formula, str) else formula.label


def at_most(formula: str | Law, values: Array) -> Said:
    """An upper bound on what is measured."""
    return Said(formula, values, Relation.AT_MOST)


def at_least(formula: str | Law, values: Array) -> Said:
    """A lower bound on what is measured."""
    return Said(formula, values, Relation.AT_LEAST)


@dataclass(frozen=True, eq=False)
class Picture:
    """The ``measured`` values of a ``quantity`` next to what the paper and we say of them.

    ``over`` is the parameter of the sweep, called ``parameter``. Without it the values are drawn against the
    measured one, about the diagonal: for identities and bounds over random states. ``source`` names what
    measured: a run of the solver, a quadrature, an exact evaluation. Ours holds to the ``tolerance``, a share
    of the value on a logarithmic axis and of the largest value on a linear one.

    >>> from derivations.court.verdict import Verdict
    >>> x = np.linspace(0, 1, 9)
    >>> shown = Picture("$y$", x**2, Said("$x$", x), Said("$x^2$", x**2), "exact", 1e-12, "", x)
    >>> shown.faults(Verdict.FALSE)
    []
    >>> Picture("$y$", x**2, shown.ours, shown.printed, "exact", 1e-12, "", x).faults(Verdict.FALSE)[0]
    'ours is missed by 0.25'
    """

    quantity: str | Law
    measured: Array
    printed: Said
    ours: Said
    source: str
    tolerance: float
    caption: str
    over: Array | None = None
    parameter: str = ""
    xscale: str = "linear"
    yscale: str = "linear"

    def __post_init__(self) -> None:
        said = self.printed.values, self.ours.values
        if any(values.shape != self.measured.shape for values in (*said, self.across)):
            raise ValueError(f"{self.name}: a value is needed for each measurement")
        spoken = [values[~np.isnan(values)] for values in said]
        if not all(
            len(values) and np.isfinite(values).all() for values in (*spoken, self.measured, self.across)
        ):
            raise ValueError(f"{self.name}: the values must be finite")
        if self.yscale == "log" and min(values.min() for values in (*spoken, self.measured)) <= 0:
            raise ValueError(f"{self.name}: a logarithmic axis needs positive values")

    @property
    def name(self) -> str:
        """What is measured, as the axis prints it."""
        return _label(self.quantity)

    @property
    def statements(self) -> Iterator[Statement]:
        """The formulas of the labels, each with the values drawn for it as its check."""
        drawn = (self.quantity, self.measured), *((x.formula, x.values) for x in (self.printed, self.ours))
        for formula, values in drawn:
            if isinstance(formula, Law):
                yield formula.drawn_as(values)

    @property
    def across(self) -> Array:
        """What is drawn from left to right."""
        return self.measured if self.over is None else self.over

    def faults(self, verdict: Verdict) -> list[str]:
        """Why the picture does not decide for the ``verdict``; empty if it does.

        The measurement obeys ours. It leaves what is printed, by more than the tolerance and so that an eye
        sees it, if that is false; if that is not sharp it obeys it, and ours is nearer, so that an eye sees
        it.
        """
        missed, broken, gap = self._broken(self.ours), self._broken(self.printed), self._apart(self.printed)
        found = [f"ours is missed by {missed:.3g}"] if missed > self.tolerance else []
        if verdict is Verdict.FALSE:
            seen = float(np.nanmax(self.printed.relation.beyond(gap)))
            close = seen < VISIBLE or broken <= self.tolerance
            return [*found, f"{seen:.3g} of the axis off the paper's"] if close else found
        if broken > self.tolerance:
            found.append(f"the paper's is missed by {broken:.3g}")
        nearer = float(np.nanmax(np.nan_to_num(np.abs(gap), nan=1.0) - np.abs(self._apart(self.ours))))
        return [*found, f"ours is nearer by {nearer:.3g} of the axis"] if nearer < VISIBLE else found

    def _broken(self, said: Said) -> float:
        """The largest error of a statement, as a share."""
        scale = np.abs(said.values) if self.yscale == "log" else np.abs(self.measured).max()
        return float(np.nanmax(said.relation.beyond(self.measured - said.values) / scale))

    def _apart(self, said: Said) -> Array:
        """Measured minus said as shares of the axis."""
        low, high = self._limits(*self._values, margin=0.0)
        heights = self._heights(np.array([low, high]))
        return (self._heights(self.measured) - self._heights(said.values)) / float(heights[1] - heights[0])

    @property
    def _values(self) -> tuple[Array, ...]:
        return self.measured, self.printed.values, self.ours.values

    def _heights(self, values: Array) -> Array:
        return np.log(values) if self.yscale == "log" else values

    # share of the axis left free beyond the values
    def _limits(self, *values: Array, margin: float = 0.06) -> tuple[float, float]:
        """The ends of the vertical axis around the values."""
        heights = self._heights(np.concatenate(values))
        low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
        free = margin * (high - low) or 1e-12
        low, high = low - free, high + free
        return (float(np.exp(low)), float(np.exp(high))) if self.yscale == "log" else (low, high)

    def panel(self) -> Panel:
        """The picture as curves on one pair of axes; the side that the paper's bound forbids is shaded."""
        drawn = self._limits(*self._values)
        if self.over is None:
            ends = self._limits(self.measured)
            about = (f"{self.name}: {self.source}", "as stated", self.yscale)
            return Panel(self._scattered(drawn), *about, self.yscale, limits=(ends, drawn), legend="above")
        axes = (self.parameter, self.name, self.xscale, self.yscale)
        return Panel(self._swept(drawn), *axes, limits=(None, drawn), legend="above")

    def encode(self, *suffixes: str) -> list[bytes]:
        """The drawn picture as the content of ``svg``, ``pdf`` or ``png`` files.

        Raises ValueError for another suffix.
        """
        figure, contents = draw([self.panel()]), []
        for suffix in suffixes:
            contents.append(encode(figure, suffix, self.caption))
            figure.set_layout_engine("none")  # laid out once
        return contents

    def _swept(self, drawn: tuple[float, float]) -> list[Curve]:
        """Statements as lines over the parameter, measurements as points."""
        order = np.argsort(self.across, kind="stable")
        x, measured = self.across[order], self.measured[order]
        printed, ours = self.printed.values[order], self.ours.values[order]
        above = self.printed.relation is Relation.AT_MOST
        return [
            *self._forbidden(x, printed, drawn[above]),
            Curve(f"paper: {self.printed.label}", x, printed, PRINTED),
            Curve(f"ours: {self.ours.label}", x, ours, OURS),
            Curve(f"measured: {self.source}", x, measured, POINTS),
            *self._counterexample(self.measured),
        ]

    def _scattered(self, drawn: tuple[float, float]) -> list[Curve]:
        """Statements as points against the measured values, which are the diagonal."""
        ends = np.array(self._limits(self.measured))
        above = self.printed.relation is Relation.AT_LEAST
        return [
            *self._forbidden(ends, ends, drawn[above]),
            Curve("measured, on the diagonal", ends, ends, {"color": "black", "linewidth": 0.8}),
            Curve(f"paper: {self.printed.label}", self.measured, self.printed.values, PRINTED | CROSSES),
            Curve(f"ours: {self.ours.label}", self.measured, self.ours.values, OURS | CIRCLES),
            *self._counterexample(self.printed.values),
        ]

    def _forbidden(self, x: Array, border: Array, edge: float) -> list[Curve]:
        """The side of the ``border`` that the paper's bound forbids."""
        if self.printed.relation is Relation.EQUAL:
            return []
        bare = {**PRINTED, "linewidth": 0}
        return [Curve("_forbidden", x, border, bare, band=(border, np.full_like(border, edge)))]

    def _counterexample(self, heights: Array) -> list[Curve]:
        """A ring around the value that breaks the paper's bound most."""
        beyond = self.printed.relation.beyond(self._apart(self.printed))
        worst = int(np.nanargmax(beyond))
        if self.printed.relation is Relation.EQUAL or beyond[worst] < VISIBLE:
            return []
        return [Curve("counterexample", self.across[[worst]], heights[[worst]], RING)]
