"""Eigenvalues that nearly coincide, and an overlap with the teacher that does not cancel along them.

In a cluster λ_i = λ̄ + δ_i all modes move almost alike. What is orthogonal to the teacher there outlives what
is parallel to it, and P = Σ λ_i w*_i y_i over the cluster falls to δ/λ̄ of its terms. So P is kept beside the
modes as a number of its own. If E_i is what a step makes of the start of a mode without forcing, and Ē the
same at λ̄, then

    Σ λ_i w*_i E_i y_i = Ē P + Σ λ_i w*_i (E_i − Ē) y_i,

where E_i − Ē is of the size of δ_i and known without a difference: δ_i is exact.

Nor do the modes hold what is orthogonal to the teacher while y = e w* + z is nearly parallel to it, as any
tiny start becomes. So z is kept, too. With e read off the cluster's heaviest mode, of eigenvalue λ̄,

    ė = λ̄ (A e + F),    ż_i = λ_i A z_i + δ_i (A e + F) w*_i:

a mode like the others, under the forcing A e + F along δ_i w*_i/λ_i in place of the teacher.

Shapes: C clusters, s stages, N modes last.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from numerics.arrays import Array
from numerics.state.modes import Modes

CLUSTER_WIDTH = 5e-2  # relative width of a cluster with all of the teacher's energy
HEAVY = 3e-3  # of the teacher's energy: with less what is parallel to the teacher does not die out first


@dataclass(frozen=True, eq=False)
class Clusters:
    """The ``overlaps`` P (C,) of a state with the teacher in each cluster, and what they follow from.

    ``centres`` are the λ̄ (C,), ``offsets`` the δ (C, N), 0 outside the cluster, ``weights`` λ w* (C, N)
    likewise, and ``alone`` (N,) those of the modes in no cluster. ``heaviest`` (C,) are the modes that e is
    read off, ``directions`` (C, N) are w* in units of its component there, ``apart`` (N,) is z.
    """

    centres: Array
    offsets: Array
    weights: Array
    alone: Array
    overlaps: Array
    heaviest: Array
    directions: Array
    apart: Array

    @classmethod
    def find(
        cls, modes: Modes, state: Array, known: "Clusters | None" = None, rest: Array | None = None
    ) -> "Clusters | None":
        """Those of a single teacher's ``modes`` and a ``state`` y (N,), None where there are none.

        The state may have a ``rest`` (N,) that its floats leave out. If these modes
        have ``known`` clusters with y + c w* in place of y, these know its z.

        A cluster's relative width is at most CLUSTER_WIDTH times its share of the teacher's energy: else the
        teacher couples its modes too little for their overlap to cancel.
        """
        groups = _groups(modes.eigenvalues, modes.weighted[0] * modes.teacher[0])
        if not groups:
            return None
        inside = np.zeros((len(groups), len(modes.eigenvalues)), bool)
        for row, group in zip(inside, groups, strict=True):
            row[group] = True
        heaviest = np.abs(np.where(inside, modes.weighted, 0.0)).argmax(axis=1)
        centres = modes.eigenvalues[heaviest]
        directions = np.where(inside, modes.teacher / modes.teacher[0, heaviest, None], 0.0)
        if known is None:
            overlaps = [_exact_overlap(modes, state, group) for group in groups]
            apart, rest = np.zeros(len(state)), np.zeros(len(state)) if rest is None else rest
            for group, leader in zip(groups, heaviest, strict=True):
                apart[group] = _apart(modes, state, rest, group, leader)
        else:
            apart = known.apart
            weights = np.where(inside, modes.weighted, 0.0)
            overlaps = (weights * directions).sum(axis=1) * state[heaviest] + weights @ apart
        return cls(
            centres,
            np.where(inside, modes.eigenvalues - centres[:, None], 0.0),
            np.where(inside, modes.weighted, 0.0),
            np.where(inside.any(axis=0), 0.0, modes.weighted[0]),
            np.array(overlaps),
            heaviest,
            directions,
            apart,
        )

    def parted(
        self, modes: Modes, drift: tuple[Array, Array], states: Array, propagate: Callable[..., Array]
    ) -> "Clusters":
        """The clusters with z at the end of a step through ``states`` y (s, N).

        The ``drift`` is A and F (s,) there. ``propagate`` gives the modes (s, N) that start at y (N,)
        under a forcing (C, s) along (C, N).
        """
        gain, force = drift
        teacher = modes.teacher[0, self.heaviest, None]
        pulls = gain * states[:, self.heaviest].T + force * teacher
        along = self.offsets * self.directions / np.where(self.offsets == 0, 1.0, modes.eigenvalues)
        return replace(self, apart=propagate(self.apart, pulls, along)[-1])

    def composed(self, state: Array) -> Array:
        """The ``state`` (N,) with e w* + z in the clusters, e such that their overlaps are P."""
        energies = (self.weights * self.directions).sum(axis=1)
        parallel = (self.overlaps - self.weights @ self.apart) / energies
        return np.where((self.directions != 0).any(axis=0), parallel @ self.directions + self.apart, state)

    def joined(self, begun: Array, unforced: Array, forced: Array) -> Array:
        """⟨y, w*⟩_Q (s,) of y = ``begun`` + ``forced`` (s, N), the first of them with P = ``unforced``."""
        return begun @ self.alone + unforced.sum(axis=0) + forced @ (self.alone + self.weights.sum(axis=0))

    def moved(self, unforced: Array, forced: Array) -> "Clusters":
        """The same clusters in the last state that :meth:`joined` has been given."""
        return replace(self, overlaps=unforced[:, -1] + self.weights @ forced[-1])

    def overlap(self, state: Array) -> float:
        """⟨y, w*⟩_Q of the whole ``state`` y (N,)."""
        return float(self.alone @ state + self.overlaps.sum())

    def term_size(self, state: Array) -> float:
        """What the rounding of :meth:`overlap` is relative to, as in :meth:`Modes.term_sizes`."""
        drifting = np.abs(self.offsets * self.weights).sum(axis=0) / self.centres.max()
        return float((np.abs(self.alone) + drifting) @ np.abs(state) + np.abs(self.overlaps).sum())

    def unforced(self, begun: Array, coupling: Array) -> Array:
        """P (C, s) without forcing, where the modes are ``begun`` = (1 − λD)⁻¹ 1 y (s, N), D = ``coupling``.

        There E_i − Ē = δ_i (1 − λ̄D)⁻¹ D E_i.
        """
        drifts = (self.offsets * self.weights) @ begun.T
        matrices = np.eye(len(coupling)) - self.centres[:, None, None] * coupling
        return np.linalg.solve(matrices, (self.overlaps[:, None] + drifts @ coupling.T)[..., None])[..., 0]

    def grown(self, state: Array, clock: Array) -> Array:
        """P (C, s) without forcing, where the modes are e^{λΘ} y, Θ = ``clock`` (s,), y = ``state`` (N,)."""
        drifts = [
            np.expm1(clock[:, None] * offsets) @ (weights * state)
            for offsets, weights in zip(self.offsets, self.weights, strict=True)
        ]
        return np.exp(self.centres[:, None] * clock) * (self.overlaps[:, None] + np.stack(drifts))


def term_sizes(modes: Modes, state: Array, clusters: Clusters | None) -> Array:
    """:meth:`Modes.term_sizes` of ``state`` (K, N), where the overlap is kept in ``clusters`` less of it."""
    sizes = modes.term_sizes(state)
    if clusters is not None:
        sizes[-1] = clusters.term_size(state[0])
    return sizes


def _groups(eigenvalues: Array, energies: Array) -> list[slice]:
    """The clusters of the descending ``eigenvalues`` whose modes have these teacher's ``energies``."""
    shares = np.concatenate([[0.0], np.cumsum(energies)]) / energies.sum()
    stops = np.searchsorted(-eigenvalues, -(1.0 - CLUSTER_WIDTH) * eigenvalues, side="right")
    reached = shares[stops] - shares[:-1]
    close = eigenvalues[:-1] - eigenvalues[1:] <= CLUSTER_WIDTH * reached[:-1] * eigenvalues[:-1]
    groups: list[slice] = []
    for start in np.flatnonzero(close & (reached[:-1] >= HEAVY)):
        if groups and start < groups[-1].stop:
            continue
        ends = np.arange(start + 1, stops[start] + 1)
        share = shares[ends] - shares[start]
        narrow = eigenvalues[start] - eigenvalues[ends - 1] <= CLUSTER_WIDTH * share * eigenvalues[start]
        stop = int(ends[narrow & (share >= HEAVY)].max(initial=0))
        if np.count_nonzero(energies[start:stop]) > 1:
            groups.append(slice(int(start), stop))
    return groups


def _exact_overlap(modes: Modes, state: Array, group: slice) -> float:
    """Σ λ w* y over the ``group``, rounded once."""
    rows = modes.eigenvalues[group], modes.teacher[0, group], state[group]
    terms = (Fraction(x) * Fraction(y) * Fraction(z) for x, y, z in zip(*rows, strict=True))
    return float(sum(terms, Fraction(0)))


def _apart(modes: Modes, state: Array, rest: Array, group: slice, leader: int) -> Array:
    """z = y − (y_k/w*_k) w* over the ``group``, k = ``leader``, of y = ``state`` + ``rest``, rounded once."""
    share = (Fraction(state[leader]) + Fraction(rest[leader])) / Fraction(modes.teacher[0, leader])
    rows = modes.teacher[0, group], state[group], rest[group]
    parts = zip(*rows, strict=True)
    return np.array([float(Fraction(y) + Fraction(z) - share * Fraction(x)) for x, y, z in parts])
