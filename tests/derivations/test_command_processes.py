"""The program as a process: what it imports, pipes, signals, how soon it helps."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
from commandline import SOLVE

pytestmark = pytest.mark.usefixtures("folder")

HEAVY = ("numpy", "sympy", "mpmath", "matplotlib", "rich", "scipy")


def imported(line):
    """The heavy modules that a fresh interpreter has imported when the command ends."""
    code = (
        "import sys, contextlib\n"
        "from derivations.cli import main\n"
        f"with contextlib.suppress(SystemExit): main({shlex.split(line)!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.replace("'", '"')))


def test_help_imports_nothing_heavy():
    assert imported("--help") == set()


@pytest.mark.parametrize("name", ["constants", "solve", "descend", "derive"])
def test_help_of_a_command_imports_nothing_heavy(name):
    assert imported(f"{name} --help") == set()


def test_solve_imports_only_the_solver():
    assert imported(f"{SOLVE} --json") == {"numpy"}


def test_constants_import_only_mpmath_unless_they_draw():
    assert imported("constants --digits 5 --json") == {"mpmath"}
    assert imported("constants --digits 5 --dimension 5 --teacher gaussian --json") == {"mpmath", "numpy"}


def test_a_closed_pipe_is_quiet():
    program = f"{shlex.quote(sys.executable)} -c 'from derivations.cli import main; main()'"
    command = f"{program} {SOLVE} --points 20000 --json | head -c 9"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == '{"t": [0.'
    assert done.stderr == ""


def test_help_is_quick():
    """It takes at most twice as long as an interpreter that imports click, however loaded the machine."""

    def best(code):
        spent = []
        for _ in range(3):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
            spent.append(time.perf_counter() - begun)
        return min(spent)

    helped = best("import sys; sys.argv = ['x', '--help']; from derivations.cli import main; main()")
    assert helped < 2.0 * best("import click")


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a group of processes")
@pytest.mark.parametrize("command", [["report"], ["book", "--quick"]])
def test_ctrl_c_is_one_line_where_others_work(tmp_path, command):
    """Those that audit meanwhile do not hear it, print nothing, and end."""
    run = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from derivations.cli import main; main()",
            *command,
            "--output",
            tmp_path / "out",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(4)
    os.killpg(run.pid, signal.SIGINT)
    printed, errors = run.communicate(timeout=60)
    assert (run.returncode, printed, errors) == (130, "", "phase-retrieval: interrupted\n")
