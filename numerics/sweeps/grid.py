"""A sweep: the cells of a grid, computed by any executor, kept one file each, gathered in one table.

A cell's file is named by what it is of; one that is there is not computed again, so that a sweep which was
killed goes on where it stopped. A cell that fails is a row with its reason, and ends no other.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from contextlib import contextmanager
from functools import partial
from itertools import product
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerics.parallel.workers import interrupts_wait, processes
from numerics.sweeps.cells import KINDS, Row, Rows
from theory.disk import read_text, write_file
from theory.expected import Count, checked
from theory.nearest import nearest

if TYPE_CHECKING:
    import pandas as pd


FAILED = "failed"

Kind = str | Callable[..., Any]
Answer = Mapping[str, Any]
"""Of a cell: its ``rows``, or the reason why it ``failed``."""


@checked
def sweep_grid(
    kind: Kind,
    grid: Mapping[str, Any],
    folder: str | Path | None = None,
    executor: Executor | None = None,
    workers: Count | None = None,
    progress: Callable[[float], None] | None = None,
) -> "pd.DataFrame":
    """The table of a ``kind`` of computation over a ``grid``: parameters by name, each a value or a list.

    The kinds are ``flow``, ``phases``, ``descent``, ``sgd`` and ``constants``, see
    :mod:`numerics.sweeps.cells`, or a function of the parameters that returns a row, as a mapping, or a list
    of rows. A list of ``times`` belongs to every cell. The table has the parameters of each row, what was
    computed, and ``failed``, the reason where that is nothing. Its order is that of the grid, the last
    parameter fastest, whoever computes it.

    Cells are files in ``folder``, as soon as they are done; those that are there are taken as they are. They
    are computed by an ``executor``, as ``concurrent.futures`` has them (loky's, Dask's
    ``client.get_executor()``, that of ``mpi4py.futures``), or in ``workers`` processes, by default one for
    each processor. Where one of these is killed the rest goes on; the cell that a process does not survive
    alone fails. ``progress`` is called with the fraction done.

    Raises ValueError for an unknown kind, an empty grid and a folder that cannot be written to, and
    RuntimeError where an executor of one's own breaks: what was done is in the folder.

    >>> grid = {"exponent": [1.5, 2.0], "dimension": 20, "seed": [0, 1], "until": 1e4}
    >>> table = sweep_grid("phases", grid, workers=1)
    >>> len(table), bool(table["t2"].gt(table["t1"]).all())
    (4, True)
    """
    cells = _cells(grid)
    compute = _computation(kind)
    keep = None if folder is None else _folder(Path(folder))
    name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    paths = [None if keep is None else keep / f"{_key(name, cell)}.json" for cell in cells]
    answers: dict[int, Answer] = {}
    for number, path in enumerate(paths):
        if path is not None and path.exists():
            answers[number] = _kept(path)
    report = progress or (lambda done: None)
    left = [number for number in range(len(cells)) if number not in answers]
    for number, answer in _computed(compute, cells, left, executor, workers):
        answers[number] = answer
        path = paths[number]
        if path is not None:
            write_file(path, json.dumps({"kind": name, "cell": cells[number], **answer}).encode())
        report(len(answers) / len(cells))
    return _table(cells, [answers[number] for number in range(len(cells))])


def _cells(grid: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters of every cell. Raises ValueError for a grid without any."""
    axes = {name: _values(name, values) for name, values in grid.items()}
    cells = [dict(zip(axes, point, strict=True)) for point in product(*axes.values())]
    if not grid or not cells:
        raise ValueError("grid is empty: it must name parameters, each with a value or a list of them")
    return cells


def _values(name: str, values: Any) -> list[Any]:
    """Those of one parameter, as numbers and texts of Python."""
    plain = getattr(values, "tolist", lambda: values)()
    if name == "times":
        return [[float(time) for time in plain]]
    listed = list(plain) if isinstance(plain, list | tuple | range) else [plain]
    for value in listed:
        if not (value is None or isinstance(value, str | int | float)):
            raise ValueError(f"grid has {value!r} for {name}: values are numbers or texts")
    return listed


def _computation(kind: Kind) -> Callable[..., Any]:
    if callable(kind):
        return kind
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of sweep; {nearest(kind, list(KINDS))}")
    return KINDS[kind]


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"folder {str(path)!r} cannot be made ({error.strerror})") from None
    return path


def _key(name: str, cell: Mapping[str, Any]) -> str:
    """What a cell's file is called: the same for the same kind and parameters."""
    text = json.dumps([name, sorted(cell.items(), key=lambda item: item[0])], default=repr)
    return f"{name.rpartition('.')[2]}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def _kept(path: Path) -> Answer:
    """What a cell's file holds. Raises ValueError, naming the file, where it is none."""
    try:
        content = json.loads(read_text(path))
        return {name: content[name] for name in ("rows", FAILED) if name in content}
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path}: is no cell of a sweep ({error}): delete it") from None


def compute_cell(compute: Callable[..., Any], cell: Mapping[str, Any]) -> Answer:
    """The answer of one cell, failures included."""
    try:
        found = compute(**cell)
        rows = [found] if isinstance(found, Mapping) else list(found)
        return {"rows": [{str(name): _plain(value) for name, value in row.items()} for row in rows]}
    except Exception as error:  # whatever a cell raises is its own, and ends no other
        return {FAILED: f"{type(error).__name__}: {' '.join(str(error).split())}"}


def _plain(value: Any) -> Any:
    """A number or text of Python."""
    plain = getattr(value, "item", lambda: value)()
    return plain if plain is None or isinstance(plain, str | int | float) else str(plain)


def _computed(
    compute: Callable[..., Any],
    cells: Sequence[Mapping[str, Any]],
    left: Sequence[int],
    executor: Executor | None,
    workers: int | None,
) -> Iterator[tuple[int, Answer]]:
    """The cells ``left``, as they are done."""
    count = min(workers or cpu_count() or 1, len(left))
    work = partial(compute_cell, compute)
    if executor is not None:
        yield from _submitted(work, cells, left, executor)
    elif workers == 1 or count <= 1:
        yield from ((number, work(cells[number])) for number in left)
    else:
        yield from _pooled(work, cells, left, count)


def _submitted(
    work: Callable[..., Answer], cells: Sequence[Mapping[str, Any]], left: Sequence[int], executor: Executor
) -> Iterator[tuple[int, Answer]]:
    """By an executor of the user's."""
    futures: dict[Future[Answer], int] = {executor.submit(work, cells[number]): number for number in left}
    broken = 0
    for future in as_completed(futures):
        try:
            answer = future.result()
        except BrokenExecutor:
            broken += 1
            continue
        except Exception as error:  # of the executor: a task that its workers did not survive
            answer = {FAILED: f"{type(error).__name__}: {' '.join(str(error).split())}"}
        yield futures[future], answer
    if broken:
        raise RuntimeError(
            f"the executor broke, and {broken} of {len(left)} cells are not computed: call again with "
            "another one; those that are done are in the folder, where there is one"
        )


def _pooled(
    work: Callable[..., Answer], cells: Sequence[Mapping[str, Any]], left: Sequence[int], count: int
) -> Iterator[tuple[int, Answer]]:
    """By processes of our own; where one is killed those that are not done are begun again."""
    rest = dict.fromkeys(left)
    # pools that may lose a process, before cells are computed one by one, to find the one that kills it
    for _ in range(3):
        for number, answer in _until_broken(work, cells, list(rest), count):
            del rest[number]
            yield number, answer
        if not rest:
            return
    for number in rest:
        found = dict(_until_broken(work, cells, [number], 1))
        yield number, found.get(number, {FAILED: "the process that computed it was killed"})


def _until_broken(
    work: Callable[..., Answer], cells: Sequence[Mapping[str, Any]], left: Sequence[int], count: int
) -> Iterator[tuple[int, Answer]]:
    """The cells that are done before a process is killed."""
    with _pool(count) as pool:
        with interrupts_wait():
            futures = {pool.submit(work, cells[number]): number for number in left}
        for future in as_completed(futures):
            yield futures[future], future.result()


@contextmanager
def _pool(count: int) -> Iterator[Executor]:
    """Processes of our own; that one of them is killed is no error here."""
    try:
        with processes(count, abandon=True) as pool:
            yield pool
    except BrokenExecutor:
        return


def _table(cells: Sequence[Mapping[str, Any]], answers: Sequence[Answer]) -> "pd.DataFrame":
    """The rows of all cells, with their parameters in front and ``failed`` at the end."""
    import pandas as pd

    rows: list[Row] = []
    for cell, answer in zip(cells, answers, strict=True):
        own = {name: value for name, value in cell.items() if name != "times"}
        found: Rows = answer.get("rows", [{}])
        rows += [{**own, **row, FAILED: answer.get(FAILED, "")} for row in found]
    columns = list(dict.fromkeys(name for row in rows for name in row if name != FAILED))
    return pd.DataFrame(rows, columns=[*columns, FAILED])
