"""Gradient descent of a network whose second layer learns: W ← W − η ∂L/∂W, a ← a − r η ∂L/∂a, at once."""

from dataclasses import replace

import numpy as np

from numerics.arrays import Array
from numerics.descent.iterate import Iterate
from numerics.descent.protocol import DescentProtocol
from numerics.pairs.trained import MatchedTrained, Trained, trained
from numerics.problems.problem import Problem
from numerics.solver.trained import near_place, weights_of_teachers
from numerics.state import charts
from numerics.state.charts import Chart


class TrainedIterate(Iterate):
    """The iterate with the weights a (K,), relative to those of the teachers in their chart.

    ``rules`` are those of the chart: the teachers' weights are in the order of the students.
    """

    def __init__(self, problem: Problem, protocol: DescentProtocol, model: Trained) -> None:
        self.second_layer, self.rules = np.array(model.WEIGHTS, float), model
        super().__init__(problem, protocol, model)

    def statistics(self) -> Array:
        """The chart's statistics (n + K,), the weights last."""
        return np.concatenate([super().statistics(), self.second_layer])

    def _move(self, gain: Array, force: Array) -> None:
        statistics, rules = self.statistics(), self.rules
        if self.chart.centred:
            velocity = rules.weight_velocity(statistics, self.modes.energy)
        else:
            assert isinstance(rules, MatchedTrained)
            velocity = rules.residual_weight_velocity(statistics, self.modes.energy)
        super()._move(gain, force)
        self.second_layer = self.second_layer + self.step_size * velocity

    def _bound_for(self, statistics: Array) -> Array | None:
        return near_place(self.rules, statistics, self.modes.energy)

    def _enter(self, chart: Chart, orientation: Array) -> None:
        if not chart.centred:
            weights = weights_of_teachers(self.rules, orientation, self.modes.energy)
            assert weights is not None
            self.rules = trained(replace(self.rules.model, teacher_weights=weights), self.rules.rate)
            self.second_layer, chart = self.second_layer - weights, charts.teacher(self.rules)
        super()._enter(chart, orientation)
