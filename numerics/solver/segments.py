"""The steps of a run without a constraint, as it keeps them: any modes follow from their statistics.

With A and F at the nodes of a part of the step each mode is linear, ẏ = λ(A y + F w*). It is solved by the
collocation of the step in the step's own variable, mode by mode: eigenvectors that all modes would share lose
digits.
"""

from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import plain
from numerics.state.modes import Modes
from numerics.state.segment import Part, Segment


@dataclass(frozen=True, eq=False)
class StepSegment(Segment):
    """An accepted step."""

    def carried(self, part: Part, modes: Modes, state: Array, students: Array) -> tuple[Array, Array]:
        """The y and R W (K, N) at the end of the ``part``; of students that lie far from the teacher y would
        leave fewer digits.
        """
        gain, force = self.chart.drift(part.statistics, self.teacher_energy)
        matrix, rates = plain(part.table).matrix, modes.eigenvalues
        size, forces = len(matrix) * len(state), [force * part.clock]
        coupling = matrix[:, None, :, None] * np.moveaxis(gain * part.clock, -1, 1)
        systems = np.eye(size) - rates[:, None, None] * coupling.reshape(size, size)
        if not self.chart.centred:
            forces.append((force - gain[:, : len(modes.teacher)]) * part.clock)
        sources = [
            (start + rates * np.einsum("lm,jam,aN->ljN", matrix, push, modes.teacher)).reshape(size, -1).T
            for start, push in zip((state, students), forces, strict=False)
        ]
        ends = np.linalg.solve(systems, np.stack(sources, axis=-1))[:, -len(state) :].T
        return ends[0].reshape(state.shape), ends[-1].reshape(state.shape)
