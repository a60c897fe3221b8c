"""A phase-retrieval problem: spectrum, teacher and start, in eigen-coordinates of the covariance."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray

LARGEST = 1e150  # the loss is quadratic in energies


@dataclass(frozen=True, eq=False)
class Problem:
    """The data that the flow sees.

    ``eigenvalues`` λ (N,), non-negative; ``teacher`` w* (N,) and ``init`` w(0) (N,), components along the
    eigenvectors of the covariance Q. ``dimension`` is d, the number of directions that the N modes stand
    for: N itself, unless the problem was reduced (then N ≪ d ≤ ∞ and a mode carries the weight of many
    directions). ``relative_error`` bounds what that reduction changed up to the time ``horizon``; an exact
    problem has 0 and inf.

    Nothing is normalised: the teacher's energy s* = Σ λ_i (w*_i)² may be any positive number.

    Raises ValueError, before any work, for empty, mismatched, non-finite or non-numeric arrays, negative
    eigenvalues, a teacher without energy, and energies whose squares leave the range of floats.

    >>> Problem([0.75, 0.25], [1, 1], [0.1, 0]).teacher_energy
    1.0
    """

    eigenvalues: Array
    teacher: Array
    init: Array
    dimension: float = 0
    relative_error: float = 0.0
    horizon: float = math.inf

    def __post_init__(self) -> None:
        for name in ("eigenvalues", "teacher", "init"):
            object.__setattr__(self, name, _vector(name, getattr(self, name)))
        size = len(self.eigenvalues)
        for name in ("teacher", "init"):
            length = len(getattr(self, name))
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
        if not self.dimension:
            object.__setattr__(self, "dimension", size)

    def _check_energies(self) -> None:
        """Statistics and their products must neither overflow nor underflow."""
        with np.errstate(over="ignore", invalid="ignore"):
            energy = self.teacher_energy
            sizes = energy, self.start_energy, self.teacher @ self.teacher, self.init @ self.init
        if energy == 0:
            raise ValueError("teacher has no energy (sum of eigenvalue * teacher² is 0): it must be positive")
        if not (energy > 1.0 / LARGEST and np.all(np.array(sizes) < LARGEST)):
            raise ValueError(
                f"teacher energy {energy:g}, largest squared length {max(sizes):g}: "
                f"they must lie between {1.0 / LARGEST:g} and {LARGEST:g}, so rescale the problem"
            )

    @property
    def teacher_energy(self) -> float:
        """s* = Σ λ_i (w*_i)²."""
        return float(self.eigenvalues @ self.teacher**2)

    @property
    def start_energy(self) -> float:
        """s(0) = Σ λ_i w_i(0)²."""
        return float(self.eigenvalues @ self.init**2)

    @classmethod
    def load(cls, path: str | Path) -> "Problem":
        """Read a JSON file of ``eigenvalues``, ``teacher``, ``init``: lists of numbers or decimal strings.

        Raises ValueError, naming the file, where it cannot be read or does not describe a problem.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise ValueError(f"{path}: is not JSON ({error})") from None
        names = ("eigenvalues", "teacher", "init")
        if not isinstance(content, dict) or set(content) != set(names):
            raise ValueError(f"{path}: must hold an object with exactly {', '.join(names)}")
        try:
            return cls(*(content[name] for name in names))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


def _vector(name: str, values: Any) -> Array:
    """A finite, non-empty float vector of its own; ValueError where ``values`` is not one."""
    try:
        if np.iscomplexobj(values):
            raise TypeError
        vector = np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be a list of numbers or decimal strings") from None
    if vector.ndim != 1 or not vector.size:
        raise ValueError(f"{name} has shape {vector.shape}: it must be a non-empty list of numbers")
    if not np.isfinite(vector).all():
        where = int(np.flatnonzero(~np.isfinite(vector))[0])
        raise ValueError(f"{name}[{where}] is {vector[where]}: every entry must be finite")
    return vector


def load_vector(name: str, path: str | Path) -> Array:
    """Read one vector from a file: a JSON list, or numbers separated by white space or commas."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{name} file {path}: cannot be read ({error})") from None
    try:
        is_json = text.lstrip().startswith("[")
        return _vector(name, json.loads(text) if is_json else text.replace(",", " ").split())
    except ValueError as error:
        raise ValueError(f"{name} file {path}: {error}") from None
