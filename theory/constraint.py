"""What a flow keeps or loses beside its gradient: weight decay, and norms that stay as they are.

With a constraint the flow of ``K`` students is

    Ẇ = A W Q + B W* Q + diag(μ) W Q^r,

one number ``μ_j`` for each student:

- ``decay:κ``: ``r = 0``, ``μ_j = −κ``: the gradient flow of ``L + (κ/2) ‖W‖²``
- ``sphere``: ``r = 0``, and ``μ_j`` keeps ``‖w_j‖``
- ``qsphere``: ``r = 1``, and ``μ_j`` keeps ``‖w_j‖_Q``

A norm is kept by taking off what the velocity has along its normal ``Q^r w_j``: with the statistics
``S^(k) = W Q^k Wᵀ``, ``U^(k) = W Q^k W*ᵀ``,

    μ_j = −(A S^(1+r) + B U^(1+r)ᵀ)_jj / S^(2r)_jj.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from theory.names import read_number

ALLOWED = "sphere, qsphere or decay:κ with a number κ ≥ 0 such as decay:0.1"


@dataclass(frozen=True)
class Constraint:
    """Weight decay, or a norm of every student that is kept; see :mod:`theory.constraint`.

    ``rate`` is the κ of ``decay``, else 0.

    >>> Constraint.read("decay:0.1"), str(Constraint.read("sphere"))
    (Constraint(name='decay', rate=Fraction(1, 10)), 'sphere')
    """

    name: Literal["decay", "sphere", "qsphere"]
    rate: Fraction = Fraction(0)

    @classmethod
    def read(cls, text: "str | Constraint") -> "Constraint":
        """The constraint that ``text`` names. Raises ValueError for any other text.

        >>> Constraint.read("ball")
        Traceback (most recent call last):
        ValueError: constraint is 'ball': it must be sphere, qsphere or decay:κ with a number κ ≥ 0 such as \
decay:0.1
        """
        if isinstance(text, Constraint):
            return text
        name, colon, number = text.strip().partition(":")
        if name == "sphere" and not colon:
            return cls("sphere")
        if name == "qsphere" and not colon:
            return cls("qsphere")
        rate = read_number(number) if name == "decay" else None
        if rate is None or rate < 0:
            raise ValueError(f"constraint is {text!r}: it must be {ALLOWED}")
        return cls("decay", rate)

    @property
    def power(self) -> int:
        """``r``, that of Q in the normal of what is kept."""
        return 1 if self.name == "qsphere" else 0

    @property
    def keeps_norm(self) -> bool:
        """Whether a norm of every student stays as it is."""
        return self.name != "decay"

    def __str__(self) -> str:
        return f"decay:{self.rate}" if self.name == "decay" else self.name
