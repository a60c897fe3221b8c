"""Verdicts, and what an examination found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What can be said of a claim, as defined in each member's comment."""

    PROVED = "proved"  # a symbolic identity, or a complete argument checked step by step
    ENCLOSED = "enclosed"  # interval arithmetic
    MEASURED = "measured"  # numerics, with the error
    NOT_SHARP = "not sharp"  # true, and the sharp form is known
    FALSE = "false as stated"  # a counterexample and the corrected statement are known
    GAP = "gap"  # the statement may hold, this step of its proof does not
    UNDECIDED = "undecided"  # the evidence says what is missing

    @property
    def stands(self) -> bool:
        """Whether the claim may be used as it is printed."""
        return self in (Verdict.PROVED, Verdict.ENCLOSED, Verdict.MEASURED)


@dataclass(frozen=True)
class Counterexample:
    """Numbers that refute a claim, in ``words``, and a ``replay``: one line of Python that asserts it.

    ``by`` tells how the claim is refuted: proved in exact arithmetic, enclosed in intervals, or measured in
    floating point.

    >>> Counterexample("9 is odd but not a prime", "assert 9 % 2 == 1 and 9 % 3 == 0").check()
    """

    words: str
    replay: str
    by: Verdict = Verdict.MEASURED

    def __post_init__(self) -> None:
        if not self.by.stands:
            raise ValueError(f"a counterexample is proved, enclosed or measured, not {self.by}")
        if "\n" in self.replay or "assert" not in self.replay:
            raise ValueError(f"a replay is one line with an assertion, not {self.replay!r}")

    def check(self) -> None:
        """Run the line; raises AssertionError where it does not refute the claim after all."""
        exec(compile(self.replay, "<counterexample>", "exec"), {})


@dataclass(frozen=True)
class Finding:
    """The outcome of one examination.

    ``ratio`` tells how tight an inequality is or how good a law: the largest left side over right side
    that an attack reached, or measured over claimed. A finding that a claim is false needs a
    ``counterexample``.
    """

    verdict: Verdict
    evidence: str
    ratio: float | None = None
    counterexample: Counterexample | None = None

    def __post_init__(self) -> None:
        if self.verdict is Verdict.FALSE and self.counterexample is None:
            raise ValueError("a claim is false only with a counterexample")
