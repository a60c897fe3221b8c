"""How far a run can be followed in floats: each of these raises ArithmeticError where it ends."""

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import join, split
from numerics.solver.place import Coordinates, Place

VANISHED = 1e-290  # below, the modes of u lose digits to the range of floats


def check_overlap(place: Place, deviation: Array) -> None:
    """Refuse a step to a ``deviation`` (1, N) from whose u figures are lost that it needs to grow again.

    Modes that fall below the range of floats are no loss unless all with a teacher do.
    """
    before, after = (
        np.abs(place.here.modes.weighted[0] * state[0]).sum() for state in (place.deviation, deviation)
    )
    if after < VANISHED < before:
        raise ArithmeticError(
            f"after t = {place.time:.6g} the overlap u with the teacher is below {VANISHED:g}, out of "
            "the range of floats: a longer component along the teacher can be followed"
        )


def check_sides(place: Place, deviation: Array) -> None:
    """Refuse a step on a line to a ``deviation`` (K, N) where a student's side of its kink is lost."""
    before, after = (
        np.square(states) @ place.here.modes.eigenvalues for states in (place.deviation, deviation)
    )
    if np.any((after < VANISHED) & (before > VANISHED)):
        raise ArithmeticError(
            f"after t = {place.time:.6g} the energy of a student is below {VANISHED:g}, out of "
            "the range of floats: the run can be followed until then"
        )


def check_kink(place: Place) -> None:
    """Refuse a run on a line that a student's kink at w_j = 0 ends.

    A student that decays like its own size never gets there, whatever a long step says. One that does
    has the same speed, towards 0, if only it is moved to the kink.
    """
    model = place.here.system.model
    S, U = split(place.statistics, model.STUDENTS, model.TEACHERS)
    speeds = _speeds(place.here, S, U)
    for student in range(model.STUDENTS):
        near = np.ones(model.STUDENTS)
        near[student] = 1e-8  # of a student: near enough to its kink to tell its speed there
        teacher = np.abs(U[student]).argmax()
        place_on_line, speed = U[student, teacher], speeds[student, teacher]
        there = _speeds(place.here, S * np.outer(near, near), U * near[:, None])[student, teacher]
        left = -place_on_line / speed if speed else -1.0
        # of the time passed: what is left to the kink
        # of a student's speed: more of a change and it may turn before the kink
        if 0 < left <= 1e-6 * (place.time + left) and abs(there - speed) <= 1e-3 * abs(speed):
            raise ArithmeticError(
                f"at t = {place.time + left:.6g} student {student + 1} reaches 0, where the gradient of "
                "a link with a kink jumps: the run can be followed until then"
            )


def _speeds(here: Coordinates, S: Array, U: Array) -> Array:
    """dU/dt (K, M) of vectors on a line, the one mode in which the teachers have energy."""
    modes = here.modes
    areas = np.zeros(len(here.chart.areas))
    gain, force = here.chart.drift(np.append(join(S, U), areas), modes.energy)
    line = np.abs(modes.weighted).max(axis=0).argmax()
    return modes.eigenvalues[line] * (gain @ U + force @ modes.energy)
