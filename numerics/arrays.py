"""What the annotations of arrays say, and times as users give them."""

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def ascending_times(times: Sequence[float] | Array) -> Array:
    """Times (T,) as an array; ValueError unless they are finite, at least 0 and in ascending order.

    >>> ascending_times([0, 2])
    array([0., 2.])
    """
    t = np.asarray(times, dtype=float)
    if not (t.ndim == 1 and len(t) and np.isfinite(t).all() and t[0] >= 0 and (np.diff(t) > 0).all()):
        raise ValueError("times must be finite numbers of at least 0, in ascending order")
    return t
