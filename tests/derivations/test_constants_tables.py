"""``constants`` of several exponents: tables for people and programs, plots."""

import csv
import os
from pathlib import Path

import pytest
from commandline import answered, run

from derivations.press import constant_tables

pytestmark = pytest.mark.usefixtures("folder")

SWEEP = "constants --exponent 1.5:2.5:0.5 --dimension 1000 --digits 12"


def test_a_sweep_is_the_list_of_its_exponents():
    answers = answered(f"{SWEEP} --json")
    assert [answer["exponent"] for answer in answers] == ["1.5", "2", "2.5"]
    for answer in answers:
        assert answer == answered(f"{SWEEP.replace('1.5:2.5:0.5', answer['exponent'])} --json")
    assert answered("constants --exponent 3,1.5 --digits 5 --json")[0]["exponent"] == "3"
    assert answered("constants --exponent 2,3 --json")[0]["digits"] == 10


def test_tables_for_other_programs_hold_the_same_numbers():
    answers = answered(f"{SWEEP} --json")
    expected = {
        (answer["exponent"], name): entry["value"]
        for answer in answers
        for name, entry in answer["constants"].items()
    }
    rows = list(csv.DictReader(run(f"{SWEEP} --format csv").stdout.splitlines()))
    assert {(row["exponent"], row["constant"]): row["value"] for row in rows} == expected
    assert all(row["radius"] and row["definition"] and row["source"] and not row["reason"] for row in rows)
    markdown = run(f"{SWEEP} --format markdown").stdout.splitlines()
    cells = next(line for line in markdown if line.startswith("| escape_rate |")).split(" | ")[1:]
    assert [cell.removesuffix(" |") for cell in cells] == [
        expected[a, "escape_rate"] for a in ("1.5", "2", "2.5")
    ]
    rate = expected["2", "final_rate"]
    mantissa, power = rate.split("e")
    latex = run(f"{SWEEP} --format latex").stdout
    assert rf"${mantissa} \times 10^{{{int(power)}}}$" in latex
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 1


def test_wide_sweeps_are_broken_and_undefined_constants_marked():
    text = run("constants --exponent 1.2:2.8:0.2 --only tail_prefactor,final_rate").stdout
    assert text.count("tail_prefactor") == 3  # two tables and the definition
    assert "–" in text
    single = run("constants --only final_rate --format csv").stdout.splitlines()
    assert single[1].endswith("the decay stays algebraic")


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_a_sweep_is_plotted(suffix):
    line = "constants --exponent 1.5,2,3 --only escape_rate,final_rate,tail_exponent --digits 6"
    result = run(f"{line} --plot curve.{suffix}")
    assert result.exit_code == 0, result.output
    assert "tail_exponent" in result.stdout
    content = Path(f"curve.{suffix}").read_bytes()
    assert content.startswith({"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}[suffix])
    run(f"{line} --plot again.{suffix}")
    assert Path(f"again.{suffix}").read_bytes() == content


def test_the_plot_shows_the_constants(monkeypatch):
    drawn = []
    monkeypatch.setattr("numerics.shown.figures.draw", lambda panels, **_: drawn.extend(panels))
    answers = answered("constants --exponent 3,1.5 --digits 6 --json")
    constant_tables.plot(answers)
    panels = {panel.title: panel.curves[0] for panel in drawn}
    assert "final rate" not in panels
    assert panels["tail exponent"].x.tolist() == [1.5, 3.0]
    assert panels["tail exponent"].y.tolist() == [0.666667, 0.333333]
    assert len(panels) == sum(entry["value"] is not None for entry in answers[0]["constants"].values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--exponent 2:1:0.1", "must be FIRST:LAST:STEP"),
        ("--exponent 1:2", "must be FIRST:LAST:STEP"),
        ("--exponent 2:3:0", "must be FIRST:LAST:STEP"),
        ("--exponent 2:3:1e-9", "at most 1000"),
        ("--exponent 2,x", "must be a decimal number"),
        ("--plot a.svg", "several exponents"),
        ("--exponent 2,3 --plot a.txt", "must end in .svg"),
        ("--json --format csv", "exclude each other"),
        ("--only nothing", "'nothing' is no constant; allowed are escape_rate, "),
        ("--only escape-rate", "the nearest are escape_rate,"),
        ("--exponent 2,3 --only final_rate --plot a.svg", "nothing to plot"),
        ("--format tex", "table"),
    ],
)
def test_bad_sweeps_are_refused(options, message):
    result = run(f"constants {options}")
    assert result.exit_code == 2
    assert message in result.stderr
    assert os.listdir() == []
