"""Chapter: the tower of statistics and the coordinates near the teacher (P3)."""

from collections.abc import Iterable

import sympy
from sympy.core.function import AppliedUndef

from derivations.evidence import Chapter, Check, Formula
from derivations.typeset import collected
from theory.symbolic import hierarchy, mode_equation, phase_retrieval, residual_flow
from theory.symbolic.hierarchy import EIGENVALUE
from theory.symbolic.notation import latex


def chapter() -> Chapter:
    """The hierarchy for a symbolic order k, and the residual form that the solver uses."""
    return Chapter(
        title="The hierarchy",
        text=(
            "In the eigenbasis of $Q$ every mode obeys a linear equation whose coefficients are $s$ and "
            r"$u$. Summed with weights $\lambda_i^k$ these give the statistics of order $k$; each calls "
            r"for order $k+1$, so for $Q \neq cI$ the tower does not end on its own. Near the teacher "
            r"the solver evolves $v = w - w^*$ with $q = v^\top Q v$ and $p = v^\top Q w^*$: the drift "
            "then has no constant term, and nothing is lost to cancellation."
        ),
        formulas=_formulas(),
        checks=_checks(),
    )


def _formulas() -> list[Formula]:
    model = phase_retrieval()
    tower, residual = hierarchy(model), residual_flow(model)
    (velocity,) = mode_equation(model).values()
    velocity = sympy.expand(velocity / EIGENVALUE)
    return [
        Formula("P3", rf"\dot w_i = \lambda_i \left[{_by_function(velocity)}\right]"),
        Formula("P3", rf"\dot s^{{(k)}} = {_by_function(tower.S[0])}"),
        Formula("P3", rf"\dot u^{{(k)}} = {_by_function(tower.U[0])}"),
        Formula(
            "residual form",
            rf"\dot v = \left({latex(residual.A[0])}\right) Q v"
            rf" + \left({latex(residual.C[0])}\right) Q w^*",
        ),
        Formula("residual form", f"L = {latex(residual.loss)}"),
    ]


def _by_function(expression: sympy.Expr) -> str:
    """LaTeX with one term for every statistic or coordinate, students before teachers."""
    vectors: Iterable[sympy.Expr] = sorted(
        expression.atoms(AppliedUndef), key=lambda f: ("star" in str(f), str(f))
    )
    return collected(expression, vectors)


def _checks() -> list[Check]:
    """P3 as printed, and the residual form against the original one."""
    model = phase_retrieval()
    tower, residual = hierarchy(model), residual_flow(model)
    s, u, t, k, q, p = sympy.symbols("s u t k q p")
    k = tower.order
    order = {name: sympy.Function(name)(k + 1) for name in ("s", "u", "t")}
    printed_s = 8 * (t - 3 * s) * order["s"] + 16 * u * order["u"]
    printed_u = 4 * (t - 3 * s) * order["u"] + 8 * u * order["t"]
    shifted = {s: t + 2 * p + q, u: t + p}
    same_loss = sympy.expand(model.loss.subs(shifted) - residual.loss) == 0
    same_force = sympy.expand((model.A[0] + model.B[0]).subs(shifted) - residual.C[0]) == 0
    return [
        Check(
            "derived hierarchy equals the paper's for symbolic k",
            "P3",
            sympy.expand(tower.S[0] - printed_s) == 0 and sympy.expand(tower.U[0] - printed_u) == 0,
            "symbolic identity",
        ),
        Check(
            "residual form equals the original flow", "P1, P3", same_loss and same_force, "symbolic identity"
        ),
    ]
