"""``phase-retrieval cite``: BibTeX for the software, the paper and the methods it uses."""

import re
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import click

from derivations.cli import DISTRIBUTION
from derivations.commands.options import bad_input, check_suffix, output_options
from derivations.output import emit, json_text

SOFTWARE = """@software{{phase_retrieval_theory,
  author = {{{{The {name} authors}}}},
  title = {{{name}: a Symbolic-Numeric Theory Toolkit for Phase Retrieval under Power-Law Data}},
  version = {{{version}}},
  year = {{2026}}
}}"""

EXAMPLES = """\b
Examples:
  phase-retrieval cite
  phase-retrieval cite --json
"""


@click.command(epilog=EXAMPLES)
@output_options
def cite(as_json: bool, output: Path | None) -> None:
    """Print BibTeX for the software and its methods.

    The note of an entry says what it is used for. With --json, entries by their keys.
    """
    with bad_input():
        as_json |= check_suffix(output, ("json", "bib")) == "json"
    entries = bibliography()
    emit(json_text(entries) if as_json else "\n\n".join(entries.values()), output)


def bibliography() -> dict[str, str]:
    """The entries by their keys, the software and the paper first."""
    software = SOFTWARE.format(name=DISTRIBUTION, version=version(DISTRIBUTION))
    others = files("derivations").joinpath("references.bib").read_text("utf-8").strip()
    return {_key(entry): entry for entry in (software, *re.split(r"\n\n(?=@)", others))}


def _key(entry: str) -> str:
    """What an entry is cited by."""
    return entry[entry.index("{") + 1 : entry.index(",")]
