"""Pictures of labelled results; for what :func:`numerics.shown.labelled.plot` does with each dataset."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from numerics.shown.figures import Curve, Panel, draw, draw_panel

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = {"mse": "MSE", "u": "$|u|$", "s": "$s$"}
LOSS = {"loss": "loss"}
MOST_PANELS = 12
"""Panels at most."""


def run_panels(labelled: "xr.Dataset") -> list[Panel]:
    """MSE, |u| and s over time, or else the loss: panels for another dimension, a band over the seeds."""
    shown = SHOWN if "u" in labelled else LOSS
    _check_holds(labelled, ("t", *shown))
    others = [dim for dim in labelled[next(iter(shown))].dims if dim not in ("t", "seed")]
    if len(others) > 1:
        raise ValueError(f"dimensions {', '.join(map(str, others))}: choose from all but one with .sel()")
    if not others:
        return [_panel(labelled, shown, "")]
    (name,) = others
    count = labelled.sizes[name]
    if count > MOST_PANELS:
        raise ValueError(f"{name} has {count} values: choose at most {MOST_PANELS} with .sel()")
    values = labelled[name].values
    return [
        _panel(labelled.isel({name: place}), shown, f"{name} = {values[place]}") for place in range(count)
    ]


def mass_panels(labelled: "xr.Dataset") -> list[Panel]:
    """The masses λ w*² of teacher and λ w² of start over the eigenvalues λ, each summed over its rows."""
    _check_holds(labelled, ("eigenvalues", "teacher", "init"))
    eigenvalues = labelled["eigenvalues"].values
    seen = eigenvalues > 0
    curves = []
    for name, label, colour in (
        ("teacher", r"teacher, $\lambda (w^*)^2$", "C0"),
        ("init", r"start, $\lambda w(0)^2$", "C1"),
    ):
        masses = eigenvalues * np.sum(np.atleast_2d(labelled[name].values) ** 2, axis=0)
        curves.append(Curve(label, eigenvalues[seen], masses[seen], {"color": colour}, "descent"))
    return [Panel(curves, r"eigenvalue $\lambda$", "mass")]


def draw_on(panels: Sequence[Panel], ax: "Axes | None", label: str, line: Mapping[str, Any]) -> "Figure":
    """The ``panels`` in a figure of their own, three in a row, or the only one on the axes ``ax``.

    Raises ValueError for several panels on one pair of axes.
    """
    panels = [
        panel._replace(curves=[_styled(curve, label, line) for curve in panel.curves]) for panel in panels
    ]
    if ax is None:
        return draw(panels, columns=min(len(panels), 3))
    if len(panels) > 1:
        raise ValueError(f"{len(panels)} panels do not fit on one pair of axes: choose one run with .sel()")
    draw_panel(ax, panels[0])
    ax.legend()
    return cast("Figure", ax.figure)


def _styled(curve: Curve, label: str, line: Mapping[str, Any]) -> Curve:
    return curve._replace(
        label=f"{label}, {curve.label}" if label else curve.label, line={**curve.line, **line}
    )


def _check_holds(labelled: "xr.Dataset", names: Iterable[str]) -> None:
    """Raise ValueError where one of the ``names`` is no variable."""
    absent = [name for name in names if name not in labelled]
    if absent:
        raise ValueError(f"{absent[0]} is missing: nothing to draw without {', '.join(names)}")


def _panel(labelled: "xr.Dataset", shown: Mapping[str, str], title: str) -> Panel:
    """One run, or the runs of several seeds."""
    positive = labelled["t"].values > 0
    times = labelled["t"].values[positive]
    curves = []
    for number, (name, label) in enumerate(shown.items()):
        values = np.abs(labelled[name].transpose(..., "t").values[..., positive])
        if np.isnan(values).all():
            continue
        colour = {"color": f"C{number}"}
        if values.ndim == 1:
            curves.append(Curve(label, times, values, colour))
        else:
            low, median, high = np.nanquantile(values, (0.1, 0.5, 0.9), axis=0)
            curves.append(Curve(label, times, median, colour, "sgd", (low, high)))
    return Panel(curves, "time $t$", "", title=title)
