"""Duhamel–Volterra: exact integral equations for ``(s, u)`` and the clock, for any single-index model."""

from dataclasses import dataclass

import sympy

from theory.expected import checked
from theory.symbolic.hierarchy import (
    EIGENVALUE,
    MODE,
    TIME,
    Hierarchy,
    Statistic,
    coordinates,
    product_statistics,
)
from theory.symbolic.models import ModelError

CLOCK = sympy.Function("Phi")
"""``Φ(t) = ∫_0^t A``; phase retrieval's is ``4Θ(t) = 4 ∫_0^t (s* − 3s)`` (P7)."""

SOURCE = sympy.Function("B")
"""``B`` along the run, as a function of time; ``8u`` for phase retrieval."""


@checked
@dataclass(frozen=True)
class Response:
    """A kernel: the generating function of one row of the tower at the start.

    ``G(φ) = Σ_i λ_i^n a_i b_i e^{λ_i φ} = Σ_m φ^m/m! X^(n+m)(0)`` for the statistic
    ``X^(n) = Σ_i λ_i^n a_i b_i`` (Lem 7), a function of the spectral measure alone.
    """

    statistic: Statistic

    def __call__(self, phase: sympy.Expr) -> sympy.Expr:
        """``G(phase)``, with ``G`` named after the statistic: ``g_u1``, ``g_t2``, …"""
        return sympy.Function(f"g_{self.statistic.name.lower()}{self.statistic.order}")(phase)

    def series(self, phase: sympy.Expr, terms: int) -> list[tuple[sympy.Expr, Statistic]]:
        """The first terms: coefficients and the statistics, taken at the start, that they multiply."""
        return [
            (phase**m / sympy.factorial(m), self.statistic.at(self.statistic.order + m)) for m in range(terms)
        ]


@dataclass(frozen=True)
class Term:
    """One term of an overlap: a kernel integrated against the source ``n = integrals`` times.

    ``multiplicity ∫…∫ G(students Φ(t) − Φ(τ_1) − … − Φ(τ_n)) B(τ_1) … B(τ_n) dτ_1 … dτ_n``,
    all from 0 to ``t``. ``n = 2`` makes the kernel two-time: it does not split.
    """

    response: Response
    multiplicity: int
    students: int
    integrals: int

    @property
    def expression(self) -> sympy.Expr:
        """The term in SymPy."""
        times = sympy.symbols(f"tau1:{self.integrals + 1}", real=True)
        integrand = self.response(self.students * CLOCK(TIME) - sympy.Add(*(CLOCK(time) for time in times)))
        for time in times:
            integrand *= SOURCE(time)
        limits = [(time, 0, TIME) for time in times]
        return self.multiplicity * (sympy.Integral(integrand, *limits) if times else integrand)


@checked
@dataclass(frozen=True)
class VolterraSystem:
    """Closed equations: each of ``s`` and ``u`` is the sum of its terms, and ``Φ̇ = A(s, u)``.

    ``hierarchy.model`` gives ``A`` and ``B`` as functions of ``(s, u)``.
    """

    hierarchy: Hierarchy
    s: tuple[Term, ...]
    u: tuple[Term, ...]

    @property
    def missing(self) -> tuple[Statistic, ...]:
        """Empty: only ``s`` and ``u`` are unknown."""
        return ()

    @property
    def equations(self) -> tuple[sympy.Eq, sympy.Eq, sympy.Eq]:
        """The equations of ``s(t)``, ``u(t)`` and the clock."""
        model = self.hierarchy.gradient_model
        functions = [sympy.Function(symbol.name)(TIME) for symbol in model.overlaps.statistics]
        rate = model.A[0].subs(dict(zip(model.overlaps.statistics, functions, strict=True)))
        sums = [sympy.Add(*(term.expression for term in terms)) for terms in (self.s, self.u)]
        return (
            *(sympy.Eq(function, total) for function, total in zip(functions, sums, strict=True)),
            sympy.Eq(CLOCK(TIME).diff(TIME), rate),
        )


@checked
@dataclass(frozen=True)
class DuhamelVolterra:
    """No ansatz: the modes are eliminated exactly (P7, P8), and the result closes on ``(s, u, Φ)``.

    Given ``A`` and ``B`` along the run every mode is linear, ``ẇ_i = λ_i (A w_i + B w*_i)``, so with the
    clock ``Φ = ∫A`` (``4Θ`` for phase retrieval)

    ``w_i(t) = w_i(0) e^{λ_i Φ(t)} + λ_i w*_i ∫_0^t e^{λ_i (Φ(t) − Φ(τ))} B(τ) dτ``.

    Summed with ``λ_i w*_i`` this gives ``u`` as a Volterra equation, and its square, summed with ``λ_i``,
    gives ``s`` with a kernel of ``2Φ(t) − Φ(τ) − Φ(τ')``: one integral and a double one. The kernels are
    generating functions of the statistics at the start (:class:`Response`), so the spectrum enters as a
    measure, of any size. Exact at all times; what a numerical solution adds is its own error
    (``numerics.closed.volterra``). P8's kernel of ``t − τ`` alone holds where ``A`` is constant.

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> system = DuhamelVolterra().close(hierarchy(phase_retrieval()))
    >>> system.u[1].expression
    Integral(B(tau1)*g_t2(Phi(tau) - Phi(tau1)), (tau1, 0, tau))
    >>> [str(term.response.statistic.order) + term.response.statistic.name for term in system.s]
    ['1S', '2U', '3T']
    """

    def close(self, hierarchy: Hierarchy) -> VolterraSystem:
        """The integral equations; :class:`ModelError` unless ``K = M = 1``."""
        model = hierarchy.gradient_model
        if model.students != 1 or model.teachers != 1:
            raise ModelError(
                f"{model.name} has {model.students} students and {model.teachers} teachers: where A is a"
                " matrix the propagators of two times do not commute, and the clock is no number"
            )
        (student,), (teacher,) = coordinates(model)
        return VolterraSystem(
            hierarchy, _terms(hierarchy, student, student), _terms(hierarchy, student, teacher)
        )


def mode_solution(hierarchy: Hierarchy) -> sympy.Expr:
    """Duhamel's solution of the mode equation, in :data:`CLOCK` and :data:`SOURCE`.

    Its derivative is ``λ_i (Φ̇ w_i + B w*_i)``, which is the mode equation as ``Φ̇ = A``.
    """
    (student,), (teacher,) = coordinates(hierarchy.model)
    earlier = sympy.Symbol("tau1", real=True)
    decay = sympy.exp(EIGENVALUE * (CLOCK(TIME) - CLOCK(earlier)))
    memory = sympy.Integral(decay * SOURCE(earlier), (earlier, 0, TIME))
    start = student.subs(TIME, 0)
    return start * sympy.exp(EIGENVALUE * (CLOCK(TIME) - CLOCK(0))) + EIGENVALUE * teacher * memory


def _terms(hierarchy: Hierarchy, left: sympy.Expr, right: sympy.Expr) -> tuple[Term, ...]:
    """The terms of ``Σ_i λ_i left right`` with Duhamel's solution for every student among the two.

    A student is a start, with the factor ``e^{λΦ(t)}``, plus a memory ``λ w*``, with that and one integral.
    Propagators and integrals are counted by the powers of a dummy each.
    """
    model = hierarchy.gradient_model
    (student,), (teacher,) = coordinates(model)
    propagator, integral = sympy.symbols("propagator integral", cls=sympy.Dummy)
    solution = propagator * (student + EIGENVALUE * teacher * integral)
    solved = [solution if factor == student else factor for factor in (left, right)]
    products = product_statistics(model)
    terms = []
    for summand in sympy.Add.make_args(sympy.expand(EIGENVALUE * solved[0] * solved[1])):
        multiplicity, dependent = summand.as_independent(MODE, propagator, integral)
        powers = dependent.as_powers_dict()
        students, integrals = (int(powers.pop(dummy, 0)) for dummy in (propagator, integral))
        order = powers.pop(EIGENVALUE)
        key = products[sympy.Mul(*(base**power for base, power in powers.items()))].at(order)
        terms.append(Term(Response(key), int(multiplicity), students, integrals))
    return tuple(sorted(terms, key=lambda term: term.integrals))
