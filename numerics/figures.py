"""Figures: one style, vector output, the same bytes for the same data."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure

from numerics.observables import Observables
from numerics.trajectory import Phases

Array = np.ndarray

STYLE: Any = {
    "figure.figsize": (7.2, 4.0),
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "phase-retrieval",
    "axes.prop_cycle": cycler(color=["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]),
}
PHASE_COLOURS = ("#dce9f5", "#fdeedd", "#e4f2e7")


class Curve(NamedTuple):
    """``y`` against ``x``, in a matplotlib ``line`` style, with a legend entry unless ``label`` is empty."""

    label: str
    x: Array
    y: Array
    line: Mapping[str, Any] = {}


def plot_curves(
    curves: Sequence[Curve], xlabel: str, ylabel: str, xscale: str = "log", yscale: str = "log"
) -> Figure:
    """Curves on one pair of axes."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(layout="constrained")
        axes = figure.add_subplot(xscale=xscale, yscale=yscale, xlabel=xlabel, ylabel=ylabel)
        for curve in curves:
            axes.plot(curve.x, curve.y, label=curve.label or None, **curve.line)
        axes.legend()
        return figure


def plot_phases(flow: Observables, phases: Phases, descent: Observables | None = None) -> Figure:
    """MSE, |u| and s of the ``flow`` against time, with the three phases and T1, T1', T2 marked.

    Circles show the same for gradient ``descent``.
    """
    curves = [
        Curve(name, flow.t, values, {"color": f"C{number}"})
        for number, (name, values) in enumerate(_shown(flow).items())
    ]
    if descent is not None:
        dots = {"linestyle": "none", "marker": "o", "markersize": 3.5, "markerfacecolor": "none"}
        curves += [
            Curve(
                "gradient descent" if number == 0 else "", descent.t, values, {**dots, "color": f"C{number}"}
            )
            for number, values in enumerate(_shown(descent).values())
        ]
    figure = plot_curves(curves, "time t of the flow", "")
    axes = figure.axes[0]
    edges = [flow.t[0], phases.t1, phases.t2, flow.t[-1]]
    names = ("I  escape", "II  convergence", "III  spectral tail")
    for left, right, colour, name in zip(edges, edges[1:], PHASE_COLOURS, names, strict=False):
        axes.axvspan(left, right, color=colour, zorder=0, linewidth=0)
        axes.text((left * right) ** 0.5, 1.02, name, transform=axes.get_xaxis_transform(), ha="center")
    for time, name in ((phases.t1, "$T_1$"), (phases.t1_prime, "$T_1'$"), (phases.t2, "$T_2$")):
        axes.axvline(time, color="0.35", linewidth=0.9, linestyle="--")
        axes.text(time, 0.02, f" {name}", transform=axes.get_xaxis_transform(), color="0.25")
    axes.set_xlim(flow.t[0], flow.t[-1])
    axes.set_ylim(bottom=max(1e-8, 0.3 * min(values.min() for values in _shown(flow).values())))
    return figure


def to_svg(figure: Figure) -> str:
    """The figure as an SVG element for an HTML page: the same bytes every time, groups without ids."""
    buffer = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return re.sub(r'<g id="[^"]*"', "<g", text[text.index("<svg") :])


def _shown(run: Observables) -> dict[str, Array]:
    """The three quantities of the paper's figure 2."""
    return {"MSE": run.mse, "|u|": np.abs(run.u), "s": run.s}
