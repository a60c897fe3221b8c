"""The explorer: its numbers against the solver and the constants, and its page under real input."""

import json
import math
import random
import re
import shlex
from html.parser import HTMLParser

import numpy as np
import pytest
from browser import PROGRAM, Browser
from commandline import invoke

from derivations import explorer
from derivations.commands.explore import explore
from numerics import power_law, solve
from theory.asymptotics import PowerLaw, constants

AGREEMENT = 1e-6
LOWEST = 1e-20
"""Values below this share of the largest are not compared: there the page's few modes are not enough."""


@pytest.fixture(scope="module")
def page():
    return explorer.page()


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.labels, self.fields = set(), set(), set()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.links |= {attributes[name] for name in ("src", "href") if name in attributes}
        if tag == "label" and "for" in attributes:
            self.labels.add(attributes["for"])
        if tag == "input" and attributes["type"] != "radio" and "aria-label" not in attributes:
            self.fields.add(attributes["id"])


def test_page_is_self_contained_and_its_fields_are_labelled(page):
    elements = _Links()
    elements.feed(page)
    assert elements.links == {"https://arxiv.org/abs/2511.18661", "#"}
    assert elements.fields == elements.labels
    assert len(elements.fields) == 6
    assert not re.search(r"fetch\(|XMLHttpRequest|WebSocket|import\(|url\((?!#)|@import", page)
    assert "</script" not in explorer.script()


def test_same_bytes_each_time(page):
    assert page == explorer.page()


def test_command_writes_the_page(page, tmp_path):
    target = tmp_path / "new" / "explorer.html"
    result = invoke("explore", "--output", str(target), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"page": str(target)}
    assert target.read_text(encoding="utf-8") == page
    assert [path.name for path in target.parent.iterdir()] == ["explorer.html"]


def test_the_examples_in_the_help_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [shlex.split(line)[1:] for line in explore.epilog.splitlines() if "phase-retrieval" in line]
    assert len(lines) == 2
    for line in lines:
        assert invoke(*line).exit_code == 0
    for name in ("report/explorer.html", "explorer.html"):
        assert (tmp_path / name).read_text(encoding="utf-8") == page


def test_command_refuses_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    result = invoke("explore", "--output", str(tmp_path / "file" / "explorer.html"))
    assert result.exit_code == 2
    assert "cannot be made" in result.stderr


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    tab = Browser(tmp_path_factory.mktemp("profile"))
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def address(page, tmp_path_factory):
    target = tmp_path_factory.mktemp("explorer") / "explorer.html"
    target.write_text(page, encoding="utf-8")
    return target.as_uri()


@pytest.fixture(scope="module")
def numbers(browser, address):
    """The page, left as it is, for what it computes."""
    browser.open(address)
    return browser


@pytest.fixture
def opened(browser, address):
    browser.events.clear()
    browser.open(address)
    yield browser
    errors = {"Runtime.exceptionThrown", "Log.entryAdded"}
    assert [event for event in browser.events if event["method"] in errors] == []


def settings(count, seed):
    """Random views within the sliders, every exponent, dimension and teacher that exists among them."""
    rng, found = random.Random(seed), []
    while len(found) < count:
        a = rng.choice([0.0, 1.0, 1.5, 2.0, 3.0, round(rng.uniform(0.1, 5.0), 3)])
        d = rng.choice([1, 2, 10, 300, 31623, 10**6, 10**12, math.inf, math.inf])
        source = rng.choice([0.0, 0.0, -0.2, 0.5, round(rng.uniform(-0.5, 2.0), 2)])
        if math.isfinite(d) or min(a, a + 2 * source) > 1:
            size, until = 10 ** rng.uniform(-6, -0.3), 10 ** rng.uniform(1, 18)
            last = d ** max(a, 1)  # about 1/λ_d: later there is nothing but an exponential
            found.append((a, d, source, size, min(until, 10 * last)))
    return found


EXTREMES = [(1.2, math.inf, 0.0, 1e-3, 1e18), (5.0, 1e12, -0.5, 1e-6, 1e18), (10.0, math.inf, 1.0, 1.0, 1e6)]
"""The first has indices beyond 2^53."""


def view(a, d, source, size):
    return (
        f"{{exponent: {a}, dimension: {'Infinity' if d == math.inf else d}, source: {source}, size: {size}}}"
    )


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize(
    ("a", "d", "source", "size", "until"),
    [
        *EXTREMES,
        *settings(8, seed=4),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in settings(60, seed=2)),
    ],
)
def test_the_page_computes_what_the_solver_does(numbers, a, d, source, size, until):
    run = solve(power_law(a, d, f"source:{source}", f"escape:{size}"), until)
    times = np.append(np.geomspace(0.01, until, 40)[:-1], until)
    theirs = numbers.run(
        f"""(() => {{
          const run = solveFlow(powerLaw({view(a, d, source, size)}, {until}), {until});
          const rows = {times.tolist()}.map((t) => observe(run, t));
          return JSON.stringify({{ rows, phases: phases(run) }});
        }})()"""
    )
    theirs, ours = json.loads(theirs), run.at(times)
    for name in ("u", "s", "one_minus_u", "one_minus_s", "loss", "recovered", "mse"):
        if name == "mse" and math.isinf(d):
            assert all(row["mse"] is None for row in theirs["rows"])
            continue
        expected = getattr(ours, name)
        seen = np.abs(expected) > LOWEST * np.abs(expected).max()
        assert seen.sum() > 5, name
        values = np.array([row[name] for row in theirs["rows"]])
        np.testing.assert_allclose(values[seen], expected[seen], rtol=AGREEMENT, err_msg=name)
    for name, expected in run.phases()._asdict().items():
        found = theirs["phases"][name]
        assert (math.nan if found is None else found) == pytest.approx(expected, rel=AGREEMENT, nan_ok=True)


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize(
    ("a", "d", "source", "size", "until"), [(2.0, math.inf, 0.5, 0.1, 10), *settings(6, seed=3)]
)
def test_the_page_computes_the_constants(numbers, a, d, source, size, until):
    request = view(a, d, source, size)
    theirs = json.loads(
        numbers.run(f"JSON.stringify(constants({request}, powerLaw({request}, {until}).rate))")
    )
    law = PowerLaw(str(a), "inf" if d == math.inf else d, f"source:{source}")
    assert len(theirs) >= 13
    for name, constant in constants(law, 15, list(theirs)).items():
        if name == "plateau_height" and d == math.inf:
            assert theirs[name] in (None, 1)
        elif constant.value is None:
            assert theirs[name] is None, name
        else:
            assert theirs[name] == pytest.approx(float(constant.value), rel=AGREEMENT, abs=1e-12), name


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
class TestPage:
    """What a reader sees and does, by mouse, keyboard and touch."""

    def state(self, browser):
        return json.loads(browser.run("JSON.stringify({...view, d: plain(view.d)})"))

    def text(self, browser, name):
        return browser.run(f"document.getElementById('{name}').textContent")

    def paths(self, browser, kind="curve"):
        return browser.run(
            f"[...document.querySelectorAll('path.{kind}')]"
            f".map((p) => [p.dataset.{kind}, p.getAttribute('d').length])"
        )

    def test_curves_laws_and_phases_are_drawn(self, opened):
        assert [name for name, _ in self.paths(opened)] == [
            "u",
            "s",
            "one_minus_u",
            "one_minus_s",
            "loss",
            "recovered",
        ]
        assert all(length > 1000 for _, length in (*self.paths(opened), *self.paths(opened, "law")[2:]))
        assert all(length > 100 for _, length in self.paths(opened, "law"))
        marks = opened.run("[...document.querySelectorAll('#growth text.mark')].map((e) => e.textContent)")
        assert marks == ["T1", "T1′", "T2"]
        bands = opened.run(
            "[...document.querySelectorAll('#growth rect.band')].map((e) => e.getBoundingClientRect().width)"
        )
        assert len(bands) == 3
        assert min(bands) > 5

    def test_the_command_line_reproduces_the_view(self, opened):
        opened.write("#a", "1.7")
        opened.write("#d", "300")
        opened.write("#B", "0.1")
        opened.drag("#eps-slider", 0.5, 0.8)
        line = shlex.split(self.text(opened, "command-solve"))
        assert line[0] == "phase-retrieval"
        time = opened.run("readingTime()")
        answer = json.loads(invoke(*line[1:], "--times", repr(time), "--json").stdout)
        shown = json.loads(opened.run("JSON.stringify(observe(shown.run, readingTime()))"))
        for name, value in shown.items():
            assert value == pytest.approx(answer[name][0], rel=AGREEMENT), name
        for name in ("t1", "t1_prime", "t2"):
            assert float(self.text(opened, name)) == pytest.approx(answer["phases"][name], rel=1e-6), name
        line = shlex.split(self.text(opened, "command-constants"))
        answer = json.loads(invoke(*line[1:], "--json").stdout)["constants"]
        assert float(self.text(opened, "constant-escape_rate")) == pytest.approx(
            float(answer["escape_rate"]["value"]), rel=1e-6
        )

    def test_dragging_a_slider_draws_other_curves(self, opened):
        before = opened.run("document.querySelector('[data-curve=\"u\"]').getAttribute('d')")
        opened.drag("#a-slider", 0.4, 0.8)
        assert 3 < self.state(opened)["a"] < 5
        assert float(opened.run("document.getElementById('a').value")) == self.state(opened)["a"]
        assert opened.run("document.querySelector('[data-curve=\"u\"]').getAttribute('d')") != before
        opened.click("#d-slider", 0.3)
        assert 100 < float(self.state(opened)["d"]) < 10**6
        assert [name for name, _ in self.paths(opened)][-1] == "mse"
        opened.click("#reset")
        assert self.state(opened) == {
            "a": 2,
            "d": "inf",
            "B": 0,
            "eps": 1e-3,
            "until": 1e6,
            "x": "log",
            "y": "log",
        }

    def test_axes_change_by_a_click(self, opened):
        ticks = "[...document.querySelectorAll('#rest text.x')].map((e) => e.textContent)"
        assert "10⁴" in opened.run(ticks)
        opened.click('input[name="x"][value="linear"]')
        assert "0" in opened.run(ticks)
        opened.click('input[name="y"][value="linear"]')
        assert self.state(opened)["y"] == "linear"
        assert "3" in opened.run("[...document.querySelectorAll('#rest text.y')].map((e) => e.textContent)")

    def test_values_on_hover(self, opened):
        opened.hover("#rest", 0.75)
        tip = opened.run("document.getElementById('tip').innerText")
        assert opened.run("!document.getElementById('tip').hidden")
        time = opened.run("readingTime()")
        expected = solve(power_law(2, math.inf, init="escape:1e-3"), 1e6).at([time]).one_minus_u[0]
        shown = float(re.search(r"1 − u\s+(\S+)", tip).group(1))
        assert shown == pytest.approx(expected, rel=1e-3)
        assert float(self.text(opened, "value-one_minus_u")) == shown
        opened.hover("h1")
        assert opened.run("document.getElementById('tip').hidden")

    def test_values_that_are_lost_are_not_shown(self, opened, address):
        opened.open(f"{address}#a=1&d=10&until=1e6")
        opened.hover("#rest", 0.99)
        assert self.text(opened, "value-one_minus_u") == "< 10⁻²⁰"
        assert self.text(opened, "value-u") == "1"

    def test_by_keyboard_alone(self, opened):
        reached = set()
        for _ in range(20):
            opened.press("Tab", 9)
            name = opened.run(
                "document.activeElement.id || document.activeElement.name || document.activeElement.tagName"
            )
            reached.add(name)
            if name == "a-slider":
                assert opened.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
                opened.press("ArrowRight", 39)
                assert self.state(opened)["a"] == 2.05
            if name == "x":
                opened.press("ArrowRight", 39)
                assert self.state(opened)["x"] == "linear"
            if name == "reading":
                before = opened.run("readingTime()")
                opened.press("PageUp", 33)
                assert opened.run("readingTime()") > before
        fields = {"a", "d", "B", "eps", "until"}
        assert (
            fields | {f"{name}-slider" for name in fields} | {"x", "y", "reset", "reading", "link"} <= reached
        )

    def test_bad_input_is_named_and_nothing_is_lost(self, opened):
        opened.write("#a", "steep")
        assert self.text(opened, "problem") == "Not drawn: a must be a number from 0 to 10."
        assert opened.run("document.getElementById('a').getAttribute('aria-invalid')") == "true"
        assert self.state(opened)["a"] == 2
        opened.write("#a", "0.5")
        assert "at dimension inf the exponent a must exceed 1" in self.text(opened, "problem")
        opened.write("#d", "1000")
        assert self.text(opened, "problem") == ""
        opened.write("#d", "2.5")
        assert "d must be a whole number" in self.text(opened, "problem")

    def test_the_address_keeps_the_view(self, opened, address):
        opened.write("#a", "1.4")
        opened.write("#d", "500")
        opened.click('input[name="y"][value="linear"]')
        kept = self.state(opened)
        link = opened.run("document.getElementById('link').href")
        assert link == opened.run("location.href") != address
        opened.open(link)
        assert self.state(opened) == kept
        opened.open(f"{address}#a=nonsense&B=0.25")
        assert (self.state(opened)["a"], self.state(opened)["B"]) == (2, 0.25)

    def test_copying(self, opened):
        opened.click('button[data-copy="command-solve"]')
        opened.run("new Promise(done => setTimeout(done, 50))")
        assert self.text(opened, "copied") == f"copied: {self.text(opened, 'command-solve')}"

    @pytest.mark.parametrize(("width", "dark"), [(360, False), (420, True), (700, False), (1280, True)])
    def test_fits_and_can_be_read(self, browser, address, width, dark):
        browser.open(address, width=width, dark=dark, touch=width < 500)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run("document.getElementById('growth').clientWidth") > 0.6 * min(width, 1100) - 60
        contrasts = browser.run(CONTRASTS)
        assert len(contrasts) == 8
        assert min(contrasts[:3]) >= 4.5
        assert min(contrasts) >= 3
        assert browser.run("getComputedStyle(document.body).backgroundColor") == (
            "rgb(18, 22, 28)" if dark else "rgb(251, 251, 249)"
        )

    def test_by_touch(self, browser, address):
        browser.open(address, width=420, touch=True)
        browser.send("Emulation.setTouchEmulationEnabled", enabled=True)
        browser.tap("#growth", 0.3)
        early = browser.run("readingTime()")
        browser.tap("#growth", 0.9)
        assert browser.run("readingTime()") > 10 * early
        browser.tap('input[name="x"][value="linear"]')
        assert self.state(browser)["x"] == "linear"
        browser.send("Emulation.setTouchEmulationEnabled", enabled=False)

    def test_no_network(self, browser, address):
        browser.events.clear()
        browser.open(address)
        browser.drag("#a-slider", 0.4, 0.6)
        requests = [
            event["params"]["request"]["url"]
            for event in browser.events
            if event["method"] == "Network.requestWillBeSent"
        ]
        assert requests == [address]


CONTRASTS = """(() => {
  const style = getComputedStyle(document.documentElement);
  const light = (name) => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    const full = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex;
    const part = (k) => {
      const c = parseInt(full.slice(k, k + 2), 16) / 255;
      return c > 0.04045 ? ((c + 0.055) / 1.055) ** 2.4 : c / 12.92;
    };
    return 0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4);
  };
  const card = ['--card', '--band-0', '--band-1', '--band-2'].map(light);
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  return ['--ink', '--soft', '--accent', '--wrong', '--blue', '--orange', '--green', '--purple']
    .map((name) => Math.min(...card.map((ground) => ratio(light(name), ground))));
})()"""
"""The least contrast of each colour with what it stands on."""
