"""How accurate a run shall be, and what its parts are allowed for that."""

import math
from dataclasses import dataclass

STEP = 3e-14
"""What a step of full accuracy may leave out of its statistics, relatively."""

STAGES, NETWORK_STAGES = 20, 12
"""Of a step of full accuracy; an iteration of a network costs the square."""

LEAST_STAGES, NETWORK_LEAST = 14, 8
"""With fewer a run takes more time, be it less accurate: for more steps."""

SHARE, NETWORK_SHARE = 1e-2, 1e-3
"""Of the relative error asked for, that a step may have: there are some tens, and a network amplifies."""

REDUCTION, REDUCED_SHARE = 3e-13, 0.1
"""Of the sums over the modes of a reduced problem: at full accuracy, and of the error asked for."""

WORST, NETWORK_WORST = 10.0, 3.0
"""Times what is aimed at: a step with more is taken again."""


@dataclass(frozen=True)
class Accuracy:
    """What a ``step`` is to leave out, relatively, and ``most`` times that at most, and its ``stages``: a
    polynomial whose coefficients decay needs fewer for fewer digits.
    """

    step: float
    stages: int
    most: float = WORST

    @classmethod
    def of(cls, rtol: float | None, single: bool) -> "Accuracy":
        """That of the steps of one student, ``single``, or several, for a relative error ``rtol`` of the
        statistics, or full accuracy.

        >>> Accuracy.of(None, single=True).stages, Accuracy.of(1e-6, single=True).stages
        (20, 14)
        """
        share, full, least = (
            (SHARE, STAGES, LEAST_STAGES) if single else (NETWORK_SHARE, NETWORK_STAGES, NETWORK_LEAST)
        )
        step = STEP if rtol is None else max(share * rtol, STEP)
        stages = max(least, round(full * math.log(step) / math.log(STEP)))
        return cls(step, stages, WORST if single else NETWORK_WORST)

    @property
    def worst(self) -> float:
        """What a step may leave out before it is taken again."""
        return self.most * self.step


def reduction(rtol: float | None) -> float:
    """What a reduced problem may change where the statistics shall have a relative error ``rtol``, or full
    accuracy.
    """
    return REDUCTION if rtol is None else max(REDUCED_SHARE * rtol, REDUCTION)
