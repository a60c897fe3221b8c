"""The printed names of the theory, once: what a statement writes and a check gives a meaning.

A symbol is named as the printer wants it: ``t`` prints as s_*, ``tau`` as t; see :mod:`theory.symbolic.notation`.
"""

import sympy

s, u, t = sympy.symbols("s u t", positive=True)
"""The energy s, the overlap u, and s*, which is named t."""

time = sympy.Symbol("tau", positive=True)
a, d, eta, gamma, epsilon, rho, C = sympy.symbols("a d eta gamma epsilon rho C", positive=True)
B = sympy.Symbol("B", real=True)
L = sympy.Symbol("L", positive=True)
i, j = sympy.symbols("i j", integer=True, positive=True)
lam, w, w_star = sympy.IndexedBase(r"\lambda"), sympy.IndexedBase("w"), sympy.IndexedBase("w^*")
