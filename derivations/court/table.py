"""The audit's table as plain text, settled here or in another process meanwhile."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from derivations.court.claim import Adjudication, Effort
from derivations.court.picture import Picture
from derivations.court.pictures import drawings, picture_of
from derivations.court.source import Source
from derivations.register import audit, claims, select
from numerics.parallel.workers import interrupts_wait, processes


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


def drawn(name: str) -> Drawn | None:
    """The picture that decides between the claim of this id and its correction, or None if it has none."""
    picture = picture_of(claims()[name])
    return None if picture is None else Drawn(name, picture.caption, *_encoded(picture))


@cache
def _encoded(picture: Picture) -> list[bytes]:
    """The files of a picture, once: several claims share one."""
    return picture.encode("svg", "pdf")


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
        item.claim.source,
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
            item.source,
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
def meanwhile(
    effort: Effort, ids: Sequence[str] = (), pictured: bool = False
) -> Iterator[Callable[[], list[Row]]]:
    """Settle the claims in a process of its own; what is yielded waits for the table.

    If it is to be ``pictured`` another process draws the pictures.
    """
    with processes(1 + pictured, abandon=True) as pool:
        names = [item.id for item in select(ids)] if pictured else []
        with interrupts_wait():
            settled = pool.submit(table, effort, ids)
            pictures = {name: pool.submit(drawn, name) for name in names if name in drawings()}

        def rows() -> list[Row]:
            done = {name: picture.result() for name, picture in pictures.items()}
            return [row._replace(picture=done.get(row.id)) for row in settled.result()]

        yield rows
