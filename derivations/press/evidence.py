"""What a chapter shows: formulas, comparisons of prediction and measurement, checks, figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from derivations.court.statement import BrokenStepError, Definition, Statement


@dataclass(frozen=True)
class Formula:
    """A statement of the theory; ``source`` is the paper's number."""

    source: str
    statement: Statement | Definition

    @property
    def latex(self) -> str:
        """The statement in LaTeX."""
        return self.statement.latex

    @property
    def holds(self) -> bool:
        """Whether the statement's own check passes."""
        try:
            return bool(self.statement.checked)
        except BrokenStepError:
            return False


@dataclass(frozen=True)
class Comparison:
    """A predicted and a measured number; it holds if they differ by at most ``tolerance``, relatively."""

    name: str
    source: str
    predicted: float
    measured: float
    tolerance: float

    @property
    def difference(self) -> float:
        """|measured − predicted| / |predicted|."""
        return abs(self.measured - self.predicted) / abs(self.predicted)

    @property
    def holds(self) -> bool:
        """Whether the difference is within the tolerance; nan never is."""
        return bool(self.difference <= self.tolerance)


@dataclass(frozen=True)
class Check:
    """A statement that was tested, whether it ``holds``, and the ``evidence`` in a few words."""

    name: str
    source: str
    holds: bool
    evidence: str


@dataclass(frozen=True)
class Figure:
    """An SVG picture with the sentence below it."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A part of the theory with its evidence, in reading order."""

    title: str
    text: str
    formulas: Sequence[Formula] = ()
    comparisons: Sequence[Comparison] = ()
    checks: Sequence[Check] = ()
    figures: Sequence[Figure] = ()

    @property
    def holds(self) -> bool:
        """Whether every formula, every comparison and every check does."""
        checked: list[Formula | Comparison | Check] = [*self.formulas, *self.comparisons, *self.checks]
        return all(item.holds for item in checked)
