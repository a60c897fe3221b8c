"""The heavy ball in either chart: Ẅ + γ Ẇ = A W Q + B W* Q, with the velocity V = Ẇ as rows of its own.

With y the chart's coordinates and F as there, of which V is the velocity as well,

    ẏ = V,     V̇ = −γ V + (A y + F W*) Q.

The state holds y, then V. The statistics X are the chart's, of y, and the kinetic energy ½ ‖V‖², of all
directions with equal weight; the coefficients are the entries of A, those of F, and the constant 1 of what
holds in every mode. A mode of eigenvalue λ under a constant A = −α oscillates where λα > γ²/4, with an
amplitude that y and V tell together: errors are relative to this.

Shapes as in :mod:`numerics.solver.mode_law`, R = 2 K.
"""

import numpy as np

from numerics.arrays import Array
from numerics.solver.mode_law import ModeLaw, overlap_gradients
from numerics.state.charts import Chart
from numerics.state.modes import Modes


class BallisticLaw(ModeLaw):
    """The law of ``friction`` γ in a ``chart`` of the ``modes``, of so many ``students`` K."""

    def __init__(self, friction: float, chart: Chart, modes: Modes, students: int) -> None:
        K = students
        self.friction, self.chart, self.students, self.teachers = friction, chart, K, len(modes.teacher)
        self.eigenvalues, self.teacher, self.energy = modes.eigenvalues, modes.teacher, modes.energy
        self.modes = modes
        self.scales = np.stack([self.eigenvalues, np.ones_like(self.eigenvalues)])
        first = self.drift_rows(2 * K, K + np.arange(K), 1)
        self.kinds[first:] = 1
        self.rows[first, np.arange(K), K + np.arange(K)] = 1.0
        self.rows[first, K + np.arange(K), K + np.arange(K)] = -friction

    def statistics(self, states: Array) -> Array:
        """X (n, s) of ``states`` (s, 2 K, N): those of the chart, then the kinetic energy."""
        place, velocity = np.split(states, 2, axis=1)
        kinetic = 0.5 * np.einsum("sjN,sjN->s", velocity, velocity)
        return np.concatenate([self.modes.statistics(place), kinetic[None]])

    def gradients(self, states: Array) -> Array:
        """∂X/∂y (n, s, 2 K, N) at ``states`` (s, 2 K, N)."""
        place, velocity = np.split(states, 2, axis=1)
        own, cross = overlap_gradients(place, self.teacher, self.eigenvalues)
        overlaps = np.concatenate([own, cross.reshape(-1, *place.shape)])
        found = np.zeros((len(overlaps) + 1, *states.shape))
        found[:-1, :, : self.students] = overlaps
        found[-1, :, self.students :] = velocity
        return found

    def terms(self, state: Array) -> Array:
        """X (n,) of the amplitudes, every term counted positive."""
        place, velocity = (np.abs(part) for part in np.split(state, 2))
        with np.errstate(all="ignore"):
            gain, _ = self.chart.drift(self.modes.statistics(np.split(state, 2)[0]), self.energy)
        pace = self.friction + np.sqrt(self.eigenvalues * np.linalg.norm(np.nan_to_num(gain)))
        quickest = np.where(pace > 0, pace, 1.0)
        amplitude = place + velocity / quickest
        kinetic = 0.5 * np.sum((velocity + np.sqrt(self.eigenvalues) * place) ** 2)
        return np.append(self.modes.term_sizes(amplitude), kinetic)

    def coefficients(self, statistics: Array) -> Array:
        """φ (C, s) of ``statistics`` (n, s)."""
        with np.errstate(all="ignore"):
            parts = self.chart.drift(statistics[:-1], self.energy)
        stages = statistics.shape[-1]
        return np.concatenate([*(part.reshape(-1, stages) for part in parts), np.ones((1, stages))])

    def slopes(self, statistics: Array) -> Array:
        """∂φ/∂X (C, n, s)."""
        size, stages = statistics.shape
        with np.errstate(all="ignore"):
            parts = self.chart.drift_jacobian(statistics[:-1], self.energy)
        found = np.zeros((len(self.kinds), size, stages))
        found[:-1, :-1] = np.concatenate([part.reshape(-1, size - 1, stages) for part in parts])
        return np.where(np.isfinite(found), found, 0.0)

    def along(self, modes: Modes) -> "BallisticLaw":
        """That of the friction."""
        return BallisticLaw(self.friction, self.chart, modes, self.students)

    def deviation(self, states: Array) -> Array:
        """The y (…, K, N) of ``states`` (…, 2 K, N), or of the teachers as they are."""
        return states[..., : self.students, :] if states.shape[-2] == 2 * self.students else states

    def units(self, state: Array, least: float) -> Array:
        """The terms."""
        return self.terms(state)
