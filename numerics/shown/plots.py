"""Pictures of labelled results; for what :func:`numerics.shown.labelled.plot` does with each dataset."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from numerics.shown.figures import Curve, Panel, draw

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

SHOWN = {"mse": "MSE", "u": "$|u|$", "s": "$s$"}
LOSS = {"loss": "loss"}
MOST_PANELS = 12
"""Panels at most."""


def plot_runs(labelled: "xr.Dataset") -> "Figure":
    """MSE, |u| and s over time, or else the loss: panels for another dimension, a band over the seeds."""
    shown = SHOWN if "u" in labelled else LOSS
    _check_holds(labelled, ("t", *shown))
    others = [dim for dim in labelled[next(iter(shown))].dims if dim not in ("t", "seed")]
    if len(others) > 1:
        raise ValueError(f"dimensions {', '.join(map(str, others))}: choose from all but one with .sel()")
    if not others:
        return draw([_panel(labelled, shown, "")])
    (name,) = others
    count = labelled.sizes[name]
    if count > MOST_PANELS:
        raise ValueError(f"{name} has {count} values: choose at most {MOST_PANELS} with .sel()")
    values = labelled[name].values
    panels = [
        _panel(labelled.isel({name: place}), shown, f"{name} = {values[place]}") for place in range(count)
    ]
    return draw(panels, columns=min(count, 3))


def plot_masses(labelled: "xr.Dataset") -> "Figure":
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
    return draw([Panel(curves, r"eigenvalue $\lambda$", "mass")])


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
