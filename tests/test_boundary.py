"""The Python boundary: what is not allowed is refused in one clear sentence, and no text runs as code."""

import math

import numpy as np
import pytest
import sympy

import numerics
from numerics import Problem, load, plot, power_law, save, solve, solve_many
from numerics.descent import checkpoint
from numerics.descent.samples import Samples
from theory.asymptotics import PowerLaw, constants, escape_rate
from theory.symbolic import (
    IndependentModel,
    Z,
    expectation,
    gradient,
    linearise_along,
    parse_link,
    phase_retrieval,
    student_radial_moments,
)
from theory.symbolic.hierarchy import Statistic
from theory.symbolic.independent import PowerSum

PROBLEM = Problem([0.6, 0.3, 0.1], [1.0, -1.0, 1.0], [0.2, 0.1, 0.3])


class Ran(BaseException):
    """A text was run as code."""


@pytest.fixture
def code(monkeypatch):
    """A text that tells when it is evaluated."""

    def run(*_):
        raise Ran

    monkeypatch.setattr(sympy, "ran", run, raising=False)
    return "__import__('sympy').ran()"


@pytest.mark.parametrize(
    "call",
    [
        lambda text: linearise_along(phase_retrieval(), text),
        lambda text: student_radial_moments(text, 2),
        lambda text: PowerSum((2, 0), text),
        lambda text: PowerSum((2, 0), 1, text),
        lambda text: Statistic("S", 0, 0, text),
        lambda text: expectation(text, [sympy.Symbol("x")], sympy.eye(1)),
    ],
)
def test_no_text_runs_as_code(call, code):
    with pytest.raises(TypeError, match="must be a number or a SymPy expression"):
        call(code)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: constants(PowerLaw(2, "inf"), 5, ["escape"]), "is no constant"),
        (lambda: escape_rate(PowerLaw(2, "inf"), 0), "digits is 0: it must be a positive integer"),
        (lambda: solve_many([PROBLEM], 1.0, workers=-1), "workers is -1: it must be a positive integer"),
        (lambda: solve(PROBLEM, 1.0, math), "it must be a generated module"),
        (lambda: save(solve(PROBLEM, 1.0), "run.nc"), "not a Trajectory"),
        (lambda: plot(solve(PROBLEM, 1.0)), "not a Trajectory"),
        (lambda: solve(PROBLEM, 1.0).at("noon"), "must be a number or a list"),
        (lambda: solve(PROBLEM, 1.0).at([[0.0]]), "must be a number or a list"),
        (lambda: solve(PROBLEM, 1.0).at([1.1]), r"in \[0, 1\]"),
    ],
)
def test_what_is_wrong_is_said(call, said):
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: constants(PowerLaw(2, "inf"), 5, "escape_rate"),
            "'escape_rate': it must be a list",
        ),
        (lambda: constants(PowerLaw(2, "inf"), True), "digits is True: it must be a positive integer"),
        (lambda: power_law(2, "1000"), "dimension is '1000': it must be a number"),
        (lambda: power_law([2], 1000), "exponent is"),
        (lambda: solve_many(PROBLEM, 10), "it must be a list"),
        (lambda: parse_link(Z**2), r"text is z\*\*2: it must be a text"),
        (lambda: gradient(IndependentModel(phase_retrieval(), (0, 1))), "it must be a Model"),
        (lambda: solve(5, 1.0), "problem is 5: it must be a Problem"),
        (lambda: solve_many([PROBLEM, 5], 1.0), r"problems\[1\] is 5: it must be a Problem"),
        (lambda: numerics.online_sgd("problem", 1e-3, 10), "problem is 'problem': it must be a Problem"),
        (lambda: solve(PROBLEM, "a"), "until is 'a'"),
        (lambda: solve(PROBLEM, None), "until is None"),
        (lambda: numerics.online_sgd(PROBLEM, "a", 10), "step_size is 'a'"),
        (lambda: numerics.descend(PROBLEM, 0.1, "a"), "steps is 'a'"),
    ],
)
def test_wrong_types_are_named(call, said):
    with pytest.raises(TypeError, match=said):
        call()


@pytest.mark.parametrize("until", [0.3, 1.0, 7.3, 1e5])
def test_a_grid_may_end_one_rounding_late(until):
    """geomspace ends where it is told, its neighbours by powers do not: 10**log10(7.3) is above 7.3."""
    run = solve(PROBLEM, until)
    late = np.nextafter(until, np.inf)
    assert run.at([late]).u[0] == run.at([until]).u[0]


def test_one_time_gives_numbers():
    run = solve(PROBLEM, 2.0)
    assert run.at(1.5).u.shape == ()
    assert run.at(1.5).u == run.at([1.5]).u[0]
    assert run.overlaps(1.5).S.shape == run.overlaps([1.5]).S.shape[1:]


def test_inputs_that_were_not_rotated_are_refused():
    rng = np.random.default_rng(0)
    turned = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    inputs = rng.standard_normal((5000, 3)) * np.sqrt(PROBLEM.eigenvalues)
    labels = (inputs @ PROBLEM.teacher) ** 2
    assert Samples(PROBLEM, inputs, labels).loss(PROBLEM.teacher) == 0
    with pytest.raises(ValueError, match="not in the eigenbasis"):
        Samples(PROBLEM, inputs @ turned, labels)
    with pytest.raises(ValueError, match=r"must be \(n, 3\)"):
        Samples(PROBLEM, inputs[:, :2], labels)
    with pytest.raises(ValueError, match="finite"):
        Samples(PROBLEM, np.where(inputs > 1.0, np.nan, inputs), labels)


@pytest.fixture
def kept(tmp_path):
    """A checkpoint, and the call that goes on from it."""
    path = tmp_path / "run.npz"

    def go_on():
        return numerics.online_sgd(PROBLEM, 1e-3, 200, seeds=[1, 2], checkpoint=path)

    go_on()
    with np.load(path) as content:
        return path, dict(content), go_on


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda state: state.pop("rows"), "rows is missing"),
        (lambda state: state.update(rows=state["rows"][:-1]), "rows is float64 of shape"),
        (lambda state: state.update(deviation=state["deviation"].astype(int)), "deviation is int64"),
        (lambda state: state["rows"].__setitem__(slice(None), np.nan), "those of no run"),
        (lambda state: state.update(done=np.array(10**9)), "those of no run"),
    ],
)
def test_crafted_checkpoints_are_refused(kept, spoil, said):
    path, state, go_on = kept
    spoil(state)
    run = str(state.pop("run"))
    checkpoint.save(path, run, state)
    with pytest.raises(ValueError, match=said):
        go_on()


def test_a_file_of_results_is_no_checkpoint(tmp_path):
    path = tmp_path / "run.json"
    save(solve(PROBLEM, 1.0).dataset([0.5]), path)
    assert load(path)
    with pytest.raises(ValueError, match="is not a checkpoint"):
        checkpoint.load(path, "run", {})
