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
# # Gradient descent and SGD against the flow
#
# The flow is the limit of small steps. What does a finite step change, and what do single samples add?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from numerics import descend, online_sgd, power_law, solve
from numerics.shown.figures import STYLE
from theory.asymptotics import PowerLaw, descent_escape_rate, escape_rate, stability_step

plt.rcParams.update(STYLE)
QUICK = "PHASE_RETRIEVAL_QUICK" in os.environ
LAW = PowerLaw(2, 200)

# %% [markdown]
# **The flow**, in two hundred dimensions.

# %%
problem = power_law(2, 200, init="escape:1e-3")
flow = solve(problem, 1e4)
assert flow.limit.name == "+teacher"
flow

# %% [markdown]
# **The largest stable step** at the teacher is a constant. Five per cent above it descent does not converge; five
# per cent below it does.

# %%
edge = float(stability_step(LAW))
below, above = (descend(problem, factor * edge, 50_000).one_minus_u[-1] for factor in (0.95, 1.05))
print(f"largest stable step {edge:.6f}: 1 - u = {below:.1e} below, {above:.1e} above")
assert abs(below) < 1e-3 < 1e-2 < abs(above)

# %% [markdown]
# **Three steps** against the flow: in the time $t = \eta n$ they differ only while $t$ is not large against $\eta$.

# %%
times = np.geomspace(0.05, 1e4, 300)
plt.loglog(times, flow.at(times).one_minus_u, "k", label="flow")
for share in (0.9, 0.3, 0.1):
    steps = int(1e4 / (share * edge))
    run = descend(problem, share * edge, steps, points=60)
    plt.loglog(
        run.t[1:], run.one_minus_u[1:], "o", fillstyle="none", label=rf"$\eta = {share}\,\eta_{{max}}$"
    )
    assert abs(run.one_minus_u[-1] / flow.at(run.t[-1:]).one_minus_u[0] - 1) < 0.01
plt.xlabel(r"time $t = \eta n$")
plt.ylabel("$1 - u$")
plt.legend()
plt.show()

# %% [markdown]
# **The escape slows down** to $\log(1 + \eta\rho)/\eta$, a curve with no free parameter.

# %%
shares = np.array([0.02, 0.1, 0.3, 0.6, 0.9])
measured = []
for share in shares:
    small = descend(power_law(2, 200, init="escape:1e-9"), share * edge, 20, points=[5, 10]).u
    measured.append(np.log(small[1] / small[0]) / (5 * share * edge))
predicted = [float(descent_escape_rate(LAW, repr(float(share * edge)))) for share in shares]
assert np.allclose(measured, predicted, rtol=1e-6)

# %%
rate = float(escape_rate(LAW))
fine = np.linspace(0.01, 1, 100) * edge
plt.plot(fine / edge, np.log1p(fine * rate) / fine, label=r"$\log(1 + \eta\rho)/\eta$")
plt.plot(shares, measured, "o", label="measured")
plt.xlabel(r"step $\eta / \eta_{max}$")
plt.ylabel("rate of escape")
plt.legend()
plt.show()

# %% [markdown]
# **A billion steps** cost a second: the modes are eliminated, many steps at a time.

# %%
many = descend(power_law(2, 200, init="escape:1e-3"), 1e-3, 10**9, points=5)
assert many.t[-1] == 1e6
many

# %% [markdown]
# **Online SGD**: each step sees one fresh input, without noise in the labels.

# %%
STEPS = 20_000 if QUICK else 200_000
SEEDS = range(4 if QUICK else 10)
start = power_law(1.5, 100, seed=1)
limit = solve(start, 1e4)
fluctuations = {}
for step in (8e-3, 2e-3):
    runs = online_sgd(start, step, STEPS, seeds=SEEDS, points=60)
    plt.semilogx(runs.t[1:], np.abs(runs.u[:, 1:]).T, color="C0" if step == 8e-3 else "C1", linewidth=0.6)
    fluctuations[step] = np.abs(np.abs(runs.u[:, -1]) - np.abs(limit.at(runs.t[-1:]).u)).max()
plt.semilogx(times, np.abs(limit.at(times).u), "k")
plt.xlabel(r"time $t = \eta n$")
plt.ylabel("$|u|$")
assert max(fluctuations.values()) < 0.3

# %% [markdown]
# **Without noise** in the labels the teacher is a fixed point of SGD, and the loss goes to zero.

# %%
silent = online_sgd(start, 5e-3, STEPS, seeds=SEEDS)
assert np.median(silent.loss[:, -1]) < 0.05 * silent.loss[0, 0]
silent

# %% [markdown]
# **With noise** it is not: the loss levels off at a height that grows with the step.

# %%
for noise in (0.0, 0.05, 0.2):
    noisy = online_sgd(start, 5e-3, STEPS, noise_variance=noise, seeds=SEEDS)
    plt.loglog(noisy.t[1:], np.median(noisy.loss, axis=0)[1:], label=rf"$\sigma^2 = {noise}$")
    assert noise == 0 or np.median(noisy.loss[:, -1]) > np.median(silent.loss[:, -1])
plt.xlabel(r"time $t = \eta n$")
plt.ylabel("population loss")
plt.legend()
plt.show()
