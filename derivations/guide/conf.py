"""Settings of Sphinx: how-tos in Markdown, notebooks with their outputs, a reference from the docstrings.

Formulas are MathML within the page; nothing is loaded from elsewhere.
"""

import re
from collections.abc import Iterator
from importlib.metadata import metadata

from docutils.nodes import Element, SkipNode
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from derivations.press.typeset import inline, mathml

LITERAL = re.compile(r"(`+[^`]*`+)")

about = metadata("phase-retrieval-theory")
project = "Phase retrieval under power-law data"
author = "the maintainers"
version = release = about["Version"]

extensions = [
    "myst_nb",  # Markdown, and notebooks that run
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",  # cards
]
exclude_patterns = ["templates", "conf.py"]
templates_path = ["templates"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".py": "myst-nb"}
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "force"
nb_execution_timeout = 180
nb_execution_raise_on_error = True
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
autosummary_ignore_module_all = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_display_short_literal_types = True
add_module_names = False

html_theme = "furo"
html_title = project
html_math_renderer = "mathml"
html_show_copyright = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app: Sphinx) -> None:
    """Write formulas as MathML, and bars as bars."""
    app.connect("autodoc-process-docstring", _bars)
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))


def _inline(translator: HTML5Translator, node: Element) -> None:
    translator.body.append(inline(node.astext()))
    raise SkipNode


def _block(translator: HTML5Translator, node: Element) -> None:
    translator.body.append(f'<div class="math">{mathml(node.astext())}</div>')
    raise SkipNode


def _bars(app: Sphinx, kind: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Let |u| in a docstring be a modulus, not a substitution of reStructuredText."""
    lines[:] = ["".join(_escaped(line)) for line in lines]


def _escaped(line: str) -> Iterator[str]:
    """The pieces of a line, with bars outside literals and roles escaped."""
    for number, piece in enumerate(LITERAL.split(line)):
        yield piece if number % 2 else piece.replace("|", r"\|")
