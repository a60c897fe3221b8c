"""``solve --samples``: the mean curve of the flow on n samples."""

import numpy as np
import pytest
from commandline import LAW, SOLVE, answered, run, store

import numerics
from numerics import power_law


def test_it_prints_the_curve():
    answer = answered(f"{SOLVE} --seed 3 --samples 30 --noise 0.1 --points 5 --json")
    expected = numerics.predict_samples(power_law(2, 50, seed=3), answer["t"], 30, noise_variance=0.1)
    for name in ("loss", "loss_noise", "mse"):
        assert answer[name] == pytest.approx(getattr(expected, name), rel=1e-9)
    assert [answer[name] for name in ("samples", "noise_variance")] == [30, 0.1]
    assert answer["limit"] == expected.population.limit.name
    assert answer["u"] is answer["one_minus_s"] is None
    assert answer["valid_until"] is None
    assert np.isinf(expected.valid_until)


def test_any_dimension_and_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = "solve --exponent 2 --dimension inf --init escape:0.1 --until 1e4 --samples 100"
    assert answered(f"{line} --points 3 --json")["mse"] is None
    assert run(f"{line} --points 3 --output curve.nc").exit_code == 0
    curve = numerics.load("curve.nc")
    assert curve.attrs["samples"] == 100
    assert np.all(np.diff(curve["t"]) > 0)
    assert "holds until" in run(f"{line} --points 3").stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--samples 5 --sgd --step-size 0.1", "exclude each other"),
        ("--samples 5 --digits 20", "exclude each other"),
        ("--samples 5 --batch 2", "--batch needs --sgd"),
        ("--samples 5 --link z**3", "leave out --link"),
        ("--samples 0", "--samples"),
        ("--noise 0.1", "--noise needs --sgd or --samples"),
    ],
)
def test_bad_requests(options, message):
    result = run(f"solve {LAW} --until 1 {options}")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_problem_whose_flow_ends_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store("zero.json", {"eigenvalues": [0.75, 0.25], "teacher": [1, 0], "init": [0, 0.1]})
    result = run("solve --problem zero.json --until 1 --samples 9")
    assert result.exit_code == 2
    assert "ends at" in result.stderr
