"""NumPy modules of closed systems: arrays over the orders or the modes, so their length does not grow.

The velocity of every statistic is the hierarchy's own derivation, written once for a whole array of
orders: column ``k`` of ``above`` is order ``k + 2`` where that of ``x`` is order ``k + 1``.
"""

from collections.abc import Sequence
from functools import singledispatch
from textwrap import dedent

import sympy

from theory.expected import checked
from theory.symbolic.closures.base import ClosureError, MomentSystem
from theory.symbolic.closures.duhamel import VolterraSystem
from theory.symbolic.closures.quadrature import ModeSystem
from theory.symbolic.hierarchy import ORDER, Hierarchy, Statistic, UnclosedHierarchyError
from theory.symbolic.models import Model
from theory.symbolic.source import Function, Output


@checked
@singledispatch
def generate_system(system: object) -> str:
    """The text of a NumPy module with the right-hand side of a closed system.

    A :class:`MomentSystem` yields ``right_hand_side(x, T, closure)``: ``x`` (n, order) holds the statistics
    that move, ``T`` (M, M, order + 1) the teacher's, both with the orders 1, 2, … on the last axis, and
    ``closure`` the system's ``coefficients`` as floats; where the rule is a function the module calls it
    ``next_order``, and it is to be put there. A :class:`ModeSystem` yields
    ``right_hand_side(w, eigenvalues, teacher)`` for ``w`` (K, modes), and ``statistics`` of the same
    arguments. Raises :class:`UnclosedHierarchyError` for an open hierarchy.

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> from theory.symbolic.closures import Truncation, close
    >>> tower = hierarchy(phase_retrieval())
    >>> for order in (4, 256):
    ...     print(len(generate_system(close(tower, Truncation(order=order))).splitlines()))
    29
    29
    >>> generate_system(tower)
    Traceback (most recent call last):
    ...
    theory.symbolic.hierarchy.UnclosedHierarchyError: phase retrieval up to order 1 lacks s(2), u(2): close \
it with close(hierarchy, CharacteristicPolynomial(eigenvalues)) or another closure of theory.symbolic.closures
    """
    raise TypeError(f"generate_system takes a closed system, not {type(system).__name__}")


@generate_system.register
def _open(system: Hierarchy) -> str:
    order = int(system.order) if system.order.is_Integer else 1
    missing = system.missing(order)
    names = ", ".join(str(key.function(system.model.overlaps)) for key in missing)
    raise UnclosedHierarchyError(
        f"{system.model.name} up to order {order} lacks {names}: close it with close(hierarchy, "
        "CharacteristicPolynomial(eigenvalues)) or another closure of theory.symbolic.closures"
    )


@generate_system.register
def _integral_equations(system: VolterraSystem) -> str:
    raise ClosureError(
        f"the integral equations of {system.hierarchy.model.name} have no right-hand side to generate:"
        " numerics.solve_closed solves them"
    )


@generate_system.register
def _moments(system: MomentSystem) -> str:
    last = system.next_order
    if callable(last):
        last = "next_order(x)"
    header = f'"""Statistics of {system.hierarchy.model.name} to order {system.order}, closed. Generated."""'
    wrapper = f"""
        def right_hand_side(x: np.ndarray, T: np.ndarray, closure: np.ndarray) -> np.ndarray:
            \"\"\"Return dx/dt; x (n, order), T (M, M, order + 1), orders 1, 2, ... on the last axis.\"\"\"
            last = {last}
            above = np.concatenate([x[:, 1:], last[:, None]], axis=1)
            return velocity(above, x[:, 0], T[..., 0], T[..., 1:])
    """
    return _module(header, f"ORDER = {system.order}", _velocity(system.hierarchy).source(), dedent(wrapper))


@generate_system.register
def _modes(system: ModeSystem) -> str:
    model = system.hierarchy.gradient_model
    header = f'"""Modes of {model.name}: quadrature of its spectral measure. Generated."""'
    wrapper = """
        def right_hand_side(w: np.ndarray, eigenvalues: np.ndarray, teacher: np.ndarray) -> np.ndarray:
            \"\"\"Return dw/dt; w (K, modes), eigenvalues (modes,), teacher (M, modes).\"\"\"
            A, B = drift(statistics(w, eigenvalues, teacher), teacher * eigenvalues @ teacher.T)
            return (A @ w + B @ teacher) * eigenvalues


        def statistics(w: np.ndarray, eigenvalues: np.ndarray, teacher: np.ndarray) -> np.ndarray:
            \"\"\"Return the upper triangle of S by rows, then U by rows.\"\"\"
            S, U = w * eigenvalues @ w.T, w * eigenvalues @ teacher.T
            return np.concatenate([S[np.triu_indices(len(w))], U.ravel()])
    """
    return _module(header, f"MODES = {len(system.eigenvalues)}", _drift(model).source(), dedent(wrapper))


def _velocity(hierarchy: Hierarchy) -> Function:
    """The derivatives of all entries at once, as functions of the order above and of order one."""
    overlaps = hierarchy.model.overlaps
    teachers = range(hierarchy.model.teachers)
    above = [entry.at(ORDER + 1) for entry in hierarchy.entries]
    fixed = [Statistic("T", j, m, ORDER + 1) for j in teachers for m in teachers]
    names = {key: sympy.Symbol(f"{key.symbol(overlaps).name}_above") for key in [*above, *fixed]}
    values = [
        sympy.Add(*(value * names[called] for called, value in hierarchy.derivative(entry).items()))
        for entry in hierarchy.entries
    ]
    shape = (len(teachers), len(teachers))
    arguments = {
        "above": sympy.Array([names[key] for key in above]),
        "x": sympy.Array(overlaps.statistics),
        "T": sympy.Array(overlaps.T),
        "T_above": sympy.Array([names[key] for key in fixed], shape),
    }
    summary = (
        "Return the velocity of statistics from those of the next order.\n"
        "above (n, ...), x (n,), T (M, M), T_above (M, M, ...) -> (n, ...)."
    )
    return Function("velocity", summary, arguments, [Output("rate", sympy.Array(values))])


def _drift(model: Model) -> Function:
    arguments = {"x": sympy.Array(model.overlaps.statistics), "T": sympy.Array(model.overlaps.T)}
    outputs = [Output("A", sympy.Array(model.A)), Output("B", sympy.Array(model.B))]
    return Function("drift", "Return (A, B).\nx (n,), T (M, M) -> A (K, K), B (K, M).", arguments, outputs)


def _module(header: str, *parts: str) -> str:
    functions: Sequence[str] = [part.strip() for part in parts[1:]]
    return "\n\n\n".join([f"{header}\n\nimport numpy as np\n\n{parts[0]}", *functions]) + "\n"
