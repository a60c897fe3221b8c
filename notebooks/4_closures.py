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
# # The hierarchy and its closures
#
# The statistics $s^{(k)}, u^{(k)}$ of order $k$ call for order $k + 1$. A closure makes the tower finite. Which
# closures work, and where does each fail?

# %%
import matplotlib.pyplot as plt
import numpy as np
import sympy

from derivations.beyond.closure_table import closure_table, finite_spectrum, power_law_spectrum
from numerics.shown.figures import STYLE
from theory.symbolic import hierarchy, phase_retrieval
from theory.symbolic.closures import CharacteristicPolynomial, GaussQuadrature, Truncation, close

plt.rcParams.update(STYLE)

# %% [markdown]
# **The tower**, for any order.

# %%
tower = hierarchy(phase_retrieval())
tower

# %% [markdown]
# **What is missing** from the first four orders: two statistics of the fifth.

# %%
missing = tower.missing(4)
assert [str(entry.function(tower.model.overlaps)) for entry in missing] == ["s(5)", "u(5)"]
missing

# %% [markdown]
# **Two distinct eigenvalues close exactly**: each is a root of $\lambda^2 = (\lambda_1 + \lambda_2)\lambda -
# \lambda_1\lambda_2$, so that order 3 is a combination of orders 1 and 2. (The paper says that no closure exists as
# soon as $Q \ne I$.)

# %%
closed = close(tower, CharacteristicPolynomial([sympy.Rational(1, 3), sympy.Rational(2, 3)]))
assert closed.order == 2
assert closed.missing == ()
closed.coefficients

# %% [markdown]
# **Truncation** sets the next order to zero. It is a system of the same size whatever the spectrum.

# %%
truncated = close(tower, Truncation(order=8))
assert len(truncated.statistics) == 16

# %% [markdown]
# **Gauss quadrature** keeps modes instead of statistics: a few nodes that reproduce the first orders of the start.

# %%
nodes = close(tower, GaussQuadrature(power_law_spectrum(), blocks=4, digits=20))
assert len(nodes.eigenvalues) == 8
[float(node) for node in nodes.eigenvalues]

# %% [markdown]
# **Six modes, three distinct eigenvalues.** Errors of $(s, u)$ against the flow of all modes.

# %%
TIMES = [0.1, 0.3, 1.0, 3.0, 10.0]
finite = closure_table(finite_spectrum(), orders=[4, 8], times=TIMES)
for row in finite:
    print(f"{row.closure:26} {row.order:3}", *(f"{error:8.0e}" for error in row.errors))
assert max(finite[0].errors) < 1e-9  # the characteristic polynomial is exact

# %% [markdown]
# **A power law with sixty modes**: no finite closure is exact.

# %%
power = closure_table(power_law_spectrum(), orders=[4, 8, 16], times=TIMES)
for row in power:
    print(f"{row.closure:26} {row.order:3}", *(f"{error:8.0e}" for error in row.errors))

# %% [markdown]
# **Which fails where.** Truncation and extrapolation are good for times of order one and blow up (gaps in the
# curves); more orders help only a little. The quadrature gets better with its order at every time.

# %%
for row in power:
    style = {"Gauss quadrature": "o-", "geometric extrapolation": "s--", "truncation": "^:"}[row.closure]
    plt.loglog(
        TIMES, np.where(np.isinf(row.errors), np.nan, row.errors), style, label=f"{row.closure}, {row.order}"
    )
plt.xlabel("time $t$")
plt.ylabel("error of $s$ and $u$")
plt.legend(fontsize=7)
plt.show()

# %%
errors = {(row.closure, row.order): np.array(row.errors) for row in power}
assert np.isinf(errors["truncation", 16][-1]) or errors["truncation", 16][-1] > 0.1
assert errors["Gauss quadrature", 16].max() < 1e-3 * errors["Gauss quadrature", 4].max()
