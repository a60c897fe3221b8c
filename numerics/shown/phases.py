"""The times that separate the phases of a run."""

from typing import NamedTuple

from theory.expected import checked


@checked
class Phases(NamedTuple):
    """The times that separate the phases, nan where they do not occur before the end of the run.

    ``t1``: first |u| = δ. ``t1_prime``: last upward crossing of s = s*/3. ``t2``: the time after which
    |u|/s* and s/s* stay in [1 − ε, 1 + ε]. A run to a saddle has no ``t1_prime``: there s tends to s*/3.
    """

    t1: float
    t1_prime: float
    t2: float
