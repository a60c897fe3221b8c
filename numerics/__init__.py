"""The numbers: problems, their exact reduction, the solver and gradient descent.

- ``power_law``, ``power_law_network``, ``Problem``: what to solve
- ``from_covariance``, ``from_samples``: one from data, whose results come back in their coordinates
- ``reduce``: an equivalent problem of a few hundred modes
- ``solve``: the gradient flow, to full relative accuracy, as a ``Trajectory``, which has curves, every mode,
  statistics of all orders, functions of symbols and restarts
- ``solve_many``: many problems at once, on all processors
- ``network_rates``: escape, stable step and end of a network, of the modes of a problem
- ``solve_closed``: what a closure makes of a problem, beside the exact flow; ``spectral_measure``
- ``largest_stable_step``: of gradient descent at a minimum, for any generated model
- ``network``: any link and any width, for ``solve`` and ``descend_network``
- ``register_average``: a closed form of your own
- ``load_module``: the right-hand sides of another model, from the text that was generated for it
- ``descend``: population gradient descent, exactly; ``descend_network`` of any model
- ``draw_samples``: n samples of a problem, for ``empirical_flow`` and ``empirical_descent``
- ``independent_flow``: the flow on inputs with independent coordinates that are not Gaussian
- ``compare_data``: theory against a data matrix, and what explains the gap
- ``predict_samples``: the mean of that flow, without drawing, in any dimension; ``sample_escape``: its rate
- ``online_sgd``: stochastic gradient descent; ``shared_sgd`` on several spectra with the same draws
- ``online_sgd_network``, ``shared_sgd_network``: stochastic gradient descent of any model, on any inputs
- ``predict_sgd``: its mean, without runs, in any dimension; ``tune_sgd``: the best step size for n samples
- ``predict_sgd_network``: the same of networks of few units, step by step
- ``DescentProtocol``: step sizes and batches that change, for all of these; ``read_schedule`` of a text
- ``sweep_grid``: one table over a grid of parameters, on any executor, resumable
- ``dataset``, ``sweep``, ``save``, ``load``, ``plot``: results as labelled arrays, in files and pictures
- ``fit_power_law``, ``extrapolate_power_law``, ``detect_logarithm``, ``local_slopes``: measured exponents

Right-hand sides come from ``numerics.pairs``, of any model, and from ``numerics.generated``, written by
``theory.symbolic.codegen``.
"""

from numerics.closed import solve_closed, spectral_measure
from numerics.data import DataComparison, compare_data
from numerics.descent import (
    DescentProtocol,
    EmpiricalRun,
    NetworkPrediction,
    NetworkRuns,
    Prediction,
    Samples,
    StochasticRuns,
    Tuned,
    descend,
    descend_network,
    draw_samples,
    empirical_descent,
    empirical_flow,
    online_sgd,
    online_sgd_network,
    predict_sgd,
    predict_sgd_network,
    read_schedule,
    shared_sgd,
    shared_sgd_network,
    tune_sgd,
)
from numerics.fits.exponents import (
    LogarithmFit,
    detect_logarithm,
    extrapolate_power_law,
    fit_power_law,
    local_slopes,
)
from numerics.fits.noisy_fits import PowerLawFit
from numerics.generated import load_module
from numerics.independent import IndependentRun, independent_flow
from numerics.pairs import network, register_average
from numerics.problems.covariance import from_covariance, from_samples
from numerics.problems.linearisation import largest_stable_step
from numerics.problems.network_law import power_law_network
from numerics.problems.network_rates import network_rates
from numerics.problems.power_law import power_law
from numerics.problems.problem import Problem
from numerics.problems.reduction import reduce
from numerics.samples import SampleEscape, SamplePrediction, predict_samples, sample_escape
from numerics.shown.files import load, save
from numerics.shown.labelled import dataset, plot, sweep
from numerics.shown.phases import Phases
from numerics.solver.batch import solve_many
from numerics.solver.flow import solve
from numerics.state.followed import Orders, Weights
from numerics.state.limits import Limit
from numerics.state.observables import Observables, Overlaps
from numerics.state.trajectory import Trajectory
from numerics.sweeps import sweep_grid
from theory.about import __getattr__ as __getattr__

__all__ = [
    "DataComparison",
    "DescentProtocol",
    "EmpiricalRun",
    "IndependentRun",
    "Limit",
    "LogarithmFit",
    "NetworkPrediction",
    "NetworkRuns",
    "Observables",
    "Orders",
    "Overlaps",
    "Phases",
    "PowerLawFit",
    "Prediction",
    "Problem",
    "SampleEscape",
    "SamplePrediction",
    "Samples",
    "StochasticRuns",
    "Trajectory",
    "Tuned",
    "Weights",
    "compare_data",
    "dataset",
    "descend",
    "descend_network",
    "detect_logarithm",
    "draw_samples",
    "empirical_descent",
    "empirical_flow",
    "extrapolate_power_law",
    "fit_power_law",
    "from_covariance",
    "from_samples",
    "independent_flow",
    "largest_stable_step",
    "load",
    "load_module",
    "local_slopes",
    "network",
    "network_rates",
    "online_sgd",
    "online_sgd_network",
    "plot",
    "power_law",
    "power_law_network",
    "predict_samples",
    "predict_sgd",
    "predict_sgd_network",
    "read_schedule",
    "reduce",
    "register_average",
    "sample_escape",
    "save",
    "shared_sgd",
    "shared_sgd_network",
    "solve",
    "solve_closed",
    "solve_many",
    "spectral_measure",
    "sweep",
    "sweep_grid",
    "tune_sgd",
]
