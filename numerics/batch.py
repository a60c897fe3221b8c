"""Many problems solved at once: over exponents, dimensions, seeds, starts."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.synchronize import Event
from os import cpu_count
from threading import current_thread, main_thread
from types import ModuleType

from numerics.flow import solve
from numerics.generated import phase_retrieval
from numerics.problem import Problem
from numerics.trajectory import Trajectory

FEWEST = 4
"""Problems from which on another process is worth its start."""

_stop: Event | None = None  # of a process that works for another


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
    ``progress`` is called with the fraction done. Where it raises, where a problem does, and on Ctrl-C the
    processes end with their present steps. For labelled arrays see :func:`numerics.results.sweep`.

    Raises what :func:`numerics.solve` raises, and ValueError unless there are as many times as problems.

    >>> runs = solve_many([Problem([1.0], [1.0], [start]) for start in (0.1, -0.1)], until=10.0)
    >>> [run.limit.name for run in runs]
    ['+teacher', '-teacher']
    """
    times = [float(until)] * len(problems) if isinstance(until, int | float) else [float(t) for t in until]
    if len(times) != len(problems):
        raise ValueError(f"until has {len(times)} times for {len(problems)} problems: it needs one for each")
    workers = min(workers or cpu_count() or 1, max(1, len(problems) // FEWEST))
    report = progress or (lambda done: None)
    if workers == 1 or not getattr(model, "__file__", None):
        runs = []
        for problem, time in zip(problems, times, strict=True):
            runs.append(solve(problem, time, model))
            report(len(runs) / len(problems))
        return runs
    with _processes(workers) as pool:
        pairs = zip(problems, times, strict=True)
        with _without_interrupts():
            futures = [pool.submit(_solve, model.__name__, problem, time) for problem, time in pairs]
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            report(done / len(problems))
        return [future.result() for future in futures]


def _solve(model: str, problem: Problem, until: float) -> Trajectory:
    """In another process, where a module goes by its name."""
    return solve(problem, until, import_module(model), _go_on)


@contextmanager
def _processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes stop after their present step, and silently, when there is an exception.

    Where the system allows, they are copies of one that has imported all they need, which serves later pools,
    too. None is killed: one that dies while it sends a result would leave the pool waiting for the rest.
    """
    context = get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
    context.set_forkserver_preload([__name__])
    stop = context.Event()
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(stop,)) as pool:
        try:
            yield pool
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _begin(stop: Event) -> None:
    """Ctrl-C reaches all processes of a terminal: the first one answers it, and tells the others to stop."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _go_on(time: float) -> None:
    """After every step: end the run where it is no longer wanted."""
    if _stop is not None and _stop.is_set():
        raise CancelledError


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C is not heard, nor by processes that start meanwhile: none dies half-way, with a traceback."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
