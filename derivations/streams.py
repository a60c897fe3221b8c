"""Standard output and error as they are found: closed, full, or in a code page without Greek."""

import codecs
import errno
import io
import os
import sys
import unicodedata
from itertools import pairwise
from traceback import walk_tb

import click

TRANSLITERATE = "transliterate"
"""The error handler's name."""

PLAIN = "plain-ascii"
"""ASCII under a name of its own: click takes ASCII for a mistake and would write UTF-8 instead."""

MARKS = "≤≥≠≈≡≍∝∼≪≫≲≳⪯∈⊂→←⇒⇔↦−–—·⋅×∘⊗⋆∗⁎±∓√∞Σ∑∏∫∂∇‖⟨⟩′†⊤…⋯‘’“”⁄\u0307\u0302\u0304"
WORDS = (
    "<= >= != ~= == ~ ~ ~ << >> <~ >~ <= in in -> <- => <=> |-> - - - * * x o x * * * +- -+ sqrt inf Sum Sum "
    "Prod int d grad_ || < > ' ^+ T ... ... ' ' \" \" / _dot _hat _bar"
)
SIGNS = dict(zip(MARKS, WORDS.split(), strict=True))
"""What stands for the signs of formulas."""


class ClosedOutput(io.TextIOBase):
    """A standard output that the caller has closed: what is written there is refused, not lost."""

    def write(self, text: str) -> int:
        """Refuse."""
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def prepare() -> None:
    """Make standard output and error safe to write to: every sign has a form that the code page holds."""
    codecs.register_error(TRANSLITERATE, _transliterate)
    codecs.register(_plain)
    if sys.stdout is None:
        sys.stdout = ClosedOutput()
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=PLAIN if ascii_only else None, errors=TRANSLITERATE)


def refused(error: OSError) -> bool:
    """Whether the error came from printing; what standard output has not taken is then given up."""
    printing = any(frame.f_code is click.echo.__code__ for frame, _ in walk_tb(error.__traceback__))
    if printing and not isinstance(sys.stdout, ClosedOutput):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return printing


def transliterated(text: str) -> str:
    """``text`` in ASCII: Greek letters by their names, other signs by what they resemble.

    >>> transliterated("‖w*‖² ≤ ½ λ₁, ẇ ∝ 10⁻¹²")
    '||w*||^2 <= 1/2 lambda_1, w_dot ~ 10^-12'
    """
    parts = [("", ""), *map(_ascii, text)]
    return "".join((mark if mark != former else "") + plain for (former, _), (mark, plain) in pairwise(parts))


def _ascii(sign: str) -> tuple[str, str]:
    """One character in ASCII, after "^" or "_" if it is raised or lowered; "?" for what resembles nothing."""
    if sign.isascii() or sign in SIGNS:
        return "", SIGNS.get(sign, sign)
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK "):
        letter = name.split(" LETTER ")[-1].split(" WITH ")[0].split()[-1].replace("LAMDA", "LAMBDA")
        return "", letter.capitalize() if "CAPITAL" in name else letter.lower()
    if name.startswith("BOX DRAWINGS"):
        return "", "-"
    raised = "SUPERSCRIPT" in name or "MODIFIER LETTER" in name
    parts = [SIGNS.get(part, part) for part in unicodedata.normalize("NFKD", sign)]
    plain = "".join(part for part in parts if part.isascii())
    return "^" if raised else "_" if "SUBSCRIPT" in name else "", plain or "?"


def _transliterate(error: UnicodeError) -> tuple[str, int]:
    """The error handler."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return transliterated(error.object[error.start : error.end]), error.end


def _plain(name: str) -> codecs.CodecInfo | None:
    """The codec :data:`PLAIN`."""
    if name.replace("_", "-") != PLAIN:
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(
        known.encode,
        known.decode,
        known.streamreader,
        known.streamwriter,
        known.incrementalencoder,
        known.incrementaldecoder,
        PLAIN,
    )
