"""Malformed requests, drawn at random: one line and status 2, or an answer; nothing is lost or half-written.

Each starts from a request that is served and spoils it: values of options, options themselves, the bytes and
the structure of files, and the places that it reads from and writes to.
"""

import contextlib
import json
import os
import random
import shlex
import stat
import warnings
from pathlib import Path

import pytest
from commandline import invoke

LAW = "--exponent 1.5 --dimension 3 --seed 0 --teacher flat"
REQUESTS = [
    f"solve {LAW} --init sphere --until 1 --points 3",
    f"solve {LAW} --init escape:0.1 --until 1 --times 0.5,1 --json",
    f"solve {LAW} --until 1 --points 2 --digits 12",
    "solve --problem problem.json --until 1 --points 2",
    "solve --problem problem.json --until 1 --points 2 --digits 12",
    "solve --problem problem.csv --until 1 --points 2",
    "solve --problem problem.nc --until 1 --points 2",
    f"descend {LAW} --step-size 0.1 --steps 3 --points 2",
    f"descend {LAW} --step-size 0.1 --steps 3 --samples 4 --noise 0.1",
    f"descend {LAW} --step-size 0.1 --steps 3 --sgd --batch 2 --runs 2 --checkpoint state.npz",
    "descend --problem problem.json --step-size 0.1 --steps 3",
    "constants --exponent 2 --dimension 3 --teacher vector.txt --digits 5",
    "constants --exponent 2 --digits 5 --only escape_rate --seed 1",
    "constants --exponent 2,3 --digits 5 --only escape_rate,final_rate --format csv",
    "derive --link z --teacher-link z --width 1 --teachers 1 --format latex",
    "cite",
    "explore --output page.html",
    "figure 7",
    "audit P999 --quick",
]
NUMBERS = [
    *(
        "",
        " ",
        "-1",
        "0",
        "-0",
        "nan",
        "inf",
        "-inf",
        "1e308",
        "1e-320",
        "1e309",
        "1e999999999",
        "0x10",
        "1_0",
    ),
    *("½", "٣", "1,5", "1.5.2", "two", "1/3", "--", "None", "1e", "e1", "\u202e1", "\udcff", "a\0b", "1\n2"),
]
PLACES = [
    "absent",
    "pipe",
    "pipelink",
    "loop",
    "void",
    "folder",
    ".",
    "",
    "/",
    "folder/none/x",
    "n" * 300,
    "locked",
]
NAMES = ["flat:1", "source:", "source:nan", "source:x", "source:1e9", "escape:", "escape:0", "escape:1e308"]
LINKS = [
    "sin(z)",
    "z**",
    "z/0",
    "1/z",
    "lambda: 0",
    "().__class__",
    "z**0.5",
    "(" * 300,
    "λ",
    "0",
    "z*erf(z)",
]
CONTENTS = [
    *(b"", b"{", b"[]", b"{}", b"null", b"1e999", b"\xff\xfe", b"\x00" * 50, b"[" * 5000, b"CDF\x02\x00"),
    b'{"eigenvalues": [1], "teacher": [[1], [2]], "init": [1]}',
    b'{"eigenvalues": [1, 2], "teacher": [1, 1], "init": [[1, 0], [0, 1]]}',
    b'{"eigenvalues": [1e300], "teacher": [1e300], "init": [1]}',
    b'{"eigenvalues": [1], "teacher": [1], "init": [1e-320]}',
    b'{"eigenvalues": ["1e99999"], "teacher": [1], "init": [1]}',
    b'{"eigenvalues": [true], "teacher": [{}], "init": ["x"]}',
    b'{"eigenvalues": [[1]], "teacher": [[1]], "init": [[1]]}',
    b'{"variables": {"u": 1}, "attributes": {}}',
]
PROBLEM = {"eigenvalues": [1, "0.5"], "teacher": [1, -1], "init": [0.1, 0.2]}
FILES = ["problem.json", "problem.csv", "problem.nc", "vector.txt"]


def prepare(folder):
    """The files that the requests name, and places where nothing must be written."""
    from numerics import Problem

    os.chdir(folder)
    Path("problem.json").write_text(json.dumps(PROBLEM), encoding="utf-8")
    for form in ("csv", "nc"):
        Problem([1, 0.5], [1, -1], [0.1, 0.2]).save(f"problem.{form}")
    Path("vector.txt").write_text("1 2 3", encoding="utf-8")
    Path("kept").write_text("former", encoding="utf-8")
    Path("locked").touch(mode=0o444)
    os.mkdir("folder")
    os.mkfifo("pipe")
    Path("pipelink").symlink_to("pipe")
    Path("loop").symlink_to("loop")
    Path("void").symlink_to("folder/none/x")


def spoilt(draw):
    """A request with one to three faults, and the files whose content is spoilt."""
    words = shlex.split(draw.choice(REQUESTS))
    contents = {}
    for _ in range(draw.randint(1, 3)):
        kind = draw.choice(["value", "value", "value", "remove", "double", "option", "content", "output"])
        options = [at for at, word in enumerate(words[:-1]) if word.startswith("--")]
        if kind == "value" and options:
            at = draw.choice(options) + 1
            words[at] = draw.choice(draw.choice([NUMBERS, PLACES, NAMES, LINKS]))
        elif kind == "remove" and len(words) > 2:
            del words[draw.randrange(2, len(words))]
        elif kind == "double" and options:
            at = draw.choice(options)
            words += words[at : at + 2]
        elif kind == "option":
            words.insert(
                draw.randint(0, len(words)), draw.choice(["--colour", "-x", "--json", "--sgd", "P2/x"])
            )
        elif kind == "content":
            name = draw.choice(FILES)
            whole = Path(name).read_bytes()
            torn = whole[: draw.randrange(len(whole))] + draw.randbytes(draw.randrange(9))
            contents[name] = draw.choice([*CONTENTS, torn, torn, torn])
        elif kind == "output":
            words += ["--output", draw.choice([*PLACES, "kept", "kept.parquet", "kept.nc"])]
    return words, contents


def tree():
    """What there is: kinds and, of regular files, contents."""
    found = {}
    for path in Path().rglob("*"):
        mode = os.lstat(path).st_mode
        found[str(path)] = (stat.S_IFMT(mode), path.read_bytes() if stat.S_ISREG(mode) else None)
    return found


def check(words, contents):
    """Run the request and say what is wrong with how it ends, None if nothing is."""
    former = {name: Path(name).read_bytes() for name in contents}
    for name, content in contents.items():
        Path(name).write_bytes(content)
    before = tree()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        result = invoke(*words)
    after = tree()
    for name, content in former.items():
        Path(name).write_bytes(content)
    for name in sorted(after.keys() - before.keys(), reverse=True):
        os.unlink(name) if not os.path.isdir(name) else os.rmdir(name)
    if "kept" in before and after.get("kept") != before["kept"]:
        Path("kept").write_text("former", encoding="utf-8")
    if not isinstance(result.exception, (type(None), SystemExit)):
        return f"{type(result.exception).__name__}: {result.exception}"
    if result.exit_code not in (0, 1, 2):
        return f"status {result.exit_code}"
    if result.exit_code == 2 and (result.stdout or result.stderr.count("\n") != 1 or after != before):
        return f"a refusal that is not one line, or that leaves something: {result.output}"
    if any(after[name][0] != kind for name, (kind, _) in before.items() if name in after):
        return "something is now of another kind"
    if before.keys() - after.keys() or any(name.endswith(".part") for name in after):
        return "something is lost or half-written"
    return None


def failures(count, seed, folder):
    """The faults that ``count`` requests show."""
    draw = random.Random(seed)
    with contextlib.chdir(folder):
        prepare(folder)
        requests = [spoilt(draw) for _ in range(count)]
        told = [(words, check(words, contents)) for words, contents in requests]
    return [f"{shlex.join(words)!r}: {fault}" for words, fault in told if fault]


def test_malformed_requests_end_well(tmp_path):
    assert failures(250, 1, tmp_path) == []


@pytest.mark.slow
def test_many_malformed_requests_end_well(tmp_path):
    assert failures(2000, 2, tmp_path) == []
