"""Standard output and error as a caller leaves them: closed, full, without Greek, or gone halfway."""

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from derivations.streams import transliterated

PROGRAM = f"{shlex.quote(sys.executable)} -c 'from derivations.cli import main; main()'"
LINES = [
    "--help",
    "derive --help",
    "derive",
    "cite --json",
    "solve --exponent 2 --dimension 5 --until 1",
    "solve --exponent 2 --dimension 5 --until 1 --format csv",
]


def shell(line, **environment):
    """The command run by a shell, for its redirections."""
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, check=False, timeout=60, env={**os.environ, **environment}
    )
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("line", LINES)
def test_a_full_output_is_one_line_and_status_2(line):
    status, _, told = shell(f"{PROGRAM} {line} >/dev/full")
    assert status == 2
    assert told == "phase-retrieval: standard output cannot be written (No space left on device)\n"


@pytest.mark.parametrize("line", LINES)
def test_a_closed_output_is_one_line_and_status_2(line):
    status, _, told = shell(f"{PROGRAM} {line} >&-")
    assert status == 2
    assert told == "phase-retrieval: standard output cannot be written (Bad file descriptor)\n"


def test_a_file_is_written_without_a_standard_output(tmp_path):
    status, _, told = shell(f"{PROGRAM} derive --output {tmp_path}/answer >&-")
    assert (status, told) == (0, "")
    assert (tmp_path / "answer").read_text(encoding="utf-8").startswith("          2")


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", ">&- 2>&-"])
def test_the_status_does_not_need_a_standard_error(closed):
    assert shell(f"{PROGRAM} solv {closed}")[0] == 2
    if ">&- 2" not in closed:
        assert shell(f"{PROGRAM} constants --digits 3 --only escape_rate {closed}")[0] == 0


@pytest.mark.parametrize("page", ["cp1252", "ascii", "latin-1", "cp437", "koi8-r"])
def test_a_code_page_without_greek_is_served(page):
    status, printed, told = shell(f"{PROGRAM} derive --help", PYTHONIOENCODING=page)
    assert (status, told) == (0, "")
    words = " ".join(printed.decode(page).split())
    assert "?" not in words
    assert "U = W Q W*^T" in words


def test_a_refusal_is_printed_in_any_code_page():
    status, _, told = shell(f"{PROGRAM} derive λ", PYTHONIOENCODING="ascii")
    assert status == 2
    assert "'lambda'" in told
    assert told.isascii()
    assert told.count("\n") == 1


def test_files_are_written_in_unicode_whatever_the_code_page(tmp_path):
    shell(f"{PROGRAM} derive convergence --output {tmp_path}/a", PYTHONIOENCODING="ascii")
    assert "λ" in (tmp_path / "a").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("λ₁₂ ≤ ½ s⋆", "lambda_12 <= 1/2 s*"),
        ("10⁻¹² ∝ ‖ẇ‖²", "10^-12 ~ ||w_dot||^2"),
        ("Ωᵀ → ∞", "Omega^T -> inf"),
        ("ά", "alpha"),
        ("\udcff", "?"),
    ],
)
def test_signs_are_transliterated(text, plain):
    assert transliterated(text) == plain


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_the_former_file(ending, tmp_path):
    (tmp_path / "answer").write_text("former", encoding="utf-8")
    line = "descend --exponent 1.5 --dimension 20 --step-size 1e-3 --steps 1e9 --sgd --output answer"
    command = [sys.executable, "-c", "from derivations.cli import main; main()", *line.split()]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as running:
        time.sleep(1.0)
        assert running.poll() is None
        running.send_signal(ending)
        assert running.wait(30) == -ending
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [
        ("answer", "former")
    ]
