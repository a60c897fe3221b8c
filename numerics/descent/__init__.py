"""Descent in discrete time: on the population loss, on samples, and on a stream of fresh inputs.

``descend``, ``descend_network``  population gradient descent, the map itself
``online_sgd``, ``shared_sgd``  stochastic gradient descent on fresh Gaussian inputs
"""

from numerics.descent.population import descend, descend_network
from numerics.descent.sgd import StochasticRuns, online_sgd, shared_sgd

__all__ = ["StochasticRuns", "descend", "descend_network", "online_sgd", "shared_sgd"]
