"""Write guide and reference: ``python -m derivations.guide FOLDER``; a warning is an error."""

import sys
import warnings
from pathlib import Path

MODULES = (
    "theory",
    "theory.symbolic.closures",
    "theory.symbolic.codegen",
    "theory.symbolic.precision",
    "numerics",
    "numerics.solver.contract",
    "numerics.problems.covariance",
    "numerics.shown.figures",
    "numerics.precise",
    "numerics.shown.result",
    "derivations",
)
"""Those that are not reached from the others are named."""


def build(folder: Path) -> None:
    """Render the guide and the docstrings of every public module to HTML in ``folder``."""
    import pdoc

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.render.configure(math=True, docformat="restructuredtext")
        pdoc.pdoc(*MODULES, output_directory=folder)


if __name__ == "__main__":
    (target,) = map(Path, sys.argv[1:])
    build(target)
    print(f"wrote {target}/index.html")
