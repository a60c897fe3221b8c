"""``phase-retrieval derive``: from a link function to the equations of its flow."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from derivations.commands.options import bad_input, output_options
from derivations.output import emit, json_text, progress

if TYPE_CHECKING:
    from sympy import Expr

    from theory.symbolic import Model

EXAMPLES = """\b
Examples:
  phase-retrieval derive
  phase-retrieval derive --link 'z**3 - 3*z' --json
  phase-retrieval derive --link 'erf(z/sqrt(2))' --teacher-link 'relu(z)'
"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--link",
    metavar="FUNCTION",
    default="z**2",
    show_default=True,
    help="The student's link: powers of z, erf(c*z), abs(z) and relu(z), with rational coefficients.",
)
@click.option("--teacher-link", metavar="FUNCTION", help="The teacher's link.  [default: the student's]")
@output_options
def derive(link: str, teacher_link: str | None, as_json: bool, output: Path | None) -> None:
    """Derive the flow of a link function.

    The flow is dw/dt = A Qw + B Qw*, with A and B functions of s = wᵀQw, u = wᵀQw* and t = w*ᵀQw*.
    """
    from theory.symbolic import parse_link, single_index

    with bad_input():
        model = single_index(parse_link(link), None if teacher_link is None else parse_link(teacher_link))
    with progress("derive"):
        text = json_text(_answer(model)) if as_json else "\n\n".join(_equations(model))
    emit(text, output)


def _answer(model: "Model") -> dict[str, str]:
    """What the command prints for programs."""
    return {
        "link": str(model.student_link),
        "teacher_link": str(model.teacher_link),
        "loss": str(model.loss),
        "A": str(model.A[0]),
        "B": str(model.B[0]),
    }


def _equations(model: "Model") -> Iterator[str]:
    """What the command prints for people, equation by equation."""
    from theory.symbolic import gradient, hessian, hierarchy

    yield _equation("L", model.loss)
    yield _equation("A", model.A[0])
    yield _equation("B", model.B[0])
    slope, curvature, tower = gradient(model), hessian(model), hierarchy(model)
    yield "∇L = g₁ Qw + g₂ Qw*"
    yield _equation("g₁", slope.student)
    yield _equation("g₂", slope.teacher)
    yield "∇²L = h₀ Q + h₁ aaᵀ + h₂ (abᵀ + baᵀ) + h₃ bbᵀ with a = Qw, b = Qw*"
    for name, coefficient in zip(("h₀", "h₁", "h₂", "h₃"), curvature.coefficients, strict=True):
        yield _equation(name, coefficient)
    yield "s(k) = wᵀQᵏw, u(k) = wᵀQᵏw*, t(k) = w*ᵀQᵏw*"
    yield _equation("ds(k)/dτ", tower.S[0])
    yield _equation("du(k)/dτ", tower.U[0])


def _equation(name: str, value: "Expr") -> str:
    """``name = value`` in two dimensions."""
    import sympy

    equation = sympy.Eq(sympy.Symbol(name), value, evaluate=False)
    return str(sympy.pretty(equation, use_unicode=True, wrap_line=False))
