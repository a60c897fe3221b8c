"""Exponents measured: exact data extrapolated, noisy data fitted."""
