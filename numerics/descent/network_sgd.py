"""Online SGD of any model: links, widths, weights and constraints, and inputs that need not be Gaussian.

With x = Q^{1/2} g and z = W x the error of an output is e = Σ_j c_j f_j(z_j) − Σ_m c*_m f*_m(z*_m) − ξ, and a
step is

    w_j ← w_j − (η/m) Σ_b 2 e_b c_j f_j'(z_jb) x_b.

What evolves is W Q^{1/2}, in which z is one product with g. With weight decay κ a step takes ηκ w_j more.
Where ‖w_j‖ is kept each student is brought back to it after the step, along itself; of ‖w_j‖_Q the step is
first projected on its tangent, as in descent.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from numerics.arrays import Array
from numerics.descent.draws import STREAM
from numerics.descent.protocol import DescentProtocol, protocol_of
from numerics.descent.simulation import Simulation, check_runs
from numerics.descent.steps import recorded_steps
from numerics.pairs import AnyModel
from numerics.pairs.overlaps import join
from numerics.problems.problem import Problem
from numerics.shown.cards import Rows, Summarised
from numerics.shown.labelled import Columns
from numerics.shown.result import Result
from numerics.solver.constrained import check_norms
from theory.constraint import Constraint
from theory.expected import Count, Kind, checked

Sampler = Callable[[np.random.Generator, int], Array]
"""From a generator and a number n: inputs x (n, d)."""

INPUTS = Kind(
    "a function of a generator and a number, or a matrix of inputs",
    lambda value: value is None or callable(value) or np.ndim(value) == 2,
)


@checked
@dataclass(frozen=True, eq=False, repr=False)
class NetworkRuns(Result, Summarised):
    """Runs of online SGD of any model, one for every seed, after the step numbers ``steps`` (n,).

    ``t`` is the sum of the step sizes of the ``protocol``. ``S`` (R, K, K, n) = W Q Wᵀ, ``U`` (R, K, M, n) =
    W Q W*ᵀ, ``loss`` (R, n) without the variance of the labels, and ``distances`` (R, K, M, n) =
    ‖w_j − w*_m‖² of R runs. The loss is that of the population for Gaussian inputs, else a mean over inputs
    held out. A run that diverges is ``lost``: its rows hold NaN from then on.
    """

    heading: ClassVar[str] = "Online SGD"

    seeds: tuple[int, ...]
    protocol: DescentProtocol
    steps: Array
    t: Array
    S: Array
    U: Array
    loss: Array
    distances: Array

    @property
    def lost(self) -> Array:
        """Which runs had diverged at the last step recorded, (R,) of booleans."""
        return ~np.isfinite(self.loss[:, -1])

    def columns(self) -> Columns:
        """The overlaps over the seeds and the times."""
        students, teachers = ("student", "student_"), ("student", "teacher")
        return {
            "t": (("t",), self.t),
            "seed": (("seed",), np.array(self.seeds)),
            "step": (("t",), self.steps),
            "lost": (("seed",), self.lost.astype(np.int64)),
            "S": (("seed", *students, "t"), self.S),
            "U": (("seed", *teachers, "t"), self.U),
            "loss": (("seed", "t"), self.loss),
            "distances": (("seed", *teachers, "t"), self.distances),
        }

    def attributes(self) -> dict[str, Any]:
        """What all runs share."""
        return self.protocol.attributes()

    def facts(self) -> Rows:
        """The runs in a few lines."""
        yield "seeds", ", ".join(map(str, self.seeds))
        yield "students, teachers", f"{self.U.shape[1]}, {self.U.shape[2]}"
        yield from self.protocol.facts()
        if self.lost.any():
            yield "lost", ", ".join(str(s) for s, gone in zip(self.seeds, self.lost, strict=True) if gone)
        yield "final loss, median", np.median(self.loss[~self.lost, -1])


@checked
def online_sgd_network(
    problem: Problem,
    step_size: float | DescentProtocol,
    steps: int | None = None,
    *,
    model: AnyModel,
    batch: Count = 1,
    noise_variance: float = 0.0,
    seeds: Sequence[int] = (0,),
    points: int | Sequence[int] | Array = 200,
    inputs: Annotated[Any, INPUTS] = None,
    checkpoint: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> NetworkRuns:
    """:func:`numerics.online_sgd` of a symbolic ``model`` of real inputs or a network, with any constraint.

    The ``inputs`` are Gaussian with the problem's covariance, unless there is a function of a NumPy generator
    and a number n that returns x (n, d), or a matrix (N, d) whose rows are drawn with replacement; their
    components are those along the eigenvectors, and their covariance is taken to be the problem's.

    Raises ValueError for bad numbers, sizes that do not fit, a reduced problem, links whose values are not
    known; FloatingPointError when all runs diverge.

    >>> from theory.symbolic import parse_link, single_index
    >>> problem, model = Problem([0.75, 0.25], [1.0, 1.0], [0.1, 0.0]), single_index(parse_link("erf(z)"))
    >>> runs = online_sgd_network(problem, 0.1, 500, model=model)
    >>> runs.U.shape[:3], bool(runs.loss[0, -1] < 0.01 * runs.loss[0, 0])
    ((1, 1, 1), True)
    """
    return shared_sgd_network(
        (problem,),
        step_size,
        steps,
        model=model,
        batch=batch,
        noise_variance=noise_variance,
        seeds=seeds,
        points=points,
        inputs=inputs,
        checkpoint=checkpoint,
        progress=progress,
    )[0]


@checked
def shared_sgd_network(
    problems: Sequence[Problem],
    step_size: float | DescentProtocol,
    steps: int | None = None,
    *,
    model: AnyModel,
    batch: Count = 1,
    noise_variance: float = 0.0,
    seeds: Sequence[int] = (0,),
    points: int | Sequence[int] | Array = 200,
    inputs: Annotated[Any, INPUTS] = None,
    checkpoint: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[NetworkRuns, ...]:
    """:func:`online_sgd_network` on several ``problems`` of one dimension, with the same draws, made once."""
    protocol = protocol_of(step_size, steps, batch, noise_variance)
    check_runs(problems, seeds)
    recorded = recorded_steps(protocol.steps, points)
    runs = _NetworkRuns(problems, protocol, tuple(map(int, seeds)), recorded, Units.of(model), inputs)
    runs.go(None if checkpoint is None else Path(checkpoint), progress)
    times = protocol.times(recorded)
    found = (runs.split(runs.rows[:, :, place]) for place in range(len(problems)))
    return tuple(NetworkRuns(runs.seeds, protocol, recorded, times, *parts) for parts in found)


@dataclass(frozen=True, eq=False)
class Units:
    """What a model computes: values and slopes of the students' links, values of the teachers', weights."""

    rules: Any
    links: tuple[Callable[[Array], Array], ...]
    slopes: tuple[Callable[[Array], Array], ...]
    taught: tuple[Callable[[Array], Array], ...]
    weights: Array
    teacher_weights: Array
    constraint: Constraint | None
    expressions: tuple[Any, ...]

    def check_sizes(self, problem: Problem) -> None:
        """Raise ValueError where a ``problem`` has other numbers of students or teachers."""
        sizes = len(self.weights), len(self.teacher_weights)
        if (len(problem.students), len(problem.teachers)) != sizes:
            raise ValueError(
                f"the problem has {len(problem.students)} students and {len(problem.teachers)} teachers, "
                f"the model {sizes[0]} and {sizes[1]}"
            )

    @classmethod
    def of(cls, model: Any) -> "Units":
        """Those of a symbolic model or a network. Raises ValueError where its links are not known."""
        import sympy

        from numerics.pairs import Constrained, Trained, is_plain, right_hand_sides
        from theory.symbolic.links import Z, numpy_function

        constraint, rules = None, right_hand_sides(model)
        if isinstance(rules, Constrained):
            constraint, rules = rules.constraint, rules.model
            model = getattr(model, "model", model)
        if isinstance(rules, Trained) or not is_plain(model):
            raise ValueError(
                "SGD runs on a symbolic model of real Gaussian inputs or a network, of fixed weights"
            )
        if model.noise:
            raise ValueError("the model has label noise of its own: leave it to the protocol")
        student, teacher = (
            [sympy.sympify(link) for link in links] for links in (model.student_links, model.teacher_links)
        )
        real = sympy.Symbol("z", real=True)
        return cls(
            rules,
            tuple(map(numpy_function, student)),
            tuple(numpy_function(sympy.diff(link.subs(Z, real), real).subs(real, Z)) for link in student),
            tuple(map(numpy_function, teacher)),
            np.array([float(c) for c in model.student_weights]),
            np.array([float(c) for c in model.teacher_weights]),
            constraint,
            (*student, *teacher),
        )

    def target(self, z: Array) -> Array:
        """Σ_m c*_m f*_m(z_m) (…) of projections (…, M)."""
        return _combined(self.teacher_weights, self.taught, z)

    def output(self, z: Array) -> Array:
        """Σ_j c_j f_j(z_j) (…) of projections (…, K)."""
        return _combined(self.weights, self.links, z)

    def force(self, z: Array, target: Array) -> Array:
        """2 e c_j f_j'(z_j) (…, K)."""
        error = 2.0 * (self.output(z) - target)
        slopes = zip(self.weights, self.slopes, np.moveaxis(z, -1, 0), strict=True)
        return np.stack([c * error * f(x) for c, f, x in slopes], axis=-1)


def _combined(weights: Array, links: Sequence[Callable[[Array], Array]], z: Array) -> Array:
    """Σ_j c_j f_j(z_j) (…) of projections z (…, K)."""
    total = np.zeros(z.shape[:-1])
    for c, f, x in zip(weights, links, np.moveaxis(z, -1, 0), strict=True):
        total += c * f(x)
    return total


class _NetworkRuns(Simulation):
    """R runs on P problems: ``students`` W Q^{1/2} are (R, P, K, d), ``rows`` hold S, U, loss, distances."""

    varying = "students"

    def __init__(
        self,
        problems: Sequence[Problem],
        protocol: DescentProtocol,
        seeds: tuple[int, ...],
        recorded: Array,
        units: Units,
        inputs: Any,
    ) -> None:
        super().__init__(problems, protocol, seeds, recorded)
        self.units = units
        for problem in problems:
            units.check_sizes(problem)
            if units.constraint is not None:
                check_norms(problem, units.constraint)
                if problem.eigenvalues.min() == 0:
                    raise ValueError("runs under a constraint need eigenvalues above 0")
        self.eigenvalues = np.stack([problem.eigenvalues for problem in problems])
        roots = np.sqrt(self.eigenvalues)[:, None]
        self.teachers = roots * np.stack([problem.teachers for problem in problems])
        start = roots * np.stack([problem.students for problem in problems])
        self.students = np.repeat(start[None], len(seeds), axis=0)
        self.own = _Inputs.of(inputs, len(problems[0].eigenvalues))
        if units.constraint is not None:
            self.metric = self.eigenvalues[:, None] ** (units.constraint.power - 1.0)
            self.squares = (self.metric * self.students**2).sum(axis=-1)
        self.rows = np.full((sum(self._sizes()), len(seeds), len(problems), len(recorded)), np.nan)

    def _sizes(self) -> tuple[int, int, int, int]:
        K, M = self.students.shape[2], self.teachers.shape[1]
        return K * K, K * M, 1, K * M

    def split(self, rows: Array) -> tuple[Array, Array, Array, Array]:
        """S, U, the loss and the distances of ``rows`` (…, R, points)."""
        K, M = self.students.shape[2], self.teachers.shape[1]
        S, U, loss, distances = np.split(rows, np.cumsum(self._sizes())[:-1])
        shapes = (K, K), (K, M), (K, M)
        S, U, distances = (
            np.moveaxis(part.reshape(*shape, *part.shape[1:]), 2, 0)
            for part, shape in zip((S, U, distances), shapes, strict=True)
        )
        return S, U, loss[0], distances

    def _settings(self) -> list[Array]:
        units = self.units
        points = np.linspace(-2.0, 2.0, 9)
        values = [f(points) * np.ones(9) for f in (*units.links, *units.slopes, *units.taught)]
        kept = [np.array(str(units.constraint))]
        return [units.weights, units.teacher_weights, *values, *kept, self.own.mark]

    def _drawn(self) -> Iterator[tuple[Array, Array]]:
        if self.own.gaussian:
            yield from super()._drawn()
            return
        generators: list[np.random.Generator] = []
        for inputs, noise in super()._drawn():
            if self.done % STREAM == 0:
                generators = [self.own.generator(seed, self.done // STREAM) for seed in self.seeds]
            for run, rng in zip(inputs, generators, strict=True):
                for step in run:
                    step[:] = self.own.draw(rng, len(step))
            yield inputs, noise

    def _advance(self, inputs: Array, noise: Array) -> None:
        """Take the next n steps with ``inputs`` (R, n, m, d) and ``noise`` (R, n, m)."""
        count, batch = inputs.shape[1:3]
        scale = None
        if not self.own.gaussian:
            with np.errstate(divide="ignore"):
                scale = np.where(self.eigenvalues > 0, self.eigenvalues**-0.5, 0.0)
        for n, size in enumerate(self.protocol.sizes(self.done, self.done + count).tolist()):
            g = inputs[:, n][:, None]
            if scale is not None:
                g = g * scale[:, None]
            target = self.units.target(g @ self.teachers.swapaxes(1, 2)) + noise[:, n][:, None]
            force = self.units.force(g @ self.students.swapaxes(2, 3), target)
            step = (-size / batch) * self.eigenvalues[:, None] * (force.swapaxes(2, 3) @ g)
            self._move(step, size)
            self.done += 1
            if self.done in self.places:
                self._record(self.places[self.done])

    def _move(self, step: Array, size: float) -> None:
        """Take a ``step`` (R, P, K, d) of the gradient, and what the constraint asks for."""
        constraint, before = self.units.constraint, self.students
        if constraint is None:
            self.students = before + step
            return
        if not constraint.keeps_norm:
            self.students = before + step - size * float(constraint.rate) * before
            return
        if constraint.power:
            normal = self.eigenvalues[:, None] * before
            along = (step * before).sum(axis=-1) / (normal * before).sum(axis=-1)
            step = step - along[..., None] * normal
        moved = before + step
        shrink = np.sqrt(self.squares / (self.metric * moved**2).sum(axis=-1))
        self.students = moved * shrink[..., None]

    def _record(self, where: int) -> None:
        """Fill the row ``where`` with the overlaps of all runs."""
        for place, problem in enumerate(self.problems):
            W, T = self.students[:, place], self.teachers[place]
            S, U = W @ W.swapaxes(1, 2), W @ T.T
            roots = np.sqrt(problem.eigenvalues)
            seen = problem.eigenvalues > 0
            raw = np.repeat(problem.students[None], len(W), axis=0)
            raw[..., seen] = W[..., seen] / roots[seen]
            distances = ((raw[:, :, None] - problem.teachers) ** 2).sum(axis=-1)
            loss = self._loss(S, U, T, raw, problem)
            parts = [part.reshape(len(W), -1) for part in (S, U, loss, distances)]
            found = np.concatenate(parts, axis=1).T
            found[:, ~np.isfinite(found).all(axis=0)] = np.nan
            self.rows[:, :, place, where] = found

    def _loss(self, S: Array, U: Array, T: Array, students: Array, problem: Problem) -> Array:
        """The loss (R,): of the population where inputs are Gaussian, else over those held out."""
        if self.own.gaussian:
            x = join(np.moveaxis(S, 0, -1), np.moveaxis(U, 0, -1))
            with np.errstate(all="ignore"):
                return np.asarray(self.units.rules.loss(x, T @ T.T))
        held = self.own.held_out()
        target = self.units.target(held @ problem.teachers.T)
        with np.errstate(all="ignore"):
            errors = (self.units.output(held @ one.T) - target for one in students)
            return np.array([np.mean(error**2) for error in errors])


@dataclass(frozen=True, eq=False)
class _Inputs:
    """Inputs of the user's: a ``sampler`` or a ``matrix`` (N, d), or neither."""

    sampler: Sampler | None
    matrix: Array | None
    dimension: int

    @classmethod
    def of(cls, given: Any, dimension: int) -> "_Inputs":
        """Those ``given``. Raises ValueError for a matrix of another width and for numbers not finite."""
        if given is None or callable(given):
            return cls(given, None, dimension)
        matrix = np.asarray(given, dtype=float)
        if not (matrix.ndim == 2 and len(matrix) and matrix.shape[1] == dimension):
            raise ValueError(f"inputs have the shape {matrix.shape}: it must be (n, {dimension})")
        if not np.isfinite(matrix).all():
            raise ValueError("inputs must be finite numbers")
        return cls(None, matrix, dimension)

    @property
    def gaussian(self) -> bool:
        """Whether nothing is given."""
        return self.sampler is None and self.matrix is None

    @property
    def mark(self) -> Array:
        """What tells these inputs from others."""
        return np.array("gaussian") if self.gaussian else self.held_out()

    def generator(self, seed: int, block: int) -> np.random.Generator:
        """That of a run in one block of its steps."""
        # beside the kinds of streams in numerics.descent.draws
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(block, 2))))

    def held_out(self) -> Array:
        """Inputs (n, d) on which a loss is measured: all rows of a matrix."""
        # inputs of a sampler on which the loss is measured
        return self.draw(self.generator(0, -1 % 2**32), 20_000) if self.matrix is None else self.matrix

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        """So many inputs (count, d). Raises ValueError where a sampler returns another shape."""
        if self.matrix is not None:
            return self.matrix[rng.integers(len(self.matrix), size=count)]
        assert self.sampler is not None
        found = np.asarray(self.sampler(rng, count), dtype=float)
        if found.shape != (count, self.dimension):
            raise ValueError(f"inputs returned the shape {found.shape}: it must be {(count, self.dimension)}")
        return found
