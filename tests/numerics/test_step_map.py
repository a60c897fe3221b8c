"""The derived map of one step of descent against the descent engine, step after step."""

import numpy as np
import sympy

from numerics import Problem, descend
from theory.symbolic import SpectralMeasure, Statistic, gradient_descent, hierarchy, phase_retrieval

EIGENVALUES, TEACHER, START = ["1", "1/2", "1/4"], ["1/2", "1", "-1"], ["1/4", "-1/8", "1/2"]
STEP_SIZE, STEPS = sympy.Rational(1, 32), 3


def test_iterated_map_is_the_run_of_the_engine() -> None:
    """Exact statistics of orders 1 … 7 carry three steps of order one, as a step of order k needs k + 2."""
    measure = SpectralMeasure(EIGENVALUES, [START], [TEACHER])
    tower = hierarchy(phase_retrieval())
    step = gradient_descent(tower)
    symbols = dict(zip(tower.entries, tower.model.overlaps.statistics, strict=True))
    (energy,) = tower.model.overlaps.T
    top = 1 + 2 * STEPS
    values = {key: measure.value(key) for key in tower.statistics(top)}
    values |= {Statistic("T", 0, 0, n): measure.value(Statistic("T", 0, 0, n)) for n in range(1, top + 3)}
    trajectory = [[values[entry.at(1)] for entry in tower.entries]]
    for done in range(1, STEPS + 1):
        overlaps = {symbol: values[entry.at(1)] for entry, symbol in symbols.items()}
        overlaps[energy] = values[Statistic("T", 0, 0, 1)]
        moved = {
            key: values[key]
            + sum(
                STEP_SIZE**power * coefficient.subs(overlaps) * values[called]
                for power, terms in step.change(key).items()
                for called, coefficient in terms.items()
            )
            for key in tower.statistics(top - 2 * done)
        }
        values |= moved
        trajectory.append([values[entry.at(1)] for entry in tower.entries])
    problem = Problem(
        *(np.array([float(sympy.Rational(x)) for x in row]) for row in (EIGENVALUES, TEACHER, START))
    )
    run = descend(problem, float(STEP_SIZE), STEPS, points=4)
    np.testing.assert_allclose(run.t / float(STEP_SIZE), range(STEPS + 1))
    np.testing.assert_allclose(np.stack([run.s, run.u], axis=1), np.array(trajectory, float), rtol=1e-13)
