"""Teacher–student models with Gaussian inputs: their population loss and its gradient flow."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Annotated, Any, ClassVar

import sympy

from theory.expected import Count, Only, checked
from theory.symbolic.averages import NoAverageError, product_average
from theory.symbolic.given import given
from theory.symbolic.known import recall
from theory.symbolic.links import Link, UnknownAverageError, Z, canonical, is_polynomial, link_terms
from theory.symbolic.notation import displayed, entries
from theory.symbolic.overlaps import Overlaps

Links = Annotated[
    Any,
    Only(
        "a SymPy expression in z, such as parse_link makes of a text, or a tuple of them, one for each unit",
        lambda links: isinstance(links, sympy.Expr | tuple | list),
    ),
]
"""What the units of a side compute: the same, or each its own."""


class ModelError(ValueError):
    """The model cannot be derived, or is not one that the question applies to."""


@checked
@dataclass(frozen=True)
class Model:
    """A student network that learns a teacher network by gradient flow on the population loss.

    Inputs are ``x ~ N(0, Q)``. The student is ``Σ_j c_j f(w_j·x)`` over the ``K`` rows ``w_j`` of
    ``W``, the teacher ``Σ_m c*_m g(w*_m·x)`` over the ``M`` rows of ``W*``, and the loss is
    ``L = E[(student − teacher − ξ)²]``, without a factor 1/2. Only the directions ``W`` learn.

    ``student_link`` and ``teacher_link`` are ``f`` and ``g``, links in
    :data:`~theory.symbolic.links.Z`, or tuples of ``K`` and ``M`` of them where units have links of their own
    (``f_j``, ``g_m``); ``student_weights`` and ``teacher_weights`` are ``c`` and ``c*``, non-zero real
    numbers that set ``K`` and ``M`` by how many they are, exact where they are given so. ``noise`` is the
    variance of the independent label noise ``ξ``, a rational or a symbol such as ``sigma2``; it adds to the
    loss and leaves the flow as it is. Raises :class:`~theory.symbolic.links.LinkError` for what is no link
    and :class:`ModelError` for another number of links than of weights, and for other weights or
    noise. Its loss and drift raise :class:`~theory.symbolic.links.UnknownAverageError` where no average is
    known in closed form.

    >>> model = Model("committee", Z**2, Z**2, student_weights=(1, 1), teacher_weights=(1,))
    >>> model.students, model.teachers
    (2, 1)
    >>> model.B
    Matrix([
    [8*U11],
    [8*U21]])
    >>> Model("two links", (Z**2, Z), Z, (1, 1)).B
    Matrix([
    [0],
    [2]])
    """

    is_complex: ClassVar[bool] = False
    """Whether inputs and weights are complex: see :mod:`~theory.symbolic.circular`."""

    name: str
    student_link: Links
    teacher_link: Links
    student_weights: tuple[sympy.Expr, ...] = (sympy.S.One,)
    teacher_weights: tuple[sympy.Expr, ...] = (sympy.S.One,)
    noise: sympy.Expr = sympy.S.Zero

    def __post_init__(self) -> None:
        object.__setattr__(self, "noise", _variance(self.noise))
        for side in ("student", "teacher"):
            weights = _real_weights(f"{side}_weights", getattr(self, f"{side}_weights"))
            object.__setattr__(self, f"{side}_weights", weights)
            links = _unit_links(f"{side}_link", getattr(self, f"{side}_link"), len(weights))
            object.__setattr__(self, f"{side}_link", links)
        if not self.name.isprintable() or set(self.name) & set('\\"'):
            raise ModelError(
                f"the name {self.name!r} goes into a docstring: no quotes, backslashes or new lines"
            )
        if str(self.noise) in map(str, (*self.overlaps.statistics, *self.overlaps.T)):
            raise ModelError(f"noise cannot be called {self.noise}: that is an overlap; call it sigma2")

    @property
    def students(self) -> int:
        """``K``, the number of student directions."""
        return len(self.student_weights)

    @property
    def teachers(self) -> int:
        """``M``, the number of teacher directions."""
        return len(self.teacher_weights)

    @property
    def student_links(self) -> tuple[sympy.Expr, ...]:
        """``f_j``, the link of every student."""
        return _each(self.student_link, self.students)

    @property
    def teacher_links(self) -> tuple[sympy.Expr, ...]:
        """``g_m``, the link of every teacher."""
        return _each(self.teacher_link, self.teachers)

    @property
    def units(self) -> tuple[tuple[sympy.Expr, sympy.Expr], ...]:
        """Weight and link of the units that student minus teacher is the sum of, students first."""
        students = zip(self.student_weights, self.student_links, strict=True)
        teachers = zip(self.teacher_weights, self.teacher_links, strict=True)
        return (*students, *((-c, g) for c, g in teachers))

    @cached_property
    def overlaps(self) -> Overlaps:
        """The symbols that :attr:`loss`, :attr:`A` and :attr:`B` are written in."""
        return Overlaps.symbols(self.students, self.teachers)

    @cached_property
    def polynomial(self) -> bool:
        """Whether the loss is a polynomial in the overlaps, that is all links are polynomials."""
        return all(is_polynomial(link) for _, link in self.units)

    @cached_property
    def loss(self) -> sympy.Expr:
        """The population loss ``L(S, U, T)`` (P1 for phase retrieval).

        An expanded polynomial where the links are polynomials.
        """
        return self._written(self._loss)

    @cached_property
    def A(self) -> sympy.ImmutableMatrix:
        """``A = −2 ∂L/∂S`` (K × K, symmetric), where ``S_jk`` and ``S_kj`` count as independent.

        The symbol ``S12`` stands for both, so its derivative is twice the one meant here.
        """
        S = self.overlaps.S
        return sympy.ImmutableMatrix(
            *S.shape, lambda j, k: self._written(-(2 if j == k else 1) * self._loss.diff(S[j, k]))
        )

    @cached_property
    def B(self) -> sympy.ImmutableMatrix:
        """``B = −∂L/∂U`` (K × M)."""
        return self.overlaps.U.applyfunc(lambda overlap: self._written(-self._loss.diff(overlap)))

    @property
    def drift(self) -> tuple[sympy.ImmutableMatrix, sympy.ImmutableMatrix]:
        """``(A, B)`` of the gradient flow ``Ẇ = −∇_W L = A W Q + B W* Q``."""
        return self.A, self.B

    def _repr_latex_(self) -> str:
        """Loss and drift, as notebooks show them."""
        return displayed([("L", self.loss), *entries("A", self.A, symmetric=True), *entries("B", self.B)])

    def pair_average(self, f: sympy.Expr, g: sympy.Expr, covariance: sympy.MatrixBase) -> sympy.Expr:
        """``E[f(X) g(Y)]`` for two units of these links: :func:`link_product`."""
        return link_product(f, g, covariance)

    @cached_property
    def _loss(self) -> sympy.Expr:
        """The loss with its arc sines as :class:`~theory.symbolic.averages.Arc`.

        The square of the error is a double sum over pairs of units, each pair jointly Gaussian.
        """
        units, covariance = self.units, self.overlaps.covariance
        pairs = combinations_with_replacement(range(len(units)), 2)
        total = sympy.Add(
            self.noise,
            *(
                (1 if j == k else 2)
                * units[j][0]
                * units[k][0]
                * self.pair_average(units[j][1], units[k][1], covariance[[j, k], [j, k]])
                for j, k in pairs
            ),
        )
        return self._written(total, arcs=False)

    def _written(self, expression: sympy.Expr, arcs: bool = True) -> sympy.Expr:
        """An expression expanded where that helps, with its arc sines written out on request."""
        if self.polynomial:
            return sympy.expand(expression)
        return expression.doit() if arcs else expression


def link_product(f: sympy.Expr, g: sympy.Expr, covariance: sympy.MatrixBase) -> sympy.Expr:
    """``E[f(X) g(Y)]`` for the pair ``(X, Y) ~ N(0, covariance)``.

    >>> link_product(Z**2, Z**2, sympy.Matrix(2, 2, sympy.symbols("a c c b")))
    a*b + 2*c**2
    """
    known = recall(f, g, covariance)
    if known is not None:
        return known
    a, b, c = covariance[0, 0], covariance[1, 1], covariance[0, 1]
    try:
        return sympy.Add(
            *(
                left * right * product_average(first, second, a, b, c)
                for first, left in link_terms(f).items()
                for second, right in link_terms(g).items()
            )
        )
    except NoAverageError as error:
        raise UnknownAverageError(f"{error}: numerics.network solves with any link") from None


@checked
def single_index(link: Link, teacher_link: Link | None = None) -> Model:
    """The model of one student and one teacher, with overlaps ``s``, ``u`` and ``t``.

    ``t = w*ᵀQw*`` is the teacher's energy, ``s*`` in the paper. The teacher has the student's link
    unless given its own.

    >>> single_index(Z**3 - 3*Z).B
    Matrix([[18*s*t - 18*s - 18*t + 36*u**2 + 18]])
    """
    teacher_link = link if teacher_link is None else teacher_link
    name = str(link) if teacher_link == link else f"{link} learning {teacher_link}"
    return Model(name, link, teacher_link)


@checked
def phase_retrieval() -> Model:
    """The paper's model: one student, one teacher, the square as link.

    >>> phase_retrieval().loss
    3*s**2 - 2*s*t + 3*t**2 - 4*u**2
    >>> phase_retrieval().drift
    (Matrix([[-12*s + 4*t]]), Matrix([[8*u]]))
    """
    return Model("phase retrieval", Z**2, Z**2)


@checked
def quadratic_network(students: Count, teachers: Count) -> Model:
    """The network ``Σ_j (w_j·x)² = xᵀ WᵀW x`` with that many units on either side.

    Its output, and so its loss, depends on ``W`` through ``WᵀW`` alone: ``W`` and ``OW`` are the
    same student for every orthogonal ``O`` (K × K), and the flow commutes with this rotation. The
    teachers it can reach are therefore the whole orbit ``O W*`` where ``K = M``, and every ``W``
    with ``WᵀW = W*ᵀW*`` where ``K > M``. With ``Δ = WᵀW − W*ᵀW*`` the loss is
    ``2 tr(QΔQΔ) + (tr QΔ)²``.

    >>> quadratic_network(1, 1).loss == phase_retrieval().loss
    True
    >>> quadratic_network(2, 1).A
    Matrix([
    [-12*S11 - 4*S22 + 4*T,                -8*S12],
    [               -8*S12, -4*S11 - 12*S22 + 4*T]])
    """
    return Model("quadratic network", Z**2, Z**2, (sympy.S.One,) * students, (sympy.S.One,) * teachers)


def written_links(links: Links) -> str:
    """Links as the command line reads them.

    >>> written_links((Z**2, Z)), written_links(Z**2)
    ('z**2, z', 'z**2')
    """
    return ", ".join(map(str, links)) if isinstance(links, tuple) else str(links)


def _unit_links(field: str, links: Links, count: int) -> sympy.Expr | tuple[sympy.Expr, ...]:
    """One link where all units have the same."""
    if not isinstance(links, tuple | list):
        return canonical(links)
    if len(links) != count:
        raise ModelError(f"{field} holds {len(links)} links: it must hold {count}, one for each unit")
    found = tuple(map(canonical, links))
    return found[0] if len(set(found)) == 1 else found


def _each(links: sympy.Expr | tuple[sympy.Expr, ...], count: int) -> tuple[sympy.Expr, ...]:
    return links if isinstance(links, tuple) else (links,) * count


def _real_weights(field: str, weights: tuple[sympy.Expr | float, ...]) -> tuple[sympy.Expr, ...]:
    exact = tuple(given(weight, f"one of {field}") for weight in weights)
    if not exact or not all(weight.is_real and weight.is_finite and weight != 0 for weight in exact):
        raise ModelError(f"{field} must be non-zero real numbers, not {tuple(weights)}")
    return exact


def _variance(noise: sympy.Expr | int) -> sympy.Expr:
    exact = given(noise, "noise")
    if not exact.is_Symbol and not (exact.is_Rational and exact >= 0):
        raise ModelError(f"noise must be a non-negative rational or a symbol, not {noise}")
    return exact
