"""The numbers: problems, their exact reduction, the solver and gradient descent.

``power_law``, ``Problem``  what to solve
``reduce``                  an equivalent problem of a few hundred modes
``solve``                   the gradient flow, to full relative accuracy, as a ``Trajectory``
``load_module``             the right-hand sides of another model, from the text that was generated for it
``descend``                 population gradient descent
``extrapolate_power_law``   exponents and prefactors measured from a solution

Right-hand sides come from ``numerics.generated``, written by ``theory.symbolic.codegen``.
"""

from numerics.descent import StochasticRuns, descend, online_sgd, shared_sgd
from numerics.exponents import PowerLawFit, extrapolate_power_law
from numerics.flow import solve
from numerics.generated import load_module
from numerics.limits import Limit
from numerics.observables import Observables, Overlaps
from numerics.power_law import power_law
from numerics.problem import Problem
from numerics.reduction import reduce
from numerics.trajectory import Phases, Trajectory

__all__ = [
    "Limit",
    "Observables",
    "Overlaps",
    "Phases",
    "PowerLawFit",
    "Problem",
    "StochasticRuns",
    "Trajectory",
    "descend",
    "extrapolate_power_law",
    "load_module",
    "online_sgd",
    "power_law",
    "reduce",
    "shared_sgd",
    "solve",
]
