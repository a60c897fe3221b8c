"""``phase-retrieval derive``: from link functions to the equations of their flow."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.options import bad_input, output_options
from derivations.output import emit, json_text, progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from derivations.equations import Equation
    from theory.symbolic import Model

FORMATS = ("text", "latex", "markdown", "mathml", "sympy")

EXAMPLES = """\b
Examples:
  phase-retrieval derive
  phase-retrieval derive --link 'z**3 - 3*z' --json
  phase-retrieval derive --link 'erf(z)' --width 2 --teachers 1 --format latex
"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--link",
    metavar="LINK",
    default="z**2",
    show_default=True,
    help="The students' link: a polynomial in z with rational coefficients, erf(z), relu(z), abs(z) or sums.",
)
@click.option("--teacher-link", metavar="LINK", help="The teachers' link.  [default: the students']")
@click.option("--width", type=click.IntRange(1, 16), default=1, show_default=True, help="Students K.")
@click.option("--teachers", type=click.IntRange(1, 16), default=1, show_default=True, help="Teachers M.")
@click.option(
    "--format", "layout", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print."
)
@output_options
def derive(
    link: str,
    teacher_link: str | None,
    width: int,
    teachers: int,
    layout: str,
    as_json: bool,
    output: Path | None,
) -> None:
    """Derive the flow of a link, or of a network with that link.

    The flow is dW/dt = A W Q + B W* Q, with A and B functions of S = W Q Wᵀ, U = W Q W*ᵀ, T = W* Q W*ᵀ
    (s, u and t where there is one student and one teacher).
    """
    from theory.symbolic import Model, parse_link

    with bad_input():
        student = parse_link(link)
        teacher = student if teacher_link is None else parse_link(teacher_link)
        model = Model("network", student, teacher, (1,) * width, (1,) * teachers)
    from derivations import equations

    with progress("derive"):
        contents = list(equations.equations(model))
        text = json_text(_answer(model, contents)) if as_json else equations.FORMATS[layout](contents)
    emit(text, output)


def _answer(model: "Model", contents: "Sequence[Equation]") -> dict[str, Any]:
    """What the command prints for programs; A and B are strings, or lists of rows of a network."""
    single = model.students == model.teachers == 1
    return {
        "link": str(model.student_link),
        "teacher_link": str(model.teacher_link),
        "loss": str(model.loss),
        "A": str(model.A[0]) if single else [[str(entry) for entry in row] for row in model.A.tolist()],
        "B": str(model.B[0]) if single else [[str(entry) for entry in row] for row in model.B.tolist()],
        "equations": {equation.key: str(equation.value) for equation in contents},
    }
