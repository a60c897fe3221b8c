"""Derived functions for JAX: pure functions of one state, to be jitted, mapped and differentiated.

Roots that are real up to rounding only are given slope 0 where they vanish: there the terms of these
averages that hold them cancel, so that gradients are right where student and teacher are parallel.
"""

import sympy
from sympy.printing.numpy import JaxPrinter

from theory.symbolic.languages.body import Writer, body, indented, notes, summary
from theory.symbolic.printing import NonNegative
from theory.symbolic.source import Code, Function, assignments

ROOT = '''def _root(r):
    """The root of r where r > 0, else 0 with slope 0."""
    return jnp.where(r > 0, jnp.sqrt(jnp.where(r > 0, r, 1)), 0)'''

NOTE = (
    "The functions are of one state, to be transformed by jax.jit, jax.vmap and jax.grad. In double "
    'precision they are after jax.config.update("jax_enable_x64", True).'
)


class _Printer(JaxPrinter):  # type: ignore[misc]  # SymPy ships no types
    """JAX text of one expression."""

    def __init__(self) -> None:
        super().__init__({"human": False, "fully_qualified_modules": True})

    def _module_format(self, fqn: str, register: bool = True) -> str:
        return super()._module_format(fqn, register).replace("jax.numpy.", "jnp.")

    def _print_NonNegative(self, expr: NonNegative) -> str:
        return f"jnp.maximum({self._print(expr.args[0])}, 0)"

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        if isinstance(expr.base, NonNegative) and expr.exp == sympy.S.Half:
            return f"_root({self._print(expr.base.args[0])})"
        return super()._print_Pow(expr, rational)


def jax_module(code: Code) -> str:
    """The text of a module with the functions and the constants."""
    functions = "\n\n\n".join(map(_function, code.functions))
    helpers = [ROOT] if "_root(" in functions else []
    docstring = "\n".join(['"""' + "\n".join(notes(code, NOTE)), '"""'])
    imports = "import jax\nimport jax.numpy as jnp" if "jax." in functions else "import jax.numpy as jnp"
    head = f"{docstring}\n\n{imports}\n\n{assignments(code.constants)}"
    return "\n\n\n".join([head, *helpers, functions]) + "\n"


def _function(function: Function) -> str:
    found = body(function)
    function, write = found.function, Writer("JAX", _Printer(), found.function)
    like = next(iter(function.arguments))
    lines = [
        f"{symbol} = {argument}[{', '.join(map(str, place))}]" for symbol, argument, place in found.places
    ]
    lines += [f"{name} = {write.text(value)}" for name, value in found.shared]
    texts = [
        write.nested(values, output.entries.shape)
        for output, values in zip(function.outputs, found.values, strict=True)
    ]
    lines += [
        f"{output.name} = jnp.asarray({text}, dtype=jnp.result_type({like}, float))"
        for output, text in zip(function.outputs, texts, strict=True)
    ]
    lines.append(f"return {', '.join(output.name for output in function.outputs)}")
    first, *rest = summary(function)
    docstring = [f'"""{first}', "", *rest, '"""']
    return "\n".join(
        [f"def {function.name}({', '.join(function.arguments)}):", *indented([*docstring, *lines])]
    )
