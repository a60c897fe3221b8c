"""Random problems over degenerate spectra and special starts, with the flow that a Taylor series has.

A spectrum repeats eigenvalues, nearly repeats them (relative gaps from 1e-16 to 1e-2) or has zeros; a start
is at or near ±w*, tiny, far, at or near a saddle, or 0, as a whole or eigenspace by eigenspace.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, ctx

from oracles.taylor import GUARD_DIGITS, taylor_states

KEYS = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse")
DIGITS = 60
SIZES = (1, 2, 3, 4)
EARLY = 1e-7  # of the time: within the first step, next to its start


@dataclass(frozen=True)
class Degenerate:
    """A problem with ``spectrum`` and ``start`` of these kinds, and ``times`` to look at."""

    eigenvalues: list[float]
    teacher: list[float]
    init: list[float]
    times: list[float]
    spectrum: str
    start: str


SPECTRA = ("repeated", "near", "zeros", "mixed", "isotropic")
STARTS = ("at", "near", "pieces", "far", "tiny", "saddle", "near saddle", "parallel", "0")


def degenerate(seed: int) -> Degenerate:
    """The problem number ``seed``."""
    rng = np.random.default_rng(seed)
    spectrum, start = rng.choice(SPECTRA), rng.choice(STARTS)
    levels, rates = _spectrum(rng, spectrum)
    while True:
        teacher = rng.standard_normal(len(rates)) * 10.0 ** (rng.uniform(-2, 1) * (rng.random() < 0.3))
        teacher[rng.random(len(rates)) < 0.15] = 0.0
        if rates @ teacher**2 > 0:
            break
    init = _start(rng, start, levels, rates, teacher)
    energy = float(rates @ teacher**2)
    reach = max(energy, float(rates @ init**2))
    span = rng.choice([0.3, 1.0, 2.5]) if start != "tiny" else 8.0
    until = float(span / (rates.max() * energy))
    return Degenerate(
        rates.tolist(),
        teacher.tolist(),
        init.tolist(),
        [0.0, EARLY * until, until * min(0.4, energy / reach), until],
        spectrum,
        start,
    )


def _spectrum(rng: np.random.Generator, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """The level that each mode belongs to, and its eigenvalue."""
    count = 1 if kind == "isotropic" else int(rng.integers(1, 4))
    sizes = rng.choice(SIZES, count)
    levels = np.repeat(np.arange(count), sizes)
    scale = 10.0 ** rng.uniform(-3, 3) if rng.random() < 0.2 else 1.0
    rates = (scale * 10.0 ** -rng.uniform(0, 1.5, count))[levels]
    if kind in ("near", "mixed"):
        gap = 10.0 ** -rng.uniform(2, 16)
        rates = rates * (1.0 + gap * rng.standard_normal(len(rates)) * (rng.random(len(rates)) < 0.8))
    if kind in ("zeros", "mixed"):
        zeros = int(rng.integers(1, 4))
        levels, rates = np.append(levels, np.full(zeros, count)), np.append(rates, np.zeros(zeros))
    return levels, rates


def _start(
    rng: np.random.Generator, kind: str, levels: np.ndarray, rates: np.ndarray, teacher: np.ndarray
) -> np.ndarray:
    """w(0) of a ``kind``."""
    noise, sign = rng.standard_normal(len(rates)), rng.choice([-1.0, 1.0])
    if kind == "at":
        return sign * teacher
    if kind == "near":
        return sign * teacher + 10.0 ** -rng.uniform(1, 17) * noise
    if kind == "parallel":
        return (
            teacher * rng.choice([-2.0, -0.5, 0.5, 0.1, 0.3, 3.0]) * (1 + 10.0 ** -rng.uniform(3, 16) * noise)
        )
    if kind == "tiny":
        return 10.0 ** -rng.uniform(5, 30) * noise
    if kind == "far":
        return noise * rng.choice([0.3, 1.0, 5.0]) * np.linalg.norm(teacher) / np.sqrt(len(teacher))
    if kind == "0":
        return noise * (rates == 0)
    if kind == "pieces":
        sizes = np.where(
            rng.random(levels.max() + 1) < 0.5, 10.0 ** -rng.uniform(2, 15, levels.max() + 1), 1.0
        )
        return sign * teacher + sizes[levels] * noise
    across = _across(levels, teacher, noise)
    return across if kind == "saddle" else across + 10.0 ** -rng.uniform(4, 17) * noise


def _across(levels: np.ndarray, teacher: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """A start whose overlap with the teacher vanishes exactly in each level: pairs (−b, a) beside (a, b)."""
    start = np.where(teacher == 0.0, noise, 0.0)
    for level in range(levels.max() + 1):
        members = np.flatnonzero(levels == level)
        for first, second in zip(members[::2], members[1::2], strict=False):
            start[first], start[second] = -teacher[second], teacher[first]
    return start


def reference(case: Degenerate, digits: int = DIGITS) -> dict[str, list[tuple[float, float, float]]]:
    """Of each quantity at each time the value, a sum of two floats, and the size that errors are relative to.

    Where u changes sign that is what the eigenspaces contribute to it, each counted positive; likewise to
    1 − |u|/s* and 1 − s/s* once the loss is below 8/3 s*², its least at u = 0. Before, u and s pass ±s* by
    chance, and it is 1.
    """
    found: dict[str, list[tuple[float, float, float]]] = {key: [] for key in KEYS}
    states = taylor_states(case.eigenvalues, case.teacher, case.init, case.times, digits)
    with ctx.workdps(digits + GUARD_DIGITS):
        rates, star = ([arb(x) for x in xs] for xs in (case.eigenvalues, case.teacher))
        for state in states:
            for key, (value, size) in _report(rates, star, state).items():
                high = float(value.mid())
                found[key].append((high, float((value - high).mid()), float(abs(size).mid())))
    return found


def _report(rates: list[arb], star: list[arb], w: list[arb]) -> dict[str, tuple[arb, arb]]:
    modes = list(zip(rates, star, w, strict=True))
    energy = sum((r * y * y for r, y, _ in modes), arb())
    s, u = sum((r * x * x for r, _, x in modes), arb()), sum((r * x * y for r, y, x in modes), arb())
    sign = 1 if u >= 0 else -1
    own, overlaps, deviations = arb(), {}, {}
    for r, y, x in modes:
        deviation = x - sign * y
        own += r * deviation**2
        key = float(r.mid())
        overlaps[key] = overlaps.get(key, arb()) + r * x * y
        deviations[key] = deviations.get(key, arb()) + r * deviation * y
    terms = sum(map(abs, overlaps.values()), arb())
    away = sum(map(abs, deviations.values()), arb()) / energy
    mse = min(sum(((x - e * y) ** 2 for _, y, x in modes), arb()).mid() for e in (1, -1))
    loss = 3 * s * s + 3 * energy * energy - 4 * u * u - 2 * s * energy
    if loss >= 8 * energy**2 / 3:
        away = away + 1
    return {
        "u": (u, terms),
        "s": (s, s),
        "one_minus_u": (1 - abs(u) / energy, away),
        "one_minus_s": (1 - s / energy, 2 * away + own / energy),
        "loss": (loss, loss),
        "mse": (mse / len(w), mse / len(w)),
    }
