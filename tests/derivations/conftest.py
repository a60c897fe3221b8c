"""What tests of commands share."""

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The test runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
