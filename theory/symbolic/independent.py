"""Inputs with independent coordinates: the loss, the flow, and the statistics they need.

``x_i = √λ_i g_i`` with independent ``g_i``: mean 0, variance 1, cumulants ``κ_3, κ_4, …``. The
projections ``z_a = v_a · x`` on students and teachers then have joint cumulants

``κ(z_{a_1}, …, z_{a_n}) = Σ_i κ_n λ_i^{n/2} v_{a_1 i} ⋯ v_{a_n i}``,

and every moment is a polynomial in them. For phase retrieval this adds
``Σ_i κ_4 λ_i² (w_i² − w*_i²)²`` to the Gaussian loss. The flow is no longer of the form
``A W Q + B W* Q``: a mode's velocity is a polynomial in its own coordinates, and the statistics multiply,
to all ``Σ_i λ_i^k w_i^p w*_i^q``. :meth:`IndependentModel.enlarge` finds which of them a closed description
would need; with ``κ_4 ≠ 0`` that never ends, not even for ``Q = I``. What relied on ``A`` and ``B`` refuses
such a model by name (:class:`NonGaussianError`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, product
from math import comb, prod

import sympy

from theory.expected import checked
from theory.symbolic.degree import polynomial_degree
from theory.symbolic.given import given
from theory.symbolic.hierarchy import DIMENSION, EIGENVALUE, MODE, coordinates
from theory.symbolic.links import Z
from theory.symbolic.models import Model, ModelError
from theory.symbolic.overlaps import Overlaps

_REDUCED = ("A", "B", "drift", "is_complex", "noise", "overlaps", "polynomial", "students", "teachers")
"""What the reductions for Gaussian inputs ask of a model."""


class NonGaussianError(ModelError):
    """The inputs are neither Gaussian nor elliptical: ``(S, U, T)`` does not determine the flow."""


@checked
@dataclass(frozen=True)
class PowerSum:
    """``Σ_i factor_i λ_i^order Π_a v_{a i}^{powers[a]}``, with students first among the ``v_a``.

    The identity of a statistic here, as :class:`~theory.symbolic.hierarchy.Statistic` is for Gaussian
    inputs: ``s^(k)`` is ``PowerSum((2, 0), k)`` for one student and one teacher. ``factor`` is 1 or
    depends on the mode, through :data:`~theory.symbolic.hierarchy.MODE`.
    """

    powers: tuple[int, ...]
    order: sympy.Expr
    factor: sympy.Expr = sympy.S.One

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", given(self.order, "order"))
        object.__setattr__(self, "factor", given(self.factor, "factor"))

    def moves(self, students: int) -> bool:
        """Whether a student takes part."""
        return any(self.powers[:students])

    @property
    def function(self) -> sympy.Expr:
        """It as a function of its order, and of a factor, with the powers in its name: ``c_2_0(k)``."""
        name = sympy.Function("c_" + "_".join(map(str, self.powers)))
        return name(self.order) if self.factor == 1 else name(self.order, self.factor)

    def summed(self, model: Model) -> sympy.Expr:
        """It as an explicit sum over the modes."""
        columns = (entry for column in coordinates(model) for entry in column)
        factors = (entry**power for entry, power in zip(columns, self.powers, strict=True))
        return sympy.Sum(self.factor * EIGENVALUE**self.order * prod(factors), (MODE, 1, DIMENSION))


Combination = dict[PowerSum, sympy.Expr]


@checked
@dataclass(frozen=True)
class Enlargement:
    """Which statistics the loss needs, which their derivatives need, and so on.

    ``levels[0]`` are those of the loss, ``levels[n]`` the new ones that the derivatives of ``levels[n − 1]``
    call for, as far as they move; ``missing`` is the next level. The set closes where nothing is missing.
    """

    levels: tuple[tuple[PowerSum, ...], ...]
    missing: tuple[PowerSum, ...]

    @property
    def closes(self) -> bool:
        """Whether the levels hold everything that they call for."""
        return not self.missing

    def __str__(self) -> str:
        lines = [f"level {n}: {_names(level)}" for n, level in enumerate(self.levels)]
        end = "closes" if self.closes else f"does not close here, missing: {_names(self.missing)}"
        return "\n".join([*lines, end])


@checked
@dataclass(frozen=True)
class IndependentModel:
    """``model``'s networks on inputs with independent coordinates.

    ``cumulants`` holds ``(κ_3, κ_4, …)`` of the standardised coordinate, exact numbers or symbols, up to
    twice the links' degree; zeros are the Gaussian law. A cumulant that differs between coordinates is an
    expression in :data:`~theory.symbolic.hierarchy.MODE`, such as ``IndexedBase("kappa4")[MODE]``, and
    becomes part of the statistics. Raises :class:`~theory.symbolic.models.ModelError` where there are too
    few.

    >>> from theory.symbolic.models import phase_retrieval
    >>> kappa = sympy.Symbol("kappa4")
    >>> inputs = IndependentModel(phase_retrieval(), (0, kappa))
    >>> inputs.extra_loss
    c_0_4*kappa4 - 2*c_2_2*kappa4 + c_4_0*kappa4
    >>> print(IndependentModel(phase_retrieval(), (0, 0)).enlarge(rounds=3, isotropic=True))
    level 0: c_1_1(0), c_2_0(0)
    closes
    """

    model: Model
    cumulants: tuple[sympy.Expr, ...]

    def __post_init__(self) -> None:
        cumulants = tuple(given(value, "a cumulant") for value in self.cumulants)
        object.__setattr__(self, "cumulants", cumulants)
        if type(self.model) is not Model:
            raise ModelError(f"{self.model.name} already has inputs of its own")
        degree = 2 * polynomial_degree(self.model)
        if len(cumulants) + 2 < degree:
            raise ModelError(
                f"{self.model.name} needs the cumulants of order 3 to {degree}, that is {degree - 2} of them,"
                f" not {len(cumulants)}"
            )

    def __getattr__(self, name: str) -> object:
        """Refuse, by name, what the reductions for Gaussian inputs ask for."""
        if name in _REDUCED:
            raise NonGaussianError(
                f"{self.model.name} on independent coordinates with cumulants {self.cumulants} has no {name}:"
                " its flow does not close on S, U and T; use velocity, derivative and enlarge"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @cached_property
    def symbols(self) -> dict[PowerSum, sympy.Symbol]:
        """The statistics of the loss: those of degree ``n`` have order ``n/2``.

        Degree two has the overlaps' names, the others their powers: ``c_4_0``.
        """
        symbols = _overlap_symbols(self.model.overlaps)
        degree = len(self.cumulants) + 2
        for powers in product(range(degree + 1), repeat=self._directions):
            if 3 <= sum(powers) <= degree:
                key = self._cumulant_key(powers)[1]
                symbols[key] = sympy.Symbol("c_" + "_".join(map(str, powers)))
        return symbols

    @cached_property
    def loss(self) -> sympy.Expr:
        """The population loss, an expanded polynomial in :attr:`symbols`."""
        model, K = self.model, self.model.students
        loss = model.noise
        for j, k in combinations_with_replacement(range(K + model.teachers), 2):
            (c, f), (e, g) = model.units[j], model.units[k]
            for (p,), a in sympy.Poly(f, Z).terms():
                for (q,), b in sympy.Poly(g, Z).terms():
                    powers = tuple(p * (n == j) + q * (n == k) for n in range(self._directions))
                    loss += (1 if j == k else 2) * c * e * a * b * self._moment(powers)
        return sympy.expand(loss)

    @property
    def extra_loss(self) -> sympy.Expr:
        """What the loss has beyond that of Gaussian inputs of the same covariance."""
        return sympy.expand(self.loss - self.model.loss)

    def velocity(self, student: int) -> Combination:
        """``ẇ_ji = −∂L/∂w_ji``: a combination of ``λ_i^order Π_a v_{a i}^powers``, without the sum.

        >>> from theory.symbolic.models import phase_retrieval
        >>> inputs = IndependentModel(phase_retrieval(), (0, sympy.Symbol("kappa4")))
        >>> inputs.velocity(0)[PowerSum((3, 0), 2)]
        -4*kappa4
        """
        return dict(self._velocities[student])

    def derivative(self, statistic: PowerSum) -> Combination:
        """The time derivative of a statistic, by the product rule on every mode."""
        total: Combination = {}
        for student, velocity in enumerate(self._velocities):
            power = statistic.powers[student]
            if not power:
                continue
            rest = _lower(statistic.powers, student)
            for factor, coefficient in velocity.items():
                powers = tuple(a + b for a, b in zip(rest, factor.powers, strict=True))
                key = PowerSum(powers, statistic.order + factor.order, statistic.factor * factor.factor)
                total[key] = total.get(key, sympy.S.Zero) + power * coefficient
        return {key: sympy.expand(value) for key, value in total.items()}

    def enlarge(self, rounds: int, *, isotropic: bool = False) -> Enlargement:
        """The statistics found from those of the loss in at most ``rounds`` rounds of differentiation.

        For ``isotropic`` inputs, ``Q = I``, the order plays no part and is written 0. A round that finds
        nothing ends the search: the set closes.
        """
        needed = [key for key, symbol in self.symbols.items() if self.loss.has(symbol)]
        known: set[PowerSum] = set()
        level, levels = self._new(needed, known, isotropic), []
        for _ in range(rounds + 1):
            levels.append(level)
            known.update(level)
            called = [key for entry in level for key in self.derivative(entry)]
            level = self._new(called, known, isotropic)
            if not level:
                break
        return Enlargement(tuple(levels), level)

    @property
    def _directions(self) -> int:
        return self.model.students + self.model.teachers

    @cached_property
    def _velocities(self) -> tuple[Combination, ...]:
        return tuple(dict(self._velocity(student)) for student in range(self.model.students))

    def _velocity(self, student: int) -> Iterator[tuple[PowerSum, sympy.Expr]]:
        for key, symbol in self.symbols.items():
            slope = -key.powers[student] * self.loss.diff(symbol)
            if slope != 0:
                yield PowerSum(_lower(key.powers, student), key.order, key.factor), sympy.expand(slope)

    def _new(self, keys: Sequence[PowerSum], known: set[PowerSum], isotropic: bool) -> tuple[PowerSum, ...]:
        """The keys that move and are not known, each once, in a fixed order."""
        plain = [PowerSum(key.powers, sympy.S.Zero, key.factor) if isotropic else key for key in keys]
        found = {key for key in plain if key.moves(self.model.students) and key not in known}
        return tuple(sorted(found, key=lambda key: (key.order, sum(key.powers), key.powers, str(key.factor))))

    def _moment(self, powers: tuple[int, ...]) -> sympy.Expr:
        """``E[Π_a z_a^powers]``: one factor's cumulant with any others, times the moment of the rest."""
        if powers not in self._moments:
            self._moments[powers] = self._expand_moment(powers)
        return self._moments[powers]

    @cached_property
    def _moments(self) -> dict[tuple[int, ...], sympy.Expr]:
        return {(0,) * self._directions: sympy.S.One}

    def _expand_moment(self, powers: tuple[int, ...]) -> sympy.Expr:
        first = next(a for a, power in enumerate(powers) if power)
        rest = _lower(powers, first)
        total = sympy.S.Zero
        for chosen in product(*(range(power + 1) for power in rest)):
            joined = tuple(count + (a == first) for a, count in enumerate(chosen))
            left = tuple(a - b for a, b in zip(rest, chosen, strict=True))
            ways = prod(comb(power, count) for power, count in zip(rest, chosen, strict=True))
            total += ways * self._cumulant(joined) * self._moment(left)
        return sympy.expand(total)

    def _cumulant(self, powers: tuple[int, ...]) -> sympy.Expr:
        if sum(powers) < 2:
            return sympy.S.Zero
        coefficient, key = self._cumulant_key(powers)
        return coefficient * self.symbols[key]

    def _cumulant_key(self, powers: tuple[int, ...]) -> tuple[sympy.Expr, PowerSum]:
        """A joint cumulant as a coefficient times a power sum, which takes what depends on the mode."""
        degree = sum(powers)
        scale = sympy.S.One if degree == 2 else self.cumulants[degree - 3]
        coefficient, factor = scale.as_independent(MODE, as_Add=False)
        return coefficient, PowerSum(powers, sympy.Rational(degree, 2), factor)


def _overlap_symbols(overlaps: Overlaps) -> dict[PowerSum, sympy.Symbol]:
    """The keys of the entries of ``S``, ``U`` and ``T``."""
    covariance = overlaps.covariance
    count = covariance.rows
    return {
        PowerSum(tuple((n == a) + (n == b) for n in range(count)), sympy.S.One): covariance[a, b]
        for a in range(count)
        for b in range(a, count)
    }


def _lower(powers: tuple[int, ...], a: int) -> tuple[int, ...]:
    return (*powers[:a], powers[a] - 1, *powers[a + 1 :])


def _names(keys: Sequence[PowerSum]) -> str:
    return ", ".join(str(key.function) for key in keys)
