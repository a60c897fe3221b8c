"""A teacher–student problem: spectrum, teacher and start, in eigen-coordinates of the covariance."""

import json
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from numerics.arrays import Array
from numerics.shown import files
from numerics.shown.cards import Rows, Summarised
from numerics.shown.labelled import Columns
from numerics.shown.result import Result
from theory.disk import read_text
from theory.expected import ANYTHING, NonNegative, Only, Positive, checked

if TYPE_CHECKING:
    import xarray as xr

    from theory.asymptotics import Given, Level
    from theory.asymptotics.numbers.field import Field, Number


Dimension = Annotated[
    float,
    Only("a positive integer or inf, or 0 for the number of modes", lambda d: d >= 0 and d in (inf, d // 1)),
]

LARGEST_ENERGY = 1e150  # the loss is quadratic in energies
ENERGY_ROUNDING = 1e-12  # of an energy that is meant to be 1
DIRECTIONS = ("all_eigenvalues", "counts")  # the rows of Problem.directions in files
SMALLEST_ENTRY = 1e-300  # below, floats lose their digits


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Problem(Result, Summarised):
    """The data that the flow sees.

    ``eigenvalues`` λ (N,), non-negative; ``teacher`` w* (N,) and ``init`` w(0) (N,), components along the
    eigenvectors of the covariance Q; several teachers (M, N) or students (K, N) are rows, two or more.
    ``dimension`` is d, the number of directions that the N modes stand
    for: N itself, unless the problem was reduced (then N ≪ d ≤ ∞ and a mode carries the weight of many
    directions). ``relative_error`` bounds what that reduction changed up to the time ``horizon``; an exact
    problem has 0 and inf. ``init_rest`` (K, N) is what the floats of ``init`` leave out of a reduced
    problem's start, w(0) = init + init_rest, so that w(0) ∓ w* keeps its digits: see :meth:`deviation`.
    ``directions`` (2, D) holds eigenvalues, and how many directions have them, where the modes do not tell.
    ``basis`` (D, N) has the eigenvectors as columns, in the coordinates of the user's data, where these are
    known: see :meth:`in_coordinates`.

    Nothing is normalised: the energy Σ λ_i (w*_i)² of a teacher may be any positive number.

    Raises ValueError, before any work, for empty, mismatched, non-finite or non-numeric arrays, negative
    eigenvalues, a teacher without energy, and energies whose squares leave the range of floats.

    >>> Problem([0.75, 0.25], [1, 1], [0.1, 0]).teacher_energy
    1.0
    >>> Problem([0.75, 0.25], [1, 1], [[0.1, 0], [0, 0.2], [0.1, 0.3]]).students.shape
    (3, 2)
    """

    eigenvalues: Annotated[Array, ANYTHING]
    teacher: Annotated[Array, ANYTHING]
    init: Annotated[Array, ANYTHING]
    dimension: Dimension = 0
    relative_error: NonNegative = 0.0
    horizon: Positive = inf
    init_rest: Array | float = 0.0
    directions: Array | None = None
    basis: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "eigenvalues", _vector("eigenvalues", self.eigenvalues))
        for name in ("teacher", "init"):
            object.__setattr__(self, name, _vector(name, getattr(self, name), rows=True))
        size = len(self.eigenvalues)
        for name in ("teacher", "init"):
            length = getattr(self, name).shape[-1]
            if length != size:
                raise ValueError(
                    f"{name} has {length} entries but eigenvalues has {size}: they must be equally long"
                )
        if self.eigenvalues.min() < 0:
            where = int(self.eigenvalues.argmin())
            raise ValueError(
                f"eigenvalues[{where}] is {self.eigenvalues[where]:g}: a covariance has none below 0"
            )
        self._check_energies()
        if np.shape(self.init_rest) not in ((), self.init.shape, self.students.shape):
            raise ValueError(
                f"init_rest has shape {np.shape(self.init_rest)}: it must be that of init, {self.init.shape}"
            )
        if self.directions is not None and np.shape(self.directions)[:1] != (2,):
            raise ValueError(f"directions has shape {np.shape(self.directions)}: it must be (2, D)")
        if self.basis is not None and np.shape(self.basis)[1:] != (size,):
            raise ValueError(
                f"basis has shape {np.shape(self.basis)}: it must have a column for each of {size} modes"
            )
        object.__setattr__(self, "init_rest", np.zeros_like(self.students) + self.init_rest)
        if not self.dimension:
            object.__setattr__(self, "dimension", size)

    def _check_energies(self) -> None:
        """Statistics and their products must neither overflow nor underflow."""
        with np.errstate(over="ignore", invalid="ignore"):
            energy = min(_energies(self.eigenvalues, self.teacher))
            lengths = np.sum(self.teacher**2), np.sum(self.init**2)
            sizes = self.teacher_energy, self.start_energy, *lengths
        largest = float(np.abs(self.init).max())
        if 0 < largest < SMALLEST_ENTRY:
            raise ValueError(f"init has entries up to {largest:g}: it must be 0 or reach {SMALLEST_ENTRY:g}")
        if energy == 0:
            raise ValueError("teacher has no energy (sum of eigenvalue * teacher² is 0): it must be positive")
        if not (energy > 1.0 / LARGEST_ENERGY and np.all(np.array(sizes) < LARGEST_ENERGY)):
            raise ValueError(
                f"teacher energy {energy:g}, largest squared length {max(sizes):g}: they must lie between "
                f"{1.0 / LARGEST_ENERGY:g} and {LARGEST_ENERGY:g}, so rescale the problem"
            )

    @property
    def teacher_energy(self) -> float:
        """s* = Σ λ_i (w*_i)², summed over the teachers."""
        return sum(_energies(self.eigenvalues, self.teacher))

    @property
    def start_energy(self) -> float:
        """s(0) = Σ λ_i w_i(0)², summed over the students."""
        return sum(_energies(self.eigenvalues, self.init))

    @property
    def teachers(self) -> Array:
        """The teacher as rows W* (M, N)."""
        return np.atleast_2d(self.teacher)

    @property
    def students(self) -> Array:
        """The start as rows W(0) (K, N)."""
        return np.atleast_2d(self.init)

    @property
    def spectrum(self) -> Array | None:
        """Eigenvalues, and the number of directions that have each (2, D); None where that is not known."""
        if self.directions is not None or self.dimension != len(self.eigenvalues):
            return self.directions
        return np.stack([self.eigenvalues, np.ones_like(self.eigenvalues)])

    def levels(self, *field: "Field") -> "list[Level]":
        """Eigenvalues, the teacher's mass on each and their multiplicities, as the constants of
        :mod:`theory.asymptotics` take them.

        Raises ValueError for a problem that is none of theirs: several teachers or students, a reduced one,
        an energy s* other than 1.

        >>> from theory.asymptotics import escape_rate
        >>> print(escape_rate(Problem([0.5, 0.5], [1, 1], [0.1, 0]), 5).printed(5)[0])
        6.0000
        """
        return self._listed().levels(*field)

    def extremes(self, *field: "Field") -> "tuple[Number, Number]":
        """The largest and the smallest positive eigenvalue, as :meth:`levels` has them."""
        return self._listed().extremes(*field)

    def _listed(self) -> "Given":
        from theory.asymptotics import Given

        if len(self.students) > 1 or len(self.teachers) > 1:
            raise ValueError("the problem has several students or teachers: constants are of one of each")
        if self.dimension != len(self.eigenvalues):
            raise ValueError(
                f"{len(self.eigenvalues)} modes stand for d = {self.dimension:g} directions: constants need "
                "all of them, or a PowerLaw"
            )
        if abs(self.teacher_energy - 1.0) > ENERGY_ROUNDING:
            raise ValueError(
                f"the teacher's energy is {self.teacher_energy:g}: constants are of energy 1, so scale the "
                "teacher, or see the energy of theory.symbolic.local_flow"
            )
        return Given(self.eigenvalues.tolist(), self.teacher.tolist())

    def in_coordinates(self, weights: Array) -> Array:
        """Weights (…, N) along the modes as (…, D) in the coordinates of the data that the problem is of.

        Raises ValueError where the problem has no basis.

        >>> from numerics import from_covariance
        >>> problem = from_covariance([[2.0, 1.0], [1.0, 2.0]], [1, 0], [0, 1])
        >>> problem.in_coordinates(problem.init).round(12).tolist()
        [0.0, 1.0]
        """
        if self.basis is None:
            raise ValueError("the problem has no basis: from_covariance and from_samples give it one")
        return np.asarray(weights) @ np.asarray(self.basis).T

    def deviation(self, students: Array, teachers: Array) -> Array:
        """``students`` − ``teachers`` (K, N), with what rounding has left out of the students' start.

        To full relative accuracy at the start, and at all times along eigenvalues 0.
        """
        return (students - teachers) + self.init_rest

    def columns(self) -> Columns:
        """The arrays over the modes; several teachers or students have rows."""

        def dims(vectors: Array, rows: str) -> tuple[str, ...]:
            return ("mode",) if vectors.ndim == 1 else (rows, "mode")

        start = dims(self.init, "student_row")
        rest: Columns = {"init_rest": (start, np.reshape(self.init_rest, self.init.shape))}
        return {
            "eigenvalues": (("mode",), self.eigenvalues),
            "teacher": (dims(self.teacher, "teacher_row"), self.teacher),
            "init": (start, self.init),
            **(rest if np.any(self.init_rest) else {}),
            **self._directions(),
            **({} if self.basis is None else {"basis": (("coordinate", "mode"), np.asarray(self.basis))}),
        }

    def _directions(self) -> Columns:
        """Eigenvalues and counts of all directions; counts alone, over the modes, where these have them."""
        if self.directions is None:
            return {}
        values, counts = self.directions
        if np.array_equal(values, self.eigenvalues):
            return {DIRECTIONS[1]: (("mode",), counts)}
        return {name: (("direction",), row) for name, row in zip(DIRECTIONS, self.directions, strict=True)}

    def attributes(self) -> dict[str, float]:
        """d, and up to when and how well a reduced problem stands for it."""
        return {
            "dimension": self.dimension,
            "relative_error": self.relative_error,
            "horizon": self.horizon,
        }

    def facts(self) -> Rows:
        """What the problem is, in a few lines."""
        seen = self.eigenvalues[self.eigenvalues > 0]
        yield "directions d", self.dimension
        yield "modes", len(self.eigenvalues)
        yield "eigenvalues", f"{seen.max():.6g} … {seen.min():.6g}"
        if len(self.students) > 1 or len(self.teachers) > 1:
            yield "students, teachers", f"{len(self.students)}, {len(self.teachers)}"
        yield "teacher energy s*", self.teacher_energy
        yield "start energy s(0)", self.start_energy
        if self.relative_error:
            yield "relative error of the reduction", f"{self.relative_error:.1e}"
        if np.isfinite(self.horizon):
            yield "faithful until t", self.horizon

    @classmethod
    def load(cls, path: str | Path) -> "Problem":
        """Read a file that ``save`` wrote, or JSON of ``eigenvalues``, ``teacher`` and ``init`` by hand.

        There they are lists of numbers or decimal strings. Any suffix but .csv and .nc means JSON.
        Raises ValueError, naming the file, where it cannot be read or does not describe a problem.
        """
        if Path(path).suffix.lower() in (".csv", ".nc"):
            return _from_dataset(path)
        text = read_text(path)
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}: is not JSON ({error})") from None
        names = ("eigenvalues", "teacher", "init")
        if isinstance(content, dict) and "variables" in content:
            return _from_dataset(path)
        if not isinstance(content, dict) or set(content) != set(names):
            raise ValueError(f"{path}: must hold an object with exactly {', '.join(names)}")
        try:
            return cls(*(content[name] for name in names))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


def spectrum_of(problem: Problem) -> Array:
    """:attr:`Problem.spectrum` (2, D); ValueError where the problem does not tell it."""
    if problem.spectrum is None:
        raise ValueError(
            f"this problem has {len(problem.eigenvalues)} modes in place of {problem.dimension:g} directions "
            "and does not say which eigenvalues these have: use one of power_law, or one that is not reduced"
        )
    return problem.spectrum


def problem_of(labelled: "xr.Dataset") -> Problem:
    """The problem that a dataset of :meth:`Problem.dataset` holds.

    Raises ValueError where it holds none.
    """
    names = ("eigenvalues", "teacher", "init")
    absent = [name for name in names if name not in labelled]
    if absent:
        raise ValueError(f"{absent[0]} is missing: a problem has {', '.join(names)}")
    options: dict[str, Any] = {
        name: float(labelled.attrs[name])
        for name in ("dimension", "relative_error", "horizon")
        if name in labelled.attrs
    }
    eigenvalues, teacher, init = (labelled[name].values for name in names)
    rest = labelled["init_rest"].values if "init_rest" in labelled else 0.0
    directions = None
    if DIRECTIONS[1] in labelled:
        values = labelled[DIRECTIONS[0]].values if DIRECTIONS[0] in labelled else eigenvalues
        directions = np.stack([values, labelled[DIRECTIONS[1]].values])
    if "basis" in labelled:
        options["basis"] = labelled["basis"].values
    return Problem(eigenvalues, teacher, init, init_rest=rest, directions=directions, **options)


def _from_dataset(path: str | Path) -> Problem:
    """The problem in a file of labelled arrays."""
    labelled = files.load(path)
    try:
        return problem_of(labelled)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _energies(eigenvalues: Array, vectors: Array) -> list[float]:
    """Σ λ_i w_i² of each row."""
    return [float(eigenvalues @ row**2) for row in np.atleast_2d(vectors)]


def _vector(name: str, values: Any, rows: bool = False) -> Array:
    """A finite, non-empty float vector of its own, or where ``rows`` are allowed two or more of them.

    Raises ValueError where ``values`` is neither.
    """
    try:
        if np.iscomplexobj(values):
            raise TypeError
        vector = np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be a list of numbers or decimal strings") from None
    several = rows and vector.ndim == 2 and len(vector) > 1
    if not (vector.ndim == 1 or several) or not vector.size:
        allowed = "a non-empty list of numbers" + (", or two or more such rows" if rows else "")
        raise ValueError(f"{name} has shape {vector.shape}: it must be {allowed}")
    if not np.isfinite(vector).all():
        where = tuple(int(index) for index in np.argwhere(~np.isfinite(vector))[0])
        place = ", ".join(map(str, where))
        raise ValueError(f"{name}[{place}] is {vector[where]}: every entry must be finite")
    return vector


def load_vector(name: str, path: str | Path, rows: bool = False) -> Array:
    """Read one vector from a file: a JSON list, or numbers separated by white space or commas.

    Where ``rows`` are allowed, a JSON list of two or more such lists is that many vectors.
    """
    try:
        text = read_text(path)
    except ValueError as error:
        raise ValueError(f"{name} file {error}") from None
    try:
        is_json = text.lstrip().startswith("[")
        return _vector(name, json.loads(text) if is_json else text.replace(",", " ").split(), rows)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} file {path}: {error}") from None
