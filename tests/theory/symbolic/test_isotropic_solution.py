"""The closed solution of isotropic phase retrieval, derived: Q = λI closes the tower on s and u.

With x = u²/t the drift gives ẋ = 2λ(A x + B u) and ṡ = 2λ(A s + B u). The part of s across the teacher,
relative to that along it, r = s/x − 1, decays alone: ṙ = −2λ B u r/x = −16λt r. Then 1/x obeys a linear
equation.
"""

import sympy

from theory.symbolic import phase_retrieval

RATE, TIME, ALONG, ACROSS = sympy.symbols("lambda tau x_0 r_0", positive=True)


def closed_form(t):
    """x(τ) and s(τ) from x(0) and r(0), with θ = e^{−8λtτ}."""
    theta = sympy.exp(-8 * RATE * t * TIME)
    x = t / (1 + (t / ALONG - 1 - 3 * ACROSS) * theta**3 + 3 * ACROSS * theta**2)
    return x, x * (1 + ACROSS * theta**2)


def test_closed_form_solves_the_derived_flow():
    model = phase_retrieval()
    (s, u), (t,) = model.overlaps.statistics, model.overlaps.T
    x, energy = closed_form(t)
    gain = model.A[0].subs(s, energy)
    push = sympy.expand(model.B[0] * u).subs(u**2, t * x)
    for value in (x, energy):
        residual = value.diff(TIME) - 2 * RATE * (gain * value + push)
        assert sympy.simplify(residual) == 0


def test_closed_form_starts_where_it_should_and_ends_at_the_teacher():
    (t,) = phase_retrieval().overlaps.T
    x, energy = closed_form(t)
    assert sympy.simplify(x.subs(TIME, 0) - ALONG) == 0
    assert sympy.simplify(energy.subs(TIME, 0) - ALONG * (1 + ACROSS)) == 0
    for value in (x, energy):
        assert value.subs({TIME: sympy.oo, t: 1, RATE: 1}) == 1


def test_a_changed_constant_is_no_solution():
    model = phase_retrieval()
    (s, u), (t,) = model.overlaps.statistics, model.overlaps.T
    x, energy = closed_form(t)
    wrong = energy * sympy.Rational(101, 100)
    residual = wrong.diff(TIME) - 2 * RATE * (
        model.A[0].subs(s, wrong) * wrong + (8 * u**2).subs(u**2, t * x)
    )
    assert sympy.simplify(residual) != 0
