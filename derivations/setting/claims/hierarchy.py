"""Claims on the hierarchy of statistics and its closure (P3, 5.1)."""

import sympy

from derivations.court.attack import identities, identity
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from theory.symbolic import hierarchy, mode_equation, phase_retrieval
from theory.symbolic.closures import CharacteristicPolynomial
from theory.symbolic.hierarchy import EIGENVALUE, ORDER, coordinates

s, u, t = sympy.symbols("s u t")
k = ORDER
GENERAL = "derived under the sum over modes, for any d and symbolic k"


def _order(name: str, order: sympy.Expr) -> sympy.Expr:
    return sympy.Function(name)(order)


@claim(
    "P3",
    "(3.3), (A.1)",
    r"$\dot w_i = <a=4> \lambda_i (s_* - <b=3> s) w_i + <c=8> \lambda_i u w^*_i$",
    Verdict.PROVED,
)
def modes(c: Constants, effort: Effort) -> Finding:
    model = phase_retrieval()
    (student,), (teacher,) = coordinates(model)
    (velocity,) = mode_equation(model).values()
    printed = EIGENVALUE * (c["a"] * (t - c["b"] * s) * student + c["c"] * u * teacher)
    return identity(velocity, printed, GENERAL)


@claim(
    "P3/energy",
    "(3.4)",
    r"$\dot s^{(k)} = <a=8> (s_* - <b=3> s) s^{(k+1)} + <c=16> u u^{(k+1)}$",
    Verdict.PROVED,
)
def energy(c: Constants, effort: Effort) -> Finding:
    printed = c["a"] * (t - c["b"] * s) * _order("s", k + 1) + c["c"] * u * _order("u", k + 1)
    return identity(hierarchy(phase_retrieval()).S[0], printed, GENERAL)


@claim(
    "P3/overlap",
    "(3.5), (B.7), (B.8)",
    r"$\dot u^{(k)} = <a=4> (s_* - <b=3> s) u^{(k+1)} + <c=8> u s_*^{(k+1)}$",
    Verdict.PROVED,
)
def overlap(c: Constants, effort: Effort) -> Finding:
    printed = c["a"] * (t - c["b"] * s) * _order("u", k + 1) + c["c"] * u * _order("t", k + 1)
    return identity(hierarchy(phase_retrieval()).U[0], printed, GENERAL)


@claim(
    "P3/isotropic",
    "Section 3.3",
    r"for $Q = I$ the flow closes on $(u, s)$: $\dot u = <a=12> (s_* - s) u$, $\dot s = <e=8> (s_* - <b=3> "
    "s) s + <c=16> u^<p=2>$",
    Verdict.PROVED,
)
def isotropic(c: Constants, effort: Effort) -> Finding:
    tower = hierarchy(phase_retrieval())
    same = {_order(name, k + 1): value for name, value in (("s", s), ("u", u), ("t", t))}
    pairs = [
        (tower.U[0].subs(same), c["a"] * (t - s) * u),
        (tower.S[0].subs(same), c["e"] * (t - c["b"] * s) * s + c["c"] * u ** c["p"]),
    ]
    return identities(pairs, "all orders coincide for Q = I")


@correction(
    r"with $n$ distinct non-zero eigenvalues $\prod_j (\lambda - \lambda_j) = 0$ on the spectrum expresses "
    "$s^{(n+1)}, u^{(n+1)}$ by lower orders: $<m=2>n$ statistics close, e.g. for $n = <n=2>$ $u^{(3)} = "
    r"<a=1> (\lambda_1 + \lambda_2) u^{(2)} - <b=1> \lambda_1 \lambda_2 u^{(1)}$; $Q = cI$ closes on $(s, "
    "u)$ for every $c$. None exists only where infinitely many eigenvalues carry teacher and student ($d = "
    r"\infty$)",
    Verdict.PROVED,
)
def closes(c: Constants, effort: Effort) -> Finding:
    l1, l2, p1, p2 = sympy.symbols("lambda1 lambda2 p1 p2")

    def moment(order: int) -> sympy.Expr:
        return l1**order * p1 + l2**order * p2

    two = c["a"] * (l1 + l2) * moment(2) - c["b"] * l1 * l2 * moment(1)
    pairs = [(moment(3), two), (sympy.Integer(len((l1, l2))), c["n"])]
    for size in range(1, effort.of(5, 9)):
        values = [sympy.Rational(1, j**2) for j in range(1, size + 1)]
        closed = CharacteristicPolynomial(values).close(hierarchy(phase_retrieval()))
        after = [sum(x**j * y for j, y in enumerate(closed.coefficients, 1)) for x in values]
        pairs += [(a, x ** (size + 1)) for a, x in zip(after, values, strict=True)]
        # and no fewer will do: the orders 1..n of n free products w_i w*_i are independent
        vandermonde = sympy.Matrix(size, size, lambda i, j, v=values: v[j] ** (i + 1))
        pairs += [(sympy.Integer(2 * vandermonde.rank()), c["m"] * size)]
    return identities(
        pairs, "characteristic polynomial, symbolic for two eigenvalues, at rational ones for more"
    )


@claim(
    "P3/closure",
    "Section 3.3, after Proposition 3",
    r"as soon as $Q \neq I$ no finite-dimensional closure exists; in particular $u^{(<n=3>)}$ is no "
    "combination of $u^{(1)}$ and $u^{(2)}$",
    Verdict.FALSE,
    correction=closes,
)
def no_closure(c: Constants, effort: Effort) -> Finding:
    p1, p2 = sympy.symbols("p1 p2")
    order = int(c["n"])
    lower = sympy.Matrix([[2, 1], [4, 1]])  # orders 1 and 2 of Q = diag(2, 1), in p_i = w_i w*_i
    a, b = lower.T.LUsolve(sympy.Matrix([2**order, 1]))
    if sympy.expand(2**order * p1 + p2 - a * (2 * p1 + p2) - b * (4 * p1 + p2)) != 0:
        return Finding(Verdict.UNDECIDED, "no relation found")
    example = Counterexample(
        f"Q = diag(2, 1): u^({order}) = {b} u^(2) - {-a} u^(1) for every w, w*: (s, u, s^(2), u^(2)) close "
        "(and Q = 2I closes on (s, u))",
        f"from sympy import *; p, q = symbols('p q'); u = lambda k: 2**k*p + q; "
        f"assert expand(u({order}) - ({b})*u(2) - ({a})*u(1)) == 0",
        Verdict.PROVED,
    )
    return Finding(Verdict.FALSE, "both eigenvalues are roots of one quadratic", counterexample=example)


@claim(
    "5.1",
    "(5.1), (B.9)",
    r"$\dot U = [<a=4> (1 - <b=3> s) B + <c=8> S] U$ with $(Bx)_k = x_{k+1}$ and $S = (B s_*^\infty) "
    r"e_1^\top$",
    Verdict.PROVED,
    hypotheses=r"$s_* = 1$; $\|Q\| < 1$, so that $s_*^\infty \in \ell^2$",
)
def operator_form(c: Constants, effort: Effort) -> Finding:
    # coordinate k: (BU)_k = u^(k+1), (SU)_k = s*^(k+1) u^(1)
    printed = c["a"] * (1 - c["b"] * s) * _order("u", k + 1) + c["c"] * _order("t", k + 1) * u
    return identity(hierarchy(phase_retrieval()).U[0].subs(t, 1), printed, GENERAL)


@correction(
    r"$B$ is the left (backward) shift, with kernel spanned by $e_1$ and $\|B\| = <a=1>$; the right shift "
    "is its adjoint",
    Verdict.PROVED,
)
def left_shift(c: Constants, effort: Effort) -> Finding:
    B = sympy.Matrix(6, 6, lambda i, j: int(j == i + 1))
    images = [B[:, 0], B[:, 1] - sympy.eye(6)[:, 0], sympy.zeros(6, 1)]
    if any(not image.is_zero_matrix for image in images):
        return Finding(Verdict.UNDECIDED, "B e_1 ≠ 0")
    return identity(max(B.singular_values()), c["a"], "it drops the first entry and keeps the others")


@claim(
    "5.1/shift",
    "Section 5.1, step 1; Section B.2",
    "$B$, $(Bx)_k = x_{k+1}$, is the right shift: $(Bx)_<n=2> = x_1$",
    Verdict.FALSE,
    correction=left_shift,
)
def right_shift(c: Constants, effort: Effort) -> Finding:
    place = int(c["n"])
    example = Counterexample(
        f"x = e_1: (Bx)_{place} = x_{place + 1} = 0, not x_1 = 1",
        f"x = {{1: 1}}; B = lambda k: x.get(k + 1, 0); assert B({place}) != x[1]",
        Verdict.PROVED,
    )
    return Finding(Verdict.FALSE, "a name only: the formulas use B as defined", counterexample=example)
