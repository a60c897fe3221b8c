"""The theory: derivations in exact arithmetic and asymptotic constants to any precision.

- ``theory.symbolic`` (SymPy): model → loss → drift A, B → hierarchy → generated right-hand sides
- ``theory.asymptotics`` (mpmath): spectrum → escape, convergence and tail constants with their radius
- ``theory.legendre`` (any numbers): Legendre polynomials and the Radau rule of orbits and of the solver

Neither of the first two imports the other, so that a constant does not pay for SymPy.
"""
