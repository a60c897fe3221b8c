"""The law of ρ over Gaussian teachers, against teachers that are drawn (Lem 2, R4)."""

import math

import numpy as np

from derivations.evidence import Check, Figure
from numerics.figures import Curve, plot_curves, to_svg
from theory.asymptotics import (
    PowerLaw,
    escape_rate,
    escape_rate_density,
    escape_rate_distribution,
)

Array = np.ndarray
EXPONENT, DIMENSION, DRAWS, SEED = 2, 100, 100_000, 1
KOLMOGOROV = 1.95  # exceeded once in a thousand
PLACES = 8


def drawn_rates(eigenvalues: Array, count: int, seed: int) -> Array:
    """ρ (count,), sorted, for drawn teachers: Newton's method on 1/F climbs from a Rayleigh quotient."""
    draws = np.random.default_rng(seed).standard_normal((count, len(eigenvalues))) ** 2
    masses = draws * eigenvalues / (draws @ eigenvalues)[:, None]
    first, second = masses @ eigenvalues, masses @ eigenvalues**2
    rates = np.maximum(4 * second / first + 8 * first, 4 * eigenvalues[0] + 8 * masses[:, 0] * eigenvalues[0])
    active = np.arange(count)
    while active.size:
        inverse = 1 / (rates[active, None] - 4 * eigenvalues)
        terms = 8 * eigenvalues * masses[active] * inverse
        value = terms.sum(axis=1)
        step = value * (value - 1) / (terms * inverse).sum(axis=1)
        rates[active] += step
        active = active[step > 1e-12 * rates[active]]
    return np.sort(rates)


def evidence() -> tuple[Check, Figure]:
    """Kolmogorov's statistic of the draws, and their histogram with the exact density on the same axes."""
    law = PowerLaw(EXPONENT, DIMENSION)
    eigenvalues = np.arange(1.0, DIMENSION + 1) ** -EXPONENT
    eigenvalues /= eigenvalues.sum()
    rates = drawn_rates(eigenvalues, DRAWS, SEED)
    places = np.linspace(0, DRAWS - 1, PLACES + 2).astype(int)[1:-1]
    exact = [float(escape_rate_distribution(law, float(rates[i]), 5)) for i in places]
    distance = float(np.abs(exact - (places + 0.5) / DRAWS).max())
    density, edges = np.histogram(rates, bins=80, density=True)
    grid = np.linspace(rates[0] + 0.02, rates[-1] - 0.02, 2 * PLACES)
    curve = [float(escape_rate_density(law, float(x), 3)) for x in grid]
    middles = (edges[1:] + edges[:-1]) / 2
    curves = [
        Curve(f"{DRAWS} drawn teachers", middles, density, {"drawstyle": "steps-mid", "linewidth": 1.0}),
        Curve("exact density", grid, np.array(curve), {"color": "0.2", "linestyle": "--"}),
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
