"""The explorer: the flow and its laws for any power law, computed in the page that draws them.

The right-hand sides are the generated ones in JavaScript; the collocation table is the solver's.
"""

import json
from importlib.metadata import version
from importlib.resources import files

import numpy as np
import sympy
from jinja2 import Environment

from derivations.cli import DISTRIBUTION
from numerics.quadrature.collocation import radau
from theory.asymptotics import SQUARE
from theory.laws import B, C, N, Z, a, d, gamma, laws
from theory.laws.spectra import Setting

NAME = "explorer.html"
"""The file that the report links to, beside it."""

STAGES = 7
"""Of the page's Radau IIA method: enough for nine digits, few enough for an answer at once."""

SCRIPTS = ("sums", "problem", "flow", "laws", "plot", "page")


def page() -> str:
    """The explorer as one HTML document that needs no network: the same bytes for the same version."""
    here = files("derivations.explorer")
    style = here.joinpath("style.css").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(here.joinpath("page.html.jinja").read_text("utf-8"))
    return template.render(style=style, script=script(), version=version(DISTRIBUTION)) + "\n"


def script() -> str:
    """What the page runs: the generated right-hand sides, the table, the solver, the laws, the drawing."""
    generated = files("numerics.generated").joinpath("phase_retrieval.js").read_text("utf-8")
    here = files("derivations.explorer")
    parts = [here.joinpath(f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    return "\n".join([generated, _table(), _prefactors(), *parts])


def _prefactors() -> str:
    """The laws' prefactors as functions of a, B, d, the exponent γ and the sums Z and N over the modes."""
    found, setting = laws(dimension=d), Setting(SQUARE, d)
    constant = {C: setting.names[C]}
    recovered = found["recovered"].regimes[0]
    parts = {
        **{name: found[name].regimes[0].prefactor.subs(constant) for name in ("overlap", "energy", "loss")},
        "recovered": recovered.prefactor,
        "rest": recovered.offset.replace(sympy.harmonic, lambda _, power: sympy.zeta(power)),
        "start": setting.start,
        "end": setting.end,
    }
    lines = [f"  {name}: ({ARGUMENTS}) => {_javascript(part)}," for name, part in parts.items()]
    return "\n".join(["const LAWS = {", *lines, "};"]) + "\n"


ARGUMENTS = f"{{ {a}, {B}, {d}, {gamma.name}: power, {Z}, {N} }}"
"""What a law takes; ``gamma`` is a function of the page."""


def _javascript(expression: sympy.Expr) -> str:
    """One expression; the page has functions gamma and zeta."""
    functions = {"gamma": "gamma", "zeta": "zeta"}
    return str(sympy.jscode(expression.subs(gamma, sympy.Symbol("power")), user_functions=functions))


def _table() -> str:
    """The Radau IIA table as constants.

    The nodes, the matrix, its inverse by rows and the row sums of that, the map to Chebyshev coefficients.
    """
    table = radau(STAGES)
    inverse = np.linalg.inv(table.matrix)
    constants = {
        "S": STAGES,
        "NODES_AT": table.nodes.tolist(),
        "MATRIX": table.matrix.tolist(),
        "INVERSE": inverse.ravel().tolist(),
        "ONES": inverse.sum(axis=1).tolist(),
        "TO_CHEBYSHEV": table.to_chebyshev.tolist(),
    }
    return "\n".join(f"const {name} = {json.dumps(value)};" for name, value in constants.items()) + "\n"
