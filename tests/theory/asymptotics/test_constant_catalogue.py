"""Every constant: its digits, its radius, its printed form; and the state of mpmath after."""

import inspect
import json
import math
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from mpmath import mp, mpf

from theory import asymptotics
from theory.asymptotics import CATALOGUE, Given, PowerLaw, as_json, constants
from theory.asymptotics.convergence import linearisation
from theory.asymptotics.escape import rate as escape
from theory.asymptotics.numbers.constant import Constant
from theory.asymptotics.sums import spectrum

TESTS = Path(__file__).parents[2]
NAMES = set(CATALOGUE)
CONTRACT = {
    "escape_rate",
    "stability_step",
    "summary_exponent",
    "overlap_prefactor",
    "energy_prefactor",
    "loss_prefactor",
    "convergence_exponent",
    "convergence_prefactor",
    "tail_exponent",
    "tail_prefactor",
    "window_start",
    "window_end",
    "final_rate",
}
"""Names that scripts may rely on."""

FINITE = {"plateau_end", "window_end", "final_rate"}
"""Defined at finite d alone; plateau_height also at d = inf if the teacher is flat."""
TEACHERS = ["flat", "source:0.3", "source:-0.2"]
CASES = [
    (exponent, dimension, teacher)
    for exponent in ("1.2", "2", "4")
    for dimension in (math.inf, 1000, 10**12)
    for teacher in TEACHERS
    if not (teacher == "source:-0.2" and exponent == "1.2")
]
CASES = [*CASES[::2], *(pytest.param(*case, marks=pytest.mark.slow) for case in CASES[1::2])]


@pytest.mark.parametrize(("exponent", "dimension", "teacher"), CASES)
def test_doubled_precision_stays_within_the_radius(exponent, dimension, teacher):
    digits = 18
    law = PowerLaw(exponent, dimension, teacher)
    single, double = constants(law, digits), constants(law, 2 * digits)
    defined = {name for name in NAMES if single[name].value is not None}
    missing = FINITE if teacher == "flat" else FINITE | {"plateau_height"}
    assert defined == (NAMES - missing if dimension == math.inf else NAMES)
    with mp.workdps(3 * digits + 60):
        for name in defined:
            truth = double[name].value
            assert abs(single[name].value - truth) <= single[name].radius + double[name].radius
            text, radius = single[name].printed(digits)
            assert abs(mpf(text) - truth) <= mpf(radius)
            assert mpf(radius) < abs(truth) * mpf(10) ** (1 - digits)


def test_shallow_teacher_at_finite_dimension():
    for dimension in (1000, 10**6):
        found = constants(PowerLaw("1.2", dimension, "source:-0.2"), 15)
        undefined = {name for name in found if found[name].value is None}
        assert undefined == {
            name
            for name in NAMES - {"recovered_fluctuation"}
            if name.startswith(("summary", "overlap", "energy", "loss", "convergence", "recovered", "frozen"))
            or name.startswith("plateau_drop")
        }


def test_json_contract():
    answer = json.loads(json.dumps(as_json(PowerLaw("1.5", "inf", "source:0.25"), 30)))
    assert list(answer) == ["exponent", "dimension", "teacher", "digits", "link", "width", "constants"]
    assert (answer["exponent"], answer["dimension"]) == ("1.5", "inf")
    assert (answer["teacher"], answer["digits"]) == ("source:0.25", 30)
    assert list(answer["constants"]) == list(CATALOGUE)
    assert set(answer["constants"]) >= CONTRACT
    for name, entry in answer["constants"].items():
        assert {"value", "radius", "definition", "source"} <= set(entry)
        assert (entry["value"] is None) == ("reason" in entry) == (name in FINITE | {"plateau_height"})
        if entry["value"] is not None:
            digits = entry["value"].split("e")[0].replace(".", "").lstrip("-0")
            assert len(digits) == 30


def test_a_constant_is_catalogued_exported_and_compared_with_a_second_route():
    """What is marked anywhere is in the catalogue, in the package, and in a test beside this one."""
    marked = {}
    for module in walk_packages(asymptotics.__path__, "theory.asymptotics."):
        functions = vars(import_module(module.name)).items()
        marked |= {name: item for name, item in functions if getattr(item, "in_catalogue", False)}
    assert marked == dict(CATALOGUE)
    assert marked.keys() <= set(asymptotics.__all__)
    others = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__)]
    compared = "".join(path.read_text("utf-8") for path in others)
    assert [name for name in marked if name not in compared] == []


def test_json_names_given_teachers():
    assert as_json(PowerLaw(2, 2, [1, 2]))["teacher"] == "given"
    assert as_json(PowerLaw(2, 2, [1, 2]), teacher="gaussian")["teacher"] == "gaussian"
    answer = as_json(Given([2, 1], [1, 2]))
    assert (answer["exponent"], answer["dimension"]) == (None, "2")


@pytest.mark.parametrize("digits", [0, -3, 2.5, "ten"])
def test_digits_must_be_a_positive_integer(digits):
    with pytest.raises((TypeError, ValueError), match=r"digits is .*: it must be a positive integer"):
        constants(PowerLaw(2, "inf"), digits)


@pytest.mark.parametrize("text", ["0.6666666666666666666666", "123456.7890123456789", "9.99999e-40"])
def test_printed_radius_covers_the_rounding(text):
    with mp.workdps(60):
        constant = Constant(mpf(text), mpf(text) * mpf(10) ** -30, "", "")
        for digits in range(1, 15):
            value, radius = (mpf(printed) for printed in constant.printed(digits))
            assert abs(value - mpf(text)) + constant.radius <= radius


def test_working_precision_is_restored():
    before = mp.prec
    constants(PowerLaw("1.9", 500), 35)
    assert mp.prec == before


def test_result_does_not_depend_on_the_callers_precision():
    outside = constants(PowerLaw("2.3", 300), 20)
    for cached in (escape._root, linearisation._slowest, spectrum._total):
        cached.cache_clear()
    with mp.workdps(80):
        inside = constants(PowerLaw("2.3", 300), 20)
    assert {name: c.value for name, c in inside.items()} == {name: c.value for name, c in outside.items()}


def test_import_needs_neither_sympy_nor_numpy():
    program = (
        "import sys, theory.asymptotics;print(sorted({'sympy', 'numpy', 'scipy', 'flint'} & "
        "set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_fifteen_digits_unless_asked():
    """Ten of laws over teachers, whose integrals take long."""
    for name in filter(str.islower, asymptotics.__all__):
        asked = inspect.signature(getattr(asymptotics, name)).parameters.get("digits")
        law = name.removeprefix("escape_rate_") in ("distribution", "survival", "density", "quantile")
        assert asked is None or asked.default == (10 if law else 15), name
