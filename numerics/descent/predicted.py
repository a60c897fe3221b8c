"""What online SGD does on average, without runs: the deterministic equivalent of its steps.

Where the statistics s and u concentrate at their means these follow a map, which
:mod:`numerics.descent.moments` takes step by step and :mod:`numerics.descent.moment_blocks` many steps at a
time. The spectrum enters by its measure of (w*, w(0)), as in the flow, and by the number of its directions,
each of which the gradient's noise drives: both are reduced.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from numerics.arrays import Array
from numerics.descent.fluctuations import Accompanied, AccompaniedBlocks, deviations
from numerics.descent.moment_blocks import MomentBlocks
from numerics.descent.moments import Moments
from numerics.descent.population import fast_modes, observables, reduced, stretches
from numerics.descent.protocol import DescentProtocol, Protocolled, protocol_of
from numerics.descent.steps import recorded_steps
from numerics.generated import RightHandSides, phase_retrieval, phase_retrieval_noise
from numerics.pairs import AnyModel, gradient_flow, is_plain
from numerics.pairs.noise import KnownNoise, gradient_noise_of
from numerics.parallel.threads import on_one_thread
from numerics.problems.problem import Problem, spectrum_of
from numerics.problems.reduction import reduce, reduce_stream
from numerics.shown.cards import Rows, Summarised
from numerics.shown.labelled import Columns
from numerics.shown.result import Curves
from numerics.solver.flow import speed
from numerics.state import limits
from numerics.state.limits import Limit
from numerics.state.observables import Observables
from theory.expected import Count, checked

BAND = ("u_std", "s_std", "loss_std", "mse_std")


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Protocolled, Curves, Summarised):
    """The mean curve of online SGD, after the step numbers ``steps`` (n,).

    ``t`` is the sum of the step sizes of the ``protocol``; the arrays after it are those of
    :class:`numerics.Observables` for the mean statistics, and ``loss`` leaves out the variance of the labels.
    ``u_std``, ``s_std``, ``loss_std`` and ``mse_std`` are the standard deviations of runs, to leading order
    in the step size; nan unless asked for, as is ``concentration``: the largest deviation of u or s on the
    way, in units of s*. The curve is that of statistics at their means, and what it leaves out is of the
    order of the square of this number.
    ``limit`` says in whose basin the mean ends, ``modes`` is the number of modes solved for, and ``error``
    that of the solution of the mean step, relative, and of series for the gradient's noise.
    """

    heading: ClassVar[str] = "Online SGD, predicted"

    protocol: DescentProtocol
    teacher_energy: float
    steps: Array
    t: Array
    u: Array
    s: Array
    one_minus_u: Array
    one_minus_s: Array
    loss: Array
    mse: Array
    recovered: Array
    u_std: Array
    s_std: Array
    loss_std: Array
    mse_std: Array
    concentration: float
    limit: Limit
    modes: int
    error: float

    @property
    def observables(self) -> Observables:
        """The curves alone."""
        return Observables(*(getattr(self, name) for name in Observables._fields))

    @property
    def band(self) -> dict[str, Array]:
        """The standard deviations by name."""
        return {name: getattr(self, name) for name in BAND}

    def columns(self) -> Columns:
        """The curves over the times, and their band."""
        band: Columns = {name: (("t",), values) for name, values in self.band.items()}
        return {**self.observables.columns(), **band, "step": (("t",), self.steps)}

    def attributes(self) -> dict[str, Any]:
        """The steps, the outcome and the error."""
        names = ("teacher_energy", "modes", "error", "concentration")
        outcome = {"limit": self.limit.name, "limit_reason": self.limit.reason}
        return {**self.protocol.attributes(), **{name: getattr(self, name) for name in names}, **outcome}

    def facts(self) -> Rows:
        """The prediction in a few lines."""
        yield from self.protocol.facts()
        yield "limit", self.limit.name
        yield "final loss", self.loss[-1]
        if not np.isnan(self.concentration):
            yield "its deviation", self.loss_std[-1]
            yield "largest deviation of u or s", f"{self.concentration:.2g} s*"
        yield "relative error", f"{self.error:.1e}"


@checked
@on_one_thread
def predict_sgd(
    problem: Problem,
    step_size: float | DescentProtocol,
    steps: int | None = None,
    *,
    batch: Count = 1,
    noise_variance: float = 0.0,
    points: int | Sequence[int] | Array = 200,
    model: AnyModel = phase_retrieval,
    noise: KnownNoise | None = None,
    progress: Callable[[int], None] | None = None,
    stepwise: bool = False,
    band: bool = False,
) -> Prediction:
    """Predict ``steps`` steps of size ``step_size`` η on ``batch`` fresh inputs each, from ``problem.init``.

    A :class:`~numerics.descent.protocol.DescentProtocol` in the place of these has steps and batches that
    change.

    It is the exact map of the means, whatever η is; what it leaves out is the fluctuation of s and u, which
    is small where η is and where many directions share the energy. Where label noise is what is left of the
    loss after steps that decay, it is then too large by up to a quarter: noise relaxes there with
    Q + 2Qw*w*ᵀQ, the prediction's with Q (a = 2, (w*_i)² ∝ 1/i, d = 20, steps (1 − k/n)³: 1.25 of the exact
    second moments; constant steps 0.97 at η = 1e-3). Labels have Gaussian noise of
    ``noise_variance``. Recorded as in :func:`numerics.descend`, and like that at a cost that grows like
    log(steps); ``stepwise`` takes every step with every mode. With its ``band`` come the standard deviations
    of runs, by the linear-noise equation of :mod:`numerics.descent.fluctuations`, to 3 % of its solution: it
    leaves out what is not Gaussian, as rare large deviations near the largest stable step, and the exits from
    a start with u = 0 to either side. Another ``model`` of one student and one
    teacher is a symbolic one or a network, of any link; a generated module comes with its ``noise``, from
    :func:`theory.symbolic.gradient_noise.generate_noise_module`, with which small deficits keep their
    relative accuracy.

    Raises ValueError for requests outside these limits, among them a reduced problem that does not say how
    many directions its eigenvalues have, and FloatingPointError where the means diverge.

    >>> problem = Problem([0.75, 0.25], [1.0, 1.0], [0.1, 0.0])
    >>> run = predict_sgd(problem, 0.001, 100_000, noise_variance=0.1)
    >>> run.limit.name, f"{run.loss[-1]:.4g}"
    ('+teacher', '0.0009555')
    """
    protocol = protocol_of(step_size, steps, batch, noise_variance)
    model, noise = _known(model, noise)
    sizes = {len(problem.students), len(problem.teachers), model.STUDENTS, model.TEACHERS}
    if sizes != {1}:
        raise ValueError("the mean of SGD is predicted for one student with one teacher")
    recorded = recorded_steps(protocol.steps, points)
    small, counts = _measured(problem, protocol, model, stepwise)
    state = Moments(small, counts, protocol, model, noise)
    blocks = MomentBlocks(state)
    parts = [
        observables(state, stretch)
        for stretch in stretches(blocks, recorded, protocol.steps, stepwise, progress)
    ]
    spread, widest = np.full((len(BAND), len(recorded)), np.nan), np.nan
    if band:
        spread, widest = _band(problem, protocol, model, noise, recorded)
    curves = Observables(*np.concatenate(parts, axis=1))
    return Prediction(
        protocol,
        problem.teacher_energy,
        recorded,
        **curves._asdict(),
        **dict(zip(BAND, spread, strict=True)),
        concentration=widest / problem.teacher_energy,
        limit=_limit(state),
        modes=len(counts),
        error=blocks.error + small.relative_error + _left_out(noise, curves.s, problem.teacher_energy),
    )


def _known(model: Any, noise: Any) -> tuple[RightHandSides, Any]:
    """The right-hand sides of a ``model``, and its gradient's noise unless it is given.

    Raises ValueError for a model whose noise is not known, and for one with label noise of its own.
    """
    rules = gradient_flow(model)
    if bool(getattr(model, "noise", False)):
        raise ValueError("the model has label noise of its own: leave it to the protocol")
    if noise is None and rules is phase_retrieval:
        noise = phase_retrieval_noise
    elif noise is None:
        if not is_plain(model):
            raise ValueError("the gradient noise of this model is not known: give it, or a symbolic model")
        if (rules.STUDENTS, rules.TEACHERS) != (1, 1):
            raise ValueError("the mean of SGD is predicted for one student with one teacher")
        sides = (model.student_weights, model.student_links), (model.teacher_weights, model.teacher_links)
        noise = gradient_noise_of(rules, *(weights[0] * links[0] for weights, links in sides))
    return rules, noise


def _left_out(noise: Any, s: Array, energy: float) -> float:
    """The relative error of the coefficients of a ``noise`` at the largest ``s``: 0 where they are closed."""
    largest = float(s.max())
    return float(noise.error(largest, energy)) if hasattr(noise, "error") and largest > 0 else 0.0


def _band(
    problem: Problem, protocol: DescentProtocol, model: ModuleType, noise: ModuleType, recorded: Array
) -> tuple[Array, float]:
    """The standard deviations (4, n) after the steps ``recorded``, and the largest of u or s until then."""
    if recorded[-1] == 0:
        return np.zeros((len(BAND), len(recorded))), 0.0
    # error of the modes that the band is computed on
    few = reduce(problem, speed(problem, model) * 2.0 * protocol.duration, 1e-3)
    few, counts = _measured(few, protocol, model, False)
    state = Accompanied(few, counts, protocol, model, noise)
    state.accompany()
    for _ in stretches(AccompaniedBlocks(state), recorded[-1:], int(recorded[-1]), False, None):
        pass
    variances = np.array([row[:2] for _, row in state.recorded])
    return deviations(state, recorded), float(np.sqrt(variances.max()))


def _measured(
    problem: Problem, protocol: DescentProtocol, model: ModuleType, stepwise: bool
) -> tuple[Problem, Array]:
    """The problem, reduced unless ``stepwise``, and the number of directions that each mode stands for.

    Directions have modes of their own, without teacher and start, where those of the problem are reduced.
    """
    spectrum = spectrum_of(problem)
    small = problem if stepwise else reduced(problem, protocol, model)
    if len(small.eigenvalues) == len(problem.eigenvalues) and problem.directions is None:
        return problem, spectrum[1]
    values, counts, error = spectrum[0], spectrum[1], 0.0
    if not stepwise:
        fast = fast_modes(values, problem, protocol.peak, model)
        slow = ~fast & (values > 0)
        clock = 2.0 * protocol.duration * max(problem.teacher_energy, problem.start_energy)
        nodes, roots, error = reduce_stream([(values[slow], np.sqrt(counts[slow])[None])], clock)
        values = np.concatenate([values[fast], nodes])
        counts = np.concatenate([counts[fast], roots[0] ** 2])
    silent, none = np.zeros_like(values), np.zeros_like(small.eigenvalues)
    whole = Problem(
        np.concatenate([small.eigenvalues, values]),
        np.concatenate([small.teacher, silent]),
        np.concatenate([small.init, silent]),
        dimension=problem.dimension,
        relative_error=small.relative_error + error,
        horizon=small.horizon,
        init_rest=np.concatenate([small.init_rest, silent[None]], axis=1),
    )
    return whole, np.concatenate([none, counts])


def _limit(state: Moments) -> Limit:
    """The critical point whose basin the means are in."""
    if not state.chart.centred and state.barrier is not None:
        sign = "+" if state.orientation[0, 0] > 0 else "-"
        return Limit(f"{sign}teacher", "the mean loss fell below its minimum over u = 0 on this side")
    statistics, energy = state.statistics(), state.modes.energy
    loss = float(state.chart.loss(statistics, energy))
    overlaps = state.chart.overlaps(statistics, energy)
    return limits.at_the_end(state.model, overlaps, energy, loss, state.time)
