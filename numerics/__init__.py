"""The numbers: problems, their exact reduction, the solver and gradient descent.

``power_law``, ``Problem``  what to solve
``reduce``                  an equivalent problem of a few hundred modes
``solve``                   the gradient flow, to full relative accuracy, as a ``Trajectory``
``descend``                 population gradient descent
``extrapolate_power_law``   exponents and prefactors measured from a solution

Right-hand sides come from ``numerics.generated``, written by ``theory.symbolic.codegen``.
"""

from numerics.descent import descend
from numerics.exponents import PowerLawFit, extrapolate_power_law
from numerics.flow import solve
from numerics.observables import Observables
from numerics.power_law import power_law
from numerics.problem import Problem
from numerics.reduction import reduce
from numerics.trajectory import Limit, Phases, Trajectory

__all__ = [
    "Limit",
    "Observables",
    "Phases",
    "PowerLawFit",
    "Problem",
    "Trajectory",
    "descend",
    "extrapolate_power_law",
    "power_law",
    "reduce",
    "solve",
]
