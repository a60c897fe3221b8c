"""What models that add something to another's flow share: its students, teachers and symbols."""

from theory.symbolic.models import Model
from theory.symbolic.overlaps import Overlaps


class AroundModel:
    """``K`` students and ``M`` teachers with the overlaps of the ``model``."""

    model: Model

    @property
    def students(self) -> int:
        """``K``."""
        return self.model.students

    @property
    def teachers(self) -> int:
        """``M``."""
        return self.model.teachers

    @property
    def overlaps(self) -> Overlaps:
        """The symbols of the model."""
        return self.model.overlaps
