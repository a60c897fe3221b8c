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
# # A tour in ten cells
#
# From the model to its equations, from the equations to a solved flow, and from the flow to constants with fifty
# digits. Inputs are $x \sim N(0, Q)$ with eigenvalues $\lambda_i \propto i^{-a}$; the student $\langle x, w\rangle^2$
# learns the teacher $\langle x, w^*\rangle^2$ by gradient flow on the population loss.

# %%
import matplotlib.pyplot as plt
import numpy as np

from numerics import descend, power_law, solve
from numerics.shown.figures import STYLE, plot_phases
from theory.asymptotics import PowerLaw, escape_rate, overlap_prefactor
from theory.symbolic import Z, hierarchy, phase_retrieval, single_index

plt.rcParams.update(STYLE)

# %% [markdown]
# **1. The model.** Its loss is a polynomial in two numbers, the energy $s = \|w\|_Q^2$ and the overlap
# $u = \langle w, w^*\rangle_Q$. The flow is $\dot w = A\,Qw + B\,Qw^*$.

# %%
model = phase_retrieval()
assert model.A[0] == -2 * model.loss.diff("s")
model

# %% [markdown]
# **2. The tower.** $\dot s$ calls for $s^{(2)} = w^\top Q^2 w$, which calls for $s^{(3)}$, and so on.

# %%
tower = hierarchy(model)
assert [str(entry.function(model.overlaps)) for entry in tower.missing(3)] == ["s(4)", "u(4)"]
tower

# %% [markdown]
# **3. A problem**: $a = 2$ in a thousand dimensions, a start uniform on the sphere.

# %%
problem = power_law(2, 1000, seed=3)
assert abs(problem.teacher_energy - 1) < 1e-12
problem

# %% [markdown]
# **4. Its solution**, to full relative accuracy over twelve decades of time, from fifty steps of the solver.

# %%
run = solve(problem, 1e7)
assert run.error < 1e-10
run

# %% [markdown]
# **5. Gradient descent** follows the flow. This is the paper's second figure: the student escapes, its statistics
# converge, and then the spectral tail is learnt, which is all that the MSE sees.

# %%
descent = descend(problem, step_size=1e-2, steps=10**9, points=25)
flow = run.at(np.geomspace(1e-2, 1e7, 400))
assert np.allclose(descent.mse[1:], run.at(descent.t[1:]).mse, rtol=0.02)
plot_phases(flow, run.phases(), descent)

# %% [markdown]
# **6. Without a dimension.** In whitened coordinates the flow makes sense at $d = \infty$; nothing is truncated. The
# start lies along the direction in which $w = 0$ is left fastest.

# %%
endless = solve(power_law(2, np.inf, init="escape:1e-3", horizon=1e18), 1e18)
assert endless.limit.name == "+teacher"
endless.limit

# %% [markdown]
# **7. The escape rate** is the root of a secular equation. A constant comes with a radius that bounds its error.

# %%
rate = escape_rate(PowerLaw(2, "inf"), digits=50)
assert rate.printed(50)[0].startswith("5.5389405910847542644535870693329254476498000462269")
rate

# %% [markdown]
# **8. The same rate, measured** from two times on a run that starts at $10^{-40}$.

# %%
early = solve(power_law(2, np.inf, init="escape:1e-40", horizon=100.0), 100.0)
first, second = (early.phases(delta=level).t1 for level in (1e-20, 1e-18))
measured = np.log(100) / (second - first)
assert abs(measured / float(rate) - 1) < 1e-9
float(measured)

# %% [markdown]
# **9. The law of convergence** $1 - u \sim C t^{-1/2}$: solution and prediction, with no free parameter.

# %%
times = np.geomspace(1, 1e18, 200)
ratio = endless.at(times).one_minus_u / (float(overlap_prefactor(PowerLaw(2, "inf"))) * times**-0.5)
assert abs(ratio[-1] - 1) < 1e-8
plt.semilogx(times, ratio)
plt.xlabel("time $t$")
plt.ylabel(r"$(1-u)\,/\,C t^{-1/2}$")
plt.show()

# %% [markdown]
# **10. Another link** passes through the same chain: $z^3 - 3z$, whose information exponent is 3.

# %%
cubic = single_index(Z**3 - 3 * Z)
assert cubic.loss.subs({"s": 1, "u": 1, "t": 1}) == 0
cubic
