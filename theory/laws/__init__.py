r"""The laws of learning as symbols: of every quantity its power, prefactor, correction, regimes and verdict.

- ``law``: a law, and a collection of them
- ``names``: the symbols, and what those mean that have no formula
- ``spectra``: what a link and a spectrum give the laws
- ``flow``, ``descent``, ``sgd``, ``samples``: the laws, by algorithm; ``wide``: of wide quadratic networks;
  ``normalised``: of a normalised student

>>> found = laws()
>>> found["overlap"].leading.args[0].expr
C*(2**(-gamma - 1) + 1/3)/t**gamma
>>> print(found["overlap"].at({a: 2, B: 0, t: 100}).evalf(15))
0.0167807289351654
>>> laws(spectrum=2, teacher=0)["recovered"].exponent
1/2
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, TypeVar

import sympy
from sympy import And

from theory.asymptotics.local_flow import SQUARE, LocalFlow
from theory.expected import checked
from theory.laws import descent, flow, normalised, samples, sgd, wide
from theory.laws.law import Law, Laws, Regime, Verdict, printed, quantity
from theory.laws.names import (
    MEANINGS,
    B,
    C,
    N,
    Z,
    a,
    alpha,
    amplification,
    d,
    delta,
    epsilon,
    eta,
    eta_c,
    fall,
    g_0,
    gamma,
    history,
    j,
    lag,
    level,
    m,
    n,
    rho,
    sigma2,
    t,
    t_0,
    trace,
    typical,
)
from theory.laws.spectra import Setting
from theory.symbolic.local_flow import local_flow
from theory.symbolic.models import Model
from theory.symbolic.normalised import NormalisedModel

Part = TypeVar("Part")
Algorithm = Literal["flow", "descent", "sgd", "samples"]

LATE: Mapping[str, Callable[[Setting], tuple[Law, ...]]] = {
    "flow": flow.convergence,
    "descent": flow.convergence,
    "sgd": sgd.laws,
    "samples": samples.laws,
}
ESCAPES: Mapping[str, Callable[[Setting], Law]] = {
    "flow": flow.escape_time,
    "descent": descent.escape_time,
}
ALGORITHMS = tuple(LATE)


@checked
def laws(
    model: Model | sympy.Expr | LocalFlow | Literal["wide"] = SQUARE,
    spectrum: sympy.Expr | float = a,
    teacher: sympy.Expr | float = B,
    algorithm: Algorithm = "flow",
    dimension: sympy.Expr | float = sympy.oo,
) -> Laws:
    r"""The laws of a model by name, in the order in which a run meets them.

    ``model`` is one student that learns a teacher of the same link: a model, its link, or the numbers of
    that. Eigenvalues fall as :math:`i^{-a}`, ``spectrum`` being ``a``, and :math:`(w^*_i)^2` as
    :math:`i^{-2B}`, ``teacher`` being ``B`` (0: a flat one), with :math:`\|w^*\|_Q = 1` and
    :math:`\mathrm{tr}\,Q = 1`. Either is a number, or the symbol. Where ``dimension`` is the symbol ``d``
    sums over modes are finite, and the windows have an end.

    ``algorithm``: the gradient ``flow``; ``descent`` at the step :math:`\eta`; online ``sgd`` on ``m``
    samples a step, with label noise of variance :math:`\sigma^2`; the flow on ``n`` ``samples``. Laws that
    this link or these exponents do not have are in :attr:`Laws.missing`, with the reason.

    Of a :func:`~theory.symbolic.normalised` model the overlap of a random start, the time of escape, which is
    of the information exponent, and the loss at ``d = inf``: the flow is its only algorithm.

    The model ``"wide"`` is a quadratic network of any width with a second layer :math:`j^{-\alpha}`, teacher
    and inputs aligned; ``teacher`` has no part in it, and the flow is its only algorithm.

    Raises ValueError for a model of several units or of two links, for a number out of range, and for an
    expression that is neither a number nor the symbol.

    >>> list(laws(algorithm="samples"))
    ['bias', 'variance', 'stopping_time', 'stopped_loss', 'interpolation']
    >>> laws(sympy.Symbol("z")**3 + sympy.Symbol("z")).missing
    {'escape_time': 'ballistic: B(0) = 8 moves w = 0 in a time of order 1 (information exponent 1)'}
    """
    values = {a: _given("spectrum", spectrum, a, 0), B: _given("teacher", teacher, B)}
    if isinstance(model, str):
        if algorithm != "flow":
            raise ValueError(
                f"algorithm is {algorithm}, but of wide networks the flow's laws alone are known"
            )
        return Laws(model, algorithm, {law.name: _with(law, values) for law in wide.laws()})
    own = _flow(model)
    setting = Setting(own, _dimension(dimension))
    if isinstance(model, NormalisedModel):
        if algorithm != "flow":
            raise ValueError(
                f"algorithm is {algorithm}, but of normalised units the flow's laws alone are known"
            )
        every = dict(normalised.laws(model.student_link, setting))
        found = [law for law in every.values() if isinstance(law, Law)]
        missing = {name: law for name, law in every.items() if isinstance(law, str)}
    else:
        found, missing = _known(own, setting, algorithm)
    at_these = {law.name: _with(law, values) for law in found}
    missing |= {law.name: f"it holds for {law.domain}" for law in found if not at_these[law.name].regimes}
    return Laws(own.link, algorithm, {name: law for name, law in at_these.items() if law.regimes}, missing)


def _known(own: LocalFlow, setting: Setting, algorithm: str) -> tuple[list[Law], dict[str, str]]:
    """The laws of this link, and why others do not exist."""
    missing, found = {}, []
    if algorithm in ESCAPES:
        if own.growth is None:
            missing["escape_time"] = own.no_escape
        else:
            found.append(ESCAPES[algorithm](setting))
    if own.decay is None:
        missing["convergence"] = own.no_law
    elif own != SQUARE and algorithm not in ESCAPES:
        missing[algorithm] = f"known for the link z**2 alone, not for {own.link}"
    else:
        found.extend(LATE[algorithm](setting))
    return found, missing


def _flow(model: Model | sympy.Expr | LocalFlow) -> LocalFlow:
    """The numbers of the model."""
    if isinstance(model, LocalFlow):
        return model
    if not isinstance(model, Model):
        return local_flow(model)
    if type(model) not in (Model, NormalisedModel):
        raise ValueError(f"the model {model.name} must have real Gaussian inputs")
    if (model.students, model.teachers) != (1, 1) or model.student_link != model.teacher_link:
        raise ValueError(f"the model {model.name} must have one student and one teacher of the same link")
    return local_flow(model.student_link)


def _dimension(value: sympy.Expr | float) -> sympy.Expr:
    """Infinity, or the symbol."""
    if sympy.sympify(value) not in (sympy.oo, d):
        raise ValueError(f"dimension is {value}, but it must be infinite or the symbol {d}")
    return sympy.sympify(value)


def _given(
    name: str, value: sympy.Expr | float, symbol: sympy.Symbol, least: float = -math.inf
) -> sympy.Expr:
    """A number as exact as it is written, or the symbol."""
    number = sympy.sympify(value)
    if number == symbol:
        return symbol
    if not (number.is_number and number.is_finite and number.is_real and number >= least):
        above = "" if least == -math.inf else f", at least {least}"
        raise ValueError(f"{name} is {value}, but it must be {symbol} or a finite number{above}")
    return sympy.nsimplify(number, rational=True)


def _with(law: Law, values: Mapping[sympy.Symbol, sympy.Expr]) -> Law:
    """The law at these exponents; regimes that these exclude are dropped."""

    def put(part: Part) -> Part:
        return part.subs(values) if isinstance(part, sympy.Basic) else part

    regimes = tuple(
        Regime(*map(put, vars(regime).values()))
        for regime in law.regimes
        if put(And(law.domain, regime.condition)) != sympy.false
    )
    names = {symbol: put(formula) for symbol, formula in law.names.items()}
    return replace(law, domain=put(law.domain), window=put(law.window), regimes=regimes, names=names)


__all__ = [
    "ALGORITHMS",
    "MEANINGS",
    "B",
    "C",
    "Law",
    "Laws",
    "N",
    "Regime",
    "Verdict",
    "Z",
    "a",
    "alpha",
    "amplification",
    "d",
    "delta",
    "epsilon",
    "eta",
    "eta_c",
    "fall",
    "g_0",
    "gamma",
    "history",
    "j",
    "lag",
    "laws",
    "level",
    "m",
    "n",
    "printed",
    "quantity",
    "rho",
    "sigma2",
    "t",
    "t_0",
    "trace",
    "typical",
]
