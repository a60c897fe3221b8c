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
# # Instructive counterexamples
#
# The audit examines each statement of the paper. Where one fails as it is printed, the audit holds a line of Python
# that shows it. Here are some of the most instructive, replayed; the corrected statements are beside them. Most of
# the paper's picture stands: these are its edges.

# %%
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
import sympy

from derivations.court import Effort
from derivations.register import select
from numerics import Problem, power_law, solve
from numerics.shown.figures import STYLE

plt.rcParams.update(STYLE)


# %%
def settle(name):
    """Examine one claim, replay its counterexample, and print what was found."""
    (claim,) = [claim for claim in select([name]) if claim.id == name]
    found = claim.settle(Effort.QUICK)
    assert found.agrees
    found.finding.counterexample.check()
    print(f"{name}, {claim.place}: {found.finding.verdict}\n\n{claim.text}\n")
    print(f"{found.finding.evidence}\n\nCorrected: {found.correction.claim.text}")


# %% [markdown]
# **1. The sign of $u$ can change.** Two directions suffice: the fast mode points to $-w^*$, the slow one to $+w^*$,
# and $u(0) > 0$. The run ends at $-w^*$.

# %%
run = solve(Problem([0.8, 0.2], [1, 1], [-9 / 41, 40 / 41]), 20.0)
times = np.linspace(0, 3, 300)
plt.plot(times, run.at(times).u)
plt.axhline(0, color="0.5", linewidth=0.6)
plt.xlabel("time $t$")
plt.ylabel("overlap $u$")
assert run.at([0.0]).u[0] > 0
assert run.limit.name == "-teacher"

# %%
settle("R3")

# %% [markdown]
# **2. The tower can close.** With two distinct eigenvalues each statistic is a combination of the two before it.

# %%
p, q = sympy.symbols("p q")  # the two modes' parts of u
u = {k: 2**k * p + q for k in (1, 2, 3)}  # eigenvalues 2 and 1
assert sympy.expand(u[3] - (2 + 1) * u[2] + 2 * 1 * u[1]) == 0
settle("P3/closure")

# %% [markdown]
# **3. The overlap can exceed 1.** From $s < 1$, $0 < u < 1$ the energy overshoots, so that the square
# $\{0 < u < 1, s \le 1\}$ is not invariant. At the corner, exactly:

# %%
eigenvalues, start = (Fraction(4, 5), Fraction(1, 5)), (Fraction(11, 17), Fraction(31, 17))


def weighted(order, left, right):
    return sum(x**order * a * b for x, a, b in zip(eigenvalues, left, right, strict=True))


teacher = (Fraction(1), Fraction(1))
s, s2 = (weighted(order, start, start) for order in (1, 2))
u1, u2 = (weighted(order, start, teacher) for order in (1, 2))
speed = 8 * (1 - 3 * s) * s2 + 16 * u1 * u2
assert s == 1
assert 0 < u1 < 1
assert speed > 0
speed

# %%
run = solve(Problem([0.8, 0.2], [1, 1], [0.5, 2]), 4.0)
times = np.linspace(0, 4, 400)
plt.plot(times, run.at(times).u, label="$u$")
plt.plot(times, run.at(times).s, label="$s$")
plt.axhline(1, color="0.5", linewidth=0.6)
plt.xlabel("time $t$")
plt.legend()
assert run.at(times).u.max() > 1.007

# %%
settle("Lem11")

# %% [markdown]
# **4. A steeper spectrum need not escape faster.** It does for a flat teacher; but for two modes the teacher
# $(0.1, 1)$ sits on the slow one, which a steeper spectrum makes slower.


# %%
def rate(ratio, teacher=(0.1, 1.0)):
    spectrum = np.array([1, ratio]) / (1 + ratio)
    along = spectrum * np.array(teacher)
    growth = 4 * np.diag(spectrum) + 8 * np.outer(along, along) / (along @ teacher)
    return np.linalg.eigvalsh(growth)[-1]


ratios = np.linspace(0.2, 1, 100)
plt.plot(-np.log2(ratios), [rate(ratio) for ratio in ratios])
plt.xlabel("exponent $a$")
plt.ylabel(r"escape rate $\rho$")
assert rate(9 / 20) > rate(2 / 5)

# %% [markdown]
# **5. The exponent of convergence.** $1 - u$ decays as $t^{-(1 - 1/a)}$, not as $t^{-1/a}$. The two agree at $a = 2$,
# where most figures are drawn.

# %%
run = solve(power_law(1.5, np.inf, init="escape:1e-3", horizon=1e16), 1e16)
early, late = run.at([1e12, 1e16]).one_minus_u
slope = np.log(early / late) / np.log(1e4)
assert abs(slope - (1 - 1 / 1.5)) < 0.01
assert abs(slope - 1 / 1.5) > 0.3
slope

# %%
settle("P4/rate")

# %% [markdown]
# **6. Learning to $\varepsilon = 1/d$ does not take a time $d^a$.** At $a = 3$, $d = 1000$ it is done a million times
# sooner: the statistics do not wait for the last mode, only the MSE does.

# %%
run = solve(power_law(3, 1000, init="escape:0.03"), 1e5)
done = run.phases(epsilon=1e-3).t2
print(f"T2(1/d) = {done:.4g}, d^a = {1000**3:.4g}")
assert done < 1e-6 * 1000**3

# %%
settle("R5")
