"""The mean curve of gradient flow on n samples, without samples.

The population's flow gives the linear one its clock: θ(t) is the time at which the linear flow on infinitely
many samples, from the same w(0) − w*, has the loss L(t). In this clock n samples change the loss by what
they change in the linear flow from θ(0) on, where the flow starts:

    L_n(t) = L(t) L_n^lin(θ(t) − θ(0))/L_∞^lin(θ(t) − θ(0)) + (σ² part of the linear flow).

It is exact for n → ∞, and to leading order near the teacher. In the mean of runs at d = 200, n/d = 1/4 to 4,
loss and MSE were within 8/n of it for a ≥ 1.5; at a = 1.2, where the loss falls too slowly for the flow to
become linear, within 2/√n.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from numerics.arrays import Array, ascending_times
from numerics.descent.draws import check_noise
from numerics.parallel.threads import on_one_thread
from numerics.problems.problem import Problem, spectrum_of
from numerics.problems.reduction import reduce_stream
from numerics.samples.label_averages import averages
from numerics.samples.linear_flow import free, gathered, kept, spread
from numerics.samples.resolvent import Directions, Resolvent
from numerics.shown.cards import Rows, Summarised
from numerics.shown.labelled import Columns
from numerics.shown.result import Curves
from numerics.solver.flow import solve
from numerics.state.trajectory import Trajectory
from theory.expected import Count, checked

EARLIEST = 1e-3
"""In units of the fastest mode's time, before which nothing has moved."""

PER_DECADE = 12
NUDGE = 1e-4


@checked
@dataclass(frozen=True, eq=False, repr=False)
class SamplePrediction(Curves, Summarised):
    """The mean over samples at the times ``t`` (T,).

    ``loss`` is the population loss L_n at what n samples have taught, and ``loss_noise`` its part from the
    noise of the labels; ``mse`` is |w − w*|²/d, nan at d = ∞. ``valid_until`` is the time from which that
    noise changes the operator as much as the inputs do, inf where that is beyond ``t``: before it the curve
    was within 10 % of runs, later it lies too high. ``population`` is the flow on infinitely many samples.
    """

    heading: ClassVar[str] = "Gradient flow on samples, predicted"

    samples: int
    noise_variance: float
    t: Array
    loss: Array
    loss_noise: Array
    mse: Array
    valid_until: float
    population: Trajectory

    def columns(self) -> Columns:
        """The curves over the times."""
        names = ("t", "loss", "loss_noise", "mse")
        return {name: (("t",), getattr(self, name)) for name in names}

    def attributes(self) -> dict[str, Any]:
        """What was asked for, and where it ends to hold."""
        return {
            "samples": self.samples,
            "noise_variance": self.noise_variance,
            "valid_until": self.valid_until,
            "limit": self.population.limit.name,
            "error": self.population.error,
        }

    def facts(self) -> Rows:
        """The prediction in a few lines."""
        best = int(np.argmin(self.loss))
        yield "samples", self.samples
        yield "noise variance", self.noise_variance
        yield "least loss", self.loss[best]
        yield "at the time", self.t[best]
        yield "final loss", self.loss[-1]
        yield "holds until", self.valid_until


@checked
@on_one_thread
def predict_samples(
    problem: Problem, times: Sequence[float] | Array, samples: Count, *, noise_variance: float = 0.0
) -> SamplePrediction:
    """Predict the flow ẇ = −∇L_n(w) of :func:`numerics.empirical_flow` in the mean over ``samples`` draws.

    Of phase retrieval from ``problem.init``, at ascending ``times`` (T,) ≥ 0 of the flow; labels have
    Gaussian noise of ``noise_variance``. The problem may have any dimension up to ∞, less or more than n.

    Raises ValueError for a problem of several students or teachers, a reduced one that does not say how many
    directions its eigenvalues have, one whose flow does not end at the teacher, and times out of order.

    >>> from numerics import power_law
    >>> problem = power_law(2, 1000, seed=1)
    >>> run = predict_samples(problem, [1e2, 1e4], 300, noise_variance=0.1)
    >>> run.loss.round(4), float(run.population.at([1e4]).loss[0].round(4))
    (array([0.1018, 0.1117]), 0.0046)
    """
    check_noise(noise_variance)
    times = ascending_times(times)
    if len(problem.students) > 1 or len(problem.teachers) > 1:
        raise ValueError("samples are predicted for one student with one teacher")
    run = solve(problem, max(float(times[-1]), 1e-3 / problem.teacher_energy))
    if run.limit.name not in ("+teacher", "-teacher"):
        raise ValueError(
            f"the flow ends at {run.limit.name}: samples are predicted of flows that end at the teacher"
        )
    energy = problem.teacher_energy
    directions = _directions(run, float(times[-1]))
    seen = run.at(times)
    started, clock = _clock(
        directions, energy * times, float(run.at([0.0]).loss[0]) / energy**2, seen.loss / energy**2
    )
    moved = clock > 0
    changes, noise = np.ones((2, len(times))), np.zeros((2, len(times)))
    whole = spread(started, free(started, clock[moved]))
    part = kept(started, samples, clock[moved])
    added = gathered(started, samples, clock[moved])
    changes[:, moved] = part.loss / whole.loss, part.length / whole.length
    noise[:, moved] = added.loss, added.length / energy / problem.dimension
    noise *= noise_variance
    return SamplePrediction(
        int(samples),
        float(noise_variance),
        times,
        seen.loss * changes[0] + noise[0],
        noise[0],
        seen.mse * changes[1] + noise[1],
        _valid_until(started, samples, noise_variance / energy**2, clock, times),
        run,
    )


def _directions(run: Trajectory, until: float) -> Directions:
    """The modes of the solved problem, scaled to ⟨w*, Qw*⟩ = 1, and all directions, reduced."""
    problem = run.problem
    values, counts = spectrum_of(problem)
    seen = values > 0
    order = np.argsort(-values[seen], kind="stable")
    rows = np.sqrt(counts[seen][order])[None]
    nodes, roots, _ = reduce_stream([(values[seen][order], rows)], until * problem.teacher_energy)
    scale = np.sqrt(problem.teacher_energy)
    teacher = problem.teachers[0] / scale
    sign = 1.0 if run.limit.name == "+teacher" else -1.0
    deviation = problem.deviation(problem.students, sign * problem.teachers)[0] / scale
    silent, none = np.zeros_like(nodes), np.zeros_like(teacher)
    return Directions(
        np.concatenate([problem.eigenvalues, nodes]),
        np.concatenate([none, roots[0] ** 2]),
        np.concatenate([sign * teacher, silent]),
        np.concatenate([deviation, silent]),
    )


def _clock(directions: Directions, times: Array, start: float, losses: Array) -> tuple[Directions, Array]:
    """The directions where the linear flow of the population has the loss ``start``, and the times (T,) from
    there to the ``losses`` at ``times``: 0 where nothing has moved.

    Where the loss has died out the clock is behind ``times`` by a constant.
    """
    first = EARLIEST / directions.eigenvalues[0]
    grid = np.geomspace(
        first, 4.0 * (first + times[-1]), int(PER_DECADE * np.log10(4.0 + 4.0 * times[-1] / first))
    )
    table = spread(directions, free(directions, grid)).loss
    # of the loss at the start, below which the linear flow's clock runs with the flow's
    living = table > 1e-9 * table[0]
    clock = _inverted(directions, grid[living], table[living], np.append(start, losses))
    ended = np.flatnonzero(np.isinf(clock[1:]))
    if len(ended):
        last = ended[0] - 1
        clock[1 + ended] = times[ended] - (times[last] - clock[1 + last] if last >= 0 else 0.0)
    begin, clock = clock[0], clock[1:]
    if begin > 0:
        directions = directions._replace(deviation=free(directions, np.array([begin]))[0])
    after = clock - begin
    return directions, np.where(after > first, after, 0.0)


def _inverted(directions: Directions, grid: Array, table: Array, losses: Array) -> Array:
    """The times at which the linear flow of the population has the ``losses``, given its ``table`` on a
    ``grid``; 0 where they are larger and inf where they are smaller than all of it."""
    clock = np.where(losses < table[-1], np.inf, 0.0)
    inside = (losses < table[0]) & (losses >= table[-1])
    target, guess = np.log(losses[inside]), np.interp(-np.log(losses[inside]), -np.log(table), np.log(grid))
    for _ in range(3):
        near = np.exp(np.stack([guess, guess + NUDGE]).ravel())
        here, ahead = np.log(spread(directions, free(directions, near)).loss).reshape(2, -1)
        guess -= (here - target) * NUDGE / (ahead - here)
    clock[inside] = np.exp(guess)
    return clock


def _valid_until(directions: Directions, samples: int, variance: float, clock: Array, times: Array) -> float:
    """The time at which σ²/4 E(1 + z²δ)⁻² reaches E z⁴(1 + z²δ)⁻²: the noise's weights −ξ/2 on x xᵀ, left
    out, beside the labels' z²; δ of the real resolvent at 1/(16 θ). inf where it is beyond the ``times``."""
    moved = clock > 0
    if variance == 0 or not moved.any():
        return np.inf
    grid = np.geomspace(EARLIEST * clock[-1], clock[-1], 10 * PER_DECADE)
    one = Resolvent(directions, 1.0 / (16.0 * grid) + 0j, samples)
    values, slopes = averages(one.shift)
    share = variance / 4.0 * (values[0] + one.shift * slopes[0]).real / -slopes[1].real
    if share[-1] < 1.0:
        return np.inf
    reached = np.interp(0.0, np.log(share), np.log(grid))
    return float(np.exp(np.interp(reached, np.log(clock[moved]), np.log(times[moved]))))
