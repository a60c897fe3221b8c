"""``phase-retrieval descend`` on the population, on samples and by SGD: its answers are the library's."""

import json
from pathlib import Path

import numpy as np
import pytest
from commandline import answered, run

import numerics
from numerics import power_law
from theory.symbolic import parse_link, single_index

pytestmark = pytest.mark.usefixtures("folder")

LAW = "descend --exponent 1.5 --dimension 12 --teacher gaussian --seed 3 --step-size 2e-3"
PROBLEM = power_law(1.5, 12, "gaussian", seed=3)
CURVES = ("t", "u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered")


def test_many_steps_are_written_as_a_power():
    answer = answered(f"{LAW} --steps 1e6 --points 3 --json")
    curve = numerics.descend(PROBLEM, 2e-3, 10**6, 3)
    assert answer["steps"] == 10**6
    assert answer["one_minus_u"] == curve.one_minus_u.tolist()
    assert answer["t"][-1] == pytest.approx(2000)


def test_at_infinite_dimension():
    law = "descend --exponent 2 --dimension inf --init escape:1e-2"
    answer = answered(f"{law} --step-size 0.01 --steps 1e6 --points 5 --json")
    assert answer["mse"] is None
    assert 0 < answer["one_minus_u"][-1] < 2e-3


def test_sgd_is_the_librarys():
    answer = answered(f"{LAW} --steps 400 --points 6 --sgd --noise 0.05 --batch 2 --runs 3 --json")
    runs = numerics.online_sgd(PROBLEM, 2e-3, 400, batch=2, noise_variance=0.05, seeds=(3, 4, 5), points=6)
    assert answer["seeds"] == [3, 4, 5]
    assert answer["step"] == runs.steps.tolist()
    assert answer["t"] == runs.t.tolist()
    for name in CURVES[1:]:
        assert answer[name] == getattr(runs, name).tolist()
    assert (answer["batch"], answer["noise_variance"], answer["modes"]) == (2, 0.05, 12)


def test_table_of_runs_shows_medians():
    lines = run(f"{LAW} --steps 400 --points 4 --sgd --runs 3").output.splitlines()
    runs = numerics.online_sgd(PROBLEM, 2e-3, 400, seeds=(3, 4, 5), points=4)
    assert lines[0].split() == ["t", "u", "s", "1-|u|/s*", "1-s/s*", "loss", "mse"]
    assert len(lines) == 1 + len(runs.steps)
    assert lines[-1].split()[1] == f"{np.median(runs.u[:, -1]):.4g}"


def test_lost_runs_are_named_and_the_others_kept():
    law = "descend --exponent 1.5 --dimension 20 --teacher gaussian --seed 3 --step-size 0.03 --steps 3000"
    line = f"{law} --points 4 --sgd --runs 8"
    problem = power_law(1.5, 20, "gaussian", seed=3)
    runs = numerics.online_sgd(problem, 0.03, 3000, seeds=range(3, 11), points=4)
    lost = [seed for seed, gone in zip(runs.seeds, runs.lost, strict=True) if gone]
    assert 0 < len(lost) < 8
    result = run(f"{line} --json")
    assert result.exit_code == 0
    assert result.stderr == (
        f"lost: SGD diverged with seed {', '.join(map(str, lost))}; {8 - len(lost)} others are kept\n"
    )
    answer = json.loads(result.stdout)
    assert answer["lost"] == lost
    for row, gone, values in zip(answer["mse"], runs.lost, runs.mse, strict=True):
        assert (row[-1] is None) == gone
        assert row == [value if np.isfinite(value) else None for value in values]
    table = run(line).stdout.splitlines()
    assert table[-1].split()[1] == f"{np.median(runs.u[~runs.lost, -1]):.4g}"


def test_no_run_is_lost_below_the_stability_step():
    assert answered(f"{LAW} --steps 3000 --points 4 --sgd --runs 4 --json")["lost"] == []


def test_help_names_the_step_of_sgd():
    assert "sgd_stability_step" in " ".join(run("descend --help").output.split())


def test_samples_are_the_librarys():
    answer = answered(f"{LAW} --steps 300 --points 5 --samples 40 --noise 0.1 --json")
    samples = numerics.draw_samples(PROBLEM, 40, noise_variance=0.1, seed=3)
    found = numerics.empirical_descent(samples, 2e-3, 300, 5)
    for name in (*CURVES, "empirical_loss"):
        assert answer[name] == getattr(found, name).tolist()
    assert (answer["samples"], answer["noise_variance"]) == (40, 0.1)


@pytest.mark.parametrize("kind", ["--sgd --runs 2", "--samples 30", ""])
@pytest.mark.parametrize("form", ["nc", "csv", "json"])
def test_labelled_files(kind, form):
    line = f"{LAW} --steps 50 --points 4 {kind}"
    assert run(f"{line} --output run.{form}").exit_code == 0
    labelled, answer = numerics.load(f"run.{form}"), answered(f"{line} --json")
    assert labelled["u"].values.tolist() == answer["u"]
    assert labelled.attrs["step_size"] == 2e-3


def test_checkpoint_is_kept_and_used():
    line = f"{LAW} --steps 3000 --points 4 --sgd --noise 0.05 --json"
    plain = answered(line)
    assert answered(f"{line} --checkpoint state.npz") == plain
    assert Path("state.npz").exists()
    assert answered(f"{line} --checkpoint state.npz") == plain
    refused = run(f"{line} --batch 2 --checkpoint state.npz")
    assert refused.exit_code == 2
    assert "checkpoint of another run" in refused.stderr
    Path("state.npz").write_text("nonsense")
    assert "is not a checkpoint" in run(f"{line} --checkpoint state.npz").stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--steps 1.5", "must be a whole number"),
        ("--steps 1e20", "1 to 2^53"),
        ("--steps 10 --batch 2", "--batch needs --sgd"),
        ("--steps 10 --runs 2", "--runs needs --sgd"),
        ("--steps 10 --checkpoint c.npz", "--checkpoint needs --sgd"),
        ("--steps 10 --noise 0.1", "--noise needs --sgd or --samples"),
        ("--steps 10 --noise 0", "--noise needs --sgd or --samples"),
        ("--steps 10 --samples 5 --sgd", "exclude each other"),
        ("--steps 10 --samples 5 --runs 2", "--runs needs --sgd"),
        ("--steps 10 --samples 0", "--samples"),
        ("--steps 10 --sgd --noise -1", "must be a finite number, at least 0"),
        ("--steps 10 --sgd --noise inf", "must be a finite number, at least 0"),
        ("--steps 10 --sgd --batch 0", "--batch"),
        ("--steps 10 --sgd --init escape:1e-3 --dimension 3000 --teacher flat", "not reduced"),
        ("--steps 10 --samples 9 --init escape:1e-3 --dimension 3000 --teacher flat", "not reduced"),
        ("--steps 5000 --step-size 9 --sgd", "SGD diverged"),
        ("--steps 5000 --step-size 9 --samples 9", "on samples diverged"),
        ("--steps 5000 --step-size 9", "gradient descent diverged"),
    ],
)
def test_bad_input_is_one_line(options, message):
    result = run(f"{LAW} {options}")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert not list(Path().iterdir())


def test_descend_prints_the_contract():
    answer = answered("descend --exponent 2 --dimension 50 --step-size 0.01 --steps 300 --points 4 --json")
    curve = numerics.descend(power_law(2, 50), 0.01, 300, 4)
    assert set(answer) == set(CURVES) | {"teacher_energy", "modes", "step_size", "steps", "schedule"}
    assert answer["u"] == curve.u.tolist()
    assert answer["t"][0] == 0.0
    assert answer["t"][-1] == pytest.approx(3.0, rel=1e-12)


def test_descend_runs_sgd_of_any_model(tmp_path):
    """JSON is that of the interface; a table shows the median loss, a file keeps the runs."""
    line = f"{LAW} --steps 300 --points 4 --sgd --runs 2 --link relu(z) --schedule linear --batch 1,2@0.5"
    answer = answered(f"{line} --json")
    model = single_index(parse_link("relu(z)"))
    protocol = numerics.DescentProtocol(2e-3, 300, "linear", [(0, 1), (0.5, 2)])
    runs = numerics.online_sgd_network(PROBLEM, protocol, model=model, seeds=(3, 4), points=4)
    assert answer["loss"] == runs.loss.tolist()
    assert np.shape(answer["S"]) == (2, 4, 1, 1)
    assert answer["schedule"] == "linear"
    run(f"{line} --output {tmp_path / 'runs.nc'}")
    labelled = numerics.load(tmp_path / "runs.nc")
    assert np.array_equal(labelled["loss"].values, runs.loss)
    assert labelled.attrs["batch"] == "1,2@0.5"
    assert f"{np.median(runs.loss[:, -1]):.4g}" in run(line).output
