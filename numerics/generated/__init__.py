"""Modules written by ``theory.symbolic.codegen``; do not edit them. Others are loaded from their text."""

from types import ModuleType
from typing import Any, TypeAlias

RightHandSides: TypeAlias = Any
"""A generated module, or a :class:`numerics.pairs.Network`: its functions say what coordinates it has."""


def load_module(text: str, name: str = "generated") -> ModuleType:
    """Execute the ``text`` of a generated module, which needs no file: any model can be solved at once.

    >>> load_module("STUDENTS = 2").STUDENTS
    2
    """
    module = ModuleType(name)
    exec(compile(text, f"<{name}>", "exec"), module.__dict__)
    return module
