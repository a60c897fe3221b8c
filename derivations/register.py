"""All claims, gathered from the modules of their topics, and their adjudication."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module

from derivations.court.claim import Adjudication, Claim, Effort

TOPICS = (
    "geometry",
    "hierarchy",
    "wellposed",
    "duhamel",
    "escape",
    "residues",
    "clock",
    "statistics",
    "start",
    "remarks",
    "crossing",
    "phases",
    "convergence",
    "tail_measure",
    "barrier",
    "plateau",
    "spectral",
    "deficits",
    "tracking",
    "experiments",
)
"""The modules of claims, in the paper's order."""


class UnknownClaimError(ValueError):
    """No claim has that id."""


@cache
def claims() -> dict[str, Claim]:
    """Every claim by id, in the order of the topics and, there, of definition; steps follow their claim."""
    found: dict[str, Claim] = {}
    for topic in TOPICS:
        for item in vars(import_module(f"derivations.court.{topic}")).values():
            if isinstance(item, Claim) and item.id and found.setdefault(item.id, item) is not item:
                raise ValueError(f"two claims are called {item.id}")
    families = list(dict.fromkeys(map(_family, found)))
    order = sorted(found, key=lambda known: (families.index(_family(known)), known != _family(known)))
    return {known: found[known] for known in order}


def select(ids: Sequence[str]) -> list[Claim]:
    """The claims of these ids, each with its steps; all if none is given.

    Raises :class:`UnknownClaimError`, with what is allowed.

    >>> [claim.id for claim in select(["P1"])][:2]
    ['P1', 'P1/step1']
    """
    every = claims()
    for name in ids:
        if not any(_asked(name, known) for known in every):
            raise UnknownClaimError(f"{name!r} is no claim; allowed are {', '.join(every)}")
    return [item for known, item in every.items() if not ids or any(_asked(name, known) for name in ids)]


def audit(
    selected: Sequence[Claim],
    effort: Effort = Effort.QUICK,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Iterator[Adjudication]:
    """Settle the claims one by one; ``progress`` is told the fraction that is done."""
    for number, item in enumerate(selected):
        progress(number / len(selected))
        yield item.settle(effort)


def _family(known: str) -> str:
    """The id of the claim that a step belongs to, or its own."""
    return known.split("/")[0]


def _asked(name: str, known: str) -> bool:
    return known == name or known.startswith(f"{name}/")
