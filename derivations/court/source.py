"""Where a function or class stands in the code."""

import inspect
from dataclasses import dataclass
from textwrap import dedent
from typing import Any


@dataclass(frozen=True)
class Source:
    """A function or class: its module and name, the line that it begins at, and its text.

    ``text`` is empty where there is no file to read it from, as for what was typed at a prompt.
    """

    module: str
    name: str
    line: int
    text: str

    @classmethod
    def of(cls, producer: Any) -> "Source":
        """The source of a function, method, property or class.

        >>> from theory.symbolic import gradient
        >>> Source.of(gradient).path, Source.of(gradient).name
        ('theory/symbolic/geometry.py', 'gradient')
        """
        function = getattr(producer, "func", None) or getattr(producer, "fget", None) or producer
        function = inspect.unwrap(function)
        try:
            lines, line = inspect.getsourcelines(function)
        except OSError:
            lines, line = [], function.__code__.co_firstlineno
        return cls(function.__module__, function.__qualname__, line, dedent("".join(lines)))

    @property
    def path(self) -> str:
        """The file, from the root of the project."""
        return self.module.replace(".", "/") + ".py"

    @property
    def place(self) -> str:
        """File and line, as editors take them."""
        return f"{self.path}:{self.line}"

    @property
    def anchor(self) -> str:
        """A name for links."""
        return f"{self.module}.{self.name}"
