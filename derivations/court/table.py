"""Claims settled one by one, and as the rows of a table in plain text."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from derivations.court.claim import Adjudication, Claim, Effort
from derivations.court.source import Source


class Drawn(NamedTuple):
    """The picture of the claim ``id``: its caption, and the content of its files."""

    id: str
    caption: str
    svg: bytes
    pdf: bytes

    @property
    def name(self) -> str:
        """What its files are called, without suffix."""
        return picture_name(self.id)


class Row(NamedTuple):
    """A claim and what was found; texts hold formulas between dollars, ``evidence`` and ``replay`` none.

    ``corrected`` and ``replay`` are empty where there is nothing to correct or to replay; ``source`` is the
    function that examines the claim; ``picture`` is None where it was not asked for.
    """

    id: str
    place: str
    statement: str
    hypotheses: str
    verdict: str
    recorded: str
    agrees: bool
    evidence: str
    corrected: str
    replay: str
    source: Source
    picture: Drawn | None = None


def picture_name(known: str) -> str:
    """What the files of the picture of the claim of that id are called, without suffix."""
    return f"audit-{re.sub('[^A-Za-z0-9]', '-', known)}"


def audit(
    selected: Sequence[Claim],
    effort: Effort = Effort.QUICK,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Iterator[Adjudication]:
    """Settle the claims one by one; ``progress`` is told the fraction that is done."""
    for number, item in enumerate(selected):
        progress(number / len(selected))
        yield item.settle(effort)


def row(item: Adjudication) -> Row:
    """One claim as a row."""
    example = item.finding.counterexample
    return Row(
        item.claim.id,
        item.claim.place,
        item.claim.text,
        item.claim.conditions,
        str(item.finding.verdict),
        str(item.claim.verdict),
        item.agrees,
        item.evidence,
        item.correction.claim.text if item.correction else "",
        example.replay if example else "",
        item.claim.source,
    )


def on_record(claim: Claim) -> Row:
    """A claim with its verdict on record, unexamined: no evidence, nothing to replay."""
    verdict = str(claim.verdict)
    corrected = claim.correction.text if claim.correction else ""
    said = claim.id, claim.place, claim.text, claim.conditions, verdict, verdict
    return Row(*said, True, "", corrected, "", claim.source)
