"""The book: the theory told chapter by chapter, its formulas produced and checked by the code.

``document``  what it consists of: steps, derivations, tables, pictures, evidence
``proof``     steps that check themselves
``chapters``  text by hand, one module a chapter
``contents``  all chapters in order, and what an id stands for
``site``      the book as linked HTML pages with MathML
``tex``       the book as LaTeX
``plain``     derivations in the terminal, as Markdown, LaTeX or JSON
``linear``    formulas on a line of Unicode
"""

from derivations.contents import CHAPTERS, UnknownPartError, select, write
from derivations.court.statement import BrokenStepError
from derivations.press.document import Chapter, Derivation, Step, Written

__all__ = [
    "CHAPTERS",
    "BrokenStepError",
    "Chapter",
    "Derivation",
    "Step",
    "UnknownPartError",
    "Written",
    "select",
    "write",
]
