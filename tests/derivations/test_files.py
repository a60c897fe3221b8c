"""Files: written at once, and only where there is a regular one or none; read only where there is one."""

import os
import socket
import stat
from pathlib import Path

import numpy as np
import pytest
from commandline import run

from numerics import Problem
from numerics.descent import checkpoint
from theory import disk

pytestmark = pytest.mark.usefixtures("folder")

WRITERS = {
    "derive": "derive --output {}",
    "derive --json": "derive --json --output {}",
    "constants": "constants --digits 3 --output {}",
    "cite": "cite --output {}",
    "explore": "explore --output {}",
    "report": "report --quick --output {}",
    "solve": "solve --exponent 1 --dimension 3 --until 1 --output {}",
    "solve --format": "solve --exponent 1 --dimension 3 --until 1 --format nc --output {}",
    "descend": "descend --exponent 1 --dimension 3 --steps 3 --step-size 0.1 --output {}",
    "checkpoint": "descend --exponent 1 --dimension 3 --steps 3 --step-size 0.1 --sgd --checkpoint {}",
    "audit": "audit P1 --output {}",
    "plot": "constants --exponent 2,3 --plot {}",
}
"""Every option that names a file to write."""

QUICK = [name for name in WRITERS if name not in ("report", "audit", "plot")]
READERS = [
    "solve --until 1 --problem {}",
    "solve --until 1 --digits 10 --problem {}",
    "descend --steps 1 --step-size 1 --problem {}",
    "constants --dimension 3 --teacher {}",
    "solve --until 1 --exponent 1 --dimension 3 --teacher {}",
    "solve --until 1 --exponent 1 --dimension 3 --init {}",
]


def refused(line):
    """The line on which the command refuses."""
    result = run(line)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert result.stderr.startswith("phase-retrieval: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def special(kind, name):
    """Make something that is no regular file."""
    if kind == "pipe":
        os.mkfifo(name)
    elif kind == "folder":
        os.mkdir(name)
    else:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
@pytest.mark.parametrize("line", WRITERS.values(), ids=WRITERS)
def test_what_is_no_regular_file_is_never_replaced(line, kind, linked):
    special(kind, "target.svg")
    if linked:
        Path("link.svg").symlink_to("target.svg")
    before = os.lstat("target.svg")
    assert "regular file" in refused(line.format("link.svg" if linked else "target.svg"))
    after = os.lstat("target.svg")
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)
    assert os.path.islink("link.svg") == linked
    assert set(os.listdir()) <= {"target.svg", "link.svg"}


@pytest.mark.parametrize("line", [*WRITERS.values(), *READERS])
def test_a_device_is_neither_replaced_nor_read(line, monkeypatch):
    """The file is called a device: no test may risk a real one."""
    Path("device.svg").write_text("kept", encoding="utf-8")
    honest = os.stat

    def status(path, *arguments, **options):
        found = honest(path, *arguments, **options)
        if os.fspath(path) not in ("device.svg", os.path.realpath("device.svg")):
            return found
        return os.stat_result((stat.S_IFCHR | 0o666, *found[1:]))

    monkeypatch.setattr(disk.os, "stat", status)
    assert "regular file" in refused(line.format("device.svg"))
    assert Path("device.svg").read_text(encoding="utf-8") == "kept"
    assert os.listdir() == ["device.svg"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("book --quick --output out", "index.html"),
        ("book --quick --output out", "escape.html"),
        ("book --quick --output out", "sources.html"),
        ("book --quick --output out", "book.tex"),
        ("audit Lem11 --quick --plot out", "audit-Lem11.svg"),
        ("audit Lem11 --quick --plot out", "audit-Lem11.pdf"),
    ],
)
def test_a_folder_is_looked_at_before_the_work(line, name, monkeypatch):
    """A pipe has the name of a file to be written: it is refused before a chapter or a claim is begun."""
    os.mkdir("out")
    os.mkfifo(f"out/{name}")
    monkeypatch.setattr("derivations.contents.write", None)
    monkeypatch.setattr("derivations.court.audit", None)
    assert f"'out/{name}' must be a new or a regular file" in refused(line)


def test_a_missing_compiler_is_noticed_before_the_work(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("derivations.contents.write", None)
    assert "--pdf: pdflatex is not installed" in refused("book --pdf --output out")


@pytest.mark.parametrize("line", READERS)
def test_a_pipe_is_not_read(line):
    """Nobody writes into it: to read would never end."""
    os.mkfifo("pipe")
    assert "is not a regular file" in refused(line.format("pipe"))


@pytest.mark.parametrize("name", QUICK)
def test_links_are_followed_and_permissions_kept(name):
    os.mkdir("elsewhere")
    Path("elsewhere/target").write_text("former", encoding="utf-8")
    os.chmod("elsewhere/target", 0o640)
    Path("link.txt").symlink_to("elsewhere/middle")
    Path("elsewhere/middle").symlink_to("target")
    if name == "checkpoint":
        assert "not a checkpoint" in refused(WRITERS[name].format("link.txt"))
        Path("elsewhere/target").unlink()  # the link leads nowhere now
    result = run(WRITERS[name].format("link.txt"))
    assert result.exit_code == 0, result.output
    assert os.path.islink("link.txt")
    assert os.path.islink("elsewhere/middle")
    assert b"former" not in Path("elsewhere/target").read_bytes()
    if name != "checkpoint":
        assert stat.S_IMODE(os.stat("elsewhere/target").st_mode) == 0o640
    left = {"link.txt", "elsewhere"} | ({"explorer.html"} & set(os.listdir()))
    assert set(os.listdir()) == left
    assert sorted(os.listdir("elsewhere")) == ["middle", "target"]


@pytest.mark.parametrize("name", QUICK)
def test_names_may_be_as_long_as_the_system_allows(name):
    longest = "n" * os.pathconf(".", "PC_NAME_MAX")
    assert run(WRITERS[name].format(longest)).exit_code == 0
    assert os.listdir() == [longest]
    assert refused(WRITERS[name].format(longest + "n"))


@pytest.mark.parametrize("line", [*WRITERS.values(), *READERS])
def test_links_that_go_in_a_circle_are_refused(line):
    Path("there.svg").symlink_to("back.svg")
    Path("back.svg").symlink_to("there.svg")
    refused(line.format("there.svg"))
    assert sorted(os.listdir()) == ["back.svg", "there.svg"]


@pytest.mark.parametrize(
    "write",
    [
        lambda path: disk.write_file(path, b"new"),
        lambda path: Problem([1.0], [1.0], [0.1]).save(path),
        lambda path: checkpoint.save(path, "run", {"state": np.zeros(3)}),
    ],
)
def test_the_library_writes_by_the_same_rules(write):
    path = Path("target.json")
    os.mkfifo(path)
    with pytest.raises(ValueError, match="regular file"):
        write(path)
    path.unlink()
    path.touch(mode=0o600)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size
    assert os.listdir() == ["target.json"]


def test_new_files_have_the_permissions_that_the_user_gives():
    former = os.umask(0o027)
    try:
        disk.write_file("new", b"")
    finally:
        os.umask(former)
    assert stat.S_IMODE(os.stat("new").st_mode) == 0o640


@pytest.mark.parametrize("call", ["fsync", "chmod", "replace"])
def test_nothing_is_half_written(call, monkeypatch):
    Path("file").write_text("former", encoding="utf-8")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(disk.os, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        disk.write_file("file", b"new")
    assert Path("file").read_text(encoding="utf-8") == "former"
    assert os.listdir() == ["file"]


@pytest.mark.parametrize("name", ["solve", "descend", "derive", "constants", "cite", "audit"])
def test_a_name_that_promises_another_format_is_refused(name):
    assert "must end in" in refused(WRITERS[name].format("table.parquet"))
    assert os.listdir() == []


@pytest.mark.parametrize(("suffix", "form"), [("csv", "csv"), ("md", "markdown"), ("tex", "latex")])
def test_the_name_of_a_table_of_constants_says_its_format(suffix, form):
    line = "constants --exponent 2,3 --only escape_rate"
    assert run(f"{line} --output table.{suffix}").exit_code == 0
    assert Path(f"table.{suffix}").read_text(encoding="utf-8") == run(f"{line} --format {form}").stdout
    assert run(f"{line} --output table.json").exit_code == 0
    assert Path("table.json").read_text(encoding="utf-8") == run(f"{line} --json").stdout
