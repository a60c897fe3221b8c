"""``solve --link``: the flow of any link, or of networks, that a problem file holds."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derivations.commands.options import chosen_weights
from derivations.output import json_text, tables

if TYPE_CHECKING:
    from numerics import Overlaps
    from numerics.arrays import Array
    from numerics.generated import RightHandSides

Weights = tuple[Fraction, ...]

ALONE = ("u", "s", "one_minus_u", "one_minus_s", "mse", "recovered")
"""What one student of phase retrieval alone has."""


def network_model(
    links: tuple[str, str | None],
    sizes: tuple[int, int],
    weights: tuple[Weights | None, Weights | None],
    exact: bool,
) -> "RightHandSides":
    """The right-hand sides of so many students and teachers; for any digits if ``exact``.

    ``links`` and ``weights`` are those of the students, then of the teachers. Raises ValueError for a link
    that is not understood or, to any digits, has no closed form, and for another number of weights.
    """
    from numerics import load_module, network
    from theory.symbolic import Model, parse_link
    from theory.symbolic.codegen import generate_module
    from theory.symbolic.precision import at_any_precision

    own = parse_link(links[0])
    other = own if links[1] is None else parse_link(links[1])
    names = "weights", "teacher-weights"
    c, d = (chosen_weights(*given) for given in zip(names, weights, sizes, strict=True))
    if not exact:
        return network(own, other, [float(x) for x in c], [float(x) for x in d])
    return load_module(at_any_precision(generate_module(Model("network", own, other, c, d))))


def network_answer(
    overlaps: "Overlaps", times: tuple[float, ...], facts: dict[str, Any], digits: int | None
) -> dict[str, Any]:
    """What ``--json`` prints: S (time × K × K), U (time × K × M), the loss, and ``facts`` of the run.

    Numbers are decimal strings where ``digits`` are asked for.
    """
    import numpy as np

    S, U = (np.moveaxis(part, -1, 0) for part in (overlaps.S, overlaps.U))
    parts = {"S": S, "U": U, "loss": overlaps.loss}
    return {
        "t": list(times) if digits is None else [repr(time) for time in times],
        **{name: _plain(part, digits) for name, part in parts.items()},
        **dict.fromkeys(ALONE),
        **facts,
    }


def _plain(values: "Array", digits: int | None) -> Any:
    """The array as nested lists of numbers, or of decimal strings."""
    if digits is None:
        return values.tolist()
    import numpy as np
    from mpmath import mp

    strings: Any = np.vectorize(lambda x: mp.nstr(x, digits), otypes=[object])(values).tolist()
    return strings


def network_text(answer: dict[str, Any], as_json: bool, output: Path | None) -> str:
    """The answer as JSON or as a table."""
    if as_json:
        return json_text(answer)
    import numpy as np

    facts = [
        ("limit", f"{answer['limit']}: {answer['limit_reason']}"),
        ("error", f"{answer['error']:.1e}"),
    ]
    names = [
        f"{name}{j + 1}{k + 1}"
        for name in "SU"
        for j, row in enumerate(answer[name][0])
        for k in range(len(row))
    ]
    rows = [
        [f"{float(x):.10g}" for x in (t, *np.ravel(S).tolist(), *np.ravel(U).tolist(), loss)]
        for t, S, U, loss in zip(answer["t"], answer["S"], answer["U"], answer["loss"], strict=True)
    ]
    return tables((("outcome", ""), facts), (["t", *names, "loss"], rows), output=output)
