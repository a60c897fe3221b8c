"""The README's figures are what the code gives."""

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from derivations.cli import COMMANDS
from derivations.convergence import statements as convergence
from derivations.convergence.measured.infinite import TIMES, run
from derivations.press.linear import linear
from derivations.setting.laws import LAWS
from derivations.setting.symbols import time, u
from derivations.tail.statements import frozen_flow, tau, uniform
from numerics import extrapolate_power_law, power_law, solve
from theory.asymptotics import PowerLaw, constants
from theory.symbolic.notation import latex

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = {
    "escape rate ρ": "escape_rate",
    "1 − u ~ C t^−γ: γ": "summary_exponent",
    "C of 1 − u": "overlap_prefactor",
    "C of 1 − s": "energy_prefactor",
    "C of the loss": "loss_prefactor",
    "directions learned ~ C t^(1/a): C": "tail_prefactor",
}


@pytest.fixture(scope="module")
def table():
    rows = re.findall(r"^\| (.+?) \| ([\d.]+) \| ([\d.]+) \|$", README, re.M)
    assert [name for name, _, _ in rows] == list(ROWS)
    return {name: (predicted, measured) for name, predicted, measured in rows}


@pytest.fixture(scope="module")
def measured():
    late = run(2.0).at(TIMES)
    fits = {name: extrapolate_power_law(TIMES, getattr(late, name)) for name in late._fields[3:6]}
    escape = solve(power_law(2, math.inf, init="escape:1e-40", horizon=100.0), 100.0)
    begin, end = (escape.phases(delta=level).t1 for level in (1e-20, 1e-18))
    return {
        "escape_rate": math.log(100.0) / (end - begin),
        "summary_exponent": -fits["one_minus_u"].exponent,
        "overlap_prefactor": fits["one_minus_u"].prefactor,
        "energy_prefactor": fits["one_minus_s"].prefactor,
        "loss_prefactor": fits["loss"].prefactor,
        "tail_prefactor": extrapolate_power_law(TIMES, late.recovered).prefactor,
    }


def test_predictions(table):
    predicted = constants(PowerLaw(2, "inf"), 15)
    for name, constant in ROWS.items():
        assert float(table[name][0]) == pytest.approx(float(predicted[constant]), rel=4e-9), name


def test_measurements(table, measured):
    for name, constant in ROWS.items():
        assert float(table[name][1]) == pytest.approx(measured[constant], rel=4e-9), name


def _plain(formula):
    """A formula as the README types it: letters for raised and lowered ones, no spaces."""
    text = linear(formula).replace("⁎", "*").replace("ᵢ", "_i").replace("w_i*", "w*_i").replace("∼", "~")
    return re.sub(r"\s", "", re.sub(r"\^\((−?\w)\)", r"^\1", text))


def test_formulas_are_those_that_are_checked():
    typed, law = re.sub(r"\s", "", README), convergence.overlap()
    growth = time ** LAWS["tail"].exponent.args[0].expr
    assert law.checked
    assert uniform().checked
    assert uniform().clauses[0].sides[1].has(growth.subs(time, tau))
    assert law.clauses[0].sides[0] == 1 - u
    assert law.clauses[0].sides[1].has(convergence.POWER)
    for formula in (
        frozen_flow().latex.replace("=", r"\approx"),
        rf"1 - u \sim {latex(convergence.POWER)}",
        rf"C {latex(growth)}",
    ):
        assert _plain(formula) in typed, formula
    laws = (ROOT / "derivations" / "guide" / "limits.md").read_text(encoding="utf-8")
    assert rf"$1 - u \sim {latex(convergence.POWER)}$".replace(" ", "") in laws.replace(" ", "")


def test_every_command_is_shown():
    shown = set(re.findall(r"\.venv/bin/phase-retrieval (\w+)", README))
    assert shown == set(COMMANDS) - {"report"}


def test_picture_is_there():
    (name,) = re.findall(r"!\[.+?\]\((.+?)\)", README)
    picture = ElementTree.parse(ROOT / name).getroot()
    assert picture.tag.endswith("svg")
    assert len(list(picture.iter())) > 100


def test_the_seed_of_the_picture_and_the_band_over_seeds():
    """The phases that its caption quotes, from runs of their own."""
    caption = " ".join(README.split("*The three phases")[1].split("*\n")[0].split())
    seed = int(re.search(r"of seed (\d+)", caption)[1])
    seeds = int(re.search(r"over (\d+) seeds", caption)[1])
    late = [solve(power_law(2, 1000, "gaussian", seed=one), 1e3).phases().t2 for one in range(seeds)]
    low, middle, high = np.quantile(late, (0.05, 0.5, 0.95))
    assert f"whose T2 is {late[seed]:.0f}." in caption
    assert f"T2 is {middle:.0f}, and between {low:.1f} and {high:.0f}." in caption
