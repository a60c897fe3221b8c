"""The largest stable step of SGD: the spectral radius of the full map of second moments is 1 there."""

from itertools import product

import numpy as np
import pytest

from theory.asymptotics import Given, PowerLaw, constants, sgd_stability_step, stability_step


def moved(eigenvalues, teacher, step, batch):
    """The d² × d² matrix of N → E[(I − H) N (I − H)'], H the mean of 8 η z² Q g g' over a batch.

    The averages over g are by a tensor Gauss rule, exact for the polynomials of degree 8 that occur.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    d = len(eigenvalues)
    inputs = np.array(list(product(nodes, repeat=d)))
    chances = np.array([np.prod(pair) for pair in product(weights / np.sqrt(2 * np.pi), repeat=d)])
    e = np.sqrt(eigenvalues) * teacher
    hits = 8 * step * (inputs @ e)[:, None, None] ** 2 * inputs[:, :, None] * inputs[:, None, :]
    hits = eigenvalues[:, None] * hits
    mean = np.einsum("b,bij->ij", chances, hits)
    square = np.einsum("b,bij,bkl->ikjl", chances, hits, hits).reshape(d * d, d * d)
    one = np.eye(d)
    whole = np.kron(one, one) - np.kron(mean, one) - np.kron(one, mean)
    return whole + square / batch + (1 - 1 / batch) * np.kron(mean, mean)


def radius_on_symmetric(matrix):
    """The spectral radius on symmetric N, which SGD keeps."""
    d = int(np.sqrt(len(matrix)))
    swap = np.eye(d * d).reshape(d, d, d, d).transpose(1, 0, 2, 3).reshape(d * d, d * d)
    return np.abs(np.linalg.eigvals(matrix @ (np.eye(d * d) + swap) / 2)).max()


@pytest.mark.parametrize("batch", [1, 4, 32, 10**6])
@pytest.mark.parametrize("exponent", ["0", "1.5", "3"])
@pytest.mark.parametrize("teacher", ["flat", "source:1.5", "source:-1"])
def test_the_whole_map_has_radius_one(exponent, teacher, batch):
    law = PowerLaw(exponent, 4, teacher)
    found = sgd_stability_step(law, batch)
    eigenvalues = np.array([float(law.eigenvalue(i)) for i in range(1, 5)])
    source = float((law.mass_exponent - law.exponent) / 2)
    components = np.arange(1.0, 5.0) ** -source
    components /= np.sqrt(eigenvalues @ components**2)
    step = float(found)
    assert radius_on_symmetric(moved(eigenvalues, components, step, batch)) == pytest.approx(1, abs=1e-10)
    for part in (0.2, 0.5, 0.9, 0.99):
        assert radius_on_symmetric(moved(eigenvalues, components, part * step, batch)) < 1
    assert radius_on_symmetric(moved(eigenvalues, components, 1.01 * step, batch)) > 1


def test_modes_that_the_teacher_misses_and_repeated_ones():
    eigenvalues, teacher = np.array([0.5, 0.2, 0.2, 0.1]), np.array([0.0, 1.0, 2.0, -1.0])
    found = float(sgd_stability_step(Given(eigenvalues, teacher), 2))
    teacher = teacher / np.sqrt(eigenvalues @ teacher**2)
    assert radius_on_symmetric(moved(eigenvalues, teacher, found, 2)) == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize(
    ("exponent", "one", "sixteen"),
    [
        ("1.2", 0.052579712, 0.5229113),
        ("1.5", 0.024627387, 0.1982159),
        ("2", 0.013925101, 0.1043767),
        pytest.param("3", 0.009209727, 0.0661910, marks=pytest.mark.slow),
        pytest.param("4", 0.007978224, 0.0565101, marks=pytest.mark.slow),
    ],
)
def test_infinite_dimension(exponent, one, sixteen):
    """Figures of two other quadratures of the same sums, which agreed to 8 and 7 digits."""
    law = PowerLaw(exponent, "inf")
    assert float(sgd_stability_step(law, 1)) == pytest.approx(one, abs=3e-9)
    assert float(sgd_stability_step(law, 16)) == pytest.approx(sixteen, abs=1e-7)


@pytest.mark.parametrize("teacher", ["flat", "source:0.6"])
def test_rules_against_all_modes(teacher):
    """Beyond 300 modes rules stand for them; here all 700 are kept as given arrays."""
    law = PowerLaw("1.3", 700, teacher)
    index = np.arange(1.0, 701.0)
    source = float((law.mass_exponent - law.exponent) / 2)
    plain = sgd_stability_step(Given(index**-1.3 / np.sum(index**-1.3), index**-source))
    short = sgd_stability_step(law)
    assert abs(float(short) - float(plain)) <= float(short.radius) + float(plain.radius)
    assert float(short.radius) < 1e-7 * float(short)


def test_large_batches_are_descent():
    law = PowerLaw(2, "inf")
    assert float(sgd_stability_step(law, 10**12)) == pytest.approx(float(stability_step(law)), rel=1e-9)


def test_at_batch_one_it_is_thirteen_times_smaller():
    law = PowerLaw(2, "inf")
    assert 12.9 < float(stability_step(law)) / float(sgd_stability_step(law)) < 13


def test_by_name_only_with_a_batch():
    law, name = PowerLaw(2, 10), "sgd_stability_step"
    assert name not in constants(law, names=None)
    assert constants(law, 15, [name], batch=3)[name] == sgd_stability_step(law, 3)


@pytest.mark.parametrize("batch", [0, -1, 1.5, "2"])
def test_bad_batches(batch):
    with pytest.raises((TypeError, ValueError), match="must be a positive integer"):
        sgd_stability_step(PowerLaw(2, 10), batch)
