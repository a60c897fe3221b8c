"""The command line, run within the test."""

import json
import shlex
from pathlib import Path

from click.testing import CliRunner

from derivations.cli import main

LAW = "--exponent 2 --dimension 50"
SOLVE = f"solve {LAW} --until 100"
CURVES = {"t", "u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered"}
SMALL = {"eigenvalues": [0.75, "0.25"], "teacher": [1, "1.0"], "init": [0.1, -0.2]}


def store(name, content):
    text = content if isinstance(content, str) else json.dumps(content)
    Path(name).write_text(text, encoding="utf-8")


def invoke(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def run(line):
    return invoke(*shlex.split(line))


def answered(line):
    """The answer of a successful command, read by a parser that accepts no NaN."""
    result = run(line)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout, parse_constant=_refused)


def _refused(name):
    raise AssertionError(f"{name} is not JSON")
