"""The statistics that a step is expected to have, from the one before."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation, extrapolate
from numerics.solver.contract import Linearised
from numerics.solver.control import LARGEST_LOGARITHM
from numerics.solver.place import Place
from numerics.solver.stride import Stride
from numerics.state import frames
from numerics.state.segment import Segment

KNOWN = np.array([0.5, 0.75, 1.0])  # of the stages of the last step: from these the next is guessed


class Last(NamedTuple):
    """The step before: its ``segment`` and ``stride``, whether it was ``noisy``, and of a network the
    ``states`` y (s + 1, K, N) at its points and what it is ``linearised`` to.
    """

    segment: Segment
    stride: Stride
    noisy: bool
    states: Array | None = None
    linearised: Linearised | None = None


class Guess(NamedTuple):
    """The ``statistics`` (n, s) expected at the nodes of a step, and of networks the ``states`` (s, K, N)."""

    statistics: Array
    states: Array | None = None


def still(place: Place) -> Guess:
    """The present at all nodes: close enough for a step that is short enough."""
    return Guess(np.repeat(place.statistics[:, None], place.here.system.table.stages, axis=1))


def expected(place: Place, last: Last | None, stride: Stride) -> Guess:
    """What is expected at the nodes of the ``stride``: the last step's, continued.

    Of one student their logarithms vary slowly with log t, over the whole run; where one changes sign,
    and of networks, they are continued as polynomials. Noise grows beyond measure when continued; then
    they are expected to stay.
    """
    here = place.here
    if last is None or last.noisy or last.segment.chart is not here.chart:
        return still(place)
    guess, states = _continued(here.system.table, last, stride, here.system.single), None
    if last.states is not None:
        states = along(here.system.table.extrapolate, last.states, last.stride.places(stride.times))
    if here.turn is not None and last.segment.frame is not here.frame:
        guess = frames.turned(guess, here.modes.energy, here.turn)
        guess[place.statistics == 0] = 0.0  # what was rotation alone is gone, but for the guess's rounding
        if states is not None:
            states = (
                states + here.turn @ states + here.turn[:, : len(here.modes.teacher)] @ here.modes.teacher
            )
    return Guess(guess, states)


def along(polynomials: Callable[[Array, Array], Array], states: Array, places: Array) -> Array:
    """The states (X, K, N) at ``places`` (X,) of the ``polynomials`` through those (s + 1, K, N) at the
    points.
    """
    found = polynomials(states.reshape(len(states), -1).T, places)
    return np.ascontiguousarray(found.T).reshape(-1, *states.shape[1:])


def _continued(table: Collocation, last: Last, stride: Stride, single: bool) -> Array:
    """The statistics (n, s) of the ``last`` step, in its frame, at the nodes of the ``stride``."""
    segment, points = last.segment, (KNOWN * table.stages).astype(int)
    known = segment.statistics[:, points]
    if single and (np.sign(known) * np.sign(known[:, -1:]) > 0).all():
        places = np.log(segment.start + segment.elapsed[points])
        logarithms = extrapolate(places, np.log(np.abs(known)), np.log(stride.times))
        if max(-logarithms.min(), logarithms.max()) < LARGEST_LOGARITHM:
            return np.sign(known[:, -1:]) * np.exp(logarithms)
    return table.extrapolate(segment.statistics, last.stride.places(stride.times))
