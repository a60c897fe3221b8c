"""A closure of one's own: the order after the last, as SymPy expressions or as a function of arrays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.printing.numpy import NumPyPrinter

from theory.expected import checked
from theory.symbolic.closures.base import ClosureError, MomentSystem, check_order
from theory.symbolic.hierarchy import Hierarchy, Statistic


@checked
@dataclass(frozen=True)
class Rule:
    """The next order of every entry of ``S`` and ``U``, as ``Hierarchy.entries`` lists them.

    ``next_order`` is either a function of an array ``x`` (n, order), entry by order, that returns (n,); or
    one SymPy expression for each entry, in ``s(1), s(2), …, u(1), …`` and the teacher's ``t(1), …``
    (``S12(1)`` and so on of networks), as the hierarchy prints them. What it is worth is measured:
    ``derivations.beyond.closure_table`` takes it.

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> s, u = sympy.symbols("s u", cls=sympy.Function)
    >>> rule = Rule(order=3, next_order=[s(3) ** 2 / s(2), u(3) * s(3) / s(2)])
    >>> rule.close(hierarchy(phase_retrieval())).next_order
    'np.stack([x[0, 2]**2/x[0, 1], x[0, 2]*x[1, 2]/x[0, 1]])'
    """

    order: int
    next_order: Callable[..., Any] | Sequence[sympy.Expr]

    def __post_init__(self) -> None:
        if not (callable(self.next_order) or self.next_order):
            raise ClosureError("next_order is empty: it must hold one expression for each entry")

    def close(self, hierarchy: Hierarchy) -> MomentSystem:
        """The system of this order; :class:`ClosureError` where the expressions do not fit the hierarchy."""
        check_order("order", self.order, 1)
        if callable(self.next_order):
            return MomentSystem(hierarchy, self.order, self.next_order)
        entries = hierarchy.entries
        if len(self.next_order) != len(entries):
            names = ", ".join(str(entry.function(hierarchy.model.overlaps)) for entry in entries)
            raise ClosureError(
                f"next_order has {len(self.next_order)} expressions: one is needed for each of {names}"
            )
        known = _known(hierarchy, self.order)
        written = [_written(sympy.sympify(expression), known) for expression in self.next_order]
        return MomentSystem(hierarchy, self.order, f"np.stack([{', '.join(written)}])")


def _known(hierarchy: Hierarchy, order: int) -> dict[sympy.Expr, sympy.Symbol]:
    """The statistics that a rule may use, and how a generated module writes them."""
    overlaps, teachers = hierarchy.model.overlaps, range(hierarchy.model.teachers)
    found = {
        entry.at(k).function(overlaps): sympy.Symbol(f"x[{row}, {k - 1}]")
        for row, entry in enumerate(hierarchy.entries)
        for k in range(1, order + 1)
    }
    return found | {
        Statistic("T", m, n, k).function(overlaps): sympy.Symbol(f"T[{m}, {n}, {k - 1}]")
        for m in teachers
        for n in teachers
        for k in range(1, order + 2)
    }


def _written(expression: sympy.Expr, known: dict[sympy.Expr, sympy.Symbol]) -> str:
    written = expression.xreplace({sympy.sympify(key): value for key, value in known.items()})
    left = [str(part) for part in written.atoms(sympy.core.function.AppliedUndef)]
    left += [str(name) for name in written.free_symbols - set(known.values())]
    if left:
        names = [str(name) for name in known]
        raise ClosureError(f"{sorted(left)[0]} is no statistic that the rule may use: {', '.join(names)}")
    return str(NumPyPrinter().doprint(written)).replace("numpy.", "np.")
