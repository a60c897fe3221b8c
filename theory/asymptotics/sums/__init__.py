"""Sums over a power-law spectrum."""
