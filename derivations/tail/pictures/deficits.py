"""Pictures of the deficits 1 − s and 1 − u after T2 (Lem 14)."""

import numpy as np
from scipy.integrate import quad

from derivations.court.claim import Constants
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from derivations.tail.claims.deficits import TILTED
from derivations.trials.independent_flow import statistics, velocity
from derivations.trials.states import form, random_states
from numerics import Problem, solve

Array = np.ndarray

STATES = 40


@picture("Lem14")
def square_root(printed: Constants, ours: Constants) -> Picture:
    epsilon, largest = [], []
    times = np.concatenate([[0.0], np.linspace(0, 2, 81)[1:]])
    for size in np.geomspace(1e-3, 1e-1, 9):
        start = Problem(np.array([0.8, 0.2]), np.ones(2), np.array([1 + size / 2, 1 - 2 * size]))
        later = solve(start, 2.0).at(times)
        deficit = np.abs(later.one_minus_s) + np.abs(later.one_minus_u)
        epsilon.append(deficit[0])
        largest.append(deficit.max())
    begin, constant = np.array(epsilon), float(ours["a"])
    root = np.sqrt(constant * begin / 3)
    return Picture(
        r"largest $|\delta_s| + |\delta_u|$ after $T_2$",
        np.array(largest),
        at_most(r"$C\varepsilon$, $C$ from the last point", begin * largest[-1] / begin[-1]),
        at_most(r"$2\sqrt{8\varepsilon/3} + 2\varepsilon$", 2 * root + constant * begin / 4),
        "the solver, two modes, error across $w^*$",
        1e-9,
        "The largest later deficit against that at T2: of order √ε for starts at an error across w*.",
        begin,
        r"$\varepsilon = |\delta_s| + |\delta_u|$ at $T_2$",
        "log",
        "log",
    )


@picture("Lem14/flow")
def printed_flow(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, student = random_states(3, STATES, seed=3)
    energy, overlap = statistics(eigenvalues, teacher, student)
    less_s, less_u = (1 - energy)[:, None], (1 - overlap)[:, None]
    wrong = -8 * student + (8 * less_u - 12 * less_s) * teacher - 12 * less_s * student
    a, b, c = (float(ours[name]) for name in "abc")
    right = -a * (student - teacher) + b * less_s * student - c * less_u * teacher
    return Picture(
        r"velocity $\dot w_1$",
        velocity(eigenvalues, teacher, student)[:, 0],
        Said(r"$-8Qw + (8\delta_u - 12\delta_s)Qw^* - 12\delta_s Qw$", (eigenvalues * wrong)[:, 0]),
        Said(r"$-8Q(w - w^*) + 12\delta_s Qw - 8\delta_u Qw^*$", (eigenvalues * right)[:, 0]),
        "loss by complex steps",
        1e-9,
        "The first coordinate of the velocity at random states of three modes.",
    )


@picture("Lem14/D.11")
def variation_of_constants(printed: Constants, ours: Constants) -> Picture:
    start, times = 0.5, np.linspace(0.02, 0.5, 13)
    run = solve(Problem(np.ones(1), np.ones(1), np.array([start])), 1.0)

    def forced(time: float, force: object) -> float:
        def integrand(r: float) -> float:
            seen = run.at([r])
            less_s, w = float(seen.one_minus_s[0]), float(seen.u[0])
            if force == "printed":
                value = (8 * (1 - w) - 12 * less_s) - 12 * less_s * w
            else:
                value = 12 * less_s * w - 8 * (1 - w)
            return float(np.exp(-8 * (time - r))) * value

        return float(quad(integrand, 0, time, epsabs=1e-10)[0])

    decay = np.exp(-float(ours["a"]) * times)
    return Picture(
        r"$w(T_2 + \tau)$",
        run.at(times).u,
        Said(
            r"$e^{-8Q\tau}w(T_2) + \int e^{-8Q(\tau - \sigma)}"
            r"[(8\delta_u - 12\delta_s)Qw^* - 12\delta_s Qw]$",
            start * np.exp(-8 * times) + np.array([forced(time, "printed") for time in times]),
        ),
        Said(
            r"$w^* + e^{-8Q\tau}e(T_2) + \int e^{-8Q(\tau - \sigma)} [12\delta_s Qw - 8\delta_u Qw^*]$",
            1 + (start - 1) * decay + np.array([forced(time, "ours") for time in times]),
        ),
        "the solver, one mode from $w = 1/2$",
        1e-6,
        "The weight after T2: variation of constants, with the statistics of the run inserted.",
        times,
        r"time after $T_2$, $\tau$",
    )


@picture("Lem14/g")
def loose_forcing(printed: Constants, ours: Constants) -> Picture:
    angles = np.linspace(0, 2 * np.pi, 33)
    less_s, less_u = np.cos(angles), np.sin(angles)
    size = np.abs(less_s) + np.abs(less_u)
    return Picture(
        r"$|8\delta_u - 12\delta_s|/(|\delta_s| + |\delta_u|)$",
        np.abs(8 * less_u - 12 * less_s) / size,
        at_most("20", np.full_like(size, 20.0)),
        at_most(f"{float(ours['a']):g}", np.full_like(size, float(ours["a"]))),
        "evaluated",
        1e-9,
        "The forcing over the size of the deficits, in every direction of the plane of both.",
        angles / np.pi,
        r"direction of $(\delta_s, \delta_u)$, in units of $\pi$",
    )


@picture("Lem14/step3")
def ideal_statistics(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, student = TILTED.arrays()
    times = np.linspace(0, 2, 17)
    error = (student - teacher) * np.exp(-8 * np.outer(times, eigenvalues))
    start = float(form(eigenvalues, student - teacher, student - teacher)) ** 0.5
    return Picture(
        r"$|1 - u_{ideal}(T_2 + \tau)|$",
        np.abs(form(eigenvalues, error, teacher)),
        at_most(r"$|\delta_u(T_2)| = 0$", np.zeros_like(times)),
        at_most(
            r"$e^{-8\lambda_d\tau} \|Q^{1/2}e(T_2)\|$",
            np.exp(-float(ours["a"]) * eigenvalues.min() * times) * start,
        ),
        r"frozen flow, $\lambda = (4/5, 1/5)$",
        1e-9,
        "An error across w* turns towards it under the frozen flow: the overlap leaves 1.",
        times,
        r"time after $T_2$, $\tau$",
    )
