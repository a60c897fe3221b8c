"""What an installed package says of itself."""

import importlib
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files

import pytest


@pytest.mark.parametrize("name", ["theory", "numerics", "derivations"])
def test_a_package_has_a_version_and_types(name):
    package = importlib.import_module(name)
    assert package.__version__ == version("phase-retrieval-theory")
    assert files(name).joinpath("py.typed").is_file()
    with pytest.raises(AttributeError, match="no 'nothing'"):
        _ = package.nothing


def test_numerics_opens_without_what_only_derivations_need():
    """A cold start does not pay for SymPy, SciPy, matplotlib or xarray."""
    heavy = "{'sympy', 'scipy', 'matplotlib', 'xarray', 'pandas'}"
    script = f"import sys, numerics; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
