"""Closed systems, run: what a closure makes of a problem, beside the exact flow."""

from numerics.closed.run import ClosedRun, solve_closed, spectral_measure

__all__ = ["ClosedRun", "solve_closed", "spectral_measure"]
