"""The formulas typed in docstrings are those of the constants: evaluated, and with each number changed."""

import inspect
import re
from functools import cache

import pytest
from mpmath import mp, mpf
from oracles.typed import typed_value

import theory.asymptotics as library
from theory.asymptotics import PowerLaw
from theory.asymptotics.convergence import laws as convergence
from theory.asymptotics.tail import recovery

SOURCES = {PowerLaw("1.5", "inf", "source:0.1"): "0.1", PowerLaw(3, "inf", "source:0.2"): "0.2"}
FLAT = {PowerLaw("1.5", "inf"): 0, PowerLaw("2.3", "inf"): 0}
FINITE = {PowerLaw("1.5", 30): 0, PowerLaw(2, 100): 0}
SHALLOW = {PowerLaw("0.75", 10**6): 0, PowerLaw("0.6", 10**6): 0}
SLOW = {PowerLaw("0.3", 10**6): 0, PowerLaw("0.4", 10**6): 0}
STEP = "0.01"
RETURNED = {
    "summary_exponent": (r"(a + 2B - 1)/a", SOURCES),
    "minimax_exponent": (r"(a + 2B - 1)/(a + 2B)", SOURCES),
    "convergence_exponent": (r"1/\gamma", SOURCES),
    "overlap_prefactor": (r"C_f (\tfrac13 + 2^{-\gamma-1})", SOURCES),
    "energy_prefactor": (r"\tfrac23 C_f", SOURCES),
    "loss_prefactor": (r"4 \cdot 2^{-\gamma} C_f", SOURCES),
    "overlap_ratio": (r"\tfrac12 + \tfrac34 2^{-\gamma}", SOURCES),
    "recovered_exponent": (r"(1 - 2B)/a", SOURCES),
    "recovered_prefactor": (r"-(\omega/a)\,\Gamma(-p)\,(16/Z)^p", SOURCES),
    "recovered_constant": (r"\omega\,\zeta(2B)", SOURCES),
    "recovered_fluctuation": (r"\sqrt{2(2 - 2^{1/a})/\Gamma(1 - 1/a)}\,(Z/16)^{1/(2a)}", FLAT),
    "tail_prefactor": (r"\Gamma(1 - 1/a)\,\beta^{1/a}", FLAT),
    "tail_remainder_rate": (r"\kappa\,\beta^{1/(a+1)}", FLAT),
    "tail_curvature": (r"128\,H_{d,2a}/H_{d,a}^2", FINITE),
    "window_start": (r"1/(8\lambda_1)", FINITE),
    "window_end": (r"1/(8\lambda_d)", FINITE),
    "descent_escape_rate": (r"\log(1 + \eta\rho)/\eta", FLAT),
    "descent_final_rate": (r"-\log|1 - \eta h|/\eta", FINITE),
    "plateau_end_prefactor": (r"z_{1/2} H_{d,a}/16", FLAT),
    "descent_lead": (r"\gamma\eta/4", FLAT),
    "stability_step": (r"1/\rho", FLAT),
    "saddle_growth_exponent": (r"\frac{1-a}{2(2a-1)}", SHALLOW),
    "saddle_delay": (r"\frac{1-2a}{16(1-a)}", SLOW),
    "shallow_escape_rate": (r"4\lambda_1(1 + 2\lambda_1 + 4\sigma\lambda_1^2)", SHALLOW),
}
"""What a docstring says its constant is, and the laws at which the two are compared."""

DISPLAYED = [
    (convergence, r"C_f (\tfrac13 + 2^{-\gamma-1})", "overlap_prefactor"),
    (convergence, r"\tfrac23 C_f", "energy_prefactor"),
    (convergence, r"4 \cdot 2^{-\gamma} C_f", "loss_prefactor"),
    (recovery, r"-\frac{\omega}{a} \Gamma(-p) \Big(\frac{16}{Z}\Big)^p", "recovered_prefactor"),
    (recovery, r"\omega\,\zeta(2B)", "recovered_constant"),
    (recovery, r"(a + 2B - 1)/a", "summary_exponent"),
    (recovery, r"(1 - 2B)/a", "recovered_exponent"),
]
"""The same constants in the derivations above them."""


@cache
def _names(law, source):
    """Exponents, sums, the constant C_f and the growth of a law, by their names in docstrings."""
    a, B = mpf(law.exponent.numerator) / law.exponent.denominator, mpf(source)
    Z, b = law.trace_sum(), a + 2 * B
    gamma, A = (b - 1) / a, 1 / law.energy_sum()
    largest, smallest = law.extremes()
    names = {"a": a, "B": B, "Z": Z, "H_{d,a}": Z, r"\omega": Z * A, r"\gamma": gamma, "p": 1 - gamma}
    names |= {r"\lambda_1": largest, r"\beta": 16 / Z, r"\eta": mpf(STEP)}
    if a > 1:
        names |= {"C_f": A / a * mp.gamma(gamma) * (Z / 8) ** gamma}
        names |= {"z_{1/2}": mp.findroot(lambda z: _late(z, a) - mpf(1) / 2, (0.05, 2), "anderson")}
        names |= {r"\rho": library.escape_rate(law, 20).value, r"\kappa": typed_value(KAPPA, {"a": a})}
    if law.dimension != mp.inf:
        powers = [mpf(i) ** -a for i in range(1, int(min(law.dimension, 100)) + 1)]
        names |= {
            "h": library.final_rate(law, 20).value,
            r"\lambda_d": smallest,
            "H_{d,2a}": mp.fsum(x * x for x in powers),
        }
        beyond = (mp.zeta(k * a, 2) - mp.zeta(k * a, law.dimension + 1) for k in range(2, 150))
        names |= {r"\sigma": mp.fsum(beyond)}
    return names


def _late(z, a):
    """What is left of S_d at X = z d^a."""
    return mp.exp(-z) - z ** (1 / a) * mp.gammainc(1 - 1 / a, z)


KAPPA = r"2\pi (1 + \tfrac1a) (\tfrac{a}{2\pi})^{1/(a+1)} \sin\tfrac{\pi}{2(a+1)}"


@cache
def _value(name, law):
    function = getattr(library, name)
    taken = inspect.signature(function).parameters
    first = law.exponent if "exponent" in taken else law
    return function(first, *[STEP] * ("step" in taken), 18).value


def _agrees(formula, name, laws):
    try:
        with mp.workdps(30):
            return all(
                abs(typed_value(formula, _names(law, source)) / _value(name, law) - 1) < 1e-12
                for law, source in laws.items()
            )
    except (TypeError, ValueError, ZeroDivisionError):
        return False


def _nudged(formula):
    """The formula with one of its numbers changed, for each; the index of a name is none."""
    for number in re.finditer(r"(?<![_\d])\d(?!\d)|\d\d+", formula):
        for wrong in str(int(number[0]) + 1), str(int(number[0]) + 2):
            if len(wrong) == len(number[0]):
                yield formula[: number.start()] + wrong + formula[number.end() :]


@pytest.mark.parametrize("name", RETURNED)
def test_a_docstring_displays_the_constant_that_is_returned(name):
    formula, laws = RETURNED[name]
    assert formula in " ".join(inspect.getdoc(getattr(library, name)).split())
    assert _agrees(formula, name, laws)
    for wrong in _nudged(formula):
        assert not _agrees(wrong, name, laws), wrong


@pytest.mark.parametrize(("module", "formula", "name"), DISPLAYED)
def test_a_derivation_displays_the_same_constant(module, formula, name):
    assert formula in " ".join(module.__doc__.split())
    assert _agrees(formula, name, SOURCES)
    for wrong in _nudged(formula):
        assert not _agrees(wrong, name, SOURCES), wrong


def test_the_rate_of_the_remainder_is_displayed():
    assert KAPPA in inspect.getdoc(library.tail_remainder_rate)


def test_no_displayed_constant_is_left_out():
    """What a constant's docstring displays first, if it holds a number, is compared above."""
    first = r"(?:The \S+ of )?:math:`([^`]*\d[^`]*)`"
    found = set()
    for name in library.__all__:
        item = getattr(library, name)
        constant = inspect.isfunction(item) and "Constant" in str(inspect.signature(item).return_annotation)
        if constant and re.match(first, inspect.getdoc(item)):
            found.add(name)
    assert found - set(RETURNED) == DEFINED


DEFINED = {
    "inverse_energy_mean",
    "overlap_delay",
    "plateau_height",
    "sgd_decay_exponent",
    "sgd_escape_rate_mean_square",
    "sgd_noise_prefactor",
    "spectral_sum",
    "tail_learnt",
}
"""What is displayed there is a sum, a mean, the smaller of two or an expansion that defines the constant."""
