"""Networks and their overlaps for tests: problems by seed, differences, two modules compared."""

import numpy as np

from numerics import Problem


def gram(rng, rows, size=6):
    vectors = rng.standard_normal((rows, size)) / np.sqrt(size)
    return vectors @ vectors.T


def differences(function, x, step):
    """The derivatives of ``function`` by each entry of ``x``: central differences of sixth order."""
    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    found = []
    for entry in range(len(x)):
        change = np.zeros(len(x))
        change[entry] = step
        terms = (w * (function(x + k * change) - function(x - k * change)) for k, w in weights.items())
        found.append(sum(terms) / step)
    return np.stack(found, axis=-1)


def problem(students, teachers, size, seed=0, exponent=1.5):
    rng = np.random.default_rng(seed)
    eigenvalues = np.arange(1.0, size + 1.0) ** -exponent
    eigenvalues /= eigenvalues.sum()

    def rows(count):
        drawn = rng.standard_normal((count, size))
        return drawn / np.sqrt(drawn**2 @ eigenvalues * count)[:, None]

    return Problem(
        eigenvalues,
        rows(teachers) if teachers > 1 else rows(1)[0],
        rows(students) if students > 1 else rows(1)[0],
    )


def assert_same(name, expanded, found, x, T):
    """The function ``name`` of two modules, at x (n, …) and T."""
    for ours, theirs in zip(
        _parts(getattr(found, name)(x, T)), _parts(getattr(expanded, name)(x, T)), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=3e-13 * np.abs(theirs).max())


def _parts(value):
    return value if isinstance(value, tuple) else (value,)


def half_size_problem(students, teachers, size=12, seed=0):
    """Entries of about ½: a single student or teacher is a vector."""
    rng = np.random.default_rng(seed)
    lam = np.arange(1.0, size + 1) ** -1.2
    star, start = 0.5 * rng.normal(size=(teachers, size)), 0.4 * rng.normal(size=(students, size))
    return Problem(lam, star[0] if teachers == 1 else star, start[0] if students == 1 else start)
