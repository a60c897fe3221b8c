# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exponents and constants to fifty digits, against measured ones
#
# Theory gives each constant with a radius. A measurement takes the solved flow alone, assumes no exponent, and states
# its own error. The two must overlap.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

from numerics import extrapolate_power_law, fit_power_law, local_slopes, power_law, solve
from numerics.shown.figures import STYLE
from theory.asymptotics import PowerLaw, constants, summary_exponent

plt.rcParams.update(STYLE)
LAW = PowerLaw(2, "inf")

# %% [markdown]
# **Fifty digits** of the constants at $a = 2$, $d = \infty$, flat teacher.

# %%
NAMES = ("escape_rate", "summary_exponent", "overlap_prefactor", "energy_prefactor", "loss_prefactor")
predicted = constants(LAW, 50, NAMES)
for name, constant in predicted.items():
    value, radius = constant.printed(50)
    assert float(radius) < 1e-49
    print(f"{name:18} {value} ± {radius}")

# %% [markdown]
# **The flow**, from the fastest direction of $w = 0$ to $t = 10^{20}$, sampled at times in geometric progression.

# %%
run = solve(power_law(2, np.inf, init="escape:1e-3", horizon=1e20), 1e20)
times = 10.0 ** np.arange(6, 21)
late = run.at(times)
assert run.error < 1e-11

# %% [markdown]
# **Local slopes** $d\log(1-u)/d\log t$ approach $-\gamma$, but slowly: corrections fall as $t^{-1/2}$.

# %%
between, slopes = local_slopes(times, late.one_minus_u)
plt.loglog(between, np.abs(slopes + 0.5), "o-")
plt.xlabel("time $t$")
plt.ylabel(r"slope $+\ \gamma$")
assert np.all(np.diff(np.abs(slopes + 0.5))[:5] < 0)

# %% [markdown]
# **Extrapolation** by Wynn's algorithm knows nothing of the corrections, and takes them away one after the other.

# %%
fits = {name: extrapolate_power_law(times, getattr(late, name)) for name in late._fields[3:6]}
for (name, fit), key in zip(fits.items(), NAMES[2:], strict=True):
    error = fit.prefactor / float(predicted[key]) - 1
    print(f"{name:12} t^{fit.exponent:.9f}   C = {fit.prefactor:.9f}   differs by {error:.0e}")
    assert abs(fit.exponent + 0.5) < 1e-8
    assert abs(error) < 1e-6

# %% [markdown]
# **A fit** that is told the powers in which the corrections fall states an error, and keeps to it.

# %%
fit = fit_power_law(times, late.one_minus_u, corrections=[0.5])
constant = float(predicted["overlap_prefactor"])
print(f"C = {fit.prefactor:.10f} ± {fit.prefactor_error:.0e}, predicted {constant:.10f}")
assert abs(fit.prefactor - constant) < fit.prefactor_error < 1e-6

# %% [markdown]
# **The escape rate** from a start at $10^{-40}$, where the flow is linear.

# %%
escape = solve(power_law(2, np.inf, init="escape:1e-40", horizon=100.0), 100.0)
begin, end = (escape.phases(delta=level).t1 for level in (1e-20, 1e-18))
measured = math.log(100) / (end - begin)
print(f"measured {measured:.10f}, predicted {float(predicted['escape_rate']):.10f}")
assert abs(measured / float(predicted["escape_rate"]) - 1) < 1e-9

# %% [markdown]
# **Other exponents.** $\gamma = 1 - 1/a$ for the flat teacher, measured at $d = \infty$.

# %%
EXPONENTS = (1.5, 2, 2.5, 3, 4)
found = []
for a in EXPONENTS:
    curve = solve(power_law(a, np.inf, init="escape:1e-3", horizon=1e24), 1e24).at(
        10.0 ** np.arange(8, 25, 2)
    )
    found.append(-extrapolate_power_law(curve.t, curve.one_minus_u).exponent)
expected = [float(summary_exponent(PowerLaw(a, "inf"))) for a in EXPONENTS]
assert np.allclose(found, expected, atol=2e-4)

# %%
grid = np.linspace(1.1, 4.2, 100)
plt.plot(grid, 1 - 1 / grid, label=r"$\gamma = 1 - 1/a$")
plt.plot(EXPONENTS, found, "o", label="measured")
plt.xlabel("exponent $a$")
plt.ylabel(r"$\gamma$")
plt.legend()
plt.show()
