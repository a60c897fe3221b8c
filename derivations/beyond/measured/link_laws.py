"""The laws of convergence of many models at d = ∞ against the solver: fits that assume neither number."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import sympy

from derivations.press.proof import holds
from numerics import extrapolate_power_law, load_module, network, power_law, solve
from numerics.pairs import AnyModel
from theory.asymptotics import PowerLaw, loss_prefactor, overlap_prefactor, summary_exponent
from theory.symbolic import local_flow, parse_link, single_index
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import is_combination

MODELS = (
    *(("z**2 + z/2", 1.5), ("z*tanh(z)", 1.5), ("z**2", 2.0), ("z**3 + z", 2.0), ("z**4 - 6*z**2", 1.5)),
    *(("erf(z)", 2.0), ("relu(z)", 2.0), ("tanh(z)", 2.0), ("softplus(z)", 2.0), ("z**2 + z**3/3", 1.5)),
)
"""Links of student and teacher, and the exponents of the spectra."""

TIMES = 4.0 ** np.arange(11, 27.5)


class Comparison(NamedTuple):
    """The law of one quantity: what is predicted, and what the fit deviates by, relatively."""

    link: str
    spectrum: float
    exponent: float
    exponent_error: float
    prefactors: tuple[float, float]
    prefactor_errors: tuple[float, float]


def comparisons(quick: bool) -> Iterator[Comparison]:
    """Of 1 - u and of the loss, for all models, or the first two if ``quick``.

    Raises AssertionError where a fit misses the sixth digit of an exponent or the fifth of a prefactor.
    """
    for text, exponent in MODELS[:2] if quick else MODELS:
        link, law = parse_link(text), PowerLaw(exponent, math.inf)
        flow = local_flow(link)
        run = solve(power_law(exponent, np.inf, init="escape:0.8", horizon=1e18), 2e16, _model(link)).at(
            TIMES
        )
        gamma = float(summary_exponent(law, flow=flow))
        known = tuple(float(prefactor(law, flow=flow)) for prefactor in (overlap_prefactor, loss_prefactor))
        fits = [extrapolate_power_law(TIMES, curve) for curve in (run.one_minus_u, run.loss)]
        wrong = max(abs(fit.exponent / -gamma - 1) for fit in fits)
        off = [abs(fit.prefactor / value - 1) for fit, value in zip(fits, known, strict=True)]
        holds(wrong < 1e-6 and max(off) < 1e-5, f"the laws of {text}")
        yield Comparison(text, exponent, gamma, wrong, (known[0], known[1]), (off[0], off[1]))


def _model(link: sympy.Expr) -> AnyModel:
    """Generated in closed form, where there is none by Hermite sums."""
    if is_combination(link):
        return load_module(generate_module(single_index(link)))
    return network(link, None, (1,), (1,))
