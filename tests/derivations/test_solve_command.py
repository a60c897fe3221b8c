"""``solve``: its contract, its times, and that it agrees with the interface."""

import numpy as np
import pytest
from commandline import CURVES, LAW, SMALL, SOLVE, answered, run, store

import numerics
from numerics import Problem, power_law
from theory.symbolic import Model, Z

pytestmark = pytest.mark.usefixtures("folder")


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


def test_solve_sgd_takes_a_schedule(tmp_path):
    """Times are sums of steps: until them, by name and by file, with batches that grow."""
    line = f"{SOLVE} --seed 3 --sgd --step-size 2e-3 --points 5 --json"
    answer = answered(f"{line} --schedule linear --batch 1,4@0.5")
    steps = answer["steps"]
    assert answer["schedule"] == "linear"
    assert answer["batch"] == "1,4@0.5"
    assert answer["t"][-1] == pytest.approx(2e-3 * (steps + 1) / 2, rel=1e-12)
    assert answer["t"][-1] == pytest.approx(100, rel=1e-4)
    (tmp_path / "half.txt").write_text(" ".join(["0.5"] * 200))
    short = line.replace("--until 100", "--until 0.1")
    listed = answered(f"{short} --schedule {tmp_path / 'half.txt'}")
    plain = answered(short.replace("2e-3", "1e-3"))
    assert listed["steps"] == 100
    assert listed["u"] == plain["u"]


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


def test_solve_sgd_of_two_students():
    line = "solve --exponent 1 --dimension 12 --seed 2 --until 0.2 --sgd --step-size 2e-3 --noise 0.1"
    answer = answered(f"{line} --width 2 --teachers 2 --schedule linear --points 3 --json")
    assert np.shape(answer["S"]) == (3, 2, 2)
    protocol = numerics.DescentProtocol(2e-3, answer["steps"], "linear", noise_variance=0.1)
    pair = Model("pair", Z**2, Z**2, (1, 1), (1, 1))
    problem = numerics.power_law_network(1, 12, 2, 2, seed=2)
    run_ = numerics.predict_sgd_network(problem, protocol, model=pair, points=3)
    assert answer["loss"] == run_.loss.tolist()


def test_solve_sgd_of_a_link_and_of_a_network():
    line = f"{SOLVE} --sgd --step-size 1e-3 --points 3 --json"
    assert answered(f"{line} --link z**2")["loss"] == answered(line)["loss"]
    cubic = answered(f"solve {LAW} --until 5 --sgd --step-size 1e-4 --link z**3+z --points 3 --json")
    assert 0 < cubic["loss"][-1] < 0.5 * cubic["loss"][0]
    store("two.json", {**SMALL, "init": [[0.1, 0.2], [0.3, 0.1]]})
    assert run("solve --problem two.json --until 1 --sgd --step-size 0.01").exit_code == 2


def test_a_relative_error_that_is_good_enough():
    """It is printed and kept in files, and the run states about that error."""
    answer = answered(f"{SOLVE} --rtol 1e-6 --json")
    assert answer["rtol"] == 1e-6
    assert 1e-10 < answer["error"] < 1e-5
    assert '"rtol": 1e-06' in run(f"{SOLVE} --rtol 1e-6 --points 3 --format csv").stdout
    network = answered("solve --exponent 1.5 --dimension 9 --width 2 --until 5 --rtol 1e-4 --json")
    assert network["rtol"] == 1e-4
    assert "rtol" not in answered(f"{SOLVE} --json")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--rtol 1e-13", "'1e-13' must be a relative error, 1e-12 to 0.001"),
        ("--rtol much", "'much' must be a relative error, 1e-12 to 0.001"),
        ("--rtol 1e-6 --digits 20", "--rtol and --digits exclude each other"),
        ("--rtol 1e-6 --sgd --step-size 1e-3", "--rtol and --sgd exclude each other"),
        ("--rtol 1e-6 --inputs rademacher", "--rtol and --inputs exclude each other"),
        ("--rtol 1e-6 --samples 100", "--rtol and --samples exclude each other"),
        ("--rtol 1e-6 --constraint sphere", "rtol goes with the plain flow alone"),
    ],
)
def test_where_no_relative_error_may_be_asked(options, says):
    result = run(f"{SOLVE} {options}")
    assert result.exit_code == 2
    assert says in result.stderr
