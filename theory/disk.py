"""Files: read whole, written at once, and never anything but regular files.

A device, a pipe or a socket is not a place for results: to replace it by a file would destroy it, and to
read from it may never end.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path


def read_file(path: str | os.PathLike[str]) -> bytes:
    """The content of a regular file.

    Raises ValueError, naming the file, where there is none or it cannot be read.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ValueError(f"{os.fspath(path)}: is not a regular file")
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{os.fspath(path)}: cannot be read ({error.strerror})") from None


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a regular file in UTF-8.

    Raises ValueError, naming the file, where it cannot be read or is not text.
    """
    try:
        return read_file(path).decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{os.fspath(path)}: is not text in UTF-8 ({error.reason})") from None


def writable(path: str | os.PathLike[str]) -> Path:
    """Where :func:`write_file` would write, links followed: a new or a regular file in an existing folder.

    Raises ValueError, naming the file, where it could not.
    """
    target, name = Path(os.path.realpath(path)), repr(os.fspath(path))
    try:
        former = _status(target)
    except OSError as error:
        raise ValueError(f"{name} cannot be written ({error.strerror})") from None
    if former is not None and not stat.S_ISREG(former.st_mode):
        raise ValueError(f"{name} must be a new or a regular file")
    if former is not None and not os.access(target, os.W_OK):
        raise ValueError(f"{name} must be a file that can be written to")
    if not target.parent.is_dir():
        raise ValueError(f"{name} must lie in an existing folder, {str(target.parent)!r} is none")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise ValueError(f"{name} must lie in a folder that can be written to")
    return target


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file at once: readers find the former content or the new, never a part of it.

    Links are followed, and a file that is replaced keeps its permissions and, where that is allowed, its
    owner. Raises ValueError, naming the file, where it is not a regular one or cannot be written.
    """
    target = writable(path)
    part = target.with_name(f".{os.urandom(8).hex()}.part")
    try:
        former = _status(target)
        mode = 0o666 if former is None else 0o600
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if former is not None:
            with suppress(OSError):
                os.chown(part, former.st_uid, former.st_gid)
            os.chmod(part, stat.S_IMODE(former.st_mode))
        os.replace(part, target)
    except OSError as error:
        raise ValueError(f"{os.fspath(path)!r} cannot be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)


def _status(path: Path) -> os.stat_result | None:
    """What there is at ``path``, None where there is nothing."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None
