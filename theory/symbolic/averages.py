"""Gaussian averages in closed form: the functions that links are made of.

Each is a power of ``z`` times a kernel: 1, ``erf(αz)``, ``sign(z)`` (so that ``|z| = z sign z``),
``exp(βz)``, ``sin(βz)`` or ``cos(βz)``. For a centred Gaussian pair with ``E[X²] = a``, ``E[Y²] = b`` and
``E[XY] = c`` the kernels have

- ``E[erf(αX) erf(βY)] = (2/π) asin(2αβc / √((1 + 2α²a)(1 + 2β²b)))`` (Saad and Solla, 1995), and with it the
  limits of large ``α``: ``E[sign(X) sign(Y)] = (2/π) asin(c/√(ab))``;
- ``E[exp(αX) exp(βY)] = exp((α²a + 2αβc + β²b)/2)``, and its parts at imaginary ``α`` and ``β``;

derivatives of the functions are derivatives of the averages, by the heat equation
``E[f^(i+2)(X) g(Y)] = 2 ∂_a E[f^(i)(X) g(Y)]`` and ``E[f'(X) g'(Y)] = ∂_c E[f(X) g(Y)]``, and powers are
taken off by Stein's lemma

    E[X h(X, Y)] = a E[∂_x h] + c E[∂_y h].

So ``E[|X||Y|] = (2/π) (√(ab − c²) + c asin(c/√(ab)))`` (arc-cosine kernel, Cho and Saul, 2009). Averages of
two functions with a kink are finite but not smooth at ``c² = ab``, where student and teacher are parallel:
that of two signs has a square root there, that of two moduli the power 3/2.

Averages of exp, sin or cos with erf or sign are not among them.
"""

from dataclasses import dataclass
from functools import cache
from math import factorial

import sympy

from theory.symbolic.moments import gaussian_moment


class NoAverageError(ArithmeticError):
    """No closed form of an average is known."""


@dataclass(frozen=True)
class Monomial:
    """``z**power``."""

    power: int


@dataclass(frozen=True)
class ErrorFunction:
    """``z**power erf(scale z)`` with a positive ``scale``."""

    scale: sympy.Expr
    power: int = 0


@dataclass(frozen=True)
class Sign:
    """``z**power sign(z)``."""

    power: int


@dataclass(frozen=True)
class Exponential:
    """``z**power exp(scale z)``."""

    scale: sympy.Expr
    power: int = 0


@dataclass(frozen=True)
class Wave:
    """``z**power sin(scale z + quarters π/2)``: a sine, or a cosine for ``quarters = 1``."""

    scale: sympy.Expr
    quarters: int = 0
    power: int = 0


def Modulus() -> Sign:
    """``|z|``."""
    return Sign(1)


Atom = Monomial | ErrorFunction | Sign | Exponential | Wave
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
        """The derivative by ``p``, ``q`` or ``r``."""
        p, q, r = self.args
        slope = 1 / sympy.sqrt(p * q - r**2)
        return slope if argindex == 3 else sympy.Mul(-r, 1 / self.args[argindex - 1], slope, sympy.S.Half)

    def doit(self, **hints: bool) -> sympy.Expr:
        """The arc sine."""
        p, q, r = self.args
        return sympy.asin(r / sympy.sqrt(p * q))


class SelfArc(sympy.Function):  # type: ignore[misc]  # SymPy ships no types
    """``asin((p − 1)/p)``, whose derivative is ``1/(p √(2p − 1))``: erf with itself."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative."""
        (p,) = self.args
        return 1 / (p * sympy.sqrt(sympy.expand(2 * p - 1)))

    def doit(self, **hints: bool) -> sympy.Expr:
        """The arc sine."""
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
        """The derivative by ``p``, ``q`` or ``r``."""
        p, q, r = self.args
        if argindex == 3:
            return Arc(p, q, r)
        return sympy.sqrt(p * q - r**2) / (2 * self.args[argindex - 1])

    def doit(self, **hints: bool) -> sympy.Expr:
        """The root and the arc sine."""
        p, q, r = self.args
        return sympy.sqrt(p * q - r**2) + r * Arc(p, q, r).doit()


def derivative_average(atom: Atom, order: int, variance: sympy.Expr) -> sympy.Expr:
    """``E[f^(order)(X)]`` for ``X ~ N(0, variance)``.

    >>> derivative_average(Monomial(4), 2, sympy.Symbol("a"))
    12*a
    >>> derivative_average(Sign(1), 2, sympy.Integer(1))
    sqrt(2)/sqrt(pi)
    """
    if isinstance(atom, Monomial):
        if order > atom.power:
            return sympy.S.Zero
        moment = gaussian_moment((atom.power - order,), sympy.Matrix([[variance]]))
        return sympy.ff(atom.power, order) * moment
    found = sympy.Add(
        *(
            sympy.binomial(order, k)
            * sympy.ff(atom.power, k)
            * _power_average(_kernel(atom), atom.power - k, order - k)
            for k in range(min(order, atom.power) + 1)
        )
    )
    return found.subs(_A, variance)


def product_average(f: Atom, g: Atom, a: sympy.Expr, b: sympy.Expr, c: sympy.Expr) -> sympy.Expr:
    """``E[f(X) g(Y)]`` for the pair with variances ``a`` and ``b`` and covariance ``c``.

    Arc sines are left as :class:`Arc` and :class:`ArcKernel`, whose derivatives are simple, until
    ``doit``. Raises :class:`NoAverageError` where no closed form is known.

    >>> product_average(Sign(1), Monomial(2), *sympy.symbols("a b c")).factor()
    sqrt(2)*(a*b + c**2)/(sqrt(pi)*sqrt(a))
    """
    match f, g:
        case Monomial(m), Monomial(n):
            return _moment(m, n, a, b, c)
        case _, Monomial(n):
            return _with_power(f, n, a, b, c)
        case Monomial(), _:
            return product_average(g, f, b, a, c)
        case Sign(1), Sign(1):
            return 2 * ArcKernel(a, b, c) / sympy.pi
    return _kernels_average(f, g).subs({_A: a, _B: b, _C: c}, simultaneous=True)


@cache
def _kernels_average(f: Atom, g: Atom) -> sympy.Expr:
    """``E[f(X) g(Y)]`` of two functions that are no monomials, at the variances of this module."""
    found = _stein(_kernel(f), f.power, 0, _kernel(g), g.power, 0)
    kinked = isinstance(f, Sign) and isinstance(g, Sign)
    return without_poles(found, _A, _B, _C) if kinked else found


def without_poles(average: sympy.Expr, a: sympy.Expr, b: sympy.Expr, c: sympy.Expr) -> sympy.Expr:
    """Write an average, or a derivative of one, of functions with kinks by powers of ``√(ab − c²)``.

    Terms that grow without bounds as ``c² → ab`` while their sum does not are combined.

    >>> a, b, c = sympy.symbols("a b c")
    >>> without_poles(ArcKernel(a, b, c).diff(a, c), a, b, c)
    -c/(2*a*sqrt(a*b - c**2))
    """
    angle, root = sympy.Dummy("angle"), sympy.Dummy("root", positive=True)
    delta = a * b - c**2
    plain = average.replace(ArcKernel, lambda p, q, r: sympy.sqrt(p * q - r**2) + r * Arc(p, q, r))
    plain = plain.xreplace({Arc(a, b, c): angle}).xreplace({delta: root**2})
    terms = sympy.Add.make_args(sympy.expand(plain))
    powers = [term for term in terms if term.has(root) and term.is_rational_function(a, b, c, root)]
    others = sympy.Add(*(term for term in terms if term not in powers))
    numerator, denominator = sympy.fraction(sympy.together(sympy.Add(*powers)))
    coefficients = sympy.Poly(numerator, c).all_coeffs()[::-1]
    numerator = sum(
        coefficient * c ** (k % 2) * (a * b - root**2) ** (k // 2)
        for k, coefficient in enumerate(coefficients)
    )
    combined = others + sympy.expand(sympy.expand(numerator) / denominator)
    return combined.xreplace({angle: Arc(a, b, c), root: sympy.sqrt(delta)})


_A, _B = sympy.symbols("a b", positive=True, cls=sympy.Dummy)
_C = sympy.Dummy("c", real=True)


def _kernel(atom: Atom) -> Atom:
    """The function without its power."""
    match atom:
        case Monomial():
            return Monomial(0)
        case ErrorFunction(scale):
            return ErrorFunction(scale)
        case Sign():
            return Sign(0)
        case Exponential(scale):
            return Exponential(scale)
    return Wave(atom.scale, atom.quarters)


def _moment(m: int, n: int, a: sympy.Expr, b: sympy.Expr, c: sympy.Expr) -> sympy.Expr:
    """``E[X^m Y^n] = Σ_k k! c^k h_mk(a) h_nk(b)``, ``h_mk(a) = m!/(k! j! 2^j) a^j`` with ``m = k + 2j``."""
    if (m + n) % 2:
        return sympy.S.Zero
    terms = []
    for k in range(m % 2, min(m, n) + 1, 2):
        i, j = (m - k) // 2, (n - k) // 2
        ways = factorial(m) * factorial(n) // (factorial(k) * factorial(i) * factorial(j) * 2 ** (i + j))
        terms.append(ways * sympy.expand(a**i * b**j * c**k))
    return sympy.expand(sympy.Add(*terms))


def _with_power(f: Atom, n: int, a: sympy.Expr, b: sympy.Expr, c: sympy.Expr) -> sympy.Expr:
    """``E[f(X) Yⁿ]`` by Stein's lemma for the powers of ``Y``."""
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


@cache
def _power_average(kernel: Atom, power: int, order: int) -> sympy.Expr:
    """``E[X^power f^(order)(X)]``, by Stein's lemma."""
    if power == 0:
        return _kernel_average(kernel, order)
    found = _A * _power_average(kernel, power - 1, order + 1)
    if power > 1:
        found += (power - 1) * _A * _power_average(kernel, power - 2, order)
    return sympy.expand(found)


def _kernel_average(kernel: Atom, order: int) -> sympy.Expr:
    """``E[f^(order)(X)]`` of a kernel."""
    match kernel:
        case Exponential(scale):
            return scale**order * sympy.exp(scale**2 * _A / 2)
        case Wave(scale, quarters):
            phase = sympy.sin((quarters + order) * sympy.pi / 2)
            return scale**order * phase * sympy.exp(-(scale**2) * _A / 2)
        case ErrorFunction(scale):
            first = 2 * scale / sympy.sqrt(sympy.pi * (1 + 2 * scale**2 * _A))
        case Sign():
            first = sympy.sqrt(2 / (sympy.pi * _A))
    steps, odd = divmod(order - 1, 2)
    return sympy.S.Zero if odd else 2**steps * first.diff(_A, steps)


@cache
def _stein(f: Atom, m: int, i: int, g: Atom, n: int, j: int) -> sympy.Expr:
    """``E[X^m f^(i)(X) Y^n g^(j)(Y)]`` of two kernels."""
    if m == n == 0:
        return _pair_average(f, i, g, j)
    if m == 0:
        found = _B * _stein(f, m, i, g, n - 1, j + 1) + _C * _stein(f, m, i + 1, g, n - 1, j)
        if n > 1:
            found += (n - 1) * _B * _stein(f, m, i, g, n - 2, j)
        return found
    found = _A * _stein(f, m - 1, i + 1, g, n, j) + _C * _stein(f, m - 1, i, g, n, j + 1)
    if m > 1:
        found += (m - 1) * _A * _stein(f, m - 2, i, g, n, j)
    if n > 0:
        found += n * _C * _stein(f, m - 1, i, g, n - 1, j)
    return found


@cache
def _pair_average(f: Atom, i: int, g: Atom, j: int) -> sympy.Expr:
    """``E[f^(i)(X) g^(j)(Y)]`` of two kernels."""
    if isinstance(f, Exponential | Wave) and isinstance(g, Exponential | Wave):
        return _wave_average(f, i, g, j)
    if isinstance(f, Exponential | Wave) or isinstance(g, Exponential | Wave):
        raise NoAverageError(f"no closed form of the average of {f} and {g} is known")
    if (i + j) % 2:
        return sympy.S.Zero
    (p, x), (q, y) = (_spread(kernel, variance) for kernel, variance in ((f, _A), (g, _B)))
    angle = 2 * Arc(p, q, x * y * _C) / sympy.pi
    odd = i % 2
    derivative = angle.diff(_C, odd).diff(_A, (i - odd) // 2).diff(_B, (j - odd) // 2)
    return 2 ** ((i + j) // 2 - odd) * derivative


def _spread(kernel: Atom, variance: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """p and x with ``E[f(X) g(Y)] = (2/π) asin(x y c/√(pq))``."""
    if isinstance(kernel, ErrorFunction):
        return 1 + 2 * kernel.scale**2 * variance, sympy.sqrt(2) * kernel.scale
    return variance, sympy.S.One


def _wave_average(f: Exponential | Wave, i: int, g: Exponential | Wave, j: int) -> sympy.Expr:
    """``E[f^(i)(X) g^(j)(Y)]`` of exponentials and waves.

    A product of two sines is half the difference of the cosines of difference and sum.
    """
    alpha, beta = f.scale, g.scale
    size = alpha**i * beta**j
    match f, g:
        case Exponential(), Exponential():
            return size * sympy.exp((alpha**2 * _A + beta**2 * _B) / 2 + alpha * beta * _C)
        case Exponential(), Wave(quarters=quarters):
            decay = sympy.exp((alpha**2 * _A - beta**2 * _B) / 2)
            return size * decay * sympy.sin(alpha * beta * _C + (quarters + j) * sympy.pi / 2)
        case Wave(quarters=first), Wave(quarters=second):
            difference, total = (first + i - second - j), (first + i + second + j)
            decay = -(alpha**2 * _A + beta**2 * _B) / 2
            near, far = (sympy.exp(decay + sign * alpha * beta * _C) for sign in (1, -1))
            near, far = near * sympy.cos(difference * sympy.pi / 2), far * sympy.cos(total * sympy.pi / 2)
            return size * (near - far) / 2
    return _wave_average(g, j, f, i).subs({_A: _B, _B: _A}, simultaneous=True)
