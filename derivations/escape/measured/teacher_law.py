"""The law of ρ over Gaussian teachers, against teachers that are drawn (Lem 2, R4)."""

import math

import numpy as np

from derivations.press.evidence import Check, Figure
from derivations.trials.spread import KOLMOGOROV
from numerics.arrays import Array
from numerics.shown.figures import Curve, plot_curves, to_svg
from theory.asymptotics import (
    PowerLaw,
    escape_rate,
    escape_rate_density,
    escape_rate_distribution,
)

EXPONENT, DIMENSION, DRAWS, SEED = 2, 100, 100_000, 1
PLACES, ROWS, ACCURACY = 12, 2000, 4
DOTS = {"color": "0.2", "linestyle": "none", "marker": "o", "markersize": 3.5}


def drawn_rates(eigenvalues: Array, count: int, seed: int) -> Array:
    """ρ (count,), sorted, for drawn teachers."""
    generator = np.random.default_rng(seed)
    sizes = [min(ROWS, count - first) for first in range(0, count, ROWS)]
    blocks = (generator.standard_normal((size, len(eigenvalues))) ** 2 for size in sizes)
    return np.sort(np.concatenate([_rates(eigenvalues, block) for block in blocks]))


def _rates(eigenvalues: Array, draws: Array) -> Array:
    """ρ for squared components (n, d): Newton's method on 1/F climbs from a Rayleigh quotient."""
    masses = draws * eigenvalues / (draws @ eigenvalues)[:, None]
    first, second = masses @ eigenvalues, masses @ eigenvalues**2
    rates = np.maximum(4 * second / first + 8 * first, 4 * eigenvalues[0] + 8 * masses[:, 0] * eigenvalues[0])
    active = np.arange(len(draws))
    while active.size:
        inverse = 1 / (rates[active, None] - 4 * eigenvalues)
        terms = 8 * eigenvalues * masses[active] * inverse
        value = terms.sum(axis=1)
        step = value * (value - 1) / (terms * inverse).sum(axis=1)
        rates[active] += step
        active = active[step > 1e-12 * rates[active]]
    return rates


def evidence() -> tuple[Check, Figure]:
    """Kolmogorov's statistic of the draws, and their histogram with the exact density on the same axes."""
    law = PowerLaw(EXPONENT, DIMENSION)
    eigenvalues = np.arange(1.0, DIMENSION + 1) ** -EXPONENT
    eigenvalues /= eigenvalues.sum()
    rates = drawn_rates(eigenvalues, DRAWS, SEED)
    shares = (1 - np.cos(np.linspace(0, np.pi, PLACES + 2)[1:-1])) / 2
    places = (shares * DRAWS).astype(int)
    exact = [float(escape_rate_distribution(law, float(rates[i]), ACCURACY)) for i in places]
    distance = float(np.abs(exact - (places + 0.5) / DRAWS).max())
    density, edges = np.histogram(rates, bins=80, density=True)
    heights = [float(escape_rate_density(law, float(rates[i]), ACCURACY)) for i in places]
    middles = (edges[1:] + edges[:-1]) / 2
    curves = [
        Curve(f"{DRAWS} drawn teachers", middles, density, {"drawstyle": "steps-mid", "linewidth": 1.0}),
        Curve("exact density", rates[places], np.array(heights), DOTS),
    ]
    return (
        Check(
            f"law of ρ over Gaussian teachers, a = {EXPONENT}, d = {DIMENSION}, against {DRAWS} draws",
            "Lem 2",
            distance < KOLMOGOROV / math.sqrt(DRAWS),
            f"largest difference of the distribution functions at {PLACES} places {distance:.1e}",
        ),
        Figure(
            to_svg(plot_curves(curves, "escape rate ρ", "density", "linear", "linear")),
            rf"$\rho$ over Gaussian teachers at $a = {EXPONENT}$, $d = {DIMENSION}$: drawn and exact.",
        ),
    )


def monotonicity() -> list[Check]:
    """R4: where ρ increases with a, and a teacher for which it does not."""
    grid = ["1.1", "1.3", "1.6", "2", "2.5", "3.5", "5"]
    rising = [
        [float(escape_rate(PowerLaw(a, "inf", name))) for a in grid] for name in ("flat", "source:0.25")
    ]
    second = [float(escape_rate(PowerLaw(a, 2, ["0.01", 1]))) for a in ("0.1", "0.5", "1", "1.4")]
    return [
        Check(
            "ρ increases with a where |w*_i| does not increase with i",
            "R4",
            all(np.all(np.diff(rates) > 0) for rates in rising),
            "by Chebyshev's sum inequality; flat and source teachers at d = ∞, "
            + f"ρ from {rising[0][0]:.3f} to {rising[0][-1]:.3f}",
        ),
        Check(
            "ρ can fall with a: d = 2, w* ∝ (0.01, 1), where ρ ≈ 12 λ_2 = 12/(1 + 2^a)",
            "R4",
            bool(np.all(np.diff(second) < 0)),
            f"ρ = {', '.join(f'{rate:.3f}' for rate in second)} at a = 0.1, 0.5, 1, 1.4",
        ),
    ]
