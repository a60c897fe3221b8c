"""The errors of a run: what a step leaves out, and what all steps so far amount to."""

import math
from dataclasses import dataclass, replace

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation
from numerics.solver.amplification import STEP_ROUNDING, Amplification
from numerics.solver.clusters import term_sizes
from numerics.solver.contract import StepResult
from numerics.solver.place import Place
from numerics.solver.step import (
    EPSILON,
    SINGLE_ROUNDING,
    SMALLEST,
    Truncation,
    error_inside,
    left_behind,
    rounding_of_fall,
    truncation,
)

NOISE = 1e-6
PER_STEP = 2e-14  # rounding
CANCELLED = np.finfo(float).eps  # of the terms of an overlap: the rounding that is left in it
SPAN = 100.0


def noise(place: Place, width: float) -> float:
    """The largest relative error that a step of ``width`` from there may have from the rounding of the drift.

    At the origin A and B are taken from overlaps that hardly differ: near the teachers, which a network
    may reach without a chart there, their terms cancel. Areas do not, nor is a kink noise. Where rotations
    change nothing, nothing takes back the rotation that the rounding of the fastest mode's drift leads to.
    """
    system, chart = place.here.system, place.here.chart
    if place.here.rotated:
        # roundings of the drift, which is some times the state
        return min(NOISE, 10.0 * EPSILON * width * float(place.here.modes.eigenvalues.max()))
    return 0.0 if system.single or system.line or chart.areas or not chart.centred else NOISE


def left_out(place: Place, statistics: Array, times: Array) -> Truncation:
    """What a step from there with these ``statistics`` (n, s + 1) leaves out, of these and of its ``times``
    (s,), which come last.

    An error of the times of a student's own clock is measured by the time in which a statistic changes.
    """
    system = place.here.system
    worst = system.accuracy.worst
    # sums of terms: the truncation error of a network's statistics is relative to these
    allowed, rounding = (worst, SINGLE_ROUNDING / worst) if system.single else (0.0, 10.0)
    elapsed, unit = np.append(0.0, times), times[-1]
    if system.single:
        unit = min(unit, 1.0 / max(_pace(system.table, statistics, elapsed), SMALLEST))
    return truncation(
        system.table,
        np.concatenate([statistics, unit + elapsed[None]]),
        lambda: np.append(rounding * _felt(place, statistics), unit),
        allowed,
        SPAN,
    )


def _felt(place: Place, statistics: Array) -> Array:
    """What errors of the ``statistics`` (n, s + 1) of a step from there are relative to: their terms (n,).

    Of one student and teacher areas are felt in their terms, for nothing else pushes the two apart.
    """
    modes, model = place.here.modes, place.here.system.model
    terms = term_sizes(modes, place.deviation, place.clusters)
    if not place.here.chart.areas:
        return terms
    alone = model.STUDENTS == model.TEACHERS == 1
    largest = terms if alone else modes.units(statistics, model.STUDENTS).max(axis=1)
    return _areas_felt(place, statistics, terms, largest)


def _areas_felt(place: Place, statistics: Array, units: Array, largest: Array) -> Array:
    """The ``units`` (n,), with those of areas in the place of their own.

    An area r is felt by the part of one vector across the other, in proportion to itself: an error δ
    counts as δ r/τ², with τ the ``largest`` (n,) that r may be, so that a kink at r = 0 between two points
    is an error of second order.
    """
    areas = np.maximum(np.abs(statistics).max(axis=1), SMALLEST)
    here = np.arange(len(units)) >= len(units) - len(place.here.chart.areas)
    return np.where(here, largest * np.maximum(largest / areas, 1.0), units)


def _inside(place: Place, statistics: Array) -> float:
    """What the polynomials of a network's ``statistics`` (n, s + 1) leave out between the points, relative
    to the lengths of the vectors: a geometric series.
    """
    here, students = place.here, len(place.students)
    units = np.maximum(here.modes.units(statistics[:, 1:], students), SMALLEST).min(axis=1)
    first, decay = left_behind(np.abs(statistics @ here.system.table.to_chebyshev.T))
    missed = first / np.maximum(1.0 - np.sqrt(decay), 0.1)  # what decays less is rounding
    # of the coefficients left out: what collocation makes of them between the points
    return 2.0 * float((missed / _areas_felt(place, statistics, units, units)).max())


def clock_error(place: Place, statistics: Array, lengths: Array, elapsed: Array) -> float:
    """What the polynomial of the time ``elapsed`` (s + 1,) leaves out, at the pace of the loss, the
    ``statistics`` (n, s + 1) and the ``lengths`` (…, s + 1).

    Between the ends of a step in a student's own clock, times are an integral of what is known at the
    nodes: their error has an order less than that of the statistics in that clock.
    """
    table = place.here.system.table
    rows = np.concatenate([statistics, lengths.reshape(-1, len(elapsed)), place.here.loss(statistics)[None]])
    *_, third, second, before, last = np.abs(table.to_chebyshev @ elapsed)
    decay = math.sqrt(min(max(before, last) / max(third, second, SMALLEST), 1.0))
    return 2.0 * _pace(table, rows, elapsed) * max(last, decay * before)  # of the time's over its estimate


def _pace(table: Collocation, rows: Array, elapsed: Array) -> float:
    """The largest rate at which one of ``rows`` (r, s + 1) changes by its own size, over a step whose
    points have the times ``elapsed`` (s + 1,).
    """
    sizes = np.abs(rows)
    sizes = np.maximum(np.maximum(sizes, sizes.max(axis=1, keepdims=True) / SPAN), SMALLEST)
    slopes = rows @ table.derivative.T / (table.derivative @ elapsed)
    return float((np.abs(slopes) / sizes).max())


@dataclass(frozen=True, eq=False)
class Errors:
    """What the errors of the ``steps`` so far amount to, relative to the statistics: their ``truncation``,
    the ``cancelled`` terms of an overlap in units of it, and of a network what the flow has ``amplified``
    and the most that polynomials leave out ``inside`` a step.
    """

    amplified: Amplification | None
    truncation: float = 0.0
    steps: int = 0
    cancelled: float = 0.0
    inside: float = 0.0

    @property
    def total(self) -> float:
        """Of the statistics so far: truncation, independent from step to step, and rounding; or what the flow
        of a network has made of both.

        What rounding does to an overlap whose terms cancel, as near a saddle, grows with the overlap.
        """
        steps = self.truncation + PER_STEP * self.steps + CANCELLED * self.cancelled
        return max(steps, self.amplified.error, self.inside) if self.amplified else steps

    def overlap(self, place: Place, statistics: Array) -> "Errors":
        """With the rounding of u (s + 1,), the second of the ``statistics`` of a step at the origin."""
        terms = place.here.modes.term_sizes(place.deviation)[1]
        # of a step's overlaps, by size: one that grows is small at first, one may change sign anywhere
        usual = float(np.quantile(np.abs(statistics[1]), 0.25))
        cancelled = max(self.cancelled, float(terms) / max(usual, SMALLEST))
        return replace(self, cancelled=cancelled)

    def one(self, place: Place, result: StepResult, statistics: Array, lengths: Array) -> "Errors":
        """With those of a step of a single student."""
        modes = place.here.modes
        terms, at_the_end = modes.term_sizes(place.deviation), modes.term_sizes(result.deviation[-1])
        # of the truncation inside a step over its estimate
        inside = 3.0 * error_inside(place.here.system.table, statistics, terms)
        clock = clock_error(place, statistics, lengths, np.append(0.0, result.times))
        total = math.hypot(self.truncation, inside, clock, rounding_of_fall(terms, at_the_end))
        return Errors(self.amplified, total, self.steps + 1, self.cancelled)

    def ended(self, error: float) -> "Errors":
        """With the ``error`` of an end that is taken at once."""
        return replace(self, truncation=self.truncation + error)

    def network(self, place: Place, result: StepResult, statistics: Array, missing: Truncation) -> "Errors":
        """With those of a step of a network, and what its flow makes of those so far."""
        # of a truncation in a network's unit: past a near kink a step has twice its error inside
        beside = 20.0 if place.here.chart.areas else 1.0
        total, amplified, inside = self.truncation + beside * missing.error, self.amplified, self.inside
        if amplified is not None and result.linearised is not None:
            here = place.here
            rounding = STEP_ROUNDING * here.modes.term_sizes(place.deviation)
            if result.unsolved is not None:
                rounding = np.maximum(rounding, result.unsolved)
            last = missing.decay * (statistics @ here.system.table.to_chebyshev[-1])
            units = np.maximum(here.modes.units(result.statistics, len(place.students)), SMALLEST)
            inside = max(inside, _inside(place, statistics))
            amplified = amplified.after(result.linearised, here.frame, rounding, last, units)
            if here.rotated:
                amplified = amplified.turned(here.frame, result.deviation[-1], here.modes)
        return Errors(amplified, total, self.steps + 1, self.cancelled, inside)
