"""Derivations in SymPy, exact throughout: from a pair of networks to the equations of their flow.

The chain, one module a step:

- :mod:`~theory.symbolic.links`: polynomial links, read from text;
- :mod:`~theory.symbolic.moments`: moments of Gaussian vectors;
- :mod:`~theory.symbolic.overlaps`: the symbols of ``S``, ``U`` and ``T``;
- :mod:`~theory.symbolic.models`: models, their loss (P1) and the drift ``(A, B)`` of their flow;
- :mod:`~theory.symbolic.geometry`: gradient, Hessian and critical points (P2), barrier;
- :mod:`~theory.symbolic.hierarchy`: the mode equation and the tower of statistics (P3);
- :mod:`~theory.symbolic.residual`: coordinates near the teacher, free of cancellation;
- :mod:`~theory.symbolic.source`: the text of a NumPy function;
- :mod:`~theory.symbolic.codegen`: NumPy modules for the solver, a program of its own.
"""

from theory.symbolic.geometry import (
    CriticalPoint,
    Gradient,
    Hessian,
    UndecidedError,
    barrier,
    critical_points,
    gradient,
    hessian,
)
from theory.symbolic.hierarchy import Hierarchy, Statistic, UnclosedHierarchyError, hierarchy, mode_equation
from theory.symbolic.links import LinkError, Z, parse_link
from theory.symbolic.models import Model, ModelError, phase_retrieval, single_index
from theory.symbolic.moments import expectation, gaussian_moment
from theory.symbolic.overlaps import Overlaps
from theory.symbolic.residual import ResidualError, ResidualFlow, deficits, residual_flow

__all__ = [
    "CriticalPoint",
    "Gradient",
    "Hessian",
    "Hierarchy",
    "LinkError",
    "Model",
    "ModelError",
    "Overlaps",
    "ResidualError",
    "ResidualFlow",
    "Statistic",
    "UnclosedHierarchyError",
    "UndecidedError",
    "Z",
    "barrier",
    "critical_points",
    "deficits",
    "expectation",
    "gaussian_moment",
    "gradient",
    "hessian",
    "hierarchy",
    "mode_equation",
    "parse_link",
    "phase_retrieval",
    "residual_flow",
    "single_index",
]
