"""The paper's audit as a table, settled here or in another process meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from derivations.court.claim import Effort
from derivations.court.picture import Picture
from derivations.court.pictures import picture_of
from derivations.court.table import Drawn, Row, audit, on_record, row
from derivations.register import claims, drawings, select
from numerics.parallel.workers import interrupts_wait, processes


def drawn(name: str) -> Drawn | None:
    """The picture that decides between the claim of this id and its correction, or None if it has none."""
    picture = picture_of(claims()[name]) if name in drawings() else None
    return None if picture is None else Drawn(name, picture.caption, *_encoded(picture))


@cache
def _encoded(picture: Picture) -> list[bytes]:
    """The files of a picture, once: several claims share one."""
    return picture.encode("svg", "pdf")


def recorded(ids: Sequence[str] = ()) -> list[Row]:
    """The claims of these ids, or all, with their verdicts on record, unexamined."""
    return [on_record(item) for item in select(ids)]


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
