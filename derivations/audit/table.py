"""The audit's table as plain text, settled here or in another process meanwhile."""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import NamedTuple

from derivations.audit.claim import Adjudication, Claim, Effort
from derivations.audit.pictures import picture_of
from derivations.audit.register import audit, select


class Drawn(NamedTuple):
    """The picture of the claim ``id``: its caption, and the content of its files."""

    id: str
    caption: str
    svg: bytes
    pdf: bytes

    @property
    def name(self) -> str:
        """What its files are called, without suffix."""
        return f"audit-{re.sub('[^A-Za-z0-9]', '-', self.id)}"


class Row(NamedTuple):
    """A claim and what was found; texts hold formulas between dollars, ``evidence`` and ``replay`` none.

    ``corrected`` and ``replay`` are empty where there is nothing to correct or to replay; ``picture`` is None
    where it was not asked for.
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
    picture: Drawn | None = None


def drawn(claim: Claim) -> Drawn | None:
    """The picture that decides between a claim and its correction, or None if it has none."""
    picture = picture_of(claim)
    if picture is None:
        return None
    return Drawn(claim.id, picture.caption, picture.encode("svg"), picture.encode("pdf"))


def row(item: Adjudication, pictured: bool = False) -> Row:
    """One claim as a row, with its picture if it is to be ``pictured`` and has one."""
    example = item.finding.counterexample
    return Row(
        item.claim.id,
        item.claim.place,
        item.claim.text,
        item.claim.hypotheses,
        str(item.finding.verdict),
        str(item.claim.verdict),
        item.agrees,
        item.evidence,
        item.correction.claim.text if item.correction else "",
        example.replay if example else "",
        drawn(item.claim) if pictured else None,
    )


def recorded(ids: Sequence[str] = ()) -> list[Row]:
    """The claims with their verdicts on record, unexamined: no evidence, nothing to replay."""
    return [
        Row(
            item.id,
            item.place,
            item.text,
            item.hypotheses,
            str(item.verdict),
            str(item.verdict),
            True,
            "",
            item.correction.text if item.correction else "",
            "",
        )
        for item in select(ids)
    ]


def table(effort: Effort, ids: Sequence[str] = (), pictured: bool = False) -> list[Row]:
    """Settle the claims of these ids, or all; draw what decides between the paper and us if ``pictured``.

    >>> [(row.id, row.verdict) for row in table(Effort.QUICK, ["P1"])][0]
    ('P1', 'proved')
    """
    return [row(item, pictured) for item in audit(select(ids), effort)]


@contextmanager
def meanwhile(
    effort: Effort, ids: Sequence[str] = (), pictured: bool = False
) -> Iterator[Callable[[], list[Row]]]:
    """Settle the claims in a process of its own; what is yielded waits for the table."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        settled = pool.submit(table, effort, ids, pictured)
        try:
            yield settled.result
        finally:
            settled.cancel()
