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
# # Online SGD, predicted
#
# One sample a step, each used once. How long is the escape, which step is stable, where does the loss come to
# rest, and how well can $n$ samples be spent?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from numerics import DescentProtocol, online_sgd, power_law, predict_sgd, tune_sgd
from numerics.shown.figures import STYLE
from theory import asymptotics, laws

plt.rcParams.update(STYLE)
QUICK = "PHASE_RETRIEVAL_QUICK" in os.environ
LAW = asymptotics.PowerLaw(2, "inf")

# %% [markdown]
# **The constants of a step.** The typical run escapes more slowly than descent, the mean square faster; the largest
# stable step is thirteen times smaller than that of descent.

# %%
found = asymptotics.constants(LAW, 10, batch=1, step_size=0.004)
sgd = {name: constant for name, constant in found.items() if name.startswith("sgd")}
for name, constant in sgd.items():
    print(f"{name:30}{constant.reason or constant}")
descent = float(asymptotics.descent_escape_rate(LAW, "0.004"))
assert float(sgd["sgd_escape_rate_typical"]) < descent < float(sgd["sgd_escape_rate_mean_square"])
assert 12 < float(found["stability_step"]) / float(sgd["sgd_stability_step"]) < 14

# %% [markdown]
# **The time of escape** is a law, not a number: the overlap of the start is random, and so is the growth.

# %%
chances = np.linspace(0.04, 0.96, 6 if QUICK else 24)
for step, colour in ((1e-4, "C0"), (0.003, "C1"), (0.01, "C2")):
    times = [float(asymptotics.sgd_escape_time_quantile(LAW, str(p), 10**6, step)) for p in chances]
    plt.plot(times, chances, color=colour, label=rf"$\eta = {step:g}$")
flow = [float(asymptotics.escape_time_quantile(LAW, str(p), 10**6)) for p in chances]
plt.plot(flow, chances, "k--", label="flow")
plt.xlabel(r"time $T_1 = \eta n$ until $|u| = 1/10$, $d = 10^6$")
plt.ylabel("probability")
plt.legend()
plt.show()
assert times[-1] - times[0] > 1.2 * (flow[-1] - flow[0])

# %% [markdown]
# **A run and its prediction**: the mean curve and the band of single runs, without running any.

# %%
problem = power_law(1, 300, "gaussian", "escape:0.1", seed=3)
steps = 8000 if QUICK else 80_000
seen = online_sgd(problem, 1e-3, steps, noise_variance=0.05, seeds=range(4 if QUICK else 16), points=60)
run = predict_sgd(problem, 1e-3, steps, noise_variance=0.05, points=60, band=True)
assert np.all(np.abs(seen.loss.mean(axis=0) - run.loss)[1:] < 3 * run.loss_std[1:] + 0.03 * run.loss[1:])

# %%
plt.loglog(seen.t[1:], seen.loss.T[1:], color="0.7", linewidth=0.6)
plt.loglog(run.t[1:], run.loss[1:])
low, high = np.maximum(run.loss - 2 * run.loss_std, 1e-9), run.loss + 2 * run.loss_std
plt.fill_between(run.t[1:], low[1:], high[1:], alpha=0.3)
plt.ylim(0.3 * run.loss[-1], 5)
plt.xlabel(r"time $t = \eta n$")
plt.ylabel("population loss")
plt.show()
assert run.concentration < 0.5

# %% [markdown]
# **Two phases without label noise.** The bias falls as $t^{-\gamma}$, the noise that the history leaves as
# $t^{-(2 - 1/a)}$: it wins for $2B > a$, late where the step is small.

# %%
teachers = np.array([1.2, 2.5] if QUICK else [1.2, 1.5, 2.0, 2.5])
for step in (4e-3, 4e-4):
    crossed = [
        float(asymptotics.sgd_crossover_time(asymptotics.PowerLaw(2, "inf", f"source:{B}"), step))
        for B in teachers
    ]
    plt.semilogy(teachers, crossed, "o-", label=rf"$\eta = {step:g}$")
plt.xlabel("$B$")
plt.ylabel(r"crossover $t_\times$, $a = 2$")
plt.legend()
plt.show()
assert np.all(np.diff(crossed) < 0)
assert asymptotics.sgd_crossover_time(LAW, 4e-3).value is None

# %% [markdown]
# **$n$ samples, label noise.** A constant step balances bias and floor. Steps $\eta(1 - k/n)^p$ do better, and from
# $p > a - 1$ on reach the minimax exponent. The best $\eta$ is found by prediction; lines are the laws.

# %%
source = asymptotics.PowerLaw(2, "inf", "source:0.5")
largest = float(asymptotics.sgd_stability_step(source))
samples = [10**5] if QUICK else [10**4, 10**5, 10**6, 10**7, 10**8]


def tuned(count, schedule):
    start = power_law(2, np.inf, "source:0.5", "escape:0.3", horizon=largest * count)
    return tune_sgd(start, DescentProtocol(1.0, count, schedule, noise_variance=1.0), largest).loss


best = {name: [tuned(n, name) for n in samples] for name in ("constant", "poly:3")}
assert best["poly:3"][-1] < 0.5 * best["constant"][-1]

# %%
fine = np.geomspace(samples[0], samples[-1], 3 if QUICK else 30)
for number, (name, power) in enumerate({"constant": 0, "poly:3": 3}.items()):
    line = [float(asymptotics.sgd_tuned_loss(source, n, 1, power)) for n in fine]
    q = float(asymptotics.sgd_tuned_exponent(source, power))
    plt.loglog(fine, line, color=f"C{number}", label=f"{name}: $n^{{-{q:.3g}}}$")
    plt.loglog(samples, best[name], "o", color=f"C{number}")
plt.xlabel("samples $n$")
plt.ylabel("loss at the best step, $a = 2$, $B = 1/2$")
plt.legend()
plt.show()
assert q == float(asymptotics.minimax_exponent(source))
assert abs(best["constant"][-1] / float(asymptotics.sgd_tuned_loss(source, samples[-1], 1)) - 1) < 0.03

# %% [markdown]
# The same **as symbols**:

# %%
laws.laws(algorithm="sgd")
