"""Observables over time, as ``solve`` and ``descend`` print them and write them to files."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from derivations.commands.options import INIT, SEED, TEACHER

if TYPE_CHECKING:
    import xarray as xr

    from numerics import Observables

JSON_POINTS, TABLE_POINTS = 200, 20
"""Times reported where none are asked for: programs plot them, people read them."""

HEADINGS = {"one_minus_u": "1-|u|/s*", "one_minus_s": "1-s/s*"}


def curves(observables: "Observables") -> dict[str, Any]:
    """Each observable as a list of floats; ``mse`` is None where it does not exist, at d = inf."""
    lists: dict[str, Any] = {name: values.tolist() for name, values in observables._asdict().items()}
    if all(value != value for value in lists["mse"]):
        lists["mse"] = None
    return lists


def curve_rows(answer: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the table of :func:`curves`: with the MSE, or else with what was recovered."""
    last = "recovered" if answer["mse"] is None else "mse"
    names = ["t", "u", "s", "one_minus_u", "one_minus_s", "loss", last]
    rows = zip(*(answer[name] for name in names), strict=True)
    return [HEADINGS.get(name, name) for name in names], [[f"{value:.4g}" for value in row] for row in rows]


def parameters(request: Mapping[str, Any]) -> dict[str, Any]:
    """The problem's options, or where they are not given what stands for them, as attributes of a result."""
    law = {} if request["problem"] else {"teacher": TEACHER, "init": INIT, "seed": SEED}
    given = {name: value for name, value in request.items() if value is not None}
    return {
        name: float(value) if isinstance(value, Fraction) else value for name, value in (law | given).items()
    }


def file_content(labelled: "xr.Dataset", answer: Mapping[str, Any], form: str) -> bytes:
    """A file of labelled arrays; JSON also has what ``--json`` prints, by the same names."""
    from derivations.output import json_text
    from numerics.shown.files import as_json, encode

    if form != "json":
        return encode(labelled, form)
    return f"{json_text({**answer, **as_json(labelled)})}\n".encode()
