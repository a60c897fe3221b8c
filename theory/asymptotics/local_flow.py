r"""The numbers by which a link enters the laws: the flow to leading order at 0 and at the teacher.

One student learns a teacher of the same link ``f``, :math:`\|w^*\|_Q = 1`. Let ``z ~ N(0, 1)``.

**At 0**, where the flow is linear there:
:math:`\dot w = A(0)\,Q w + \partial_u B(0)\,u\,Q w^*`, with :math:`f = f_0 + f_1 z + f_2 z^2 + \dots`

.. math:: A(0) = 4 f_2 E[f - f_0] - 2 f_1^2, \qquad \partial_u B(0) = 4 f_2 E f''.

**At the teacher**, for :math:`v = w - w^*`, :math:`q = v^T Q v`, :math:`p = v^T Q w^*`:
:math:`\dot v = -\alpha Q v + (c_q q + c_p p) Q w^*`, up to terms of higher order, and with
:math:`g = f'^2`

.. math:: \alpha = 2 E g, \qquad c_p = -2 E g'', \qquad c_q = -\tfrac32 E g''.

For :math:`\nabla L = 2 E[(f(X) - f(Y)) f'(X)\,x]` with :math:`X = Y + v \cdot x` is
:math:`2E[g\,(v \cdot x)\,x] + \tfrac32 E[g'\,(v \cdot x)^2 x] + \dots`, and by Stein's lemma
:math:`E[g\,(v\cdot x)\,x] = E g\,Qv + E g''\,p\,Qw^*`, :math:`E[g'(v\cdot x)^2x] = E g''\,q\,Qw^* + \dots`
A kink of ``f`` at 0 adds terms of order :math:`\sqrt q\,v`, :math:`q^{3/2}` and :math:`\sqrt q\,p` only.

:func:`theory.symbolic.local_flow` derives them; this package computes with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from theory.asymptotics.numbers.constant import Constant, undefined
from theory.asymptotics.numbers.field import FLOATS, Field, Number
from theory.asymptotics.numbers.written import written
from theory.expected import checked


@checked
@dataclass(frozen=True)
class LocalFlow:
    r"""The flow of one student, to leading order at 0 and at the teacher; numbers as texts.

    They are closed forms, or hold Gaussian integrals: see :mod:`theory.asymptotics.numbers.written`.

    ``growth`` is :math:`A(0)`, positive, and ``pull`` :math:`\partial_u B(0)`; ``decay`` is :math:`\alpha`,
    positive, ``overlap`` :math:`c_p` and ``energy`` :math:`c_q`. Where there are none ``no_escape``,
    ``no_law`` say why. With a ``teacher_energy`` T other than 1 they belong to the eigenvalues over T.
    At a ``multiple`` m of a teacher of another link they are those of :math:`v/m`. Raises ValueError for a
    text that writes no number.

    What moves ``w = 0`` otherwise than at a rate: a ``force`` :math:`B(0)`, or at an ``order`` p above 2 the
    gradient of :math:`\Phi = \sum_k \varphi_k s^k u^{p-2k}`, whose coefficients are ``pulls``.

    >>> SQUARE.growth, SQUARE.pull, SQUARE.decay, SQUARE.overlap, SQUARE.energy
    ('4', '8', '8', '-16', '-12')
    """

    link: str
    growth: str | None = None
    pull: str | None = None
    decay: str | None = None
    overlap: str | None = None
    energy: str | None = None
    no_escape: str = ""
    no_law: str = ""
    teacher_energy: str = "1"
    teacher_link: str = ""
    multiple: str = "1"
    force: str | None = None
    order: int = 2
    pulls: tuple[str, ...] = ()
    width: int = 1
    teachers: int = 1
    decays: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "teacher_link", self.teacher_link or self.link)
        for name in ("growth", "pull", "decay", "overlap", "energy", "multiple", "force"):
            text = getattr(self, name)
            try:
                _ = text is None or written(text)
            except ValueError as error:
                raise ValueError(f"{name} is no number: {error}") from None

    @property
    def of_the_loss(self) -> LocalFlow:
        """Itself; of a network, which has a rate for every student, with the fastest of its ``decays``."""
        return replace(self, decay=max(set(self.decays), key=written), decays=()) if self.decays else self

    def alpha(self, field: Field = FLOATS) -> Number:
        r""":math:`\alpha`, where there is one."""
        return written(str(self.decay), field)

    @property
    def form(self) -> str:
        r""":math:`-c_p`, the factor of the Hessian's form of rank one."""
        overlap = str(self.overlap)
        return overlap[1:] if overlap[:1] == "-" and overlap[1:].isdigit() else f"-({overlap})"

    @property
    def escape_ratio(self) -> str:
        r""":math:`\partial_u B(0)/A(0)`: the flow is :math:`A(0)(Q + \text{ratio}\,Qw^*w^{*T}Q)`."""
        return _quotient(self.pull, self.growth)

    @property
    def hessian_ratio(self) -> str:
        r""":math:`-c_p/\alpha`: the Hessian is :math:`\alpha(Q + \text{ratio}\,Qw^*w^{*T}Q)`."""
        return _quotient(self.overlap, self.decay, -1)


SQUARE = LocalFlow("z**2", "4", "8", "8", "-16", "-12")
"""Phase retrieval."""


def factor(text: str) -> str:
    """A number as a factor in a text: in brackets where it is more than digits.

    >>> factor("8"), factor("8/pi")
    ('8', '(8/pi)')
    """
    return text if text.isalnum() else f"({text})"


def of_the_square(name: str, flow: LocalFlow) -> Constant:
    """The constant that is undefined because it is known for phase retrieval alone."""
    teacher = "" if flow.teacher_link == flow.link else f" that learns {flow.teacher_link}"
    energy = "" if flow.teacher_energy == "1" else f" and a teacher of energy {flow.teacher_energy}"
    return undefined(
        f"{name}, as it is for z**2",
        "theory.asymptotics",
        f"known for the link z**2 alone, not for {flow.link}{teacher}{energy}",
    )


def _quotient(numerator: str | None, denominator: str | None, sign: int = 1) -> str:
    """A quotient as text, the same text for the same rational number."""
    try:
        return str(sign * Fraction(str(numerator)) / Fraction(str(denominator)))
    except ValueError:
        return f"{sign}*({numerator})/({denominator})"
