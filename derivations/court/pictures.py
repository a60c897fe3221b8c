"""The pictures that decide claims which are false or not sharp, registered by the claim's id.

A picture is a function of the constants of the claim and of those of its correction.
"""

from collections.abc import Callable, Mapping
from functools import cache

import sympy

from derivations.court.claim import Claim, Constants
from derivations.court.picture import Picture

Drawing = Callable[[Constants, Constants], Picture]
Items = tuple[tuple[str, sympy.Rational], ...]

_drawings: dict[str, Drawing] = {}


def picture(*ids: str) -> Callable[[Drawing], Drawing]:
    """Register the function below as the picture of these claims.

    Raises ValueError for a claim that has one already.
    """

    def register(drawing: Drawing) -> Drawing:
        for name in ids:
            if name in _drawings:
                raise ValueError(f"two pictures of {name}")
            _drawings[name] = drawing
        return drawing

    return register


def registered() -> Mapping[str, Drawing]:
    """The functions that make pictures, by the id of the claim, of all modules imported so far."""
    return _drawings


def picture_of(claim: Claim) -> Picture | None:
    """The picture that decides between a claim and its correction, or None if none is registered."""
    drawing = _drawings.get(claim.id)
    if drawing is None or claim.correction is None:
        return None
    return _made(drawing, tuple(claim.constants.items()), tuple(claim.correction.constants.items()))


@cache
def _made(drawing: Drawing, printed: Items, ours: Items) -> Picture:
    """A picture, once: several claims share one."""
    return drawing(dict(printed), dict(ours))
