"""One BLAS thread for the solvers.

Their matrices have tens of rows and hundreds of columns. BLAS splits such products between all processors,
where starting and awaiting the threads costs more than the product: up to ten times a run's time where
others use the processors, too.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
R = TypeVar("R")


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """``function``, during which NumPy's linear algebra keeps to one thread; then as many as before."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _controller().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
