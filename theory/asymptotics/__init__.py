"""Asymptotic constants of phase retrieval under power-law data, each with an error radius.

- ``numbers``: a constant with its radius, definition and source; floats and balls, roots
- ``sums``: a spectrum, and sums over it: powers, exponentials, functions of one's own
- ``escape``: the growth rate and its law, the linear stage, escapes without a rate, the fast manifold
- ``convergence``: the laws of overlap, energy and loss, their corrections; finite steps
- ``sgd``: online SGD at 0 and at the teacher
- ``tail``: the spectral tail, what is recovered of it, the plateau
- ``wide``: wide quadratic networks with a power-law second layer: emergence, loss, exact flow
- ``local_flow``: the numbers of a link that its laws need
- ``catalogue``: all constants by name

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
from theory.asymptotics.convergence.linearisation import final_rate, stability_step, teacher_multiple
from theory.asymptotics.convergence.shallow import (
    SaddleGrowth,
    half_growth,
    saddle_growth,
    saddle_growth_exponent,
    saddle_growth_prefactor,
    shallow_escape_rate,
)
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
from theory.asymptotics.escape.other_orders import (
    escape_speed,
    escape_time_exponent,
    escape_time_prefactor,
)
from theory.asymptotics.escape.rate import escape_rate
from theory.asymptotics.escape.teacher_law import (
    escape_rate_density,
    escape_rate_distribution,
    escape_rate_quantile,
    escape_rate_survival,
)
from theory.asymptotics.escape.times import escape_time_quantile, median_escape_offset
from theory.asymptotics.local_flow import SQUARE, LocalFlow
from theory.asymptotics.numbers.constant import Constant
from theory.asymptotics.sgd.escape import (
    sgd_escape_rate_mean_square,
    sgd_escape_rate_typical,
    sgd_escape_variance,
)
from theory.asymptotics.sgd.floor import (
    sgd_amplification,
    sgd_decay_exponent,
    sgd_loss_floor,
    sgd_mse_floor,
)
from theory.asymptotics.sgd.noise import (
    sgd_crossover_time,
    sgd_noise_history,
    sgd_noise_prefactor,
)
from theory.asymptotics.sgd.schedules import (
    minimax_exponent,
    sgd_tuned_exponent,
    sgd_tuned_loss,
    sgd_tuned_step,
    teacher_trace,
)
from theory.asymptotics.sgd.stability import sgd_stability_step
from theory.asymptotics.sgd.times import sgd_escape_time_quantile
from theory.asymptotics.sums.power_sums import power_sum
from theory.asymptotics.sums.spectral_sums import spectral_sum
from theory.asymptotics.sums.spectrum import Given, Level, Measured, PowerLaw, Spectrum
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
from theory.asymptotics.wide.emergence import emergence_time, emerging_direction, learnt_strength, wide_loss
from theory.asymptotics.wide.riccati import isotropic_gram
from theory.asymptotics.wide.spare import spare_loss_prefactor

__all__ = [
    "CATALOGUE",
    "SQUARE",
    "Constant",
    "Deficits",
    "Expansion",
    "Given",
    "Level",
    "LocalFlow",
    "Measured",
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
    "emergence_time",
    "emerging_direction",
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
    "escape_speed",
    "escape_time_exponent",
    "escape_time_prefactor",
    "escape_time_quantile",
    "expansion",
    "final_rate",
    "fluctuation_prefactor",
    "frozen_error",
    "growth_rates",
    "half_growth",
    "inverse_energy_mean",
    "isotropic_gram",
    "leading_deficits",
    "learnt_strength",
    "loss_prefactor",
    "manifold_series",
    "median_escape_offset",
    "minimax_exponent",
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
    "sgd_amplification",
    "sgd_crossover_time",
    "sgd_decay_exponent",
    "sgd_escape_rate_mean_square",
    "sgd_escape_rate_typical",
    "sgd_escape_time_quantile",
    "sgd_escape_variance",
    "sgd_loss_floor",
    "sgd_mse_floor",
    "sgd_noise_history",
    "sgd_noise_prefactor",
    "sgd_stability_step",
    "sgd_tuned_exponent",
    "sgd_tuned_loss",
    "sgd_tuned_step",
    "shallow_escape_rate",
    "sign_agreement",
    "slow_limit",
    "slow_mode_exponent",
    "spare_loss_prefactor",
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
    "teacher_multiple",
    "teacher_trace",
    "third_delay",
    "universal_coefficients",
    "wide_loss",
    "window_end",
    "window_start",
]
