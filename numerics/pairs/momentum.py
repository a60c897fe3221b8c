"""Right-hand sides with momentum: the heavy ball Ẅ + γ Ẇ = −∂L/∂W, whose friction γ takes its energy."""

from dataclasses import dataclass

from numerics.generated import RightHandSides
from numerics.pairs.around import AroundModel


@dataclass(frozen=True, eq=False)
class HeavyBall(AroundModel):
    """The ``model``, a network or a generated module, moved by a heavy ball of ``friction`` γ ≥ 0."""

    model: RightHandSides
    friction: float

    @property
    def FRICTION(self) -> float:
        """γ."""
        return self.friction
