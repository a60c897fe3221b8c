"""The command line: its list of commands, its examples and its completion."""

import os

import click
import pytest
from click.testing import CliRunner
from commandline import SMALL, run, store

from derivations.cli import COMMANDS, main

NETWORK = {
    "eigenvalues": [0.5, 0.3, 0.2],
    "teacher": [[1, 0, 1], [0, 1, -1]],
    "init": [[0.1, 0, 0.2], [0, 0.1, 0.1]],
}

pytestmark = pytest.mark.usefixtures("folder")

EXAMPLES = [
    line.strip()
    for name in ("constants", "solve", "descend", "derive")
    for line in (main.get_command(click.Context(main), name).epilog or "").splitlines()
    if line.strip().startswith("phase-retrieval ")
]


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_in_the_help_run(line):
    store("problem.json", SMALL)
    store("network.json", NETWORK)
    result = run(line.removeprefix("phase-retrieval "))
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() or "--output" in line
    words = line.split()
    written = words[words.index("--output") + 1 :][:1] if "--output" in words else []
    assert sorted(os.listdir()) == sorted(["network.json", "problem.json", *written])


def test_every_command_has_examples():
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_commands_say(name):
    command = main.get_command(click.Context(main), name)
    assert command.name == name
    assert command.epilog
    assert COMMANDS[name][1] in run("--help").stdout


def test_version():
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.split()[0] == "phase-retrieval"


def completion(wanted, **asked):
    """What the program prints for a shell that sets these variables."""
    environment = {"_PHASE_RETRIEVAL_COMPLETE": wanted, **asked}
    return CliRunner().invoke(main, [], env=environment, prog_name="phase-retrieval").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell):
    assert "_PHASE_RETRIEVAL_COMPLETE" in completion(f"{shell}_source")


@pytest.mark.parametrize(
    ("words", "offered"),
    [("phase-retrieval con", {"constants"}), ("phase-retrieval solve --dim", {"--dimension"})],
)
def test_commands_and_options_are_completed(words, offered):
    last = str(len(words.split()) - 1)
    found = completion("bash_complete", COMP_WORDS=words, COMP_CWORD=last).split()
    assert {line.removeprefix("plain,") for line in found} == offered
