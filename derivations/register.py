"""All claims of the paper and the pictures that decide them, gathered from the rooms."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from derivations.court.claim import Claim
from derivations.court.pictures import Drawing, registered
from theory.nearest import nearest

ROOMS = {
    "setting": ("geometry", "hierarchy", "wellposed"),
    "escape": ("duhamel", "escape", "residues", "resolvent", "clock", "statistics", "start", "remarks"),
    "convergence": ("crossing", "phases", "convergence", "tail_measure", "barrier"),
    "tail": ("plateau", "spectral", "deficits", "tracking"),
    "experiments": ("experiments",),
}
"""The modules of claims in each room, in the paper's order."""


class UnknownClaimError(ValueError):
    """No claim has that id."""


@cache
def claims() -> dict[str, Claim]:
    """Every claim by id, in the order of the topics and, there, of definition; steps follow their claim."""
    found: dict[str, Claim] = {}
    modules = [f"derivations.{room}.claims.{topic}" for room, topics in ROOMS.items() for topic in topics]
    for module in modules:
        for item in vars(import_module(module)).values():
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


@cache
def drawings() -> Mapping[str, Drawing]:
    """The functions that make the pictures of the rooms, by the id of the claim."""
    for room in ROOMS:
        package = find_spec(f"derivations.{room}.pictures")
        for module in iter_modules(package.submodule_search_locations if package else ()):
            import_module(f"derivations.{room}.pictures.{module.name}")
    return registered()


def _family(known: str) -> str:
    """The id of the claim that a step belongs to, or its own."""
    return known.split("/")[0]


def _asked(name: str, item: Claim) -> bool:
    return item.id == name or item.id.startswith(f"{name}/") or name.strip("()") in equations(item)


def _nearest(name: str) -> str:
    """The ids and numbers that are written most like ``name``."""
    known = dict.fromkeys([*claims(), *(number for item in claims().values() for number in equations(item))])
    return nearest(name, known, "ids are such as P9, Lem11 and T1, numbers B.24")
