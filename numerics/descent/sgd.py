"""Online stochastic gradient descent: every step sees fresh Gaussian inputs, and noisy labels.

With x = Q^{1/2} g, g ~ N(0, I), y = ⟨x, w*⟩² + ξ, a step follows the gradient of the loss on m samples,

    w ← w − (4η/m) Σ_b (z_b² − y_b) z_b x_b,   z_b = ⟨x_b, w⟩.

In whitened coordinates it is z_b = ⟨g_b, Q^{1/2} w⟩, one product with g, and Q^{1/2} w moves along λ ∘ g.
What evolves is the deviation D = Q^{1/2}(w − P w*) with P = 0 at the start and P = ±1, the sign of u, once u
is large and the loss below its minimum over u = 0: then the error (z − P z*)(z + P z*) has no cancellation,
and without label noise the small deficits keep their relative accuracy. P is looked at every REBASE steps,
whatever is recorded.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from numerics.arrays import Array
from numerics.descent.draws import check_one_of_each
from numerics.descent.protocol import DescentProtocol, Protocolled, protocol_of
from numerics.descent.simulation import Simulation, check_runs
from numerics.descent.steps import recorded_steps
from numerics.generated import phase_retrieval
from numerics.problems.problem import Problem
from numerics.shown.cards import Rows, Summarised
from numerics.shown.labelled import Columns
from numerics.shown.result import Result
from numerics.state import charts
from numerics.state.observables import Observables, norms, observe
from theory.expected import Count, checked

REBASE = 64


@checked
@dataclass(frozen=True, eq=False, repr=False)
class StochasticRuns(Protocolled, Result, Summarised):
    """Runs of online SGD on one problem, one for every seed.

    ``steps`` (n,) are the step numbers recorded; ``t``, the sum of the step sizes of the ``protocol``, is the
    time of the flow, which the runs follow as the steps shrink. The other arrays are (runs, n), defined as in
    :class:`numerics.Observables`; ``loss`` is the population loss, without the variance of the labels.
    A run that diverges is ``lost``: from the first step recorded after it its rows hold NaN. Others go on.
    """

    heading: ClassVar[str] = "Online SGD"

    seeds: tuple[int, ...]
    protocol: DescentProtocol
    steps: Array
    t: Array
    u: Array
    s: Array
    one_minus_u: Array
    one_minus_s: Array
    loss: Array
    mse: Array
    recovered: Array

    @property
    def lost(self) -> Array:
        """Which runs had diverged at the last step recorded, (runs,) of booleans."""
        return ~np.isfinite(self.u[:, -1])

    def columns(self) -> Columns:
        """The observables over the seeds and the times."""
        curves = {name: (("seed", "t"), getattr(self, name)) for name in Observables._fields[1:]}
        return {
            "t": (("t",), self.t),
            "seed": (("seed",), np.array(self.seeds)),
            "step": (("t",), self.steps),
            "lost": (("seed",), self.lost.astype(np.int64)),
            **curves,
        }

    def attributes(self) -> dict[str, Any]:
        """What all runs share."""
        return self.protocol.attributes()

    def facts(self) -> Rows:
        """The runs in a few lines."""
        yield "seeds", ", ".join(map(str, self.seeds))
        yield from self.protocol.facts()
        kept = ~self.lost
        if not kept.all():
            yield (
                "lost",
                ", ".join(str(seed) for seed, stays in zip(self.seeds, kept, strict=True) if not stays),
            )
        for name in ("mse", "loss"):
            yield f"final {name}, median", np.median(getattr(self, name)[kept, -1])


@checked
def online_sgd(
    problem: Problem,
    step_size: float | DescentProtocol,
    steps: int | None = None,
    *,
    batch: Count = 1,
    noise_variance: float = 0.0,
    seeds: Sequence[int] = (0,),
    points: int | Sequence[int] | Array = 200,
    checkpoint: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> StochasticRuns:
    """Run ``steps`` steps of size ``step_size`` η from ``problem.init``, once for every one of ``seeds``.

    A :class:`~numerics.descent.protocol.DescentProtocol` in the place of these has steps and batches that
    change.

    A step takes ``batch`` fresh inputs, whose labels have Gaussian noise of ``noise_variance``. A run depends
    on its seed alone, not on the others beside it nor on what is recorded: at ``points`` step numbers, 0
    and then evenly spaced in the logarithm, or at the step numbers given. Runs of one seed and dimension
    see the same g and noise whatever the spectrum is. A step costs O(runs · batch · d).

    ``checkpoint`` names a file in which the state is kept; if it is there already, the runs go on from it and
    end bit by bit as if they had never stopped. ``progress`` is called with the number of steps done.

    Raises ValueError for bad numbers, for several students or teachers, for a reduced problem (whose modes
    stand for many inputs), for a checkpoint that is unreadable or of other runs; FloatingPointError when all
    runs diverge. Of several some may be lost and the others kept, see :class:`StochasticRuns`.

    >>> runs = online_sgd(Problem([1.0], [1.0], [0.1]), 1e-2, 1000, seeds=(1, 2))
    >>> runs.u.shape == (2, len(runs.steps)), bool(runs.one_minus_u[:, -1].max() < 1e-3)
    (True, True)
    """
    return shared_sgd(
        (problem,),
        step_size,
        steps,
        batch=batch,
        noise_variance=noise_variance,
        seeds=seeds,
        points=points,
        checkpoint=checkpoint,
        progress=progress,
    )[0]


@checked
def shared_sgd(
    problems: Sequence[Problem],
    step_size: float | DescentProtocol,
    steps: int | None = None,
    *,
    batch: Count = 1,
    noise_variance: float = 0.0,
    seeds: Sequence[int] = (0,),
    points: int | Sequence[int] | Array = 200,
    checkpoint: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[StochasticRuns, ...]:
    """:func:`online_sgd` on several ``problems`` of one dimension, with the same draws, made once.

    To draw costs more than all else in a step, so that spectra are compared at the cost of one or two.
    """
    protocol = protocol_of(step_size, steps, batch, noise_variance)
    check_runs(problems, seeds)
    for problem in problems:
        check_one_of_each(problem)
    recorded = recorded_steps(protocol.steps, points)
    runs = _Runs(problems, protocol, tuple(map(int, seeds)), recorded)
    runs.go(None if checkpoint is None else Path(checkpoint), progress)
    times = protocol.times(recorded)
    return tuple(
        StochasticRuns(runs.seeds, protocol, recorded, times, *rows) for rows in np.moveaxis(runs.rows, 2, 0)
    )


class _Runs(Simulation):
    """The state of R runs on each of P problems in d dimensions.

    ``deviation`` D is (R, P, d), ``orientation`` P (R, P), ``rows`` (7, R, P, points) are the observables.
    """

    def __init__(
        self, problems: Sequence[Problem], protocol: DescentProtocol, seeds: tuple[int, ...], recorded: Array
    ) -> None:
        super().__init__(problems, protocol, seeds, recorded)
        runs = len(seeds)
        self.eigenvalues = np.stack([problem.eigenvalues for problem in problems])
        roots = np.sqrt(self.eigenvalues)
        self.teacher = roots * np.stack([problem.teacher for problem in problems])
        start = roots * np.stack([problem.init for problem in problems])
        self.energies = np.array([problem.teacher_energy for problem in problems])
        self.barriers = np.array([phase_retrieval.barrier(np.array([[t]])) for t in self.energies])
        self.deviation = np.repeat(start[None], runs, axis=0)
        self.orientation = np.zeros((runs, len(problems)))
        self.rows = np.full((len(Observables._fields) - 1, runs, len(problems), len(recorded)), np.nan)

    varying = "deviation"

    def _further(self) -> tuple[str, ...]:
        return ("orientation",)

    def _advance(self, inputs: Array, noise: Array) -> None:
        """Take the next n steps with ``inputs`` (R, n, m, d) and ``noise`` (R, n, m)."""
        outputs = inputs @ self.teacher.T
        cuts = np.arange(-self.done % REBASE, inputs.shape[1], REBASE)
        cuts = cuts[cuts > 0]
        arrays = (np.split(array, cuts, axis=1) for array in (inputs, outputs, noise[..., None]))
        for part in zip(*arrays, strict=True):
            if self.done % REBASE == 0:
                self._rebase()
            self._take(*part)

    def _take(self, inputs: Array, outputs: Array, noise: Array) -> None:
        """Take steps with one P: ``outputs`` (R, n, m, P) are those of the teachers."""
        count, batch = inputs.shape[1:3]
        rates = (4.0 / batch) * self.protocol.sizes(self.done, self.done + count)
        sign = self.orientation[:, None, None]
        shift = sign * outputs
        excess = (1.0 - sign**2) * outputs**2 + noise
        for n, rate in enumerate(rates.tolist()):
            g = inputs[:, n]
            away = g @ self.deviation.swapaxes(1, 2)
            student = away + shift[:, n]
            error = away * (student + shift[:, n]) - excess[:, n]
            force = (rate * error * student).swapaxes(1, 2)
            push = force * g if batch == 1 else force @ g
            push *= self.eigenvalues
            self.deviation -= push
            self.done += 1
            if self.done in self.places:
                self._record(self.places[self.done])

    def _overlaps(self) -> tuple[Array, Array]:
        """s and u (R, P)."""
        sign, along = self.orientation, np.vecdot(self.deviation, self.teacher)
        own = np.vecdot(self.deviation, self.deviation)
        return own + sign * (2.0 * along + sign * self.energies), along + sign * self.energies

    def _measure_from(self, orientation: Array) -> None:
        """Let the deviation be that from ``orientation`` (R, P) times the teacher."""
        self.deviation = self.deviation + (self.orientation - orientation)[..., None] * self.teacher
        self.orientation = orientation

    def _rebase(self) -> None:
        """Measure every run from the teacher whose side is settled, if any."""
        s, u = self._overlaps()
        loss = phase_retrieval.loss(np.stack([s, u]), self.energies[None, None])
        settled = (np.abs(u) > 0.5 * self.energies) & (loss < self.barriers)
        orientation = np.where(settled, np.sign(u), 0.0)
        if np.any(orientation != self.orientation):
            self._measure_from(orientation)

    def _record(self, where: int) -> None:
        """Fill the row ``where`` with the observables of all runs.

        A run that has come to the other side since P was looked at is shown without P.
        """
        shown = copy(self)
        shown._measure_from(np.where(self.orientation * self._overlaps()[1] > 0, self.orientation, 0.0))
        for index, problem in enumerate(self.problems):
            for orientation in np.unique(shown.orientation[:, index]):
                runs = np.flatnonzero(shown.orientation[:, index] == orientation)
                seen = shown._observe(problem, index, runs, int(orientation))
                seen[:, ~np.isfinite(seen).all(axis=0)] = np.nan
                self.rows[:, runs, index, where] = seen

    def _observe(self, problem: Problem, index: int, runs: Array, orientation: int) -> Array:
        """The observables (7, …) of ``runs`` on the problem of that ``index``, all of one ``orientation``."""
        whitened, sign = self.deviation[runs, index], orientation or 1
        chart = charts.teacher(phase_retrieval) if orientation else charts.origin(phase_retrieval)
        moving = problem.eigenvalues > 0
        deviation = np.repeat([problem.init - orientation * problem.teacher], len(runs), axis=0)
        deviation[:, moving] = whitened[:, moving] / np.sqrt(problem.eigenvalues[moving])
        students = deviation + orientation * problem.teacher
        lengths = norms(deviation[:, None], students[:, None], sign * problem.teacher[None], chart.centred)[
            :, 0, 0
        ]
        statistics = np.stack(
            [np.vecdot(whitened, whitened), sign * np.vecdot(whitened, self.teacher[index])]
        )
        return np.stack(observe(problem, chart, sign, np.zeros(len(runs)), statistics, lengths)[1:])
