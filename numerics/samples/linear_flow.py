"""The linear flow v̇ = −8Ĥv + (4/n) Σ ξ_i z_i x_i of v = w − w*, in the mean over samples.

Its loss is 4(τ + 2ν), τ = ⟨v, Qv⟩ and ν = ⟨w*, Qv⟩² (⟨w*, Qw*⟩ = 1). From w(0) − w* comes, at the time t,
G between the resolvents of e^{−8Ĥt} on either side; from labels with noise of variance σ²

    τ = (σ²/4n) tr Q Ĥ⁻¹(1 − e^{−8Ĥt})² = (2σ²/n)(2K(t) − K(2t)),  K(t) = tr Q(1 − e^{−8Ĥt})/(8Ĥ),

and ν, |v|² with aaᵀ and 1 in place of Q.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.samples.laplace import contour
from numerics.samples.resolvent import Directions, Resolvent, pairs

RATE = 8.0


class Spread(NamedTuple):
    """The energy τ, the overlap squared ν and the length |v|² of a deviation; each (T,)."""

    energy: Array
    overlap: Array
    length: Array

    @property
    def loss(self) -> Array:
        """4(τ + 2ν)."""
        return 4.0 * (self.energy + 2.0 * self.overlap)


def free(directions: Directions, times: Array) -> Array:
    """The deviation at ``times`` (T,) > 0 on infinitely many samples, (T, N)."""
    points, weights = contour()
    return np.array(
        [
            (weights @ one.applied(directions.deviation)).real / (RATE * time)
            for one, time in _resolvents(directions, np.inf, times, points)
        ]
    ).reshape(len(times), len(directions.eigenvalues))


def spread(directions: Directions, deviations: Array) -> Spread:
    """Of ``deviations`` (T, N)."""
    along = (deviations @ (directions.eigenvalues * directions.teacher)) ** 2
    return Spread(deviations**2 @ directions.eigenvalues, along, np.vecdot(deviations, deviations))


def kept(directions: Directions, samples: float, times: Array) -> Spread:
    """What is left at ``times`` (T,) > 0, ascending, of the deviation at 0."""
    points, weights = contour()
    rows = []
    for one, time in _resolvents(directions, samples, times, points):
        both = np.multiply.outer(weights, weights) / (RATE * time) ** 2
        across, along, length = ((both * part).sum().real for part in pairs(one))
        rows.append((across + along, along, length))
    return Spread(*np.reshape(rows, (-1, 3)).T)


def gathered(directions: Directions, samples: float, times: Array) -> Spread:
    """What labels with noise of variance 1 have added at ``times`` (T,) > 0, ascending."""
    points, weights = contour()
    both = np.concatenate([times, 2.0 * times])
    rows = []
    order = np.argsort(both, kind="stable")
    for one, _ in _resolvents(directions, samples, both[order], points):
        traces = one.trace(1), one.along, one.trace(0)
        rows.append([(weights / points * part).sum().real / RATE for part in traces])
    integrals = np.empty((3, len(both)))
    integrals[:, order] = np.reshape(rows, (-1, 3)).T
    once, twice = integrals[:, : len(times)], integrals[:, len(times) :]
    return Spread(*(2.0 / samples * (2.0 * once - twice)))


def _resolvents(
    directions: Directions, samples: float, times: Array, points: Array
) -> Iterator[tuple[Resolvent, float]]:
    """The resolvents at the ascending ``times``, each found from the last."""
    shift = None
    for time in times:
        one = Resolvent(directions, points / (RATE * time), samples, shift)
        shift = one.shift
        yield one, time
