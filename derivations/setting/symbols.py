"""The printed names of the theory: what statements write and checks give a meaning.

A symbol is named as the printer wants it, ``t`` for s_* and ``tau`` for t: :mod:`theory.symbolic.notation`.
"""

import sympy

L, s, u, t, p, q = sympy.symbols("L s u t p q")
"""The loss, the energy s, the overlap u, s* (named t), and the residual coordinates p and q."""

time, tau = sympy.Symbol("tau", positive=True), sympy.Symbol(r"\tau", positive=True)
f, BigO, small = sympy.Function("f"), sympy.Function("O"), sympy.Symbol("o(1)")
"""The mass not yet learned, a function of time; what is of an order, and what tends to zero."""

a, d, eta, gamma, epsilon, rho, C = sympy.symbols("a d eta gamma epsilon rho C", positive=True)
B = sympy.Symbol("B", real=True)
i, j = sympy.symbols("i j", integer=True, positive=True)
lam, w, w_star = sympy.IndexedBase(r"\lambda"), sympy.IndexedBase("w"), sympy.IndexedBase("w^*")

Qw, Q_star, Qv = sympy.Symbol("Q w"), sympy.Symbol("Q w^*"), sympy.Symbol("Q v")
dot_w, dot_v = sympy.Symbol(r"\dot w"), sympy.Symbol(r"\dot v")
slope = sympy.Symbol(r"\nabla L")
"""The gradient, and the vectors in which gradient and flow are written."""
