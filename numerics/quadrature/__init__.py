"""Nodes and weights: Chebyshev, Radau, and Gauss rules for sums over indices and over steps."""
