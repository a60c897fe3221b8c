"""What is done in a descent: the sizes of its steps, the samples that each takes, the noise of the labels."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from numbers import Number
from typing import Annotated, Any

import numpy as np

from numerics.arrays import Array
from numerics.descent.draws import check_noise
from numerics.descent.schedule import CONSTANT, Listed, Schedule, read_schedule
from numerics.quadrature.summation import Summation
from numerics.shown.cards import Rows
from theory.expected import Kind, checked, shown

LARGEST_COUNT = 2**53  # beyond, step numbers are no longer exact floats

SCHEDULE = Kind(
    "a schedule, its text, a list of numbers or a function of step numbers",
    lambda value: isinstance(value, Schedule | str) or callable(value) or np.ndim(value) == 1,
)
BATCH = Kind(
    "a number of samples, or pairs of a share of the steps and the number from there on",
    lambda value: not isinstance(value, bool) and isinstance(value, str | Number | Sequence | np.ndarray),
)


@checked
@dataclass(frozen=True)
class DescentProtocol:
    """``steps`` n steps of size η_k = ``step_size`` · f(k), with f the ``schedule``.

    The schedule is a :class:`~numerics.descent.schedule.Schedule`, its text, an array of n numbers f(k), or
    a function of an array of step numbers that returns them. SGD takes ``batch`` m fresh samples a step, or
    batches that grow: ``[(0, 1), (0.5, 16)]`` is 1, and 16 from half of the steps on. Their labels have
    Gaussian noise of ``noise_variance``. The loss that is descended is ``loss_factor`` times E (f − y)²: ½
    and ¼ are other conventions, and change the step size by that factor. Time is that of the flow,
    t = Σ η_k · ``loss_factor``.

    Raises ValueError for numbers out of these ranges.

    >>> protocol = DescentProtocol(0.1, 1000, "power:1/2", batch=2)
    >>> protocol.sizes(0, 3).round(4).tolist(), round(protocol.duration, 3)
    ([0.1, 0.0707, 0.0577], 6.18)
    """

    step_size: float
    steps: int
    schedule: Annotated[Any, SCHEDULE] = CONSTANT
    batch: Annotated[Any, BATCH] = 1
    noise_variance: float = 0.0
    loss_factor: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.step_size) and self.step_size > 0):
            raise ValueError(f"step size is {self.step_size}: it must be positive and finite")
        if not (1 <= self.steps <= LARGEST_COUNT and self.steps % 1 == 0):
            raise ValueError(f"{self.steps} steps: a whole number from 1 to 2^53 is needed")
        check_noise(self.noise_variance)
        if not (np.isfinite(self.loss_factor) and self.loss_factor > 0):
            raise ValueError(f"loss factor is {self.loss_factor}: it must be positive and finite")
        object.__setattr__(self, "steps", int(self.steps))
        object.__setattr__(self, "schedule", _schedule(self.schedule, self.steps))
        object.__setattr__(self, "batch", _batches(self.batch))

    @property
    def unit(self) -> float:
        """The step size where f = 1, in the time of the flow."""
        return float(self.step_size) * float(self.loss_factor)

    @property
    def is_constant(self) -> bool:
        """Whether all steps are alike."""
        return self.schedule.is_constant and isinstance(self.batch, int)

    @cached_property
    def peak(self) -> float:
        """The largest step."""
        return max(self.largest(begin, end) for begin, end in self.pieces())

    @property
    def duration(self) -> float:
        """The time of all steps."""
        return float(self.times(np.array([self.steps]))[0])

    def pieces(self) -> list[tuple[int, int]]:
        """The first step of each smooth piece of the run, and that after its last."""
        ends = [0]
        while ends[-1] < self.steps:
            ends.append(int(min(ends[-1] + self.room(ends[-1]), self.steps)))
        return list(pairwise(ends))

    def room(self, begin: int) -> float:
        """The number of steps from ``begin`` to the end of its smooth piece, inf where all are alike."""
        if self.is_constant:
            return math.inf
        _, end = self.schedule.piece(begin, self.steps)
        return min(end, self.steps, self._batch_end(begin)) - begin

    def size(self, number: int) -> float:
        """η of the step of that number; after the last one its own."""
        if self.schedule.is_constant:
            return self.unit
        place = min(number, self.steps - 1)
        return float(self.sizes(place, place + 1)[0])

    def sizes(self, begin: int, end: int) -> Array:
        """η of the steps ``begin`` … ``end`` − 1."""
        if self.schedule.is_constant:
            return np.full(end - begin, self.unit)
        return self.unit * self.schedule.factors(begin, end, self.steps)

    def stages(self) -> list[tuple[int, int, int]]:
        """The first step of each batch size, the first one after, and the size."""
        starts = [0] if isinstance(self.batch, int) else [start for start, _ in self._stages]
        ends = [*starts[1:], self.steps]
        return [(begin, end, self.batch_at(begin)) for begin, end in zip(starts, ends, strict=True)]

    def batches(self, begin: int, end: int) -> list[int]:
        """The samples that each of the steps ``begin`` … ``end`` − 1 takes."""
        if isinstance(self.batch, int):
            return [self.batch] * (end - begin)
        return [self.batch_at(number) for number in range(begin, end)]

    def at_nodes(self, begin: int, table: Summation) -> Array:
        """η (s,) at the nodes of a block from step ``begin`` on; NoConvergence where it is not smooth."""
        if self.schedule.is_constant:
            return np.full(table.stages, self.unit)
        return self.unit * self.schedule.at_nodes(begin, table, self.steps)

    def along(self, begin: int, numbers: Array) -> Array:
        """η at real step ``numbers`` of the piece that step ``begin`` belongs to."""
        if self.schedule.is_constant:
            return np.full(len(numbers), self.unit)
        return self.unit * self.schedule.piece(begin, self.steps)[0](numbers)

    def largest(self, begin: int, end: int) -> float:
        """The largest η of the steps ``begin`` … ``end`` − 1 of one piece."""
        if self.schedule.is_constant:
            return self.unit
        return self.unit * self.schedule.largest(begin, min(end, self.steps), self.steps)

    def batch_at(self, number: int) -> int:
        """The samples that the step of that number takes."""
        if isinstance(self.batch, int):
            return self.batch
        return next(size for start, size in reversed(self._stages) if start <= number)

    def times(self, numbers: Array) -> Array:
        """The time t after each of the ``numbers`` of steps."""
        return self.unit * self.schedule.sums(numbers, self.steps)

    def numbers(self, times: Array) -> Array:
        """The numbers of steps whose times are nearest to the ``times``."""
        wanted = np.asarray(times, dtype=float)
        low, high = np.zeros(wanted.shape, np.int64), np.full(wanted.shape, self.steps)
        while np.any(high - low > 1):
            middle = (low + high) // 2
            early = self.times(middle) <= wanted
            low, high = np.where(early, middle, low), np.where(early, high, middle)
        return np.where(wanted - self.times(low) <= self.times(high) - wanted, low, high)

    def attributes(self) -> dict[str, Any]:
        """The numbers and texts that it is made of: ``DescentProtocol(**attributes)`` is the same again."""
        batch = self.batch if isinstance(self.batch, int) else batch_text(self.batch)
        return {
            "step_size": float(self.step_size),
            "steps": self.steps,
            "schedule": str(self.schedule),
            "batch": batch,
            "noise_variance": float(self.noise_variance),
            "loss_factor": float(self.loss_factor),
        }

    def facts(self) -> Rows:
        """The protocol in a few lines."""
        yield "step size", float(self.step_size)
        if not self.schedule.is_constant:
            text = str(self.schedule)
            yield "schedule", text if len(text) <= 40 else "listed"  # characters of a schedule on a card
        yield "steps", self.steps
        yield "batch", batch_text(self.batch)
        yield "noise variance", float(self.noise_variance)
        if self.loss_factor != 1:
            yield "loss factor", float(self.loss_factor)

    @property
    def _stages(self) -> list[tuple[int, int]]:
        """The first step of each batch size, and the size."""
        return [(round(share * self.steps), size) for share, size in self.batch]

    def _batch_end(self, begin: int) -> int:
        """The first step after ``begin`` whose batch is another."""
        if isinstance(self.batch, int):
            return self.steps
        return min((start for start, _ in self._stages if start > begin), default=self.steps)


class Protocolled:
    """What knows the numbers of the ``protocol`` that made it by their own names."""

    protocol: DescentProtocol

    @property
    def step_size(self) -> float:
        """That of the protocol."""
        return self.protocol.step_size

    @property
    def batch(self) -> int | tuple[tuple[float, int], ...]:
        """That of the protocol."""
        return self.protocol.batch

    @property
    def noise_variance(self) -> float:
        """That of the protocol."""
        return self.protocol.noise_variance


def protocol_of(
    step_size: float | DescentProtocol,
    steps: int | None,
    batch: int = 1,
    noise_variance: float = 0.0,
) -> DescentProtocol:
    """The protocol of constant steps, or the one that stands in the place of the step size.

    Raises ValueError where that one comes with numbers beside it, or steps are missing.
    """
    if isinstance(step_size, DescentProtocol):
        if steps is not None or batch != 1 or noise_variance != 0:
            raise ValueError(
                "a DescentProtocol says its steps, batch and noise_variance itself: leave them out"
            )
        return step_size
    if steps is None:
        raise ValueError("steps is missing: give their number, or a DescentProtocol")
    return DescentProtocol(step_size, steps, batch=batch, noise_variance=noise_variance)


def steps_until(step_size: float, schedule: Schedule, until: float) -> int:
    """The number of steps of a run whose duration is nearest to ``until``.

    Raises ValueError where it takes more numbers than a list has, or more than 2^53 steps.

    >>> steps_until(0.1, read_schedule("linear"), 5.0)
    99
    """
    most = len(schedule.values) if isinstance(schedule, Listed) else LARGEST_COUNT

    def duration(steps: int) -> float:
        return DescentProtocol(step_size, steps, schedule).duration

    high = 1
    while duration(high) < until:
        if high == most:
            raise ValueError(
                f"{most} steps take until t = {duration(most):g}: the schedule does not reach {until:g}"
            )
        high = min(2 * high, most)
    low = max(1, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if duration(middle) <= until else (low, middle)
    return low if until - duration(low) <= duration(high) - until else high


def read_batch(text: str) -> int | tuple[tuple[float, int], ...]:
    """A batch as text: ``16``, or ``1,4@0.5,16@0.75``, sizes and the shares of the steps that they begin at.

    Raises ValueError for other texts.

    >>> read_batch("1,4@0.5")
    ((0.0, 1), (0.5, 4))
    """
    pairs = []
    try:
        for part in text.split(","):
            size, _, share = part.partition("@")
            pairs.append((float(share or 0.0), int(size)))
        return _batches(pairs[0][1] if "," not in text and "@" not in text else pairs)
    except ValueError:
        raise ValueError(
            f"batch is {text!r}: it must be a positive integer M, or M0,M1@SHARE1,… with ascending shares of "
            "the steps"
        ) from None


def batch_text(batch: int | Sequence[Sequence[float]]) -> str:
    """The text of a batch, as :func:`read_batch` takes it."""
    if isinstance(batch, int):
        return str(batch)
    return ",".join(f"{int(size)}" + (f"@{share!r}" if share else "") for share, size in batch)


def _schedule(given: "Schedule | str | Array | Callable[[Array], Array]", steps: int) -> Schedule:
    """The schedule of any of these, with a number for every step."""
    if isinstance(given, str):
        given = read_schedule(given)
    elif callable(given):
        given = Listed(
            np.asarray(given(np.arange(int(steps), dtype=float)), dtype=float) + np.zeros(int(steps))
        )
    elif not isinstance(given, Schedule):
        given = Listed(given)
    if isinstance(given, Listed) and len(given.values) < steps:
        raise ValueError(
            f"the schedule has {len(given.values)} numbers: it must have one for each of {steps} steps"
        )
    return given


def _batches(given: Any) -> int | tuple[tuple[float, int], ...]:
    """A whole number, or ascending shares with whole numbers; ValueError for anything else."""
    if isinstance(given, str):
        return read_batch(given)
    if np.ndim(given) == 0 and given >= 1 and given % 1 == 0:
        return int(given)
    if np.ndim(given) == 2 and np.shape(given)[1] == 2:
        shares, sizes = np.array(given, dtype=float).T
        whole = np.all(sizes >= 1) and np.all(sizes % 1 == 0)
        if whole and shares[0] == 0 and shares[-1] <= 1 and np.all(np.diff(shares) > 0):
            return tuple(zip(shares.tolist(), sizes.astype(int).tolist(), strict=True))
    raise ValueError(
        f"batch is {shown(given)}: it must be a positive integer, or pairs of a share of the steps, "
        "ascending from 0, and a positive integer"
    )
