"""Phase diagrams: the exponent of a law over the exponents of spectrum and teacher, from its regimes."""

from typing import TYPE_CHECKING

import numpy as np
import sympy

from numerics.arrays import Array
from theory.laws import B, Law, a, printed, quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def regimes(law: Law, exponents: Array, sources: Array) -> Array:
    """The number of the regime at each a of ``exponents`` (n) and B of ``sources`` (m): (m, n), -1 for none.

    >>> from theory.laws import laws
    >>> regimes(laws(algorithm="sgd")["sgd_loss"], np.array([2.0]), np.array([0.5, 1.0, 1.5]))
    array([[0],
           [1],
           [2]])
    """
    grid = np.meshgrid(exponents, sources)
    found = np.full(grid[0].shape, -1)
    for number, regime in reversed(list(enumerate(law.regimes))):
        found[_values(sympy.And(law.domain, regime.condition), grid).astype(bool)] = number
    return found


def exponents(law: Law, first: Array, sources: Array) -> Array:
    """The law's exponent there, nan where there is no law."""
    grid = np.meshgrid(first, sources)
    found, values = regimes(law, first, sources), np.full(grid[0].shape, np.nan)
    for number, regime in enumerate(law.regimes):
        here = found == number
        values[here] = _values(law.written_out(regime.exponent), grid)[here]
    return values


def diagram(law: Law) -> "Figure":
    """The exponent as a colour, the borders of the regimes as lines, their verdicts as labels."""
    import matplotlib
    from matplotlib.figure import Figure

    from numerics.shown.figures import STYLE

    # exponents a and B of the diagram
    first, sources = (np.linspace(*ends, 241) for ends in ((1.02, 4.0), (0.0, 3.0)))
    found, values = regimes(law, first, sources), exponents(law, first, sources)
    with matplotlib.rc_context(STYLE):
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        mesh = axes.pcolormesh(first, sources, values, cmap="viridis", shading="nearest", rasterized=True)
        figure.colorbar(mesh, label=f"exponent of ${printed(law.variable)}$ in ${quantity(law)}$")
        for number, regime in enumerate(law.regimes):
            here = found == number
            # regimes on a smaller share of the diagram, such as borders, have no label
            if here.mean() < 0.01:
                continue
            axes.contour(first, sources, here, levels=[0.5], colors="white", linewidths=1.0)
            row, column = (int(np.median(places)) for places in np.nonzero(here))
            power = printed(sympy.cancel(law.written_out(regime.exponent)))
            label = f"${power}$\n{regime.verdict}".replace(r"\tfrac", r"\frac")
            axes.text(first[column], sources[row], label, color="white", ha="center", va="center")
        axes.set(xlabel="exponent $a$ of the spectrum", ylabel="exponent $B$ of the teacher")
        axes.grid(visible=False)
    return figure


def _values(expression: sympy.Basic, grid: tuple[Array, ...]) -> Array:
    """An expression in a and B over a grid."""
    return np.broadcast_to(sympy.lambdify((a, B), expression, "numpy")(*grid), grid[0].shape)
