"""What a public function expects of its arguments: its annotations, checked before any work.

:func:`checked` goes above a function or a class and refuses what an annotation does not allow in one
sentence: TypeError for a value of another kind, ValueError for one out of its range. A range is part of the
annotation, ``Annotated[int, Only("a positive integer", lambda number: number > 0)]``. A number is no text
and no truth value; a list is any iterable but a text or a mapping; arrays may be given as nested lists.
What no annotation tells (sizes that must agree, say) is for the function itself to check.
"""

import functools
import inspect
import reprlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from numbers import Number
from types import FunctionType, ModuleType, NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Target = TypeVar("Target", bound=Callable[..., Any])

SHOWN = 100
"""Characters of a refused value that are told."""
_repr = reprlib.Repr()
_repr.maxother = _repr.maxstring = SHOWN


@dataclass(frozen=True)
class Only:
    """Goes into ``Annotated``: the words for what is allowed, and which values of the type are."""

    words: str
    holds: Callable[[Any], bool] = lambda value: True


def _is_written_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


Count = Annotated[int, Only("a positive integer", lambda number: number > 0)]
Whole = Annotated[int, Only("a whole number, at least 0", lambda number: number >= 0)]
Finite = Annotated[float, Only("a finite number", lambda number: abs(float(number)) < inf)]
Positive = Annotated[float, Only("a positive number", lambda number: number > 0)]
NonNegative = Annotated[float, Only("a number, at least 0", lambda number: number >= 0)]
LEAST_ERROR, MOST_ERROR = 1e-12, 1e-3
RelativeError = Annotated[
    float,
    Only(
        f"a relative error, {LEAST_ERROR:g} to {MOST_ERROR:g}",
        lambda number: LEAST_ERROR <= number <= MOST_ERROR,
    ),
]
Real = Annotated[float | str, Only("a number, or a text of one", _is_written_number)]


@dataclass(frozen=True)
class Kind:
    """What an annotation allows: in words, by type, and by value."""

    words: str
    fits: Callable[[Any], bool]
    holds: Callable[[Any], bool] = lambda value: True
    entries: "Kind | None" = None


def checked(target: Target) -> Target:
    """Check the arguments of a function, or those that a dataclass or named tuple is made of.

    >>> @checked
    ... def repeat(text: str, count: Count = 1) -> str:
    ...     return count * text
    >>> repeat("ab", count=2)
    'abab'
    >>> repeat(None)
    Traceback (most recent call last):
    TypeError: text is None: it must be a text
    >>> repeat("ab", 0)
    Traceback (most recent call last):
    ValueError: count is 0: it must be a positive integer
    """
    if not isinstance(target, type):
        return _checking(target)
    if issubclass(target, tuple):
        target.__new__ = staticmethod(_checking(target.__new__, target.__module__))  # type: ignore[method-assign]
    else:
        maker = "__init__"
        setattr(target, maker, _checking(getattr(target, maker), target.__module__))
    return target


def expect(value: Any, name: str, annotation: Any) -> None:
    """Raise TypeError or ValueError, with one sentence, where an annotation does not allow a value.

    >>> expect([1, "b"], "seeds", Sequence[int])
    Traceback (most recent call last):
    TypeError: seeds[1] is 'b': it must be an integer
    """
    _expect(value, name, _kind(annotation))


def shown(value: Any) -> str:
    """A value in one line of at most :data:`SHOWN` characters."""
    text = " ".join(_repr.repr(value).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _checking(function: Any, module: str = "") -> Any:
    """The function that first looks at its arguments; annotations are read at the first call.

    Those of a class are read in its ``module``, where the function itself is made elsewhere.
    """
    own = inspect.unwrap(function)
    code, home = own.__code__, sys.modules.get(module)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @functools.cache
    def kinds() -> dict[str, Kind]:
        scope = vars(home) if home else own.__globals__
        return {name: _kind(_annotation(function, name, scope)) for name in names}

    @functools.wraps(function)
    def checking(*args: Any, **keywords: Any) -> Any:
        known = kinds()
        for (name, kind), value in zip(known.items(), args, strict=False):
            _expect(value, name, kind)
        for name, value in keywords.items():
            if name in known:
                _expect(value, name, known[name])
        return function(*args, **keywords)

    return checking


def _annotation(function: FunctionType, name: str, scope: dict[str, Any]) -> Any:
    """A parameter's annotation; Any where it names what is imported for type checkers alone."""
    own = SimpleNamespace(__annotations__={name: function.__annotations__.get(name, Any)})
    try:
        return get_type_hints(own, scope, include_extras=True)[name]
    except NameError:
        return Any


def _expect(value: Any, name: str, kind: Kind) -> None:
    fits = kind.fits(value)
    if not fits and kind.entries and _is_list(value) and isinstance(value, Sequence):
        for place, entry in enumerate(value):
            _expect(entry, f"{name}[{place}]", kind.entries)
    if not (fits and kind.holds(value)):
        refusal = ValueError if fits else TypeError
        raise refusal(f"{name} is {shown(value)}: it must be {kind.words}")


def _kind(annotation: Any) -> Kind:
    """What an annotation allows."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin, parts = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Annotated:
        base, only = _kind(parts[0]), next(part for part in parts if isinstance(part, Only | Kind))
        if isinstance(only, Kind):
            return only
        return Kind(only.words, base.fits, lambda value: base.holds(value) and only.holds(value))
    if origin in (Union, UnionType):
        return _either([_kind(part) for part in parts])
    if origin is Literal:
        return Kind(_alternatives([repr(part) for part in parts]), _is_text, lambda value: value in parts)
    if not isinstance(origin, type):
        return ANYTHING
    if issubclass(origin, Iterable) and parts and origin.__module__ in ("builtins", "collections.abc"):
        return _collection(origin, parts)
    if getattr(origin, "_is_protocol", False):
        members = [name for name in vars(origin) if not name.startswith("_")]
        return Kind(_named(origin), lambda value: all(hasattr(value, name) for name in members))
    if origin.__module__ == "numpy":
        return Kind("an array of numbers", _is_numeric)
    if origin.__module__.startswith("sympy.core") and origin.__name__ in EXACT:
        words = EXACT[origin.__name__]
        return Kind(words, lambda value: isinstance(value, origin) or _is_python_number(value))
    return Kind(_named(origin), lambda value: isinstance(value, origin))


def _either(kinds: Sequence[Kind]) -> Kind:
    return Kind(
        _alternatives(list(dict.fromkeys(kind.words for kind in kinds))),
        lambda value: any(kind.fits(value) for kind in kinds),
        lambda value: any(kind.fits(value) and kind.holds(value) for kind in kinds),
    )


def _collection(origin: type, parts: tuple[Any, ...]) -> Kind:
    """A list whose entries are looked at where that does not use them up; a mapping without a look inside."""
    if issubclass(origin, Mapping):
        return Kind("a mapping", lambda value: isinstance(value, origin))
    entry = _kind(parts[0])

    def fits(value: Any) -> bool:
        if not _is_list(value) or (origin is not Iterable and not hasattr(value, "__len__")):
            return False
        return not isinstance(value, list | tuple) or all(entry.fits(each) for each in value)

    def holds(value: Any) -> bool:
        return not isinstance(value, list | tuple) or all(entry.holds(each) for each in value)

    return Kind("a list", fits, holds, entry)


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_integer(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool) and not _is_array(value)


def _is_number(value: Any) -> bool:
    """Whether ``float`` takes it, but for texts and truth values."""
    if isinstance(value, str | bytes | bool) or _is_array(value):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    except OverflowError:
        return True
    return True


def _is_python_number(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)


def _is_array(value: Any) -> bool:
    return bool(getattr(value, "shape", ()))


def _is_numeric(value: Any) -> bool:
    """Whether it is a number, an array of them, or nested lists of these."""
    if hasattr(value, "dtype"):
        return value.dtype.kind in "iufcO"
    if isinstance(value, list | tuple):
        return all(map(_is_numeric, value))
    return _is_number(value)


def _alternatives(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _named(kind: type) -> str:
    """A class with its article.

    >>> _named(int), _named(Kind)
    ('an int', 'a Kind')
    """
    return f"{'an' if kind.__name__[0] in 'AEIOUaeiou' else 'a'} {kind.__name__}"


EXACT = {"Expr": "a number or a SymPy expression", "Rational": "a rational number"}
"""Classes of SymPy in place of which Python's numbers are taken."""

ANYTHING = Kind("anything", lambda value: True)
PLAIN: dict[Any, Kind] = {
    Any: ANYTHING,
    object: ANYTHING,
    int: Kind("an integer", _is_integer),
    float: Kind("a number", _is_number),
    bool: Kind("True or False", lambda value: isinstance(value, bool)),
    str: Kind("a text", _is_text),
    None: Kind("None", lambda value: value is None),
    NoneType: Kind("None", lambda value: value is None),
    ModuleType: Kind("a module", lambda value: isinstance(value, ModuleType)),
}
