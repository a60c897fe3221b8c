"""Asymptotic constants of phase retrieval under power-law data, each with an error radius.

====================  ==========================================================================
:mod:`.constant`      a value, its radius, its definition and source, or why it does not exist
:mod:`.field`         the numbers that a formula is evaluated in: floats or balls
:mod:`.balls`         balls of Arb, whose radii are rigorous
:mod:`.roots`         roots of monotone functions, shut in between two signs
:mod:`.power_sums`    sums of powers over ranges of modes, up to infinity
:mod:`.enclosed_sums` sums over all modes in balls, with the remainder bounded
:mod:`.spectral_sums` sums over a spectrum with a function of one's own
:mod:`.spectrum`      eigenvalues and the mass the teacher puts on them
:mod:`.escape`        the growth rate of the overlap from a small start
:mod:`.resolvent`     the secular function that it is a root of
:mod:`.linear_stage`  all growth rates, and what a random start puts on the fastest mode
:mod:`.teacher_law`   the law of the escape rate over Gaussian teachers
:mod:`.fast_manifold` the nonlinear stage of the escape
:mod:`.manifold_series` the curve of runs that leave 0 fastest, as a power series
:mod:`.manifold_orbit` the same beyond the series
:mod:`.manifold_late` the same long after the escape
:mod:`.enclosed_manifold` the series in balls, with a bound on what it leaves out
:mod:`.escape_time`   the law of the escape time from the unit sphere, for one teacher
:mod:`.escape_mixture` the same over Gaussian teachers
:mod:`.compression`   a spectrum as a few levels with the same sums
:mod:`.edge_sums`     sums singular at the smallest eigenvalue, in any dimension
:mod:`.linearisation` rates at the teacher: the stable step, the final exponential
:mod:`.convergence`   the power laws of the overlap, the energy and the loss
:mod:`.expansion`     their corrections: the universal ones, and how the start enters
:mod:`.crossover`     the laws given the sample, at the end of the window, for slow decay
:mod:`.shallow`       a < 1: the escape, and the growth along the saddle
:mod:`.fluctuations`  what the draw of a Gaussian teacher changes
:mod:`.tail`          the law of the spectral tail
:mod:`.decaying_sums` sums that decay exponentially at every mode, in any dimension
:mod:`.tail_expansion` the tail beyond its law, from the first mode to the last
:mod:`.recovery`      what the true flow recovers, the plateau, the frozen approximation
:mod:`.recovery_series` the feedback on what is recovered, to every universal order
:mod:`.descent`       what a finite step of gradient descent changes
:mod:`.stochastic`    how large a step online SGD survives
:mod:`.catalogue`     all constants by name
====================  ==========================================================================

Everywhere the teacher has ``||w*||_Q = 1``; times are those of the flow ``dw/dt = -grad L``.

>>> print(*escape_rate(PowerLaw(2, "inf"), digits=30).printed(30))
5.53894059108475426445358706933 3.1e-30
"""

from theory.asymptotics.catalogue import CATALOGUE, as_json, catalogue, constants
from theory.asymptotics.convergence.crossover import (
    Deficits,
    crossover_sum,
    leading_deficits,
    residual_sum,
    saddle_delay,
    slow_limit,
)
from theory.asymptotics.convergence.descent import descent_escape_rate, descent_final_rate, descent_lead
from theory.asymptotics.convergence.expansion import Expansion, expansion, universal_coefficients
from theory.asymptotics.convergence.fluctuations import fluctuation_prefactor, inverse_energy_mean
from theory.asymptotics.convergence.laws import (
    convergence_exponent,
    convergence_prefactor,
    energy_prefactor,
    loss_prefactor,
    overlap_prefactor,
    overlap_ratio,
    summary_exponent,
    window_end,
    window_start,
)
from theory.asymptotics.convergence.linearisation import final_rate, stability_step
from theory.asymptotics.convergence.shallow import (
    SaddleGrowth,
    half_growth,
    saddle_growth,
    saddle_growth_exponent,
    saddle_growth_prefactor,
    shallow_escape_rate,
)
from theory.asymptotics.convergence.stochastic import sgd_stability_step
from theory.asymptotics.escape.fast_manifold import (
    energy_amplitude,
    energy_delay,
    onset_delay,
    overlap_amplitude,
    overlap_delay,
    third_delay,
)
from theory.asymptotics.escape.linear_stage import (
    escape_amplitude,
    growth_rates,
    sign_agreement,
    slow_mode_exponent,
)
from theory.asymptotics.escape.manifold_series import manifold_series
from theory.asymptotics.escape.mixture import (
    escape_offset_given_rate,
    teacher_escape_distribution,
    teacher_escape_expansion,
    teacher_escape_quantile,
)
from theory.asymptotics.escape.rate import escape_rate
from theory.asymptotics.escape.teacher_law import (
    escape_rate_density,
    escape_rate_distribution,
    escape_rate_quantile,
    escape_rate_survival,
)
from theory.asymptotics.escape.times import escape_time_quantile, median_escape_offset
from theory.asymptotics.numbers.constant import Constant
from theory.asymptotics.sums.power_sums import power_sum
from theory.asymptotics.sums.spectral_sums import spectral_sum
from theory.asymptotics.sums.spectrum import Given, Level, PowerLaw, Spectrum
from theory.asymptotics.tail.expansion import (
    plateau_end,
    plateau_end_prefactor,
    tail_curvature,
    tail_fraction,
    tail_learnt,
    tail_remainder,
    tail_remainder_rate,
)
from theory.asymptotics.tail.plateau import tail_exponent, tail_prefactor, tail_sum
from theory.asymptotics.tail.recovery import (
    frozen_error,
    plateau_drop_exponent,
    plateau_drop_prefactor,
    plateau_height,
    recovered_constant,
    recovered_correction,
    recovered_exponent,
    recovered_fluctuation,
    recovered_prefactor,
)
from theory.asymptotics.tail.recovery_series import recovered_coefficients

__all__ = [
    "CATALOGUE",
    "Constant",
    "Deficits",
    "Expansion",
    "Given",
    "Level",
    "PowerLaw",
    "SaddleGrowth",
    "Spectrum",
    "as_json",
    "catalogue",
    "constants",
    "convergence_exponent",
    "convergence_prefactor",
    "crossover_sum",
    "descent_escape_rate",
    "descent_final_rate",
    "descent_lead",
    "energy_amplitude",
    "energy_delay",
    "energy_prefactor",
    "escape_amplitude",
    "escape_offset_given_rate",
    "escape_rate",
    "escape_rate_density",
    "escape_rate_distribution",
    "escape_rate_quantile",
    "escape_rate_survival",
    "escape_time_quantile",
    "expansion",
    "final_rate",
    "fluctuation_prefactor",
    "frozen_error",
    "growth_rates",
    "half_growth",
    "inverse_energy_mean",
    "leading_deficits",
    "loss_prefactor",
    "manifold_series",
    "median_escape_offset",
    "onset_delay",
    "overlap_amplitude",
    "overlap_delay",
    "overlap_prefactor",
    "overlap_ratio",
    "plateau_drop_exponent",
    "plateau_drop_prefactor",
    "plateau_end",
    "plateau_end_prefactor",
    "plateau_height",
    "power_sum",
    "recovered_coefficients",
    "recovered_constant",
    "recovered_correction",
    "recovered_exponent",
    "recovered_fluctuation",
    "recovered_prefactor",
    "residual_sum",
    "saddle_delay",
    "saddle_growth",
    "saddle_growth_exponent",
    "saddle_growth_prefactor",
    "sgd_stability_step",
    "shallow_escape_rate",
    "sign_agreement",
    "slow_limit",
    "slow_mode_exponent",
    "spectral_sum",
    "stability_step",
    "summary_exponent",
    "tail_curvature",
    "tail_exponent",
    "tail_fraction",
    "tail_learnt",
    "tail_prefactor",
    "tail_remainder",
    "tail_remainder_rate",
    "tail_sum",
    "teacher_escape_distribution",
    "teacher_escape_expansion",
    "teacher_escape_quantile",
    "third_delay",
    "universal_coefficients",
    "window_end",
    "window_start",
]
