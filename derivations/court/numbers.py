"""Constants that exist, as numbers of any precision and as text."""

from mpmath import mpf

from theory.asymptotics import Constant


def value(constant: Constant) -> mpf:
    """The value; raises ValueError with the reason where the constant does not exist."""
    if constant.value is None:
        raise ValueError(f"undefined: {constant.reason}")
    return constant.value


def shown(constant: Constant, digits: int) -> str:
    """The value to so many digits, a dash where the constant does not exist.

    >>> from theory.asymptotics import PowerLaw, escape_rate
    >>> shown(escape_rate(PowerLaw(2, "inf")), 6)
    '5.53894'
    """
    return constant.printed(digits)[0] or "–"
