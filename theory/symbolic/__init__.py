"""Derivations in SymPy, exact throughout: from a pair of networks to the equations of their flow.

The chain, one module a step:

- :mod:`~theory.symbolic.moments`: moments of Gaussian vectors;
- :mod:`~theory.symbolic.averages`: averages of erf and the modulus in closed form;
- :mod:`~theory.symbolic.links`: links, combinations of these functions, read from text;
- :mod:`~theory.symbolic.hermite`: Hermite coefficients and the information exponent;
- :mod:`~theory.symbolic.overlaps`: the symbols of ``S``, ``U`` and ``T``;
- :mod:`~theory.symbolic.models`: models, their loss (P1) and the drift ``(A, B)`` of their flow;
- :mod:`~theory.symbolic.circular`: the same for complex inputs;
- :mod:`~theory.symbolic.constrained`: models with weight decay or a kept norm;
- :mod:`~theory.symbolic.trained`: models whose second layer learns;
- :mod:`~theory.symbolic.momentum`: models moved by a heavy ball;
- :mod:`~theory.symbolic.normalised`: units that see x·w/‖w‖_Q;
- :mod:`~theory.symbolic.escape`: how the flow leaves 0;
- :mod:`~theory.symbolic.sphere`: the escape on the sphere, with isotropic inputs;
- :mod:`~theory.symbolic.variation`: gradient and Hessian of networks;
- :mod:`~theory.symbolic.geometry`: gradient, Hessian and critical points (P2), barrier;
- :mod:`~theory.symbolic.hierarchy`: the mode equation and the tower of statistics (P3);
- :mod:`~theory.symbolic.measure`: the spectral measure of a start, and the statistics that it holds;
- :mod:`~theory.symbolic.closures`: finite systems that stand for the tower;
- :mod:`~theory.symbolic.discrete`: one step of gradient descent and of online SGD;
- :mod:`~theory.symbolic.linearisation`, :mod:`~theory.symbolic.network_linearisation`: the flow near its
  critical points;
- :mod:`~theory.symbolic.local_flow`: its numbers at 0 and at the teacher, for :mod:`theory.asymptotics`;
- :mod:`~theory.symbolic.elliptical`, :mod:`~theory.symbolic.independent`: inputs that are not Gaussian,
  :mod:`~theory.symbolic.inputs`: their laws by name;
- :mod:`~theory.symbolic.residual`: coordinates near the teacher, free of cancellation;
- :mod:`~theory.symbolic.nesting`: nested form of polynomials;
- :mod:`~theory.symbolic.printing`: expressions as NumPy text;
- :mod:`~theory.symbolic.source`: the text of a NumPy function;
- :mod:`~theory.symbolic.codegen`: NumPy modules for the solver, a program of its own;
- :mod:`~theory.symbolic.precision`: the same at any precision.
"""

from theory.symbolic.circular import CircularModel, complex_phase_retrieval
from theory.symbolic.constrained import ConstrainedModel, constrained
from theory.symbolic.discrete import StepMap, gradient_descent, online_sgd
from theory.symbolic.elliptical import EllipticalModel, student_radial_moments
from theory.symbolic.escape import Escape, EscapeTime, escape
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
from theory.symbolic.hermite import hermite_coefficient, information_exponent
from theory.symbolic.hierarchy import Hierarchy, Statistic, UnclosedHierarchyError, hierarchy, mode_equation
from theory.symbolic.independent import Enlargement, IndependentModel, NonGaussianError, PowerSum
from theory.symbolic.inputs import input_cumulants
from theory.symbolic.linearisation import Linearisation, NotCriticalError, linearise, linearise_along
from theory.symbolic.links import RELU, LinkError, UnknownAverageError, Z, parse_link
from theory.symbolic.local_flow import local_flow
from theory.symbolic.measure import MeasureError, SpectralMeasure
from theory.symbolic.models import Model, ModelError, phase_retrieval, quadratic_network, single_index
from theory.symbolic.moments import expectation, gaussian_moment
from theory.symbolic.momentum import HeavyBallModel, heavy_ball
from theory.symbolic.network_flow import network_flow
from theory.symbolic.network_linearisation import NetworkLinearisation, linearise_anywhere, linearise_network
from theory.symbolic.normalised import NormalisedModel, normalised
from theory.symbolic.overlaps import Overlaps
from theory.symbolic.residual import ResidualError, ResidualFlow, deficits, residual_flow
from theory.symbolic.sphere import SphereEscape, sphere_escape
from theory.symbolic.trained import TrainedModel, trained
from theory.symbolic.variation import NetworkHessian, network_gradient, network_hessian

__all__ = [
    "RELU",
    "CircularModel",
    "ConstrainedModel",
    "CriticalPoint",
    "EllipticalModel",
    "Enlargement",
    "Escape",
    "EscapeTime",
    "Gradient",
    "HeavyBallModel",
    "Hessian",
    "Hierarchy",
    "IndependentModel",
    "Linearisation",
    "LinkError",
    "MeasureError",
    "Model",
    "ModelError",
    "NetworkHessian",
    "NetworkLinearisation",
    "NonGaussianError",
    "NormalisedModel",
    "NotCriticalError",
    "Overlaps",
    "PowerSum",
    "ResidualError",
    "ResidualFlow",
    "SpectralMeasure",
    "SphereEscape",
    "Statistic",
    "StepMap",
    "TrainedModel",
    "UnclosedHierarchyError",
    "UndecidedError",
    "UnknownAverageError",
    "Z",
    "barrier",
    "complex_phase_retrieval",
    "constrained",
    "critical_points",
    "deficits",
    "escape",
    "expectation",
    "gaussian_moment",
    "gradient",
    "gradient_descent",
    "heavy_ball",
    "hermite_coefficient",
    "hessian",
    "hierarchy",
    "information_exponent",
    "input_cumulants",
    "linearise",
    "linearise_along",
    "linearise_anywhere",
    "linearise_network",
    "local_flow",
    "mode_equation",
    "network_flow",
    "network_gradient",
    "network_hessian",
    "normalised",
    "online_sgd",
    "parse_link",
    "phase_retrieval",
    "quadratic_network",
    "residual_flow",
    "single_index",
    "sphere_escape",
    "student_radial_moments",
    "trained",
]
