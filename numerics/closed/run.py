"""Every closure of :mod:`theory.symbolic.closures`, integrated from a problem's start.

Statistics by SciPy's DOP853, as a closure may make them stiff nowhere and blow up anywhere; modes by
:func:`numerics.solve`, since they are a problem of their own; integral equations by collocation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.arrays import Array
from numerics.closed.volterra import solve_system
from numerics.pairs.overlaps import split
from numerics.problems.problem import Problem
from numerics.shown.cards import Rows, Summarised
from numerics.solver.flow import solve
from numerics.state.trajectory import Trajectory
from theory.expected import Count, Positive, checked

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from theory.symbolic import Model
    from theory.symbolic.closures import ModeSystem, MomentSystem, VolterraSystem
    from theory.symbolic.measure import SpectralMeasure

DRAWN = 400
NODES, MORE_NODES = 40, 56
"""Of the integral equations: those of the run, and of the one that its error is taken from."""


@dataclass(frozen=True, eq=False, repr=False)
class ClosedRun(Summarised):
    """A closed ``system`` solved from a ``problem``'s start up to ``until``; evaluate it with :meth:`at`.

    It blows up at ``ended``, where that is before ``until``: from there on all is nan. ``error`` is the
    largest one of the integration, of the overlaps in units of the teacher's energy: it says nothing of the
    closure. For that compare with the flow, :meth:`plot` and :meth:`exact`.
    """

    system: Any
    problem: Problem
    until: float
    ended: float
    error: float
    evaluate: Callable[[Array], Array]

    @property
    def times(self) -> Array:
        """400 times from before the fastest mode moves to ``until``, in equal ratios."""
        fastest = float(self.problem.eigenvalues.max()) * self.problem.teacher_energy
        return np.geomspace(min(0.01 / fastest, 0.01 * self.until), self.until, DRAWN)

    def at(self, times: Array | Sequence[float] | float | None = None) -> "Closed":
        """S, U and the loss at ``times`` in [0, ``until``], or at one time; by default at :attr:`times`.

        Raises ValueError for a time outside.
        """
        t = self.times if times is None else np.asarray(times, dtype=float)
        if not np.all((t >= 0) & (t <= self.until)):
            raise ValueError(f"times must be numbers in [0, {self.until:g}]")
        flat = np.atleast_1d(t)
        x = np.where(flat <= self.ended, self.evaluate(np.minimum(flat, self.ended)), np.nan)
        S, U = split(x, len(self.problem.students), len(self.problem.teachers))
        loss = self._loss(x)
        if not t.ndim:
            return Closed(t, S[..., 0], U[..., 0], loss[0])
        return Closed(t, S, U, loss)

    @cached_property
    def exact(self) -> Trajectory:
        """The flow of the problem without a closure."""
        return solve(self.problem, self.until, self._model)

    def facts(self) -> Rows:
        """What was solved, in a few lines."""
        yield "closed system", type(self.system).__name__
        yield "until t", self.until
        if self.ended < self.until:
            yield "blows up at t", self.ended
        yield "error of the integration", f"{self.error:.1e}"

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """|u| and s of the closed system, dashed, beside those of the exact flow; of networks the loss."""
        from numerics.shown.figures import Curve, Panel
        from numerics.shown.plots import draw_on

        t, single = self.times, len(self.problem.students) == len(self.problem.teachers) == 1
        found, right = self.at(t), self.exact.overlaps(t)
        pairs = [("loss", right.loss, found.loss)]
        if single:
            pairs = [("$|u|$", right.U[0, 0], found.U[0, 0]), ("$s$", right.S[0, 0], found.S[0, 0])]
        curves = []
        for number, (name, flow, closed) in enumerate(pairs):
            colour = {"color": f"C{number}"}
            curves.append(Curve(name, t, np.abs(flow), colour))
            curves.append(Curve(f"{name}, closed", t, np.abs(closed), {**colour, "linestyle": "--"}))
        most = 3.0 * max(float(np.abs(flow).max()) for _, flow, _ in pairs)
        least = 0.3 * min(float(np.abs(flow).min()) for _, flow, _ in pairs)
        limits = (float(t[0]), float(t[-1])), (least, most)
        return draw_on([Panel(curves, "time $t$", "", limits=limits)], ax, "", {})

    @property
    def _model(self) -> "Model":
        return self.system.hierarchy.gradient_model

    def _loss(self, x: Array) -> Array:
        import sympy

        model, teachers = self._model, self.problem.teachers
        energy = (self.problem.eigenvalues * teachers) @ teachers.T
        loss = sympy.lambdify([model.overlaps.statistics, tuple(model.overlaps.T)], model.loss, "numpy")
        with np.errstate(all="ignore"):
            found: Array = loss(x, energy.ravel()) + np.zeros(x.shape[1])
        return found


@dataclass(frozen=True, eq=False)
class Closed:
    """``S`` (K, K, T) and ``U`` (K, M, T) of a closed system, and its ``loss``, at the times ``t`` (T,)."""

    t: Array
    S: Array
    U: Array
    loss: Array

    @property
    def s(self) -> Array:
        """s of a single student."""
        return self.S[0, 0]

    @property
    def u(self) -> Array:
        """u of a single student."""
        return self.U[0, 0]


@checked
def solve_closed(system: Any, problem: Problem, until: Positive, nodes: Count = NODES) -> ClosedRun:
    """Solve what a closure has made of a hierarchy, ``close(hierarchy(model), closure)``, up to ``until``.

    It starts where the ``problem`` does. A system of statistics may blow up; a system of modes is the flow of
    its own few modes; integral equations are solved with so many ``nodes``, on one window of time.

    Raises ValueError where the problem has not as many students and teachers as the model, TypeError for what
    is no closed system, and ArithmeticError where the window of integral equations is too long.

    >>> import sympy
    >>> from numerics import Problem
    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> from theory.symbolic.closures import Rule, close
    >>> problem = Problem([0.6, 0.3, 0.1], [1, -1, 1], [0.2, 0.1, 0.3])
    >>> s, u = sympy.symbols("s u", cls=sympy.Function)
    >>> rule = Rule(order=4, next_order=[s(4) ** 2 / s(3), 0.6 * u(4)])
    >>> run = solve_closed(close(hierarchy(phase_retrieval()), rule), problem, until=0.5)
    >>> abs(float(run.at(0.5).u / run.exact.at(0.5).u) - 1) < 0.1
    True
    """
    from theory.symbolic.closures import ModeSystem, MomentSystem, VolterraSystem

    if not isinstance(system, MomentSystem | ModeSystem | VolterraSystem):
        raise TypeError(
            f"system is a {type(system).__name__}: it must be a closed one, as of close(tower, closure)"
        )
    model = system.hierarchy.gradient_model
    sizes = len(problem.students), len(problem.teachers)
    if sizes != (model.students, model.teachers):
        raise ValueError(
            f"the problem has {sizes[0]} students and {sizes[1]} teachers, "
            f"the system's model {model.students} and {model.teachers}"
        )
    if isinstance(system, MomentSystem):
        return ClosedRun(system, problem, until, *_moments(system, problem, until))
    if isinstance(system, ModeSystem):
        return ClosedRun(system, problem, until, *_modes(system, until))
    return ClosedRun(system, problem, until, *_integrals(system, problem, until, nodes))


@checked
def spectral_measure(problem: Problem) -> "SpectralMeasure":
    """The measure that a ``problem`` starts from, exactly, for closures that ask for one.

    >>> from numerics import Problem
    >>> spectral_measure(Problem([0.5, 0.25], [1, 1], [0.125, 0])).eigenvalues
    (1/2, 1/4)
    """
    import sympy

    from theory.symbolic.measure import SpectralMeasure

    def exact(row: Array) -> list[sympy.Rational]:
        return [sympy.Rational(*float(value).as_integer_ratio()) for value in row]

    rows = [exact(row) for row in problem.students], [exact(row) for row in problem.teachers]
    return SpectralMeasure(exact(problem.eigenvalues), *rows)


Found = tuple[float, float, Callable[[Array], Array]]
"""When it ends, its error, and the statistics of order one (n, T) at times (T,)."""


def _moments(system: "MomentSystem", problem: Problem, until: float) -> Found:
    """The statistics of all orders, by DOP853, and a companion with larger tolerances."""
    velocity, start = _tower(system, problem)
    # statistics beyond this multiple of the teacher's energy, or of their start, count as blown up
    bound = 1e3 * max(problem.teacher_energy, float(np.abs(start).max()))
    # of the tolerances: those of the run beside, whose distance is the error that is stated
    (end, solution), (other_end, other) = (
        _integrated(velocity, start, until, bound, loose) for loose in (1.0, 100.0)
    )
    shape = start.shape

    def at(some: Callable[[Array], Array], times: Array) -> Array:
        first: Array = some(times).reshape(*shape, -1)[:, 0]
        return first

    seen = np.linspace(0.0, min(end, other_end), DRAWN)
    difference = np.abs(at(solution, seen) - at(other, seen)).max()
    return end, float(difference) / problem.teacher_energy, lambda times: at(solution, times)


def _tower(system: "MomentSystem", problem: Problem) -> tuple[Callable[[Array], Array], Array]:
    """The velocity of the statistics (n, order), and their start."""
    from theory.symbolic.closures import generate_system

    module = ModuleType("closed_system")
    exec(compile(generate_system(system), module.__name__, "exec"), module.__dict__)
    if callable(system.next_order):
        module.__dict__["next_order"] = _shaped(system.next_order, len(system.hierarchy.entries))
    orders = np.arange(1, system.order + 2)
    powers = problem.eigenvalues ** orders[:, None]
    rows = {"S": problem.students, "U": problem.students, "T": problem.teachers}
    columns = {"S": problem.students, "U": problem.teachers, "T": problem.teachers}
    start = np.stack(
        [
            powers[:-1] @ (rows[entry.name][entry.row] * columns[entry.name][entry.column])
            for entry in system.hierarchy.entries
        ]
    )
    teacher = np.einsum("ki,mi,ni->mnk", powers, problem.teachers, problem.teachers)
    closure = np.array(system.coefficients, dtype=float)
    return lambda x: module.right_hand_side(x, teacher, closure), start


def _shaped(rule: Callable[..., Any], count: int) -> Callable[[Array], Array]:
    """The ``rule``, which is to return one number for each of ``count`` entries."""

    def next_order(x: Array) -> Array:
        found = np.asarray(rule(x), dtype=float)
        if found.shape != (count,):
            raise ValueError(f"next_order returns the shape {found.shape}: it must be ({count},)")
        return found

    return next_order


def _integrated(
    velocity: Callable[[Array], Array], start: Array, until: float, bound: float, loose: float
) -> tuple[float, Callable[[Array], Array]]:
    """When the run ends, and its states at times up to there."""
    from scipy.integrate import solve_ivp

    def blown_up(_: float, state: Array) -> float:
        return bound - float(np.abs(np.nan_to_num(state, nan=np.inf, posinf=np.inf, neginf=np.inf)).max())

    blown_up.terminal = True  # type: ignore[attr-defined]
    with np.errstate(all="ignore"):
        run = solve_ivp(
            lambda _, y: velocity(y.reshape(start.shape)).ravel(),
            (0.0, until),
            start.ravel(),
            "DOP853",
            dense_output=True,
            events=blown_up,
            rtol=loose * 1e-12,
            atol=loose * 1e-15,
        )
    return float(run.t[-1]), run.sol


def _modes(system: "ModeSystem", until: float) -> Found:
    """The flow of the system's own modes."""
    eigenvalues, students, teachers = (
        np.array(values, dtype=float) for values in (system.eigenvalues, system.students, system.teachers)
    )
    teacher, init = (rows[0] if len(rows) == 1 else rows for rows in (teachers, students))
    own = Problem(eigenvalues, teacher, init)
    run = solve(own, until, system.hierarchy.gradient_model)

    def evaluate(times: Array) -> Array:
        found = run.overlaps(times)
        upper = np.triu_indices(len(students))
        return np.concatenate([found.S[upper], found.U.reshape(-1, len(times))])

    return until, run.error, evaluate


def _integrals(system: "VolterraSystem", problem: Problem, until: float, nodes: int) -> Found:
    """s and u by collocation, and once more with more nodes."""
    from numpy.polynomial import legendre

    def polynomials(count: int) -> Array:
        t, s, u, _ = solve_system(system, spectral_measure(problem), until, count)
        places = 2.0 * t / until - 1.0
        return np.linalg.solve(legendre.legvander(places, count - 1), np.stack([s, u], axis=1))

    def evaluate(coefficients: Array, times: Array) -> Array:
        found: Array = legendre.legval(2.0 * times / until - 1.0, coefficients)
        return found

    own, other = polynomials(nodes), polynomials(nodes * MORE_NODES // NODES)
    seen = np.linspace(0.0, until, DRAWN)
    error = np.abs(evaluate(own, seen) - evaluate(other, seen)).max() / problem.teacher_energy
    return until, float(error), lambda times: evaluate(own, times)
