"""Gradient descent at a finite step against its laws: the escape, the shift of time, the end."""

import math
from itertools import pairwise

import numpy as np
import pytest
from mpmath import mp, mpf

from numerics import Problem, descend, power_law, solve
from theory.asymptotics import (
    PowerLaw,
    descent_escape_rate,
    descent_final_rate,
    descent_lead,
    escape_rate,
    final_rate,
    overlap_prefactor,
    recovered_prefactor,
    stability_step,
    summary_exponent,
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


@pytest.mark.parametrize(("exponent", "fraction"), [(3, 0.5), (2, 0.9)])
def test_prefactors_survive_and_time_is_shifted(exponent, fraction):
    """recovered, descent − flow: C p t^{p−1} [γη/4 − f.p. η Σ (1 − u_n) + f.p. ∫ (1 − u)]; 1 − u: O(1/t)."""
    law = PowerLaw(exponent, "inf")
    step, steps = fraction * float(stability_step(law)), 100_000
    problem = power_law(exponent, math.inf, init="escape:1e-2", horizon=1e8)
    marks = (steps // 100, steps // 10, steps)
    descent = _descend(problem, step, marks)
    flow = solve(problem, steps * step)
    gamma = float(summary_exponent(law))
    prefactor, lead = float(recovered_prefactor(law)), float(descent_lead(law, repr(step)))
    misses, deficits = [], []
    for mark in marks:
        time = mark * step
        total, one_minus_u, recovered = descent[mark]
        state = flow.at([time])
        shift = (recovered - state.recovered[0]) / (prefactor * (1 - gamma) * time**-gamma)
        behind = total - _integral(flow, time)
        assert behind > 0
        misses.append(abs(shift - (lead - behind)) / abs(shift))
        deficits.append(abs(one_minus_u / state.one_minus_u[0] - 1))
    assert misses[2] < 0.01
    assert misses[2] < 0.4 * misses[1] < 0.16 * misses[0]
    assert misses[2] < 0.25 * lead / abs(shift)
    assert np.abs(np.log10(np.array(deficits)[:-1] / deficits[1:]) - 1).max() < 0.02
    law_of_u = float(overlap_prefactor(law)) * (steps * step) ** -gamma
    assert abs(descent[steps][1] / law_of_u - 1) < 2 * (steps * step) ** -gamma


def _descend(problem, step, marks):
    """By a plain loop over w/w*: η Σ (1 − u_n) with the trapezoid's end, 1 − u and recovered."""
    rates, squares = step * problem.eigenvalues, problem.teacher**2
    mass = problem.eigenvalues * squares
    learnt, total, found = problem.init / problem.teacher, 0.0, {}
    for n in range(1, max(marks) + 1):
        deviation = learnt - 1.0
        p, q = mass @ deviation, mass @ deviation**2
        total -= step * p
        learnt = learnt - rates * ((8 + 24 * p + 12 * q) * deviation + 16 * p + 12 * q)
        if n in marks:
            deficit = -(mass @ (learnt - 1.0))
            found[n] = total + step / 2 * deficit, deficit, squares @ (learnt * (2.0 - learnt))
    return found


def _integral(run, end):
    """∫_0^end (1 − u) dt of the flow."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    edges = [*(segment.start for segment in run.segments if segment.start < end), end]
    total = 0.0
    for low, high in pairwise(edges):
        total += (high - low) / 2 * (weights @ run.at(low + (high - low) * (nodes + 1) / 2).one_minus_u)
    return total


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
