"""Many problems at once are the same as one after another."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import active_children, get_context
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from numerics import network, power_law, solve, solve_many

PROBLEMS = [power_law(exponent, 200, "gaussian", seed=seed) for exponent in (1.2, 2.0) for seed in range(5)]


@pytest.mark.parametrize("workers", [1, 2])
def test_same_as_one_by_one(workers):
    times, reported = np.array([0.0, 1.0, 1e4]), []
    runs = solve_many(PROBLEMS, 1e4, workers=workers, progress=reported.append)
    assert reported == pytest.approx(np.arange(1, 11) / 10)
    for problem, run in zip(PROBLEMS, runs, strict=True):
        one = solve(problem, 1e4)
        assert run.limit == one.limit
        assert run.at(times).one_minus_u.tolist() == one.at(times).one_minus_u.tolist()
        assert run.phases() == pytest.approx(one.phases(), nan_ok=True)


def test_an_executor_of_ones_own():
    """Threads take any model, processes one of a file."""
    reported = []
    with ThreadPoolExecutor(2) as threads:
        runs = solve_many(PROBLEMS[:3], 10.0, network("z**2"), progress=reported.append, executor=threads)
    assert reported == pytest.approx([1 / 3, 2 / 3, 1.0])
    right = [float(solve(problem, 10.0).at(10.0).u) for problem in PROBLEMS[:3]]
    assert [float(run.at(10.0).u) for run in runs] == pytest.approx(right, rel=1e-9)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        (run,) = solve_many(PROBLEMS[:1], 10.0, executor=pool)
    assert float(run.at(10.0).u) == right[0]


def test_a_time_for_each():
    runs = solve_many(PROBLEMS[:2], [1.0, 100.0])
    assert [run.until for run in runs] == [1.0, 100.0]
    with pytest.raises(ValueError, match="until has 3 times for 2 problems: it needs one for each"):
        solve_many(PROBLEMS[:2], [1.0, 2.0, 3.0])


def test_errors_come_back():
    with pytest.raises(ValueError, match="until is -1"):
        solve_many(PROBLEMS, -1.0, workers=2)


def test_nothing_to_do():
    assert solve_many([], 1.0) == []


def test_processes_end_with_an_exception():
    """Here one of ``progress``; none is left at work."""

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve_many(PROBLEMS, 1e4, workers=2, progress=stop)
    assert active_children() == []


INTERRUPTED = """
from multiprocessing import active_children
from numerics import power_law, solve_many

def report(done):
    print(*(process.pid for process in active_children()), flush=True)

if __name__ == "__main__":
    problems = [power_law(2.0, 1000, "gaussian", seed=seed) for seed in range(1000)]
    solve_many(problems, 1e6, workers=2, progress=report)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a group of processes")
def test_interrupted_from_a_terminal(tmp_path):
    """Ctrl-C reaches every process of the terminal: one traceback, the user's own, and none goes on."""
    run = script(tmp_path, INTERRUPTED)
    workers = [int(pid) for pid in run.stdout.readline().split()]
    assert len(workers) == 2
    os.killpg(run.pid, signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == -signal.SIGINT
    assert errors.count("Traceback") == 1
    assert errors.rstrip().endswith("KeyboardInterrupt")
    for pid in workers:
        assert not alive(pid)


def script(folder, text):
    """A script that runs, with everything it starts, in a session of its own."""
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


SUBMITTING = INTERRUPTED.replace(
    "solve_many(problems, 1e6, workers=2, progress=report)",
    """print("submits", flush=True)
    solve_many(problems, 1e6, workers=2)
    print("solved", flush=True)""",
)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a group of processes")
@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3])
def test_interrupted_while_it_submits(tmp_path, delay):
    """Ctrl-C waits until all is submitted; it is not lost."""
    run = script(tmp_path, SUBMITTING)
    while run.stdout.readline() != "submits\n":
        pass
    sleep(delay)
    os.killpg(run.pid, signal.SIGINT)
    printed, errors = run.communicate(timeout=60)
    assert (run.returncode, printed) == (-signal.SIGINT, "")
    assert errors.count("Traceback") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process")
def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    run = script(tmp_path, INTERRUPTED)
    workers = [int(pid) for pid in run.stdout.readline().split()]
    assert len(workers) == 2
    run.kill()
    run.communicate(timeout=10)  # until none of them holds the pipes
    assert not any(alive(pid) for pid in workers)


def test_a_script_without_guard_is_told(tmp_path):
    """Before any process starts: what stands above the call runs once."""
    run = script(tmp_path, "print('once')\n" + UNGUARDED)
    printed, errors = run.communicate(timeout=60)
    assert (run.returncode, printed) == (1, "once\n")
    last = errors.rstrip().splitlines()[-1]
    assert last.startswith("RuntimeError: ")
    assert last.endswith(
        "line 4: each of several processes would run this script again; "
        'put the call under if __name__ == "__main__":, or ask for workers=1'
    )


UNGUARDED = """from numerics import power_law, solve_many
problems = [power_law(2.0, 100, "gaussian", seed=seed) for seed in range(8)]
solve_many(problems, 1.0, workers=2)
"""


def alive(pid):
    """Whether there is such a process, other than one that has ended and waits to be asked for its status."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] in "ZX")


def test_one_thread_while_solving():
    """NumPy's threads are as before when a run has ended; during it there is one."""
    from threadpoolctl import threadpool_info, threadpool_limits

    def threads():
        blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
        return [library["num_threads"] for library in blas if "scipy" not in library["filepath"]]

    seen = []
    with threadpool_limits(2, user_api="blas"):
        solve(PROBLEMS[0], 1.0, progress=lambda time: seen.append(threads()))
        assert all(count == 1 for counts in seen for count in counts)
        assert all(count == 2 for count in threads())
    assert seen
