"""Texts that are kept on disk: found again, never out of date, and never taken from what is not whole."""

import subprocess
import sys

import pytest
import sympy

from theory import kept as kept_module
from theory.kept import VARIABLE, cache_folder, kept
from theory.symbolic import Z, known, single_index
from theory.symbolic.codegen import generate_module
from theory.symbolic.pairs import pair_module


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def refuse():
    raise AssertionError("made again")


def test_a_text_is_made_once(folder):
    text = "first line\nµ — ∞\n"
    assert kept("one", lambda: text) == text
    assert kept("one", refuse) == text
    with pytest.raises(AssertionError, match="made again"):
        kept("another", refuse)
    assert len(list(folder.iterdir())) == 1
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "damage", [lambda old: b"", lambda old: old[:-1], lambda old: b"\xff" + old, lambda old: b"x\ny"]
)
def test_a_file_that_is_not_whole_is_made_again(folder, damage):
    kept("one", lambda: "text")
    (path,) = folder.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert kept("one", lambda: "made again") == "made again"
    assert kept("one", refuse) == "made again"


def test_other_code_makes_it_again(folder, monkeypatch):
    kept("one", lambda: "old")
    monkeypatch.setattr(kept_module, "_version", lambda: "of other code")
    assert kept("one", lambda: "new") == "new"


def test_the_version_is_that_of_all_code_that_derives():
    version = kept_module._version()
    assert sympy.__version__ in version
    for function in (generate_module, pair_module):
        with open(sys.modules[function.__module__].__file__, encoding="utf-8") as file:
            assert file.read() in version


@pytest.mark.parametrize("setting", ["off", ""])
def test_nothing_is_kept_where_that_is_off(setting, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, setting)
    assert cache_folder() is None
    assert [kept("one", lambda text=text: text) for text in "ab"] == ["a", "b"]
    assert not list(tmp_path.iterdir())


def test_the_folder_is_the_users(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "phase-retrieval"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "phase-retrieval"


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    assert kept("one", lambda: "text") == "text"
    assert (tmp_path / "file").read_text() == "no folder"


def test_the_oldest_are_forgotten(folder, monkeypatch):
    monkeypatch.setattr(kept_module, "MOST", 2)
    for name in "abc":
        kept(name, lambda: "text")
    assert len(list(folder.iterdir())) == 2


def test_models_are_kept_by_all_that_they_are_made_of(folder, monkeypatch):
    """Links, weights, noise and name; with averages that a user gave, nothing."""
    monkeypatch.setattr(known, "_known", {})
    models = single_index(Z**3), single_index(Z**3, Z**2), single_index(Z**2)
    texts = [generate_module(model) for model in models]
    assert len(set(texts)) == len(list(folder.iterdir())) == 3
    assert [generate_module(model) for model in models] == texts
    assert pair_module(Z**2, Z**4) != pair_module(Z**4, Z**2)
    assert len(list(folder.iterdir())) == 5


def test_what_users_told_is_not_kept(folder, monkeypatch):
    monkeypatch.setattr(known, "_known", {})
    a, b, c = known.VARIABLES
    known.remember(Z**2, Z**2, a * b + 3 * c**2)  # a wrong one, to be told from our own
    assert "3 * c**2" in pair_module(Z**2, Z**2)
    generate_module(single_index(Z**2))
    assert not folder.exists()


def test_another_process_finds_it(folder):
    """And derives nothing: without the text, the averages of this link take a second."""
    script = (
        "from theory.symbolic import pairs, parse_link; f = parse_link('relu(z)**2')\n"
        "import sys\n"
        "if len(sys.argv) > 1: pairs._pair_module = None\n"
        "print(len(pairs.pair_module(f, f)))"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", script, *extra], capture_output=True, text=True, check=True
        ).stdout
        for extra in ([], ["kept"])
    )
    assert first == second
