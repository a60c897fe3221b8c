"""States of the flow at exact points: their statistics, their velocities, and the line that replays them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from derivations.court.attack import Identity
from derivations.court.enclosure import Enclosed, enclose
from derivations.court.verdict import Counterexample, Verdict
from numerics.arrays import Array


@dataclass(frozen=True)
class State:
    """Eigenvalues λ, teacher w* and student w of d modes, rationals; the teacher has ‖w*‖_Q = 1.

    >>> state = State.of(["4/5", "1/5"], [1, 1], ["11/17", "31/17"])
    >>> state.s(), state.u(), state.energy_rate() > 0
    (1, 15/17, True)
    """

    eigenvalues: tuple[sympy.Rational, ...]
    teacher: tuple[sympy.Rational, ...]
    student: tuple[sympy.Rational, ...]

    def __post_init__(self) -> None:
        if self.t() != 1:
            raise ValueError(f"the teacher's energy is {self.t()}: it must be 1")

    @classmethod
    def of(cls, eigenvalues: Sequence[Any], teacher: Sequence[Any], student: Sequence[Any]) -> "State":
        """The state from integers, rationals or their strings."""
        return cls(*(tuple(map(sympy.Rational, vector)) for vector in (eigenvalues, teacher, student)))

    def s(self, order: int = 1) -> sympy.Rational:
        """s^(k) = wᵀQ^k w."""
        return _form(self.eigenvalues, self.student, self.student, order)

    def u(self, order: int = 1) -> sympy.Rational:
        """u^(k) = wᵀQ^k w*."""
        return _form(self.eigenvalues, self.student, self.teacher, order)

    def t(self, order: int = 1) -> sympy.Rational:
        """s*^(k) = w*ᵀQ^k w*."""
        return _form(self.eigenvalues, self.teacher, self.teacher, order)

    def energy_rate(self) -> sympy.Rational:
        """ds/dt (3.4)."""
        return 8 * (1 - 3 * self.s()) * self.s(2) + 16 * self.u() * self.u(2)

    def overlap_rate(self, order: int = 1) -> sympy.Rational:
        """du^(k)/dt (3.5)."""
        return 4 * (1 - 3 * self.s()) * self.u(order + 1) + 8 * self.u() * self.t(order + 1)

    def refutes(self, words: str, assertion: str, by: Verdict = Verdict.PROVED) -> Counterexample:
        """The counterexample whose replay asserts ``assertion`` in l, t, w, s(k), u(k), T(k), ds, du(k)."""
        return Counterexample(f"{self}: {words}", f"{self.prelude()}; assert {assertion}", by)

    def enclosed(self, until: str, steps: int) -> Enclosed:
        """Intervals of the statistics of the flow from this state at the time ``until``."""
        rates, target, start = ([str(entry) for entry in vector] for vector in self._vectors())
        return enclose(rates, target, start, until, steps)

    def refutes_at(self, until: str, steps: int, words: str, assertion: str) -> Counterexample:
        """The counterexample of the flow from here, ``assertion`` in the intervals u, s, u2 and L."""
        vectors = ", ".join(str([str(entry) for entry in vector]) for vector in self._vectors())
        replay = (
            "from derivations.court.enclosure import enclose; "
            f"u, s, u2, L = enclose({vectors}, {until!r}, {steps}); assert {assertion}"
        )
        return Counterexample(f"{self}: at t = {until} {words}", replay, Verdict.ENCLOSED)

    def _vectors(self) -> tuple[tuple[sympy.Rational, ...], ...]:
        return self.eigenvalues, self.teacher, self.student

    def prelude(self) -> str:
        """One line of Python that defines the statistics of this state."""
        lists = "; ".join(
            f"{name} = [{', '.join(f'F({str(entry)!r})' for entry in vector)}]"
            for name, vector in zip("ltw", self._vectors(), strict=True)
        )
        return (
            f"from fractions import Fraction as F; {lists}; "
            "f = lambda k, x, y: sum(a**k * b * c for a, b, c in zip(l, x, y)); "
            "s = lambda k=1: f(k, w, w); u = lambda k=1: f(k, w, t); T = lambda k=1: f(k, t, t); "
            "ds = 8*(1 - 3*s())*s(2) + 16*u()*u(2); du = lambda k=1: 4*(1 - 3*s())*u(k+1) + 8*u()*T(k+1)"
        )

    def arrays(self) -> tuple[Array, Array, Array]:
        """λ, w*, w as floats."""
        return (
            np.array(self.eigenvalues, dtype=float),
            np.array(self.teacher, dtype=float),
            np.array(self.student, dtype=float),
        )

    def __str__(self) -> str:
        parts = zip(("λ", "w*", "w"), self._vectors(), strict=True)
        return ", ".join(f"{name} = ({', '.join(map(str, vector))})" for name, vector in parts)


def faster(power: int) -> Identity:
    """λ^k w² less its least, λ_min^{k−1} λ w², is a product of factors that are positive."""
    rate, least, w = sympy.symbols("λ λ_min w", positive=True)
    rest = rate * w**2 * (rate - least) * sum(rate**j * least ** (power - 2 - j) for j in range(power - 1))
    return rate**power * w**2 - least ** (power - 1) * rate * w**2, rest


def random_states(size: int, count: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """λ, w*, w (``count``, ``size``): spectra over several decades with tr Q = 1, ‖w*‖_Q = 1, s ≤ 4."""
    draw = np.random.default_rng(seed)
    eigenvalues = np.exp(2.0 * draw.standard_normal((count, size)))
    eigenvalues /= eigenvalues.sum(axis=1, keepdims=True)
    vectors = []
    for scale in (np.ones((count, 1)), 2.0 * np.sqrt(draw.uniform(size=(count, 1)))):
        vector = draw.standard_normal((count, size)) * np.exp(1.5 * draw.standard_normal((count, size)))
        vectors.append(scale * vector / np.sqrt((eigenvalues * vector**2).sum(axis=1, keepdims=True)))
    return eigenvalues, vectors[0], vectors[1]


def listed(values: Sequence[float], style: str = ".3g") -> str:
    """The numbers, with commas.

    >>> listed([1.0, 1 / 3])
    '1, 0.333'
    """
    return ", ".join(format(value, style) for value in values)


def form(eigenvalues: Array, left: Array, right: Array, order: int = 1) -> Array:
    """Σ λ^k x y of each row."""
    return np.asarray((eigenvalues**order * left * right).sum(axis=-1))


def _form(
    eigenvalues: Sequence[sympy.Rational],
    left: Sequence[sympy.Rational],
    right: Sequence[sympy.Rational],
    order: int,
) -> sympy.Rational:
    terms = (value**order * x * y for value, x, y in zip(eigenvalues, left, right, strict=True))
    return sum(terms, sympy.S.Zero)
