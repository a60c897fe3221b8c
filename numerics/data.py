"""Theory against a data matrix: which correction explains which part of the gap.

The truth is the flow on all rows. The theory sees their covariance alone; what it leaves out is told by two
corrections that can be computed: the coordinates' measured fourth cumulants, as if they were independent, and
the number of rows, as if they were Gaussian samples. What neither explains is dependence between coordinates.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from numerics.arrays import Array
from numerics.descent.samples import Samples, empirical_flow
from numerics.independent.flow import independent_flow
from numerics.problems.covariance import from_samples
from numerics.problems.given import array_of
from numerics.problems.problem import Problem
from numerics.samples.predicted import predict_samples
from numerics.shown.cards import Rows, Summarised
from numerics.shown.labelled import Columns
from numerics.shown.result import Curves
from numerics.solver.flow import solve
from theory.expected import Count, Positive, Whole, checked

ROUTES = ("data", "gaussian", "kurtosis", "samples")
QUANTITIES = ("loss", "mse", "one_minus_u")
DEAD = 1e-20
"""Below, the integration of the rows has no digits left."""


@checked
@dataclass(frozen=True, eq=False, repr=False)
class DataComparison(Curves, Summarised):
    """The flow on the rows of a data matrix beside its predictions, at the times ``t`` (T,).

    ``curves`` has, by route, the loss, the MSE and 1 − |u|/s* (T,): of ``data``, the flow on all rows; of
    ``gaussian`` inputs of their covariance; of independent coordinates with their measured fourth cumulants,
    ``kurtosis``; of as many Gaussian ``samples``, in the mean, which has no 1 − |u|/s*. ``problem`` knows the
    basis of eigenvectors, ``excess`` (N,) is the coordinates' excess kurtosis in it.
    """

    heading: ClassVar[str] = "Theory against data"

    t: Array
    curves: dict[str, dict[str, Array]]
    problem: Problem
    excess: Array
    rows: int

    def columns(self) -> Columns:
        """Every curve as quantity_route, that of the data as loss, mse and one_minus_u."""
        named: dict[str, Array] = {"t": self.t}
        for route, curves in self.curves.items():
            for name, values in curves.items():
                named[name if route == "data" else f"{name}_{route}"] = values
        return {name: (("t",), values) for name, values in named.items()}

    def attributes(self) -> dict[str, Any]:
        """The sizes, and what is left unexplained."""
        varying = int(np.sum(self.problem.eigenvalues > 0))
        left = {f"gap_{name}_{route}": self.gap(name, route) for name, route in self._pairs()}
        return {"rows": self.rows, "directions": varying, **left}

    def gap(self, name: str, route: str) -> float:
        """The root mean square over the times of log(data/``route``) of a quantity: 0.1 is about 10 %.

        Times at which either has died out, below 1e-20, are left out.
        """
        pair = np.abs([self.curves["data"][name], self.curves[route][name]])
        alive = (pair > DEAD).all(axis=0)
        return (
            float(np.sqrt(np.mean(np.diff(np.log(pair[:, alive]), axis=0) ** 2))) if alive.any() else np.nan
        )

    def facts(self) -> Rows:
        """Sizes and gaps in a few lines."""
        yield "rows", self.rows
        yield "directions that vary", int(np.sum(self.problem.eigenvalues > 0))
        yield "excess kurtosis", f"{self.excess.min():.3g} … {self.excess.max():.3g}"
        for name, route in self._pairs():
            yield f"gap of {name}, {route}", f"{self.gap(name, route):.3f}"

    def _pairs(self) -> list[tuple[str, str]]:
        return [(name, route) for route in ROUTES[1:] for name in QUANTITIES if name in self.curves[route]]


@checked
def compare_data(
    samples: Any, until: Positive = 1e3, *, seed: Whole = 0, points: Count = 40, centre: bool = True
) -> DataComparison:
    """Compare the flow on ``samples`` X (n, d) with its predictions, at ``points`` times up to ``until``.

    Arrays are those of :func:`numerics.problems.covariance.from_samples`. Rows are centred, unless told
    otherwise, and scaled to tr Q = 1. Teacher and start are Gaussian draws of ``seed``, ‖w*‖_Q = 1 and
    ‖w(0)‖ = 1; labels are ⟨x, w*⟩², without noise.

    Raises ValueError for samples that are no matrix of finite numbers or do not vary, and where there is no
    prediction, such as for a flow that does not end at the teacher.

    >>> rows = np.random.default_rng(0).laplace(size=(20_000, 12)) / np.arange(1, 13)
    >>> found = compare_data(rows, 10.0, seed=1)
    >>> found.gap("loss", "gaussian") > 2 * found.gap("loss", "kurtosis")
    True
    """
    from sympy import IndexedBase

    from theory.symbolic import IndependentModel, phase_retrieval
    from theory.symbolic.hierarchy import MODE

    problem, x = _drawn(array_of("samples", samples, 2), seed, centre)
    vary = problem.eigenvalues > 0
    excess = np.zeros(len(vary))
    excess[vary] = np.mean(x[:, vary] ** 4, axis=0) / problem.eigenvalues[vary] ** 2 - 3.0
    times = np.geomspace(min(0.1, 0.1 * until), until, int(points))
    truth = empirical_flow(Samples(problem, x, (x @ problem.teacher) ** 2), times)
    own = IndependentModel(phase_retrieval(), (0, IndexedBase("kappa4")[MODE]))
    by_samples = predict_samples(problem, times, len(x))
    curves = {
        "data": _curves(truth) | {"loss": truth.empirical_loss},
        "gaussian": _curves(solve(problem, until).at(times)),
        "kurtosis": _curves(independent_flow(problem, times, own, cumulants={"kappa4": excess})),
        "samples": {"loss": by_samples.loss, "mse": by_samples.mse},
    }
    return DataComparison(times, curves, problem, excess, len(x))


def _curves(run: Any) -> dict[str, Array]:
    return {name: getattr(run, name) for name in QUANTITIES}


def _drawn(x: Array, seed: int, centre: bool) -> tuple[Problem, Array]:
    """A problem of the rows, scaled to tr Q = 1, and the rows in its eigenbasis."""
    x = x - x.mean(axis=0) if centre else x
    scale = np.sqrt(np.mean(np.sum(x**2, axis=1)))
    if not scale > 0:
        raise ValueError("samples do not vary: all rows are the same")
    teacher, start = np.random.default_rng(seed).standard_normal((2, x.shape[1]))
    x = x / scale
    teacher /= np.sqrt(np.mean((x @ teacher) ** 2))
    problem = from_samples(x, teacher, start / np.linalg.norm(start))
    return problem, x @ problem.basis
