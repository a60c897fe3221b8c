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
from derivations.convergence import statements as convergence
from derivations.court.checks import means
from derivations.setting.symbols import B, a, gamma
from numerics.quadrature.collocation import radau

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
    """The constant C, and what the laws of 1 − u, 1 − s and L multiply it with, from their statements."""
    exponent, trace, energy = sympy.symbols("exponent trace energy")
    shares = {
        "overlap": convergence.overlap(),
        "energy": convergence.energy(),
        "loss": convergence.loss(),
    }
    lines = []
    for name, statement in shares.items():
        right = means(statement.clauses[0].sides[1] / convergence.POWER, {}).subs(gamma, exponent)
        lines.append(f"  {name}: (exponent) => {_javascript(right)},")
    sums = {sympy.zeta(a): trace, sympy.zeta(a + 2 * B): energy, gamma: exponent}
    constant = _javascript(means(convergence.CONSTANT, {}).xreplace(sums))
    shared = "\n".join(["const SHARE = {", *lines, "};"])
    return f"{shared}\nconst amplitudeOf = (a, exponent, trace, energy) => {constant};\n"


def _javascript(expression: sympy.Expr) -> str:
    """One expression; the page has a function gamma."""
    return str(sympy.jscode(expression, user_functions={"gamma": "gamma"}))


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
