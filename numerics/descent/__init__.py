"""Descent in discrete time: on the population loss, on samples, and on a stream of fresh inputs.

``descend``                   population gradient descent
``online_sgd``, ``shared_sgd``  stochastic gradient descent on fresh Gaussian inputs
"""

from numerics.descent.loop import descend
from numerics.descent.sgd import StochasticRuns, online_sgd, shared_sgd

__all__ = ["StochasticRuns", "descend", "online_sgd", "shared_sgd"]
