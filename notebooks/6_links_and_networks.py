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
# # Another link, and a wider network
#
# Nothing after the model knows which one it is: the loss follows from Gaussian averages, the drift from the loss, the
# solver's code from the drift.

# %%
import matplotlib.pyplot as plt
import numpy as np

from numerics import Problem, network, power_law, solve
from numerics.shown.figures import STYLE
from theory.asymptotics import isotropic_gram, learnt_strength, wide_loss
from theory.laws import laws
from theory.symbolic import (
    EscapeTime,
    escape,
    hierarchy,
    information_exponent,
    parse_link,
    quadratic_network,
    single_index,
    sphere_escape,
)
from theory.symbolic.sphere import START

plt.rcParams.update(STYLE)

# %% [markdown]
# **A link from text**: a polynomial with rational coefficients, erf, the rectifier, the modulus, or a sum of them.

# %%
error_function = single_index(parse_link("erf(z)"))
assert not error_function.polynomial
error_function

# %% [markdown]
# **The cubic** $z^3 - 3z$: at unit variance only the third Hermite coefficient is left, so that the overlap of a
# student kept at unit variance helps itself at second order only.

# %%
cubic = single_index(parse_link("z**3 - 3*z"))
assert information_exponent(cubic.student_link) == 3
hierarchy(cubic)

# %% [markdown]
# **How each escapes** from $w = 0$ is read off the loss at small $w$: by the Taylor coefficients of the link at 0. The
# information exponent speaks of the normalised flow, and describes none of this: the cubic's linear part makes 0
# attract.

# %%
LINKS = ("z**3", "erf(z)", "relu(z)", "z**2", "abs(z)", "z**3 - 3*z")
escapes = {text: escape(parse_link(text)) for text in LINKS}
for text, found in escapes.items():
    print(f"{text:12} information exponent {information_exponent(parse_link(text))}; escape: {found}")
assert escapes["z**3"].time is EscapeTime.ALGEBRAIC

# %% [markdown]
# **Solved**, all on one spectrum from one start: each model's right-hand sides are generated and loaded.

# %%
problem = power_law(1.5, 300, seed=2)
times = np.geomspace(1e-2, 1e3, 200)
curves = {}
for text in LINKS:
    model = single_index(parse_link(text))
    curves[text] = solve(problem, 1e3, model=model).at(times)
    plt.semilogx(times, curves[text].u, label=f"${text.replace('**', '^').replace('*', '')}$")
plt.xlabel("time $t$")
plt.ylabel("overlap $u$")
plt.legend()
plt.show()

# %% [markdown]
# The links that escape have learnt the teacher; the cubic $z^3 - 3z$ never will from here.

# %%
for text, curve in curves.items():
    assert np.all(np.diff(curve.loss) < 1e-9 * curve.loss[0])
    assert (curve.u[-1] > 0.8) == (escapes[text].time is not EscapeTime.NEVER)

# %% [markdown]
# **A wider network**, $\sum_{j \le K} \langle x, w_j\rangle^2$ learns $\langle x, w^*_1\rangle^2 +
# \langle x, w^*_2\rangle^2$.

# %%
committee = quadratic_network(2, 2)
committee

# %% [markdown]
# **On the sphere** the information exponent speaks. A constraint is one more term of the flow; with isotropic inputs
# and $\|w\| = \|w^*\| = 1$ the overlap alone moves, and a random start $u_0 \sim d^{-1/2}$ takes
# $\log d/16$, $\sqrt d/36$ and $d/384$ for the Hermite links of degree 2, 3 and 4. The law, and the time at which
# the solver finds $u = 1/2$:

# %%
for degree, start in ((2, 1e-4), (3, 1e-3), (4, 1e-2)):
    law = sphere_escape(parse_link(f"He{degree}(z)"))
    predicted = float(law.time.subs(START, start))
    sphere = Problem([1.0, 1.0], [1.0, 0.0], [start, np.sqrt(1 - start**2)])
    on_sphere = network(f"He{degree}(z)", constraint="sphere")
    measured = solve(sphere, 1.2 * predicted, on_sphere).phases(delta=0.5).t1
    print(f"He{degree}: du/dt = {law.velocity}, predicted {predicted:.4f}, measured {measured:.4f}")
    assert abs(measured / predicted - 1) < 0.08

# %% [markdown]
# **How wide?** One student cannot represent two teachers. From two on the loss goes to zero.

# %%
draws = np.random.default_rng(0)
eigenvalues = np.arange(1, 31) ** -1.5 / np.sum(np.arange(1, 31) ** -1.5)
teachers = draws.standard_normal((2, 30))
teachers /= np.sqrt(teachers**2 @ eigenvalues)[:, None]
times = np.geomspace(1e-1, 3e3, 200)
losses = {}
for width in (1, 2, 3):
    start = 0.05 * draws.standard_normal((width, 30))
    model = quadratic_network(width, 2)
    run = solve(Problem(eigenvalues, teachers, np.squeeze(start)), 3e3, model=model)
    losses[width] = run.overlaps(times).loss

# %%
for width, loss in losses.items():
    plt.loglog(times, np.where(loss > 1e-13, loss, np.nan), label=f"$K = {width}$")
plt.xlabel("time $t$")
plt.ylabel("loss")
plt.legend()
assert losses[1][-1] > 1
assert max(losses[2][-1], losses[3][-1]) < 1e-5

# %% [markdown]
# **A surprise at the end**: a student too many must forget what it does not need, and does so algebraically. With
# just enough of them the end is exponential, down to rounding.

# %%
late = times > 3e2
slope = np.polyfit(np.log(times[late]), np.log(losses[3][late]), 1)[0]
print(f"K = 3: loss ~ t^{slope:.2f}")
assert -3 < slope < -0.5
assert abs(losses[2][-1]) < 1e-6 * losses[3][-1]

# %% [markdown]
# **Many directions of unequal strength**, $\gamma^*_j = j^{-\alpha}$, emerge one by one, each on a logistic curve of its
# own. The loss is a sum of sigmoids and falls as a power, which Lambert's function corrects. On isotropic inputs the
# solver has an exact flow to be compared with, a matrix Riccati equation.

# %%
laws("wide")

# %%
alpha, begin, moments = 1.2, 1e-8, np.geomspace(3, 3e3, 25)
directions = np.arange(1.0, 2001) ** -alpha
left = [[g - float(learnt_strength(t, g, begin)) for g in directions] for t in moments]
beyond = 2 / (2 * alpha - 1) * 2000 ** (1 - 2 * alpha)
total = 2 * np.sum(np.square(left), axis=1) + beyond
predicted = np.array([float(wide_loss(t, alpha, begin)) for t in moments])
plt.loglog(moments, total, "o", label="sum of sigmoids")
plt.loglog(moments, predicted, label="law")
for number in (0, 3, 9):
    plt.loglog(moments, 2 * np.square(np.array(left)[:, number]) + 1e-12, ":", color="grey")
plt.ylim(1e-4, 10)
plt.xlabel("time $t$")
plt.ylabel("loss")
plt.legend()
assert np.abs(predicted / total - 1)[10:].max() < 0.03

# %%
strengths = np.concatenate([np.arange(1, 17) ** -1.0, np.zeros(8)])
first = 0.03 * draws.standard_normal((16, 24))
wide = quadratic_network(16, 16)
found = (
    solve(Problem(np.ones(24), np.diag(np.sqrt(strengths))[:16], first), 0.5, model=wide)
    .overlaps([0.5])
    .loss[0]
)
missing = isotropic_gram(first, strengths, 0.5, centred=False) - np.diag(strengths)
assert abs(found / (2 * np.sum(missing**2) + np.trace(missing) ** 2) - 1) < 1e-7
