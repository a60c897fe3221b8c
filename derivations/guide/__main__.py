"""Build the documentation: ``python -m derivations.guide FOLDER``; a warning is an error.

Its source is this folder with the notebooks beside it, which run while it is built.
"""

import shutil
import sys
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def build(folder: Path) -> int:
    """Render guide, notebooks and reference to HTML in ``folder``; the exit status of Sphinx."""
    from sphinx.cmd.build import build_main

    with TemporaryDirectory() as scratch, as_file(files("derivations.guide")) as guide:
        source = Path(scratch) / "source"
        shutil.copytree(guide, source, ignore=shutil.ignore_patterns("__*"))
        shutil.copytree(NOTEBOOKS, source / "notebooks", ignore=shutil.ignore_patterns("*.ipynb", ".*"))
        pages = Path(scratch) / "site" / "pages"  # beside which the notebooks that have run are left
        options = ["--fail-on-warning", "--quiet", "--jobs=auto", f"--doctree-dir={scratch}/trees"]
        status = build_main([*options, str(source), str(pages)])
        if not status:
            shutil.copytree(pages, folder, dirs_exist_ok=True)
        return status


if __name__ == "__main__":
    (target,) = map(Path, sys.argv[1:])
    if status := build(target):
        sys.exit(status)
    print(f"wrote {target}/index.html")
