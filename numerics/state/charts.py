"""The two coordinate charts in which the flow is integrated.

Both evolve y by ẏ = A y Q + F w* Q with coefficients that depend on y only through its statistics:
at ``origin`` y = w, the statistics are (S, U), with areas of :mod:`numerics.state.areas` where averages have
a kink, and F = B; at ``teacher`` y = w − w* (y = w for students beyond
the teachers), they are (q, p), and F = A + B is a polynomial without a constant term, or an integral of
:mod:`numerics.state.nearby`, so that
nothing is ever computed as a small difference of large numbers. All formulas come from the generated module
of the model.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.pairs.overlaps import split
from numerics.state.areas import AreaModes, Pairs
from numerics.state.modes import Modes
from numerics.state.nearby import Nearby

Slopes = Callable[[Array], tuple[Array, Array]]
"""Changes of A (K, K, q) and F (K, M, q) from q changes of the statistics (n, q)."""


@dataclass(frozen=True, eq=False)
class Chart:
    """A coordinate chart: functions of the statistics (n, …) and the teacher's energy T (M, M).

    It is ``centred`` where y = w, ``smooth`` where the drift is, whatever the students are, and
    ``scale_free`` where the model is.
    """

    drift: Callable[[Array, Array], tuple[Array, Array]]
    drift_jacobian: Callable[[Array, Array], tuple[Array, Array]]
    loss: Callable[[Array, Array], Array]
    deficits: Callable[[Array, Array], Array]
    overlaps: Callable[[Array, Array], Array]
    centred: bool
    smooth: bool
    areas: Pairs = ()
    scale_free: bool = False
    drift_slopes: Callable[[Array, Array], "Slopes"] | None = None

    def modes(self, eigenvalues: Array, teacher: Array) -> Modes:
        """The modes with the statistics of this chart, from λ (N,) and w* (M, N)."""
        return AreaModes(eigenvalues, teacher, self.areas) if self.areas else Modes(eigenvalues, teacher)

    def slopes(self, statistics: Array, energy: Array) -> Slopes:
        """How A and F answer to changes of the ``statistics`` (n,); a slope that is singular counts as 0."""
        with np.errstate(all="ignore"):
            if self.drift_slopes is not None:
                return self.drift_slopes(statistics, energy)
            dense = self.drift_jacobian(statistics, energy)
        gain, force = (np.where(np.isfinite(slope), slope, 0.0) for slope in dense)
        return lambda change: (gain @ change, force @ change)

    def loss_terms(self, statistics: Array, energy: Array) -> Array:
        """½ Σ |A_jk| √(S_jj S_kk) + Σ |F_jm| √(S_jj T_mm) (…) at the ``statistics`` (n, …), or with q for S.

        A and F are slopes of the loss: an error of the statistics, relative to these roots, is one of the
        loss relative to this.
        """
        with np.errstate(all="ignore"):
            gain, force = (np.nan_to_num(np.abs(part)) for part in self.drift(statistics, energy))
        S, _ = split(statistics, len(gain), len(energy))
        own = np.sqrt(np.abs(np.einsum("jj...->j...", S)))
        taught = np.einsum("jm...,m->j...", force, np.sqrt(np.diag(energy)))
        return np.einsum("j...,j...->...", own, 0.5 * np.einsum("jk...,k...->j...", gain, own) + taught)


def origin(model: RightHandSides) -> Chart:
    """Coordinates y = w; of links with a kink the statistics are (S, U) and their areas."""
    plain = overlaps(model)
    if not hasattr(model, "AREAS"):
        return plain
    count = len(model.STATISTICS)
    return replace(
        plain,
        drift=model.area_drift,
        drift_jacobian=model.area_drift_jacobian,
        loss=model.area_loss,
        overlaps=lambda x, _: x[:count],
        areas=model.AREAS,
        drift_slopes=None,
    )


def overlaps(model: RightHandSides) -> Chart:
    """Coordinates y = w with the statistics (S, U) of any link: its areas are roots of their differences,
    which have half of the digits where two vectors are parallel.
    """
    deficits, smooth = getattr(model, "deficits", _no_deficits), hasattr(model, "residual_drift")
    slopes = getattr(model, "drift_slopes", None)
    return Chart(
        model.drift,
        model.drift_jacobian,
        model.loss,
        deficits,
        _itself,
        True,
        smooth,
        scale_free=_scale_free(model),
        drift_slopes=slopes,
    )


def teacher(model: RightHandSides) -> Chart:
    """Coordinates y = w − w*, and y = w for students beyond the teachers."""
    if not hasattr(model, "residual_drift"):
        near = Nearby(model)
        return Chart(
            near.drift, near.drift_jacobian, near.loss, near.deficits, near.overlaps, False, smooth=False
        )
    return Chart(
        model.residual_drift,
        model.residual_drift_jacobian,
        model.residual_loss,
        getattr(model, "residual_deficits", _no_deficits),
        model.statistics,
        False,
        True,
        scale_free=_scale_free(model),
        drift_slopes=getattr(model, "residual_slopes", None),
    )


def has_teacher(model: RightHandSides, energy: Array) -> bool:
    """Whether there are coordinates at the teacher of T = ``energy`` (M, M)."""
    return hasattr(model, "residual_drift") or Nearby(model).rests(energy)


def _scale_free(model: RightHandSides) -> bool:
    return bool(getattr(model, "SCALE_FREE", False))


def _itself(statistics: Array, energy: Array) -> Array:
    """At the origin the statistics are the overlaps."""
    return statistics


def _no_deficits(statistics: Array, energy: Array) -> Array:
    raise ValueError("a model with different numbers of students and teachers has no deficits")
