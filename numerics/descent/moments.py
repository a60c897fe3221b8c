"""The mean step of online SGD: a mean and a variance of every mode, given the statistics.

Where s = ‖w‖_Q² and u = ⟨w, w*⟩_Q concentrate at their means, a step on m fresh samples moves the mean w̄ and
the variance c of a mode by, with A and B of the flow and V, C_S, C_U, C_T of one sample's gradient,

    w̄ ← w̄ + ηλ (A w̄ + B w*)
    c ← (1 + ηλA)² c + (η²/m) [n λ V + λ² (C_S (w̄² + c) + C_U w̄ w* + C_T w*²)],

and s = Σ λ (w̄² + c), u = Σ λ w̄ w*. Here n is the number of directions that the mode stands for. The chart at
the teacher has w − w* in place of w, and coefficients that vanish there but for the labels' noise.
"""

from types import ModuleType

import numpy as np

from numerics.arrays import Array
from numerics.descent.iterate import Iterate
from numerics.descent.protocol import DescentProtocol
from numerics.problems.problem import Problem
from numerics.state import charts


class Moments(Iterate):
    """The means after ``done`` steps, as the iterate of descent, and the ``variance`` c (N,) of the modes.

    ``counts`` n (N,) are the directions that each mode of the ``problem`` stands for; ``taught`` are the
    modes with a teacher or a start, without which a mean stays 0.
    """

    process = "the mean of SGD"

    def __init__(
        self,
        problem: Problem,
        counts: Array,
        protocol: DescentProtocol,
        model: ModuleType,
        noise: ModuleType,
    ) -> None:
        self.counts, self.noise = counts, noise
        self.noise_variance, self.batch = protocol.noise_variance, protocol.batch_at(0)
        self.variance = np.zeros_like(problem.eigenvalues)
        self.taught = np.flatnonzero((problem.teachers[0] != 0) | (problem.students[0] != 0))
        super().__init__(problem, protocol, model)

    def _start_chart(self) -> charts.Chart:
        """That of the overlaps: a variance beside the mean keeps areas from being small."""
        return charts.overlaps(self.model)

    def settle(self, statistics: Array) -> bool:
        """As in descent, where the noise is known relative to the teacher."""
        return hasattr(self.noise, "residual_gradient_noise") and super().settle(statistics)

    def statistics(self) -> Array:
        """The chart's statistics (2,): of q, or s, the variance is part."""
        statistics = super().statistics()
        statistics[0] += self.modes.eigenvalues @ self.variance
        return statistics

    def lengths(self) -> Array:
        """The mean norms (4, 1, 1)."""
        return with_variance(super().lengths(), self.variance)

    def term_sizes(self) -> Array:
        """The statistics with every term counted positive: their rounding is relative to these."""
        sizes = self.modes.term_sizes(self.deviation)
        sizes[0] += self.modes.eigenvalues @ np.abs(self.variance)
        return sizes

    def spread(self, statistics: Array) -> Array:
        """V and the factors of yyᵀ, yw*ᵀ and w*w*ᵀ (4, …) in the covariance of the gradient of a batch."""
        name = "gradient_noise" if self.chart.centred else "residual_gradient_noise"
        return self._of_batch(name, statistics)

    def spread_slopes(self, statistics: Array) -> Array:
        """The derivatives (4, 2, …) of :meth:`spread` by the statistics."""
        name = "gradient_noise_jacobian" if self.chart.centred else "residual_gradient_noise_jacobian"
        return self._of_batch(name, statistics)

    def _of_batch(self, name: str, statistics: Array) -> Array:
        inputs, labels = getattr(self.noise, name)(statistics, self.modes.energy)
        found: Array = (inputs + self.noise_variance * labels) / self.batch
        return found

    def source(self, spread: Array, states: Array) -> Array:
        """What a step adds to the variance (…, N) for its η²λ, from ``spread`` (4, …) and means y (…, N)."""
        directions, own, cross, fixed = spread[..., None]
        teacher = self.modes.teacher[0]
        return directions * self.counts + self.modes.eigenvalues * (
            (own * states + cross * teacher) * states + fixed * teacher**2
        )

    def advance(self, steps: int) -> None:
        """Take ``steps`` steps, each in the chart that suits the means.

        Raises FloatingPointError when they diverge.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            end = self.done + steps
            plan = zip(
                self.protocol.sizes(self.done, end), self.protocol.batches(self.done, end), strict=True
            )
            for size, self.batch in plan:
                self._pace(size)
                statistics = self.statistics()
                if self.settle(statistics):
                    statistics = self.statistics()
                gain, force = self.chart.drift(statistics, self.modes.energy)
                spread = self.spread(statistics)
                growth = (1.0 + self.rates * gain[0]) ** 2 + self.rates**2 * spread[1]
                source = self.step_size * self.rates * self.source(spread, self.deviation[0])
                self.variance = growth * self.variance + source
                self._move(gain, force)
        self._passed(steps)
        self.check()

    def _passed(self, steps: int) -> None:
        super()._passed(steps)
        self.batch = self.protocol.batch_at(self.done)


def with_variance(lengths: Array, variance: Array) -> Array:
    """The mean of the ``lengths`` (4, 1, 1, …) of :func:`numerics.state.observables.norms`.

    The ``variance`` (…, N) adds to the squares, not to ⟨w, w*⟩.
    """
    added = np.zeros_like(lengths)
    added[[0, 2, 3], 0, 0] = variance.sum(axis=-1)
    return lengths + added
