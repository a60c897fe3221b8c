"""The book: its steps, its pages, its LaTeX, and the commands that print it."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from commandline import invoke

from derivations.adjudication import drawn, meanwhile, table
from derivations.beyond.telling import closures
from derivations.contents import CHAPTERS, UnknownPartError, select
from derivations.court import Effort
from derivations.court.statement import BrokenStepError, Definition
from derivations.press import site, tex
from derivations.press.document import Asked, Measured, Source, Verdicts, Written
from derivations.press.evidence import Check, Comparison, Figure, Formula, Section
from derivations.press.linear import linear, plain
from derivations.setting import statements as setting
from derivations.setting.telling import model
from numerics.shown.figures import Curve, plot_curves, to_svg

ROOT = Path(__file__).parents[2]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DERIVATIONS = {item.key: item for chapter in CHAPTERS for item in chapter.derivations}
STATED = {
    "P1",
    "P2",
    "P3",
    "P7",
    "P8",
    "P9",
    "P16",
    "Lem1",
    "Lem2",
    "Lem3",
    "Lem7",
    "Lem13",
    "5.1",
    "C.10",
    "T1",
}


def evidence(*_):
    """A section of the report with one of everything, quickly."""
    figure = Figure(to_svg(plot_curves([Curve("u", [1.0, 2.0], [1.0, 3.0])], "t", "u")), "A line, $u = t$.")
    return Section(
        "Phase",
        r"With $s_* = 1$ & 5 % of ρ.",
        [Formula("P9", Definition(r"u \sim e^{\rho t}"))],
        [Comparison("rate ρ, σ*² = 1", "P9", 1.0, 1.0, 1e-9)],
        [Check("u² ≤ s s*", "P1", True, "at 3 times, ⟨x, w⟩")],
        [figure],
    )


@pytest.fixture(scope="module")
def book():
    """Every chapter; what the report measures is replaced by one line, and the audit settles a few claims."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closures, "TIMES", (0.3, 1.0))
        rows = [row._replace(picture=drawn(row.id)) for row in table(Effort.QUICK, ["P1", "P8", "R3"])]
        asked = Asked(True, lambda: rows)
        told = [replace(chapter, measured=(evidence,) * len(chapter.measured)) for chapter in CHAPTERS]
        return [Written(chapter, tuple(chapter.write(asked))) for chapter in told]


@pytest.fixture(scope="module")
def pages(book):
    return dict(site.pages(book))


@pytest.fixture(scope="module")
def folder(book, pages, tmp_path_factory):
    """The book as files."""
    target = tmp_path_factory.mktemp("book")
    (target / "figures").mkdir()
    for name, content in (*pages.items(), *site.figures(book), *tex.files(book)):
        (target / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return target


@pytest.mark.parametrize("key", DERIVATIONS)
def test_every_formula_has_a_number_and_a_source(key):
    item = DERIVATIONS[key]
    assert item.steps
    for step in item.steps:
        source = item.source(step)
        lines = (ROOT / source.path).read_text(encoding="utf-8").splitlines()
        name = source.name.rpartition(".")[2]
        assert any(
            f" {name}" in line or f"{name}(" in line for line in lines[source.line - 1 : source.line + 3]
        )
        assert step.paper == "ours" or re.match(r"(P|Lem|T|R|E|Cor|C\.|5\.)\d", step.paper)
        assert step.checked
        assert step.statement[-1] in ".:?"


@pytest.mark.parametrize("key", DERIVATIONS)
def test_formulas_can_be_read_in_a_terminal(key):
    for step in DERIVATIONS[key].steps:
        text = linear(step.latex)
        assert text
        assert not re.search(r"[\\$]|\s\s", text)
        assert text.count("(") == text.count(")")
        assert "$" not in plain(step.statement)


def test_definitions_are_few():
    """A step is a definition or was checked."""
    steps = [step for item in DERIVATIONS.values() for step in item.steps]
    assert len(steps) > 90
    assert sum(step.checked == "definition" for step in steps) < len(steps) / 10


def test_a_wrong_step_is_not_printed(monkeypatch):
    right = setting.expectation
    monkeypatch.setattr(setting, "expectation", lambda *arguments: 2 * right(*arguments))
    with pytest.raises(BrokenStepError):
        list(model.loss.produce())


def test_the_paper_is_covered():
    assert {name for item in DERIVATIONS.values() for name in item.ids} >= STATED


def test_keys_and_chapters_are_told_apart():
    names = [chapter.key for chapter in CHAPTERS]
    assert len({*names, *DERIVATIONS}) == len(names) + len(DERIVATIONS)
    with pytest.raises(UnknownPartError, match=r"'P99' has no derivation in the book; the nearest are P9$"):
        select(["P99"])


def test_thirteen_chapters_with_all_kinds(book):
    assert len(book) == 13
    assert {type(block) for written in book for block in written.blocks} == set(site.KINDS)
    assert all(written.holds for written in book)


def test_a_failing_measurement_fails_its_chapter(book):
    failing = Section("Broken", "", comparisons=[Comparison("x", "P1", 1.0, 2.0, 0.1)])
    assert not Written(CHAPTERS[0], (Measured(failing, evidence),)).holds
    (audited,) = (block for written in book for block in written.blocks if isinstance(block, Verdicts))
    assert not Written(CHAPTERS[0], (Verdicts([audited.rows[0]._replace(agrees=False)]),)).holds


class Elements(HTMLParser):
    """Names of elements, links, images and ids, of a page without its figures' inside."""

    def __init__(self, text):
        super().__init__()
        self.names, self.links, self.images, self.ids = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.names.append(tag)
        if tag == "a":
            self.links.append(attributes["href"])
        if tag == "img":
            self.images.append(attributes["src"])
        if "id" in attributes:
            self.ids.append(attributes["id"])


def test_pages_are_self_contained_and_links_resolve(pages, book):
    figures = dict(site.figures(book))
    found = {name: Elements(text) for name, text in pages.items()}
    for name, page in found.items():
        assert not {"script", "link"} & set(page.names), name
        assert set(page.images) <= set(figures), name
        for link in page.links:
            if link == "https://arxiv.org/abs/2511.18661":
                continue
            target, _, anchor = link.partition("#")
            assert target in found, (name, link)
            assert not anchor or anchor in found[target].ids, (name, link)


def test_every_displayed_formula_stands_with_its_origin(pages, book):
    for written in book:
        text = pages[f"{written.chapter.key}.html"]
        _, *blocks = re.split(r'(?=<div class="formula">)', text)
        for block in blocks:
            assert re.search(r'class="tag">[^<]+</span> <a href="sources.html#', block)
        steps = sum(len(item.steps) for item in written.chapter.derivations)
        assert len(blocks) >= steps
        assert text.count('display="block"') == len(blocks)


def test_prose_keeps_no_marks(pages):
    for name, text in pages.items():
        if name != "sources.html":
            assert not re.search(r"<p>[^<]*(\*\*|`|\$)", text), name


def test_latex_knows_every_character(folder):
    text = (folder / "book.tex").read_text()
    assert text.isascii()
    assert r"\bfseries ?" not in text
    assert {path.name for path in (folder / "figures").glob("*.pdf")} == set(
        re.findall(r"figures/([\w-]+\.pdf)", text)
    )


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_latex_compiles(folder):
    document = tex.typeset(folder)
    assert document.startswith(b"%PDF")
    assert len(document) > 100_000
    assert {path.suffix for path in folder.iterdir()} <= {".html", ".tex", ""}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_compiling_twice_gives_identical_bytes(book, tmp_path):
    (tmp_path / "figures").mkdir()
    for name, content in tex.files(book[1:2]):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    assert tex.typeset(tmp_path) == tex.typeset(tmp_path)


def test_missing_or_refusing_latex_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(tex.TypesettingError, match="pdflatex is not installed"):
        tex.typeset(tmp_path)


REGENERATED = """
import hashlib
from derivations.contents import CHAPTERS
from derivations.press import site, tex
from derivations.press.document import Written
from derivations.press.document import Asked
chosen = next(chapter for chapter in CHAPTERS if chapter.key == "geometry")
book = [Written(chosen, tuple(chosen.write(Asked(True, list))))]
sums = hashlib.sha256()
for name, content in (*site.pages(book), *tex.files(book)):
    sums.update(name.encode() + (content.encode() if isinstance(content, str) else content))
print(sums.hexdigest())
"""


def test_regenerating_gives_identical_bytes():
    """In two processes whose sets and dictionaries are ordered differently."""
    sums = [
        subprocess.run(
            [sys.executable, "-c", REGENERATED],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert len(sums[0].strip()) == hashlib.sha256().digest_size * 2
    assert sums[0] == sums[1]


def test_the_audit_runs_meanwhile():
    with meanwhile(Effort.QUICK, ["P1"]) as verdicts:
        assert verdicts() == table(Effort.QUICK, ["P1"])


def test_pictures_are_drawn_meanwhile_beside_their_claims():
    with meanwhile(Effort.QUICK, ["R3"], pictured=True) as verdicts:
        assert [row.picture for row in verdicts()] == [drawn(row.id) for row in table(Effort.QUICK, ["R3"])]


def test_the_audit_links_to_what_examines_a_claim(book, pages):
    (audited,) = (block for written in book for block in written.blocks if isinstance(block, Verdicts))
    for row in audited.rows:
        link = f'<a href="sources.html#{row.source.anchor}">{row.source.place}</a>'
        assert link in pages["audit.html"]
        assert f'id="{row.source.anchor}"' in pages["sources.html"]


def test_the_audit_shows_its_pictures(book, pages, folder):
    pictures = [picture for written in book for picture in written.pictures]
    assert [picture.id for picture in pictures] == ["P8", "R3"]
    text, printed = pages["audit.html"], (folder / "book.tex").read_text(encoding="utf-8")
    for picture in pictures:
        article = text[text.index(f'<article id="{picture.id}">') :]
        assert f'src="figures/{picture.name}.svg"' in article[: article.index("</article>")]
        assert f"{{figures/{picture.name}.pdf}}" in printed
        assert (folder / f"figures/{picture.name}.svg").read_bytes() == picture.svg
        assert (folder / f"figures/{picture.name}.pdf").read_bytes() == picture.pdf


def test_derive_prints_steps():
    result = invoke("derive", "Lem3")
    assert result.exit_code == 0
    assert result.stdout.startswith("The loss from below (Lem3)\n═")
    assert "L − 3 (s − s⁎)² = 4 (s s⁎ − u²)    [Lem3]" in result.stdout
    assert re.search(r"theory/symbolic/models\.py:\d+ Model\.loss", result.stdout)


def test_derive_answers_programs():
    answer = json.loads(invoke("derive", "secular", "--json").stdout)
    assert [item["key"] for item in answer] == ["secular"]
    last = answer[0]["steps"][-1]
    assert last["text"] == "4 λ₁ + 8 λ₁² (w₁*)² ≤ ρ ≤ 12 λ₁"
    assert last["function"] == "theory.asymptotics.escape.rate.escape_rate"


@pytest.mark.parametrize(
    ("layout", "expected"),
    [("markdown", r"\tag{Lem3}"), ("latex", r"\begin{equation*}"), ("mathml", "<math")],
)
def test_derive_in_other_formats(layout, expected):
    result = invoke("derive", "Lem3", "--format", layout)
    assert result.exit_code == 0
    assert result.stdout.count(expected) >= 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["volterr"], "'volterr' has no derivation in the book; the nearest are volterra"),
        (
            ["nothing"],
            "'nothing' has no derivation in the book; ids are such as P9, Lem3 and secular, chapters",
        ),
        (["P1", "--link", "z"], "--link derives a model: it does not go with 'P1'"),
        (["P1", "--format", "sympy"], "--format sympy is for models"),
    ],
)
def test_derive_refuses(arguments, message):
    result = invoke("derive", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_command_writes_the_book(book, tmp_path, monkeypatch):
    monkeypatch.setattr("derivations.contents.write", lambda quick, progress: iter(book[:2]))
    target = tmp_path / "new" / "book"
    result = invoke("book", "--quick", "--output", str(target))
    assert result.exit_code == 0
    assert {path.name for path in target.iterdir()} == {*dict(site.pages(book[:2])), "book.tex", "figures"}
    broken = Written(
        CHAPTERS[0], (Measured(Section("x", "", checks=[Check("x", "P1", False, "")]), evidence),)
    )
    monkeypatch.setattr("derivations.contents.write", lambda quick, progress: iter([broken]))
    result = invoke("book", "--output", str(target))
    assert result.exit_code == 1
    assert "fails: The model and its loss" in result.stderr


def test_command_names_what_is_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    result = invoke("book", "--output", str(tmp_path / "file" / "book"))
    assert result.exit_code == 2
    assert re.search("the folder '.*' cannot be made", result.stderr)


LAYOUT = """
<pre id="layout"></pre><script>
const box = e => e.getBoundingClientRect();
const shown = [...document.querySelectorAll("h1, h2, body > p, .formula, figure, .scroll, article")].map(box);
document.getElementById("layout").textContent = JSON.stringify({
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  width: document.documentElement.clientWidth,
  formulas: [...document.querySelectorAll(".formula math")].map(e => [box(e).width, box(e).height]),
  tops: shown.map(b => b.top),
});
</script>"""


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [420, 1200])
@pytest.mark.parametrize("name", ["convergence", "audit"])
def test_browser_shows_pages_without_overflow(pages, tmp_path, width, name):
    page = tmp_path / "page.html"
    page.write_text(pages[f"{name}.html"].replace("</body>", LAYOUT + "</body>"), encoding="utf-8")
    options = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        " --disable-component-update --disable-sync --dump-dom"
    )
    finished = subprocess.run(
        [
            BROWSER,
            *options.split(),
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900",
            page,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    layout = json.loads(re.search(r'<pre id="layout">(.*?)</pre>', finished.stdout).group(1))
    assert layout["overflow"] <= 0
    assert layout["width"] <= max(width, 500)
    assert all(across > 10 and high > 10 for across, high in layout["formulas"])
    assert all(low <= high + 1 for low, high in pairwise(layout["tops"]))


@pytest.mark.slow
def test_the_whole_book_twice(tmp_path):
    """As a reader makes it; every file has the same bytes."""
    contents = []
    for name in ("first", "second"):
        command = "from derivations.cli import main\nif __name__ == '__main__': main()"
        script = tmp_path / "program.py"
        script.write_text(command)
        subprocess.run(
            [sys.executable, script, "book", "--quick", "--output", tmp_path / name],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            timeout=900,
        )
        files = (path for path in (tmp_path / name).rglob("*") if path.is_file())
        contents.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert len(contents[0]) >= 30
    assert contents[0] == contents[1]


def test_source_of_methods_and_properties():
    from theory.symbolic import Model

    assert Source.of(Model.loss).name == "Model.loss"
    assert Source.of(Model.drift).text.startswith("@property")
