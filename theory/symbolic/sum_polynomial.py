"""The loss on independent coordinates as a polynomial in power sums of the deviation from a point.

With whitened components x = √λ (w − P w*) and e = √λ w* of a coordinate, P = ±1 or 0, the power sums of
:mod:`theory.symbolic.independent` are those of x and e,

    Σ λ^{(j+k)/2} w^j w*^k = Σ_n C(j, n) P^{j−n} R_{n, j+k−n},  R_{n,m} = Σ xⁿ e^m,

and what cancels at P w* has cancelled once the polynomial is expanded.
"""

from dataclasses import dataclass
from math import comb

import sympy

from theory.expected import checked
from theory.symbolic.hierarchy import MODE
from theory.symbolic.independent import IndependentModel
from theory.symbolic.models import ModelError


@checked
@dataclass(frozen=True)
class SumPolynomial:
    """Σ coefficient Π R_key^exponent: ``keys`` (n, m), the terms' ``coefficients`` and ``exponents``.

    ``factors`` multiply the summands of each key: 1, or a cumulant that depends on the coordinate.
    """

    keys: tuple[tuple[int, int], ...]
    factors: tuple[sympy.Expr, ...]
    coefficients: tuple[sympy.Expr, ...]
    exponents: tuple[tuple[int, ...], ...]


@checked
def sum_polynomial(inputs: IndependentModel, sign: int) -> SumPolynomial:
    """The loss of one student about ``sign`` times its teacher.

    Cumulants that differ between coordinates are ``IndexedBase(name)[MODE]``, see
    :class:`~theory.symbolic.independent.IndependentModel`. Raises
    :class:`~theory.symbolic.models.ModelError` for networks, and for cumulants that are other symbols.

    >>> from theory.symbolic.models import phase_retrieval
    >>> about = sum_polynomial(IndependentModel(phase_retrieval(), (0, 3)), 1)
    >>> about.keys
    ((1, 1), (2, 0), (2, 2), (3, 1), (4, 0), (0, 2))
    """
    model = inputs.model
    if model.students != 1 or model.teachers != 1:
        raise ModelError("independent coordinates are solved for one student with one teacher")
    if not all(cumulant.is_number or _indexed(cumulant) for cumulant in inputs.cumulants):
        raise ModelError(f"cumulants must be numbers to be solved with, not {inputs.cumulants}")
    symbols: dict[tuple[int, int, sympy.Expr], sympy.Symbol] = {}

    def about(powers: tuple[int, ...], factor: sympy.Expr) -> sympy.Expr:
        j, k = powers
        total = sympy.S.Zero
        for n in range(j + 1):
            key = (n, j + k - n, factor)
            symbol = symbols.setdefault(key, sympy.Symbol("R_{}_{}_{}".format(*key)))
            total += comb(j, n) * sympy.Integer(sign) ** (j - n) * symbol
        return total

    replaced = {symbol: about(key.powers, key.factor) for key, symbol in inputs.symbols.items()}
    loss = sympy.expand(inputs.loss.xreplace(replaced))
    present = {symbol: key for key, symbol in symbols.items() if loss.has(symbol)}
    ordered = sorted(present, key=lambda symbol: _place(*present[symbol]))
    exponents, coefficients = zip(*sympy.Poly(loss, *ordered).terms(), strict=True)
    keys = tuple(present[symbol][:2] for symbol in ordered)
    factors = tuple(present[symbol][2] for symbol in ordered)
    return SumPolynomial(keys, factors, coefficients, exponents)


def _place(n: int, m: int, factor: sympy.Expr) -> tuple[bool, int, int, str]:
    """Sums that move first, then by degree."""
    return (n == 0, n + m, n, str(factor))


def _indexed(cumulant: sympy.Expr) -> bool:
    """Whether it is one symbol that depends on the coordinate."""
    return isinstance(cumulant, sympy.Indexed) and cumulant.indices == (MODE,)
