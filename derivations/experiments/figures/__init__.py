"""The paper's six figures, one module each, with the same parameters and next to the theory's curves.

- ``base``: what a figure consists of
- ``sgd_error``: 1: the MSE under online SGD
- ``phases``: 2: the three phases under population gradient descent
- ``escape``: 3: the overlap for several exponents
- ``frozen``: 4: the MSE against its frozen approximation
- ``sgd_overlaps``: 5: u, s and the MSE under online SGD
- ``convergence``: 6: the rate at which 1 − u decays

Where the paper leaves a parameter open, the caption says what was chosen.
"""

from collections.abc import Callable
from importlib import import_module

from derivations.experiments.figures.base import PaperFigure

__all__ = ["FIGURES", "PaperFigure", "check_number", "paper_figure"]

FIGURES = {
    1: "sgd_error",
    2: "phases",
    3: "escape",
    4: "frozen",
    5: "sgd_overlaps",
    6: "convergence",
}
"""The module of each figure."""


def paper_figure(
    number: int, quick: bool = False, seed: int = 0, progress: Callable[[float], None] = lambda done: None
) -> PaperFigure:
    """Compute a figure: its curves, not yet drawn.

    ``quick`` shortens what takes long and says so in the caption; ``seed`` fixes every draw; ``progress``
    is called with the fraction that is done.

    Raises ValueError for a figure that the paper does not have.
    """
    check_number(number)
    return import_module(f"derivations.experiments.figures.{FIGURES[number]}").figure(quick, seed, progress)


def check_number(number: int) -> None:
    """Raise ValueError for a figure that the paper does not have."""
    if number not in FIGURES:
        raise ValueError(f"figure {number}: the paper has figures {', '.join(map(str, FIGURES))}")
