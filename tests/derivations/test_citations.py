"""The bibliography: well formed, and complete for what the code names."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from commandline import invoke

from derivations.commands.cite import bibliography

ROOT = Path(__file__).parents[2]
CITED = re.compile(r"([A-Z][a-z]+) (?:& ([A-Z][a-z]+)[\w ]*)?(?:, )?\*[A-Z]", re.S)
UNCITED = {"threadpoolctl", "click", "rich", "jinja2", "latex2mathml", "pylatexenc"}
"""They print, or share the processors; no result rests on them."""


@pytest.mark.parametrize("entry", bibliography().values(), ids=bibliography().keys())
def test_an_entry_is_whole(entry):
    assert re.match(r"@(article|book|misc|software)\{[a-z_0-9]+,\n", entry)
    assert entry.count("{") == entry.count("}")
    fields = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", entry, re.M))
    assert len(fields) == len(entry.splitlines()) - 2
    assert {"author", "title", "year"} <= set(fields)
    assert fields["year"].isdigit()
    assert not entry.splitlines()[-2].endswith(",")
    assert all(line.endswith(",") for line in entry.splitlines()[1:-2])


def test_books_that_the_docstrings_name_are_there():
    everything = " ".join(bibliography().values())
    names = set()
    for package in ("theory/symbolic", "theory/asymptotics", "numerics"):
        for path in (ROOT / package).rglob("*.py"):
            text = " ".join(path.read_text(encoding="utf-8").split())
            names |= {name for match in CITED.findall(text) for name in match if name}
    assert len(names) >= 5
    assert not {name for name in names if name not in everything}


def test_libraries_that_results_rest_on_are_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    libraries = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]} - UNCITED
    everything = " ".join(bibliography().values()).lower()
    assert not {library for library in libraries if library.lower() not in everything}


def test_the_command_prints_all_of_it():
    text = invoke("cite").stdout
    assert text.startswith("@software{phase_retrieval_theory,")
    assert text.count("\n@") == len(bibliography()) - 1
    assert json.loads(invoke("cite", "--json").stdout) == bibliography()


def test_software_and_paper_are_those_of_the_citation_file():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    entries = bibliography()
    assert f"version: {re.search(r'version = {(.+)}', entries['phase_retrieval_theory'])[1]}" in citation
    assert re.search(r"title = \{(.+)\}", entries["braun2025fast"])[1] in citation
    assert "arXiv:2511.18661" in entries["braun2025fast"]
