"""Every notebook runs from the first cell to the last in its reduced size, and checks what it shows."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
TIME_LIMIT = 60
"""Seconds for a cell."""

jupytext = pytest.importorskip("jupytext")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("sklearn")


@pytest.fixture(autouse=True)
def reduced(monkeypatch):
    monkeypatch.setenv("PHASE_RETRIEVAL_QUICK", "1")


def executed(path):
    notebook = jupytext.read(path)
    notebook.metadata.kernelspec.name = "python3"
    client = nbclient.NotebookClient(
        notebook, timeout=TIME_LIMIT, resources={"metadata": {"path": str(ROOT)}}
    )
    client.execute()
    return notebook


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


@pytest.mark.filterwarnings("default")  # those of Jupyter's own machinery
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path):
    shown = outputs(executed(path))
    assert sum("image/png" in output.get("data", {}) for output in shown) >= 1
    assert not [output.text for output in shown if output.get("name") == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_are_short_and_what_they_show_is_checked(path):
    cells = jupytext.read(path).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert cells[0].source.startswith("# ")
    assert all(len(source.splitlines()) <= 20 for source in code)
    checks = [node for source in code for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)]
    assert len(checks) >= 5


def test_the_ten_notebooks_are_there():
    assert sorted(int(path.stem.split("_")[0]) for path in NOTEBOOKS) == list(range(1, 11))
