"""What an installed package says of itself."""

import importlib
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
