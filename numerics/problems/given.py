"""Arrays as users have them: lists, NumPy's and pandas', and files of both.

Shapes: n samples, d coordinates.
"""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from numerics.arrays import Array
from theory.disk import read_file

SUFFIXES = (".npy", ".npz", ".csv")


def array_of(name: str, values: Any, axes: int, kind: str = "") -> Array:
    """The finite, non-empty float array with that many axes that ``values`` holds, or the file that it names.

    Files are ``.npy``; ``.npz`` of one array, or of one called ``name``; ``.csv``, with or without a line of
    headings. Raises ValueError, naming the argument and the ``kind`` that it must be, for anything else.
    """
    if isinstance(values, str | os.PathLike):
        values = _read(name, Path(values))
        values = values.ravel() if axes == 1 and 1 in values.shape else values
    try:
        if np.iscomplexobj(values):
            raise TypeError
        array = np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must hold numbers, not complex ones, in rows of equal length") from None
    if array.ndim != axes or not array.size:
        kind = kind or ("a non-empty list of numbers" if axes == 1 else "a non-empty matrix")
        raise ValueError(f"{name} has shape {array.shape}: it must be {kind}")
    if not np.isfinite(array).all():
        where = ", ".join(map(str, np.argwhere(~np.isfinite(array))[0]))
        raise ValueError(f"{name}[{where}] is not finite: every entry must be")
    return array


def _read(name: str, path: Path) -> Array:
    """The array in a file."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(
            f"{name} must hold numbers, or be a file in {', '.join(SUFFIXES)}, not {str(path)!r}"
        )
    try:
        content = read_file(path)
        return _table(content) if suffix == ".csv" else _numpy(name, content)
    except Exception as error:  # what damaged bytes raise in the readers is not theirs to know
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{name} file {path}: {reason}") from None


def _numpy(name: str, content: bytes) -> Array:
    loaded = np.load(io.BytesIO(content), allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    names = list(loaded)
    if name not in names and len(names) != 1:
        raise ValueError(f"holds {', '.join(names)}: name one of them {name}")
    array: Array = loaded[name if name in names else names[0]]
    return array


def _table(content: bytes) -> Array:
    """The numbers of a table, its headings left out."""
    import pandas as pd

    first = content.split(b"\n", 1)[0].decode()
    headings = 0 if any(not _is_number(cell) for cell in first.split(",")) else None
    table = pd.read_csv(io.BytesIO(content), header=headings, comment="#")
    texts = [str(column) for column in table if not pd.api.types.is_numeric_dtype(table[column])]
    if texts:
        raise ValueError(f"column {texts[0]} does not hold numbers: leave it out")
    return table.to_numpy(dtype=float)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
