"""What a name that nothing has may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Tell the up to five ``known`` names written most like ``name``, in either case; else all of them, or
    what ``otherwise`` says.

    >>> nearest("Escape_rat", ["escape_rate", "escape_amplitude", "final_rate"])
    'the nearest are escape_rate, escape_amplitude'
    >>> nearest("?", ["P1", "P2"])
    'allowed are P1, P2'
    """
    spelt = {word.casefold(): word for word in known}
    near = [spelt[word] for word in get_close_matches(name.casefold(), spelt, n=5)]
    if near:
        return f"the nearest are {', '.join(near)}"
    return otherwise or f"allowed are {', '.join(spelt.values())}"
