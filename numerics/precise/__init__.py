"""The flow to 30, 50 or 100 digits, for problems of up to a few hundred modes: it certifies the solver.

- ``solve_precisely``: the flow at given times, with the error that a second run of higher order measures
- ``ExactProblem``: a problem whose numbers are exact: decimal strings, fractions, floats
- ``precise_power_law``: the paper's problems, to any number of digits

Modes are numbers of Arb, so this part needs python-flint: the optional extra ``precise``. It shares the
generated right-hand sides and the rules for the limit with :func:`numerics.solve`, but no arithmetic.
"""

from numerics.precise.flow import PreciseSolution, solve_precisely
from numerics.precise.power_law import precise_power_law
from numerics.precise.problem import ExactProblem

__all__ = ["ExactProblem", "PreciseSolution", "precise_power_law", "solve_precisely"]
