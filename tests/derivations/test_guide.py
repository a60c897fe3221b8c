"""Every block of code in the guide and in the README runs, in the order of its page."""

import re
import shlex
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from commandline import invoke

README = Path(__file__).parents[2] / "README.md"
GUIDE = files("derivations.guide")
PAGES = sorted(item.name for item in GUIDE.iterdir() if item.name.endswith(".md"))
QUICK = ("figure", "audit")
SHORTER = {"1e5": "100", "1.2:4:0.1": "1.5:3:0.5"}
"""Arguments of the README's examples that are replaced: fewer steps of SGD, fewer exponents."""

LONG = ("explore", "report", "book")
"""Tested elsewhere in full, and too long for an example here."""


def blocks(text):
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)


def lines(block):
    """The commands of a shell block, without their comments."""
    found = [shlex.split(line, comments=True) for line in block.splitlines()]
    return [words for words in found if words]


def run_command(words):
    if not words[0].endswith("phase-retrieval"):
        assert words[0] in ("make", "git", "cd", "eval")
        return
    command = words[1]
    if command in LONG:
        return
    reduced = ["--quick"] if command in QUICK and "--quick" not in words else []
    result = invoke(*words[1:], *reduced)
    assert result.exit_code == 0, (words, result.output)


@pytest.mark.parametrize("page", PAGES)
def test_the_guide_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "guide"}
    text = GUIDE.joinpath(page).read_text("utf-8")
    for language, block in blocks(text):
        if language == "python":
            exec(compile(block, page, "exec"), names)
        elif language == "sh":
            for words in lines(block):
                run_command(words)
    assert text.startswith("# ")


def test_every_page_is_on_the_way_from_the_first():
    index = GUIDE.joinpath("index.md").read_text("utf-8")
    listed = re.findall(r"^```{toctree}\n(.*?)^```$", index, re.M | re.S)
    names = {line for block in listed for line in block.splitlines() if re.fullmatch(r"\w+", line)}
    assert {f"{name}.md" for name in names} | {"index.md"} == set(PAGES)


@pytest.fixture
def with_rows(tmp_path, monkeypatch):
    """A folder with the data matrix that examples name."""
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", np.random.default_rng(0).standard_normal((200, 6)))


@pytest.mark.usefixtures("with_rows")
def test_the_commands_of_the_questions_run():
    commands = re.findall(r"`(phase-retrieval .+?)`", GUIDE.joinpath("questions.md").read_text("utf-8"))
    assert len(commands) >= 8
    for command in commands:
        run_command(shlex.split(command))


def test_the_python_of_the_readme_runs():
    python = [block for language, block in blocks(README.read_text("utf-8")) if language == "python"]
    assert python
    for block in python:
        exec(compile(block, "README.md", "exec"), {})


@pytest.mark.usefixtures("with_rows")
def test_the_commands_of_the_readme_run():
    text = README.read_text("utf-8")
    Path("mine.json").write_text(re.search(r"`mine.json` holds `(.+?)`", text)[1], encoding="utf-8")
    commands = [words for language, block in blocks(text) if language == "sh" for words in lines(block)]
    assert len(commands) >= 10
    for words in commands:
        run_command([SHORTER.get(word, word) for word in words])
