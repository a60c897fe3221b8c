"""What a figure of the paper consists of, and the runs that several of them are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics import Observables, StochasticRuns
from numerics.arrays import Array
from numerics.shown.figures import Curve, Panel, draw, encode


@dataclass(frozen=True)
class PaperFigure:
    """Figure ``number`` of the paper: its ``panels``, the ``parameters`` behind them, and a ``caption`` that
    says which of them the paper does not state.
    """

    number: int
    caption: str
    parameters: Mapping[str, Any]
    panels: Sequence[Panel]
    columns: int = 0

    def encode(self, suffix: str) -> bytes:
        """The drawn figure as the content of an ``svg``, ``pdf`` or ``png`` file, its caption within.

        Raises ValueError for another suffix.
        """
        return encode(draw(self.panels, columns=self.columns), suffix, self.caption)

    def as_json(self) -> dict[str, Any]:
        """The data of the curves, JSON-ready; numbers that are not finite are left to the writer."""
        return {
            "figure": self.number,
            "caption": self.caption,
            "parameters": dict(self.parameters),
            "panels": [
                {
                    "title": panel.title,
                    "xlabel": panel.xlabel,
                    "ylabel": panel.ylabel,
                    "xscale": panel.xscale,
                    "yscale": panel.yscale,
                    "phases": None if panel.phases is None else _plain(panel.phases._asdict()),
                    "curves": [_curve(curve) for curve in panel.curves],
                }
                for panel in self.panels
            ],
        }


def _plain(numbers: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in numbers.items()}


def _curve(curve: Curve) -> dict[str, Any]:
    """One curve as lists of floats."""
    content: dict[str, Any] = {"label": curve.label.removeprefix("_"), "kind": curve.kind}
    content |= {"x": np.asarray(curve.x, float).tolist(), "y": np.asarray(curve.y, float).tolist()}
    if curve.band is not None:
        content |= {"lower": curve.band[0].tolist(), "upper": curve.band[1].tolist()}
    return content


def descent_label(step_size: float) -> str:
    """The legend entry of gradient descent."""
    return rf"gradient descent, $\eta = {step_size:g}$"


def later(run: Observables, start: float) -> Observables:
    """The part of a run from the time ``start`` on: logarithmic axes have no place for t = 0."""
    return Observables(*(values[run.t >= start] for values in run))


BAND = (0.1, 0.9)
"""Quantiles over the seeds between which a band is drawn; its line is the median."""


def over_seeds(label: str, runs: StochasticRuns, values: Array, colour: str) -> Curve:
    """Median and band of the ``values`` (seeds, n) of online SGD, from its first step on."""
    low, median, high = np.quantile(values[:, 1:], (BAND[0], 0.5, BAND[1]), axis=0)
    return Curve(label, runs.t[1:], median, {"color": colour}, "sgd", (low, high))
