"""What the flow makes of the errors of its steps: perturbations carried along the linearised flow.

An error ε of one step is Φ(t, t_k) ε later, with Φ the linearised flow: past an unstable plateau that is any
factor above the error itself. A few random perturbations E follow the run, E ← Φ_k E + ε_k, where ε_k has the
size of what the step rounds and leaves out. Their overlaps change by what the errors of all steps amount to,
but for chance: a few are carried, and the largest counts.

Of a step Φ_k is the derivative of its collocation equations: the modes respond to E and to the change of A
and F, and that of the statistics X solves δX = (∂G/∂y) E + (dG/dX) δX, with the matrix of the step's Newton
method.

Shapes: P perturbations first, n statistics, s stages, K students, N modes.
"""

import numpy as np

from numerics.solver.step import LinearisedStep
from numerics.state import frames
from numerics.state.modes import Modes

Array = np.ndarray

PERTURBATIONS = 3
STEP_ROUNDING = 3e-16  # of a mode, and of a statistic in units of its terms, in one step
NOTHING_KNOWN = 1.0  # nothing is known then, and growing on would overflow
DRAWS_MARGIN = 10.0  # a few draws may all be small


class Amplification:
    """The ``perturbations`` (P, K, N) of a run's students, and the largest relative ``error`` that they have
    been of the statistics, times DRAWS_MARGIN.
    """

    def __init__(self, students: Array) -> None:
        self.random = np.random.default_rng(0)
        shaken = self.random.standard_normal((PERTURBATIONS, *students.shape))
        self.perturbations, self.error = STEP_ROUNDING * students * shaken, 0.0

    def follow(
        self, step: LinearisedStep, frame: Array, rounding: Array, left_out: Array, units: Array
    ) -> None:
        """Carry the perturbations over a ``step`` of the students R W, R the ``frame`` (K, K).

        The statistics of the step are rounded by ``rounding`` (n,), each by itself, and wrong by about
        ``left_out`` (n,), all together: what a step leaves out has the symmetries of the state. Their errors
        are relative to ``units`` (n, s).
        """
        carried = []
        for change in frame @ self.perturbations:
            shift = rounding[:, None] * self.random.standard_normal(units.shape)
            shift += left_out[:, None] * self.random.standard_normal()
            end, moved = step.carry(change, shift)
            size = float((np.abs(moved) / units).max())
            self.error = max(self.error, DRAWS_MARGIN * min(size, NOTHING_KNOWN))
            rounded = STEP_ROUNDING * step.states[-1] * self.random.standard_normal(end.shape)
            carried.append(end / max(size, NOTHING_KNOWN) + rounded)
        self.perturbations = frame.T @ np.stack(carried)

    def turn(self, frame: Array, deviation: Array, modes: Modes) -> None:
        """Take off the perturbations what rotates the students R W = E W* + V, with V the ``deviation``
        (K, N): the residuals V are measured in a frame that turns along.
        """
        students = deviation.copy()
        students[: len(modes.teacher)] += modes.teacher
        for perturbation in self.perturbations:
            change = frames.turn(modes.statistics(frame @ perturbation), modes.energy, len(students))
            if change is not None:
                perturbation += frame.T @ change @ students
