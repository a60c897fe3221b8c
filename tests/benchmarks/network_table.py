"""Networks beside CVODE with GMRES at the same measured accuracy: a part of ``make bench``.

Both errors are measured against a run of ours with more stages, relative to the largest overlap. CVODE is
given the widest tolerance with which it is as accurate as ours, or the tightest that it accepts.
"""

import sys
import time
from collections.abc import Callable, Iterator
from unittest import mock

import numpy as np
from test_network_peers import LINKS, TIMES, WIDTHS, alike, peers

from numerics import Problem, solve
from numerics.pairs import Network
from numerics.pairs.overlaps import join
from numerics.solver import accuracy

TIGHTER = 16
"""Stages of the run that both are measured against."""

TOLERANCES = 10.0 ** -np.arange(5.0, 16.0)
"""Of CVODE, from the widest."""

ASKED = None, 1e-6
"""What ours is asked for: full accuracy, and six digits."""

NEEDED = 30.0
"""CVODE's error may be so many times its tolerance: wider ones are not tried."""


def overlaps(problem: Problem, model: Network, rtol: float | None) -> np.ndarray:
    """S and U (n, T) of ours."""
    found = solve(problem, TIMES[-1], model, rtol=rtol).overlaps(TIMES)
    return join(found.S, found.U)


def timed(call: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Processor time of a call, and what it gives."""
    start = time.process_time()
    found = call()
    return time.process_time() - start, found


def rows(link: str, width: int) -> Iterator[str]:
    """The lines of the table: one for each of what ours is asked for."""
    problem, model = alike(link, width)
    with (
        mock.patch.object(accuracy, "NETWORK_STAGES", TIGHTER),
        mock.patch.object(accuracy, "STAGES", TIGHTER + 8),
    ):
        exact = overlaps(problem, model, None)

    def error(found: np.ndarray) -> float:
        return float(np.abs(found - exact).max() / np.abs(exact).max())

    for rtol in ASKED:
        overlaps(problem, model, rtol)
        ours, found = timed(lambda rtol=rtol: overlaps(problem, model, rtol))
        reached = error(found)
        for tolerance in TOLERANCES[(reached * NEEDED >= TOLERANCES) | (TOLERANCES[-1] == TOLERANCES)]:
            theirs, found = timed(lambda t=tolerance: peers.network_cvode(problem, model, TIMES, t))
            if error(found) <= reached:
                break
        asked = "full" if rtol is None else f"{rtol:g}"
        cells = f"{ours:.2g} s", f"{reached:.0e}", f"{theirs:.2g} s", f"{error(found):.0e}"
        yield f"| {link} | {width} | {asked} | {' | '.join(cells)} | {ours / theirs:.2g} |"


def table(links: list[str] = LINKS, widths: list[int] = WIDTHS) -> Iterator[str]:
    """All lines, in Markdown."""
    yield "| link | K = M | asked | ours | its error | CVODE | its error | ours/CVODE |"
    yield "|---|---|---|---|---|---|---|---|"
    for link in links:
        for width in widths:
            yield from rows(link, width)


if __name__ == "__main__":
    chosen = sys.argv[1].split(",") if len(sys.argv) > 1 else LINKS
    for line in table(chosen):
        print(line, flush=True)
