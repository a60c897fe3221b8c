"""Every stage beside its peer and beside its floor, as ratios of processor times: ``make bench``.

The floor is what the stage cannot do without, in plain NumPy: a pass over its data, its draws, the products
of matrices that its steps are made of. Ratios hardly depend on the machine, unlike times; each is the median
of those of ROUNDS, in which both take turns.
"""

import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from mpmath import mp
from scipy.integrate import DOP853

from numerics import Problem, online_sgd, power_law, reduce, solve
from numerics.pairs import right_hand_sides
from theory.asymptotics import PowerLaw, escape_rate
from theory.symbolic import phase_retrieval
from theory.symbolic.codegen import generate_module
from theory.symbolic.models import quadratic_network

sys.path.insert(0, str(Path(__file__).parents[1]))
from oracles import peers

ROUNDS = 5
PRODUCTS = 5
"""Of matrices of the stages and the modes, in a step of the solver."""

Call = Callable[[], object]


class Stage(NamedTuple):
    """A stage, ``ours``, and what it is measured by: a named ``peer`` and a named ``floor``."""

    name: str
    ours: Call
    peer: tuple[str, Call] | None
    floor: tuple[str, Call] | None


def seconds(call: Call) -> float:
    """Processor time of one call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def ratio(ours: Call, other: Call, rounds: int = ROUNDS) -> float:
    """The time of ``ours`` over that of the ``other``: the median over rounds, after one to warm up."""
    ours(), other()
    return median(seconds(ours) / max(seconds(other), 1e-9) for _ in range(rounds))


def repeated(call: Call, times: int) -> Call:
    """Several calls in one."""
    return lambda: [call() for _ in range(times)]


def solving(dimension: int = 1000) -> Stage:
    """One flow with drawn teacher, its reduction included, at 400 times."""
    problem, times = (
        power_law(2, dimension, "gaussian", seed=3),
        np.geomspace(1e-3, float(dimension) ** 2, 400),
    )
    run = solve(problem, times[-1])
    rng = np.random.default_rng(0)
    left, modes = rng.standard_normal((21, 21)), rng.standard_normal((21, len(run.problem.eigenvalues)))

    def products() -> None:
        for _ in range(PRODUCTS * run.steps):
            left @ modes
        np.exp(-np.outer(times[:21], problem.eigenvalues))

    peer = "SciPy BDF, Woodbury", lambda: peers.scipy_woodbury(problem, times)
    return Stage(
        f"solve, d = {dimension:g}", lambda: solve(problem, times[-1]).at(times), peer, ("products", products)
    )


def ending() -> Stage:
    """Long after the exponential end, beside the run up to it."""
    problem = power_law(2, 100, init="escape:1e-3")
    shorter = "its algebraic part", lambda: solve(problem, 1e4)
    return Stage("solve, d = 100, to 1e9", lambda: solve(problem, 1e9), None, shorter)


def reduction() -> Stage:
    """A drawn problem of 1e5 modes."""
    problem = power_law(2, 10**5, "gaussian", seed=3)
    rows = np.stack([problem.teacher, problem.init])

    def moments() -> None:
        for _ in range(20):
            rows * problem.eigenvalues @ rows.T

    return Stage("reduce, d = 1e5", lambda: reduce(problem, 1e10), None, ("20 passes", moments))


def output() -> Stage:
    """A hundred thousand times."""
    run, times = solve(power_law(2, 1000, init="escape:1e-3"), 1e6), np.geomspace(1e-3, 1e6, 10**5)
    values, basis = np.ones((6, 21)), np.ones((21, len(times)))
    return Stage("output, 1e5 times", lambda: run.at(times), None, ("one product", lambda: values @ basis))


def constant() -> Stage:
    """The escape rate at 200 digits, at an exponent of its own each time."""
    exponents = (f"2.{number:06d}" for number in count(1))

    def zetas() -> None:
        with mp.workdps(220):
            mp.zeta(mp.mpf(next(exponents)))

    return Stage(
        "escape rate, 200 digits",
        lambda: escape_rate(PowerLaw(next(exponents), "inf"), 200),
        None,
        ("one zeta", zetas),
    )


def sgd() -> Stage:
    """One run at batch 1, d = 100, beside its plain loop."""
    problem, steps = power_law(1.5, 100, "gaussian", seed=1), 5000

    def plain() -> None:
        rng, roots = np.random.default_rng(0), np.sqrt(problem.eigenvalues)
        weights = problem.init.copy()
        for _ in range(steps):
            x = roots * rng.standard_normal(100)
            student, teacher = x @ weights, x @ problem.teacher
            weights -= 4e-3 * (student**2 - teacher**2) * student * x

    def draws() -> None:
        np.random.default_rng(0).standard_normal((steps, 100))

    ours = lambda: online_sgd(problem, 1e-3, steps)  # noqa: E731
    return Stage("SGD, 5000 steps of batch 1", ours, ("plain NumPy", plain), ("draws", draws))


def network() -> Stage:
    """Two students and two teachers, beside an explicit method on all modes."""
    rng, model = np.random.default_rng(2), quadratic_network(2, 2)
    rates = np.arange(1, 101.0) ** -2
    problem = Problem(rates / rates.sum(), rng.standard_normal((2, 100)), 0.3 * rng.standard_normal((2, 100)))
    rules, until = right_hand_sides(model), 100.0
    energy = problem.teachers * problem.eigenvalues @ problem.teachers.T

    def velocity(_: float, flat: np.ndarray) -> np.ndarray:
        students = flat.reshape(2, 100)
        weighted = students * problem.eigenvalues
        own, cross = weighted @ students.T, weighted @ problem.teachers.T
        gain, force = rules.drift(np.concatenate([own[np.triu_indices(2)], cross.ravel()]), energy)
        return ((gain @ students + force @ problem.teachers) * problem.eigenvalues).ravel()

    def explicit() -> None:
        solver = DOP853(velocity, 0.0, problem.init.ravel(), until, rtol=1e-10, atol=1e-12)
        while solver.status == "running":
            solver.step()

    peer = "SciPy DOP853, 1e-10", explicit
    return Stage("network 2×2, d = 100, to 100", lambda: solve(problem, until, rules), peer, None)


def generation() -> Stage:
    """The module of phase retrieval, beside its derivation."""
    return Stage(
        "generate", lambda: generate_module(phase_retrieval()), None, ("to build the model", phase_retrieval)
    )


STAGES = reduction, solving, ending, output, constant, sgd, network, generation


def row(stage: Stage) -> str:
    """A line of the table."""
    cells = [
        f"{ratio(stage.ours, other[1]):.2g} × {other[0]}" if other else ""
        for other in (stage.peer, stage.floor)
    ]
    own = median(seconds(stage.ours) for _ in range(ROUNDS))
    return f"| {stage.name} | {1e3 * own:.3g} ms | {' | '.join(cells)} |"


def table() -> str:
    """All stages, in Markdown."""
    return "\n".join(
        ["| stage | ours | × peer | × floor |", "|---|---|---|---|", *(row(s()) for s in STAGES)]
    )


if __name__ == "__main__":
    from network_table import table as networks

    print(table(), "", *networks(), sep="\n")
