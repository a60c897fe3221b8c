"""The command line: its contract, its exits, what it imports, and that its help tells the truth."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from commandline import answered, run

import numerics
from derivations import output
from derivations.cli import COMMANDS, main
from derivations.press import constant_tables
from numerics import Problem, power_law
from numerics.shown.files import decode, load

pytestmark = pytest.mark.usefixtures("folder")

LAW = "--exponent 2 --dimension 50"
SOLVE = f"solve {LAW} --until 100"
CURVES = {"t", "u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered"}
EXAMPLES = [
    line.strip()
    for name in ("constants", "solve", "descend", "derive")
    for line in (main.get_command(click.Context(main), name).epilog or "").splitlines()
    if line.strip().startswith("phase-retrieval ")
]
SMALL = {"eigenvalues": [0.75, "0.25"], "teacher": [1, "1.0"], "init": [0.1, -0.2]}


def store(name, content):
    text = content if isinstance(content, str) else json.dumps(content)
    Path(name).write_text(text, encoding="utf-8")


# Contract


def test_constants_prints_the_contract():
    answer = answered("constants --digits 20 --json")
    assert list(answer) == ["exponent", "dimension", "teacher", "digits", "link", "width", "constants"]
    assert (answer["exponent"], answer["dimension"], answer["teacher"]) == ("2", "inf", "flat")
    assert answer["digits"] == 20
    for entry in answer["constants"].values():
        assert {"value", "radius", "definition"} <= set(entry)
        assert isinstance(entry["value"], str) if entry["value"] else entry["reason"]
    # escape rate of a = 2, d = inf: the doctest of theory.asymptotics
    assert answer["constants"]["escape_rate"]["value"] == "5.5389405910847542645"
    assert answer["constants"]["final_rate"]["value"] is None


def test_constants_keeps_decimals_exact():
    answer = answered("constants --exponent 1.1 --dimension 1e12 --teacher source:0.3 --digits 30 --json")
    assert (answer["exponent"], answer["dimension"]) == ("1.1", "1000000000000")
    # the overlap's deficit decays with the exponent (a + 2B - 1)/a = 7/11
    assert answer["constants"]["summary_exponent"]["value"] == "0.636363636363636363636363636364"


def test_constants_of_a_link():
    """Of z**3 + z by hand: E f'² = 34, E (f'²)'' = 120, and C_f = (ζ(2)/68)^(1/2) Γ(1/2)/(2 ζ(2))."""
    answer = answered("constants --link 'z^3 + z' --digits 12 --json")
    assert list(answer) == ["exponent", "dimension", "teacher", "digits", "link", "width", "constants"]
    assert answer["link"] == "z**3 + z"
    found = answer["constants"]
    assert [name for name in found if name not in answered("constants --digits 5 --json")["constants"]] == [
        *("teacher_multiple", "escape_speed", "escape_time_exponent", "escape_time_prefactor")
    ]
    amplitude = 0.5 * np.sqrt(np.pi * 6 / np.pi**2 / 68)
    half = np.sqrt(0.5)
    overlap = amplitude * (1 + half * 180 / 68) / (1 + 240 / 68)
    assert float(found["overlap_prefactor"]["value"]) == pytest.approx(overlap, rel=1e-11)
    assert float(found["energy_prefactor"]["value"]) == pytest.approx(
        2 * overlap - half * amplitude, rel=1e-11
    )
    assert float(found["loss_prefactor"]["value"]) == pytest.approx(34 * half * amplitude, rel=1e-11)
    assert "ballistic" in found["escape_rate"]["reason"]
    assert "z**2 alone" in found["recovered_constant"]["reason"]


def test_constants_of_the_square_by_name_are_those_without():
    named, plain = (
        answered("constants --link z^2 --digits 12 --json"),
        answered("constants --digits 12 --json"),
    )
    assert named["constants"] == plain["constants"]


@pytest.mark.parametrize("scale", [1, 3])
def test_constants_of_a_problem_are_those_of_its_matrices(scale):
    """Top of 4TQ + 8 (Qw*)(Qw*)^T, and the Hessian 8TQ + 16 (Qw*)(Qw*)^T, with T the teacher's energy."""
    rates, teacher = np.array([0.5, 0.3, 0.2]), scale * np.ones(3)
    store("own.json", {"eigenvalues": rates.tolist(), "teacher": teacher.tolist(), "init": [0.1, 0, 0]})
    answer = answered("constants --problem own.json --digits 12 --json")
    found, energy = answer["constants"], scale**2
    matrix = 4 * energy * np.diag(rates) + 8 * np.outer(rates * teacher, rates * teacher)
    growth = np.linalg.eigvalsh(matrix)
    assert answer.get("teacher_energy", "1") == str(energy)
    assert (answer["dimension"], answer["teacher"], answer["exponent"]) == ("3", "own.json", None)
    assert float(found["escape_rate"]["value"]) == pytest.approx(growth[-1], rel=1e-11)
    assert float(found["stability_step"]["value"]) == pytest.approx(1 / growth[-1], rel=1e-11)
    assert float(found["final_rate"]["value"]) == pytest.approx(2 * growth[0], rel=1e-11)
    assert float(found["window_end"]["value"]) == pytest.approx(1 / (8 * energy * 0.2), rel=1e-11)
    assert "no power law is known for given eigenvalues" in found["loss_prefactor"]["reason"]


def test_constants_of_a_link_without_closed_averages():
    """The Hessian of isotropic data keeps alpha/5 across the teacher, as c_p > 0; the step is 2 over that."""
    found = answered("constants --link tanh --exponent 0 --dimension 5 --digits 12 --json")["constants"]
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    alpha = 2 * weights @ np.cosh(nodes) ** -4.0 / weights.sum()
    assert float(found["stability_step"]["value"]) == pytest.approx(10 / alpha, rel=1e-11)
    assert found["stability_step"]["rigorous"]
    assert "ballistic" in found["escape_rate"]["reason"]


def test_constants_need_a_link_with_averages():
    result = run("constants --link 'abs(tanh(z))'")
    assert result.exit_code == 2
    assert "kink away from z = 0" in result.stderr


def test_constants_of_sgd_at_a_step():
    names = ["sgd_stability_step", "sgd_loss_floor", "sgd_mse_floor", "sgd_amplification"]
    line = f"constants --dimension 30 --batch 2 --only {','.join(names)} --digits 8 --json --step-size"
    answer = answered(f"{line} 1e-3")
    assert (answer["batch"], answer["step_size"]) == (2, 1e-3)
    assert list(answer["constants"]) == names
    assert float(answer["constants"]["sgd_mse_floor"]["value"]) == pytest.approx(5e-4, rel=0.1)
    beyond = answered(f"{line} 0.5")["constants"]
    assert beyond["sgd_stability_step"]["value"] is not None
    for name in names[1:]:
        assert beyond[name]["value"] is None
        assert "largest stable" in beyond[name]["reason"]


def test_solve_prints_the_contract():
    answer = answered(f"{SOLVE} --json --seed 3")
    assert set(answer) >= CURVES | {"limit", "limit_reason", "teacher_energy", "modes", "steps", "error"}
    assert {len(answer[name]) for name in CURVES} == {200}
    assert all(isinstance(value, float) for name in CURVES for value in answer[name])
    assert answer["limit"] in ("+teacher", "-teacher")
    assert set(answer["phases"]) == {"t1", "t1_prime", "t2", "delta", "epsilon"}
    assert isinstance(answer["modes"], int)
    assert isinstance(answer["steps"], int)
    assert 0 < answer["error"] < 1e-9


def test_default_times_are_evenly_spaced_in_the_logarithm():
    times = answered(f"{SOLVE} --points 5 --json")["t"]
    assert times[-1] == 100.0
    assert 0 < times[0] < 0.1
    assert np.ptp(np.diff(np.log(times))) < 1e-12


def test_chosen_times_come_back_in_their_order():
    assert answered(f"{SOLVE} --times 7,0,1e2 --json")["t"] == [7.0, 0.0, 100.0]


def test_undefined_numbers_are_null():
    answer = answered("solve --exponent 2 --dimension inf --init escape:1e-3 --until 0.1 --points 2 --json")
    assert answer["mse"] is None
    assert all(isinstance(value, float) for value in answer["recovered"])
    assert answer["phases"]["t1"] is answer["phases"]["t2"] is None


def test_solve_of_a_file_agrees_with_the_interface():
    store("problem.json", SMALL)
    answer = answered("solve --problem problem.json --until 20 --times 0.5,20 --json")
    trajectory = numerics.solve(Problem([0.75, 0.25], [1, 1], [0.1, -0.2]), 20.0)
    for name, values in trajectory.at([0.5, 20.0])._asdict().items():
        assert answer[name] == values.tolist()
    assert answer["limit"] == trajectory.limit.name
    assert answer["phases"]["t2"] == trajectory.phases(0.1, 0.05).t2


def test_solve_of_a_law_agrees_with_the_interface():
    answer = answered(f"{SOLVE} --teacher gaussian --seed 5 --times 100 --json")
    trajectory = numerics.solve(power_law(2, 50, "gaussian", seed=5), 100.0)
    assert answer["u"] == trajectory.at([100.0]).u.tolist()


def test_solve_sgd_prints_the_contract():
    answer = answered(f"{SOLVE} --seed 3 --sgd --step-size 2e-3 --batch 2 --noise 0.1 --points 20 --json")
    assert set(answer) >= CURVES | {"limit", "limit_reason", "teacher_energy", "modes", "steps", "error"}
    assert (answer["step_size"], answer["batch"], answer["noise_variance"]) == (2e-3, 2, 0.1)
    run = numerics.predict_sgd(power_law(2, 50, seed=3), 2e-3, 50_000, batch=2, noise_variance=0.1, points=20)
    assert answer["loss"] == run.loss.tolist()
    assert answer["t"][0] == 0.0
    assert answer["t"][-1] == pytest.approx(100.0, rel=1e-12)
    assert answer["limit"] == run.limit.name


def test_solve_sgd_at_chosen_times_is_at_whole_steps():
    line = "solve --exponent 2 --dimension inf --init escape:1e-2 --until 20 --sgd --step-size 3e-3 --json"
    answer = answered(f"{line} --times 0.1,20")
    assert answer["t"] == pytest.approx([33 * 3e-3, 6667 * 3e-3], rel=1e-14)
    assert answer["mse"] is answer["mse_std"] is None
    assert all(isinstance(value, float) for value in [*answer["recovered"], *answer["loss_std"]])


def test_solve_sgd_of_a_link_and_of_a_network():
    line = f"{SOLVE} --sgd --step-size 1e-3 --points 3 --json"
    assert answered(f"{line} --link z**2")["loss"] == answered(line)["loss"]
    cubic = answered(f"solve {LAW} --until 5 --sgd --step-size 1e-4 --link z**3+z --points 3 --json")
    assert 0 < cubic["loss"][-1] < 0.5 * cubic["loss"][0]
    store("two.json", {**SMALL, "init": [[0.1, 0.2], [0.3, 0.1]]})
    assert run("solve --problem two.json --until 1 --sgd --step-size 0.01").exit_code == 2


def test_descend_prints_the_contract():
    answer = answered(f"descend {LAW} --step-size 0.01 --steps 300 --points 4 --json")
    curve = numerics.descend(power_law(2, 50), 0.01, 300, 4)
    assert set(answer) == CURVES | {"teacher_energy", "modes", "step_size", "steps"}
    assert answer["u"] == curve.u.tolist()
    assert answer["t"][0] == 0.0
    assert answer["t"][-1] == pytest.approx(3.0, rel=1e-12)


def test_derive_prints_what_sympy_reads():
    sympy = pytest.importorskip("sympy")
    answer = answered("derive --link 'z**2' --json")
    s, u, t = sympy.symbols("s u t")
    assert sympy.sympify(answer["loss"]) == 3 * s**2 - 2 * s * t + 3 * t**2 - 4 * u**2
    assert sympy.sympify(answer["A"]) == -2 * sympy.sympify(answer["loss"]).diff(s)
    assert sympy.sympify(answer["B"]) == 8 * u
    assert answered("derive --link z --teacher-link z**2 --json")["teacher_link"] == "z**2"


def test_derive_reads_closed_forms():
    sympy = pytest.importorskip("sympy")
    answer = answered("derive --link 'erf(z/sqrt(2))' --json")
    s, u, t = sympy.symbols("s u t")
    pull = 4 / (sympy.pi * sympy.sqrt((1 + s) * (1 + t) - u**2))
    assert sympy.simplify(sympy.sympify(answer["B"]) - pull) == 0
    assert "asin" in run("derive --link 'relu(z)'").output


def test_gaussian_teacher_is_the_same_for_constants_and_solve():
    """Both see the escape rate's data: λ_i² (w*_i)², recomputed here from the problem that is solved."""
    answer = answered("constants --exponent 2 --dimension 50 --teacher gaussian --seed 7 --digits 15 --json")
    problem = power_law(2, 50, "gaussian", seed=7)
    rate = float(answer["constants"]["escape_rate"]["value"])
    feedback = 8 * np.sum(problem.eigenvalues**2 * problem.teacher**2 / (rate - 4 * problem.eigenvalues))
    assert feedback == pytest.approx(1.0, abs=1e-12)
    other = answered("constants --exponent 2 --dimension 50 --teacher gaussian --seed 8 --digits 15 --json")
    assert float(other["constants"]["escape_rate"]["value"]) != rate


def test_a_teacher_in_a_file_is_that_teacher():
    store("teacher.txt", "3, 3\n3 3")
    flat = answered("constants --dimension 4 --digits 10 --json")["constants"]["escape_rate"]
    given = answered("constants --dimension 4 --teacher teacher.txt --digits 10 --json")["constants"]
    assert given["escape_rate"]["value"] == flat["value"]
    store("init.json", [0.1, 0.2, 0, 0])
    law = "--exponent 1 --dimension 4 --teacher teacher.txt --init init.json"
    weights = np.array([12, 6, 4, 3]) / 25  # λ_i w*_i, as every w*_i is 1
    start = answered(f"solve {law} --until 1 --times 0 --json")["u"][0]
    assert start == pytest.approx(weights @ [0.1, 0.2, 0, 0], rel=1e-14)


# Output


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_in_the_help_run(line):
    store("problem.json", SMALL)
    result = run(line.removeprefix("phase-retrieval "))
    assert result.exit_code == 0, result.output
    assert result.stdout.strip()
    assert os.listdir() == ["problem.json"]


def test_every_command_has_examples():
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_commands_say(name):
    command = main.get_command(click.Context(main), name)
    assert command.name == name
    assert command.epilog
    assert COMMANDS[name][1] in run("--help").stdout


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


# Exits

BAD = {
    "no command": "",
    "unknown command": "solv",
    "unknown option": f"{SOLVE} --colour red",
    "unknown group option": "--colour red",
    "missing value": "constants --digits",
    "extra argument": "derive z**2",
    "missing until": f"solve {LAW}",
    "missing law": "solve --until 1",
    "missing dimension": "solve --exponent 2 --until 1",
    "law and file": f"{SOLVE} --problem problem.json",
    "seed and file": "solve --problem problem.json --seed 0 --until 1",
    "exponent nan": "constants --exponent nan",
    "exponent negative": "constants --exponent -1 --dimension 10",
    "exponent word": "constants --exponent two",
    "exponent huge": "constants --exponent 1e999999999",
    "exponent too large": "constants --exponent 1e99 --dimension 1e6",
    "source too large": "constants --dimension 1e6 --teacher source:-1e9",
    "batch 0": "constants --batch 0",
    "SGD's step without a batch": "constants --only sgd_stability_step",
    "a step size without a batch": "constants --step-size 1e-3",
    "SGD's floor without a step size": "constants --batch 1 --only sgd_loss_floor",
    "SGD without a step size": "solve --exponent 2 --dimension 5 --until 1 --sgd",
    "a batch without SGD": "solve --exponent 2 --dimension 5 --until 1 --batch 2",
    "label noise without SGD": "solve --exponent 2 --dimension 5 --until 1 --noise 0.1",
    "SGD to many digits": "solve --exponent 2 --dimension 5 --until 1 --sgd --step-size 0.01 --digits 20",
    "a time below a step": "solve --exponent 2 --dimension 5 --until 1e-3 --sgd --step-size 0.01",
    "exponent 1 at infinity": "constants --exponent 1",
    "exponent negative, solve": "solve --exponent -0.1 --dimension 10 --until 1",
    "exponent nan, solve": "solve --exponent nan --dimension 10 --until 1",
    "exponent 1 at infinity, solve": "solve --exponent 1 --dimension inf --init escape:1e-3 --until 1",
    "dimension 0": "constants --dimension 0",
    "dimension fraction": "constants --dimension 10.5",
    "dimension nan": "solve --exponent 2 --dimension nan --until 1",
    "dimension huge": "constants --dimension 1e999999999",
    "dimension -inf": "constants --dimension -inf",
    "sphere at infinity": "solve --exponent 2 --dimension inf --until 1",
    "sphere too large": "solve --exponent 2 --dimension 1e12 --until 1",
    "gaussian at infinity": "constants --teacher gaussian",
    "gaussian too large": "constants --teacher gaussian --dimension 1e12",
    "gaussian at infinity, solve": "solve --exponent 2 --dimension inf --teacher gaussian "
    "--init escape:1 --until 1",
    "source at infinity": "constants --teacher source:-1",
    "source at infinity, solve": "solve --exponent 2 --dimension inf --teacher source:-1 "
    "--init escape:1 --until 1",
    "source fraction": "constants --teacher source:1/3",
    "source huge": "constants --teacher source:1e999999999",
    "source word": "constants --teacher source:B",
    "source word, solve": f"{SOLVE} --teacher source:B",
    "teacher unknown": "constants --teacher flatt",
    "teacher empty name": f"{SOLVE} --teacher ''",
    "teacher too short": f"{SOLVE} --teacher vector.txt",
    "teacher too short, constants": "constants --dimension 50 --teacher vector.txt",
    "teacher zero": "solve --exponent 2 --dimension 3 --teacher zeros.txt --until 1",
    "teacher zero, constants": "constants --dimension 3 --teacher zeros.txt",
    "teacher nan": "solve --exponent 2 --dimension 3 --teacher nan.txt --until 1",
    "teacher words": "constants --dimension 3 --teacher words.txt",
    "teacher empty": "constants --dimension 3 --teacher empty.txt",
    "teacher folder": "constants --dimension 3 --teacher .",
    "teacher binary": "constants --dimension 3 --teacher binary.txt",
    "init unknown": f"{SOLVE} --init ball",
    "init escape 0": f"{SOLVE} --init escape:0",
    "init escape nan": f"{SOLVE} --init escape:nan",
    "init too short": f"{SOLVE} --init vector.txt",
    "seed negative": f"{SOLVE} --seed -1",
    "seed word": f"{SOLVE} --seed x",
    "until negative": f"solve {LAW} --until -1",
    "until 0": f"solve {LAW} --until 0",
    "until nan": f"solve {LAW} --until nan",
    "until inf": f"solve {LAW} --until inf",
    "until beyond floats": f"solve {LAW} --until 1e200",
    "times beyond until": f"{SOLVE} --times 1,101",
    "times negative": f"{SOLVE} --times -1,1",
    "times words": f"{SOLVE} --times 3,1,x",
    "times nan": f"{SOLVE} --times nan",
    "times empty": f"{SOLVE} --times ''",
    "times and points": f"{SOLVE} --times 1 --points 3",
    "points 1": f"{SOLVE} --points 1",
    "points huge": f"{SOLVE} --points 1000000000000",
    "digits 0": "constants --digits 0",
    "digits absurd": "constants --digits 1000000000",
    "digits fraction": "constants --digits 1.5",
    "step size 0": f"descend {LAW} --step-size 0 --steps 1",
    "step size nan": f"descend {LAW} --step-size nan --steps 1",
    "step size too large": f"descend {LAW} --step-size 1e3 --steps 1000",
    "steps 0": f"descend {LAW} --step-size 0.1 --steps 0",
    "steps huge": f"descend {LAW} --step-size 0.1 --steps 100000000000000000000",
    "link unknown function": "derive --link 'log(z)'",
    "link unknown average": "derive --link 'tanh(z)'",
    "weights too few": "derive --width 3 --weights 1,2",
    "weights no numbers": "derive --width 2 --weights 1,b",
    "weights of a run": f"{SOLVE} --width 3 --weights 1,2",
    "link constant": "derive --link 3",
    "link code": "derive --link '__import__(\"os\")'",
    "teacher link": "derive --teacher-link x",
    "output folder missing": "constants --output nowhere/answer.txt",
    "output is a folder": f"{SOLVE} --output .",
    "problem missing": "solve --problem absent.json --until 1",
    "problem folder": "solve --problem . --until 1",
    "problem malformed": "solve --problem words.txt --until 1",
    "problem a list": "solve --problem list.json --until 1",
    "problem negative eigenvalue": "solve --problem negative.json --until 1",
    "problem mismatched": "solve --problem mismatched.json --until 1",
    "problem nan": "solve --problem nan.json --until 1",
    "problem without energy": "solve --problem zero.json --until 1",
    "problem and exponent, constants": "constants --problem problem.json --exponent 2",
    "problem without energy, constants": "constants --problem zero.json",
    "problem of a network, constants": "constants --problem network.json",
    "format and json": f"{SOLVE} --json --format csv",
    "format unknown": f"{SOLVE} --format xml",
    "netcdf to the terminal": f"descend {LAW} --step-size 0.1 --steps 2 --format nc --points 2 ",
    "problem damaged": "solve --problem damaged.nc --until 1",
    "problem empty": "descend --problem void.json --step-size 1 --steps 1",
}
FILES = {
    "problem.json": SMALL,
    "vector.txt": "1 2 3",
    "zeros.txt": "0 0 0",
    "nan.txt": "1 nan 2",
    "words.txt": "one, two, three",
    "empty.txt": "",
    "list.json": [1, 2],
    "negative.json": {**SMALL, "eigenvalues": [1, -1]},
    "mismatched.json": {**SMALL, "init": [1]},
    "nan.json": '{"eigenvalues": [1, 1], "teacher": [1, NaN], "init": [1, 1]}',
    "zero.json": {**SMALL, "teacher": [0, 0]},
    "damaged.nc": "CDF\x02 and no more",
    "network.json": {**SMALL, "init": [[0.1, 0], [0, 0.1]]},
    "void.json": {"eigenvalues": [], "teacher": [], "init": []},
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_and_status_2(line):
    for name, content in FILES.items():
        store(name, content)
    Path("binary.txt").write_bytes(b"\xff\xfe\x00")
    before = sorted(os.listdir())
    printed = "--output" in line or "--format nc" in line or not line
    result = run(line if printed else f"{line} --output answer.txt")
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("phase-retrieval: ")
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) > 30
    assert sorted(os.listdir()) == before


def test_bad_input_costs_no_work(monkeypatch):
    monkeypatch.setattr(numerics, "solve", lambda *_, **__: pytest.fail("solved before checking"))
    assert run(f"{SOLVE} --output nowhere/answer.txt").exit_code == 2
    assert run(f"{SOLVE} --times 1,101").exit_code == 2


def test_a_bug_keeps_its_traceback(monkeypatch):
    def broken(*_, **__):
        raise ValueError("a bug, not bad input")

    monkeypatch.setattr(numerics, "solve", broken)
    result = run(SOLVE)
    assert type(result.exception) is ValueError
    assert "phase-retrieval:" not in result.stderr


def test_ctrl_c_is_one_line_and_status_130(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(numerics, "solve", interrupted)
    result = run(f"{SOLVE} --output answer.txt")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "phase-retrieval: interrupted\n"
    assert os.listdir() == []


def test_version():
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.split()[0] == "phase-retrieval"


# Processes

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


# Tables of constants


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
        ("--only nothing", "must be among"),
        ("--exponent 2,3 --only final_rate --plot a.svg", "nothing to plot"),
        ("--format tex", "table"),
    ],
)
def test_bad_sweeps_are_refused(options, message):
    result = run(f"constants {options}")
    assert result.exit_code == 2
    assert message in result.stderr
    assert os.listdir() == []


# Completion


def completion(wanted, **asked):
    """What the program prints for a shell that sets these variables."""
    environment = {"_PHASE_RETRIEVAL_COMPLETE": wanted, **asked}
    return CliRunner().invoke(main, [], env=environment, prog_name="phase-retrieval").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell):
    assert "_PHASE_RETRIEVAL_COMPLETE" in completion(f"{shell}_source")


@pytest.mark.parametrize(
    ("words", "offered"),
    [("phase-retrieval con", {"constants"}), ("phase-retrieval solve --dim", {"--dimension"})],
)
def test_commands_and_options_are_completed(words, offered):
    last = str(len(words.split()) - 1)
    found = completion("bash_complete", COMP_WORDS=words, COMP_CWORD=last).split()
    assert {line.removeprefix("plain,") for line in found} == offered


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
