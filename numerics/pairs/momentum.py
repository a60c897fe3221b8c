"""Right-hand sides with momentum: the heavy ball Ẅ + γ Ẇ = −∂L/∂W, whose friction γ takes its energy."""

from dataclasses import dataclass

from numerics.generated import RightHandSides


@dataclass(frozen=True, eq=False)
class HeavyBall:
    """The ``model``, a network or a generated module, moved by a heavy ball of ``friction`` γ ≥ 0."""

    model: RightHandSides
    friction: float

    @property
    def STUDENTS(self) -> int:
        """K."""
        return int(self.model.STUDENTS)

    @property
    def TEACHERS(self) -> int:
        """M."""
        return int(self.model.TEACHERS)

    @property
    def FRICTION(self) -> float:
        """γ."""
        return self.friction
