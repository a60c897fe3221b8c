"""``constants``: its contract, and the numbers of links, problems and online SGD."""

import csv
import json

import numpy as np
import pytest
from commandline import answered, invoke, run, store

from numerics import power_law

pytestmark = pytest.mark.usefixtures("folder")


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


def test_constants_of_a_network():
    """Two quadratic students of alpha = 8: the loss of one, twice; at 0 A = 4 M and dB/du = 8."""
    answer = answered("constants --width 2 --teachers 2 --digits 12 --json")
    assert (answer["link"], answer["width"], answer["teachers"]) == ("z**2", 2, 2)
    found, one = answer["constants"], answered("constants --digits 12 --json")["constants"]
    single = float(one["loss_prefactor"]["value"])
    assert float(found["loss_prefactor"]["value"]) == pytest.approx(2 * single, rel=1e-11)
    assert found["summary_exponent"]["value"] == one["summary_exponent"]["value"]
    assert "rho - 8 lambda_i" in found["escape_rate"]["definition"]
    rows = csv.DictReader(run("constants --width 2 --teachers 2 --digits 5 --format csv").stdout.splitlines())
    assert {(row["link"], row["width"]) for row in rows} == {("z**2", "2")}


def test_constants_of_a_teacher_of_another_link():
    """z**2 learns z**4: E z²(z⁴ - m² z²) = 0 at m² = 5, alpha = 12 m² - 12 = 48."""
    answer = answered("constants --teacher-link z**4 --digits 12 --json")
    assert (answer["link"], answer["teacher_link"], answer["width"]) == ("z**2", "z**4", 1)
    found = answer["constants"]
    assert float(found["teacher_multiple"]["value"]) == pytest.approx(5**0.5, rel=1e-11)
    assert float(found["window_start"]["value"]) == pytest.approx(np.pi**2 / 6 / 48, rel=1e-11)


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


def test_a_network_on_the_modes_of_a_file(tmp_path):
    """Two orthogonal teachers at one eigenvalue: 8 at 0, and 2 over the largest rate there, 16."""
    path, root = tmp_path / "two.json", 2**0.5
    teachers = [[root, 0.0], [0.0, root]]
    path.write_text(json.dumps({"eigenvalues": [0.5, 0.5], "teacher": teachers, "init": teachers}))
    result = invoke("constants", "--problem", path, "--json")
    answer = json.loads(result.stdout)
    assert (answer["width"], answer["teachers"], answer["dimension"]) == (2, 2, "2")
    values = {name: entry["value"] for name, entry in answer["constants"].items()}
    assert float(values["escape_rate"]) == pytest.approx(8.0, rel=1e-12)
    assert float(values["stability_step"]) == pytest.approx(0.125, rel=1e-12)
    assert float(values["final_rate"]) == pytest.approx(8.0, rel=1e-12)
    assert values["summary_exponent"] is None
    assert "regular teachers" in answer["constants"]["summary_exponent"]["reason"]
    for options in (["--batch", 1], ["--constraint", "sphere"], ["--normalised"]):
        assert invoke("constants", "--problem", path, *options).exit_code == 2
