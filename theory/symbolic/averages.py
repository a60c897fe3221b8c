"""Gaussian averages in closed form: the functions that links are made of.

Three families suffice: the monomials ``zⁿ``, the error functions ``erf(cz)`` and the modulus
``|z|``; the rectifier is ``(z + |z|)/2``. For a centred Gaussian pair with ``E[X²] = a``,
``E[Y²] = b`` and ``E[XY] = c``:

- ``E[erf(αX) erf(βY)] = (2/π) asin(2αβc / √((1 + 2α²a)(1 + 2β²b)))`` (Saad and Solla, 1995);
- ``E[|X||Y|] = (2/π) (√(ab − c²) + c asin(c/√(ab)))`` (arc-cosine kernel, Cho and Saul, 2009);
- ``E[f(X) Yⁿ] = Σ_k n!/(k! (n−2k)! 2^k) b^k c^(n−2k) E[f^(n−2k)(X)]``, Stein's lemma applied to
  the powers of ``Y``, for every ``f``;
- ``E[erf(αX) |Y|] = 0`` by parity.

The second is finite but not smooth at ``c² = ab``, where student and teacher are parallel: the drift
of such models is continuous there, its derivatives are not.

The averages of derivatives follow from the lowest one by the heat equation
``E[f^(n+2)(X)] = 2 ∂_a E[f^(n)(X)]``.
"""

from dataclasses import dataclass

import sympy

from theory.symbolic.moments import gaussian_moment


@dataclass(frozen=True)
class Monomial:
    """``z**power``."""

    power: int


@dataclass(frozen=True)
class ErrorFunction:
    """``erf(scale z)`` with a positive ``scale``."""

    scale: sympy.Expr


@dataclass(frozen=True)
class Modulus:
    """``|z|``."""


Atom = Monomial | ErrorFunction | Modulus
"""A function whose Gaussian averages are known."""


class Arc(sympy.Function):  # type: ignore[misc]  # SymPy ships no types
    """``asin(r/√(pq))``, whose derivatives are ``1/√(pq − r²)`` and ``−r/(2p √(pq − r²))``.

    SymPy's own derivative of the arc sine is an equal expression of several nested quotients.
    :meth:`doit` writes the arc sine.

    >>> p, q, r = sympy.symbols("p q r")
    >>> Arc(p, q, r).diff(r), Arc(p, q, r).doit()
    (1/sqrt(p*q - r**2), asin(r/sqrt(p*q)))
    """

    nargs = 3

    @classmethod
    def eval(cls, p: sympy.Expr, q: sympy.Expr, r: sympy.Expr) -> sympy.Expr | None:
        """Recognise the angle of a variable with itself."""
        if p == q == r:
            return sympy.pi / 2
        return SelfArc(p) if p == q and sympy.expand(p - r) == 1 else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Return the derivative by ``p``, ``q`` or ``r``."""
        p, q, r = self.args
        slope = 1 / sympy.sqrt(p * q - r**2)
        return slope if argindex == 3 else sympy.Mul(-r, 1 / self.args[argindex - 1], slope, sympy.S.Half)

    def doit(self, **hints: bool) -> sympy.Expr:
        """Return the arc sine."""
        p, q, r = self.args
        return sympy.asin(r / sympy.sqrt(p * q))


class SelfArc(sympy.Function):  # type: ignore[misc]  # SymPy ships no types
    """``asin((p − 1)/p)``, whose derivative is ``1/(p √(2p − 1))``: erf with itself."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Return the derivative."""
        (p,) = self.args
        return 1 / (p * sympy.sqrt(sympy.expand(2 * p - 1)))

    def doit(self, **hints: bool) -> sympy.Expr:
        """Return the arc sine."""
        (p,) = self.args
        return sympy.asin((p - 1) / p)


class ArcKernel(sympy.Function):  # type: ignore[misc]  # SymPy ships no types
    """``√(pq − r²) + r asin(r/√(pq))``, with derivatives ``√(pq − r²)/(2p)`` and the arc sine.

    They stay finite where ``r² = pq``, unlike those of its two terms.
    """

    nargs = 3

    @classmethod
    def eval(cls, p: sympy.Expr, q: sympy.Expr, r: sympy.Expr) -> sympy.Expr | None:
        """Recognise a variable with itself."""
        return sympy.pi * p / 2 if p == q == r else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Return the derivative by ``p``, ``q`` or ``r``."""
        p, q, r = self.args
        if argindex == 3:
            return Arc(p, q, r)
        return sympy.sqrt(p * q - r**2) / (2 * self.args[argindex - 1])

    def doit(self, **hints: bool) -> sympy.Expr:
        """Return the root and the arc sine."""
        p, q, r = self.args
        return sympy.sqrt(p * q - r**2) + r * Arc(p, q, r).doit()


def derivative_average(atom: Atom, order: int, variance: sympy.Expr) -> sympy.Expr:
    """Return ``E[f^(order)(X)]`` for ``X ~ N(0, variance)``.

    >>> derivative_average(Monomial(4), 2, sympy.Symbol("a"))
    12*a
    >>> derivative_average(Modulus(), 2, sympy.Integer(1))
    sqrt(2)/sqrt(pi)
    """
    a = sympy.Dummy("a", positive=True)
    match atom:
        case Monomial(power):
            if order > power:
                return sympy.S.Zero
            moment = gaussian_moment((power - order,), sympy.Matrix([[variance]]))
            return sympy.ff(power, order) * moment
        case ErrorFunction(scale):
            lowest, average = 1, 2 * scale / sympy.sqrt(sympy.pi * (1 + 2 * scale**2 * a))
        case Modulus():
            lowest, average = 0, sympy.sqrt(2 * a / sympy.pi)
    steps, odd = divmod(order - lowest, 2)
    if odd:
        return sympy.S.Zero
    return (2**steps * average.diff(a, steps)).subs(a, variance)


def product_average(f: Atom, g: Atom, a: sympy.Expr, b: sympy.Expr, c: sympy.Expr) -> sympy.Expr:
    """Return ``E[f(X) g(Y)]`` for the pair with variances ``a`` and ``b`` and covariance ``c``.

    Arc sines are left as :class:`Arc` and :class:`ArcKernel`, whose derivatives are simple, until
    ``doit``.

    >>> product_average(Modulus(), Monomial(2), *sympy.symbols("a b c")).factor()
    sqrt(2)*(a*b + c**2)/(sqrt(pi)*sqrt(a))
    """
    match f, g:
        case Monomial(m), Monomial(n):
            return gaussian_moment((m, n), sympy.Matrix([[a, c], [c, b]]))
        case _, Monomial(n):
            return _with_power(f, n, a, b, c)
        case Monomial(), _:
            return product_average(g, f, b, a, c)
        case ErrorFunction(alpha), ErrorFunction(beta):
            angle = Arc(1 + 2 * alpha**2 * a, 1 + 2 * beta**2 * b, 2 * alpha * beta * c)
            return 2 * angle / sympy.pi
        case Modulus(), Modulus():
            return 2 * ArcKernel(a, b, c) / sympy.pi
    return sympy.S.Zero


def _with_power(f: Atom, n: int, a: sympy.Expr, b: sympy.Expr, c: sympy.Expr) -> sympy.Expr:
    """Return ``E[f(X) Yⁿ]`` by Stein's lemma."""
    return sympy.Add(
        *(
            sympy.factorial2(2 * k - 1)
            * sympy.binomial(n, 2 * k)
            * b**k
            * c ** (n - 2 * k)
            * derivative_average(f, n - 2 * k, a)
            for k in range(n // 2 + 1)
        )
    )
