"""Modules written by ``theory.symbolic.codegen``; do not edit them. Others are loaded from their text."""

from types import ModuleType
from typing import Annotated, Any, TypeAlias

from theory.expected import Only, checked

RightHandSides: TypeAlias = Any
"""A generated module, or a :class:`numerics.pairs.Network`: its functions say what coordinates it has."""

Generated = Annotated[
    ModuleType,
    Only(
        "a generated module without a constraint",
        lambda module: hasattr(module, "STUDENTS") and not hasattr(module, "CONSTRAINT"),
    ),
]
"""The right-hand sides of a model: :mod:`numerics.generated.phase_retrieval`, or of :func:`load_module`."""

@checked
def load_module(text: str, name: str = "generated") -> ModuleType:
    """Execute the ``text`` of a generated module, which needs no file: any model can be solved at once.

    >>> load_module("STUDENTS = 2").STUDENTS
    2
    """
    module = ModuleType(name)
    exec(compile(text, f"<{name}>", "exec"), module.__dict__)
    return module
