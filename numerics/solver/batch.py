"""Many problems solved at once: over exponents, dimensions, seeds, starts."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Executor, Future, as_completed
from functools import partial
from importlib import import_module
from os import cpu_count

from numerics.generated import phase_retrieval
from numerics.pairs import AnyModel
from numerics.parallel.workers import interrupts_wait, processes, stopped
from numerics.problems.problem import Problem
from numerics.solver.flow import solve
from numerics.state.trajectory import Trajectory
from theory.expected import Count, checked


@checked
def solve_many(
    problems: Sequence[Problem],
    until: float | Sequence[float],
    model: AnyModel = phase_retrieval,
    workers: Count | None = None,
    progress: Callable[[float], None] | None = None,
    executor: Executor | None = None,
) -> list[Trajectory]:
    """Solve each of ``problems`` up to ``until``, one time for all or one for each, in ``workers`` processes.

    As many as there are processors unless told; each solves one problem at a time, and results do not depend
    on their number. With one, and for a ``model`` that is not a module of a file, all is done here. An
    ``executor`` of ``concurrent.futures``, as Dask's, takes their place, and is given the model as it is.
    ``progress`` is called with the fraction done. Where it raises, where a problem does, and on Ctrl-C the
    processes end with their present steps. For labelled arrays see :func:`numerics.shown.labelled.sweep`.

    Raises what :func:`numerics.solve` raises, ValueError unless there are as many times as problems, and
    RuntimeError in a script that calls it outside of ``if __name__ == "__main__":``, with several workers.

    >>> runs = solve_many([Problem([1.0], [1.0], [start]) for start in (0.1, -0.1)], until=10.0)
    >>> [run.limit.name for run in runs]
    ['+teacher', '-teacher']
    """
    problems = list(problems)
    times = [float(until)] * len(problems) if isinstance(until, int | float) else [float(t) for t in until]
    if len(times) != len(problems):
        raise ValueError(f"until has {len(times)} times for {len(problems)} problems: it needs one for each")
    report, pairs = progress or (lambda done: None), list(zip(problems, times, strict=True))
    if executor is not None:
        named = getattr(model, "__file__", None) and partial(_solve, model.__name__)
        return _gathered([executor.submit(named or partial(_solved, model), *pair) for pair in pairs], report)
    # problems from which on another process is worth its start
    workers = min(workers or cpu_count() or 1, max(1, len(problems) // 4))
    if workers == 1 or not getattr(model, "__file__", None):
        runs = []
        for problem, time in pairs:
            runs.append(solve(problem, time, model))
            report(len(runs) / len(problems))
        return runs
    with processes(workers) as pool:
        with interrupts_wait():
            futures = [pool.submit(_solve, model.__name__, problem, time) for problem, time in pairs]
        return _gathered(futures, report)


def _gathered(futures: Sequence[Future[Trajectory]], report: Callable[[float], None]) -> list[Trajectory]:
    """The runs in their order, each reported when it is done."""
    for done, future in enumerate(as_completed(futures), 1):
        future.result()
        report(done / len(futures))
    return [future.result() for future in futures]


def _solved(model: AnyModel, problem: Problem, until: float) -> Trajectory:
    return solve(problem, until, model)


def _solve(model: str, problem: Problem, until: float) -> Trajectory:
    """In another process, where a module goes by its name."""
    return solve(problem, until, import_module(model), _go_on)


def _go_on(time: float) -> None:
    """After every step: end the run where it is no longer wanted."""
    if stopped():
        raise CancelledError
