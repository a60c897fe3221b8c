"""The random numbers of stochastic descent: the same for a run whatever runs beside it, however they are cut.

Step n of the run with seed r draws from the streams (r, n // STREAM) of inputs and of labels, in order. So a
run can go on from any multiple of STREAM without its past, and runs with one seed see the same inputs. While
one piece is used the next is drawn, each run in a thread of its own.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from numerics.problems.problem import Problem

STREAM = 1024
PIECE = 2**20  # normals drawn at once
INPUTS, LABELS = range(2)


def check_directions(problem: Problem) -> None:
    """Raise ValueError unless inputs can be drawn for the ``problem``: each mode is one component of them."""
    if problem.dimension != len(problem.eigenvalues):
        raise ValueError(
            f"this problem has {len(problem.eigenvalues)} modes in place of {problem.dimension:g} "
            "directions: every component of an input is drawn, so use a problem that is not reduced, such as "
            "one with a sphere start and a finite dimension"
        )


def check_one_of_each(problem: Problem) -> None:
    """Raise ValueError for several students or teachers."""
    if problem.teacher.ndim + problem.init.ndim > 2:
        raise ValueError("these runs have one student with one teacher")


def check_noise(variance: float) -> None:
    """Raise ValueError unless the ``variance`` is one."""
    if not (np.isfinite(variance) and variance >= 0):
        raise ValueError(f"noise variance is {variance}: it must be a finite number, at least 0")


@dataclass(frozen=True)
class Draws:
    """Standard normal inputs g (…, ``dimension``) and label noise of ``noise_variance``, ``batch`` a step."""

    seeds: tuple[int, ...]
    dimension: int
    batch: int
    noise_variance: float

    @property
    def piece(self) -> int:
        """Number of steps drawn at once."""
        return int(np.clip(PIECE // (len(self.seeds) * self.batch * self.dimension), 1, STREAM))

    def pieces(self, begin: int, end: int) -> Iterator[tuple[Array, Array]]:
        """Cut the steps ``begin`` … ``end`` − 1 into pieces, none across a multiple of STREAM.

        Yields of each the inputs (R, steps, batch, d) and noise (R, steps, batch) for R
        seeds. The arrays are used again for the piece after the next. ``begin`` is a multiple of STREAM, or
        else a stream of its own begins there.
        """
        with ThreadPoolExecutor(thread_name_prefix="draws") as pool:
            previous = None
            for piece in self._drawn(pool, begin, end):
                if previous is not None:
                    yield previous
                previous = piece
            if previous is not None:
                yield previous

    def _drawn(self, pool: ThreadPoolExecutor, begin: int, end: int) -> Iterator[tuple[Array, Array]]:
        """The pieces, each under way when it is yielded and complete when the next one is asked for.

        A stream is read by one task at a time: their order must not be left to chance.
        """
        runs = range(len(self.seeds))
        shape = len(self.seeds), self.piece, self.batch
        buffers = [(np.empty((*shape, self.dimension)), np.zeros(shape)) for _ in range(2)]
        starts = [begin, *range((begin // STREAM + 1) * STREAM, end, STREAM)]
        for block in starts:
            streams = [self._generators(seed, block) for seed in self.seeds]
            stop = min((block // STREAM + 1) * STREAM, end)
            for first in range(block, stop, self.piece):
                buffers.reverse()
                inputs, noise = (array[:, : min(self.piece, stop - first)] for array in buffers[0])
                tasks = [pool.submit(self._fill, streams[run], inputs[run], noise[run]) for run in runs]
                yield inputs, noise
                for task in tasks:
                    task.result()

    def _generators(self, seed: int, begin: int) -> list[np.random.Generator]:
        """The generators of inputs and labels of a run, from step ``begin`` to the end of its block."""
        block, late = divmod(begin, STREAM)
        keys = [(block, kind, late) if late else (block, kind) for kind in (INPUTS, LABELS)]
        return [
            np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key))) for key in keys
        ]

    def _fill(self, generators: list[np.random.Generator], inputs: Array, noise: Array) -> None:
        """Draw into the arrays of one run."""
        generators[INPUTS].standard_normal(out=inputs)
        if self.noise_variance > 0:
            generators[LABELS].standard_normal(out=noise)
            noise *= np.sqrt(self.noise_variance)
