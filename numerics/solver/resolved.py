"""Whether the averages of a network's links are known well enough at the energies of a run."""

from collections.abc import Sequence

import numpy as np

from numerics.generated import RightHandSides
from numerics.pairs.overlaps import split
from numerics.problems.problem import Problem
from numerics.state.modes import Modes
from numerics.state.segment import Segment


def check_resolved(problem: Problem, model: RightHandSides) -> None:
    """Refuse links whose averages are not known at the energies of the start and of the teachers."""
    if not hasattr(model, "error"):
        return
    modes = Modes(problem.eigenvalues, problem.teachers)
    left_out = model.error(np.square(problem.students) @ problem.eigenvalues, np.diag(modes.energy))
    if left_out > 1e-6:  # relative error of an average with which a flow may start
        raise ValueError(
            f"the averages of these links are known to {left_out:.1e} only at the energies of this problem: "
            "a link without closed form must be smooth, and its argument not too large"
        )


def unresolved(model: RightHandSides, segments: Sequence[Segment]) -> float:
    """What the averages leave out, relatively, at the largest energies of a run."""
    if not hasattr(model, "error"):
        return 0.0
    found = [step.chart.overlaps(step.statistics, step.teacher_energy) for step in segments]
    own = (split(overlaps, model.STUDENTS, model.TEACHERS)[0] for overlaps in found)
    largest = np.max([np.einsum("jjs->js", S).max(axis=1) for S in own], axis=0)
    return model.error(largest, np.diag(segments[0].teacher_energy))
