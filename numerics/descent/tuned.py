"""The best size of the steps of online SGD for so many samples, by the prediction of its mean."""

import math
from dataclasses import dataclass, replace

import numpy as np

from numerics.descent.predicted import Prediction, predict_sgd
from numerics.descent.protocol import DescentProtocol
from numerics.problems.problem import Problem
from theory.expected import Positive, checked


@checked
@dataclass(frozen=True, eq=False)
class Tuned:
    """The ``protocol`` whose ``loss`` at its end is least, with its ``prediction``.

    ``bounded`` says that the step size is the largest allowed: the best one is larger.
    """

    protocol: DescentProtocol
    loss: float
    bounded: bool
    prediction: Prediction


@checked
def tune_sgd(problem: Problem, protocol: DescentProtocol, largest: Positive) -> Tuned:
    """The step size up to ``largest`` for which the loss predicted at the end of ``protocol`` is least.

    All else of the protocol is kept. ``largest`` is the end of what is stable, such as
    :func:`theory.asymptotics.sgd_stability_step`: the prediction knows the stability of the mean alone. Nor
    does it know how the fluctuations of the few fastest modes pull on each other, which lowers a loss that
    their noise dominates, as at the end of a slow decay, by up to a quarter.

    The size is found to 0.1 %: first by halving it from the largest on, until the loss has risen three
    times, then by Brent's method in its logarithm.

    Raises ValueError where the loss at ``largest`` and below is not finite.

    >>> problem = Problem([0.75, 0.25], [1.0, 1.0], [0.5, 0.5])
    >>> tuned = tune_sgd(problem, DescentProtocol(1.0, 4000, noise_variance=0.1), 0.02)
    >>> f"{tuned.protocol.step_size:.2g}", tuned.bounded
    ('0.00048', False)
    """
    from scipy.optimize import minimize_scalar

    def predicted(log_step: float) -> Prediction:
        sized = replace(protocol, step_size=math.exp(log_step))
        return predict_sgd(problem, sized, points=[0, sized.steps])

    def loss(log_step: float) -> float:
        try:
            return float(predicted(log_step).loss[-1])
        except FloatingPointError:
            return math.inf

    steps, losses = [math.log(largest)], [loss(math.log(largest))]
    while len(losses) - 1 - int(np.argmin(losses)) < 3:
        steps.append(steps[-1] - math.log(2.0))
        losses.append(loss(steps[-1]))
    if not math.isfinite(min(losses)):
        raise ValueError(f"the mean of SGD diverges at the step size {largest:g}, and at an eighth of it")
    place = int(np.argmin(losses))
    ends = steps[place + 1], steps[max(place - 1, 0)]
    found = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-3})
    best, bounded = (steps[0], True) if losses[0] <= found.fun else (float(found.x), False)
    chosen = predicted(best)
    return Tuned(chosen.protocol, float(chosen.loss[-1]), bounded, chosen)
