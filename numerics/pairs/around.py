"""What right-hand sides that add something to a model share: the model's sizes."""

from numerics.generated import RightHandSides


class AroundModel:
    """K students and M teachers, those of the ``model``."""

    model: RightHandSides

    @property
    def STUDENTS(self) -> int:
        """K."""
        return int(self.model.STUDENTS)

    @property
    def TEACHERS(self) -> int:
        """M."""
        return int(self.model.TEACHERS)
