"""The audit's table as plain text, settled here or in another process meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import NamedTuple

from derivations.audit.claim import Adjudication, Effort
from derivations.audit.register import audit, select


class Row(NamedTuple):
    """A claim and what was found; texts hold formulas between dollars, ``evidence`` and ``replay`` none.

    ``corrected`` and ``replay`` are empty where there is nothing to correct or to replay.
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


def row(item: Adjudication) -> Row:
    """One claim as a row."""
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


def table(effort: Effort, ids: Sequence[str] = ()) -> list[Row]:
    """Settle the claims of these ids, or all.

    >>> [(row.id, row.verdict) for row in table(Effort.QUICK, ["P1"])][0]
    ('P1', 'proved')
    """
    return [row(item) for item in audit(select(ids), effort)]


@contextmanager
def meanwhile(effort: Effort, ids: Sequence[str] = ()) -> Iterator[Callable[[], list[Row]]]:
    """Settle the claims in a process of its own; what is yielded waits for the table."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        settled = pool.submit(table, effort, ids)
        try:
            yield settled.result
        finally:
            settled.cancel()
