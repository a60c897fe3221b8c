"""Closures: finite systems that stand for the infinite tower of statistics.

A closure is a small object, and ``close(hierarchy, closure)`` applies it. Each closed system keeps the open
hierarchy that it came from, and :func:`~theory.symbolic.closures.generate.generate_system` turns it into a
NumPy module whose length does not grow with the order. One file each:

- :mod:`~theory.symbolic.closures.characteristic`: exact for finitely many distinct eigenvalues;
- :mod:`~theory.symbolic.closures.truncation`: the next order set to zero;
- :mod:`~theory.symbolic.closures.geometric`: the next order extrapolated from the last two;
- :mod:`~theory.symbolic.closures.quadrature`: the spectral measure replaced by few modes;
- :mod:`~theory.symbolic.closures.rule`: one of your own, SymPy expressions or a function;
- :mod:`~theory.symbolic.closures.duhamel`: exact integral equations for ``(s, u)`` and the clock.

Which to distrust: a closure in statistics (the first three) loses figures with the order even where it is
exact, because high orders hold the top of the spectrum only; the slow modes, which decide late times, are
all but invisible in them. Symptoms: ``s < 0``, ``u² > s s*``, a loss that grows. Quadrature and the integral
equations do not suffer from this. ``numerics.solve_closed`` runs any of them; measured errors:
``python -m derivations.beyond.closure_table``.
"""

from theory.symbolic.closures.base import (
    Closure,
    ClosureError,
    MomentSystem,
    close,
)
from theory.symbolic.closures.characteristic import CharacteristicPolynomial
from theory.symbolic.closures.duhamel import DuhamelVolterra, Response, VolterraSystem
from theory.symbolic.closures.generate import generate_system
from theory.symbolic.closures.geometric import GeometricExtrapolation
from theory.symbolic.closures.quadrature import GaussQuadrature, ModeSystem
from theory.symbolic.closures.rule import Rule
from theory.symbolic.closures.truncation import Truncation

__all__ = [
    "CharacteristicPolynomial",
    "Closure",
    "ClosureError",
    "DuhamelVolterra",
    "GaussQuadrature",
    "GeometricExtrapolation",
    "ModeSystem",
    "MomentSystem",
    "Response",
    "Rule",
    "Truncation",
    "VolterraSystem",
    "close",
    "generate_system",
]
