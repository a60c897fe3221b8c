"""Pictures of the paper's experiments (E2)."""

import numpy as np

from derivations.audit.claim import Constants
from derivations.audit.picture import Picture, Said, at_least, at_most
from derivations.audit.pictures import picture
from numerics import power_law, shared_sgd


@picture("E2/fluctuations")
def fluctuations(printed: Constants, ours: Constants) -> Picture:
    exponents = np.array([0.5, 0.75, 1.0, 1.25, 1.5])
    problems = [power_law(exponent, 300, "gaussian", "sphere", 0) for exponent in exponents]
    runs = shared_sgd(problems, 4e-3, 15_000, noise_variance=0.05, seeds=range(10), points=2)
    spreads = np.array([float(np.std(run.mse[:, -1])) for run in runs])
    return Picture(
        "spread of the MSE",
        spreads,
        at_least("the spread at every smaller $a$", np.maximum.accumulate(spreads)),
        at_most("the spread at every smaller $a$", np.minimum.accumulate(np.r_[spreads[0], spreads[:-1]])),
        "10 runs of online SGD each, $d = 300$",
        0.3,
        "The fluctuations of the MSE at the end of online SGD, same inputs for each exponent: they fall.",
        exponents,
        "exponent $a$",
        "linear",
        "log",
    )


@picture("E2/robust")
def robust(printed: Constants, ours: Constants) -> Picture:
    step, count = 1e-3, 100_000
    draw = np.random.default_rng(0)
    x, noise = draw.standard_normal((2, count))
    variances = np.linspace(0, 0.25, 11)
    moved = []
    for variance in variances:
        error = -np.sqrt(variance) * noise  # ⟨x, w⟩² − y at w = w* = 1
        moved.append(float(np.var(-step * 4 * error * x**2)))
    return Picture(
        r"variance of $w$ over $\eta^2$",
        np.array(moved) / step**2,
        Said("0: the flow rests at $w^*$", np.zeros_like(variances)),
        Said(r"$48\sigma^2$", float(ours["c"]) * variances),
        "$10^5$ steps of SGD from $w^*$, $d = 1$",
        0.03,
        "A step of SGD from the teacher itself: label noise moves it, so that the laws end at a floor.",
        variances,
        r"variance of the noise $\sigma^2$",
    )
