"""Section: the tower of statistics and the coordinates near the teacher (P3)."""

import sympy

from derivations.press.evidence import Check, Formula, Section
from derivations.setting import statements as setting
from theory.symbolic import hierarchy, phase_retrieval, residual_flow


def section(quick: bool) -> Section:
    """The hierarchy for a symbolic order k, and the residual form that the solver uses."""
    return Section(
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
    return [
        Formula("P3", setting.mode()),
        Formula("P3", setting.energies()),
        Formula("P3", setting.overlaps()),
        Formula("residual form", setting.residual()),
        Formula("residual form", setting.residual_loss()),
    ]


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
