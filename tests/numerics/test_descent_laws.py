"""Gradient descent at a finite step against its laws: the escape, the shift of time, the end."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf

from numerics import Problem, descend, power_law
from theory.asymptotics import (
    PowerLaw,
    descent_escape_rate,
    descent_final_rate,
    descent_lead,
    escape_rate,
    final_rate,
    recovered_prefactor,
    stability_step,
)

TEACHERS = ["flat", "source:0.25"]


@pytest.mark.parametrize("teacher", TEACHERS)
@pytest.mark.parametrize("fraction", [0.01, 0.9])
def test_escape_rate_of_descent(teacher, fraction):
    law = PowerLaw(2, 300, teacher)
    step = fraction / float(escape_rate(law))
    problem = power_law(2, 300, teacher, "escape:1e-150")
    early, late = (descend(problem, step, steps, points=2).u[-1] for steps in (400, 420))
    measured = math.log(late / early) / (20 * step)
    predicted = float(descent_escape_rate(law, repr(step)))
    assert abs(measured / predicted - 1) < 1e-12
    assert predicted < 0.97 ** (fraction > 0.5) * float(escape_rate(law))


@pytest.mark.parametrize("fraction", [0.1, 0.8, 0.99])
def test_final_rate_of_descent(fraction):
    """|1 − ηh| a step, of the lower end of the Hessian's spectrum, and at 0.99 of the upper end."""
    law = PowerLaw(2, 4)
    step = fraction * float(stability_step(law))
    near = power_law(2, 4)
    start = near.teacher * (1 + 1e-9 * (-1.0) ** np.arange(4))
    problem, steps = Problem(near.eigenvalues, near.teacher, start), int(800 / fraction)
    late = [abs(descend(problem, step, n, points=2).one_minus_u[-1]) for n in (steps // 2, steps)]
    predicted = float(descent_final_rate(law, repr(step)))
    assert abs(math.log(late[0] / late[1]) / (steps // 2 * step) / predicted - 1) < 1e-6
    assert (predicted > float(final_rate(law))) == (fraction < 0.9)


def test_isotropic_descent_ends_as_one_mode_does():
    law, step = PowerLaw(0, 4), 0.01
    problem = Problem(np.full(4, 0.25), np.ones(4), np.array([1.0, 0.5, 0.2, 0.9]))
    early, late = (descend(problem, step, steps, points=2).one_minus_u[-1] for steps in (500, 1000))
    measured = math.log(early / late) / (500 * step)
    assert abs(measured / float(descent_final_rate(law, "0.01")) - 1) < 1e-5


def test_lead_of_the_frozen_sum():
    """Σ (1 − (1 − 8ηλ_i)^{2n}) is ahead of Σ (1 − e^{−16 λ_i t}) by γη/4, up to the next power."""
    law, step = PowerLaw(2, "inf"), mpf("0.02")
    misses = []
    for steps in (2000, 20000):
        time = steps * step
        index = np.arange(1.0, 1e6 + 1)
        rates = 8 * float(step) / float(law.trace_sum()) / index**2
        descent = -np.expm1(2 * steps * np.log1p(-rates)).sum()
        flow = -np.expm1(-2 * steps * rates).sum()
        slope = float(recovered_prefactor(law)) / 2 / float(mp.sqrt(time))
        misses.append(abs((descent - flow) / slope / float(descent_lead(law, "0.02")) - 1))
    assert misses[1] < 1e-3
    assert misses[1] < misses[0]


def test_refusals():
    with pytest.raises(ValueError, match="step is 0"):
        descent_escape_rate(PowerLaw(2, 10), 0)
    with pytest.raises(ValueError, match="below the stability step"):
        descent_final_rate(PowerLaw(2, 10), 1)
    assert descent_final_rate(PowerLaw(2, "inf"), "0.1").reason
    assert descent_lead(PowerLaw("0.5", 10), "0.1").reason
