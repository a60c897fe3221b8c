"""Every result draws itself: the right curves, with the right numbers."""

import numpy as np
import pytest

from numerics import Problem, descend, online_sgd, power_law, solve
from numerics.shown.labelled import plot, sweep

PROBLEM = power_law(2, 30, "gaussian", seed=3)


def lines(figure):
    return [{line.get_label(): line for line in axes.get_lines()} for axes in figure.axes]


def test_a_trajectory_draws_its_phases():
    run = solve(PROBLEM, 1e4)
    (curves,) = lines(run.plot())
    assert {"MSE", "$|u|$", "$s$"} <= set(curves)
    times = curves["MSE"].get_xdata()
    np.testing.assert_array_equal(curves["$|u|$"].get_ydata(), np.abs(run.at(times).u))
    marks = {line.get_xdata()[0] for line in curves.values() if len(line.get_xdata()) == 2}
    assert marks <= set(run.phases())


def test_the_panel_of_a_trajectory_has_room_for_its_curves():
    """Up to twice the highest value, and all of the time."""
    figure = solve(PROBLEM, 1e4).plot()
    (curves,) = lines(figure)
    drawn = [curves[name] for name in ("MSE", "$|u|$", "$s$")]
    highest = max(curve.get_ydata().max() for curve in drawn)
    assert highest < figure.axes[0].get_ylim()[1] < 2 * highest
    assert figure.axes[0].get_xlim() == (drawn[0].get_xdata()[0], drawn[0].get_xdata()[-1])


def test_phases_that_do_not_occur_are_not_drawn():
    short = solve(power_law(2, np.inf, init="escape:1e-2"), 0.3)
    (curves,) = lines(short.plot())
    assert all(len(line.get_xdata()) > 2 for line in curves.values())
    assert "MSE" not in curves


def test_descent_draws_its_curves_from_the_first_step_on():
    run = descend(PROBLEM, 1e-2, 300, points=20)
    (curves,) = lines(run.plot())
    np.testing.assert_array_equal(curves["$s$"].get_xdata(), run.t[1:])
    np.testing.assert_array_equal(curves["$s$"].get_ydata(), run.s[1:])


def test_seeds_make_a_band():
    runs = online_sgd(PROBLEM, 1e-3, 300, seeds=(1, 2, 3), points=10)
    figure = runs.plot()
    (curves,) = lines(figure)
    np.testing.assert_array_equal(curves["MSE"].get_ydata(), np.median(runs.mse, axis=0)[1:])
    bands = figure.axes[0].collections
    assert len(bands) == 3
    assert max(band.zorder for band in bands) < min(line.zorder for line in curves.values())


def test_a_sweep_has_a_panel_for_each_value():
    times = np.geomspace(0.1, 10.0, 9)
    both = sweep([solve(power_law(a, 30), 10.0).dataset(times) for a in (1.5, 2.0)], exponent=[1.5, 2.0])
    figure = plot(both)
    assert [axes.get_title() for axes in figure.axes] == ["exponent = 1.5", "exponent = 2.0"]


def test_without_an_error_there_is_no_curve_of_it():
    run = solve(power_law(2, np.inf, init="escape:1e-2"), 10.0)
    (curves,) = lines(plot(run.dataset([1.0, 5.0, 10.0])))
    assert set(curves) == {"$|u|$", "$s$"}


def test_a_problem_draws_its_masses():
    problem = Problem([0.5, 0.25, 0.0], [1.0, 2.0, 5.0], [0.5, 0.0, 1.0])
    (curves,) = lines(problem.plot())
    teacher = next(line for label, line in curves.items() if label.startswith("teacher"))
    assert teacher.get_xdata().tolist() == [0.5, 0.25]
    assert teacher.get_ydata().tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("labelled", "message"),
    [
        (lambda run: run.drop_vars("s"), "s is missing"),
        (lambda run: run.expand_dims(a=2, b=2), "choose from all but one"),
        (lambda run: run.expand_dims(a=range(50)), "at most 12"),
    ],
)
def test_what_cannot_be_drawn(labelled, message):
    with pytest.raises(ValueError, match=message):
        plot(labelled(solve(PROBLEM, 1.0).dataset([0.5, 1.0])))


def test_masses_need_a_teacher_and_a_start():
    with pytest.raises(
        ValueError, match="teacher is missing: nothing to draw without eigenvalues, teacher, init"
    ):
        plot(PROBLEM.dataset().drop_vars("teacher"))
