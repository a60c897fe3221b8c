"""Sweeps over grids of parameters: one tidy table, on as many processors as there are."""

from numerics.sweeps.grid import sweep_grid

__all__ = ["sweep_grid"]
