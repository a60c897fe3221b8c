"""A formula typed once: what is printed and what is checked come from one :class:`Statement`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import sympy

from theory.symbolic.notation import latex

RELATIONS = {
    "=": "=",
    "≔": "=",
    "≤": r"\leq",
    "≥": r"\geq",
    "<": "<",
    ">": ">",
    "≈": r"\approx",
    "∼": r"\sim",
    "→": r"\to",
    "∝": r"\propto",
    "≠": r"\neq",
    "∋": r"\ni",
    "∈": r"\in",
    "←": r"\leftarrow",
    "⟺": r"\iff",
}
"""Signs between two sides and their LaTeX; ``≔`` is an equality that defines its left side."""

SEPARATORS = {",": r",\quad ", "⟹": r"\;\Rightarrow\;"}
"""Signs between two clauses."""

NUDGE = sympy.Rational(101, 100)
"""A constant that is wrong by 1 % must be noticed."""


class BrokenStepError(AssertionError):
    """A statement or a step of a derivation does not hold."""


@dataclass(frozen=True)
class Clause:
    """A chain of sides and the relations between them, ``a = b ≤ c``; a side alone has no relation."""

    sides: tuple[sympy.Basic, ...]
    relations: tuple[str, ...]

    @property
    def defines(self) -> bool:
        """Whether the clause says what its first side means."""
        return self.relations[:1] == ("≔",)

    @property
    def pairs(self) -> Iterator[tuple[sympy.Basic, str, sympy.Basic]]:
        """Neighbouring sides with the relation between them."""
        yield from zip(self.sides, self.relations, self.sides[1:], strict=False)

    @property
    def latex(self) -> str:
        """The clause in LaTeX."""
        signs = (f" {RELATIONS[relation]} " for relation in self.relations)
        return "".join(f"{latex(side)}{next(signs, '')}" for side in self.sides)


@dataclass(frozen=True)
class Statement:
    r"""Relations between SymPy expressions, and the check that is asked of these very expressions.

    ``check`` takes the clauses and returns how they were checked, or raises :class:`BrokenStepError`; the
    checks of :mod:`derivations.court.checks` make such functions.

    >>> from derivations.court.checks import identity
    >>> x = sympy.Symbol("x")
    >>> square = state((x + 1) ** 2, "=", x**2, "+", 2 * x + 1, check=identity())
    Traceback (most recent call last):
    ValueError: '+' is no relation: = ≔ ≤ ≥ < > ≈ ∼ → ∝ ≠ ∋ ∈ ← ⟺ , ⟹
    >>> square = state((x + 1) ** 2, "=", x**2 + 2 * x + 1, check=identity())
    >>> square.latex, square.checked
    ('\\left(x + 1\\right)^{2} = x^{2} + 2 x + 1', 'symbolic identity')
    >>> len(list(square.nudged()))
    5
    """

    clauses: tuple[Clause, ...]
    separators: tuple[str, ...]
    check: Callable[[tuple[Clause, ...]], str]

    @property
    def latex(self) -> str:
        """The statement in LaTeX."""
        marks = (SEPARATORS[separator] for separator in self.separators)
        return "".join(f"{clause.latex}{next(marks, '')}" for clause in self.clauses)

    @cached_property
    def checked(self) -> str:
        """How the statement was checked; raises :class:`BrokenStepError` if it does not hold."""
        return self.check(self.clauses)

    def nudged(self) -> Iterator["Statement"]:
        """The statement with one of its numbers changed, for each number in it: none of them may hold.

        Numbers are changed by 1 %, whole exponents and the limits of sums and integrals by one.
        """
        for number, clause in enumerate(self.clauses):
            for place, side in enumerate(clause.sides):
                for changed in _nudged(side):
                    sides = (*clause.sides[:place], changed, *clause.sides[place + 1 :])
                    altered = replace(clause, sides=sides)
                    yield replace(
                        self, clauses=(*self.clauses[:number], altered, *self.clauses[number + 1 :])
                    )


@dataclass(frozen=True)
class Definition:
    """A formula that says what a name means: typed as LaTeX, nothing in it could be wrong."""

    latex: str
    checked: str = "definition"

    def nudged(self) -> Iterator[Statement]:
        """Nothing to change."""
        return iter(())


def state(*parts: sympy.Basic | int | str, check: Callable[[tuple[Clause, ...]], str]) -> Statement:
    """A statement from sides and signs in reading order; raises ValueError for a sign that is none.

    >>> x, y = sympy.symbols("x y")
    >>> from derivations.court.checks import identity
    >>> state(y, "≔", 2 * x, "⟹", y**2, "=", 4 * x**2, check=identity()).latex
    'y = 2 x\\\\;\\\\Rightarrow\\\\;y^{2} = 4 x^{2}'
    """
    clauses, separators = [], []
    sides: list[sympy.Basic] = []
    relations: list[str] = []
    for part in parts:
        if not isinstance(part, str):
            sides.append(sympy.sympify(part, strict=True))
        elif part in RELATIONS:
            relations.append(part)
        elif part in SEPARATORS:
            clauses.append(Clause(tuple(sides), tuple(relations)))
            separators.append(part)
            sides, relations = [], []
        else:
            raise ValueError(f"{part!r} is no relation: {' '.join((*RELATIONS, *SEPARATORS))}")
    clauses.append(Clause(tuple(sides), tuple(relations)))
    if any(len(clause.sides) != len(clause.relations) + 1 for clause in clauses):
        raise ValueError("sides and relations must alternate")
    return Statement(tuple(clauses), tuple(separators), check)


def _nudged(expression: sympy.Basic, whole: bool = False) -> Iterator[sympy.Basic]:
    """The expression with one number changed, for each; a ``whole`` number becomes the next one."""
    if isinstance(expression, sympy.Number) and expression.is_finite:
        whole = expression == 0 or (whole and expression.is_Integer)
        yield expression + 1 if whole else expression * NUDGE
    if isinstance(expression, sympy.MatrixBase):
        for place, entry in enumerate(expression):
            for changed in _nudged(entry):
                entries = [*expression.flat()[:place], changed, *expression.flat()[place + 1 :]]
                yield sympy.ImmutableMatrix(*expression.shape, entries)
        return
    power = isinstance(expression, sympy.Pow)
    for place, part in enumerate(expression.args):
        counts = (power and place == 1) or isinstance(expression, sympy.Tuple | sympy.Indexed)
        for changed in _nudged(part, counts):
            yield expression.func(*expression.args[:place], changed, *expression.args[place + 1 :])
