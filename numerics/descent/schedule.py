r"""How the step size changes over a run: η_k = η · f(k) for the steps k = 0 … n − 1.

==================  ==============================================================  ====================
text                f(k)                                                            class
==================  ==============================================================  ====================
``constant``        1                                                               ``Power(0)``
``power:P,K``       (1 + k/K)^(−P), K = 1 unless given                              ``Power``
``poly:P``          (1 − k/n)^P; ``linear`` is ``poly:1``                           ``Decay``
``cosine``          (1 + cos(πk/n))/2                                               ``Cosine``
``wsd:W,D``         (k + 1)/(nW) in the first share W of the steps, 1, and a        ``WarmStableDecay``
                    linear decay to 0 in the last share D
``listed:f0,f1,…``  those numbers                                                   ``Listed``
==================  ==============================================================  ====================

A schedule is smooth in pieces: a run that is followed many steps at a time takes each by itself.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

import numpy as np
from numpy.polynomial import chebyshev

from numerics.arrays import Array
from numerics.quadrature.summation import Summation
from numerics.solver.contract import NoConvergence
from theory.expected import NonNegative, Only, Positive, checked

Factor = Callable[[Array], Array]
"""f at real step numbers, of one smooth piece."""

Share = Annotated[float, Only("a share of the steps, 0 to 1", lambda share: 0 <= share <= 1)]

FORMS = "constant, power:P, power:P,K, poly:P, linear, cosine, wsd:W,D"
DIRECT = 32.0  # below, a sum of powers is taken term by term
BERNOULLI = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160)
"""B_2j/(2j)! of the Euler–Maclaurin formula."""


class Schedule(ABC):
    """The factor f of a schedule; ``steps`` n is the length of the run."""

    @abstractmethod
    def piece(self, begin: int, steps: int) -> tuple[Factor, float]:
        """The smooth piece that step ``begin`` belongs to, and the number of the first step after it."""

    @abstractmethod
    def sums(self, numbers: Array, steps: int) -> Array:
        """Σ_{k < number} f(k) for each of the whole ``numbers``."""

    @property
    def is_constant(self) -> bool:
        """Whether f = 1."""
        return False

    def factors(self, begin: int, end: int, steps: int) -> Array:
        """f at the steps ``begin`` … ``end`` − 1."""
        parts = []
        while begin < end:
            factor, stop = self.piece(begin, steps)
            stop = min(stop, end)
            parts.append(factor(np.arange(begin, stop, dtype=float)))
            begin = int(stop)
        return np.concatenate(parts) if parts else np.zeros(0)

    def at_nodes(self, begin: int, table: Summation, steps: int) -> Array:
        """f at the nodes (s,) of a block that begins with step ``begin``.

        Raises NoConvergence where no polynomial of its degree stands for f.
        """
        factor, _ = self.piece(begin, steps)
        return factor(begin + table.steps * table.nodes)

    def largest(self, begin: int, end: int, steps: int) -> float:
        """The largest f of the steps ``begin`` … ``end`` − 1, all of one piece, where it is monotonic."""
        factor, _ = self.piece(begin, steps)
        return float(factor(np.array([begin, max(begin, end - 1)], dtype=float)).max())


@checked
@dataclass(frozen=True)
class Power(Schedule):
    """f(k) = (1 + k/``onset``)^(−``exponent``)."""

    exponent: NonNegative = 0.0
    onset: Positive = 1.0

    @property
    def is_constant(self) -> bool:
        """Whether f = 1."""
        return self.exponent == 0

    def piece(self, begin: int, steps: int) -> tuple[Factor, float]:
        """One piece."""
        return (lambda k: (1.0 + k / self.onset) ** -self.exponent), math.inf

    def sums(self, numbers: Array, steps: int) -> Array:
        """The sums of f."""
        if self.is_constant:
            return np.asarray(numbers, dtype=float)
        return self.onset**self.exponent * power_sums(self.onset, numbers, -self.exponent)

    def __str__(self) -> str:
        if self.is_constant:
            return "constant"
        return f"power:{self.exponent!r}" + ("" if self.onset == 1 else f",{self.onset!r}")


@checked
@dataclass(frozen=True)
class Decay(Schedule):
    """f(k) = (1 − k/n)^``exponent``."""

    exponent: Positive = 1.0

    def piece(self, begin: int, steps: int) -> tuple[Factor, float]:
        """One piece."""
        return (lambda k: np.maximum(1.0 - k / steps, 0.0) ** self.exponent), steps

    def sums(self, numbers: Array, steps: int) -> Array:
        """The sums of f."""
        k = np.atleast_1d(np.asarray(numbers, dtype=float))
        early = (k <= 0.5 * steps) & (steps >= 2 * DIRECT)
        found = power_sums(1.0, np.array([steps]), self.exponent) - power_sums(1.0, steps - k, self.exponent)
        if early.any():
            found[early] = power_sums(steps + 1.0 - k[early], k[early], self.exponent)
        return float(steps) ** -self.exponent * found

    def __str__(self) -> str:
        return "linear" if self.exponent == 1 else f"poly:{self.exponent!r}"


@checked
@dataclass(frozen=True)
class Cosine(Schedule):
    """f(k) = (1 + cos(πk/n))/2."""

    def piece(self, begin: int, steps: int) -> tuple[Factor, float]:
        """One piece."""
        return (lambda k: np.sin(0.5 * np.pi * (steps - k) / steps) ** 2), steps

    def sums(self, numbers: Array, steps: int) -> Array:
        """The sums of f."""
        k, half = np.asarray(numbers, dtype=float), 0.5 * np.pi / steps
        return 0.5 * (k + np.sin(half * k) * np.cos(half * (k - 1.0)) / np.sin(half))

    def __str__(self) -> str:
        return "cosine"


@checked
@dataclass(frozen=True)
class WarmStableDecay(Schedule):
    """f rises linearly in the share ``warm`` of the steps, is 1, and falls linearly in the share ``decay``.

    The shares are rounded to whole steps. Raises ValueError where they overlap.
    """

    warm: Share
    decay: Share

    def __post_init__(self) -> None:
        if self.warm + self.decay > 1:
            raise ValueError(f"the shares {self.warm:g} and {self.decay:g} overlap: their sum is at most 1")

    def _ends(self, steps: int) -> tuple[int, int]:
        """The first step that is not of the warm-up, and the first of the decay."""
        warm = round(self.warm * steps)
        return warm, max(steps - round(self.decay * steps), warm)

    def piece(self, begin: int, steps: int) -> tuple[Factor, float]:
        """The rise, the plateau or the fall."""
        warm, stable = self._ends(steps)
        if begin < warm:
            return (lambda k: (k + 1.0) / warm), warm
        if begin < stable:
            return np.ones_like, stable
        return (lambda k: (steps - k) / (steps - stable)), steps

    def sums(self, numbers: Array, steps: int) -> Array:
        """The sums of f."""
        warm, stable = self._ends(steps)
        k = np.asarray(numbers, dtype=float)
        risen, level = np.minimum(k, warm), np.clip(k - warm, 0.0, stable - warm)
        fallen, length = np.maximum(k - stable, 0.0), steps - stable
        rise = risen * (risen + 1.0) / (2.0 * max(warm, 1))
        return rise + level + fallen * (2.0 * length + 1.0 - fallen) / (2.0 * max(length, 1))

    def __str__(self) -> str:
        return f"wsd:{self.warm!r},{self.decay!r}"


@checked
@dataclass(frozen=True, eq=False)
class Listed(Schedule):
    """f(k) = ``values[k]``, any numbers of at least 0, as many as there are steps or more.

    Long runs of one number are followed many steps at a time, and so is what a polynomial describes to
    rounding; the rest step by step.
    """

    values: Array

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=float)
        if not (values.ndim == 1 and len(values) and np.isfinite(values).all() and values.min() >= 0):
            raise ValueError("a schedule must be a list of finite numbers, at least 0")
        if not values.any():
            raise ValueError("a schedule must not be 0 throughout")
        object.__setattr__(self, "values", values)
        changes = np.concatenate([[0], 1 + np.flatnonzero(np.diff(values)), [len(values)]])
        # equal numbers in a list that are a piece of their own
        long = np.flatnonzero(np.diff(changes) >= 256)
        object.__setattr__(self, "_ends", np.unique(changes[[*long, *(long + 1), -1]]))

    _ends = np.zeros(0)

    def piece(self, begin: int, steps: int) -> tuple[Factor, float]:
        """The numbers between two long runs, or one of these."""
        end = self._ends[np.searchsorted(self._ends, begin, side="right")]
        return (lambda k: self.values[np.minimum(k.astype(int), len(self.values) - 1)]), min(int(end), steps)

    def at_nodes(self, begin: int, table: Summation, steps: int) -> Array:
        """f at the nodes (s,), by the polynomial through the numbers of the block."""
        values = self.values[begin : begin + table.steps]
        x = 2.0 * np.arange(len(values)) / len(values) - 1.0
        # entries of a list that a polynomial is fitted to
        some = slice(None, None, max(1, len(values) // 4096))
        fitted = chebyshev.chebfit(x[some], values[some], table.stages - 1)
        # relative error of the polynomials that stand for a list
        if np.abs(chebyshev.chebval(x, fitted) - values).max() > 1e-13 * values.max():
            raise NoConvergence
        return chebyshev.chebval(2.0 * table.nodes - 1.0, fitted)

    def largest(self, begin: int, end: int, steps: int) -> float:
        """The largest f of the steps ``begin`` … ``end`` − 1."""
        return float(self.values[begin : max(end, begin + 1)].max())

    def sums(self, numbers: Array, steps: int) -> Array:
        """The sums of f."""
        return np.concatenate([[0.0], np.cumsum(self.values)])[np.asarray(numbers).astype(int)]

    def __str__(self) -> str:
        return "listed:" + ",".join(map(repr, self.values.tolist()))


CONSTANT = Power(0.0)


@checked
def read_schedule(text: str) -> Schedule:
    """The schedule that a text of the table above describes, ``str`` of one among them.

    Raises ValueError for others.

    >>> read_schedule("power:1/2")
    Power(exponent=0.5, onset=1.0)
    >>> str(read_schedule("wsd:0.1,0.2"))
    'wsd:0.1,0.2'
    """
    name, _, rest = text.strip().partition(":")
    try:
        numbers = [
            float(part) if name == "listed" else float(Fraction(part)) for part in rest.split(",") if part
        ]
        match name, numbers:
            case "constant", []:
                return CONSTANT
            case "power", [exponent]:
                return Power(exponent)
            case "power", [exponent, onset]:
                return Power(exponent, onset)
            case "linear", []:
                return Decay(1.0)
            case "poly", [exponent]:
                return Decay(exponent)
            case "cosine", []:
                return Cosine()
            case "wsd", [warm, decay]:
                return WarmStableDecay(warm, decay)
            case "listed", [_, *_]:
                return Listed(np.array(numbers))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise ValueError(f"schedule {text!r}: {error}") from None
    raise ValueError(f"schedule is {text!r}: it must be {FORMS}")


def power_sums(start: float | Array, counts: Array, power: float) -> Array:
    """Σ_{j < count} (``start`` + j)^``power`` for whole ``counts``, by Euler and Maclaurin.

    To 1e-13 relative for powers from −4 to 8. Several starts must be at least DIRECT.

    >>> float(power_sums(1.0, np.array([4.0]), 2.0)[0])
    30.0
    """
    counts = np.atleast_1d(np.asarray(counts, dtype=float))
    direct = math.ceil(max(DIRECT - np.min(start), 0.0))
    head = np.concatenate([[0.0], np.cumsum((np.min(start) + np.arange(direct)) ** power)])
    a, left = start + direct + 0.0 * counts, np.maximum(counts - direct, 0.0)
    b, rise = a + left, np.log1p(left / a)
    grown = rise if power == -1 else np.expm1((power + 1.0) * rise) / (power + 1.0)
    tail = a ** (power + 1.0) * grown - 0.5 * (b**power - a**power)
    slope = power
    for order, weight in enumerate(BERNOULLI):
        degree = power - 1.0 - 2.0 * order
        tail += weight * slope * (b**degree - a**degree)
        slope *= degree * (degree - 1.0)
    found: Array = head[np.minimum(counts, direct).astype(int)] + tail
    return found
