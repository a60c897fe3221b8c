"""``phase-retrieval laws``: exponents, prefactors, windows and regimes as symbols."""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.options import (
    bad_input,
    output_options,
    parsed,
    read_exponent,
    read_picture,
)
from derivations.output import emit, json_text, write
from derivations.press.linear import linear
from theory.names import source_exponent
from theory.nearest import nearest

if TYPE_CHECKING:
    from theory.laws import Law, Laws

ALGORITHMS = ("flow", "descent", "sgd", "samples")

EXAMPLES = """\b
Examples:
  phase-retrieval laws
  phase-retrieval laws --exponent 2 --teacher flat --latex
  phase-retrieval laws --link 'z**3 + z' --json
  phase-retrieval laws --wide --latex
  phase-retrieval laws --normalised --link 'He3(z)'
  phase-retrieval laws --algorithm sgd --only sgd_loss --plot phases.svg
"""


def read_source(text: str) -> Fraction | None:
    """The B of a teacher: flat or source:B; None for B, which leaves it a symbol.

    >>> read_source("source:0.5"), read_source("flat"), read_source("B")
    (Fraction(1, 2), Fraction(0, 1), None)
    """
    if text.removeprefix("source:") == "B":
        return None
    with suppress(ValueError):
        if (source := source_exponent(text)) is not None:
            return source
    raise ValueError(f"{text!r} must be flat, source:B with a number B, or B for a symbol")


@click.command(epilog=EXAMPLES)
@click.option(
    "--link",
    metavar="LINK",
    default="z**2",
    show_default=True,
    help="The link of student and teacher, as derive has it.",
)
@click.option(
    "--wide",
    is_flag=True,
    help="A wide quadratic network with a power-law second layer, aligned with the inputs, instead.",
)
@click.option("--normalised", is_flag=True, help="A student f(w·x/‖w‖_Q), and a teacher alike.")
@click.option(
    "--algorithm",
    type=click.Choice(ALGORITHMS),
    default="flow",
    show_default=True,
    help="Gradient flow; descent at a step η; online SGD; the flow on n samples.",
)
@click.option(
    "--exponent",
    metavar="A",
    callback=parsed(read_exponent),
    help="Eigenvalues ∝ i^-A.  [default: a symbol]",
)
@click.option(
    "--teacher",
    metavar="flat|source:B|B",
    default="B",
    callback=parsed(read_source),
    help="All |w*_i| equal, or (w*_i)² ∝ i^-2B.  [default: a symbol]",
)
@click.option(
    "--dimension",
    type=click.Choice(("inf", "d")),
    default="inf",
    show_default=True,
    help="Number of modes: infinite, or a symbol.",
)
@click.option("--only", metavar="NAME,…", help="These laws alone.")
@click.option("--latex", "as_latex", is_flag=True, help="Print LaTeX.")
@click.option(
    "--plot",
    "picture",
    metavar="FILE.svg|pdf|png",
    callback=parsed(read_picture),
    help="Draw the exponent of one law over a and B, and the borders of its regimes, too.",
)
@output_options
def laws(
    link: str,
    wide: bool,
    normalised: bool,
    algorithm: str,
    exponent: Fraction | None,
    teacher: Fraction | None,
    dimension: str,
    only: str | None,
    as_latex: bool,
    picture: Path | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Print the laws of learning as symbols.

    Of every quantity the leading power with its prefactor, the first correction where it is known, the
    window in which it holds, and for each regime its condition, verdict (proved, measured or a conjecture)
    and source.
    With --json the expressions are strings that SymPy reads.
    """
    with bad_input():
        if as_json and as_latex:
            raise ValueError("--json and --latex exclude each other: give one of them")
        if wide and normalised:
            raise ValueError("--wide and --normalised exclude each other: give one of them")
        found = _found("wide" if wide else _model(link, normalised), algorithm, exponent, teacher, dimension)
        chosen = _chosen(found, only)
        if picture and (len(chosen) != 1 or exponent is not None or teacher is not None):
            raise ValueError("--plot needs one law, such as --only loss, and a and B as symbols")
    if picture:
        (law,) = chosen.values()
        with bad_input():
            _check_drawn(law)
        _draw(law, picture)
    if as_json:
        emit(json_text(_object(chosen)), output)
    else:
        emit(_text(chosen, as_latex), output)


def _model(link: str, units_normalised: bool) -> Any:
    """One student and teacher of this link."""
    from theory.symbolic import normalised, parse_link, single_index

    own = parse_link(link)
    return normalised(single_index(own)) if units_normalised else own


def _found(
    model: Any,
    algorithm: Any,
    exponent: Fraction | None,
    teacher: Fraction | None,
    dimension: str,
) -> "Laws":
    """The laws asked for."""
    from theory import laws as symbols

    return symbols.laws(
        model,
        symbols.a if exponent is None else _rational(exponent),
        symbols.B if teacher is None else _rational(teacher),
        algorithm,
        symbols.d if dimension == "d" else math.inf,
    )


def _rational(value: Fraction) -> Any:
    import sympy

    return sympy.Rational(value.numerator, value.denominator)


def _chosen(found: "Laws", only: str | None) -> "Laws":
    """The laws of these names, all without a request."""
    if only is None:
        return found
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name in found.missing:
            raise ValueError(f"--only {name}: there is no such law here: {found.missing[name]}")
        if name not in found:
            raise ValueError(f"--only {name!r} is no law; {nearest(name, found)}")
    return replace(found, by_name={name: found[name] for name in names}, missing={})


def _text(found: "Laws", as_latex: bool) -> str:
    """A paragraph a law, then what the names mean, and which laws there are not."""
    from theory.laws import printed

    def say(expression: Any) -> str:
        return printed(expression) if as_latex else linear(printed(expression))

    names = [f"{say(name)} = {say(formula)}" for name, formula in found.names.items()]
    meanings = [f"{say(name)}: {text}" for name, text in found.meanings.items()]
    missing = [f"{name}: none; {reason}" for name, reason in found.missing.items()]
    laws_of = [list(_lines(law, say, as_latex)) for law in found.values()]
    return "\n\n".join("\n".join(lines) for lines in (*laws_of, names, meanings, missing) if lines)


def _lines(law: "Law", say: Callable[[Any], str], as_latex: bool) -> Iterator[str]:
    """What is said of a law: where it holds, then of each regime the law, its correction and its verdict."""
    import sympy

    from theory.laws import quantity

    left = f"{quantity(law)} \\sim" if as_latex else f"{linear(quantity(law))} ~"
    yield f"{law.name}: {say(law.variable)} is the variable, {say(sympy.And(law.domain, law.window))}"
    for regime in law.regimes:
        condition = "" if regime.condition == sympy.true else f" [{say(regime.condition)}]"
        yield f"  {left} {say(law.of_regime(regime))}{condition}"
        yield f"    exponent {say(sympy.cancel(law.written_out(regime.exponent)))}"
        if regime.correction is not None:
            yield f"    first correction, relative: {say(regime.correction)}"
        yield f"    {regime.verdict}: {regime.source}"


def _object(found: "Laws") -> "dict[str, Any]":
    """The answer for programs."""
    return {
        "link": found.model,
        "algorithm": found.algorithm,
        "names": {str(name): str(formula) for name, formula in found.names.items()},
        "meanings": {str(name): text for name, text in found.meanings.items()},
        "laws": [_row(law) for law in found.values()],
        "missing": dict(found.missing),
    }


def _row(law: "Law") -> "dict[str, Any]":
    """One law for programs."""
    return {
        "name": law.name,
        "quantity": law.quantity,
        "variable": str(law.variable),
        "domain": str(law.domain),
        "window": str(law.window),
        "leading": str(law.leading),
        "exponent": str(law.exponent),
        "prefactor": str(law.prefactor),
        "regimes": [
            {
                "condition": str(regime.condition),
                "exponent": str(regime.exponent),
                "prefactor": str(regime.prefactor),
                "scale": str(regime.scale),
                "offset": str(regime.offset),
                "correction": None if regime.correction is None else str(regime.correction),
                "verdict": str(regime.verdict),
                "source": regime.source,
            }
            for regime in law.regimes
        ],
    }


def _check_drawn(law: "Law") -> None:
    """Raise ValueError where more than the two exponents decides the regime."""
    from theory.laws import B, a

    decided = set().union(*(regime.condition.free_symbols for regime in law.regimes))
    if other := sorted(map(str, decided - {a, B})):
        raise ValueError(f"--plot: the regimes of {law.name} depend on {', '.join(other)} as well")


def _draw(law: "Law", picture: Path) -> None:
    """The diagram of a law's regimes, written at once."""
    from derivations.press.regimes import diagram
    from numerics.shown.figures import encode

    write(picture, encode(diagram(law), picture.suffix.lower().removeprefix(".")))
