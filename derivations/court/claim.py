"""Claims as code: a statement with its constants, how it is examined, and the verdict on record."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from functools import cache

import sympy

from derivations.court.source import Source
from derivations.court.verdict import Finding, Verdict

Constants = Mapping[str, sympy.Rational]

HOLE = re.compile(r"<(\w+)(?:=([^<>\s]+))?>")
"""A number of a text: its name and, where it is typed, its value."""

FACTOR = re.compile(HOLE.pattern + r" (?=[\\(A-Z]|[a-z](?![a-z]))")
"""A number that is a factor of what follows."""


class Effort(Enum):
    """How long an attack may take: ``QUICK`` for every run of the tests, ``FULL`` for the record."""

    QUICK = "quick"
    FULL = "full"

    def of(self, quick: int, full: int) -> int:
        """The size of an attack at this effort."""
        return quick if self is Effort.QUICK else full


Examination = Callable[[Constants, Effort], Finding]


@dataclass(frozen=True)
class Claim:
    """A statement of the paper, or the correction of one.

    ``id`` is PAPER.md's; a step of a proof is ``P9/step4``. ``place`` is where the paper prints it.
    ``statement`` and ``hypotheses`` are text with formulas between dollars. A number in it, factor, exponent
    or threshold, is typed where it is printed, as ``<name=3/2>``; ``<name>`` prints it once more, and the
    examination is handed the numbers by name, so that what is printed is what is examined. ``verdict`` and
    ``ratio`` are those on record. A claim that
    is false or not sharp needs a ``correction``, itself a claim that stands, and a picture that decides
    between the two; where there is no quantity to draw ``unpictured`` says why. A statement without a
    constant is ``qualitative``: there is nothing in it that could be wrong by 1 %.
    """

    id: str
    place: str
    statement: str
    examine: Examination
    verdict: Verdict
    constants: Constants = field(default_factory=dict[str, sympy.Rational])
    hypotheses: str = ""
    ratio: float | None = None
    correction: "Claim | None" = None
    qualitative: bool = False
    unpictured: str = ""

    def __post_init__(self) -> None:
        named = {match[1] for match in HOLE.finditer(f"{self.statement} {self.hypotheses}")}
        if named != set(self.constants):
            raise ValueError(f"{self.id}: the text names {sorted(named)}, not {sorted(self.constants)}")
        if self.verdict in (Verdict.FALSE, Verdict.NOT_SHARP) and self.correction is None:
            raise ValueError(f"{self.id}: {self.verdict} needs a correction")
        if self.qualitative and self.constants:
            raise ValueError(f"{self.id}: a statement with constants is not qualitative")
        if self.correction and not self.correction.verdict.stands:
            raise ValueError(f"{self.id}: the correction is on record as {self.correction.verdict}")

    @property
    def text(self) -> str:
        """The statement with its constants; a factor 1 is not written."""
        return self._printed(self.statement)

    @property
    def conditions(self) -> str:
        """The hypotheses with their constants."""
        return self._printed(self.hypotheses)

    def _printed(self, text: str) -> str:
        ones = FACTOR.sub(lambda match: "" if self.constants[match[1]] == 1 else match[0], text)
        return HOLE.sub(
            lambda match: _printed(self.constants[match[1]], ones[: match.start()].endswith(("^{", "^{-"))),
            ones,
        )

    @property
    def source(self) -> Source:
        """The function that examines it."""
        return Source.of(self.examine)

    def changed(self, name: str, factor: sympy.Rational) -> "Claim":
        """The claim with one of its constants multiplied by ``factor``."""
        return self.given(**{name: self.constants[name] * factor})

    def given(self, **constants: sympy.Rational) -> "Claim":
        """The claim with these constants: what another claim says in its own numbers."""
        return replace(self, constants={**self.constants, **constants})

    def settle(self, effort: Effort = Effort.QUICK) -> "Adjudication":
        """Examine the claim and its correction."""
        correction = self.correction.settle(effort) if self.correction else None
        found = _examined(self.examine, tuple(self.constants.items()), effort)
        return Adjudication(self, found, correction)


@dataclass(frozen=True)
class Adjudication:
    """A claim, what was found, and the same of its correction."""

    claim: Claim
    finding: Finding
    correction: "Adjudication | None" = None

    @property
    def agrees(self) -> bool:
        """Whether verdict and ratio are those on record, for the correction as well."""
        return (
            self.finding.verdict is self.claim.verdict
            and _close(self.finding.ratio, self.claim.ratio)
            and (self.correction is None or self.correction.agrees)
        )

    @property
    def evidence(self) -> str:
        """What was found, the counterexample, and why the correction holds."""
        parts = [self.finding.evidence]
        if self.finding.counterexample:
            example = self.finding.counterexample
            parts.append(f"Counterexample ({example.by}): {example.words}")
        if self.correction:
            parts.append(f"The correction is {self.correction.finding.verdict}: {self.correction.evidence}")
        return " ".join(part if part.endswith(".") else f"{part}." for part in parts)


def claim(
    id: str,
    place: str,
    statement: str,
    verdict: Verdict,
    *,
    hypotheses: str = "",
    ratio: float | None = None,
    correction: Claim | None = None,
    qualitative: bool = False,
    unpictured: str = "",
) -> Callable[[Examination], Claim]:
    """Turn the examination below into a claim; its constants are integers, rationals or decimals.

    >>> from derivations.court.verdict import Finding
    >>> @claim("X1", "(0.1)", "$<a=2> = 1 + 1$", Verdict.PROVED)
    ... def sum_of_ones(constants, effort):
    ...     return Finding(Verdict.PROVED if constants["a"] == 1 + 1 else Verdict.UNDECIDED, "counting")
    >>> sum_of_ones.text, sum_of_ones.settle().agrees
    ('$2 = 1 + 1$', True)
    >>> sum_of_ones.changed("a", sympy.Rational(101, 100)).settle().agrees
    False
    """
    exact = _exact(f"{statement} {hypotheses}")
    return lambda examine: Claim(
        id, place, statement, examine, verdict, exact, hypotheses, ratio, correction, qualitative, unpictured
    )


def correction(
    statement: str,
    verdict: Verdict,
    *,
    hypotheses: str = "",
    ratio: float | None = None,
    qualitative: bool = False,
) -> Callable[[Examination], Claim]:
    """Turn the examination below into the correction of a claim, to be passed to :func:`claim`."""
    exact = _exact(f"{statement} {hypotheses}")
    return lambda examine: Claim(
        "", "", statement, examine, verdict, exact, hypotheses, ratio, None, qualitative
    )


@cache
def _examined(
    examine: Examination, constants: tuple[tuple[str, sympy.Rational], ...], effort: Effort
) -> Finding:
    """What an examination finds, once: several claims share a correction, and all searches are seeded."""
    return examine(dict(constants), effort)


def _printed(value: sympy.Rational, raised: bool = False) -> str:
    """A constant in LaTeX: a measured number as a decimal, a small fraction as one; ``raised``, on the line.

    >>> _printed(sympy.Rational(8, 3)), _printed(sympy.Rational("0.32951")), _printed(sympy.Integer(2))
    ('\\\\frac{8}{3}', '0.32951', '2')
    >>> _printed(sympy.Rational(3, 2), raised=True)
    '3/2'
    """
    if value.is_Integer:
        return str(value)
    if value.q > 10 and set(sympy.factorint(value.q)) <= {2, 5}:
        return format(Decimal(value.p) / value.q, "f")
    if raised:
        return str(value)
    return rf"{'-' if value < 0 else ''}\frac{{{abs(value.p)}}}{{{value.q}}}"


def _exact(text: str) -> Constants:
    """The numbers typed in a text, by name; raises ValueError for a name that is typed twice.

    >>> _exact(r"$<a=2> x^{<p=1/3>} \\le <a>$")
    {'a': 2, 'p': 1/3}
    """
    typed = [(name, value) for name, value in HOLE.findall(text) if value]
    if len(dict(typed)) < len(typed):
        raise ValueError(f"{text}: a name is typed twice")
    return {name: sympy.Rational(value) for name, value in typed}


def _close(found: float | None, recorded: float | None) -> bool:
    if found is None or recorded is None:
        return recorded is None
    # a ratio may differ by this fraction from the one on record: a constant wrong by 1 % shows
    return abs(found - recorded) <= 0.005 * abs(recorded)
