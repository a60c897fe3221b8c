"""Descent in discrete time: on the population loss, on samples, and on a stream of fresh inputs.

- ``descend``, ``descend_network``: population gradient descent, the map itself
- ``draw_samples``, ``empirical_flow``, ``empirical_descent``: flow and descent on n samples
- ``online_sgd``, ``shared_sgd``: stochastic gradient descent on fresh Gaussian inputs
- ``online_sgd_network``, ``shared_sgd_network``: of any model, and on inputs that need not be Gaussian
- ``predict_sgd``: its mean, without runs; ``predict_sgd_network`` of few units
- ``tune_sgd``: the step size at which it ends best
- ``DescentProtocol``: what all of them do, step sizes that change included; ``read_schedule`` of a text
"""

from numerics.descent.network_moments import NetworkPrediction, predict_sgd_network
from numerics.descent.network_sgd import NetworkRuns, online_sgd_network, shared_sgd_network
from numerics.descent.population import descend, descend_network
from numerics.descent.predicted import Prediction, predict_sgd
from numerics.descent.protocol import DescentProtocol
from numerics.descent.samples import EmpiricalRun, Samples, draw_samples, empirical_descent, empirical_flow
from numerics.descent.schedule import read_schedule
from numerics.descent.sgd import StochasticRuns, online_sgd, shared_sgd
from numerics.descent.tuned import Tuned, tune_sgd

__all__ = [
    "DescentProtocol",
    "EmpiricalRun",
    "NetworkPrediction",
    "NetworkRuns",
    "Prediction",
    "Samples",
    "StochasticRuns",
    "Tuned",
    "descend",
    "descend_network",
    "draw_samples",
    "empirical_descent",
    "empirical_flow",
    "online_sgd",
    "online_sgd_network",
    "predict_sgd",
    "predict_sgd_network",
    "read_schedule",
    "shared_sgd",
    "shared_sgd_network",
    "tune_sgd",
]
