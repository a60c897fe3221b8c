"""Which critical point a run is bound for, and how that is known.

A run is measured against P W*, where P (M, M) is a signed permutation that leaves the teacher network as it
is: ±1 for one even link, any permutation for equal units. P is read off the overlaps, and it is the loss
that says whether it is a symmetry: L(P W*) = L(W*).
"""

from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.pairs.overlaps import join, split
from numerics.shown.cards import card
from theory.expected import checked

NEAR = 0.1
ARRIVED = 1e-2
RECOVERED = 1e-6
SYMMETRIC = 1e-9


@checked
class Limit(NamedTuple):
    """The critical point a run tends to and how that is known.

    ``name`` is ``+teacher``, ``-teacher``, ``saddle`` or ``0``; of networks ``teacher``, where that is
    reached up to a symmetry; and ``undecided`` where the model has no criterion and the run is far from
    the teacher when it ends.
    """

    name: str
    reason: str

    def _repr_html_(self) -> str:
        return card("Limit", [(self.name, self.reason)])

    @property
    def sign(self) -> int:
        """−1 for ``-teacher``, else +1."""
        return -1 if self.name == "-teacher" else 1


def barrier(model: RightHandSides, energy: Array) -> float | None:
    """The loss below which a run is bound for the teacher on its side of u = 0, None where none is known.

    It is the model's minimum of the loss over u = 0, which u can then never cross, if the loss is quadratic
    and even in u: then A depends on s alone and B on u alone. At a critical point with u ≠ 0 every
    moving mode has w = c w*, and L(c w*), a quadratic in c² with its minimum at c² = 1, has no other
    critical points with c ≠ 0. (Where A = B = 0 instead, u = 0.)
    """
    if not (hasattr(model, "barrier") and hasattr(model, "residual_drift")):
        return None
    points = energy[0, 0] * np.array([[0.0, 1.0], [0.0, 2.0]])
    slope = np.stack(model.drift_jacobian(points, energy))[:, 0, 0]
    mixed, still = np.any([slope[0, 1], slope[1, 0]]), model.drift(points, energy)[1][0, 0, 0]
    affine = np.array_equal(slope[..., 0], slope[..., 1]) and not mixed and still == 0
    return float(model.barrier(energy)) if affine else None


def nearest(model: RightHandSides, statistics: Array, energy: Array, within: float) -> Array | None:
    """The P whose P W* every student is near: ‖w_j − (P W*)_j‖_Q² ≤ ``within`` · ‖(P W*)_j‖_Q².

    None where there is none, or where P is no symmetry of the teacher network. ``statistics`` (n,) are
    those of the chart at the origin. Of a model that is free of scales w_j and w*_m count as of energy 1.
    """
    S, U = split(statistics, model.STUDENTS, model.TEACHERS)
    if getattr(model, "SCALE_FREE", False):
        own, taught = np.sqrt(np.diag(S)), np.sqrt(np.diag(energy))
        overlaps = S / np.outer(own, own), U / np.outer(own, taught), energy / np.outer(taught, taught)
    else:
        overlaps = S, U, energy
    orientation = near_teachers(*overlaps, within)
    known = orientation is not None and _is_symmetry(model, energy, orientation)
    return orientation if known else None


def near_teachers(S: Array, U: Array, energy: Array, within: float) -> Array | None:
    """:func:`nearest`, whatever the networks are, from S (K, K) and U (K, M)."""
    if len(S) != len(energy):
        return None
    sizes = np.diag(energy)
    students, chosen = np.arange(len(S)), np.argmax(np.abs(U) / np.sqrt(sizes), axis=1)
    overlap = U[students, chosen]
    distances = np.diag(S) - 2.0 * np.abs(overlap) + sizes[chosen]
    if len(set(chosen)) < len(S) or not np.all(distances <= within * sizes[chosen]):
        return None
    orientation = np.zeros(energy.shape)
    orientation[students, chosen] = np.where(overlap < 0, -1.0, 1.0)
    return orientation


def at_the_end(model: RightHandSides, statistics: Array, energy: Array, loss: float, time: float) -> Limit:
    """What the state at the end of a run says about its limit, for a model without a criterion."""
    orientation = nearest(model, statistics, energy, ARRIVED)
    end = f"at t = {time:.6g} the loss is {loss:.6g}"
    if orientation is not None:
        sign = "+" if orientation[0, 0] > 0 else "-"
        name = f"{sign}teacher" if len(energy) == 1 else "teacher"
        return Limit(name, f"{end} and every student is within {ARRIVED:g} of its teacher's energy")
    with np.errstate(all="ignore"):
        start = float(model.loss(np.zeros_like(statistics), energy))
    if loss <= RECOVERED * start:
        return Limit("teacher", f"{end}, below {RECOVERED:g} of that of w = 0: the networks agree")
    return Limit(
        "undecided", f"{end}, and this model has no criterion that decides a limit away from its teacher"
    )


def _is_symmetry(model: RightHandSides, energy: Array, orientation: Array) -> bool:
    """Whether L(P W*) = L(W*), to rounding."""
    turned = orientation @ energy
    with np.errstate(all="ignore"):
        change = model.loss(join(turned @ orientation.T, turned), energy) - model.loss(
            join(energy, energy), energy
        )
        size = model.loss(join(energy, 0.0 * energy), energy)
    return bool(abs(change) <= SYMMETRIC * abs(size))
