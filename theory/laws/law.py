"""A law as symbols: the leading power of a quantity in each regime, its correction, window and verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import sympy
from sympy import And

from theory.laws.names import MEANINGS
from theory.symbolic.notation import latex


class Verdict(StrEnum):
    """What stands behind a law: a proof, numbers of the solver or of simulations, or neither yet."""

    PROVED = "proved"
    MEASURED = "measured"
    CONJECTURE = "conjecture"


@dataclass(frozen=True)
class Regime:
    r"""``quantity ~ offset + prefactor variable^exponent scale (1 + correction)`` under a ``condition``.

    ``scale`` is what a power does not say, such as a logarithm. ``correction`` is the first one, relative;
    None where it is not known. ``source`` names the claim of the audit or the module that derives the law.
    """

    condition: sympy.Basic
    prefactor: sympy.Expr
    exponent: sympy.Expr
    verdict: Verdict
    source: str
    correction: sympy.Expr | None = None
    scale: sympy.Expr = sympy.S.One
    offset: sympy.Expr = sympy.S.Zero


@dataclass(frozen=True)
class Law:
    """A quantity as a function of ``variable``, in the regimes of a ``domain`` of exponents.

    It holds in the ``window``, of the variable and other names. ``names`` gives the formulas of the names
    it is written in; :data:`theory.laws.MEANINGS` tells the others.
    Outside all regimes there is no such law: SymPy says ``nan``.
    """

    name: str
    quantity: str
    variable: sympy.Symbol
    domain: sympy.Basic
    window: sympy.Basic
    regimes: tuple[Regime, ...]
    names: Mapping[sympy.Symbol, sympy.Expr] = field(default_factory=dict)

    @property
    def exponent(self) -> sympy.Expr:
        """The power of the variable, in the exponents alone."""
        return self._piecewise(lambda regime: sympy.cancel(self.written_out(regime.exponent)))

    @property
    def prefactor(self) -> sympy.Expr:
        """What multiplies the power, the scale aside."""
        return self._piecewise(lambda regime: regime.prefactor)

    @property
    def correction(self) -> sympy.Expr:
        """The first correction, relative to the power; nan where it is not known."""
        return self._piecewise(lambda regime: sympy.nan if regime.correction is None else regime.correction)

    @property
    def leading(self) -> sympy.Expr:
        """The law to leading order, in its names."""
        return self._piecewise(self.of_regime)

    @property
    def expression(self) -> sympy.Expr:
        """The law to leading order, with the names written out."""
        return self.written_out(self.leading)

    def of_regime(self, regime: Regime) -> sympy.Expr:
        """The law to leading order in one of its regimes."""
        return regime.offset + regime.prefactor * self.variable**regime.exponent * regime.scale

    def written_out(self, expression: sympy.Basic) -> sympy.Expr:
        """An expression in which the names that have formulas are replaced by them."""
        while expression.free_symbols & set(self.names):
            expression = expression.subs(self.names)
        return expression

    def at(self, values: Mapping[sympy.Symbol, Any], correction: bool = False) -> sympy.Expr:
        """The law with numbers for names, exact where they are; with its first ``correction`` if asked."""
        regime = self.regime(values)
        if regime is None:
            return sympy.nan
        power = self.of_regime(regime) - regime.offset
        if correction:
            power *= sympy.nan if regime.correction is None else 1 + regime.correction
        return self.written_out(regime.offset + power).subs(values)

    def regime(self, values: Mapping[sympy.Symbol, Any]) -> Regime | None:
        """The first regime whose condition holds at these values, None where there is none."""
        for regime in self.regimes:
            if And(self.domain, regime.condition).subs(values) == sympy.true:
                return regime
        return None

    def _piecewise(self, part: Callable[[Regime], sympy.Expr]) -> sympy.Expr:
        """By regime, or one expression where all agree."""
        parts = [part(regime) for regime in self.regimes]
        if len(set(parts)) == 1:
            return sympy.Piecewise((parts[0], self.domain))
        conditions = (And(self.domain, regime.condition) for regime in self.regimes)
        return sympy.Piecewise(*zip(parts, conditions, strict=True), evaluate=False)


@dataclass(frozen=True)
class Laws(Mapping[str, Law]):
    """Laws by name, in the order in which a run meets them; ``missing`` says why others do not exist."""

    model: str
    algorithm: str
    by_name: Mapping[str, Law]
    missing: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Law:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    @cached_property
    def names(self) -> dict[sympy.Symbol, sympy.Expr]:
        """The names that have formulas, with these, as far as the laws use them."""
        return {
            symbol: formula
            for law in self.values()
            for symbol, formula in law.names.items()
            if symbol in self._used
        }

    @cached_property
    def meanings(self) -> dict[sympy.Symbol, str]:
        """What the other names mean that the laws use."""
        return {symbol: text for symbol, text in MEANINGS.items() if symbol in self._used - set(self.names)}

    @cached_property
    def _used(self) -> set[sympy.Basic]:
        used = set().union(*(_symbols(law) for law in self.values())) if self else set()
        formulas = {symbol: formula for law in self.values() for symbol, formula in law.names.items()}
        while more := {x for name in used & set(formulas) for x in formulas[name].free_symbols} - used:
            used |= more
        return used

    def _repr_latex_(self) -> str:
        lines = (rf"{left} &\sim {right}" for left, right in self.latex().items())
        return "$$\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}$$"

    def latex(self) -> dict[str, str]:
        """The leading order of every law in LaTeX, by the LaTeX of its quantity."""
        return {quantity(law): printed(law.leading) for law in self.values()}


QUANTITIES = {
    "escape_time": "T_1",
    "settling": r"T_2(\epsilon)",
    "recovered": r"d(\sigma_*^2 - \mathrm{MSE})",
    "tail": "d(1 - S_d)",
    "bias": r"L(n = \infty)",
    "variance": r"L - L(n = \infty)",
    "sgd_loss": r"\mathbb{E} L",
    "loss_floor": r"\mathbb{E} L_\infty",
    "mse_floor": r"\mathbb{E}\,\mathrm{MSE}_\infty",
    "tuned_loss": r"\min_\eta \mathbb{E} L",
    "decayed_loss": r"\min_\eta \mathbb{E} L",
    "stopping_time": r"t_{\mathrm{stop}}",
    "crossover": r"t_\times",
    "interpolation": r"L_\infty",
    "stopped_loss": r"\min_t L",
}
"""Quantities whose LaTeX is not what they are called in a text."""


def quantity(law: Law) -> str:
    """The law's quantity in LaTeX."""
    return QUANTITIES.get(law.name, law.quantity)


def printed(expression: sympy.Basic) -> str:
    """LaTeX in the notation of the laws, where t is the time."""
    return latex(expression.subs(sympy.Symbol("t", positive=True), sympy.Symbol("tau", positive=True)))


def _symbols(law: Law) -> set[sympy.Basic]:
    found = {law.variable} | law.window.free_symbols | law.domain.free_symbols
    for regime in law.regimes:
        parts = (regime.condition, regime.prefactor, regime.exponent, regime.scale, regime.offset)
        found |= set().union(*(part.free_symbols for part in parts))
        found |= set() if regime.correction is None else regime.correction.free_symbols
    return found
