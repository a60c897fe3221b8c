r"""The fast manifold of ``w = 0`` followed beyond its series, by Taylor steps along the orbit.

The manifold is one orbit of the flow, up to a shift of time. With :math:`w_i = w^*_i f(\lambda_i, t)`

.. math:: \dot f(\lambda) = 4\lambda (1 - 3s) f(\lambda) + 8\lambda u, \qquad
   u = \sum_i \mu_i f(\lambda_i), \quad s = \sum_i \mu_i f(\lambda_i)^2,

so that Taylor coefficients in time follow from each other,

.. math:: (k+1) f_{k+1} = 4\lambda \Big(f_k - 3 \sum_{j=0}^k s_j f_{k-j}\Big) + 8 \lambda u_k.

It starts where the partial sums of :mod:`theory.asymptotics.escape.fast_manifold` are exact to the working
precision. As the amplitude grows like :math:`e^{\rho t}`, elapsed time is a ratio of amplitudes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from mpmath import mp, mpf

from theory.asymptotics.escape.manifold_series import last_of_square
from theory.asymptotics.escape.pieces import Orbit, Piece

Start = tuple[list[tuple[mpf, mpf]], list[mpf]]
"""Pairs (eigenvalue, mass) and the values of ``f`` there."""

DAMPING = 3
"""Order of the polynomials over the largest ``8 lambda h``: beyond e they amplify what they should damp."""


@dataclass(frozen=True)
class TaylorPiece(Piece):
    """``u`` and ``s`` as polynomials in :math:`(t - t_0)/h` on a step, for ratios from 0 to ``end``."""

    first = mpf(0)
    begin: mpf
    width: mpf
    end: mpf
    overlap: list[mpf]
    energy: list[mpf]

    def values(self, energy: bool, ratio: mpf) -> tuple[mpf, mpf]:
        """U, or the ``energy`` s, and its derivative in the ratio."""
        value = slope = mpf(0)
        for coefficient in reversed(self.energy if energy else self.overlap):
            value, slope = value * ratio + coefficient, slope * ratio + value
        return value, slope

    def elapsed(self, ratio: mpf) -> mpf:
        """The time since ``begin``."""
        return ratio * self.width

    def pace(self, ratio: mpf) -> mpf:
        """``width``."""
        return self.width


class TaylorOrbit(Orbit):
    """The orbit from ``start`` on, in fixed-point arithmetic at the precision of the call.

    ``order`` is that of the polynomials, 10^-``digits`` the size of their last terms.
    """

    def __init__(self, start: Start, digits: int, rate: mpf) -> None:
        levels, values = start
        super().__init__(mpf(0))
        self.digits = digits
        self.order = orders(digits)
        self.eigenvalues = [x for x, _ in levels]
        self.masses = [int(mass * self.one) for _, mass in levels]
        self.values = [int(value * self.one) for value in values]
        self.width = 1 / (4 * rate)

    def state(self) -> tuple[list[tuple[mpf, mpf]], list[mpf], mpf]:
        """The rule, the values of f and the time at the end of what has been followed."""
        rule = [(x, mpf(mass) / self.one) for x, mass in zip(self.eigenvalues, self.masses, strict=True)]
        return rule, [mpf(value) / self.one for value in self.values], self.time

    def step(self) -> None:
        """Follow the orbit for another piece."""
        overlaps, energies, paths = self._coefficients()
        size = max(abs(series[k]) for series in (overlaps, energies) for k in range(-3, 0))
        wanted = self.one // 10**self.digits
        ratio = mpf(wanted) / (size + 1)
        # largest ratio of a step to the one before it
        end = min(mp.power(ratio, mpf(1) / self.order), mpf(1.2))
        end = min(end, self.order / (DAMPING * 8 * self.eigenvalues[0] * self.width))
        fixed = int(end * self.one)
        self.values = [_horner(path, fixed, mp.prec) for path in paths]
        series = ([mpf(c) / self.one for c in known] for known in (overlaps, energies))
        self.pieces.append(TaylorPiece(self.time, self.width, end, *series))
        self.time += end * self.width
        self.width *= end

    def _coefficients(self) -> tuple[list[int], list[int], list[list[int]]]:
        """Taylor coefficients of u, s and f at every level, in units of the width."""
        prec, one = self.prec, self.one
        rates = [int(4 * x * self.width * one) for x in self.eigenvalues]
        paths = [[value] for value in self.values]
        overlaps: list[int] = []
        energies: list[int] = []
        for k in range(self.order + 1):
            overlaps.append(sum(m * path[k] for m, path in zip(self.masses, paths, strict=True)) >> prec)
            squares = (last_of_square(path) >> prec for path in paths)
            energies.append(sum(m * x for m, x in zip(self.masses, squares, strict=True)) >> prec)
            if k == self.order:
                return overlaps, energies, paths
            driven = 2 * overlaps[k]
            for x, path in zip(rates, paths, strict=True):
                pull = path[k] + driven - (3 * sum(map(mul, energies, reversed(path))) >> prec)
                path.append((x * pull >> prec) // (k + 1))
        raise AssertionError("the last order returns")


def orders(digits: int) -> int:
    """The order at which steps cost least for their length: a fall by e^2 an order, and some more."""
    return int(1.2 * digits) + 8


def damped_digits(digits: int) -> int:
    """The decimal digits that the sums of :class:`TaylorOrbit` cancel, and a few more."""
    return 6 + math.ceil(orders(digits) / DAMPING / math.log(10))


def _horner(coefficients: Sequence[int], x: int, prec: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * x >> prec) + coefficient
    return value
