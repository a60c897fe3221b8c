r"""The orbit of the fast manifold long after the escape, where the fastest modes follow: implicit steps.

Past :math:`s = \tfrac13` the clock :math:`d\varphi = 4(3s - 1)\,dt` runs forward, and in it every mode is
linear,

.. math:: \frac{df}{d\varphi} = \lambda (r - f), \qquad r = \frac{2u}{3s - 1} .

On a step ``r`` is a polynomial through the right Radau nodes and ``f`` the polynomial of one degree more that
obeys the equation there. In Legendre coefficients, with :math:`\kappa = \lambda h/2`, ``m`` nodes and
:math:`g = r - f`, this is a recurrence of three terms:

.. math:: f_n = \kappa \Big( \frac{g_{n-1}}{2n-1} - \frac{g_{n+1}}{2n+3} \Big), \quad 1 \le n < m,

but for the second denominator :math:`2m - 1 + \kappa` at :math:`n = m - 2` and none at :math:`n = m - 1`;
:math:`f_m = \kappa g_{m-1}/(2m - 1 + \kappa)`, and :math:`\sum (-1)^n f_n` is the value at the step's begin.
The ``m`` values of ``r`` are found by Newton's method on :math:`r (3s - 1) = 2u`, with a Jacobian in double
precision. The solution changes on the scale of ``t``: steps grow geometrically.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul

from mpmath import mp, mpf

from theory.asymptotics.escape.pieces import Orbit, Piece
from theory.legendre import legendre, radau_nodes

SHAPES = 4
"""Legendre coefficients of f that the Jacobian keeps."""
GROUPS = 10
"""Rates to a decade that the Jacobian tells apart."""
REFRESH = 2
"""The iteration at which the Jacobian is renewed."""
SHORTEST = mpf("1e-9")

Coefficients = list[int]


class Radau:
    """Nodes, weights and Legendre values of ``m`` right Radau nodes, as integers in units of ``2**-prec``."""

    def __init__(self, m: int) -> None:
        self.m, one = m, 1 << mp.prec
        nodes = radau_nodes(m, mpf, mp.prec)
        self.values = [[int(p * one) for p in node.values] for node in nodes]
        shares = zip(*(node.shares for node in nodes), strict=True)
        self.inverse = [[int(x * one) for x in row] for row in shares]
        self.rough_values = [[float(p) for p in row] for row in (node.values for node in nodes)]
        self.rough_inverse = [[x / one for x in row] for row in self.inverse]


@lru_cache(maxsize=8)
def _radau(m: int, prec: int) -> Radau:
    with mp.workprec(prec):
        return Radau(m)


class _Mode:
    """The recurrence of one kappa, solved for any ``r`` and initial value, in units of ``2**-prec``."""

    def __init__(self, kappa: int, m: int, prec: int) -> None:
        self.prec = prec
        one = 1 << prec
        self.last = kappa * one // ((2 * m - 1) * one + kappa)
        self.ups = [0] * m
        self.downs = [0] * m
        self.inverses = [one] * m
        for n in range(m - 1, 0, -1):
            if n < m - 1:
                self.ups[n] = self.last if n == m - 2 else kappa // (2 * n + 3)
                self.inverses[n] = (one << prec) // (one + (self.ups[n] * self.downs[n + 1] >> prec))
            self.downs[n] = kappa * self.inverses[n] // (2 * n - 1) >> prec
        reply = [one]
        for n in range(1, m):
            reply.append(-(self.downs[n] * reply[-1] >> prec))
        self.reply = reply
        self.pivot = -_alternating(reply) + (-1) ** m * (self.last * reply[-1] >> prec)

    def solve(self, r: Coefficients, begin: int) -> Coefficients:
        """The coefficients of ``f``."""
        prec, m = self.prec, len(r)
        known = [0] * m
        ahead = 0
        for n in range(m - 1, 0, -1):
            ahead = known[n] = (r[n] + (self.ups[n] * ahead >> prec)) * self.inverses[n] >> prec
        particular = [0]
        for n in range(1, m):
            particular.append(known[n] - (self.downs[n] * particular[-1] >> prec))
        rest = begin - _alternating(r) + _alternating(particular)
        rest -= (-1) ** m * (self.last * particular[-1] >> prec)
        free = (rest << prec) // self.pivot
        gaps = [p + (q * free >> prec) for p, q in zip(particular, self.reply, strict=True)]
        return [*(x - g for x, g in zip(r, gaps, strict=True)), self.last * gaps[-1] >> prec]


def _alternating(values: Sequence[int]) -> int:
    return sum(values[::2]) - sum(values[1::2])


class LateOrbit(Orbit):
    """The orbit from ``values`` on, which are ``f`` at the ``levels``, pairs (eigenvalue, mass), at ``time``.

    Errors of a step are of the order of 10^-``digits``; the precision is that of the call, and must exceed it
    by the decades of the largest kappa.
    """

    def __init__(self, levels: list[tuple[mpf, mpf]], values: list[mpf], time: mpf, digits: int) -> None:
        super().__init__(time)
        self.digits, one = digits, self.one
        self.eigenvalues = [x for x, _ in levels]
        self.masses = [int(mass * one) for _, mass in levels]
        self.values = [int(value * one) for value in values]
        self.table = _radau(int(1.2 * digits) + 6, self.prec)
        ratio, speed = self._ends()
        if speed <= 0:
            raise ArithmeticError("s stays below 1/3 long after the first modes have grown")
        self.guess, self.width = ratio, time * speed / 2

    def _ends(self) -> tuple[int, mpf]:
        """R at the current time, and the clock's speed."""
        one = 1 << self.prec
        u = mpf(sum(m * f for m, f in zip(self.masses, self.values, strict=True))) / one**2
        s = mpf(sum(m * f * f for m, f in zip(self.masses, self.values, strict=True))) / one**3
        return int(2 * u / (3 * s - 1) * one), 4 * (3 * s - 1)

    def step(self) -> None:
        """Take the next step on which ``r`` is resolved."""
        wanted = mpf(10) ** -self.digits
        while True:
            step = _Step(self, self.width)
            r, factor = step.solve(), 0.5
            if r is not None:
                factor = self._factor(r)
                if max(map(abs, r[-2:])) <= 30 * wanted * max(map(abs, r)):
                    break
            self.width *= max(0.3, min(factor, 0.8))
            if self.width < SHORTEST * self.time:
                raise ArithmeticError("the step of the fast manifold's orbit vanished")
        self.pieces.append(step.piece(self.width))
        self.time += self.pieces[-1].elapsed(mpf(1))
        self.values = [sum(path) for path in step.paths]
        self.guess = sum(r)
        self.width *= min(3.0, factor)

    def _factor(self, r: Coefficients) -> float:
        """The ratio of the next width to this one, from the ellipse in which ``r`` is analytic.

        Its coefficients fall like e^-n, e the sum of the semi-axes, down to the error of Newton's method.
        """
        third = len(r) // 3
        size = mpf(max(map(abs, r[third : third + 2])) + 1) / max(map(abs, r))
        found, wanted = float(mp.power(size, -mpf(1) / third)), 10 ** (self.digits / len(r))
        return 0.85 * (found + 1 / found - 2) / (wanted + 1 / wanted - 2)


class _Step:
    """A step of the given width in the clock."""

    def __init__(self, orbit: LateOrbit, width: mpf) -> None:
        self.orbit, self.table = orbit, orbit.table
        self.kappas = [x * width / 2 for x in orbit.eigenvalues]
        self.modes = [_Mode(int(kappa * orbit.one), self.table.m, orbit.prec) for kappa in self.kappas]

    def piece(self, width: mpf) -> LegendrePiece:
        """What was solved as series."""
        orbit, one = self.orbit, self.orbit.one
        paces = [(one << orbit.prec) // (3 * s - one) for s in self.energies]
        series = [
            [mpf(sum(map(mul, row, known)) >> orbit.prec) / one for row in self.table.inverse]
            for known in (self.energies, paces)
        ]
        overlaps, paces = [mpf(x) / one for x in self.overlaps], [width / 8 * x for x in series[1]]
        return LegendrePiece(orbit.time, overlaps, series[0], paces)

    def solve(self) -> Coefficients | None:
        """The coefficients of r; None where Newton's method does not converge."""
        import numpy as np

        orbit, table, prec = self.orbit, self.table, self.orbit.prec
        ratios = [orbit.guess] * table.m
        inverse: np.ndarray = np.empty((0, 0))
        before = 0
        for number in range(60):
            r = [sum(map(mul, row, ratios)) >> prec for row in table.inverse]
            self.paths = [mode.solve(r, f) for mode, f in zip(self.modes, orbit.values, strict=True)]
            self._observe()
            at_nodes = [sum(map(mul, row, self.overlaps)) >> prec for row in table.values]
            misses = [
                (ratio * (3 * s - orbit.one) >> prec) - 2 * u
                for ratio, s, u in zip(ratios, self.energies, at_nodes, strict=True)
            ]
            size = max(map(abs, misses))
            if size <= orbit.one // 10 ** (orbit.digits + 2):
                return r
            if number > REFRESH and size > before // 2:
                return None
            if number in (0, REFRESH):
                inverse = np.linalg.inv(self._jacobian(ratios))
            before = size
            moves = inverse @ [miss / size for miss in misses]
            ratios = [x - int(mpf(move) * size) for x, move in zip(ratios, moves.tolist(), strict=True)]
        return None

    def _observe(self) -> None:
        """Compute the coefficients of u, and s at the nodes by the Gram matrix of the coefficients of f."""
        orbit, prec = self.orbit, self.orbit.prec
        columns = list(zip(*self.paths, strict=True))
        self.overlaps = [sum(map(mul, orbit.masses, column)) >> prec for column in columns]
        gram = []
        for n, column in enumerate(columns):
            weighted = [m * f >> prec for m, f in zip(orbit.masses, column, strict=True)]
            row = [sum(map(mul, weighted, other)) >> prec for other in columns[: n + 1]]
            gram.append([*(2 * x for x in row[:-1]), row[-1]])
        self.energies = []
        for values in self.table.values:
            inner = [sum(map(mul, row, values)) >> prec for row in gram]
            self.energies.append(sum(map(mul, inner, values)) >> prec)

    def _jacobian(self, ratios: Coefficients) -> list[list[float]]:
        """The derivative of the misses by r at the nodes, in double precision.

        Modes of nearly the same kappa share a response; of f the first coefficients are kept.
        """
        orbit, m = self.orbit, self.table.m
        groups: dict[int, list[float]] = {}
        for kappa, mass, path in zip(self.kappas, orbit.masses, self.paths, strict=True):
            key = round(GROUPS * min(max(float(mp.log10(kappa)), -6.0), 8.0))
            sums = groups.setdefault(key, [0.0] * (SHAPES + 1))
            weight = mass / orbit.one
            sums[SHAPES] += weight
            for q in range(SHAPES):
                sums[q] += weight * (path[q] / orbit.one)
        totals = [[[0.0] * (m + 1) for _ in range(m)] for _ in range(SHAPES + 1)]
        for key, sums in groups.items():
            for column, response in enumerate(_responses(key, m)):
                for n, x in enumerate(response):
                    for q, weight in enumerate(sums):
                        totals[q][column][n] += weight * x
        back = list(zip(*self.table.rough_inverse, strict=True))
        jacobian = []
        for j, values in enumerate(self.table.rough_values):
            ratio = ratios[j] / orbit.one
            shares = [6 * ratio * value for value in values[:SHAPES]] + [-2.0]
            at_node = ([sum(map(mul, values, reply)) for reply in total] for total in totals)
            replies = [sum(map(mul, shares, column)) for column in zip(*at_node, strict=True)]
            row = [sum(map(mul, replies, column)) for column in back]
            row[j] += 3 * self.energies[j] / orbit.one - 1
            jacobian.append(row)
        return jacobian


@lru_cache(maxsize=2048)
def _responses(key: int, m: int) -> list[list[float]]:
    """The coefficients of f for each coefficient of r alone, f(-1) = 0, at kappa = 10^(key/GROUPS)."""
    prec = 100
    one = 1 << prec
    mode = _Mode(int(mpf(10) ** (mpf(key) / GROUPS) * one), m, prec)
    units = ([one if n == k else 0 for n in range(m)] for k in range(m))
    return [[x / one for x in mode.solve(unit, 0)] for unit in units]


@dataclass(frozen=True)
class LegendrePiece(Piece):
    """u, s and dt/dx as Legendre series on a step, x from -1 to 1."""

    first, end = mpf(-1), mpf(1)
    begin: mpf
    overlaps: list[mpf]
    energies: list[mpf]
    paces: list[mpf]

    def values(self, energy: bool, x: mpf) -> tuple[mpf, mpf]:
        """U, or the ``energy`` s, and its derivative by x."""
        return _sum(self.energies if energy else self.overlaps, x)

    def elapsed(self, x: mpf) -> mpf:
        """The time since ``begin``."""
        p = legendre(x, len(self.paces))
        parts = ((p[n + 1] - p[n - 1]) / (2 * n + 1) * self.paces[n] for n in range(1, len(self.paces)))
        return (x + 1) * self.paces[0] + mp.fsum(parts)

    def pace(self, x: mpf) -> mpf:
        """Dt/dx."""
        return _sum(self.paces, x)[0]


def _sum(series: list[mpf], x: mpf) -> tuple[mpf, mpf]:
    """A Legendre series and its derivative, P'_{n+1} = P'_{n-1} + (2n + 1) P_n."""
    p = legendre(x, len(series))
    slopes = [mpf(0), mpf(1)]
    for n in range(1, len(series)):
        slopes.append(slopes[n - 1] + (2 * n + 1) * p[n])
    return mp.fdot(series, p[: len(series)]), mp.fdot(series, slopes[: len(series)])
