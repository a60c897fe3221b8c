"""Files that keep the state of a long run, so that it can go on after an interruption."""

import hashlib
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from numerics.arrays import Array
from theory.disk import write_file


def fingerprint(*parts: Any) -> str:
    """A digest of numbers, arrays and texts: two runs with the same one are the same run."""
    digest = hashlib.sha256()
    for part in parts:
        array = np.asarray(part)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def save(path: Path, run: str, state: Mapping[str, Array]) -> None:
    """Write the ``state`` of the ``run`` with that fingerprint at once: readers find the old or the new one.

    Raises ValueError where the file cannot be written.
    """
    content: dict[str, Any] = {**state, "run": np.array(run)}
    archive = BytesIO()
    np.savez(archive, **content)
    write_file(path, archive.getvalue())


def load(path: Path, run: str, like: Mapping[str, Array]) -> dict[str, Array] | None:
    """The state saved at ``path``, None where there is no such file.

    ``like`` holds arrays of the names, shapes and types that the state must have. Raises ValueError where the
    file is no checkpoint, one of another run, or one whose arrays are others.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            state = dict(content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, TypeError) as error:
        raise ValueError(f"{path}: is not a checkpoint ({type(error).__name__})") from None
    if str(state.pop("run", "")) != run:
        raise ValueError(
            f"{path}: is the checkpoint of another run: problem, step size, steps, points, batch, noise "
            "and seeds must be the same"
        )
    for name, array in like.items():
        found = state.get(name)
        if found is None or found.shape != array.shape or found.dtype != array.dtype:
            seen = "missing" if found is None else f"{found.dtype} of shape {found.shape}"
            raise ValueError(
                f"{path}: is a damaged checkpoint: {name} is {seen}, not {array.dtype} of shape {array.shape}"
            )
    return state
