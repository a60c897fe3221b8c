"""Processes that work for this one, and end with it.

Ctrl-C reaches every process of a terminal. The first one answers it; its workers do not hear it, from their
first moment on, and are told to stop. One whose first process is gone, killed or crashed, ends by itself.
"""

import ast
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_all_start_methods, get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.resource_tracker import ensure_running
from multiprocessing.synchronize import Event
from pathlib import Path
from threading import Thread, current_thread, main_thread
from types import FrameType

LOOK = 0.5
"""Seconds between two looks at whether work that does not ask is to stop."""

_stop: Event | None = None  # of a worker


def stopped() -> bool:
    """Whether this process works for another that wants no more of it."""
    return _stop is not None and _stop.is_set()


@contextmanager
def processes(workers: int, abandon: bool = False) -> Iterator[ProcessPoolExecutor]:
    """A pool of so many processes; where there is an exception, they are told to stop, silently.

    Where the system allows, they are copies of one that has imported the solver and serves later pools, too.
    None is killed, as one that dies while it sends a result would leave the pool waiting for the rest: their
    work asks :func:`stopped`. Work that does not ask is to ``abandon``: it ends within a second.
    Submit under :func:`interrupts_wait`.

    Raises RuntimeError where a script starts processes outside of ``if __name__ == "__main__":``.
    """
    _refuse_unguarded_script()
    context = get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
    context.set_forkserver_preload(["numerics.solver.batch"])
    stop = context.Event()
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(stop, abandon)) as pool:
        try:
            yield pool
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Ctrl-C is answered at the end, and processes that start meanwhile do not hear it at all."""
    if current_thread() is not main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    ensure_running()  # a helper of Python's, whose start would unblock what is blocked below
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, before)
        if heard:
            signal.raise_signal(signal.SIGINT)


def _refuse_unguarded_script() -> None:
    """Every worker imports the script that runs: what is not in an ``if`` there would run once more."""
    script = str(getattr(sys.modules["__main__"], "__file__", ""))
    frame: FrameType | None = sys._getframe()
    while frame is not None and (frame.f_code.co_name, frame.f_code.co_filename) != ("<module>", script):
        frame = frame.f_back
    if frame is None or not Path(script).is_file():
        return
    for statement in ast.parse(Path(script).read_bytes()).body:
        within = statement.lineno <= frame.f_lineno <= (statement.end_lineno or 0)
        if within and not isinstance(statement, ast.If):
            raise RuntimeError(
                f"{script}, line {frame.f_lineno}: each of several processes would run this script again; "
                'put the call under if __name__ == "__main__":, or ask for workers=1'
            )


def _begin(stop: Event, abandon: bool) -> None:
    """In a worker, before its work."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_in_time, args=(stop, abandon), daemon=True).start()


def _end_in_time(stop: Event, abandon: bool) -> None:
    """End the process when its parent is gone or, if its work does not ask, when it is told to stop."""
    parent = parent_process()
    while parent is not None and not wait([parent.sentinel], timeout=LOOK):
        if abandon and stop.is_set():
            break
    os._exit(1)
