"""The report: its evidence, its page, its exit status, and how a browser renders it."""

import json
import math
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from commandline import invoke

from derivations import report
from derivations.adjudication import recorded, table
from derivations.court import Effort
from derivations.escape.measured import escape
from derivations.press.evidence import Check, Comparison, Section

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FAILING = Section(
    "Broken", "A section whose comparison fails.", comparisons=[Comparison("x", "P1", 1, 2, 0.1)]
)


@pytest.fixture(scope="module")
def sections():
    fractions = []
    contents = list(report.sections(quick=True, progress=fractions.append))
    assert fractions == [done / len(contents) for done in range(1, len(contents) + 1)]
    return contents


@pytest.fixture(scope="module")
def page(sections):
    return report.page(sections)


def test_every_comparison_and_check_holds(sections):
    comparisons = [item for section in sections for item in section.comparisons]
    checks = [item for section in sections for item in section.checks]
    assert len(comparisons) >= 15
    assert len(checks) >= 8
    assert [item for item in (*comparisons, *checks) if not item.holds] == []


def test_predictions_are_not_the_measurements(sections):
    """A measured number that equals its prediction to the last bit everywhere would be a copy."""
    laws = [item for section in sections for item in section.comparisons if "refactor" in item.name]
    assert laws
    assert any(item.measured != item.predicted for item in laws)


@pytest.mark.parametrize("measured", [1.2, math.nan, math.inf, -1.0])
def test_a_comparison_outside_its_tolerance_fails(measured):
    assert not Comparison("x", "P1", 1.0, measured, 0.1).holds
    assert Comparison("x", "P1", 1.0, 1.05, 0.1).holds


def test_a_failing_check_fails_its_section():
    assert not FAILING.holds
    assert not Section("Broken", "", checks=[Check("x", "P1", False, "")]).holds


class _Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.ids, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.found.append(tag)
        self.links += [attributes[name] for name in ("src", "href", "xlink:href") if name in attributes]
        if tag == "section":
            self.ids.append(attributes["id"])


def test_page_is_self_contained(page, sections):
    elements = _Elements()
    elements.feed(page)
    assert "script" not in elements.found
    assert "link" not in elements.found
    assert "img" not in elements.found
    outside = {link for link in elements.links if not link.startswith("#")}
    assert outside == {"https://arxiv.org/abs/2511.18661", "explorer.html"}
    assert elements.ids == [f"section-{number}" for number in range(1, len(sections) + 1)]
    assert page.count('display="block"') == sum(len(section.formulas) for section in sections)
    assert "$" not in "".join(re.findall(r"<p>.*?</p>", page))
    assert elements.found.count("figure") == sum(len(section.figures) for section in sections) >= 4


def test_page_shows_the_audit_and_leads_to_the_book(sections):
    rows = table(Effort.QUICK, ["P1", "P2/saddle"])
    text = report.page(sections[:1], rows, "../book/index.html")
    assert '<a href="../book/index.html">the book</a>' in text
    section = text[text.index('<section id="audit">') :]
    assert section.count("<tr><td>") == len(rows) == 5
    assert "false as stated" in section
    assert "Corrected: <math" in section
    assert "verdicts on record" not in section
    assert "verdicts on record" in report.page(sections[:1], recorded(["P1"]))


def test_command_fails_with_a_contradicted_verdict(tmp_path, monkeypatch, sections):
    monkeypatch.setattr(report, "sections", lambda quick, progress: iter(sections[:1]))
    wrong = [row._replace(agrees=False, verdict="gap") for row in table(Effort.QUICK, ["Lem3"])]
    monkeypatch.setattr("derivations.adjudication.recorded", lambda: wrong)
    result = invoke("report", "--quick", "--output", str(tmp_path / "index.html"))
    assert result.exit_code == 1
    assert "verdicts that contradict the record: Lem3" in result.stdout


def test_ids_name_one_thing(page):
    """Figures share definitions (markers, glyphs) only where these are the same."""
    definitions = {}
    for element, name in re.findall(
        r'(<(?:path|clipPath)[^>]*? id="([^"]+)".*?(?:/>|</clipPath>))', page, re.S
    ):
        definitions.setdefault(name, set()).add(re.sub(r"\s+", " ", element))
    assert definitions
    assert [name for name, meanings in definitions.items() if len(meanings) > 1] == []
    others = re.findall(r'<(?!path|clipPath)[a-z]+[^>]*? id="([^"]+)"', page)
    assert len(others) == len(set(others))


def test_regenerating_gives_identical_bytes():
    first, second = (escape.section(quick=True) for _ in range(2))
    assert first.figures[0].svg == second.figures[0].svg
    assert first.comparisons == second.comparisons


def test_command_writes_the_page_and_fails_with_a_failing_check(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "sections", lambda quick, progress: iter([FAILING]))
    target = tmp_path / "new" / "index.html"
    result = invoke("report", "--quick", "--output", str(target))
    assert result.exit_code == 1
    assert "FAILS" in result.stdout
    assert "Some checks fail." in target.read_text(encoding="utf-8")
    assert {path.name for path in target.parent.iterdir()} == {"index.html", "explorer.html"}


def test_command_succeeds_when_all_holds(tmp_path, monkeypatch, sections):
    monkeypatch.setattr(report, "sections", lambda quick, progress: iter(sections))
    result = invoke("report", "--quick", "--output", str(tmp_path / "index.html"))
    assert result.exit_code == 0
    assert "FAILS" not in result.stdout


def test_command_answers_programs(tmp_path, monkeypatch, sections):
    monkeypatch.setattr(report, "sections", lambda quick, progress: iter([*sections, FAILING]))
    result = invoke("report", "--quick", "--json", "--output", str(tmp_path / "index.html"))
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert answer["holds"] is False
    assert answer["chapters"][-1]["comparisons"][0] == {
        **{"name": "x", "source": "P1", "predicted": 1, "measured": 2, "tolerance": 0.1},
        **{"difference": 1.0, "holds": False},
    }


LAYOUT = """
<pre id="layout"></pre><script>
const box = e => e.getBoundingClientRect();
const blocks = [...document.querySelectorAll("h1, h2, p, nav, .formula, figure, .scroll")]
  .filter(e => !e.parentElement.closest("nav, figure")).map(box);
document.getElementById("layout").textContent = JSON.stringify({
  overflow: document.documentElement.scrollWidth - window.innerWidth,
  formulas: [...document.querySelectorAll(".formula math")].map(e => [box(e).width, box(e).height]),
  figures: [...document.querySelectorAll("figure svg")].map(e => [box(e).width, box(e).height]),
  overlaps: blocks.slice(1).filter((b, i) => b.top < blocks[i].bottom - 1).length,
  blocks: blocks.length,
});
</script>"""


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [500, 1200])
def test_browser_renders_formulas_and_figures_without_overlap(page, tmp_path, width):
    """The page plus a probe that measures its own layout."""
    target = tmp_path / "page.html"
    target.write_text(page.replace("</body>", LAYOUT + "</body>"), encoding="utf-8")
    options = (
        "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --dump-dom"
    )
    finished = subprocess.run(
        [
            BROWSER,
            *options.split(),
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900",
            target,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    layout = json.loads(re.search(r'<pre id="layout">(.*?)</pre>', finished.stdout).group(1))
    assert layout["overflow"] <= 0
    assert layout["overlaps"] == 0
    assert layout["blocks"] > 30
    assert len(layout["formulas"]) >= 12
    assert all(formula_width > 40 and height > 15 for formula_width, height in layout["formulas"])
    assert all(figure_width > 300 and height > 150 for figure_width, height in layout["figures"])
