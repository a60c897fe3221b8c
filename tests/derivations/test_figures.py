"""The paper's figures: their data against independent routes, and the files that hold them."""

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from commandline import run
from scipy.integrate import solve_ivp

from derivations.experiments.figures import FIGURES, paper_figure
from derivations.experiments.figures.convergence import predicted
from derivations.experiments.figures.escape import growth
from derivations.experiments.figures.sgd_error import comparable
from derivations.tail.frozen import frozen_error, state_at
from numerics import Problem, online_sgd, power_law, solve
from numerics.shown.figures import Curve, Panel, draw, encode

pytestmark = pytest.mark.usefixtures("folder")

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def quick():
    """Each figure in its short form, computed once."""
    return {number: paper_figure(number, quick=True, seed=1) for number in FIGURES}


@pytest.fixture(scope="module")
def pictures(quick):
    """Figure 2 in every format."""
    return {suffix: quick[2].encode(suffix) for suffix in ("svg", "pdf", "png")}


def curves(figure, kind):
    return [curve for panel in figure.panels for curve in panel.curves if curve.kind == kind]


@pytest.mark.parametrize("number", FIGURES)
def test_theory_or_phases_are_next_to_every_run(quick, number):
    figure = quick[number]
    assert curves(figure, "theory") or all(panel.phases for panel in figure.panels)
    for panel in figure.panels:
        for curve in panel.curves:
            assert len(curve.x) == len(curve.y) > 0
            assert np.isfinite(curve.x).all()
            assert np.isfinite(curve.y).any()
            assert panel.xscale == "linear" or (np.asarray(curve.x) > 0).all()


@pytest.mark.parametrize("number", FIGURES)
def test_the_caption_tells_what_was_chosen(quick, number):
    figure = quick[number]
    assert "The paper" in figure.caption
    assert "hosen here" in figure.caption
    assert figure.parameters["seed"] == 1
    assert "seed 1" in figure.caption


@pytest.mark.parametrize("number", FIGURES)
def test_data_is_json(quick, number):
    content = quick[number].as_json()
    assert list(content) == ["figure", "caption", "parameters", "panels"]
    assert json.loads(json.dumps(content)) is not None
    for panel, told in zip(quick[number].panels, content["panels"], strict=True):
        for curve, plain in zip(panel.curves, told["curves"], strict=True):
            np.testing.assert_array_equal(curve.y, plain["y"])


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_bytes_are_the_same_twice(quick, pictures, suffix):
    content = pictures[suffix]
    assert quick[2].encode(suffix) == content
    start = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}[suffix]
    assert content.startswith(start)
    assert b"Date" not in content.replace(b"CreationDate None", b"")


def test_computing_twice_gives_the_same_data(quick):
    for number in (5, 6):
        again = paper_figure(number, quick=True, seed=1)
        assert json.dumps(again.as_json()) == json.dumps(quick[number].as_json())
    assert paper_figure(6, quick=True, seed=2).as_json() != quick[6].as_json()


def test_a_figure_fits_a_column_or_the_page(quick, pictures):
    for content, width in ((pictures["svg"], 3.3), (quick[4].encode("svg"), 6.8)):
        root = ElementTree.fromstring(content)
        assert float(root.get("width").removesuffix("pt")) / 72 == pytest.approx(width)


def test_bands_are_drawn():
    x = np.array([1.0, 2.0])
    plain = Curve("", x, x)
    filled = Curve("", x, x, band=(x - 0.5, x + 0.5))
    shapes = [
        len(list(ElementTree.fromstring(encode(draw([Panel([curve], "", "")]), "svg")).iter(f"{SVG}path")))
        for curve in (plain, filled)
    ]
    assert shapes[1] > shapes[0]


def test_other_formats_are_refused():
    with pytest.raises(ValueError, match="svg, pdf, png"):
        encode(draw([Panel([], "", "")]), "jpg")


# The curves, by a second route


def test_figure_2_gradient_descent_lies_on_the_flow(quick):
    figure = quick[2]
    for flow, dots in zip(
        [curve for curve in curves(figure, "flow") if curve.band is None],
        curves(figure, "descent"),
        strict=True,
    ):
        late = (dots.x > 1.0) & (dots.y > 1e-3)
        assert late.sum() > 20
        on_the_line = np.interp(np.log(dots.x[late]), np.log(flow.x), flow.y)
        np.testing.assert_allclose(dots.y[late], on_the_line, rtol=0.02)


def test_figure_3_amplitude_is_that_of_the_linear_flow():
    """u of the linearised flow ẇ = 4Λw + 8Λ w* (w*·Λw), by its matrix exponential."""
    problem = power_law(1.5, 40, "gaussian", seed=2)
    pull = problem.eigenvalues * problem.teacher
    operator = 4.0 * np.diag(problem.eigenvalues) + 8.0 * np.outer(pull, pull)
    rates, modes = np.linalg.eig(operator)
    top = rates.argmax()
    along = np.linalg.solve(modes, problem.init)[top] * (pull @ modes[:, top])
    rate, amplitude = growth(problem)
    assert rate == pytest.approx(rates[top].real, rel=1e-12)
    assert amplitude == pytest.approx(along.real, rel=1e-10)


def test_figure_3_law_meets_the_flow_in_the_linear_stage(quick):
    """At a = 2 the slower modes have died out, and s is still small, at |u| = 0.1."""
    panel = quick[3].panels[1]
    law, flow = panel.curves[-1], panel.curves[-2]
    assert (law.kind, flow.kind) == ("theory", "flow")
    there = np.nanargmin(np.abs(law.y - 0.1))
    assert flow.y[there] == pytest.approx(law.y[there], rel=0.05)


def test_figure_4_frozen_dynamics_by_integration():
    problem = power_law(1.5, 60, "gaussian", seed=4)
    problem = type(problem)(
        problem.eigenvalues, solve(problem, 1.0).limit.sign * problem.teacher, problem.init
    )
    time, weights = state_at(problem, 0.9)
    assert problem.eigenvalues @ (weights * problem.teacher) == pytest.approx(0.9, abs=2e-3)
    assert solve(problem, 2 * time).at([time]).u[0] == pytest.approx(0.9, abs=0.01)
    elapsed = np.array([0.0, 3.0, 30.0])
    solution = solve_ivp(
        lambda _, w: 8.0 * problem.eigenvalues * (problem.teacher - w), (0, 30), weights, "DOP853", elapsed,
        rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    direct = np.mean((solution.y - problem.teacher[:, None]) ** 2, axis=0)
    np.testing.assert_allclose(frozen_error(problem, weights, elapsed), direct, rtol=1e-8)


def test_figure_4_the_approximation_reproduces_the_error(quick):
    for panel in quick[4].panels:
        flow = next(curve for curve in panel.curves if curve.kind == "flow")
        frozen = next(curve for curve in panel.curves if curve.kind == "theory")
        there = frozen.y > 0.05 * frozen.y[0]
        on_the_line = np.interp(np.log(frozen.x[there]), np.log(flow.x), flow.y)
        np.testing.assert_allclose(frozen.y[there], on_the_line, rtol=0.1)


def test_figure_6_law_meets_a_large_problem():
    """For typical draws: at d = 20000 and times well within the window fluctuations are a few per cent."""
    rate, prefactor = predicted(2.0, 20_000, seed=5)
    times = np.array([1e4, 1e5])
    deficit = solve(power_law(2.0, 20_000, "gaussian", seed=5), 1e5).at(times).one_minus_u
    np.testing.assert_allclose(deficit, prefactor * times**-rate, rtol=0.15)


@pytest.mark.parametrize("number", [1, 5])
def test_figures_1_and_5_runs_follow_the_flow(quick, number):
    """At small steps and short times the median over the seeds stays near the flow of the same problem."""
    for panel in quick[number].panels:
        drawn = {curve.label.removeprefix("_"): curve for curve in panel.curves}
        runs = [curve for curve in panel.curves if curve.kind == "sgd"]
        assert runs
        for curve in runs:
            lower, upper = curve.band
            assert np.all(lower <= curve.y)
            assert np.all(curve.y <= upper)
        name = "gradient flow" if number == 5 else "gradient flow, $a = 1.5$"
        run = drawn["MSE" if number == 5 else "$a = 1.5$"]
        on_the_line = np.interp(np.log(run.x), np.log(drawn[name].x), drawn[name].y)
        np.testing.assert_allclose(run.y, on_the_line, rtol=0.05)


@pytest.mark.parametrize(
    ("number", "pairs"),
    [
        (1, [("$a = 1.5$", "predicted, $a = 1.5$")]),
        (5, [("MSE", "predicted, MSE"), ("$s$", "predicted, $s$")]),
    ],
)
def test_figures_1_and_5_predict_their_runs(quick, number, pairs):
    """The median of the seeds lies within two predicted deviations, and 1 %, of the predicted mean."""
    for panel in quick[number].panels:
        drawn = {curve.label.removeprefix("_"): curve for curve in panel.curves}
        for name, prediction in pairs:
            run, mean = drawn[name], drawn[prediction]
            np.testing.assert_allclose(run.x, mean.x, rtol=1e-12)
            (lower, upper), room = mean.band, 0.01 * mean.y
            assert np.all(lower < upper)
            assert np.all((lower - room <= run.y) & (run.y <= upper + room))


def test_figure_1_label_noise_holds_the_error_at_its_level():
    """ησ² is where the MSE settles: per mode 16ηλ e² is lost and 16η²σ²λ gained."""
    problem = comparable(0.0, seed=1)
    small = Problem(problem.eigenvalues[:10] * 10, problem.teacher[:10] / 3, problem.teacher[:10] / 3)
    runs = online_sgd(
        small, 2e-3, 30_000, noise_variance=0.05, seeds=(1, 2), points=range(10_000, 30_001, 50)
    )
    assert runs.mse.mean() == pytest.approx(2e-3 * 0.05, rel=0.15)


def test_names_of_all_curves_are_in_the_data(quick):
    for figure in quick.values():
        for panel in figure.as_json()["panels"]:
            labels = [curve["label"] for curve in panel["curves"]]
            assert all(labels)
            assert len(set(labels)) == len(labels)


# The command


def test_command_prints_caption_and_curves(quick, monkeypatch):
    monkeypatch.setattr("derivations.experiments.figures.paper_figure", lambda *_, **__: quick[6])
    result = run("figure 6 --quick")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(quick[6].caption)
    assert "d = 2000" in result.stdout
    assert os.listdir() == []


def test_command_prints_json():
    result = run("figure 6 --quick --json")
    content = json.loads(result.stdout, parse_constant=lambda name: pytest.fail(name))
    assert content["figure"] == 6
    assert {curve["kind"] for curve in content["panels"][0]["curves"]} == {"flow", "theory"}


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_command_writes_the_picture(quick, pictures, suffix, monkeypatch):
    monkeypatch.setattr("derivations.experiments.figures.paper_figure", lambda *_, **__: quick[2])
    result = run(f"figure 2 --quick --seed 1 --output two.{suffix}")
    assert (result.exit_code, result.stdout) == (0, f"{quick[2].caption}\n")
    assert os.listdir() == [f"two.{suffix}"]
    assert Path(f"two.{suffix}").read_bytes() == pictures[suffix]


def test_command_writes_data(quick, monkeypatch):
    monkeypatch.setattr("derivations.experiments.figures.paper_figure", lambda *_, **__: quick[2])
    result = run("figure 2 --output two.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads(Path("two.json").read_text()) == quick[2].as_json()


@pytest.mark.parametrize(
    "line", ["figure", "figure 7", "figure 0", "figure x", "figure 6 --output six.jpg", "figure 6 --seed -1"]
)
def test_bad_input_is_one_line(line):
    result = run(line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("phase-retrieval: ")
    assert result.stderr.count("\n") == 1


def test_one_seed_is_named_and_the_others_are_a_band(quick):
    """Figure 2: the phases of 20 seeds, each solved here, and their curves at the last time."""
    figure = quick[2]
    runs = [solve(power_law(2, 1000, "gaussian", "sphere", seed), 1e7) for seed in range(20)]
    late = np.sort([run.phases(0.1, 0.05).t2 for run in runs])
    rank = 0.95 * 19
    high = late[18] + (rank - 18) * (late[19] - late[18])
    middle = (late[9] + late[10]) / 2
    assert late[19] > 20 * late[0]
    assert f"T2 {middle:.3g} [" in figure.caption
    assert f", {high:.3g}]. T1" in figure.caption
    assert "both from seed 1" in figure.caption
    (panel,) = figure.panels
    bands = [curve for curve in panel.curves if curve.band is not None]
    assert [curve.label for curve in bands] == ["_median of MSE", "_median of $|u|$", "_median of $s$"]
    ends = np.sort([run.at([1e7]).mse[0] for run in runs])
    assert bands[0].y[-1] == pytest.approx((ends[9] + ends[10]) / 2, rel=1e-12)
    assert bands[0].band[1][-1] == pytest.approx(ends[18] + (rank - 18) * (ends[19] - ends[18]), rel=1e-12)
