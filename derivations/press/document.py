"""What the book consists of: chapters of prose, derivations step by step, tables, pictures and evidence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from derivations.court.source import Source
from derivations.court.statement import Definition, Statement
from derivations.court.table import Drawn, Row
from derivations.court.verdict import Verdict
from derivations.press.evidence import Section
from numerics.shown.figures import Svg

OURS = "ours"
"""The number of a formula that the paper does not have."""


@dataclass(frozen=True)
class Step:
    """One step: what is done, the formula that it gives, why, and how the code checked it.

    ``paper`` is the paper's number or :data:`OURS`, ``producer`` the function that the formula comes from.
    Made by :func:`derivations.press.proof.derived`, which does not return for a step that fails.
    """

    statement: str
    formula: Statement | Definition
    reason: str
    checked: str
    paper: str
    producer: Any = None

    @property
    def latex(self) -> str:
        """The formula in LaTeX."""
        return self.formula.latex


@dataclass(frozen=True)
class Derivation:
    """A chain of steps that answers to the paper's ``ids`` and to its ``key``; run anew when asked for."""

    key: str
    title: str
    ids: tuple[str, ...]
    produce: Callable[[], Iterator[Step]]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, each checked as it is produced."""
        return tuple(self.produce())

    def source(self, step: Step) -> Source:
        """Where the formula of a step comes from: its own producer, or this derivation."""
        return Source.of(step.producer or self.produce)


def derivation(key: str, title: str, *ids: str) -> Callable[[Callable[[], Iterator[Step]]], Derivation]:
    """Turn a generator of steps into a derivation."""
    return lambda produce: Derivation(key, title, ids, produce)


@dataclass(frozen=True)
class Prose:
    """Paragraphs, parted by empty lines; formulas stand between dollar signs."""

    text: str

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs, each on one line."""
        return [" ".join(part.split()) for part in self.text.split("\n\n") if part.strip()]


class Produced:
    """A part of a chapter that a function or class, the ``producer``, has filled."""

    producer: Any

    @property
    def source(self) -> Source:
        """Where the producer stands."""
        return Source.of(self.producer)


@dataclass(frozen=True)
class Table(Produced):
    """Rows of text under headings; formulas stand between dollar signs."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str
    producer: Any


@dataclass(frozen=True)
class Picture(Produced):
    """A figure, and the sentence below it."""

    svg: Svg
    caption: str
    producer: Any


@dataclass(frozen=True)
class Measured(Produced):
    """A section of the report: formulas, and predictions against measurements."""

    evidence: Section
    producer: Any


@dataclass(frozen=True)
class Verdicts:
    """Claims of the paper that were examined."""

    rows: Sequence[Row]

    @property
    def pictures(self) -> Iterator[Drawn]:
        """The pictures that were drawn."""
        yield from (row.picture for row in self.rows if row.picture)

    @property
    def counts(self) -> dict[str, int]:
        """How many claims have which verdict, in order of the vocabulary."""
        found = [row.verdict for row in self.rows]
        return {str(verdict): found.count(verdict) for verdict in Verdict if verdict in found}


Block = Prose | Derivation | Table | Picture | Measured | Verdicts


@dataclass(frozen=True)
class Asked:
    """How a chapter is asked to be written: ``quick`` or not, and where the audit's table comes from."""

    quick: bool
    verdicts: Callable[[], Sequence[Row]]


@dataclass(frozen=True)
class Chapter:
    """A chapter: its derivations, which run alone, ``tell``, which yields all it tells in order, and the
    sections, ``quick`` or not, that confront it with measurements: these are its digest, the report.
    """

    key: str
    title: str
    derivations: tuple[Derivation, ...]
    tell: Callable[[Asked], Iterator[Block]]
    measured: tuple[Callable[[bool], Section], ...] = ()

    def write(self, asked: Asked) -> Iterator[Block]:
        """Yield all it shows in order."""
        yield from self.tell(asked)
        yield from (Measured(section(asked.quick), section) for section in self.measured)


@dataclass(frozen=True)
class Written:
    """A chapter with its blocks."""

    chapter: Chapter
    blocks: tuple[Block, ...]

    @property
    def sources(self) -> Iterator[Source]:
        """All that its formulas, tables, figures and verdicts come from."""
        for block in self.blocks:
            if isinstance(block, Derivation):
                yield from (block.source(step) for step in block.steps)
            elif isinstance(block, Table | Picture | Measured):
                yield block.source
            elif isinstance(block, Verdicts):
                yield from (row.source for row in block.rows)

    @property
    def pictures(self) -> Iterator[Drawn]:
        """The pictures of its claims."""
        for block in self.blocks:
            if isinstance(block, Verdicts):
                yield from block.pictures

    @property
    def holds(self) -> bool:
        """Whether what was measured is as predicted, and every verdict as recorded."""
        measured = all(block.evidence.holds for block in self.blocks if isinstance(block, Measured))
        return measured and all(row.agrees for x in self.blocks if isinstance(x, Verdicts) for row in x.rows)
