"""Labelled results in files: NetCDF, CSV and JSON, every float exact to the bit, written all or nothing.

- ``.nc``: NetCDF 3, which everything reads; no library beyond SciPy is needed. Integers have 32 bits.
- ``.csv``: three comment lines, ``# variables``, ``# attributes`` and ``# sizes``, each with JSON, then a
  column for every variable and a row for every combination of the dimensions: what has fewer
  dimensions is repeated. ``pandas.read_csv(file, comment="#")`` reads it, too.
- ``.json``: one object: ``variables`` and ``attributes`` as there, and each variable as a (nested) list, with
  null for nan (for a variable that is nan everywhere, a single null), "inf" and "-inf".
"""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.arrays import Array
from theory.disk import read_file, write_file
from theory.expected import checked

if TYPE_CHECKING:
    import xarray as xr


FORMATS = ("nc", "csv", "json")
KINDS = {"f": "float", "i": "int", "u": "int", "U": "text", "T": "text", "O": "text", "S": "text"}
TYPES: Mapping[str, type] = {"float": float, "int": int, "text": str}


@checked
def save(labelled: "xr.Dataset", path: str | Path) -> None:
    """Write a dataset to a file whose suffix names the format: readers find the former content or the new.

    Raises ValueError for another suffix, for what the format cannot hold, and where it cannot be written.
    """
    if not hasattr(labelled, "data_vars"):
        raise ValueError(
            f"save writes a labelled dataset, such as run.dataset(times), not a {type(labelled).__name__}"
        )
    target = Path(path)
    write_file(target, encode(labelled, format_of(target)))


@checked
def load(path: str | Path) -> "xr.Dataset":
    """Read a dataset from a file that :func:`save` wrote.

    Raises ValueError, naming the file, where it cannot be read or holds no dataset.
    """
    source = Path(path)
    form = format_of(source)
    content = read_file(source)
    try:
        return decode(content, form)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def format_of(path: Path) -> str:
    """The format that the suffix of ``path`` names.

    Raises ValueError for another suffix.
    """
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise ValueError(f"{str(path)!r} must end in .{', .'.join(FORMATS)}")
    return form


def encode(labelled: "xr.Dataset", form: str) -> bytes:
    """The content of a file in one of the :data:`FORMATS`: the same bytes for the same dataset.

    Raises ValueError for what the format cannot hold.
    """
    if form == "nc":
        return _to_netcdf(labelled)
    if form == "csv":
        return _to_csv(labelled).encode()
    return f"{json.dumps(as_json(labelled), allow_nan=False, ensure_ascii=False)}\n".encode()


def decode(content: bytes, form: str) -> "xr.Dataset":
    """The dataset that :func:`encode` made ``content`` of.

    Raises ValueError for anything else.
    """
    readers = {"nc": _from_netcdf, "csv": _from_csv, "json": _from_json}
    try:
        return readers[form](content)
    except Exception as error:  # what damaged bytes raise in the readers below is not theirs to know
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"does not hold a result in {form} form ({reason})") from None


def as_json(labelled: "xr.Dataset") -> dict[str, Any]:
    """The dataset as one JSON-ready object.

    Raises ValueError where a variable has the name of a part of that object.
    """
    taken = {"variables", "attributes"} & {str(name) for name in labelled.variables}
    if taken:
        raise ValueError(f"{taken.pop()} cannot be the name of a variable")
    header = _header(labelled)
    return {name: _to_list(labelled[name].values) for name in header["variables"]} | header


def _from_json(content: bytes) -> "xr.Dataset":
    whole = json.loads(content)
    sizes = {
        dim: len(whole[name])
        for name, entry in whole["variables"].items()
        for dim in entry["dims"][:1]
        if isinstance(whole[name], list)
    }
    arrays = {}
    for name, entry in whole["variables"].items():
        data = whole[name]
        if data is None:
            data = np.full([sizes[dim] for dim in entry["dims"]], np.nan)
        arrays[name] = _array(_numbers(data), entry)
    return _assemble(arrays, whole)


def _to_csv(labelled: "xr.Dataset") -> str:
    header = _header(labelled)
    dims, shape = list(labelled.sizes), tuple(labelled.sizes.values())
    columns = []
    for name in header["variables"]:
        variable = labelled.variables[name]
        apart = [variable.sizes.get(dim, 1) for dim in dims]
        ordered = variable.transpose(*(dim for dim in dims if dim in variable.dims)).values.reshape(apart)
        columns.append(np.broadcast_to(ordered, shape).ravel().tolist())
    page = io.StringIO()
    for part in ("variables", "attributes"):
        page.write(f"# {part} {json.dumps(header[part], ensure_ascii=False)}\n")
    page.write(f"# sizes {json.dumps(dict(labelled.sizes))}\n")
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(header["variables"])
    writer.writerows(zip(*columns, strict=True))
    return page.getvalue()


def _from_csv(content: bytes) -> "xr.Dataset":
    if not content.endswith(b"\n"):
        raise ValueError("the last line is not complete")
    page = io.StringIO(content.decode(), newline="")
    header = {}
    for part in ("variables", "attributes", "sizes"):
        line = page.readline()
        if not line.startswith(f"# {part} "):
            raise ValueError(f"the line '# {part} …' is missing")
        header[part] = json.loads(line.removeprefix(f"# {part} "))
    names, *rows = csv.reader(page)
    dims, shape = list(header["sizes"]), tuple(header["sizes"].values())
    if names != list(header["variables"]):
        raise ValueError("the columns are not those that '# variables' lists")
    if len(rows) != np.prod(shape, dtype=int) or any(len(row) != len(names) for row in rows):
        raise ValueError(f"{len(rows)} rows do not fill the sizes {header['sizes']}")
    arrays = {}
    for place, (name, entry) in enumerate(header["variables"].items()):
        values = [TYPES[entry["kind"]](row[place]) for row in rows]
        whole = _array(values, entry | {"dims": dims}).reshape(shape)
        own = whole[tuple(slice(None) if dim in entry["dims"] else 0 for dim in dims)]
        kept = [dim for dim in dims if dim in entry["dims"]]
        arrays[name] = own.transpose([kept.index(dim) for dim in entry["dims"]])
    return _assemble(arrays, header)


def _to_netcdf(labelled: "xr.Dataset") -> bytes:
    encoding = {name: {"_FillValue": None} for name in labelled.variables}
    try:
        content = labelled.to_netcdf(engine="scipy", format="NETCDF3_64BIT", encoding=encoding)
    except (ValueError, TypeError) as error:
        raise ValueError(f"NetCDF cannot hold this: {' '.join(str(error).split())}") from None
    return bytes(content)


def _from_netcdf(content: bytes) -> "xr.Dataset":
    import xarray as xr

    with xr.open_dataset(
        io.BytesIO(content), engine="scipy", decode_times=False, mask_and_scale=False
    ) as file:
        loaded = file.load()
    arrays, entries = {}, {}
    for name, variable in loaded.variables.items():
        kind = KINDS[variable.dtype.kind]
        entry = {"dims": list(variable.dims), "kind": kind, "coordinate": name in loaded.coords}
        entries[str(name)] = entry | {"labels": _plain(variable.attrs)}
        arrays[str(name)] = _array(variable.values, entry)
    return _assemble(arrays, {"variables": entries, "attributes": _plain(loaded.attrs)})


def _header(labelled: "xr.Dataset") -> dict[str, Any]:
    """What describes the variables, coordinates first, and the attributes of the whole."""
    variables = {
        str(name): {
            "dims": list(labelled[name].dims),
            "kind": KINDS[labelled[name].dtype.kind],
            "coordinate": name in labelled.coords,
            "labels": dict(labelled[name].attrs),
        }
        for name in (*labelled.coords, *labelled.data_vars)
    }
    return {"variables": variables, "attributes": dict(labelled.attrs)}


def _assemble(arrays: Mapping[str, Array], header: Mapping[str, Any]) -> "xr.Dataset":
    """The dataset of these arrays, with what the header says of them."""
    import xarray as xr

    parts: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name, entry in header["variables"].items():
        parts[bool(entry["coordinate"])][name] = (entry["dims"], arrays[name], entry["labels"])
    return xr.Dataset(*parts, attrs=header["attributes"])


def _array(values: Any, entry: Mapping[str, Any]) -> Array:
    """An array of the kind that the ``entry`` states, in this machine's byte order."""
    return np.asarray(values).astype(TYPES[entry["kind"]], order="C")


def _to_list(values: Array) -> Any:
    """Nested lists for JSON."""
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return values.tolist()
    if np.isnan(values).all():
        return None
    return _marked(values.tolist())


def _marked(values: Any) -> Any:
    """Lists of floats with null for nan and text for infinities."""
    if isinstance(values, list):
        return [_marked(value) for value in values]
    return values if np.isfinite(values) else None if values != values else str(values)


def _numbers(values: Any) -> Any:
    """Lists in which null is nan again."""
    if isinstance(values, list):
        return [_numbers(value) for value in values]
    return np.nan if values is None else values


def _plain(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as NetCDF gave them, as Python's own numbers and text."""
    return {
        str(name): value.item() if isinstance(value, np.generic) else value
        for name, value in attributes.items()
    }
