"""Derived functions as text in other languages than NumPy, for one state at a time.

:mod:`~theory.symbolic.languages.body` has what all share: names, places and common subexpressions.
"""

from collections.abc import Callable

from theory.symbolic.languages.body import UnsupportedFunctionError
from theory.symbolic.languages.c import c_source
from theory.symbolic.languages.exact import exact_module
from theory.symbolic.languages.fortran import fortran_module
from theory.symbolic.languages.javascript import script
from theory.symbolic.languages.jax import jax_module
from theory.symbolic.languages.julia import julia_module
from theory.symbolic.source import Code

__all__ = ["WRITERS", "UnsupportedFunctionError"]

WRITERS: dict[str, Callable[[Code], str]] = {
    "jax": jax_module,
    "julia": julia_module,
    "c": c_source,
    "fortran": fortran_module,
    "javascript": script,
    "sympy": exact_module,
}
"""What writes each language but NumPy, by the names of :data:`theory.languages.ENDINGS`."""
