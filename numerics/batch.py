"""Many problems solved at once: over exponents, dimensions, seeds, starts."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from os import cpu_count
from types import ModuleType

from numerics.flow import solve
from numerics.generated import phase_retrieval
from numerics.problem import Problem
from numerics.trajectory import Trajectory

FEWEST = 4
"""Problems from which on another process is worth its start."""


def solve_many(
    problems: Sequence[Problem],
    until: float | Sequence[float],
    model: ModuleType = phase_retrieval,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Trajectory]:
    """Solve each of ``problems`` up to ``until``, one time for all or one for each, in ``workers`` processes.

    As many as there are processors unless told; each solves one problem at a time, and results do not depend
    on their number. With one, and for a ``model`` that is not a module of a file, all is done here.
    ``progress`` is called with the fraction done. For labelled arrays see :func:`numerics.results.sweep`.

    Raises what :func:`numerics.solve` raises, and ValueError unless there are as many times as problems.

    >>> runs = solve_many([Problem([1.0], [1.0], [start]) for start in (0.1, -0.1)], until=10.0)
    >>> [run.limit.name for run in runs]
    ['+teacher', '-teacher']
    """
    times = [float(until)] * len(problems) if isinstance(until, int | float) else [float(t) for t in until]
    if len(times) != len(problems):
        raise ValueError(f"until has {len(times)} times for {len(problems)} problems: it needs one for each")
    workers = min(workers or cpu_count() or 1, max(1, len(problems) // FEWEST))
    if workers == 1 or not getattr(model, "__file__", None):
        return _collect(map(partial(solve, model=model), problems, times), len(problems), progress)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        runs = pool.map(partial(_solve, model.__name__), problems, times)
        return _collect(runs, len(problems), progress)


def _solve(model: str, problem: Problem, until: float) -> Trajectory:
    """In another process, where a module goes by its name."""
    from importlib import import_module

    return solve(problem, until, import_module(model))


def _collect(
    runs: Iterable[Trajectory], count: int, progress: Callable[[float], None] | None
) -> list[Trajectory]:
    """All ``runs``, with a report after each."""
    collected = []
    for run in runs:
        collected.append(run)
        if progress is not None:
            progress(len(collected) / count)
    return collected
