"""Laws of a standardised coordinate, of mean 0 and variance 1, by their cumulants κ_3, κ_4, …

Even cumulants, in Bernoulli's numbers B_n:

- ``rademacher`` ±1: κ_n = 2ⁿ(2ⁿ − 1)B_n/n
- ``uniform`` on [−√3, √3]: κ_n = (2√3)ⁿ B_n/n
- ``laplace``: κ_n = 2(n − 1)! 2^{−n/2}
- ``gaussian``: 0

Odd ones are 0.
"""

from collections.abc import Callable, Mapping, Sequence
from math import factorial

import sympy
from sympy import Rational, bernoulli, sqrt

from theory.expected import Count, checked
from theory.nearest import nearest
from theory.symbolic.given import given

EVEN: Mapping[str, Callable[[int], sympy.Expr]] = {
    "gaussian": lambda n: sympy.S.Zero,
    "rademacher": lambda n: Rational(2**n * (2**n - 1), n) * bernoulli(n),
    "uniform": lambda n: (2 * sqrt(3)) ** n * bernoulli(n) / n,
    "laplace": lambda n: Rational(2 * factorial(n - 1), 2 ** (n // 2)),
}

PREFIX = "cumulants:"


@checked
def input_cumulants(inputs: str | Sequence[sympy.Expr], order: Count) -> tuple[sympy.Expr, ...]:
    """κ_3 … κ_order of a law by name, from ``cumulants:k3,k4,…`` or as given; what is not given is 0.

    Raises ValueError for a name that is none, and for cumulants up to ``order`` that no law has: their
    moments' Hankel matrix has a negative eigenvalue.

    >>> input_cumulants("rademacher", 6)
    (0, -2, 0, 16)
    >>> input_cumulants("cumulants:0,3", 4)
    (0, 3)
    """
    if isinstance(inputs, str) and not inputs.startswith(PREFIX):
        if inputs not in EVEN:
            raise ValueError(f"inputs is {inputs!r}: {nearest(inputs, [*EVEN, PREFIX + 'k3,k4,…'])}")
        return tuple(sympy.S.Zero if n % 2 else sympy.nsimplify(EVEN[inputs](n)) for n in range(3, order + 1))
    try:
        listed = inputs.removeprefix(PREFIX).split(",") if isinstance(inputs, str) else inputs
        values = [
            Rational(value) if isinstance(value, str) else given(value, "a cumulant") for value in listed
        ]
    except (TypeError, ValueError):
        values = [sympy.nan]
    if not values or not all(value.is_number and value.is_finite and value.is_real for value in values):
        raise ValueError(f"inputs is {inputs!r}: cumulants must be finite numbers k3,k4,…")
    cumulants = tuple([*values, *[sympy.S.Zero] * (order - 2)][: order - 2])
    if not _belong_to_a_law(cumulants):
        raise ValueError(f"no law has mean 0, variance 1 and the cumulants {', '.join(map(str, cumulants))}")
    return cumulants


def moments(cumulants: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """E gⁿ for n = 0, 1, … of mean 0, variance 1 and κ_3, κ_4, …

    >>> moments(input_cumulants("laplace", 4))
    [1, 0, 1, 0, 6]
    """
    kappa = [0, 0, 1, *cumulants]
    found = [sympy.S.One]
    for n in range(1, len(kappa)):
        found.append(sum(sympy.binomial(n - 1, k - 1) * kappa[k] * found[n - k] for k in range(1, n + 1)))
    return found


def _belong_to_a_law(cumulants: Sequence[sympy.Expr]) -> bool:
    """Whether the Hankel matrix of the moments is non-negative."""
    found = moments(cumulants)
    size = (len(found) - 1) // 2 + 1
    hankel = sympy.Matrix(size, size, lambda i, j: found[i + j])
    return all(hankel[:n, :n].det() >= 0 for n in range(1, size + 1))
