"""The little markup of the book's prose: $formulas$, **bold**, *italic*, `code`."""

import re
from collections.abc import Callable, Iterator, Mapping

TOKEN = re.compile(r"(\$[^$]*\$|`[^`]*`|\*\*|\*)")


def render(
    text: str,
    words: Callable[[str], str],
    formula: Callable[[str], str],
    marks: Mapping[str, tuple[str, str]],
) -> str:
    """Turn a text into a language that writes ``words`` and ``formula`` so, and encloses by ``marks``.

    >>> marks = {"**": ("<b>", "</b>"), "*": ("<i>", "</i>"), "`": ("<code>", "</code>")}
    >>> render("**Here** $x$ and `y`", str.upper, lambda latex: f"[{latex}]", marks)
    '<b>HERE</b> [x] AND <code>Y</code>'
    """
    return "".join(_pieces(text, words, formula, marks))


def _pieces(
    text: str,
    words: Callable[[str], str],
    formula: Callable[[str], str],
    marks: Mapping[str, tuple[str, str]],
) -> Iterator[str]:
    opened = dict.fromkeys(marks, False)
    for token in TOKEN.split(text):
        if token.startswith("$"):
            yield formula(token[1:-1])
        elif token.startswith("`"):
            yield f"{marks['`'][0]}{words(token[1:-1])}{marks['`'][1]}"
        elif token in marks:
            yield marks[token][opened[token]]
            opened[token] = not opened[token]
        elif token:
            yield words(token)
