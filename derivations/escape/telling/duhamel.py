"""Duhamel and Volterra: the modes eliminated exactly (Lem 7, P7, P8, C.10)."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import sympy
from mpmath import mp

from derivations.court.checks import Check, Meaning, each, every, identity, means, value
from derivations.court.operators import ModeSum, plus, times
from derivations.court.statement import Clause, Statement, state
from derivations.press.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.press.proof import derived, equal, holds
from derivations.press.typeset import latex
from derivations.setting.symbols import i, lam, w_star
from derivations.setting.symbols import time as t
from numerics import Problem, solve
from numerics.closed.volterra import solve_system
from theory.symbolic import SpectralMeasure, hierarchy, phase_retrieval
from theory.symbolic.closures import DuhamelVolterra, VolterraSystem, close
from theory.symbolic.closures.duhamel import Response, Term

earlier, other = sympy.Symbol(r"\tau"), sympy.Symbol(r"\tau'")
s, u, Theta, w, Delta, h = map(sympy.Function, ("s", "u", r"\Theta", "w", r"\Delta", "h"))
a, K, K_Theta, g_2, g_3 = map(sympy.Function, ("a", "K", r"K_\Theta", "g_2", "g_3"))
A, dot_Theta, begin = sympy.Symbol("A"), sympy.Symbol(r"\dot\Theta"), sympy.Symbol("T_{1}'")
B, x, y = sympy.Symbol(r"\mathbb{B}"), sympy.IndexedBase("x"), sympy.IndexedBase("y")
energy, theta, k, m = sympy.symbols("s theta k m")
SPEED = -phase_retrieval().loss.diff("s").subs("t", 1) / 2
"""Θ̇ = A/4 with A = −2 ∂L/∂s."""

WINDOW = 0.4
EIGENVALUES, START, TEACHER = ("0.6", "0.3", "0.1"), ("0.2", "-0.1", "0.15"), ("0.6", "1.4", "-1.4")
RATES, TEACHERS = ([mp.mpf(text) for text in texts] for texts in (EIGENVALUES, TEACHER))
"""With Σ λ_i (w*_i)² = 1."""
AFTER, THETA = mp.mpf("0.1"), mp.mpf("0.3")
SHIFTS, WITHIN = 30, 1e-10


@derivation("variation", "One mode, then all of them", "P7", "Lem1", "Lem7")
def duhamel() -> Iterator[Step]:
    """Variation of constants with the clock Θ."""
    model = phase_retrieval()
    yield derived(
        r"Let time run by a clock of its own, which stands still where $s = \tfrac13$ and runs backwards "
        r"beyond. Here and below $s_* = 1$.",
        state(
            Theta(t),
            "=",
            sympy.Integral(1 - 3 * s(earlier), (earlier, 0, t)),
            ",",
            A,
            "=",
            4 * dot_Theta,
            check=each(_along_a_run(), identity({A: model.A[0].subs("t", 1), dot_Theta: 1 - 3 * energy})),
        ),
        rf"$A = {latex(model.A[0].subs('t', 1))}$",
        "P7",
        DuhamelVolterra,
    )
    memory = sympy.Integral(times(_grown(i, earlier), u(earlier)), (earlier, 0, t))
    yield derived(
        "Given the clock, each mode is a linear equation of first order. Its homogeneous solution is an "
        "exponential of the clock; vary the constant.",
        state(
            sympy.Symbol("w_{i}(t)"),
            "=",
            plus(times(w(i, 0), _grown(i)), times(8, lam[i], w_star[i], memory)),
            check=_solves,
        ),
        "differentiated, it solves the mode's equation",
        "P7",
        DuhamelVolterra,
    )
    shifted = sympy.Symbol(r"\left(e^{\theta \mathbb{B}} x\right)_{k}")
    yield derived(
        r"Summed with weights $\lambda_i^k w^*_i$ the exponentials of the modes become the exponential of "
        r"the shift.",
        state(
            x[k],
            "=",
            ModeSum(times(lam[i] ** k, y[i]), i),
            "⟹",
            shifted,
            "=",
            sympy.Sum(times(theta**m / sympy.factorial(m), x[k + m]), (m, 0, sympy.oo)),
            "=",
            ModeSum(times(lam[i] ** k, y[i], sympy.exp(theta * lam[i])), i),
            check=value([_shifted(shifted, number) for number in (1, 2)], WITHIN),
        ),
        "exponential series, mode by mode",
        "Lem7",
        Response,
    )
    start, push = sympy.Symbol("U_0"), sympy.Symbol(r"(\mathbb{B} s_*^\infty)")
    exponents = times(4, B, Theta(t)), times(4, B, plus(Theta(t), -Theta(earlier)))
    driven = sympy.Integral(times(sympy.exp(exponents[1]), push, u(earlier)), (earlier, 0, t))
    yield derived(
        "With it the solutions of all modes are Duhamel's formula for the tower.",
        state(
            sympy.Function("U")(t),
            "=",
            plus(times(sympy.exp(exponents[0]), start), times(8, driven)),
            check=every(*(_along_a_run(_row(mode, start, push)) for mode in (1, 2, 3))),
        ),
        r"weights $\lambda_i^k w^*_i$; $(\mathbb{B} s_*^\infty)_k = \sum_i \lambda_i^{k+1} (w^*_i)^2$",
        "P7",
        DuhamelVolterra,
    )


@derivation("volterra", "Two equations for two unknowns", "P8", "5.3")
def volterra() -> Iterator[Step]:
    """u as a Volterra equation; the kernel needs two times; s with a double integral."""
    system = close(hierarchy(phase_retrieval()), DuhamelVolterra())
    yield derived(
        "The first coordinate closes on $u$ and the clock.",
        _first_coordinate(system),
        "first coordinate of Duhamel's formula",
        "P8, corrected",
        DuhamelVolterra,
    )
    speed = sympy.Symbol("c")
    yield derived(
        r"The kernel is one of two times. The paper writes $K_\Theta(t - \tau)$, with $\Theta(t - \tau)$ in "
        r"place of the difference; these agree where $\Theta$ is linear, that is while $s$ is constant, and "
        r"differ from the third order in $t$ on. At the start, where $s \approx 0$ and $\Theta \approx t$, "
        "nothing is lost.",
        state(
            plus(Theta(t), -Theta(earlier)),
            "=",
            Theta(plus(t, -earlier)),
            "⟺",
            Theta(t),
            "=",
            speed * t,
            check=_linear(speed),
        ),
        r"for instance $\Theta = c\,t + b t^2$",
        "P8, corrected",
        DuhamelVolterra,
    )
    yield derived(
        "The clock needs $s$, and $s$ is quadratic in the modes: one term of the start, a single integral, a "
        "double one.",
        _energy(system),
        r"$g_2, g_3$: the generating functions of $u^{(2)}(0)$ and $s_*^{(3)}$",
        OURS,
        DuhamelVolterra,
    )
    yield derived(
        "These are closed equations for two functions of time. The spectrum enters as a measure, through "
        "three generating functions, so they are the same at three modes and at infinitely many.",
        state(
            dot_Theta,
            "=",
            1 - 3 * energy,
            ",",
            system.hierarchy.model.A[0].subs("t", 1),
            "=",
            4 * dot_Theta,
            check=identity({dot_Theta: SPEED}),
        ),
        "the clock",
        OURS,
        DuhamelVolterra,
    )


def _first_coordinate(system: VolterraSystem) -> Statement:
    """u with its source and its kernel of two times."""
    squared = times(lam[i] ** 2, w_star[i] ** 2)
    return state(
        u(t),
        "=",
        plus(a(t), times(8, sympy.Integral(times(K(t, earlier), u(earlier)), (earlier, 0, t)))),
        ",",
        a(t),
        "≔",
        ModeSum(times(lam[i], w(i, 0), w_star[i], _grown(i)), i),
        ",",
        K(t, earlier),
        "≔",
        ModeSum(times(squared, _grown(i, earlier)), i),
        check=every(_along_a_run(), _has(system.u, ("U", 1, 1, 0), ("T", 1, 2, 1))),
    )


def _energy(system: VolterraSystem) -> Statement:
    """s with a term of the start, a single and a double integral."""
    once = g_2(times(4, plus(2 * Theta(t), -Theta(earlier))))
    twice = g_3(times(4, plus(2 * Theta(t), -Theta(earlier), -Theta(other))))
    single = sympy.Integral(times(once, u(earlier)), (earlier, 0, t))
    double = sympy.Integral(times(twice, u(earlier), u(other)), (earlier, 0, t), (other, 0, t))
    own = ModeSum(times(lam[i], w(i, 0) ** 2, sympy.exp(times(8, lam[i], Theta(t)))), i)
    terms = _has(system.s, ("S", 1, 1, 0), ("U", 2, 2, 1), ("T", 1, 3, 2))
    right = plus(own, times(16, single), times(64, double))
    return state(s(t), "=", right, check=every(_along_a_run(_generating()), terms))


@derivation("deficit", "The same for what is missing", "C.10")
def deficit() -> Iterator[Step]:
    """Δ = 1 − u."""
    kernel = times(8, ModeSum(times(lam[i] ** 2, w_star[i] ** 2, _grown(i, earlier)), i))
    yield derived(
        r"Start the clock at $T_1'$ and put $u = 1 - \Delta$.",
        state(
            u(t),
            "=",
            plus(h(t), _remembered(u(earlier))),
            ",",
            Delta(t),
            "=",
            1 - u(t),
            ",",
            K_Theta(t, earlier),
            "≔",
            kernel,
            check=_along_a_run({name: _late()[name] for name in (h, Delta)}),
        ),
        "the equation above; here the paper has both times",
        "C.10",
    )
    yield derived(
        "The constant is not a solution, so it leaves a source behind.",
        state(
            Delta(t),
            "=",
            plus(1, -h(t), -_remembered(), _remembered(Delta(earlier))),
            check=_along_a_run(_late()),
        ),
        "linearity",
        "C.10",
    )


def _grown(mode: sympy.Symbol, since: sympy.Symbol | None = None) -> sympy.Expr:
    """The factor by which the clock makes a mode grow until t, from the start or from an earlier time."""
    passed = Theta(t) if since is None else plus(Theta(t), -Theta(since))
    return sympy.exp(times(4, lam[mode], passed))


def _remembered(*factors: sympy.Expr) -> sympy.Integral:
    """∫ K_Θ(t, τ) … dτ from T_1'."""
    return sympy.Integral(times(K_Theta(t, earlier), *factors), (earlier, begin, t))


def _solves(clauses: tuple[Clause, ...]) -> str:
    """The right side solves ẇ_i = λ_i (A w_i + B w*_i) with A = 4Θ̇, from w_i(0), for any Θ and u."""
    right = means(clauses[0].sides[1], {})
    speed = lam[i] * (4 * Theta(t).diff(t) * right + phase_retrieval().B[0].subs("u", u(t)) * w_star[i])
    at_start = right.subs(t, 0).doit().subs(Theta(0), 0)
    return equal((sympy.factor_terms(sympy.expand(right.diff(t) - speed)), 0), (at_start, w(i, 0)))


def _linear(speed: sympy.Symbol) -> Check:
    """Among the polynomials of third degree those that satisfy the first equation are the last side."""

    def check(clauses: tuple[Clause, ...]) -> str:
        left, right, _, line = clauses[0].sides
        c = sympy.symbols("c:4")
        clock = sum(c[n] * t**n for n in range(4))
        difference = means(left - right, {Theta: lambda when: clock.subs(t, when)})
        (found,) = sympy.solve(sympy.Poly(sympy.expand(difference), t, earlier).coeffs(), c, dict=True)
        return equal((clock.subs(found), line.subs(speed, c[1])))

    return check


def _has(terms: tuple[Term, ...], *expected: tuple[str, int, int, int]) -> Check:
    """Statistic, its factor, its order and the number of integrals of each term of the derived system."""
    found = [
        (x.response.statistic.name, x.multiplicity, int(x.response.statistic.order), x.integrals)
        for x in terms
    ]
    return lambda _: holds(found == list(expected), "terms of the derived system")


def _along_a_run(where: Meaning | None = None) -> Check:
    """Every two sides agree on a run of three modes, at two times; integrals by Gauss's rule."""
    run = {sympy.Integral: _gauss, ModeSum: len(RATES), begin: AFTER, **_run(), **(where or {})}
    check = value([{t: when} for when in (WINDOW / 2, WINDOW)], WITHIN, run)
    return lambda clauses: f"on a run of three modes, {check(clauses)}"


def _gauss(body: sympy.Expr, *limits: sympy.Tuple) -> sympy.Expr:
    """A single or double integral between numbers."""
    rule = list(zip(*map(np.ndarray.tolist, np.polynomial.legendre.leggauss(10)), strict=True))
    for name, low, high in limits:
        half, middle = (high - low) / 2, (high + low) / 2
        body = sympy.Add(
            *(half * weight * body.xreplace({name: middle + half * node}) for node, weight in rule)
        )
    return body


def _run() -> Meaning:
    """The run: what the names are at a time that is a number."""
    modes = range(len(RATES))
    return {
        lam: lambda mode: RATES[mode - 1],
        w_star: lambda mode: TEACHERS[mode - 1],
        w: lambda mode, when: _state(when)[mode - 1],
        Theta: _known(Theta, lambda when: _state(when)[-1]),
        u: _known(u, _overlap),
        s: _known(s, lambda when: mp.fsum(RATES[n] * _state(when)[n] ** 2 for n in modes)),
    }


def _known(name: Any, function: Callable[[float], Any]) -> Callable[[sympy.Expr], Any]:
    """The function of numbers; other times are left as they are."""
    return lambda when: function(when) if when.is_number else name(when)


def _overlap(when: float) -> Any:
    return mp.fsum(rate * x * y for rate, x, y in zip(RATES, _state(when), TEACHERS, strict=False))


def _state(when: float) -> list[Any]:
    """The modes and Θ at a time."""
    return list(_flow()(mp.mpf(when)))


@cache
def _flow() -> Callable[[Any], Any]:
    """Gradient descent on the loss in the modes, and Θ̇ = 1 − 3s, by Taylor series."""
    students = sympy.symbols("w1:4")
    modes = list(zip(RATES, students, TEACHERS, strict=True))
    energy = sum(rate * x * x for rate, x, _ in modes)
    overlap = sum(rate * x * y for rate, x, y in modes)
    teacher = sum(rate * y * y for rate, _, y in modes)
    loss = phase_retrieval().loss.subs({"s": energy, "u": overlap, "t": teacher})
    speed = sympy.lambdify([students], [*(-loss.diff(x) for x in students), 1 - 3 * energy], "mpmath")
    return mp.odefun(lambda _, state: speed(state[:-1]), 0, [*map(mp.mpf, START), mp.zero])


def _row(mode: int, start: sympy.Symbol, push: sympy.Symbol) -> Meaning:
    """A row of the tower at one mode, where the shift multiplies with the eigenvalue."""
    rate, target = RATES[mode - 1], TEACHERS[mode - 1]
    return {
        B: rate,
        sympy.Function("U"): lambda when: rate * target * _state(when)[mode - 1],
        start: rate * target * _state(0)[mode - 1],
        push: rate**2 * target**2,
    }


def _shifted(name: sympy.Symbol, order: int) -> Meaning:
    """Moments, and the exponential of the shift as a matrix."""
    moments = [mp.fsum(y * rate**n for rate, y in zip(RATES, TEACHERS, strict=True)) for n in range(SHIFTS)]
    shift = mp.matrix(SHIFTS, SHIFTS)
    for n in range(SHIFTS - 1):
        shift[n, n + 1] = 1
    return {
        **{name: value for name, value in _run().items() if name is lam},
        ModeSum: len(RATES),
        x: lambda n: sum(y * sympy.Float(rate) ** n for rate, y in zip(RATES, TEACHERS, strict=True)),
        y: lambda mode: TEACHERS[mode - 1],
        k: order,
        theta: THETA,
        name: (mp.expm(THETA * shift) * mp.matrix(moments))[order],
    }


def _generating() -> Meaning:
    """The generating functions of u^(2)(0) and s*^(3)."""
    modes = list(zip(RATES, map(mp.mpf, START), TEACHERS, strict=True))
    return {
        g_2: lambda phase: mp.fsum(rate**2 * x * y * mp.exp(rate * mp.mpf(phase)) for rate, x, y in modes),
        g_3: lambda phase: mp.fsum(rate**3 * y * y * mp.exp(rate * mp.mpf(phase)) for rate, _, y in modes),
    }


def _late() -> Meaning:
    """h, Δ and the kernel of the equations from T_1' on."""
    modes = list(zip(RATES, _state(AFTER), TEACHERS, strict=False))

    def passed(when: float, since: float) -> Any:
        return 4 * (_state(when)[-1] - _state(since)[-1])

    return {
        h: lambda when: mp.fsum(rate * x * y * mp.exp(rate * passed(when, AFTER)) for rate, x, y in modes),
        Delta: lambda when: 1 - _overlap(when),
        K_Theta: lambda when, since: mp.fsum(
            8 * (rate * y) ** 2 * mp.exp(rate * passed(when, since)) for rate, _, y in modes
        ),
    }


def _solved() -> Table:
    """The integral equations and the flow of the modes, solved apart."""
    measure = SpectralMeasure(EIGENVALUES, [START], [TEACHER])
    times, s_values, u_values, _ = solve_system(
        close(hierarchy(phase_retrieval()), DuhamelVolterra()), measure, WINDOW
    )
    problem = Problem(np.array(EIGENVALUES, float), np.array(TEACHER, float), np.array(START, float))
    run = solve(problem, 2 * WINDOW).at(times)
    chosen = [0, len(times) // 3, 2 * len(times) // 3, len(times) - 1]
    rows = [
        [
            f"{times[n]:.4f}",
            f"{u_values[n]:.12f}",
            f"{abs(u_values[n] - run.u[n]):.0e}",
            f"{s_values[n]:.12f}",
            f"{abs(s_values[n] - run.s[n]):.0e}",
        ]
        for n in chosen
    ]
    return Table(
        (
            "$t$",
            "$u$, integral equations",
            "against the solver",
            "$s$, integral equations",
            "against the solver",
        ),
        rows,
        "Three modes: the integral equations by spectral collocation and Picard iteration, and the solver of "
        "the flow.",
        _solved,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        The tower does not close because it forgets that each mode, by itself, is simple. Once $s(t)$ and
        $u(t)$ are regarded as given functions, mode $i$ is a linear equation, and its solution can be
        written down. Put back into the definitions of $s$ and $u$ this closes without any approximation.
        The price is a memory: integral equations in place of differential ones.
        """)
    yield duhamel
    yield volterra
    yield deficit
    yield _solved()
    yield Prose(r"""
        The solver of this library is built on the same elimination. Within a step it represents $s$ and $u$
        by polynomials, solves every mode exactly against them, and iterates on the few coefficients. Its
        cost is proportional to the number of modes, and its error is read off the decay of the polynomial.
        """)


chapter = Chapter("duhamel", "Duhamel and Volterra", (duhamel, volterra, deficit), _write)
