"""Results as labelled arrays: datasets of xarray that know their dimensions, units, parameters and versions.

A dataset has one variable a quantity, each with a ``long_name`` and ``units``, over dimensions such as
(``seed``, ``t``); what holds for the whole run, its parameters, outcome and the versions of the software, are
its attributes. :mod:`numerics.shown.files` saves and loads it, :func:`plot` draws it. xarray is imported
when used.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from numerics.arrays import Array
from theory.expected import checked, shown

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


Columns = Mapping[str, tuple[tuple[str, ...], Array]]
"""The dimensions and the values of every quantity, by its name."""

SOFTWARE = {"phase_retrieval_version": "phase-retrieval-theory", "numpy_version": "numpy"}

MEANINGS: Mapping[str, tuple[str, str]] = {
    "t": ("time of the flow dw/dt = -grad L(w), step size times step number in descent", "flow time"),
    "u": ("overlap <w, w*>_Q", "1"),
    "s": ("energy ||w||_Q^2", "1"),
    "one_minus_u": ("1 - |u|/s*", "1"),
    "one_minus_s": ("1 - s/s*", "1"),
    "loss": ("population loss without the variance of the labels", "1"),
    "loss_noise": ("part of the loss from the noise of the labels", "1"),
    "empirical_loss": ("mean squared error over the samples, noise included", "1"),
    "mse": ("min ||w -/+ w*||^2 / d", "1"),
    "recovered": ("||w*||^2 - d mse", "1"),
    "step": ("step number", "1"),
    "S": ("overlaps W Q W^T of the students", "1"),
    "U": ("overlaps W Q W*^T of students and teachers", "1"),
    "distances": ("||w_j - w*_m||^2", "1"),
    "kinetic": ("kinetic energy ||dW/dt||^2 / 2 of a heavy ball", "1"),
    "weights": ("weights a_j of the students in the sum of a_j f(w_j.x)", "1"),
    "t1": ("first time at which |u| = delta s*", "flow time"),
    "t1_prime": ("last time at which s rises through s*/3", "flow time"),
    "t2": ("time after which |u|/s* and s/s* stay within epsilon of 1", "flow time"),
    "eigenvalues": ("eigenvalues of the covariance", "1"),
    "teacher": ("components of w* along the eigenvectors", "1"),
    "init": ("components of w(0) along the eigenvectors", "1"),
    "init_rest": ("what the floats of init leave out of w(0)", "1"),
    "basis": ("eigenvectors of the covariance, a column for each", "1"),
    "seed": ("seed of the draws", "1"),
    "lost": ("1 of a run that diverged", "1"),
    "exponent": ("exponent a of the eigenvalues i^-a", "1"),
    "dimension": ("number of directions d", "1"),
}
"""The long name and the units of every quantity; statistics are pure numbers, since tr Q and s* are."""


@runtime_checkable
class Labelled(Protocol):
    """What states its own columns and attributes: all that labelled arrays, files, plots and cards ask."""

    def columns(self) -> Columns:
        """Every quantity with its dimensions; one that is named like its only dimension is a coordinate."""

    def attributes(self) -> Mapping[str, Any]:
        """What holds for the whole, as numbers or text."""


@checked
def dataset(run: Labelled, **parameters: Any) -> "xr.Dataset":
    """The labelled form of a curve, a set of stochastic runs, or a problem; ``parameters`` become attributes.

    Dimensions: (t,) of a curve, (seed, t) of stochastic runs, (student, ``student_``, t) and
    (student, teacher, t) of overlaps, (mode,) of a problem, of networks (teacher_row, mode) and
    (student_row, mode). For a solved run see :meth:`numerics.Trajectory.dataset`. A parameter that is None
    is left out, True and False become 1 and 0, and a number that not every file format keeps (infinite, or
    an integer beyond 32 bits) becomes a decimal string.

    Raises ValueError for a parameter that is neither a number nor text.

    >>> from numerics import Problem, descend
    >>> run = descend(Problem([1.0], [1.0], [0.1]), step_size=0.01, steps=50, points=4)
    >>> labelled = dataset(run, step_size=0.01)
    >>> labelled["u"].dims, labelled["u"].attrs["long_name"], labelled.attrs["step_size"]
    (('t',), 'overlap <w, w*>_Q', 0.01)
    """
    return _build(run.columns(), {**run.attributes(), **parameters})


@checked
def sweep(runs: Sequence["xr.Dataset"], **coordinate: Sequence[Any]) -> "xr.Dataset":
    """Runs side by side along a new dimension, such as ``exponent=[1.5, 2.0]`` or ``run=range(3)``.

    All must have the same variables and, along the dimensions they have, the same coordinates (solve at the
    same times). Attributes that all share stay attributes; where they differ they become variables. The runs
    may be sweeps themselves.

    Raises ValueError for runs that do not fit together.

    >>> from numerics import power_law, solve
    >>> runs = [solve(power_law(a, 20), 10.0).dataset([1.0, 10.0]) for a in (1.5, 2.0)]
    >>> both = sweep(runs, exponent=[1.5, 2.0])
    >>> both["u"].dims, float(both["u"].sel(exponent=2.0, t=10.0)) == float(runs[1]["u"][1])
    (('exponent', 't'), True)
    """
    import xarray as xr

    if len(coordinate) != 1:
        raise ValueError("a sweep runs along one new dimension: give its name and values")
    ((name, values),) = coordinate.items()
    if len(values) != len(runs) or not runs:
        raise ValueError(f"{name} has {len(values)} values for {len(runs)} runs: one is needed for each")
    differing = [key for key in _keys(runs) if len({repr(run.attrs.get(key)) for run in runs}) > 1]
    apart = {key: [key in run.attrs or key in run for run in runs] for key in differing if key != name}
    unknown = [key for key, known in apart.items() if not all(known)]
    if unknown:
        raise ValueError(f"attribute {unknown[0]} is not known of every run: give it to all or none")
    parts = []
    for run in runs:
        if name in run.dims or name in run.variables:
            raise ValueError(f"the runs have {name} already: a sweep needs a dimension of its own")
        own = {key: ((), _number(run.attrs[key]), _meaning(key)) for key in apart if key in run.attrs}
        parts.append(run.assign(own))
        parts[-1].attrs = {}
    axis = xr.DataArray(np.asarray(values), dims=name, name=name, attrs=_meaning(name))
    try:
        joined = xr.concat(parts, axis, data_vars="all", coords="minimal", compat="equals", join="exact")
    except ValueError as error:
        raise ValueError(f"the runs do not fit together: {' '.join(str(error).split())}") from None
    return joined.assign_attrs({k: v for k, v in runs[0].attrs.items() if k not in differing})


@checked
def plot(labelled: "xr.Dataset", ax: "Axes | None" = None, label: str = "", **line: Any) -> "Figure":
    """Draw a dataset: MSE, |u| and s of a run over time, or the loss where it has none, with a band over
    seeds and a panel for each value of another dimension; the masses λ w² of a problem over its eigenvalues.

    On axes ``ax`` of matplotlib one run is drawn, beside what is there; the ``label`` goes before those of
    its curves, and ``line`` are options of matplotlib's ``plot``, as ``linestyle="--"``.

    Raises ValueError for a dataset that is neither, and for several panels on one pair of axes.

    >>> from matplotlib.figure import Figure
    >>> from numerics import power_law, solve
    >>> ax = Figure().subplots()
    >>> for seed, style in ((1, "-"), (2, "--")):
    ...     _ = solve(power_law(2, 20, seed=seed), 100.0).plot(ax, f"seed {seed}", linestyle=style)
    >>> len(ax.lines), ax.lines[-1].get_label()
    (6, 'seed 2, $s$')
    """
    from numerics.shown.plots import draw_on, mass_panels, run_panels

    if ax is not None and not hasattr(ax, "get_xlim"):
        raise ValueError(f"ax is {shown(ax)}: it must be axes of matplotlib, as of plt.subplots()")
    if not hasattr(labelled, "data_vars"):
        raise ValueError(
            f"plot draws a labelled dataset, such as run.dataset(times), not a {type(labelled).__name__}"
        )
    panels = mass_panels(labelled) if "eigenvalues" in labelled else run_panels(labelled)
    return draw_on(panels, ax, label, line)


def _keys(runs: Iterable["xr.Dataset"]) -> list[str]:
    """The attributes that any of the runs has, in order."""
    return list(dict.fromkeys(str(key) for run in runs for key in run.attrs))


def _meaning(name: str) -> dict[str, str]:
    """The attributes of a variable."""
    if name not in MEANINGS:
        return {}
    return dict(zip(("long_name", "units"), MEANINGS[name], strict=True))


def _build(variables: Columns, parameters: Mapping[str, Any]) -> "xr.Dataset":
    """A dataset whose variables named like their dimension are coordinates."""
    import xarray as xr

    labelled = {name: (dims, values, _meaning(name)) for name, (dims, values) in variables.items()}
    axes = {name for name, (dims, _) in variables.items() if dims == (name,)}
    attributes = {name: _attribute(name, value) for name, value in parameters.items() if value is not None}
    software = {name: version(package) for name, package in SOFTWARE.items()}
    return xr.Dataset(
        {name: item for name, item in labelled.items() if name not in axes},
        {name: item for name, item in labelled.items() if name in axes},
        attributes | software,
    )


def _number(value: Any) -> Any:
    """The number that :func:`_attribute` may have written as a decimal string; other text as it is."""
    if isinstance(value, str):
        for read in (int, float):
            with suppress(ValueError):
                return read(value)
    return value


def _attribute(name: str, value: Any) -> str | int | float:
    """What every file format keeps as it is."""
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return int(value) if abs(int(value)) < 2**31 else str(int(value))
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        return value
    raise ValueError(f"parameter {name} is {value!r}: attributes are numbers or text")
