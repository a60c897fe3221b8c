"""Population gradient descent w ← w − η∇L(w): the discrete map itself, in few blocks of many steps.

The map sees the spectrum as the flow does, so that the problem is first reduced. While anything is faster
than a block can follow the plain loop runs: at the start, and near the edge of stability for long.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from numerics.arrays import Array
from numerics.descent.blocks import WORTHWHILE, Blocks, Stretch
from numerics.descent.iterate import Iterate
from numerics.descent.protocol import DescentProtocol, protocol_of
from numerics.descent.steps import recorded_steps
from numerics.descent.trained import TrainedIterate
from numerics.generated import RightHandSides, phase_retrieval
from numerics.pairs import AnyModel, Constrained, HeavyBall, Trained, right_hand_sides
from numerics.parallel.threads import on_one_thread
from numerics.problems.problem import Problem
from numerics.problems.reduction import reduce
from numerics.solver.constrained import check_norms
from numerics.solver.flow import speed
from numerics.state import charts
from numerics.state.observables import Observables, Overlaps, TrainedOverlaps, observe, observe_all
from theory.expected import checked

PATIENCE = 512


@checked
@on_one_thread
def descend(
    problem: Problem,
    step_size: float | DescentProtocol,
    steps: int | None = None,
    points: int | Sequence[int] | Array = 200,
    model: AnyModel = phase_retrieval,
    progress: Callable[[int], None] | None = None,
    *,
    stepwise: bool = False,
    momentum: float = 0.0,
) -> Observables:
    """Run ``steps`` steps of size ``step_size`` η from ``problem.init``, recorded at ``points`` step numbers.

    The numbers are 0 and then evenly spaced in the logarithm, without repetition, or those that are given.
    In their place a :class:`~numerics.descent.protocol.DescentProtocol` has steps that change. The times of
    the result are those of the flow, the sum of the steps taken. Stable at the teacher for η below
    the constant ``stability_step``. ``progress`` is called with the number of steps done.

    A ``model`` may have a constraint: with weight decay κ a step takes −ηκ w more; where a norm is kept it is
    followed by bringing the student back to it. Such a run takes every step. So does one with ``momentum`` β,
    the heavy ball w ← w − η∇L(w) + β (w − w_before), which is stable at the teacher up to 1 + β times the η
    without it, and follows ẅ + γẇ = −∇L of the friction γ = (1 − β)/√η at the time √η × step number.

    ``stepwise`` takes every step with every mode. Without it the result is the same, to about 1e-12 of each
    observable, at a cost that grows like log(steps) once what oscillates or decays fast has decayed.

    Raises ValueError for a step size or number of steps that is not positive, for a momentum that is not in
    [0, 1) or beside a constraint or weights that learn, and for several students or
    teachers (see :func:`descend_network`), and FloatingPointError as soon as the iterates diverge.

    >>> linear = DescentProtocol(2e-3, 1000, "linear")
    >>> run = descend(Problem([1.0], [1.0], [0.1]), linear)
    >>> f"{run.t[-1]:g}"
    '1.001'

    >>> result = descend(Problem([1.0], [1.0], [0.1]), step_size=1e-3, steps=1000)
    >>> f"{result.t[-1]:g} {result.one_minus_u[-1]:.3e}"
    '1 1.517e-09'
    """
    rules = right_hand_sides(model)
    if (rules.STUDENTS, rules.TEACHERS) != (1, 1) or isinstance(rules, Trained):
        raise ValueError(
            "this is descent of one student of fixed weight with one teacher: use descend_network"
        )
    state, stretches = _run(
        problem, protocol_of(step_size, steps), points, rules, progress, stepwise, momentum
    )
    parts = [observables(state, stretch) for stretch in stretches]
    return Observables(*np.concatenate(parts, axis=1))


@checked
@on_one_thread
def descend_network(
    problem: Problem,
    step_size: float | DescentProtocol,
    steps: int | None = None,
    points: int | Sequence[int] | Array = 200,
    model: AnyModel = phase_retrieval,
    progress: Callable[[int], None] | None = None,
    *,
    stepwise: bool = False,
    momentum: float = 0.0,
) -> Overlaps | TrainedOverlaps:
    """:func:`descend` for a ``model`` of any number of students and teachers: S, U, the loss and distances.

    Models without residual coordinates keep an absolute accuracy only, and models with a kink are followed
    step by step where students are nearly parallel to another direction. Where the model's weights learn
    every step is taken, of the weights at once with the students, and the result has them, too.

    >>> problem = Problem([0.75, 0.25], [1.0, 1.0], [0.5, 0.25])
    >>> descend_network(problem, step_size=0.01, steps=100, points=2).S.shape
    (1, 1, 2)
    """
    rules = right_hand_sides(model)
    state, found = _run(problem, protocol_of(step_size, steps), points, rules, progress, stepwise, momentum)
    stretches = list(found)
    parts = [
        observe_all(
            stretch.chart,
            stretch.orientation,
            np.eye(rules.STUDENTS),
            stretch.energy,
            state.protocol.times(stretch.numbers),
            stretch.statistics,
            stretch.norms,
        )
        for stretch in stretches
    ]
    overlaps = Overlaps(*(np.concatenate(arrays, axis=-1) for arrays in zip(*parts, strict=True)))
    if not isinstance(state, TrainedIterate):
        return overlaps
    held = [stretch.chart.overlaps(stretch.statistics, stretch.energy) for stretch in stretches]
    return TrainedOverlaps(*overlaps, np.concatenate(held, axis=-1)[-rules.STUDENTS :])


def _run(
    problem: Problem,
    protocol: DescentProtocol,
    points: int | Sequence[int] | Array,
    model: RightHandSides,
    progress: Callable[[int], None] | None,
    stepwise: bool,
    momentum: float,
) -> tuple[Iterate, Iterator[Stretch]]:
    """The iterate, and what is recorded of it as it moves."""
    _check_momentum(momentum, model)
    recorded = recorded_steps(protocol.steps, points)
    sizes = len(problem.students), len(problem.teachers)
    if sizes != (model.STUDENTS, model.TEACHERS):
        raise ValueError(
            f"the problem has {sizes[0]} students and {sizes[1]} teachers, "
            f"the model {model.STUDENTS} and {model.TEACHERS}"
        )
    constraint = None
    if isinstance(model, Constrained):
        check_norms(problem, model.constraint)
        model, constraint, stepwise = model.model, model.constraint, True
    if isinstance(model, Trained):
        both = TrainedIterate(problem, protocol, model)
        return both, stretches(Blocks(both), recorded, protocol.steps, True, progress)
    stepwise = stepwise or momentum > 0
    small = problem if stepwise else reduced(problem, protocol, model)
    state = Iterate(small, protocol, model, constraint, momentum)
    return state, stretches(Blocks(state), recorded, protocol.steps, stepwise, progress)


def _check_momentum(momentum: float, model: RightHandSides) -> None:
    """Raise ValueError where it is none, or goes with what else the ``model`` has."""
    if isinstance(model, HeavyBall):
        raise ValueError("friction is of the flow: give descend its momentum in [0, 1), and a model without")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum is {momentum}: it must lie in [0, 1)")
    if momentum and isinstance(model, Constrained | Trained):
        raise ValueError("momentum goes with the plain gradient: leave out the constraint or train_weights")


def reduced(problem: Problem, protocol: DescentProtocol, model: RightHandSides) -> Problem:
    """The problem with its slow modes reduced, those which a step moves by less than half of themselves.

    A mode's factor over many steps is then close to the exponential that the reduction is made for.
    """
    energy, rate = max(problem.teacher_energy, problem.start_energy), speed(problem, model)
    slow = ~fast_modes(problem.eigenvalues, problem, protocol.peak, model)
    values, teacher, init = (
        array[..., slow] for array in (problem.eigenvalues, problem.teacher, problem.init)
    )
    if not np.all((values * teacher**2).sum(axis=-1)):
        return problem
    part = Problem(values, teacher, init, problem.dimension)
    horizon = 2.0 * rate * protocol.duration * energy / max(part.teacher_energy, part.start_energy)
    small = reduce(part, horizon)
    return Problem(
        np.concatenate([problem.eigenvalues[~slow], small.eigenvalues]),
        np.concatenate([problem.teacher[..., ~slow], small.teacher], axis=-1),
        np.concatenate([problem.init[..., ~slow], small.init], axis=-1),
        dimension=problem.dimension,
        relative_error=small.relative_error,
        horizon=problem.horizon,
        init_rest=np.concatenate([0.0 * problem.students[:, ~slow], small.init_rest], axis=-1),
    )


def fast_modes(eigenvalues: Array, problem: Problem, step_size: float, model: RightHandSides) -> Array:
    """Which of the ``eigenvalues`` have modes that a step moves by more than half of themselves."""
    energy = max(problem.teacher_energy, problem.start_energy)
    # of what a step does to a mode that is reduced with others
    found: Array = 8.0 * step_size * speed(problem, model) * energy * eigenvalues > 0.5
    return found


def stretches(
    blocks: Blocks,
    recorded: Array,
    steps: int,
    stepwise: bool,
    progress: Callable[[int], None] | None,
) -> Iterator[Stretch]:
    """What is to be recorded of the iterate, in order: by ``blocks`` where they serve, else step by step."""
    state, patience = blocks.iterate, PATIENCE
    if recorded[0] == 0:
        yield Stretch.at(state)
    while state.done < steps:
        left = steps - state.done
        wanted = recorded[np.searchsorted(recorded, state.done, side="right") :]
        block = None if stepwise or left < WORTHWHILE else blocks.advance(left)
        if block is not None:
            wanted = wanted[wanted <= state.done]
            if len(wanted):
                yield block.at(wanted)
            patience = PATIENCE
        else:
            end = state.done + min(patience, left)
            for number in wanted[wanted <= end]:
                state.advance(int(number) - state.done)
                yield Stretch.at(state)
            state.advance(end - state.done)
            patience = min(2 * patience, 2**14)
        if progress is not None:
            progress(min(state.done, steps))


def observables(state: Iterate, stretch: Stretch) -> Array:
    """The observables (8, T); from the chart at the origin where u has left the side of the teacher."""
    chart, statistics = stretch.chart, stretch.statistics
    overlaps = chart.overlaps(statistics, stretch.energy)
    if not chart.centred and np.any(overlaps[1] < 0):
        chart, statistics = charts.origin(state.model), overlaps
    sign = int(stretch.orientation[0, 0])
    times = state.protocol.times(stretch.numbers)
    with np.errstate(over="ignore", invalid="ignore"):  # of iterates that diverge: the descent says so
        return np.array(observe(state.problem, chart, sign, times, statistics, stretch.norms[:, 0, 0]))
