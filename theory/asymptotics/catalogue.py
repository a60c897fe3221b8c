"""All constants of a problem, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any

from theory.asymptotics.convergence import laws, linearisation
from theory.asymptotics.escape import fast_manifold, linear_stage, other_orders, rate, times
from theory.asymptotics.local_flow import SQUARE, LocalFlow, of_the_square
from theory.asymptotics.numbers.constant import Constant, NotEnclosed, undefined
from theory.asymptotics.sgd.escape import (
    sgd_escape_rate_mean_square,
    sgd_escape_rate_typical,
    sgd_escape_variance,
)
from theory.asymptotics.sgd.floor import (
    sgd_amplification,
    sgd_decay_exponent,
    sgd_loss_floor,
    sgd_mse_floor,
)
from theory.asymptotics.sgd.noise import (
    sgd_crossover_time,
    sgd_noise_history,
    sgd_noise_prefactor,
)
from theory.asymptotics.sgd.stability import sgd_stability_step
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum, decimal
from theory.asymptotics.tail import expansion, plateau, recovery
from theory.expected import Count, Positive, checked
from theory.nearest import nearest

OF_A_PROBLEM = (
    rate,
    linear_stage,
    fast_manifold,
    times,
    linearisation,
    laws,
    plateau,
    expansion,
    recovery,
)
"""The modules whose constants take a spectrum and digits alone, in reading order."""

CATALOGUE: Mapping[str, Callable[[Spectrum, int], Constant]] = {
    name: function
    for module in OF_A_PROBLEM
    for name, function in vars(module).items()
    if getattr(function, "in_catalogue", False) and function.__module__ == module.__name__
}
"""The constants by name, those of a module in the order in which it defines them."""

OF_OTHER_LINKS = (
    linearisation.teacher_multiple,
    other_orders.escape_speed,
    other_orders.escape_time_exponent,
    other_orders.escape_time_prefactor,
)
"""What the square has none of, or a trivial one."""

OF_NETWORKS = (
    rate.escape_rate,
    linear_stage.escape_amplitude,
    laws.summary_exponent,
    laws.loss_prefactor,
    laws.window_start,
)

OF_ANY_LINK = (recovery.plateau_height,)
"""What the spectrum and the teacher decide alone."""


BESIDE_ANOTHER = "; of w/m where the limit is m w*, of the loss less its limit"

AT_A_STEP = (
    sgd_escape_rate_typical,
    sgd_escape_rate_mean_square,
    sgd_escape_variance,
    sgd_loss_floor,
    sgd_mse_floor,
    sgd_amplification,
    sgd_noise_history,
    sgd_noise_prefactor,
    sgd_crossover_time,
)
"""The constants of online SGD that depend on the step."""


@checked
def catalogue(
    batch: Count | None = None, step_size: Positive | None = None, flow: LocalFlow = SQUARE
) -> Mapping[str, Callable[[Spectrum, int], Constant]]:
    """The functions by name, with a ``batch`` also those of online SGD, and at its ``step_size``.

    Of another link than the square those give a value that take its :class:`.LocalFlow`, and there are
    some that the square has not.

    Raises ValueError for a step size without a batch.

    >>> [name for name in catalogue(flow=LocalFlow("z**3")) if name not in CATALOGUE]
    ['teacher_multiple', 'escape_speed', 'escape_time_exponent', 'escape_time_prefactor']
    >>> [name for name in catalogue(16) if name not in CATALOGUE]
    ['sgd_stability_step', 'sgd_decay_exponent']
    >>> [name for name in catalogue(16, 1e-3) if "escape" in name and name not in CATALOGUE]
    ['sgd_escape_rate_typical', 'sgd_escape_rate_mean_square', 'sgd_escape_variance']
    """
    others = {} if flow == SQUARE else {function.__name__: function for function in OF_OTHER_LINKS}
    if batch is None:
        if step_size is not None:
            raise ValueError("a step size needs a batch, the inputs of a step")
        return {name: _of_a_link(name, function, flow) for name, function in {**CATALOGUE, **others}.items()}
    own: dict[str, Callable[[Spectrum, int], Constant]] = {
        "sgd_stability_step": lambda spectrum, digits: sgd_stability_step(spectrum, batch, digits),
        "sgd_decay_exponent": sgd_decay_exponent,
    }
    if step_size is not None:
        own |= {function.__name__: _at_a_step(function, step_size, batch) for function in AT_A_STEP}
    known = {**CATALOGUE, **others, **own}
    return {name: _of_a_link(name, function, flow) for name, function in known.items()}


def _of_a_link(
    name: str, function: Callable[..., Constant], flow: LocalFlow
) -> Callable[[Spectrum, int], Constant]:
    """The constant of the link with this flow, undefined where it is known for the square alone."""
    if flow == SQUARE or function in OF_ANY_LINK:
        return function
    if flow.width > 1 or flow.teachers > 1:
        return _of_a_network(name, function, flow)
    if "flow" in signature(function).parameters:
        return partial(function, flow=flow)
    return lambda spectrum, digits: of_the_square(name, flow)


def _of_a_network(
    name: str, function: Callable[..., Constant], flow: LocalFlow
) -> Callable[[Spectrum, int], Constant]:
    """The constant of a network, undefined where its teachers are not regular."""

    def constant(spectrum: Spectrum, digits: int) -> Constant:
        regular = isinstance(spectrum, PowerLaw) and spectrum.dimension == math.inf
        if function in OF_NETWORKS and not regular:
            return undefined(
                f"{name} of a network",
                "theory.symbolic.network_flow",
                "known for the regular teachers of d = inf alone",
            )
        if function in OF_NETWORKS:
            return function(spectrum, digits, flow=flow)
        return undefined(
            f"{name} of a network", "theory.symbolic.network_flow", "known for one student alone"
        )

    return constant


def _at_a_step(
    function: Callable[[Spectrum, float, int, int], Constant], step_size: float, batch: int
) -> Callable[[Spectrum, int], Constant]:
    """The constant as a function of spectrum and digits alone."""
    return lambda spectrum, digits: function(spectrum, step_size, batch, digits)


@checked
def constants(
    spectrum: Spectrum,
    digits: Count = 15,
    names: Iterable[str] | None = None,
    batch: Count | None = None,
    step_size: Positive | None = None,
    flow: LocalFlow = SQUARE,
) -> dict[str, Constant]:
    """The constants of the catalogue, all or those of these ``names``, to ``digits`` digits.

    With a ``batch`` those of :func:`catalogue` for online SGD, too, and those at its ``step_size``. Of
    another link than the square with its ``flow``, which :func:`theory.symbolic.local_flow` derives.
    One that is not found to so many digits is undefined, with the reason.
    Raises ValueError for digits that are not a positive integer and for an unknown name.

    >>> found = constants(PowerLaw(2, "inf"), 30)
    >>> found["escape_rate"].printed(30)[0]
    '5.53894059108475426445358706933'
    >>> found["final_rate"].reason
    'at d = inf the eigenvalues accumulate at 0: the decay stays algebraic'
    """
    known = catalogue(batch, step_size, flow)
    names = list(known if names is None else names)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"{unknown[0]!r} is no constant; {nearest(unknown[0], known)}")
    found = {name: _found(known[name], spectrum, digits) for name in names}
    if flow.teacher_energy == flow.multiple == "1":
        return found
    unit = "" if flow.teacher_energy == "1" else "; lambda_i, u and s over the energy of the teacher"
    return {
        name: replace(each, definition=each.definition + unit + _limit(name, flow))
        for name, each in found.items()
    }


def _limit(name: str, flow: LocalFlow) -> str:
    """What a constant of the convergence is of, where the limit is a multiple of the teacher."""
    known = {**CATALOGUE} | {function.__name__: function for function in OF_OTHER_LINKS}
    escaping = name not in known or known[name].__module__.startswith(str(rate.__package__))
    return "" if escaping or flow.multiple == "1" or name == "teacher_multiple" else BESIDE_ANOTHER


def _found(function: Callable[[Spectrum, int], Constant], spectrum: Spectrum, digits: int) -> Constant:
    """The constant, undefined where it is not enclosed at any precision."""
    try:
        return function(spectrum, digits)
    except NotEnclosed as error:
        return undefined(error.definition, error.source, str(error))


@checked
def as_json(
    spectrum: Spectrum,
    digits: Count = 15,
    teacher: str | None = None,
    names: Iterable[str] | None = None,
    batch: Count | None = None,
    step_size: Positive | None = None,
    flow: LocalFlow = SQUARE,
) -> dict[str, Any]:
    """What :func:`constants` does as a JSON-ready dictionary; numbers are decimal strings.

    ``teacher`` names given components (``"gaussian"``, a file), which are not printed.

    >>> answer = as_json(PowerLaw("1.5", 1000, "source:0.3"), 20)
    >>> answer["exponent"], answer["dimension"], answer["teacher"], answer["digits"]
    ('1.5', '1000', 'source:0.3', 20)
    >>> answer["constants"]["escape_rate"]["value"]
    '3.7359888753974245601'
    """
    law = spectrum if isinstance(spectrum, PowerLaw) else None
    named = teacher or (law.teacher if law and isinstance(law.teacher, str) else "given")
    return {
        "exponent": decimal(law.exponent) if law else None,
        "dimension": str(law.dimension if law else len(spectrum.teacher)),
        "teacher": named,
        "digits": digits,
        "link": flow.link,
        **({} if flow.teacher_link == flow.link else {"teacher_link": flow.teacher_link}),
        "width": flow.width,
        **({} if flow.teachers == 1 else {"teachers": flow.teachers}),
        **({} if flow.teacher_energy == "1" else {"teacher_energy": flow.teacher_energy}),
        **({} if batch is None else {"batch": batch}),
        **({} if step_size is None else {"step_size": step_size}),
        "constants": {
            name: constant.as_json(digits)
            for name, constant in constants(spectrum, digits, names, batch, step_size, flow).items()
        },
    }
