"""Pictures of what the statistics cannot do after the escape (Lem 11, Lem 12, C.10)."""

from functools import cache

import numpy as np
import sympy

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import over, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_least, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from derivations.trials.independent_flow import loss, velocity
from derivations.trials.states import form
from numerics import Problem, Trajectory, solve
from numerics.arrays import Array

SPECTRUM, TEACHER = np.array([0.8, 0.2]), np.ones(2)
RATES = r"\lambda"


@picture("Lem11")
def energy_barrier(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, times = np.array([0.98, 0.02]), np.linspace(0, 5, 26)
    first = 0.1
    student = np.array([first, np.sqrt((1 - 0.98 * first**2) / 0.02)])
    run = solve(Problem(eigenvalues, TEACHER, student), 5.0)
    start, begun = float(run.at([0.0]).loss[0]), named("L(t_0)")
    return Picture(
        "$s(t)$",
        run.at(times).s,
        at_most("1", np.ones_like(times)),
        at_most(
            Law(plus(1, sympy.sqrt(over(begun, 3))), {begun: start}),
            np.full_like(times, 1 + np.sqrt(start / float(ours["a"]))),
        ),
        "the solver, two modes",
        1e-9,
        "The energy from a state with s = 1 and 0 < u < 1: it rises above 1.",
        times,
        "time since $t_0$",
    )


@picture("Lem11/strict")
def overlap_stays_below_one(printed: Constants, ours: Constants) -> Picture:
    times = np.linspace(0.7, 2.9, 19)
    student = np.array([0.5, 2.0])
    seen = solve(Problem(SPECTRUM, TEACHER, student), 3.0).at(times)
    return Picture(
        "$u(t)$",
        seen.u,
        at_most("1", np.ones_like(times)),
        at_most(
            Law(sympy.sqrt(plus(1, sympy.sqrt(over(sym.L, 3)))), {sym.L: seen.loss}),
            np.sqrt(1 + np.sqrt(seen.loss / float(ours["a"]))),
        ),
        f"the solver, {given({'w(t_0)': student, RATES: SPECTRUM})}",
        1e-9,
        "The overlap from a state with s = 1 and u = 4/5: it passes 1 at a finite time.",
        times,
        "time since $t_0$",
    )


@cache
def _turning() -> tuple[Array, list[Trajectory], Array]:
    """Slow weights, the runs from starts with 0 < u < 1 and 1/3 < s < 1, and their losses."""
    slow = np.linspace(-1.7, 0.0, 18)
    students = np.stack([0.41 + (slow + 1.7) * 0.34, slow], axis=1)
    runs = [solve(Problem(SPECTRUM, TEACHER, student), 20.0) for student in students]
    return slow, runs, loss(SPECTRUM, TEACHER, students)


@picture("Lem11/overlap")
def overlap_stays_positive(printed: Constants, ours: Constants) -> Picture:
    slow, runs, losses = _turning()
    least = [float(run.at(np.linspace(0, 20, 401)).u.min()) for run in runs]
    return Picture(
        "least $u(t)$",
        np.array(least),
        at_least("0", np.zeros_like(slow)),
        at_least(
            f"0 where $L(t_0) < {Law.printed(ours['a'])}$", np.where(losses < float(ours["a"]), 0.0, np.nan)
        ),
        "the solver, two modes",
        1e-9,
        "The least overlap of runs from 0 < u < 1 and s < 1: some change its sign.",
        slow,
        "slow weight $w_2(t_0)$",
    )


@picture("C.10/i")
def deficit_bounds(printed: Constants, ours: Constants) -> Picture:
    slow, runs, losses = _turning()
    largest = [1 - float(run.at(np.linspace(0, 20, 401)).u.min()) for run in runs]
    return Picture(
        r"largest $\Delta(t)$",
        np.array(largest),
        at_most("1", np.ones_like(slow)),
        at_most(
            f"1 where $L < {Law.printed(ours['a'])}$, as $u$ keeps its sign",
            np.where(losses < float(ours["a"]), 1.0, np.nan),
        ),
        "the solver, two modes",
        1e-9,
        "The largest deficit of runs from 0 < u < 1 and 1/3 < s < 1: in some u changes its sign.",
        slow,
        "slow weight $w_2(t_0)$",
    )


@picture("Lem12")
def limits(printed: Constants, ours: Constants) -> Picture:
    slow, runs, losses = _turning()
    return Picture(
        r"$u$ as $t \to \infty$",
        np.array([float(run.at([20.0]).u[0]) for run in runs]),
        Said("1", np.ones_like(slow)),
        Said(
            f"1 where $L < {Law.printed(ours['a'])}$ and $u$ positive",
            np.where(losses < float(ours["a"]), 1.0, np.nan),
        ),
        "the solver, two modes",
        1e-6,
        "Where runs from 0 < u < 1 and 1/3 < s < 1 end: some at the teacher's negative.",
        slow,
        "slow weight $w_2(t_0)$",
    )


@picture("Lem11/C.22")
def drift_above_one(printed: Constants, ours: Constants) -> Picture:
    angles = np.linspace(0, np.pi / 2, 19)
    student = np.stack([np.cos(angles), np.sin(angles)], axis=1) / np.sqrt(SPECTRUM)
    overlap = form(SPECTRUM, student, TEACHER)
    second, mixed = form(SPECTRUM, student, student, 2), form(SPECTRUM, student, TEACHER, 2)
    across = second - overlap * mixed
    slowest, energies, overlaps = named(r"\lambda_{min}", "s^{(2)}", "u^{(2)}")
    names = {sym.s: 1, sym.u: overlap, slowest: SPECTRUM.min(), energies: second, overlaps: mixed}
    return Picture(
        r"$\dot s$ where $s = s_*$",
        2 * form(SPECTRUM, student, velocity(SPECTRUM, TEACHER, student)),
        at_most(
            Law(product(-16, slowest, plus(sym.s, -(sym.u**2))), names),
            -16 * SPECTRUM.min() * (1 - overlap**2),
        ),
        Said(Law(product(-16, plus(energies, -product(sym.u, overlaps))), names), -float(ours["a"]) * across),
        f"loss by complex steps, {given({RATES: SPECTRUM})}",
        1e-9,
        "The rate of the energy at all states of two modes with s = 1 and positive weights: it may rise.",
        angles / np.pi,
        r"direction of $\sqrt{Q}w$, in units of $\pi$",
    )
