"""What closures share: how one is applied, and the system that a closure in statistics yields."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import sympy

from theory.expected import checked
from theory.symbolic.hierarchy import Hierarchy, Statistic
from theory.symbolic.models import ModelError

System = TypeVar("System", covariant=True)


class ClosureError(ModelError):
    """The closure does not apply to these data, or its parameters make no sense."""


class Closure(Protocol[System]):
    """Anything that turns a hierarchy into a system of its own."""

    def close(self, hierarchy: Hierarchy) -> System:
        """The closed system, which keeps the hierarchy."""
        ...


@checked
def close(hierarchy: Hierarchy, closure: Closure[System]) -> System:
    """The hierarchy closed by ``closure``.

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> from theory.symbolic.closures import Truncation
    >>> close(hierarchy(phase_retrieval()), Truncation(order=8)).missing
    ()
    """
    return closure.close(hierarchy)


@checked
@dataclass(frozen=True)
class MomentSystem:
    """The statistics of the orders 1 … ``order``, with a rule for the order after the last.

    The state is an array ``x`` (n, order): one row for each of the ``n`` entries of ``S`` and ``U`` (as in
    ``Hierarchy.entries``), one column for each order. ``next_order`` is the rule, NumPy text in ``x`` (and
    ``closure``, the array of ``coefficients``) with a value of shape (n,), or a function of ``x``.
    """

    hierarchy: Hierarchy
    order: int
    next_order: str | Callable[..., Any]
    coefficients: tuple[sympy.Rational, ...] = ()

    def __post_init__(self) -> None:
        check_order("order", self.order, 1)
        _ = self.hierarchy.gradient_model

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """The statistics that the system evolves."""
        return self.hierarchy.statistics(self.order)

    @property
    def missing(self) -> tuple[Statistic, ...]:
        """Empty: what the open hierarchy lacks, the rule supplies."""
        return ()


def check_order(name: str, value: int, least: int) -> None:
    """Raise :class:`ClosureError` unless ``value`` is an integer of at least ``least``."""
    if not isinstance(value, int) or value < least:
        raise ClosureError(f"{name} must be an integer of at least {least}, not {value!r}")
