"""``phase-retrieval data``."""

import numpy as np
import pytest
from commandline import answered, run

from numerics import compare_data


@pytest.fixture
def rows(tmp_path):
    found = np.random.default_rng(0).laplace(size=(500, 6)) / np.arange(1, 7)
    np.save(tmp_path / "rows.npy", found)
    np.savetxt(tmp_path / "rows.csv", found, delimiter=",", header="a,b,c,d,e,f", comments="")
    return found


def test_it_prints_curves_and_gaps(rows, tmp_path):
    expected = compare_data(rows, 20.0, seed=2, points=5)
    for name in ("rows.npy", "rows.csv"):
        answer = answered(f"data {tmp_path}/{name} --until 20 --seed 2 --points 5 --json")
        assert answer["mse_kurtosis"] == pytest.approx(expected.curves["kurtosis"]["mse"], rel=1e-9)
        assert answer["gap_loss_gaussian"] == pytest.approx(expected.gap("loss", "gaussian"), rel=1e-9)
        assert answer["excess_kurtosis"] == pytest.approx(expected.excess, rel=1e-9)
    assert "gap of mse, samples" in run(f"data {tmp_path}/rows.npy --until 20 --points 3").stdout


@pytest.mark.parametrize("options", ["no.npy", "rows.txt", "rows.npy --until -1", "rows.npy --points 1"])
def test_bad_requests(rows, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    result = run(f"data {options}")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
