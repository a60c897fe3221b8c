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
# # Escape against convergence
#
# How does the exponent $a$ of the spectrum $\lambda_i \propto i^{-a}$ act on learning? Escape gets faster, the
# statistics converge faster, and the recovery of $w^*$ itself slows down.

# %%
import matplotlib.pyplot as plt
import numpy as np

from numerics import power_law, solve
from numerics.shown.figures import STYLE
from theory.asymptotics import (
    PowerLaw,
    escape_rate,
    overlap_prefactor,
    recovered_prefactor,
    summary_exponent,
)

plt.rcParams.update(STYLE)
EXPONENTS = (1.25, 1.5, 2, 3)

# %% [markdown]
# One run for each exponent, in a thousand dimensions, from the fastest direction at $s = 10^{-6}$.

# %%
runs = {a: solve(power_law(a, 1000, init="escape:1e-3"), 1e9) for a in EXPONENTS}
times = np.geomspace(1e-1, 1e9, 300)
curves = {a: run.at(times) for a, run in runs.items()}
assert all(run.limit.name == "+teacher" for run in runs.values())

# %% [markdown]
# **Escape**: the overlap grows as $e^{\rho t}$, and $\rho$ grows with $a$, here for a flat teacher.

# %%
rates = {a: float(escape_rate(PowerLaw(a, 1000), 15)) for a in EXPONENTS}
assert list(rates.values()) == sorted(rates.values())
early = np.linspace(0, 3, 200)
for a, run in runs.items():
    plt.semilogy(early, run.at(early).u, label=f"$a = {a}$: $\\rho = {rates[a]:.2f}$")
plt.xlabel("time $t$")
plt.ylabel("overlap $u$")
plt.legend()
plt.show()

# %% [markdown]
# The rate measured on the runs is the root of the secular equation.

# %%
for a, run in runs.items():
    t = np.array([0.1, 0.2]) / rates[a]
    slope = np.diff(np.log(run.at(t).u))[0] / np.diff(t)[0]
    assert abs(slope / rates[a] - 1) < 1e-4

# %% [markdown]
# **Convergence of the statistics**: $1 - u \sim C t^{-(1 - 1/a)}$ while $t \ll 1/\lambda_d$: the larger $a$, the
# steeper.

# %%
for number, a in enumerate(EXPONENTS):
    law = PowerLaw(a, 1000)
    constant, gamma = float(overlap_prefactor(law)), float(summary_exponent(law))
    plt.loglog(times, curves[a].one_minus_u, color=f"C{number}", label=f"$a = {a}$")
    plt.loglog(times, constant * times**-gamma, "--", color=f"C{number}", linewidth=0.8)
plt.ylim(1e-8, 2)
plt.xlabel("time $t$")
plt.ylabel("$1 - u$")
plt.legend()
plt.show()

# %% [markdown]
# The law holds in a window that closes at $1/\lambda_d \sim d^a$: in larger dimensions, and best at $d = \infty$.

# %%
for a in EXPONENTS[1:]:
    law = PowerLaw(a, "inf")
    late = solve(power_law(a, np.inf, init="escape:1e-3", horizon=1e30), 1e24).at([1e24]).one_minus_u[0]
    assert abs(late / (float(overlap_prefactor(law)) * 1e24 ** -float(summary_exponent(law))) - 1) < 1e-3

# %% [markdown]
# **Recovery**: each direction counts alike in the MSE, and of the $d$ directions about $C t^{1/a}$ are learnt by
# time $t$: the larger $a$, the later the last.

# %%
for a in EXPONENTS:
    plt.loglog(times, curves[a].mse / curves[a].mse[0], label=f"$a = {a}$")
plt.ylim(1e-3, 2)
plt.xlabel("time $t$")
plt.ylabel("MSE over that of the start")
plt.legend()
plt.show()

# %% [markdown]
# Faster at the start, slower at the end: the order of the exponents turns round.

# %%
first = {a: run.phases().t1 for a, run in runs.items()}
last = {a: times[np.argmax(curves[a].mse < 0.5 * curves[a].mse[0])] for a in EXPONENTS}
assert sorted(first, key=first.get) == sorted(EXPONENTS, reverse=True)
assert sorted(last, key=last.get) == sorted(EXPONENTS)
plt.loglog([first[a] for a in EXPONENTS], [last[a] for a in EXPONENTS], "o-")
for a in EXPONENTS:
    plt.annotate(f"  $a = {a}$", (first[a], last[a]))
plt.xlabel("$T_1$, the end of the escape")
plt.ylabel("time of half the MSE")
plt.show()

# %% [markdown]
# How many directions are learnt (here every $w^*_i$ is 1): prediction against the flow at $d = \infty$.

# %%
law = PowerLaw(2, "inf")
learnt = solve(power_law(2, np.inf, init="escape:1e-3"), 1e12).at([1e12]).recovered[0]
assert abs(learnt / (float(recovered_prefactor(law)) * 1e12**0.5) - 1) < 1e-5
print(f"{learnt:.6g} directions at t = 1e12")
