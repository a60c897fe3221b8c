"""``phase-retrieval derive``: the paper's derivations step by step, or the equations of another link."""

from itertools import combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.network import (
    Chosen,
    check_learning,
    friction_option,
    further,
    learning_options,
    network_options,
    symbolic_model,
)
from derivations.commands.options import bad_input, check_suffix, output_options
from derivations.output import BadInput, emit, json_text, progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sympy

    from derivations.press.equations import Equation
    from theory.symbolic.hierarchy import AnyFlow


EXAMPLES = """\b
Examples:
  phase-retrieval derive
  phase-retrieval derive P1 secular
  phase-retrieval derive tail --format markdown
  phase-retrieval derive --link 'z**3 - 3*z' --json
  phase-retrieval derive --link 'erf(z)' --width 2 --teachers 1 --format latex
  phase-retrieval derive --link 'z**2' --sgd --format sympy
  phase-retrieval derive --link 'He3(z)' --constraint sphere
  phase-retrieval derive --link 'relu(z)' --width 2 --train-weights
  phase-retrieval derive --friction 0.5
"""


@click.command(epilog=EXAMPLES)
@click.argument("names", nargs=-1, metavar="[ID|CHAPTER]…")
@network_options
@learning_options
@friction_option
@click.option(
    "--sgd",
    is_flag=True,
    help="Also the mean step of online SGD, and of one student the covariance of the gradient.",
)
@click.option(
    "--format",
    "layout",
    type=click.Choice(("text", "latex", "markdown", "mathml", "sympy")),
    default="text",
    show_default=True,
    help="How to print.",
)
@output_options
def derive(
    names: tuple[str, ...],
    sgd: bool,
    layout: str,
    as_json: bool,
    output: Path | None,
    **request: Any,
) -> None:
    """Derive the flow of a link, or of a network with that link; or go through a derivation step by step.

    An ID is the paper's (P1, Lem2), a CHAPTER one of the book's (model, tail); the steps are checked as they
    are printed. Without one, the flow is dW/dt = A W Q + B W* Q, with A and B functions of S = W Q Wᵀ,
    U = W Q W*ᵀ, T = W* Q W*ᵀ (s, u and t where there is one student and one teacher). Of networks of more
    than 16 units the pair functions P(a, b, c) = E[f(X) g(Y)] are printed, which A and B are made of.
    """
    with bad_input():
        # endings of files that may hold one of these, or JSON
        as_json |= check_suffix(output, ("json", "tex", "md", "html", "xml", "py")) == "json"
    chosen = Chosen.taken(request)
    if names:
        if given := [*chosen.given, *(["--sgd"] if sgd else [])]:
            raise BadInput(f"{given[0]} derives a model: it does not go with {names[0]!r}")
        emit(_steps(names, layout, as_json), output)
        return
    from derivations.press import equations
    from theory.symbolic import constrained, heavy_ball, trained
    from theory.symbolic.pairs import pair_function

    with bad_input():
        check_learning(chosen)
        model = symbolic_model(chosen.sides(), chosen.normalised)
        for pair in combinations_with_replacement(dict.fromkeys(link for _, link in model.units), 2):
            pair_function(*pair)
        if chosen.normalised and equations.is_wide(model):
            raise ValueError(f"--normalised: at most {equations.WIDEST} units a side are written out")
    flow: AnyFlow = model
    if chosen.constraint is not None:
        flow = constrained(model, chosen.constraint)
    elif chosen.train_weights is not None:
        flow = trained(model, chosen.train_weights)
    elif chosen.friction is not None:
        flow = heavy_ball(model, chosen.friction)
    if sgd and flow is not model:
        raise BadInput(f"--sgd derives the step of the plain gradient: leave out {further(chosen)[0]}")
    with progress("derive"):
        contents = list(equations.equations(flow))
        if sgd:
            with bad_input():
                contents += equations.sgd_equations(model)
        text = json_text(_answer(flow, contents)) if as_json else equations.FORMATS[layout](contents)
    emit(text, output)


def _steps(names: tuple[str, ...], layout: str, as_json: bool) -> str:
    """The derivations of these names."""
    from derivations.contents import select
    from derivations.press import plain

    with bad_input():
        chosen = select(names)
    if not as_json and layout not in plain.FORMATS:
        raise BadInput(f"--format {layout} is for models; steps are printed as {', '.join(plain.FORMATS)}")
    with progress("derive"):
        return json_text(plain.as_json(chosen)) if as_json else plain.FORMATS[layout](chosen)


def _answer(flow: "AnyFlow", contents: "Sequence[Equation]") -> dict[str, Any]:
    """What the command prints for programs; A and B are strings, or lists of rows of a network.

    Of a wide network they are None: its equations are those of the pair functions.
    """
    from derivations.press.equations import is_wide
    from theory.symbolic import ConstrainedModel, HeavyBallModel, Model, NormalisedModel, TrainedModel
    from theory.symbolic.models import written_links

    model = flow if isinstance(flow, Model) else flow.model
    answer: dict[str, Any] = {
        "link": written_links(model.student_link),
        "teacher_link": written_links(model.teacher_link),
    }
    if is_wide(model):
        answer |= dict.fromkeys(("loss", "A", "B"))
    else:
        answer |= {"loss": str(flow.loss), "A": _written(flow.A), "B": _written(flow.B)}
    if isinstance(model, NormalisedModel):
        answer["normalised"] = True
    if isinstance(flow, ConstrainedModel):
        answer["constraint"] = str(flow.constraint)
    elif isinstance(flow, TrainedModel):
        answer["train_weights"] = str(flow.train_rate)
    elif isinstance(flow, HeavyBallModel):
        answer["friction"] = str(flow.friction)
    return answer | {"equations": {equation.key: str(equation.value) for equation in contents}}


def _written(matrix: "sympy.MatrixBase") -> Any:
    """The entry of a 1 × 1 matrix as a string, or rows of strings."""
    if len(matrix) == 1:
        return str(matrix[0])
    return [[str(entry) for entry in row] for row in matrix.tolist()]
