r"""The fast manifold of ``w = 0`` as a power series in the amplitude.

The runs that leave 0 along its fastest direction form a curve, with an amplitude ``A``:
:math:`\dot A = \rho A` and :math:`s \sim A^2`. In :math:`B = A/\sqrt{1 + A^2}`, which isotropic data
suggest, :math:`\dot B = \rho B (1 - B^2)`, and the whole curve is :math:`0 < B < 1`:

.. math:: w_i = w^*_i \sum_n f_n(\lambda_i) B^{2n+1}, \quad u = \sum_n U_n B^{2n+1}, \quad
   s = \sum_{n \ge 1} S_n B^{2n}.

The flow asks of the coefficients

.. math:: ((2n+1)\rho - 4\lambda) f_n(\lambda) = (2n-1)\rho f_{n-1}(\lambda)
   + 8 \lambda U_n - 12 \lambda \sum_{j=1}^n S_j f_{n-j}(\lambda),

diagonal plus rank-one, and solvable since :math:`F((2n+1)\rho) < 1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import isqrt
from operator import mul

from mpmath import mp, mpf

from theory.asymptotics.escape.rate import escape_rate
from theory.asymptotics.sums.compression import compressed
from theory.asymptotics.sums.spectrum import Spectrum
from theory.expected import Count, checked


@checked
def manifold_series(spectrum: Spectrum, terms: Count) -> tuple[list[mpf], list[mpf]]:
    r""":math:`U_0, U_1, \dots` and :math:`S_1, S_2, \dots`, ``terms`` of each.

    In fixed-point arithmetic at the working precision; the spectrum enters by a Gauss rule, see
    :mod:`theory.asymptotics.sums.compression`.

    Isotropic data are the simplest case, :math:`u = B` and :math:`s = B^2`:

    >>> from theory.asymptotics import PowerLaw
    >>> overlaps, energies = manifold_series(PowerLaw(0, 4), 3)
    >>> [mp.nstr(mp.chop(x), 6) for x in overlaps + energies]
    ['1.0', '0.0', '0.0', '1.0', '0.0', '0.0']
    """
    return _manifold(spectrum, mp.prec).upto(terms)


class ManifoldSeries:
    """The coefficients at one precision, in units of ``2**-prec``, as many as were asked for.

    ``rule`` holds pairs (eigenvalue, mass) that stand for the spectrum, by default those of
    :func:`.compression.compressed`.
    """

    def __init__(self, spectrum: Spectrum, rule: list[tuple[mpf, mpf]] | None = None) -> None:
        one = self.one = 1 << mp.prec
        rho = escape_rate(spectrum, mp.dps).value
        assert rho is not None
        self.levels = [(int(4 * x / rho * one), int(mass * one)) for x, mass in rule or compressed(spectrum)]
        direction = [one * x // (one - x) for x, _ in self.levels]
        size = isqrt(self._mean([x * x // one for x in direction]) * one)
        self.history = [[one * x // size] for x in direction]
        self.overlaps, self.energies = [self._mean([past[0] for past in self.history])], [one]

    def _mean(self, values: Iterable[int]) -> int:
        """Sum over the levels, each with its mass."""
        return sum(mass * x for (_, mass), x in zip(self.levels, values, strict=True)) // self.one

    def upto(self, terms: int) -> tuple[list[mpf], list[mpf]]:
        while len(self.overlaps) < terms:
            self._extend()
        overlaps, energies = (
            [mpf(x) / self.one for x in known[:terms]] for known in (self.overlaps, self.energies)
        )
        return overlaps, energies

    def student(self, terms: int) -> list[list[mpf]]:
        """The coefficients of :math:`w_i/w^*_i` at every eigenvalue of the rule."""
        self.upto(terms)
        return [[mpf(x) / self.one for x in past[:terms]] for past in self.history]

    def _extend(self) -> None:
        one, n = self.one, len(self.overlaps)
        inverse = [one * one // ((2 * n + 1) * one - x) for x, _ in self.levels]
        known = [
            ((2 * n - 1) * past[-1] - 3 * x * (sum(map(mul, self.energies, reversed(past))) // one) // one)
            * r
            // one
            for (x, _), r, past in zip(self.levels, inverse, self.history, strict=True)
        ]
        pulled = [2 * x * r // one for (x, _), r in zip(self.levels, inverse, strict=True)]
        overlap = self._mean(known) * one // (one - self._mean(pulled))
        for past, pull, rest in zip(self.history, pulled, known, strict=True):
            past.append(pull * overlap // one + rest)
        self.overlaps.append(overlap)
        self.energies.append(self._mean(last_of_square(past) // one for past in self.history))


def last_of_square(series: Sequence[int]) -> int:
    """The last coefficient of the square of a series that the known terms decide.

    >>> last_of_square([1, 2, 3]), last_of_square([1, 2])
    (10, 4)
    """
    half = len(series) // 2
    total = 2 * sum(map(mul, series[:half], reversed(series)))
    return total + (series[half] ** 2 if len(series) % 2 else 0)


@lru_cache(maxsize=32)
def _manifold(spectrum: Spectrum, prec: int) -> ManifoldSeries:
    with mp.workprec(prec):
        return ManifoldSeries(spectrum)
