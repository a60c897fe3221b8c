"""What commands print and write: files, labelled arrays, tables, progress."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest
from commandline import CURVES, LAW, SOLVE, answered, run

from derivations import output
from numerics import power_law
from numerics.shown.files import decode, load

pytestmark = pytest.mark.usefixtures("folder")


@pytest.mark.parametrize("line", ["constants --digits 5", f"{SOLVE} --points 3", "derive"])
@pytest.mark.parametrize("form", ["", " --json"])
def test_a_file_holds_what_would_be_printed(line, form):
    result = run(f"{line}{form} --output answer.txt")
    assert (result.exit_code, result.stdout) == (0, "")
    assert Path("answer.txt").read_text(encoding="utf-8") == run(f"{line}{form}").stdout
    assert os.listdir() == ["answer.txt"]


@pytest.mark.parametrize("form", ["nc", "csv", "json"])
@pytest.mark.parametrize("line", [f"{SOLVE} --points 4", f"descend {LAW} --step-size 0.01 --steps 100"])
def test_results_are_written_as_labelled_arrays(line, form):
    result = run(f"{line} --seed 3 --output answer.{form}")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert os.listdir() == [f"answer.{form}"]
    labelled = load(f"answer.{form}")
    points = "" if "--points" in line else " --points 200"
    answer = answered(f"{line}{points} --seed 3 --json")
    for name in CURVES:
        assert labelled[name].values.tolist() == answer[name]
    assert labelled.attrs["teacher"] == "flat"
    assert (labelled.attrs["exponent"], labelled.attrs["dimension"], labelled.attrs["seed"]) == (2.0, 50, 3)
    if form == "json":
        assert answer.items() <= json.loads(Path("answer.json").read_text()).items()


def test_a_format_needs_no_suffix():
    assert run(f"{SOLVE} --format nc --output answer").exit_code == 0
    assert decode(Path("answer").read_bytes(), "nc")["u"].sizes == {"t": 200}
    assert decode(run(f"{SOLVE} --format csv").stdout_bytes, "csv")["u"].sizes == {"t": 200}


def test_the_contract_is_written_whatever_the_suffix():
    assert run(f"{SOLVE} --json --output answer.json").exit_code == 0
    assert json.loads(Path("answer.json").read_text()) == answered(f"{SOLVE} --json")


def test_a_problem_may_be_labelled_arrays():
    power_law(2, 50, seed=4).save("problem.nc")
    answer = answered("solve --problem problem.nc --until 100 --json")
    assert answer["u"] == answered(f"{SOLVE} --seed 4 --json")["u"]


def test_tables_for_people_are_plain_when_piped():
    text = run(f"{SOLVE} --points 3").stdout
    assert "\x1b" not in text
    assert "limit" in text
    assert text.splitlines()[-1].startswith("100 ")


def test_a_failed_write_keeps_the_former_file(monkeypatch):
    Path("answer.txt").write_text("former", encoding="utf-8")

    def refuse(source, target):
        assert Path(source).read_text(encoding="utf-8") == "new"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(output.BadInput, match="cannot be written"):
        output.write(Path("answer.txt"), "new")
    assert Path("answer.txt").read_text(encoding="utf-8") == "former"
    assert os.listdir() == ["answer.txt"]


def test_progress_is_shown_on_a_terminal_only(monkeypatch, capsys):
    monkeypatch.setattr(output, "PATIENCE", 0.0)
    monkeypatch.setattr(output, "REDRAW", 0.01)
    with output.progress("solve") as show:
        show(0.5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    threads = threading.active_count()
    with output.progress("solve") as show:
        show(0.5)
        time.sleep(0.3)
    assert "solve" in capsys.readouterr().err
    assert threading.active_count() == threads
