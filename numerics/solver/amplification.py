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

from dataclasses import dataclass, replace

import numpy as np

from numerics.arrays import Array
from numerics.solver.contract import Linearised
from numerics.state import frames
from numerics.state.modes import Modes

STEP_ROUNDING = 3e-16  # of a mode, and of a statistic in units of its terms, in one step
NOTHING_KNOWN = 1.0  # nothing is known then, and growing on would overflow


@dataclass(frozen=True, eq=False)
class Amplification:
    """The ``perturbations`` (P, K, N) of a run's students, and the largest relative ``error`` that they have
    been of the statistics, times 10. All that follow each other draw from one ``random`` stream.
    """

    perturbations: Array
    random: np.random.Generator
    error: float = 0.0

    @classmethod
    def begin(cls, rounded: Array) -> "Amplification":
        """At the start, where the students (K, N) have the rounding of ``rounded`` (K, N)."""
        random = np.random.default_rng(0)
        return cls(STEP_ROUNDING * rounded * random.standard_normal((3, *rounded.shape)), random)

    def after(
        self, step: Linearised, frame: Array, rounding: Array, left_out: Array, units: Array
    ) -> "Amplification":
        """Those carried over a ``step`` of the students R W, R the ``frame`` (K, K).

        The statistics of the step are rounded by ``rounding`` (n,), each by itself, and wrong by about
        ``left_out`` (n,), all together: what a step leaves out has the symmetries of the state. Their errors
        are relative to ``units`` (n, s).
        """
        carried, error = [], self.error
        for change in frame @ self.perturbations:
            shift = rounding[:, None] * self.random.standard_normal(units.shape)
            shift += left_out[:, None] * self.random.standard_normal()
            end, moved = step.carry(change, shift)
            size = float((np.abs(moved) / units).max())
            error = max(error, 10.0 * min(size, NOTHING_KNOWN))  # a few draws may all be small
            rounded = STEP_ROUNDING * step.states[-1] * self.random.standard_normal(end.shape)
            carried.append(end / max(size, NOTHING_KNOWN) + rounded)
        return Amplification(frame.T @ np.stack(carried), self.random, error)

    def turned(self, frame: Array, deviation: Array, modes: Modes) -> "Amplification":
        """Without what rotates the students R W = E W* + V, with V the ``deviation`` (K, N): the residuals V
        are measured in a frame that turns along.
        """
        students = deviation.copy()
        students[: len(modes.teacher)] += modes.teacher
        perturbations = self.perturbations.copy()
        for perturbation in perturbations:
            change = frames.turn(modes.statistics(frame @ perturbation), modes.energy, len(students))
            if change is not None:
                perturbation += frame.T @ change @ students
        return replace(self, perturbations=perturbations)
