"""All claims, gathered from the modules of their topics, and their adjudication."""

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
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
    """The claims of these ids, each with its steps, or that print these equations; all if none is given.

    Raises :class:`UnknownClaimError`, with what is nearest.

    >>> [claim.id for claim in select(["P1", "B.24"])]
    ['P1', 'P1/step1', 'P1/step2', 'P1/step3', 'P9/step3-ratio']
    """
    every = claims().values()
    for name in ids:
        if not any(_asked(name, item) for item in every):
            raise UnknownClaimError(f"{name!r} is no claim and no equation of one; {_nearest(name)}")
    return [item for item in every if not ids or any(_asked(name, item) for name in ids)]


def equations(item: Claim) -> list[str]:
    """The numbers of the equations that the claim is printed in.

    >>> equations(claims()["P8/series"])
    ['B.16', 'B.17', 'B.19']
    """
    return re.findall(r"\(([A-E1-9]\.\d+)\)", item.place)


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


def _asked(name: str, item: Claim) -> bool:
    return item.id == name or item.id.startswith(f"{name}/") or name.strip("()") in equations(item)


def _nearest(name: str) -> str:
    """The ids and numbers that are written most like ``name``."""
    known = dict.fromkeys([*claims(), *(number for item in claims().values() for number in equations(item))])
    spelt = {word.casefold(): word for word in known}
    near = [spelt[word] for word in get_close_matches(name.casefold(), spelt, n=5, cutoff=0.5)]
    return f"the nearest are {', '.join(near)}" if near else "ids are such as P9, Lem11 and T1, numbers B.24"
