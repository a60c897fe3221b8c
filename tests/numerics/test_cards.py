"""What notebooks and terminals show of problems and results."""

import base64
from html.parser import HTMLParser

import numpy as np
import pytest

from numerics import Limit, Problem, online_sgd, power_law, solve
from numerics.shown.cards import card

NETWORK = Problem([1.0, 0.5], [1.0, 0.3], [[0.1, 0.2], [0.2, -0.1]])


class Page(HTMLParser):
    """Collects the text of the cells and checks that every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.images = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images.append(dict(attrs))
        else:
            self.open.append(tag)
            self.cells += [""] if tag in ("td", "th") else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] in ("td", "th"):
            self.cells[-1] += data


@pytest.fixture(scope="module")
def run():
    return solve(power_law(2, 100, seed=1), 1e5)


def facts(text):
    cells = Page(text).cells
    return dict(zip(cells[::2], cells[1::2], strict=True))


def test_a_solved_run_shows_its_phases_and_a_picture(run):
    shown = facts(run._repr_html_())
    assert shown["T2, |u| and s within 0.05 s* for good"] == f"{run.phases().t2:.6g}"
    assert shown["limit"].startswith(run.limit.name)
    (image,) = Page(run._repr_html_()).images
    content = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
    assert content.startswith(b"\x89PNG")
    assert image["alt"] == "Trajectory"


def test_pictures_show_themselves(run):
    for item in (run, run.problem, run.at([1.0, 10.0])):
        assert item.plot()._repr_png_().startswith(b"\x89PNG")


def test_a_problem_shows_its_size_and_energies():
    problem = power_law(2, np.inf, init="escape:1e-2")
    shown = facts(problem._repr_html_())
    assert (shown["directions d"], shown["modes"]) == ("inf", str(len(problem.eigenvalues)))
    assert (shown["teacher energy s*"], shown["start energy s(0)"]) == ("1", "0.0001")
    assert facts(NETWORK._repr_html_())["students, teachers"] == "2, 1"


def test_curves_show_rows_from_the_first_to_the_last(run):
    cells = Page(run.at(np.geomspace(1.0, 1e5, 50))._repr_html_()).cells
    assert cells[:3] == ["t", "u", "s"]
    assert len(cells) == 8 * (1 + 6)
    assert (cells[8], cells[48]) == ("1", "100000")
    overlaps = Page(run.overlaps([1.0, 10.0])._repr_html_()).cells
    assert overlaps[:3] == ["t", "loss", "1"]


def test_stochastic_runs_show_their_parameters():
    runs = online_sgd(Problem([1.0, 0.5], [1, 1], [0.1, 0.2]), 2e-3, 500, seeds=(3, 5))
    shown = facts(runs._repr_html_())
    assert (shown["seeds"], shown["step size"], shown["steps"]) == ("3, 5", "0.002", "500")
    assert shown["final mse, median"] == f"{np.median(runs.mse[:, -1]):.6g}"


def test_text_for_terminals_is_short(run):
    for item in (run, run.problem, NETWORK):
        lines = repr(item).splitlines()
        assert lines[0] == type(item).__name__
        assert 4 <= len(lines) <= 9


def test_names_and_values_are_escaped():
    shown = Page(card("a < b", [("|u| < 1", "<script>")]))
    assert shown.cells == ["|u| < 1", "<script>"]
    assert Page(Limit("saddle", "u < 0")._repr_html_()).cells == ["saddle", "u < 0"]
