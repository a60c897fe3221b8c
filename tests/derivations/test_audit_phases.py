"""The audit of phases II and III and of the experiments: nothing is passed over, what it rests on holds."""

import re

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp

from derivations.convergence.claims.barrier import DOWN, FAST_UP, TURNS
from derivations.convergence.claims.crossing import LOW, MIXED
from derivations.court import Verdict
from derivations.register import claims
from derivations.tail.claims.tracking import TAIL
from derivations.trials.states import State, form, random_states

CLAIMS = claims()

IDS = [
    "T1",
    "P12",
    "C.10",
    "P13",
    "P6",
    "Cor1",
    "Cor2",
    "P14",
    "Lem11",
    "Lem12",
    "R5",
    "P4",
    "Lem13",
    "P15",
    "Cor3",
    "P16",
    "T2",
    "Lem14",
    "T5",
    "Cor4",
    "E1",
    "E2",
    "E3",
    "Tradeoff",
    "F1",
    "F2",
    "F3",
    "F4",
    "F5",
    "F6",
]
"""The ids of PAPER.md, sections 4 to 6."""

DEFINITIONS = {1, 4, 5, 6, 10, 13, 14, 15, 20}
"""Numbers of Appendix B that define, or quote a theorem."""
NUMBERED = [f"C.{n}" for n in range(1, 23)] + [f"D.{n}" for n in range(1, 21)] + ["4.1"]
NUMBERED += [f"B.{n}" for n in range(1, 33) if n not in DEFINITIONS] + [f"3.{n}" for n in range(1, 6)]
NUMBERED += [f"5.{n}" for n in range(1, 5)]
"""The numbers of the equations that the paper prints, (A.1) being (3.3) for all modes at once."""


@pytest.mark.parametrize("name", IDS)
def test_every_id_is_settled(name):
    assert name in CLAIMS


def test_every_numbered_equation_is_settled():
    places = " ".join(item.place for item in CLAIMS.values())
    found = set(re.findall(r"\(([BCD345]\.\d+)\)", places))
    assert set(NUMBERED) - found == set()


def test_the_steps_found_broken_are_on_record():
    """The errors that change a statement, each with its verdict."""
    wrong = (
        "Cor4 Lem11 Lem11/C.22 Lem12 P12/C.3 P12/C.4 P13 P13/head Cor1 P14 P14/chi2 R5 P4/rate P4/D.2 P15 "
        "Lem14 T5"
    )
    assert {CLAIMS[name].verdict for name in wrong.split()} == {Verdict.FALSE}
    loose = "T1 P6 Cor2 P4 T2 P16/late"
    assert {CLAIMS[name].verdict for name in loose.split()} == {Verdict.NOT_SHARP}


@pytest.mark.parametrize("state", [FAST_UP, TURNS, DOWN, MIXED, LOW, TAIL])
def test_rates_of_exact_states_are_those_of_the_flow(state):
    """Central differences of an independent integration of (3.3)."""
    eigenvalues, teacher, student = state.arrays()

    def velocity(_, w):
        s, u = eigenvalues @ w**2, eigenvalues @ (w * teacher)
        return 4 * eigenvalues * (1 - 3 * s) * w + 8 * eigenvalues * u * teacher

    step = 1e-4
    ends = [
        solve_ivp(velocity, (0, sign * step), student, rtol=1e-12, atol=1e-14).y[:, -1] for sign in (-1, 1)
    ]
    energies = [eigenvalues @ w**2 for w in ends]
    assert (energies[1] - energies[0]) / (2 * step) == pytest.approx(float(state.energy_rate()), abs=1e-6)
    for order in (1, 2):
        overlaps = [eigenvalues**order @ (w * teacher) for w in ends]
        rate = float(state.overlap_rate(order))
        assert (overlaps[1] - overlaps[0]) / (2 * step) == pytest.approx(rate, abs=1e-6)


def test_a_state_needs_a_normalised_teacher():
    with pytest.raises(ValueError, match="energy is 2"):
        State.of([1, 1], [1, 1], [0, 0])


def test_random_states_are_normalised():
    eigenvalues, teacher, student = random_states(4, 50)
    assert np.allclose(eigenvalues.sum(axis=1), 1)
    assert np.allclose(form(eigenvalues, teacher, teacher), 1)
    assert form(eigenvalues, student, student).max() <= 4


def test_statistics_of_an_exact_state():
    state = State.of(["1/2", "1/2"], [1, 1], [1, "1/2"])
    assert (state.s(), state.u(), state.t(2)) == (
        sympy.Rational(5, 8),
        sympy.Rational(3, 4),
        sympy.Rational(1, 2),
    )
