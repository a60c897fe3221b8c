"""The degree of a model's links, for derivations that need polynomials."""

import sympy

from theory.symbolic.links import Z
from theory.symbolic.models import Model, ModelError


def polynomial_degree(model: Model) -> int:
    """The largest degree of the links; :class:`ModelError` where one is no polynomial.

    >>> from theory.symbolic.models import phase_retrieval
    >>> polynomial_degree(phase_retrieval())
    2
    """
    links = [link for _, link in model.units]
    for link in links:
        if not link.is_polynomial(Z):
            raise ModelError(f"{model.name} has the link {link}: this is derived for polynomial links only")
    return max(sympy.degree(link, Z) for link in links)
