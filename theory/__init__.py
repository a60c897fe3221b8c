"""The theory: derivations in exact arithmetic and asymptotic constants to any precision.

- ``theory.symbolic`` (SymPy): model → loss → drift A, B → hierarchy → generated right-hand sides
- ``theory.asymptotics`` (mpmath): spectrum → escape, convergence and tail constants with their radius
- ``theory.laws`` (SymPy): model, spectrum, algorithm → the laws of learning as symbols
- ``theory.legendre`` (any numbers): Legendre polynomials and the Radau rule of orbits and of the solver

Of the first two the constants do not import the derivations, so that a constant does not pay for SymPy.
"""

from theory.about import __getattr__ as __getattr__
