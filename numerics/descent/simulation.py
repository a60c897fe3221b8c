"""What simulated runs of SGD have in common: their steps in order, and a file that they go on from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic

import numpy as np

from numerics.arrays import Array
from numerics.descent import checkpoint
from numerics.descent.draws import STREAM, Draws, check_directions
from numerics.descent.protocol import DescentProtocol
from numerics.problems.problem import Problem

SAVE_EVERY = 10.0  # seconds


class Simulation(ABC):
    """R runs, one for each of the ``seeds``, on each of P ``problems`` in d dimensions, after ``done`` steps.

    ``rows`` (…, R, P, points) is what is seen after the steps ``recorded``. A run is the array ``varying``
    (R, P, …) of a subclass, whose further arrays :meth:`_further` names.
    """

    process = "SGD"
    varying: str

    def __init__(
        self, problems: Sequence[Problem], protocol: DescentProtocol, seeds: tuple[int, ...], recorded: Array
    ) -> None:
        self.problems, self.protocol, self.seeds, self.recorded = problems, protocol, seeds, recorded
        self.places = {int(number): place for place, number in enumerate(recorded)}
        self.done = 0
        self.rows: Array = np.zeros(0)

    @abstractmethod
    def _advance(self, inputs: Array, noise: Array) -> None:
        """Take the next n steps with ``inputs`` (R, n, m, d) and ``noise`` (R, n, m)."""

    @abstractmethod
    def _record(self, where: int) -> None:
        """Fill the row ``where`` with what is seen of all runs."""

    def _further(self) -> tuple[str, ...]:
        """The names of arrays beside the varying one that a run goes on from."""
        return ()

    def _settings(self) -> list[Array]:
        """Arrays that make these runs what they are, beside problems, protocol and seeds."""
        return []

    def go(self, path: Path | None, progress: Callable[[int], None] | None) -> None:
        """Take all steps, recording, and keeping the state in the file at ``path``."""
        run, steps = self._fingerprint(), self.protocol.steps
        state = None if path is None else checkpoint.load(path, run, self._state())
        if state is not None:
            self.done = int(state.pop("done"))
            for name, array in state.items():
                setattr(self, name, array)
            self._check_resumed(path)
        elif self.recorded[0] == 0:
            self._record(0)
        saved = monotonic()
        for inputs, noise in self._drawn():
            with np.errstate(over="ignore", invalid="ignore"):
                self._advance(inputs, noise)
            self._check_any()
            if progress is not None:
                progress(self.done)
            whole = self.done == steps or self.done % STREAM == 0
            if path is not None and whole and (self.done == steps or monotonic() >= saved + SAVE_EVERY):
                checkpoint.save(path, run, self._state())
                saved = monotonic()

    def _drawn(self) -> Iterator[tuple[Array, Array]]:
        """The inputs and noise of the steps left."""
        dimension, variance = len(self.problems[0].eigenvalues), float(self.protocol.noise_variance)
        for begin, end, batch in self.protocol.stages():
            if end > self.done:
                yield from Draws(self.seeds, dimension, batch, variance).pieces(max(begin, self.done), end)

    def _check_any(self) -> None:
        """Raise FloatingPointError, naming the seeds, when no run is left."""
        if self._lost().all():
            seeds = ", ".join(map(str, self.seeds))
            raise FloatingPointError(
                f"{self.process} diverged within {self.done} steps with seed {seeds}: "
                f"reduce the step size {self.protocol.step_size:g}"
            )

    def _lost(self) -> Array:
        """Which runs have diverged (R, P)."""
        state = getattr(self, self.varying)
        lost: Array = ~np.isfinite(state).all(axis=tuple(range(2, state.ndim)))
        return lost

    def _fingerprint(self) -> str:
        """What makes these runs these runs."""
        arrays = [array for p in self.problems for array in (p.eigenvalues, p.teacher, p.init)]
        protocol = [str(part) for part in self.protocol.attributes().values()]
        seeds = [str(seed) for seed in self.seeds]
        return checkpoint.fingerprint(*arrays, protocol, seeds, self.recorded, *self._settings())

    def _state(self) -> dict[str, Array]:
        """What a checkpoint holds."""
        arrays = {name: getattr(self, name) for name in (self.varying, *self._further(), "rows")}
        return {**arrays, "done": np.array(self.done)}

    def _check_resumed(self, path: Path | None) -> None:
        """Raise ValueError for a state that no run is in: steps out of range, gaps in the rows of a run."""
        due = self.rows[..., np.asarray(self.recorded) <= self.done]
        axes = (*range(due.ndim - 3), -1)
        gaps = np.isnan(due).any(axis=axes) & ~self._lost()
        if not 0 <= self.done <= self.protocol.steps or gaps.any() or np.isinf(due).any():
            raise ValueError(f"{path}: is a damaged checkpoint: its numbers are those of no run")


def check_runs(problems: Sequence[Problem], seeds: Sequence[int]) -> None:
    """Raise ValueError for problems that do not share their inputs, and for what is no list of seeds."""
    if not problems:
        raise ValueError("at least one problem is needed")
    for problem in problems:
        check_directions(problem)
        if len(problem.eigenvalues) != len(problems[0].eigenvalues):
            raise ValueError("problems that share their inputs must have the same dimension")
    if not (len(seeds) and all(seed >= 0 and seed % 1 == 0 for seed in seeds)):
        raise ValueError("seeds must be one or more whole numbers, at least 0")
