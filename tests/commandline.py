"""The command line, run within the test."""

import json
import shlex

from click.testing import CliRunner

from derivations.cli import main


def run(line):
    return CliRunner().invoke(main, shlex.split(line))


def answered(line):
    """The answer of a successful command, read by a parser that accepts no NaN."""
    result = run(line)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout, parse_constant=_refused)


def _refused(name):
    raise AssertionError(f"{name} is not JSON")
