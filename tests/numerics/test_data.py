"""Theory against data matrices whose law is known, and against digits and wines."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine

from numerics import compare_data, empirical_flow, load
from numerics.descent import Samples


def laplace_rows(count=20_000, size=10, seed=0):
    return np.random.default_rng(seed).laplace(size=(count, size)) * np.arange(1.0, size + 1) ** -0.75


def test_independent_coordinates_are_explained_by_their_cumulants():
    found = compare_data(laplace_rows(), 10.0, seed=1)
    for name in ("loss", "mse", "one_minus_u"):
        assert found.gap(name, "kurtosis") < 0.5 * found.gap(name, "gaussian"), name
    assert found.excess == pytest.approx(3.0, abs=1.2)


def test_few_gaussian_rows_are_explained_by_their_number():
    """The flow on rows of N(0, 1/d) has their own covariance, which leaves the labels' fluctuations."""
    rows = np.random.default_rng(3).standard_normal((150, 8)) * np.arange(1.0, 9) ** -0.75
    found = compare_data(rows, 10.0, seed=2, centre=False)
    reference = empirical_flow(
        Samples(found.problem, _rotated(found, rows), (_rotated(found, rows) @ found.problem.teacher) ** 2),
        found.t,
    )
    assert found.curves["data"]["mse"] == pytest.approx(reference.mse, rel=1e-6)
    assert found.problem.eigenvalues.sum() == pytest.approx(1.0)


def _rotated(found, rows):
    return rows @ found.problem.basis / np.sqrt(np.mean(np.sum(rows**2, axis=1)))


def test_digits_depend_on_each_other(tmp_path):
    """Their gap is that of coordinates that depend: neither cumulants nor the number of rows closes it."""
    found = compare_data(load_digits().data, 100.0, seed=1)
    assert found.attributes()["directions"] == 61
    for route in ("gaussian", "kurtosis", "samples"):
        assert 0.01 < found.gap("mse", route) < 0.1
    found.save(tmp_path / "found.nc")
    again = load(tmp_path / "found.nc")
    assert again.attrs["gap_mse_gaussian"] == pytest.approx(found.gap("mse", "gaussian"))
    assert again["mse_samples"].shape == (40,)


def test_wines_are_few():
    """178 rows in 13 directions: over draws, much of the gap is that of as many Gaussian samples."""
    rows = load_wine().data
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    found = [compare_data(scaled, 100.0, seed=seed) for seed in range(6)]
    gaussian, samples = (
        np.mean([one.gap("mse", route) for one in found]) for route in ("gaussian", "samples")
    )
    assert samples < 0.7 * gaussian


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones((4, 2)), "do not vary"),
        (np.ones(3), "must be"),
        ([[1.0, np.nan]], "finite"),
        ("no.txt", "file in"),
    ],
)
def test_bad_samples(rows, message):
    with pytest.raises(ValueError, match=message):
        compare_data(rows)
