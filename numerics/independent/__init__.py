"""The flow on inputs with independent coordinates that are not Gaussian.

The statistics do not close: every coordinate moves by a polynomial of its own, which a few power sums of all
coordinates steer. These are eliminated, as the modes of the Gaussian flow are:

- ``sums``: the loss as a polynomial in power sums, and the velocity of every coordinate
- ``step``: an implicit step of high order, whose cost is a few passes over the coordinates
- ``flow``: ``independent_flow``, from escape to teacher
"""

from numerics.independent.flow import IndependentRun, independent_flow

__all__ = ["IndependentRun", "independent_flow"]
