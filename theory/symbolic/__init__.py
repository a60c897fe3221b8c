"""Derivations in SymPy, exact throughout: from a pair of networks to the equations of their flow.

The chain, one module a step:

- :mod:`~theory.symbolic.links`: polynomial links, read from text;
- :mod:`~theory.symbolic.moments`: moments of Gaussian vectors;
- :mod:`~theory.symbolic.overlaps`: the symbols of ``S``, ``U`` and ``T``;
- :mod:`~theory.symbolic.models`: models, their loss (P1) and the drift ``(A, B)`` of their flow;
- :mod:`~theory.symbolic.geometry`: gradient, Hessian and critical points (P2), barrier;
- :mod:`~theory.symbolic.hierarchy`: the mode equation and the tower of statistics (P3);
- :mod:`~theory.symbolic.measure`: the spectral measure of a start, and the statistics that it holds;
- :mod:`~theory.symbolic.closures`: finite systems that stand for the tower;
- :mod:`~theory.symbolic.discrete`: one step of gradient descent and of online SGD;
- :mod:`~theory.symbolic.linearisation`: the flow near its critical points;
- :mod:`~theory.symbolic.elliptical`, :mod:`~theory.symbolic.independent`: inputs that are not Gaussian;
- :mod:`~theory.symbolic.residual`: coordinates near the teacher, free of cancellation;
- :mod:`~theory.symbolic.source`: the text of a NumPy function;
- :mod:`~theory.symbolic.codegen`: NumPy modules for the solver, a program of its own.
"""

from theory.symbolic.discrete import StepMap, gradient_descent, online_sgd
from theory.symbolic.elliptical import EllipticalModel, student_radial_moments
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
from theory.symbolic.independent import Enlargement, IndependentModel, NonGaussianError, PowerSum
from theory.symbolic.linearisation import Linearisation, NotCriticalError, linearise, linearise_along
from theory.symbolic.links import LinkError, Z, parse_link
from theory.symbolic.measure import MeasureError, SpectralMeasure
from theory.symbolic.models import Model, ModelError, phase_retrieval, single_index
from theory.symbolic.moments import expectation, gaussian_moment
from theory.symbolic.overlaps import Overlaps
from theory.symbolic.residual import ResidualError, ResidualFlow, deficits, residual_flow

__all__ = [
    "CriticalPoint",
    "EllipticalModel",
    "Enlargement",
    "Gradient",
    "Hessian",
    "Hierarchy",
    "IndependentModel",
    "Linearisation",
    "LinkError",
    "MeasureError",
    "Model",
    "ModelError",
    "NonGaussianError",
    "NotCriticalError",
    "Overlaps",
    "PowerSum",
    "ResidualError",
    "ResidualFlow",
    "SpectralMeasure",
    "Statistic",
    "StepMap",
    "UnclosedHierarchyError",
    "UndecidedError",
    "Z",
    "barrier",
    "critical_points",
    "deficits",
    "expectation",
    "gaussian_moment",
    "gradient",
    "gradient_descent",
    "hessian",
    "hierarchy",
    "linearise",
    "linearise_along",
    "mode_equation",
    "online_sgd",
    "parse_link",
    "phase_retrieval",
    "residual_flow",
    "single_index",
    "student_radial_moments",
]
