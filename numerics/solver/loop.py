"""The loop of every run: try a step, judge it, try a shorter one or go on from its end.

It knows neither numbers nor equations, so that runs in floats and at any precision share it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from numerics.solver.contract import NoConvergence

MAX_STEPS = 20000

R = TypeVar("R")
Found = TypeVar("Found")


class Trial(ABC, Generic[R, Found]):
    """A step that is planned for a run R: what it leads to is Found."""

    @abstractmethod
    def attempt(self) -> Found:
        """Take the step. Raises NoConvergence where a shorter one is needed."""

    @abstractmethod
    def shorter(self) -> "Trial[R, Found]":
        """What to try where there is no convergence. Raises ArithmeticError where the width vanishes."""

    @abstractmethod
    def again(self, found: Found) -> "Trial[R, Found] | None":
        """What to try in place of a step that was not accurate enough, None where it was."""

    @abstractmethod
    def accepted(self, found: Found) -> R:
        """The run at the end of the step."""


class Run(Protocol):
    """The state of a run between two steps. It does not change: a step leads to another."""

    @property
    def time(self) -> Any:
        """The time so far."""

    def plan(self) -> "Trial[Any, Any]":
        """The next step."""


AnyRun = TypeVar("AnyRun", bound=Run)


def step(run: AnyRun) -> AnyRun:
    """The ``run`` one accepted step later."""
    trial: Trial[AnyRun, Any] = run.plan()
    while True:
        try:
            found = trial.attempt()
        except (NoConvergence, np.linalg.LinAlgError):
            trial = trial.shorter()
            continue
        other = trial.again(found)
        if other is None:
            return trial.accepted(found)
        trial = other


def steps(run: AnyRun) -> Iterator[AnyRun]:
    """The ``run`` after each step. Raises ArithmeticError after MAX_STEPS of them."""
    for _ in range(MAX_STEPS):
        run = step(run)
        yield run
    raise ArithmeticError(f"no end after {MAX_STEPS} steps, at t = {float(run.time):g}")
