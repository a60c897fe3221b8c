"""Generated texts that are kept on disk, so that no model is derived twice.

They lie in the folder that the environment variable ``PHASE_RETRIEVAL_CACHE`` names, in
``phase-retrieval`` of the user's cache folder unless it is set; set to ``off`` nothing is kept or read. A
text is found by what it was made from and by the code that makes it, so that none is ever out of date; a file
that is not ours, or not whole, counts as none. Functions of Python have no text and are never kept.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from theory.disk import read_text, write_file

VARIABLE = "PHASE_RETRIEVAL_CACHE"

MOST = 1000
"""Files, of which the oldest go."""


def kept(content: str, make: Callable[[], str]) -> str:
    """The text that ``make`` makes from what ``content`` describes in full: from disk where it lies there.

    >>> kept("an example", lambda: "its text")
    'its text'
    """
    folder = cache_folder()
    if folder is None:
        return make()
    path = folder / f"{_digest(content + _version())}.txt"
    found = _whole(path)
    if found is None:
        found = make()
        with suppress(ValueError, OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(path, f"{_digest(found)}\n{found}".encode())
            _forget_oldest(folder)
    return found


def cache_folder() -> Path | None:
    """Where texts are kept, None where none are."""
    chosen = os.environ.get(VARIABLE)
    if chosen is not None:
        return None if chosen in ("", "off") else Path(chosen)
    given = os.environ.get("XDG_CACHE_HOME", "")
    with suppress(RuntimeError):  # no home
        return (Path(given) if os.path.isabs(given) else Path.home() / ".cache") / "phase-retrieval"
    return None


def _whole(path: Path) -> str | None:
    """The text in a file that is the user's own, None where there is none or it is not whole."""
    try:
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None
        digest, _, text = read_text(path).partition("\n")
    except (ValueError, OSError):
        return None
    return text if digest == _digest(text) else None


def _forget_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.txt"), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) - MOST)]:
        path.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@cache
def _version() -> str:
    """Of SymPy and of the code that derives and writes: its text."""
    import sympy

    sources = sorted(Path(__file__).parent.joinpath("symbolic").rglob("*.py"))
    return "\n".join([sympy.__version__, *(path.read_text("utf-8") for path in sources)])
