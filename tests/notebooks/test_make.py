"""``make notebooks`` writes those that are missing; what a user has changed stays as it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytest.importorskip("jupytext")


@pytest.fixture
def project(tmp_path):
    """A project with one notebook, whose environment is set up: pip and Jupyter do nothing there."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "1_tour.py").write_text("# %%\nanswer = 6 * 7\n", encoding="utf-8")
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    programs = {
        "python": "exit 0",
        "jupyter": "exit 0",
        "jupytext": f'exec {sys.executable} -m jupytext "$@"',
    }
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name, line in programs.items():
        program = tmp_path / ".venv" / "bin" / name
        program.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        program.chmod(0o755)
    (tmp_path / ".venv" / ".ready").touch()
    return tmp_path


def make(project):
    done = subprocess.run(
        ["make", "notebooks"], cwd=project, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_second_run_keeps_the_users_edits(project):
    make(project)
    notebook = project / "notebooks" / "1_tour.ipynb"
    assert "answer = 6 * 7" in notebook.read_text(encoding="utf-8")
    notebook.write_text(notebook.read_text(encoding="utf-8").replace("6 * 7", "6 * 9"), encoding="utf-8")
    edited = notebook.read_bytes()
    source = project / "notebooks" / "1_tour.py"
    now = notebook.stat().st_mtime
    os.utime(notebook, (now - 20, now - 20))
    os.utime(source, (now - 10, now - 10))
    assert "1_tour.ipynb is yours and kept" in make(project)
    assert notebook.read_bytes() == edited
    notebook.unlink()
    assert "kept" not in make(project)
    assert "answer = 6 * 7" in notebook.read_text(encoding="utf-8")
