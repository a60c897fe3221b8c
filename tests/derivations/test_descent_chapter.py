"""Descent against the flow: prefactors survive, time is shifted as predicted."""

import math

import numpy as np
import pytest

from derivations.beyond.measured import descent
from numerics import descend, power_law, solve
from theory.asymptotics import (
    PowerLaw,
    descent_lead,
    overlap_prefactor,
    recovered_prefactor,
    stability_step,
    summary_exponent,
)


@pytest.mark.parametrize(("exponent", "fraction"), [(3, 0.5), (2, 0.9)])
def test_prefactors_survive_and_time_is_shifted(exponent, fraction):
    """recovered, descent − flow: C p t^{p−1} [γη/4 − f.p. η Σ (1 − u_n) + f.p. ∫ (1 − u)]; 1 − u: O(1/t)."""
    law = PowerLaw(exponent, "inf")
    step, steps = fraction * float(stability_step(law)), 100_000
    problem = power_law(exponent, math.inf, init="escape:1e-2", horizon=1e8)
    flow = solve(problem, steps * step)
    gamma = float(summary_exponent(law))
    lead = float(descent_lead(law, repr(step)))
    misses, deficits = [], []
    for mark in descent.plain_descent(problem, step, np.array([steps // 100, steps // 10, steps])):
        shift = descent.time_shift(mark, flow, float(recovered_prefactor(law)), gamma)
        behind = mark.lost - flow.lost_time(mark.time)
        assert behind > 0
        misses.append(abs(shift - (lead - behind)) / abs(shift))
        deficits.append(abs(mark.one_minus_u / flow.at([mark.time]).one_minus_u[0] - 1))
    assert misses[2] < 0.01
    assert misses[2] < 0.4 * misses[1] < 0.16 * misses[0]
    assert misses[2] < 0.25 * lead / abs(shift)
    assert np.abs(np.log10(np.array(deficits)[:-1] / deficits[1:]) - 1).max() < 0.02
    expected = float(overlap_prefactor(law)) * mark.time**-gamma
    assert abs(mark.one_minus_u / expected - 1) < 2 * mark.time**-gamma


def test_plain_descent_is_descent():
    problem = power_law(2, 50, seed=2)
    (mark,) = descent.plain_descent(problem, 0.05, np.array([300]))
    run = descend(problem, 0.05, 300, points=300)
    sign = np.sign(run.u[-1])
    assert sign == 1
    assert mark.time == pytest.approx(run.t[-1])
    assert mark.one_minus_u == pytest.approx(run.one_minus_u[-1], rel=1e-9)
    assert mark.recovered == pytest.approx(run.recovered[-1], rel=1e-9)


def test_integral_of_an_exponential():
    """One mode near the teacher: 1 − u decays as e^{−24 t}."""
    run = solve(power_law(0, 1, init=np.array([1 - 1e-6])), 1.0)
    assert run.lost_time(1.0) == pytest.approx(1e-6 / 24, rel=1e-5)
