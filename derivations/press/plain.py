"""Derivations outside the book: for a terminal, as Markdown, LaTeX, MathML or JSON."""

from collections.abc import Callable, Iterator, Sequence
from textwrap import fill
from typing import Any

from derivations.press.document import Derivation
from derivations.press.linear import linear, plain
from derivations.press.tex import text, words
from derivations.press.typeset import mathml

WIDTH = 96


def as_text(chosen: Sequence[Derivation]) -> str:
    """Unicode for a terminal: steps with number, formula on one line, reason, check and source."""
    return "\n\n".join("\n".join(_lines(item)) for item in chosen)


def _lines(item: Derivation) -> Iterator[str]:
    title = f"{item.title} ({', '.join(item.ids)})" if item.ids else item.title
    yield from (title, "═" * len(title))
    for number, step in enumerate(item.steps, 1):
        source, indent = item.source(step), " " * 4
        yield ""
        yield fill(f"{number:2}. {plain(step.statement)}", WIDTH, subsequent_indent=indent)
        yield f"\n        {linear(step.latex)}    [{step.paper}]\n"
        yield fill(
            f"{plain(step.reason)}. Checked: {step.checked}.",
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
        )
        yield f"{indent}{source.path}:{source.line} {source.name}"


def as_markdown(chosen: Sequence[Derivation]) -> str:
    """Markdown with formulas between dollars."""
    return "\n\n".join("\n".join(_markdown(item)) for item in chosen)


def _markdown(item: Derivation) -> Iterator[str]:
    yield f"## {item.title}" + (f" ({', '.join(item.ids)})" if item.ids else "")
    for number, step in enumerate(item.steps, 1):
        source = item.source(step)
        yield f"\n{number}. {step.statement}\n"
        yield f"   $$\n   {step.latex} \\tag{{{step.paper}}}\n   $$\n"
        yield f"   {step.reason}. Checked: {step.checked}. `{source.path}:{source.line}`"


def as_latex(chosen: Sequence[Derivation]) -> str:
    """LaTeX to be included where amsmath is loaded."""
    return "\n\n".join("\n".join(_latex(item)) for item in chosen)


def _latex(item: Derivation) -> Iterator[str]:
    yield rf"\subsection*{{{words(item.title)}}}"
    yield r"\begin{enumerate}"
    for step in item.steps:
        source = item.source(step)
        yield rf"\item {text(step.statement)}"
        yield rf"\begin{{equation*}} {step.latex} \tag{{{words(step.paper)}}} \end{{equation*}}"
        yield rf"{text(step.reason)}. Checked: {words(step.checked)}."
        yield rf"\texttt{{{words(f'{source.path}:{source.line}')}}}"
    yield r"\end{enumerate}"


def as_mathml(chosen: Sequence[Derivation]) -> str:
    """The formulas alone, one MathML element a line."""
    return "\n".join(mathml(step.latex) for item in chosen for step in item.steps)


def as_json(chosen: Sequence[Derivation]) -> list[dict[str, Any]]:
    """Derivations as data: formulas in LaTeX and as a line of Unicode."""
    return [
        {
            "key": item.key,
            "title": item.title,
            "paper": list(item.ids),
            "steps": [
                {
                    "statement": step.statement,
                    "latex": step.latex,
                    "text": linear(step.latex),
                    "reason": step.reason,
                    "checked": step.checked,
                    "paper": step.paper,
                    "source": f"{item.source(step).path}:{item.source(step).line}",
                    "function": item.source(step).anchor,
                }
                for step in item.steps
            ],
        }
        for item in chosen
    ]


FORMATS: dict[str, Callable[[Sequence[Derivation]], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "latex": as_latex,
    "mathml": as_mathml,
}
