"""Phase I: the escape from the start (Lem 2, Lem 8, P9, R4)."""

from collections.abc import Iterator

import sympy
from mpmath import mp

from derivations import escape as evidence
from derivations.book.document import OURS, Asked, Block, Chapter, Measured, Prose, Step, Table, derivation
from derivations.book.proof import close, equal, holds, step
from derivations.court.numbers import value
from derivations.typeset import latex
from theory.asymptotics import PowerLaw, escape_rate, teacher_escape_expansion
from theory.symbolic import linearise_along, phase_retrieval
from theory.symbolic.linearisation import Linearisation

p, rate, target, start, image, rho = sympy.symbols("p lambda w_star w_0 u_hat rho", positive=True)
s, u, t = sympy.symbols("s u t")
EXPONENTS = ("1.2", "1.5", "2", "3", "4")


@derivation("secular", "The secular equation", "Lem2", "Lem8", "5.3")
def secular() -> Iterator[Step]:
    """From the linear flow at 0 to the growth rate ρ."""
    model = phase_retrieval()
    point = linearise_along(model, 0)
    A, B = model.A[0].subs({"s": 0, "t": 1}), model.B[0]
    yield step(
        r"While $s \ll 1$ the flow is linear, $\dot w = M w$, with a diagonal and a form of rank one.",
        rf"M = {latex(point.rate.subs(t, 1))}\,Q + {latex(point.form[0])}\,Q w^* w^{{*\top}} Q",
        r"$s = 0$ in $A$; $s_* = 1$",
        equal((A, point.rate.subs(t, 1)), (B, point.form[0] * u)),
        "5.3",
        linearise_along,
    )
    mode = (start + 8 * rate * target * image) / (p - 4 * rate)
    yield step(
        "In Laplace's variable each mode is a quotient.",
        r"(p - 4\lambda_i)\,\hat w_i = w_i(0) + 8\lambda_i w^*_i\,\hat u",
        r"$\hat{\dot w} = p \hat w - w(0)$",
        equal((p * mode - start, rate * (A * mode + 8 * target * image))),
        "5.3",
        Linearisation,
    )
    yield step(
        r"Multiply by $\lambda_i w^*_i$, divide, sum: one scalar equation for $\hat u$.",
        r"\hat u(p) = \frac{\hat a(p)}{D(p)}, \quad \hat a(p) = \sum_i \frac{\lambda_i w_i(0) w^*_i}{p - "
        r"4\lambda_i}, \quad "
        r"D(p) = 1 - 8 \sum_i \frac{\lambda_i^2 (w^*_i)^2}{p - 4\lambda_i}",
        r"the sum of the last terms is $(1 - D)\,\hat u$",
        equal(
            (
                sympy.expand(rate * target * mode),
                sympy.expand((rate * start * target + 8 * rate**2 * target**2 * image) / (p - 4 * rate)),
            )
        ),
        "P9",
        Linearisation.secular,
    )
    term = 8 * rate**2 * target**2 / (p - 4 * rate)
    yield step(
        r"Growth rates are the zeros of $D$. On $(4\lambda_1, \infty)$ the sum falls strictly from infinity "
        r"to zero, so "
        r"exactly one lies there, $\rho$.",
        r"1 = 8 \sum_i \frac{\lambda_i^2 (w^*_i)^2}{\rho - 4\lambda_i}, \qquad "
        r"D'(p) = 8 \sum_i \frac{\lambda_i^2 (w^*_i)^2}{(p - 4\lambda_i)^2} > 0",
        "intermediate value theorem",
        equal(((1 - term).diff(p), 8 * rate**2 * target**2 / (p - 4 * rate) ** 2)),
        "Lem2",
        escape_rate,
    )
    first, second = sympy.Rational(2, 3), sympy.Rational(1, 3)
    whole = sympy.together(1 - sum(8 * x**2 / (p - 4 * x) for x in (first, second)))
    polynomial = sympy.Poly(sympy.numer(whole), p).monic()
    roots = sorted(sympy.roots(polynomial.as_expr(), p), key=float)
    yield step(
        r"It is the only one above $4\lambda_1$, as Lemmas 2 and 8 say, where the Laplace integral "
        r"converges; the sum continued below has another zero between any two poles $4\lambda_i$. For "
        r"$\lambda = (\tfrac23, \tfrac13)$, $w^* = (1, 1)$ there are two positive zeros.",
        rf"D(p) = 0 \iff {latex(polynomial.as_expr())} = 0 \iff p \in "
        rf"\left\{{{', '.join(map(latex, roots))}\right\}}",
        r"$4\lambda_2 = \tfrac43 < 1.55 < \tfrac83 = 4\lambda_1 < 6.90$",
        holds(
            bool(4 * second < roots[0] < 4 * first < roots[1]) and len(roots) == 2,
            "exact roots of a quadratic",
        ),
        "Lem2, corrected",
        Linearisation.secular,
    )
    yield step(
        r"Two bounds come for free: the first mode alone, and all the mass on the first mode, since "
        r"$\sum_i \lambda_i (w^*_i)^2 = 1$.",
        r"4\lambda_1 + 8\lambda_1^2 (w^*_1)^2 \; \leq \; \rho \; \leq \; 12\lambda_1",
        r"$\lambda_i^2/(\rho - 4\lambda_i) \leq \lambda_i \lambda_1/(\rho - 4\lambda_1)$",
        _bounds(),
        "P9, and ours",
        escape_rate,
    )


def _bounds() -> str:
    """Both bounds on enclosed values of ρ."""
    inside = []
    for exponent in EXPONENTS:
        first = 1 / mp.zeta(mp.mpf(exponent))
        found = escape_rate(PowerLaw(exponent, "inf"))
        rate_found, radius = value(found), found.radius
        inside.append(4 * first + 8 * first**2 + radius < rate_found < 12 * first - radius)
    return holds(all(inside), f"for a = {', '.join(EXPONENTS)} at d = ∞, with the error radius")


@derivation("amplitude", "The amplitude", "P9")
def amplitude() -> Iterator[Step]:
    """The residue at ρ."""
    x, residue = sympy.symbols("x c")
    D = sympy.Function("D")
    linear = D(rho) + (p - rho) * x
    yield step(
        r"The zero at $\rho$ is simple, because $D'(\rho) > 0$. The residue there is the part of $u$ that "
        r"grows "
        "fastest, and in the end all of it.",
        r"u(t) = \frac{\hat a(\rho)}{D'(\rho)}\,e^{\rho t}\,(1 + o(1)) = "
        r"\frac{\sum_i \lambda_i w_i(0) w^*_i/(\rho - 4\lambda_i)}{8 \sum_i \lambda_i^2 (w^*_i)^2/(\rho - "
        r"4\lambda_i)^2}\,e^{\rho t}\,(1 + o(1))",
        "residue of a quotient at a simple zero",
        equal((sympy.limit((p - rho) * residue / linear.subs(D(rho), 0), p, rho), residue / x)),
        "P9",
        Linearisation.secular,
    )
    only = {rho: 12 * rate, target: 1 / sympy.sqrt(rate)}
    numerator, denominator = (
        rate * start * target / (rho - 4 * rate),
        8 * rate**2 * target**2 / (rho - 4 * rate) ** 2,
    )
    yield step(
        r"A check by hand: one mode with $\lambda (w^*)^2 = 1$ has $\rho = 12\lambda$, and the formula gives "
        r"back $u(0)$.",
        r"\frac{\lambda w_0 w^*/(8\lambda)}{8\lambda/(8\lambda)^2} = \lambda w_0 w^* = u(0)",
        r"$\rho - 4\lambda = 8\lambda$",
        equal(((numerator / denominator).subs(only), (rate * start * target).subs(only))),
        OURS,
        Linearisation.secular,
    )
    yield step(
        r"In the direction of growth the student is an eigenvector of $M$. Mode $i$ takes part with a weight "
        r"that "
        r"falls like $\lambda_i$: the escape is an affair of the first few modes, whatever the dimension.",
        r"w_i \propto \frac{\lambda_i w^*_i}{\rho - 4\lambda_i}",
        r"$M w = \rho w$ and the secular equation",
        equal(
            (
                4 * rate * rate * target / (rho - 4 * rate) + rate * target,
                rho * rate * target / (rho - 4 * rate),
            )
        ),
        OURS,
        Linearisation,
    )


@derivation("mixture", "The escape time over teachers", "P9")
def mixture() -> Iterator[Step]:
    """Quantiles of T1 when the teacher is drawn, in powers of 1/log d."""
    x, delta, size = sympy.symbols("x delta ell", positive=True)
    C = sympy.Symbol("C")
    S, mean, second = (sympy.Function(name) for name in ("S", "m", "v"))
    f = -S(x).diff(x)
    yield step(
        r"Given the teacher the time is the logarithm of what the amplitude lacks, over the rate. With "
        r"$\ell = \tfrac12 \log d$ and $C = \log K - \log|g|$, $g$ standard normal, an early escape is a "
        r"statement on $\rho$, moved by $C$ over the time.",
        r"T_1 = \frac{\ell + C}{\rho} \leq t \iff \rho - \delta C \geq \delta\ell, \quad \delta = \frac1t",
        r"multiply by $\rho/t$",
        equal((rho * (t - (size + C) / rho), t * (rho - C / t - size / t))),
        "P9",
        escape_rate,
    )
    moved = x + delta * mean(x) + delta**2 * mean(x) * mean(x).diff(x)
    shifted = sympy.series(S(x + delta * C), delta, 0, 3).removeO().doit()
    own = sympy.series(S(moved), delta, 0, 3).removeO().doit()
    yield step(
        r"Expand in $\delta$, with the density $f$ of $\rho$ and mean $m$ and variance $v$ of $C$ given "
        r"$\rho$. Two cases hold the general one, which is linear in the moments: $C$ independent of $\rho$, "
        r"and $C$ a function of it, where $\rho - \delta C > x$ is $\rho > x + \delta m + \delta^2 m m' + "
        r"\dots$.",
        r"P(\rho - \delta C > x) = P(\rho > x) - \delta\,(f m)(x) - \tfrac12 \delta^2 \left(f (m^2 + "
        r"v)\right)'(x) + O(\delta^3)",
        r"$P(\rho > x)' = -f$",
        equal(
            (sympy.expand(shifted - S(x) + delta * C * f + delta**2 / 2 * C**2 * f.diff(x)), 0),
            (
                sympy.expand(
                    (own - S(x) + delta * f * mean(x) + delta**2 / 2 * (f * mean(x) ** 2).diff(x)).doit()
                ),
                0,
            ),
        ),
        OURS,
        teacher_escape_expansion,
    )
    r, first, place = sympy.symbols("r D y", positive=True)
    density, offset = sympy.Function("f"), mean
    time = (size + offset(r)) / r + first / size
    inverse = sympy.Symbol("z", positive=True)
    ratio = sympy.series((size / time).subs(size, 1 / inverse), inverse, 0, 3).removeO()
    excess = _excess(density, offset, second, r, ratio - r, (1 / time).subs(size, 1 / inverse), inverse)
    found = sympy.solve(excess, first)
    expected = (density(place) * second(place)).diff(place).subs(place, r).doit() / (2 * density(r))
    yield step(
        r"The $p$-quantile is where this is $p$. To leading order $\ell/T_1$ is the $(1-p)$-quantile $r$ of "
        r"$\rho$; the mean of $C$ there gives the constant, and its variance, with that of $-\log|g|$, "
        r"$\pi^2/8$, the leading correction.",
        r"T_1 = \frac{\ell + m(r)}{r} + \frac{(f v)'(r)}{2 f(r)\,\ell} + O(\ell^{-2})",
        "both sides to second order in $1/\\ell$",
        holds(
            len(found) == 1 and sympy.simplify(found[0] - expected) == 0,
            "the only solution of the second order",
        ),
        OURS,
        teacher_escape_expansion,
    )


def _excess(
    density: sympy.Function,
    mean: sympy.Function,
    variance: sympy.Function,
    r: sympy.Symbol,
    shift: sympy.Expr,
    delta: sympy.Expr,
    z: sympy.Symbol,
) -> sympy.Expr:
    """The second order in z of P(ρ − δC > r + shift) − P(ρ > r)."""
    y = sympy.Symbol("y", positive=True)
    at = {y: r}
    survival = -density(r) * shift - density(y).diff(y).subs(at) * shift**2 / 2
    product = density(y) * mean(y)
    linear = product.subs(at) + product.diff(y).subs(at) * shift
    square = (density(y) * (mean(y) ** 2 + variance(y))).diff(y).subs(at)
    total = (survival - delta * linear - delta**2 / 2 * square).doit()
    return sympy.series(total, z, 0, 3).removeO().coeff(z, 2)


def _rates() -> Table:
    """ρ at d = ∞ for flat teachers."""
    rows = []
    for exponent in EXPONENTS:
        rate_found = escape_rate(PowerLaw(exponent, "inf"), 20)
        first = 1 / mp.zeta(mp.mpf(exponent))
        printed, radius = map(str, rate_found.printed(20))
        rows.append([exponent, printed, radius, mp.nstr(4 * first, 8), mp.nstr(12 * first, 8)])
    return Table(
        ("$a$", r"$\rho$", "error at most", r"$4\lambda_1$", r"$12\lambda_1$"),
        rows,
        r"The escape rate at $d = \infty$ for the flat teacher $|w^*_i| = 1$, between its bounds. It grows "
        r"with $a$ (R4).",
        escape_rate,
    )


def _check_growth() -> str:
    """One mode: ρ = 12 λ, from the library's own root finding at a steep spectrum."""
    return close(float(escape_rate(PowerLaw(60, "inf"))), 12.0, 1e-6)


@derivation("steep", "The steep limit", "R4")
def steep() -> Iterator[Step]:
    """a → ∞: one mode."""
    yield step(
        r"As $a \to \infty$ one mode is left, which carries all of the trace, and the upper bound is "
        r"reached.",
        r"\rho \to 12 \qquad (a \to \infty)",
        r"at $a = 60$",
        _check_growth(),
        OURS,
        escape_rate,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        At the start $w$ is a random unit vector, and $s(0)$ and $u(0)$ are small. Then the flow is linear;
        it is the
        part of the story that can be solved in full. What decides is the competition between the diagonal $4
        Q$, by
        which each mode grows on its own, and the rank-one form $8 Q w^* w^{*\top} Q$, by which the modes
        help each other
        along the teacher. The second makes the overlap grow faster than any mode alone could.
        """)
    yield secular
    yield amplitude
    yield mixture
    yield steep
    yield _rates()
    yield Prose(r"""
        The time of escape is logarithmic in the dimension because $u(0)$ is of order $d^{-1/2}$: to reach a
        fixed
        level takes $\log(d)/(2\rho)$ and a constant. The constant depends on the draw, for the amplitude
        $\hat a(\rho)$ is a sum over the start's few leading components and does not concentrate; the median
        and the
        quantiles are among the constants of the library. What follows confronts all of this with runs.
        """)
    yield Measured(
        evidence.chapter((1.5, 3.0) if asked.quick else (1.2, 1.5, 2.0, 2.5, 3.0, 4.0)), evidence.chapter
    )


chapter = Chapter("escape", "Escape", (secular, amplitude, mixture, steep), _write)
