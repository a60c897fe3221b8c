"""The pair function ``P(a, b, c) = E[f(X) g(Y)]`` of two links, with its first and second derivatives.

By the heat equation ``P_a = E[f''(X) g(Y)]/2``, ``P_b = E[f(X) g''(Y)]/2`` and ``P_c = E[f'(X) g'(Y)]``. A
polynomial has them as a finite Hermite sum, other links of closed form as the module that
:mod:`theory.symbolic.pairs` writes, and any function of Python as a Hermite sum by quadrature.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from numerics.arrays import Array
from numerics.generated import load_module
from numerics.pairs.coefficients import Function, SampledSeries
from numerics.pairs.polynomials import ExactSeries, PolynomialSeries
from numerics.pairs.series import PolynomialPair, SampledPair

if TYPE_CHECKING:
    import sympy


DERIVATIVES = 4
"""Of a link, that the second derivatives of its pair function are made of."""


REMEMBERED = 64


class PairFunction(Protocol):
    """P of two links; ``a``, ``b`` and ``c`` are arrays that are broadcast.

    ``smooth`` says whether P is smooth up to ``|c| = √(ab)``; ``nodes`` is the number of Gauss nodes by which
    its second derivatives are integrated along a short line, along any line where ``exact``.
    """

    @property
    def smooth(self) -> bool: ...
    @property
    def exact(self) -> bool: ...
    @property
    def nodes(self) -> int: ...

    def value(self, a: Array, b: Array, c: Array) -> Array:
        """P."""

    def slopes(self, a: Array, b: Array, c: Array) -> Array:
        """P_a and P_c (2, …)."""

    def curvatures(self, a: Array, b: Array, c: Array) -> Array:
        """P_aa, P_ab, P_ac, P_bc and P_cc (5, …)."""

    def square(self, a: Array, order: int) -> Array:
        """The derivative of ``E[f(X)²]`` of that ``order`` by the variance, where the links are the same."""

    def error(self, a: Array, b: Array) -> float:
        """Of P at ``|c| = √(ab)``, relative to ``√(E f² E g²)``; rounding apart."""


@dataclass(frozen=True, eq=False)
class SeriesFunction:
    """P from the Hermite coefficients of both links."""

    pair: PolynomialPair | SampledPair

    smooth = True

    @property
    def exact(self) -> bool:
        """Whether both links are polynomials."""
        return self.pair.exact

    @property
    def nodes(self) -> int:
        """Nodes for second derivatives on a line."""
        return self.pair.nodes

    def value(self, a: Array, b: Array, c: Array) -> Array:
        """P."""
        return self.pair.means([(0, 0)], a, b, c)[0]

    def slopes(self, a: Array, b: Array, c: Array) -> Array:
        """P_a and P_c (2, …)."""
        own, cross = self.pair.means([(2, 0), (1, 1)], a, b, c)
        return np.stack([own / 2, cross])

    def curvatures(self, a: Array, b: Array, c: Array) -> Array:
        """P_aa, P_ab, P_ac, P_bc and P_cc (5, …)."""
        aa, cc, ac, bc = self.pair.means([(4, 0), (2, 2), (3, 1), (1, 3)], a, b, c)
        return np.stack([aa / 4, cc / 4, ac / 2, bc / 2, cc])

    def square(self, a: Array, order: int) -> Array:
        """The derivative of ``E[f(X)²]`` of that ``order``, by that along a = b = c."""
        return _along(self, a, order)

    def error(self, a: Array, b: Array) -> float:
        """What the sum leaves out."""
        return self.pair.left_out(a, b)


@dataclass(frozen=True, eq=False)
class ClosedFunction:
    """P from a module of :func:`theory.symbolic.pairs.pair_module`."""

    module: ModuleType
    smooth: bool = True
    exact: bool = False
    nodes: int = 12

    def value(self, a: Array, b: Array, c: Array) -> Array:
        """P."""
        x = _stacked(a, b, c)
        return np.broadcast_to(self.module.value(x), x.shape[1:])

    def slopes(self, a: Array, b: Array, c: Array) -> Array:
        """P_a and P_c (2, …)."""
        return self.module.slopes(_stacked(a, b, c))

    def curvatures(self, a: Array, b: Array, c: Array) -> Array:
        """P_aa, P_ab, P_ac, P_bc and P_cc (5, …)."""
        return self.module.curvatures(_stacked(a, b, c))

    def square(self, a: Array, order: int) -> Array:
        """The derivative of ``E[f(X)²]`` of that ``order``."""
        name = ("square", "square_slope", "square_curvature")[order]
        return getattr(self.module, name)(np.asarray(a, float)[None])

    def error(self, a: Array, b: Array) -> float:
        """Nothing but rounding."""
        return 0.0


@dataclass(frozen=True, eq=False)
class GivenFunction:
    """P by a user's object ``given``, which has ``value``, ``slopes`` and ``curvatures``."""

    given: Any
    smooth: bool
    exact: bool = False
    nodes: int = 12

    def value(self, a: Array, b: Array, c: Array) -> Array:
        """P."""
        return np.asarray(self.given.value(a, b, c))

    def slopes(self, a: Array, b: Array, c: Array) -> Array:
        """P_a and P_c (2, …)."""
        return np.stack(np.broadcast_arrays(*self.given.slopes(a, b, c)))

    def curvatures(self, a: Array, b: Array, c: Array) -> Array:
        """P_aa, P_ab, P_ac, P_bc and P_cc (5, …)."""
        return np.stack(np.broadcast_arrays(*self.given.curvatures(a, b, c)))

    def square(self, a: Array, order: int) -> Array:
        """The derivative of ``E[f(X)²]`` of that ``order``, by that along a = b = c."""
        return _along(self, a, order)

    def error(self, a: Array, b: Array) -> float:
        """Nothing but rounding."""
        return 0.0


def _along(pair: PairFunction, a: Array, order: int) -> Array:
    """The derivative of P(a, a, a) of that ``order``."""
    if order == 0:
        return pair.value(a, a, a)
    if order == 1:
        own, cross = pair.slopes(a, a, a)
        return 2 * own + cross
    aa, ab, ac, bc, cc = pair.curvatures(a, a, a)
    return 2 * (aa + ab + ac + bc) + cc


def _stacked(*arrays: Array) -> Array:
    return np.stack(np.broadcast_arrays(*arrays))


Link = Any
"""A SymPy expression in ``theory.symbolic.Z``, or a function of Python that takes and returns arrays."""


def is_link(link: object) -> bool:
    """Whether it is a text, an expression or a function."""
    return isinstance(link, str) or callable(link) or hasattr(link, "free_symbols")


def read_link(link: Link) -> Link:
    """A link of an expression or of text in one form, and a function as it is."""
    from theory.symbolic.links import canonical, parse_link

    if isinstance(link, str):
        return parse_link(link)
    return link if callable_link(link) else canonical(link)


_registered: dict[tuple[Link, Link], PairFunction] = {}


def remember_function(f: Link, g: Link, function: PairFunction) -> None:
    """Take this for the pair function of two links from now on."""
    _registered[f, g] = function
    pair_function.cache_clear()


def summed_function(f: Link, g: Link) -> PairFunction:
    """The pair function by quadrature and Hermite sums, whatever is known of it."""
    return SeriesFunction(SampledPair(_sampled(f), _sampled(g)))


@lru_cache(maxsize=REMEMBERED)
def pair_function(f: Link, g: Link) -> PairFunction:
    """The pair function of two links: exact where there is a closed form, else a sum of stated error."""
    if (f, g) in _registered:
        return _registered[f, g]
    if not (callable_link(f) or callable_link(g)):
        closed = _closed(f, g)
        if closed is not None:
            return closed
    return summed_function(f, g)


def callable_link(link: Link) -> bool:
    """Whether a link is a function of Python, known by its values alone."""
    import sympy

    return callable(link) and not isinstance(link, sympy.Basic)


def taylor_coefficients(link: Link) -> list[Fraction] | None:
    """The coefficients of a polynomial from ``z^0`` on, None for other links.

    They are exact where they are rational; a common irrational factor, as that of a normalised Hermite
    polynomial, is rounded as one, so that their ratios stay exact.
    """
    import sympy

    from theory.symbolic.links import Z

    if callable_link(link) or not sympy.sympify(link).is_polynomial(Z):
        return None
    found = sympy.Poly(link, Z).all_coeffs()[::-1]
    ratios = [x / found[-1] for x in found]
    if all(ratio.is_Rational for ratio in ratios):
        return [_fraction(found[-1]) * _fraction(ratio) for ratio in ratios]
    return [_fraction(x) for x in found]


def _fraction(value: "sympy.Expr") -> Fraction:
    """The exact rational, or the float nearest to another real number."""
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else Fraction(float(value))


def _closed(f: "sympy.Expr", g: "sympy.Expr") -> PairFunction | None:
    """P in closed form, None where none is known."""
    from theory.symbolic.links import UnknownAverageError, has_kink
    from theory.symbolic.pairs import pair_module

    polynomials = [taylor_coefficients(link) for link in (f, g)]
    if all(polynomial is not None for polynomial in polynomials):
        first, second = (PolynomialSeries(polynomial or []) for polynomial in polynomials)
        pair = PolynomialPair(first, second)
        # largest degree of polynomials whose pair function is written out: it costs less than a sum
        if max(first.degree, second.degree) > 4:
            return SeriesFunction(pair)
        return ClosedFunction(load_module(pair_module(f, g), "pair"), exact=True, nodes=pair.nodes)
    smooth = not (has_kink(f) and has_kink(g))
    try:
        # largest power of z that multiplies erf, exp, sin or cos in a pair function that is written out:
        # those of higher powers are long, and their sums are exact to rounding
        if smooth and max(map(_power, (f, g))) > 1:
            return None
        text = pair_module(f, g)
    except UnknownAverageError:
        return None
    return ClosedFunction(load_module(text, "pair"), smooth=smooth)


def _power(link: "sympy.Expr") -> int:
    """The largest power of z that multiplies a smooth function which is no polynomial."""
    from theory.symbolic.averages import Monomial, Sign
    from theory.symbolic.links import link_terms

    others = (atom for atom in link_terms(link) if not isinstance(atom, Monomial | Sign))
    return max((atom.power for atom in others), default=0)


@lru_cache(maxsize=REMEMBERED)
def _sampled(link: Link) -> SampledSeries | ExactSeries:
    """The link by its values and, where it has them everywhere, those of its derivatives; a polynomial by its
    coefficients.
    """
    if callable_link(link):
        return SampledSeries([link])
    taylor = taylor_coefficients(link)
    if taylor is not None:
        return ExactSeries(PolynomialSeries(taylor))
    import sympy

    from theory.symbolic.links import Z, has_kink, numpy_function

    orders = 1 if has_kink(link) else DERIVATIVES + 1
    functions: list[Function] = [numpy_function(sympy.diff(link, Z, order)) for order in range(orders)]
    return SampledSeries(functions)
