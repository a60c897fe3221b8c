"""All claims of the paper and the pictures that decide them, gathered from the rooms."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from derivations.court.claim import Claim
from derivations.court.pictures import Drawing, registered

ROOMS = {
    "setting": ("geometry", "hierarchy", "wellposed"),
    "escape": ("duhamel", "escape", "residues", "clock", "statistics", "start", "remarks"),
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


def _asked(name: str, known: str) -> bool:
    return known == name or known.startswith(f"{name}/")
