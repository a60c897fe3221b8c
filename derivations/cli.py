"""The command ``phase-retrieval``: a table of commands, imported when called, and the rules of its exits.

Exit 0 for success, 1 for a failed check, 2 for bad input, 130 for Ctrl-C. Bad input is reported on one line
of stderr and leaves nothing else behind. Any other exception is a bug and keeps its traceback.
"""

import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from derivations import streams

NAME = "phase-retrieval"
DISTRIBUTION = "phase-retrieval-theory"

COMMANDS = {
    "report": ("derivations.commands.report:report", "Derive and check every claim; write the report."),
    "audit": ("derivations.commands.audit:audit", "Settle the claims of the paper."),
    "book": ("derivations.commands.book:book", "Write the book of derivations."),
    "derive": ("derivations.commands.derive:derive", "Derive the flow of a link function."),
    "constants": ("derivations.commands.constants:constants", "Compute the asymptotic constants."),
    "laws": ("derivations.commands.laws:laws", "Print the laws of learning as symbols."),
    "solve": ("derivations.commands.solve:solve", "Solve the gradient flow."),
    "descend": ("derivations.commands.descend:descend", "Run gradient descent, on the population or by SGD."),
    "sweep": ("derivations.commands.sweep:sweep", "Compute one table over a grid of parameters."),
    "data": ("derivations.commands.data:data", "Compare the theory with a data matrix."),
    "figure": ("derivations.commands.figure:figure", "Redraw a figure of the paper, with the theory."),
    "explore": ("derivations.commands.explore:explore", "Write a page that solves the flow as sliders move."),
    "cite": ("derivations.commands.cite:cite", "Print BibTeX for the software and its methods."),
}
"""Where each command lives, and its line in the help. Importing one may cost more than a whole ``--help``."""


class Program(click.Group):
    """A group that imports a command only to run it, and reports errors on one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C ends it with a line of its own."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo(f"{NAME}: interrupted", err=True)
            ctx.exit(130)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program and exit."""
        streams.prepare()
        try:
            status = super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.ClickException as error:
            status = _refuse(_one_line(error))
        except OSError as error:
            if not streams.refused(error):
                raise
            status = _refuse(f"standard output cannot be written ({error.strerror})")
        sys.exit(status or 0)


def _refuse(message: str) -> int:
    """Say on one line why the request is refused, if standard error takes it; return the status."""
    with suppress(OSError):
        click.echo(f"{NAME}: {message}", err=True)
    return 2


def _one_line(error: click.ClickException) -> str:
    """The message; where click itself refuses the words given, with a pointer to what is allowed."""
    message = " ".join(error.format_message().split())
    if isinstance(error, click.BadParameter) or not isinstance(error, click.UsageError):
        return message
    path = error.ctx.command_path if error.ctx else NAME
    return f"{message.rstrip('.')}; see {path} --help"


@click.group(cls=Program, name=NAME, no_args_is_help=False)
@click.version_option(package_name=DISTRIBUTION, prog_name=NAME, message="%(prog)s %(version)s")
def main() -> None:
    """Learning dynamics of phase retrieval under power-law data: derived, solved and checked.

    Every command has a --help with examples, and a --json for programs.
    """
