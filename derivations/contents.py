"""All chapters of the book in reading order, and what is meant by an id."""

from collections.abc import Callable, Iterator, Sequence

from derivations.adjudication import meanwhile
from derivations.beyond.telling import closures, descent, links, sgd, trust, verdicts
from derivations.convergence.telling import convergence
from derivations.court.claim import Effort
from derivations.escape.telling import duhamel, escape
from derivations.press.document import Asked, Chapter, Derivation, Written
from derivations.setting.telling import geometry, hierarchy, model
from derivations.tail.telling import tail
from theory.nearest import nearest

CHAPTERS: tuple[Chapter, ...] = tuple(
    part.chapter
    for part in (
        model,
        geometry,
        hierarchy,
        closures,
        duhamel,
        escape,
        convergence,
        tail,
        descent,
        sgd,
        links,
        verdicts,
        trust,
    )
)


class UnknownPartError(ValueError):
    """No chapter, derivation or number of the paper is called that."""


def select(names: Sequence[str]) -> list[Derivation]:
    """The derivations that chapters, keys or numbers of the paper stand for, in order of the book.

    Raises :class:`UnknownPartError`, with what is nearest.

    >>> [derivation.key for derivation in select(["Lem3", "barrier"])]
    ['coercive', 'barrier']
    """
    chosen = set()
    for name in names:
        found = {
            item.key
            for chapter in CHAPTERS
            for item in chapter.derivations
            if name in (chapter.key, item.key, *item.ids)
        }
        if not found:
            chapters = ", ".join(chapter.key for chapter in CHAPTERS if chapter.derivations)
            told = nearest(name, _names(), f"ids are such as P9, Lem3 and secular, chapters {chapters}")
            raise UnknownPartError(f"{name!r} has no derivation in the book; {told}")
        chosen |= found
    return [item for chapter in CHAPTERS for item in chapter.derivations if item.key in chosen]


def _names() -> Iterator[str]:
    """Everything that :func:`select` takes."""
    for chapter in CHAPTERS:
        if chapter.derivations:
            yield chapter.key
        for item in chapter.derivations:
            yield from (item.key, *item.ids)


def write(quick: bool, progress: Callable[[float], None] = lambda done: None) -> Iterator[Written]:
    """Yield the chapters with all they show; ``progress`` is told the fraction that is done.

    ``quick`` takes fewer exponents and shorter runs, and audits with less effort. The audit runs in a process
    of its own while the other chapters are written.
    """
    with meanwhile(Effort.QUICK if quick else Effort.FULL, pictured=True) as verdicts:
        for number, chapter in enumerate(CHAPTERS, 1):
            yield Written(chapter, tuple(chapter.write(Asked(quick, verdicts))))
            progress(number / len(CHAPTERS))
