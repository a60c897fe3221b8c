"""Figures: one style for pages and papers, vector output, the same bytes for the same data."""

import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from numerics.arrays import Array
from numerics.shown.phases import Phases

STYLE: Any = {
    "figure.figsize": (7.2, 4.0),
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "lines.linewidth": 1.6,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "phase-retrieval",
    "axes.prop_cycle": cycler(color=["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]),
}
"""For a page on a screen. The colours are those of Okabe and Ito, told apart by every eye."""

PAPER: Any = {
    **STYLE,
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.titlesize": 8,
    "legend.fontsize": 6.5,
    "legend.handlelength": 1.6,
    "legend.labelspacing": 0.3,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "grid.linewidth": 0.4,
    "lines.linewidth": 1.1,
    "lines.markersize": 2.4,
    "lines.markeredgewidth": 0.6,
    "pdf.fonttype": 42,
    "savefig.dpi": 300,
}
"""For a two-column paper: a Times-like face at 8 points, TrueType fonts that publishers accept."""


KINDS: Mapping[str, Mapping[str, Any]] = {
    "flow": {},
    "descent": {"linestyle": "none", "marker": "o", "markerfacecolor": "none"},
    "sgd": {"linewidth": 0.8},
    "theory": {"linestyle": "--", "color": "0.25", "linewidth": 0.9},
}
"""How each origin of a curve is drawn: solved flow, iterations, stochastic runs, predictions."""

LEGENDS: Mapping[str, Mapping[str, Any]] = {
    "best": {},
    "above": {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.2},
}
"""Where a legend stands."""

FORMATS = ("svg", "pdf", "png")


class ShownFigure(Figure):
    """A figure that notebooks show by itself, without a backend."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=120)  # dots to the inch in a notebook
        return buffer.getvalue()


class Run(Protocol):
    """Curves over the time ``t``: overlap ``u``, energy ``s`` and ``mse``, arrays of one shape."""

    @property
    def t(self) -> Array: ...
    @property
    def u(self) -> Array: ...
    @property
    def s(self) -> Array: ...
    @property
    def mse(self) -> Array: ...


class Curve(NamedTuple):
    """``y`` against ``x``, drawn as its ``kind`` is and as ``line`` says; in the legend unless ``label`` is
    empty or begins with an underscore. ``band`` holds a lower and an upper curve, shaded between.
    """

    label: str
    x: Array
    y: Array
    line: Mapping[str, Any] = {}
    kind: str = "flow"
    band: tuple[Array, Array] | None = None


class Panel(NamedTuple):
    """Curves on one pair of axes; ``phases`` are marked, ``limits`` bound x and y where they are given.

    The ``legend`` stands where it hides least, or ``"above"`` the axes, clear of all curves.
    """

    curves: Sequence[Curve]
    xlabel: str
    ylabel: str
    xscale: str = "log"
    yscale: str = "log"
    title: str = ""
    phases: Phases | None = None
    limits: tuple[tuple[float, float] | None, tuple[float, float] | None] = (None, None)
    legend: str = "best"


def draw(panels: Sequence[Panel], style: Any = PAPER, columns: int = 0) -> Figure:
    """The panels in rows of ``columns``, or all in one row, in :data:`PAPER` or another ``style``.

    Panels with the same labels share the legend of the first of them.
    """
    columns = columns or len(panels)
    rows = -(-len(panels) // columns)
    with matplotlib.rc_context(style):
        single = len(panels) == 1
        # inches: of one column or both, and of each row
        size = None if single and style is STYLE else (3.3 if single else 6.8, 2.3 * rows)
        figure = ShownFigure(figsize=size, layout="constrained")
        shown: set[tuple[str, ...]] = {()}
        for number, panel in enumerate(panels, start=1):
            axes = figure.add_subplot(rows, columns, number)
            draw_panel(axes, panel)
            labels = tuple(curve.label for curve in panel.curves if curve.label[:1] not in ("", "_"))
            if labels not in shown:
                axes.legend(**LEGENDS[panel.legend])
                shown.add(labels)
        return figure


def plot_curves(
    curves: Sequence[Curve], xlabel: str, ylabel: str, xscale: str = "log", yscale: str = "log"
) -> Figure:
    """Curves on one pair of axes, for a page."""
    return draw([Panel(curves, xlabel, ylabel, xscale, yscale)], STYLE)


def plot_phases(flow: Run, phases: Phases, descent: Run | None = None) -> Figure:
    """The :func:`phase_panel` of a run, for a page."""
    return draw([phase_panel(flow, phases, descent)], STYLE)


def phase_panel(flow: Run, phases: Phases, descent: Run | None = None) -> Panel:
    """MSE, |u| and s of the ``flow`` against time, with the three phases and T1, T1', T2 marked.

    Circles show the same for gradient ``descent``.
    """
    curves = [
        Curve(name, flow.t, values, {"color": f"C{number}"})
        for number, (name, values) in enumerate(_shown(flow).items())
    ]
    if descent is not None:
        curves += [
            Curve(
                "gradient descent" if number == 0 else f"_gradient descent, {name}",
                descent.t,
                values,
                {"color": f"C{number}"},
                "descent",
            )
            for number, (name, values) in enumerate(_shown(descent).items())
        ]
    lowest = max(1e-8, 0.3 * min(values.min() for values in _shown(flow).values()))
    highest = 1.6 * max(values.max() for values in _shown(flow).values())
    return Panel(
        curves,
        "time $t$ of the flow",
        "",
        phases=phases,
        limits=((flow.t[0], flow.t[-1]), (lowest, highest)),
    )


def encode(figure: Figure, suffix: str, description: str = "", style: Any = PAPER) -> bytes:
    """The figure as the content of an ``svg``, ``pdf`` or ``png`` file: the same bytes every time.

    The ``description`` goes into the file's own metadata.

    Raises ValueError for another suffix.
    """
    kinds: dict[str, dict[str, str | None]] = {
        "svg": {"Date": None, "Creator": None, "Description": description or None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None, "Subject": description},
        "png": {"Software": None, "Description": description},
    }
    if suffix not in kinds:
        raise ValueError(f"figures are written as {', '.join(FORMATS)}, not as {suffix!r}")
    buffer = io.BytesIO()
    with matplotlib.rc_context(style):
        figure.savefig(buffer, format=suffix, metadata=kinds[suffix])
    return buffer.getvalue()


class Svg(str):
    """An SVG element that remembers the ``figure`` which it shows, for other formats."""

    figure: Figure


def to_svg(figure: Figure) -> Svg:
    """The figure as an SVG element for an HTML page: the same bytes every time, groups without ids."""
    text = encode(figure, "svg", style=STYLE).decode()
    element = Svg(re.sub(r'<g id="[^"]*"', "<g", text[text.index("<svg") :]))
    element.figure = figure
    return element


def draw_panel(axes: Axes, panel: Panel) -> None:
    """One panel."""
    axes.set(xscale=panel.xscale, yscale=panel.yscale, xlabel=panel.xlabel, ylabel=panel.ylabel)
    for curve in panel.curves:
        (line,) = axes.plot(
            curve.x, curve.y, label=curve.label or None, **{**KINDS[curve.kind], **curve.line}
        )
        if curve.band is not None:
            axes.fill_between(
                curve.x, *curve.band, color=line.get_color(), alpha=0.2, linewidth=0, zorder=line.zorder - 1
            )
    across, up = panel.limits
    if across is not None:
        axes.set_xlim(across)
    if up is not None:
        axes.set_ylim(up)
    for axis, scale in ((axes.xaxis, panel.xscale), (axes.yaxis, panel.yscale)):
        low, high = sorted(axis.get_view_interval())
        # span of a logarithmic axis from which on only powers of ten are marked
        if scale == "log" and high > 1e3 * low:
            axis.set_minor_locator(NullLocator())
    if panel.phases is not None:
        _mark_phases(axes, panel.phases)
    axes.set_title(panel.title, pad=14 if panel.phases and panel.title else None)


def _mark_phases(axes: Axes, phases: Phases) -> None:
    """Shade the three phases and mark T1, T1' and T2 on a logarithmic axis of time.

    Times that do not occur are left out; a phase too short for its name keeps its number.
    """
    first, last = axes.get_xlim()
    inner = [min(max(time, first), last) for time in (phases.t1, phases.t2) if time == time]
    edges = [first, *inner, last]
    names = ("I  escape", "II  convergence", "III  spectral tail")
    across = axes.get_xaxis_transform()
    for left, right, colour, name in zip(
        edges, edges[1:], ("#dce9f5", "#fdeedd", "#e4f2e7"), names, strict=False
    ):
        # share of the axis that a phase must take up to be named
        wide = math.log(right / left) > 0.2 * math.log(last / first)
        axes.axvspan(left, right, color=colour, zorder=0, linewidth=0)
        axes.text(
            (left * right) ** 0.5, 1.02, name if wide else name.split()[0], transform=across, ha="center"
        )
    marks = (
        (phases.t1, "$T_1$ ", "right"),
        (phases.t1_prime, " $T_1'$", "left"),
        (phases.t2, " $T_2$", "left"),
    )
    for time, name, side in marks:
        if first < time < last:
            axes.axvline(time, color="0.35", linewidth=0.8, linestyle="--")
            axes.text(time, 0.02, name, transform=across, color="0.25", ha=side)


def _shown(run: Run) -> dict[str, Array]:
    """The three quantities of the paper's figure 2; at d = ∞ there is no MSE."""
    shown = {"MSE": run.mse, "$|u|$": np.abs(run.u), "$s$": run.s}
    return {name: values for name, values in shown.items() if not np.isnan(values).all()}
