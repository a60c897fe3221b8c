"""The languages that right-hand sides are written in, and the endings of their files; no SymPy is loaded."""

from theory.nearest import nearest

ENDINGS = {
    "numpy": "py",
    "jax": "py",
    "julia": "jl",
    "c": "c",
    "fortran": "f90",
    "javascript": "js",
    "sympy": "py",
}
"""Each language that :func:`theory.symbolic.generate_code` writes, with the ending of its files."""


def known_language(name: str) -> str:
    """The language of that name, in small letters.

    Raises ValueError, with what is nearest, for another name.

    >>> known_language("JAX")
    'jax'
    >>> known_language("javascrpt")
    Traceback (most recent call last):
    ...
    ValueError: 'javascrpt' is no language that code is written in; the nearest are javascript
    """
    language = name.casefold()
    if language not in ENDINGS:
        told = nearest(name, ENDINGS)
        raise ValueError(f"{name!r} is no language that code is written in; {told}")
    return language
