"""Pictures of the paper's remarks on plateau and escape (R1, R3)."""

import numpy as np

from derivations.audit.claim import Constants
from derivations.audit.picture import Picture, Said, at_least, at_most
from derivations.audit.pictures import picture
from derivations.audit.runs import escape_run
from numerics import Problem, solve
from theory.asymptotics import PowerLaw, convergence_exponent, convergence_prefactor

Array = np.ndarray


@picture("R1/trace")
def slower(printed: Constants, ours: Constants) -> Picture:
    size = 1e4
    epsilon = np.geomspace(3e-3, 0.1, 12)
    times = []
    for exponent in (2.0, 0.0):
        run = escape_run(exponent, size, 1e6)
        begin = run.phases().t1_prime
        times.append(np.array([run.phases(epsilon=float(value)).t2 - begin for value in epsilon]))
    anisotropic, isotropic = times
    law = PowerLaw(2, "inf")
    power = float(convergence_exponent(law))
    predicted = (float(convergence_prefactor(law)) / epsilon) ** power
    return Picture(
        "$T_2(\\varepsilon) - T_1'$, $a = 2$",
        anisotropic,
        at_least("the isotropic time, $Q = I/d$", isotropic / float(printed["a"])),
        Said(r"$(C/\varepsilon)^{a/(a-1)}$", predicted),
        "the solver, $d = 10^4$, trace 1",
        0.3,
        "The time to converge at equal trace: the anisotropic flow is faster until the accuracy is high.",
        epsilon,
        r"accuracy $\varepsilon$",
        "log",
        "log",
    )


@picture("R3/isotropic")
def energy_controls(printed: Constants, ours: Constants) -> Picture:
    energies = np.linspace(0.01, 0.3, 12)
    overlap, step = 1e-6, 1e-4
    rates = []
    for energy in energies:
        start = np.array([overlap, np.sqrt(energy - overlap**2)])
        seen = solve(Problem(np.ones(2), np.array([1.0, 0.0]), start), 1.0).at([0.0, step]).u
        rates.append(float(np.log(seen[1] / seen[0])) / step)
    return Picture(
        r"early growth rate $\dot u/u$",
        np.array(rates),
        at_least("the rate at smaller $s(0)$", np.full_like(energies, rates[0])),
        at_most(r"$12\lambda$, whatever $s(0)$", np.full_like(energies, float(ours["a"]))),
        r"the solver, $Q = I$, $u(0) = 10^{-6}$",
        1e-9,
        "The early growth of the overlap in an isotropic model: a larger energy at the start slows it.",
        energies,
        "energy of the start $s(0)$",
    )
