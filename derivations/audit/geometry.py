"""Claims on the loss, its gradient and its critical points (P1, P2, R1, R2)."""

import sympy

from derivations.audit.attack import identities, identity
from derivations.audit.claim import Constants, Effort, claim
from derivations.audit.verdict import Finding, Verdict
from theory.symbolic import gaussian_moment, phase_retrieval

s, u, t = sympy.symbols("s u t")


@claim(
    "P1",
    "Proposition 1",
    r"$L(w) = <a> s^2 + <b> s_*^2 - <c> u^2 - <e> s s_*$",
    Verdict.PROVED,
    hypotheses=r"$x \sim N(0, Q)$",
    a=3,
    b=3,
    c=4,
    e=2,
)
def loss(c: Constants, effort: Effort) -> Finding:
    printed = c["a"] * s**2 + c["b"] * t**2 - c["c"] * u**2 - c["e"] * s * t
    return identity(phase_retrieval().loss, printed, "derived from Gaussian moments for any d")


_covariance = sympy.Matrix([[s, u], [u, t]])


@claim(
    "P1/step1",
    "Proposition 1, step 1",
    r"$E (x^\top w)^4 = <a> \|w\|_Q^4$ and $E (x^\top w^*)^4 = <b> \|w^*\|_Q^4$",
    Verdict.PROVED,
    a=3,
    b=3,
)
def fourth_moment(c: Constants, effort: Effort) -> Finding:
    student, teacher = (gaussian_moment(powers, _covariance) for powers in ((4, 0), (0, 4)))
    return identities([(student, c["a"] * s**2), (teacher, c["b"] * t**2)], "Wick's formula")
