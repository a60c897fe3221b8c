"""Flows whose modes are linear in several rows, given a few coefficients: constraints, momentum."""
