"""All constants of a problem, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from theory.asymptotics.convergence.laws import (
    convergence_exponent,
    convergence_prefactor,
    energy_prefactor,
    loss_prefactor,
    overlap_prefactor,
    summary_exponent,
    window_end,
    window_start,
)
from theory.asymptotics.convergence.linearisation import final_rate, stability_step
from theory.asymptotics.convergence.stochastic import sgd_stability_step
from theory.asymptotics.escape.fast_manifold import onset_delay, third_delay
from theory.asymptotics.escape.linear_stage import escape_amplitude, sign_agreement, slow_mode_exponent
from theory.asymptotics.escape.rate import escape_rate
from theory.asymptotics.escape.times import median_escape_offset
from theory.asymptotics.numbers.constant import Constant, NotEnclosed, undefined
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum, decimal
from theory.asymptotics.tail.expansion import (
    plateau_end,
    plateau_end_prefactor,
    tail_curvature,
    tail_remainder_rate,
)
from theory.asymptotics.tail.plateau import tail_exponent, tail_prefactor
from theory.asymptotics.tail.recovery import (
    frozen_error,
    plateau_drop_exponent,
    plateau_drop_prefactor,
    plateau_height,
    recovered_constant,
    recovered_correction,
    recovered_exponent,
    recovered_fluctuation,
    recovered_prefactor,
)

CATALOGUE: Mapping[str, Callable[[Spectrum, int], Constant]] = {
    function.__name__: function
    for function in (
        escape_rate,
        escape_amplitude,
        sign_agreement,
        onset_delay,
        third_delay,
        median_escape_offset,
        slow_mode_exponent,
        stability_step,
        summary_exponent,
        overlap_prefactor,
        energy_prefactor,
        loss_prefactor,
        convergence_exponent,
        convergence_prefactor,
        tail_exponent,
        tail_prefactor,
        tail_curvature,
        tail_remainder_rate,
        recovered_exponent,
        recovered_prefactor,
        recovered_constant,
        recovered_correction,
        recovered_fluctuation,
        frozen_error,
        plateau_height,
        plateau_drop_exponent,
        plateau_drop_prefactor,
        plateau_end_prefactor,
        plateau_end,
        window_start,
        window_end,
        final_rate,
    )
}


def catalogue(batch: int | None = None) -> Mapping[str, Callable[[Spectrum, int], Constant]]:
    """Return the functions by name, with a ``batch`` also those of online SGD.

    >>> [name for name in catalogue(16) if name not in CATALOGUE]
    ['sgd_stability_step']
    """
    if batch is None:
        return CATALOGUE
    own = {"sgd_stability_step": lambda spectrum, digits: sgd_stability_step(spectrum, batch, digits)}
    return {**CATALOGUE, **own}


def constants(
    spectrum: Spectrum, digits: int = 15, names: Iterable[str] | None = None, batch: int | None = None
) -> dict[str, Constant]:
    """Return the constants of the catalogue, all or those of these ``names``, to ``digits`` digits.

    With a ``batch``, that of :func:`.sgd_stability_step` too.
    One that is not found to so many digits is undefined, with the reason.
    Raises ValueError for digits that are not a positive integer and for an unknown name.

    >>> for name, constant in constants(PowerLaw(2, "inf")).items():
    ...     print(name, constant.printed(8)[0] or constant.reason)
    escape_rate 5.5389406
    escape_amplitude 0.62904862
    sign_agreement 0.96694589
    onset_delay -0.37740250
    third_delay -0.047892194
    median_escape_offset -0.25918488
    slow_mode_exponent 0.43860577
    stability_step 0.18053994
    summary_exponent 0.50000000
    overlap_prefactor 0.16780729
    energy_prefactor 0.16286750
    loss_prefactor 0.69098830
    convergence_exponent 2.0000000
    convergence_prefactor 0.16780729
    tail_exponent 0.50000000
    tail_prefactor 5.5279064
    tail_curvature 51.200000
    tail_remainder_rate 6.8682855
    recovered_exponent 0.50000000
    recovered_prefactor 5.5279064
    recovered_constant -0.50000000
    recovered_correction -0.15933782
    recovered_fluctuation 0.46036714
    frozen_error 0.94952860
    plateau_height 1.0000000
    plateau_drop_exponent 1.0000000
    plateau_drop_prefactor 0.92762299
    plateau_end_prefactor 0.012574416
    plateau_end at d = inf the plateau never ends
    window_start 0.20561676
    window_end no end at d = inf
    final_rate at d = inf the eigenvalues accumulate at 0: the decay stays algebraic
    """
    if not isinstance(digits, int) or digits < 1:
        raise ValueError(f"digits is {digits!r}, but it must be a positive integer")
    known = catalogue(batch)
    if isinstance(names, str):
        raise ValueError(f"names is {names!r}, but it must be a list of names, such as [{names!r}]")
    names = list(known if names is None else names)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"{unknown[0]!r} is no constant; there are {', '.join(known)}")
    return {name: _found(known[name], spectrum, digits) for name in names}


def _found(function: Callable[[Spectrum, int], Constant], spectrum: Spectrum, digits: int) -> Constant:
    """Return the constant, undefined where it is not enclosed at any precision."""
    try:
        return function(spectrum, digits)
    except NotEnclosed as error:
        return undefined(error.definition, error.source, str(error))


def as_json(
    spectrum: Spectrum,
    digits: int = 15,
    teacher: str | None = None,
    names: Iterable[str] | None = None,
    batch: int | None = None,
) -> dict[str, Any]:
    """Return what :func:`constants` does as a JSON-ready dictionary; numbers are decimal strings.

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
        **({} if batch is None else {"batch": batch}),
        "constants": {
            name: constant.as_json(digits)
            for name, constant in constants(spectrum, digits, names, batch).items()
        },
    }
