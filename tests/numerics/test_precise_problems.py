"""The escape start at many digits, against the eigenvectors of the flow linearised at 0."""

from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp, mpf

from numerics import Problem
from numerics.precise import ExactProblem, precise_power_law


@pytest.mark.parametrize("teacher", ["flat", "source:-0.4", "gaussian"])
def test_escape_start_is_the_leading_eigenvector(teacher: str) -> None:
    """w' = 4 Q w + 8 Q w* (w*)ᵀ Q w near 0: a symmetric matrix, here by Jacobi rotations."""
    problem = precise_power_law(1.5, 5, teacher, "escape:0.001", seed=4, digits=30)
    with mp.workdps(60):
        rates = [_mpf(x) for x in problem.eigenvalues]
        teacher_row, start = ([_mpf(x) for x in rows[0]] for rows in (problem.teacher, problem.init))
        push = [rate * x for rate, x in zip(rates, teacher_row, strict=True)]
        flow = 4 * mp.diag(rates)
        for i in range(5):
            for j in range(5):
                flow[i, j] += 8 * push[i] * push[j]
        growth, vectors = mp.eigsy(flow)
        leading = list(vectors[:, max(range(5), key=lambda k: growth[k])])
        overlap = mp.fdot(push, leading)
        energy = mp.fsum(rate * x**2 for rate, x in zip(rates, leading, strict=True))
        scale = mpf("0.001") * mp.sign(overlap) / mp.sqrt(energy)
        for found, x in zip(start, leading, strict=True):
            assert abs(found / (scale * x) - 1) < 1e-45


def _mpf(value: Fraction) -> mpf:
    return mpf(value.numerator) / value.denominator


def test_what_the_floats_of_a_start_leave_out_is_kept() -> None:
    """A start 1e-20 off the teacher: its float is the teacher's, and the rest says how far it is."""
    problem = Problem([0.5, 0.5], [1.0, 2.0], [1.0, 2.0], init_rest=np.array([[1e-20, 0.0]]))
    assert ExactProblem.of(problem).init[0] == (1 + Fraction(1e-20), Fraction(2))
