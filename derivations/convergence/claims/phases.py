"""Claims on the times that separate the phases (T1, P6)."""

import math

import numpy as np
import sympy

from derivations.court.attack import identities
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Finding, Verdict
from derivations.trials.runs import LONG_RUN, RATIOS, escape_run, sphere_run
from numerics import Trajectory
from theory.asymptotics import (
    PowerLaw,
    convergence_exponent,
    convergence_prefactor,
    escape_rate,
    overlap_prefactor,
    summary_exponent,
)
from theory.symbolic import gaussian_moment


@claim(
    "T1/start",
    "Theorem 1, hypothesis",
    r"on the sphere $E s(0) = <e=1>/d$ and $E s(0)^<p=2> = (<f=1> + <a=2>\sum_i\lambda_i^<q=2>)/(d(d+<b=2>)) "
    r"\le <h=3>/(d(d+<b>))$, so $P(s(0) > x d^{-<k=1/2>}) \le <h>/(x^<r=2>(d+<b>)) \to 0$",
    Verdict.PROVED,
    hypotheses=r"the theorem asks for more, $s(0) \asymp d^{-<k>}$ for example; for Remark 6 see R6/energy",
)
def sphere_energy(c: Constants, effort: Effort) -> Finding:
    d, square, x, first = sympy.symbols("d q x l1", positive=True)  # q = Σ λ_i², tr Q = 1
    fourth, mixed = (gaussian_moment(powers, sympy.eye(2)) for powers in ((4, 0), (2, 2)))
    numerator = fourth * square + mixed * (1 - square)
    radius = fourth * d + mixed * d * (d - 1)  # E |g|⁴, independent of the direction g/|g|
    level = x * d ** -c["k"]  # Markov for s(0)²
    pairs = [
        (numerator / radius, (c["f"] + c["a"] * square) / (d * (d + c["b"]))),
        (gaussian_moment((2,), sympy.eye(1)) / d, c["e"] / d),
        ((numerator / radius).subs(square, 1), c["h"] / (d * (d + c["b"]))),
        (c["h"] / (d * (d + c["b"])) / level ** c["p"], c["h"] / (x ** c["r"] * (d + c["b"]))),
        (first**2, first ** c["q"]),
    ]
    return identities(pairs, "Gaussian moments")


@correction(
    r"$T_1 = (\log d)/(<a=2>\rho) + O(1)$ from $s(0) = d^{-<q=1>}$ along the escape direction",
    Verdict.MEASURED,
    ratio=1.0,
)
def escape_time(c: Constants, effort: Effort) -> Finding:
    rate = float(escape_rate(PowerLaw(2, "inf")))
    early, late = (escape_run(2, dimension) for dimension in (1e8, 1e12))
    found = (late.phases().t1 - early.phases().t1) / math.log(1e4) * rate * float(c["a"])
    starts = all(
        math.isclose(run.at([0.0]).s[0], d ** -float(c["q"])) for run, d in ((early, 1e8), (late, 1e12))
    )
    return Finding(
        Verdict.MEASURED if starts else Verdict.UNDECIDED,
        f"a = 2, d = 1e8 and 1e12: {found:.8f} of the law",
        found,
    )


@claim(
    "T1/escape",
    "Theorem 1",
    r"$T_1 = O(\log d)$",
    Verdict.NOT_SHARP,
    correction=escape_time,
)
def escape_is_logarithmic(c: Constants, effort: Effort) -> Finding:
    times = [escape_run(2, dimension).phases().t1 for dimension in (1e4, 1e8, 1e12)]
    steps = np.diff(times)
    known = abs(steps[1] / steps[0] - 1) < 1e-3
    how = f"T1 = {', '.join(f'{time:.5f}' for time in times)} at d = 1e4, 1e8, 1e12: linear in log d"
    return Finding(Verdict.NOT_SHARP if known else Verdict.UNDECIDED, how)


@claim(
    "T1/crossing",
    "Theorem 1",
    r"$T_1' = T_1 + O(1)$: on the flow from the escape direction, flat teacher, $a = <a=2>$, $T_1' - T_1 \to "
    "<c=0.32951>$ ($|u(T_1)| = <h=1/10>$, $s(T_1') = <e=1/3>$)",
    Verdict.MEASURED,
)
def crossing(c: Constants, effort: Effort) -> Finding:
    gaps = []
    for dimension in (1e4, 1e8, 1e12):
        run = escape_run(float(c["a"]), dimension)
        phases = run.phases(delta=float(c["h"]))
        gaps.append(phases.t1_prime - phases.t1)
    crossed = float(run.at([phases.t1_prime]).s[0]) / float(c["e"])
    agrees = abs(gaps[-1] / float(c["c"]) - 1) < RATIOS and np.ptp(gaps) < 1e-4 and abs(crossed - 1) < RATIOS
    how = f"{', '.join(f'{gap:.6f}' for gap in gaps)} at d = 1e4, 1e8, 1e12"
    return Finding(Verdict.MEASURED if agrees else Verdict.UNDECIDED, how)


@claim(
    "T1/i",
    "Theorem 1 (i)",
    r"at $T_1$ $|u|, s, |u^{(2)}| \ge \delta$ and $u^{(2)}$ has the sign of $u$: for $a = <a=2>$ and $|u| = "
    r"<h=1/10>$, $s \to <s=0.0149876>$ and $u^{(2)} \to <v=0.0584614>$",
    Verdict.MEASURED,
)
def at_escape(c: Constants, effort: Effort) -> Finding:
    dimension = 1e12
    run = escape_run(float(c["a"]), dimension)
    time, step = run.phases(delta=float(c["h"])).t1, 1e-4
    before, now, after = (run.at([time + shift]) for shift in (-step, 0.0, step))
    second = run.problem.eigenvalues**2 @ run.problem.teacher**2
    slope = (after.u[0] - before.u[0]) / (2 * step)
    overlap = (slope - 8 * now.u[0] * second) / (4 * (1 - 3 * now.s[0]))
    agrees = abs(now.s[0] / float(c["s"]) - 1) < RATIOS and abs(overlap / float(c["v"]) - 1) < RATIOS
    how = f"at d = {dimension:g}: s = {now.s[0]:.6g}, u^(2) = {overlap:.6g} by (C.2)"
    return Finding(Verdict.MEASURED if agrees else Verdict.UNDECIDED, how)


@claim(
    "T1/ii",
    "Theorem 1 (ii)",
    r"$s > <e=1/3> + s_0$ for all $t \ge T_1'$, with $s(T_1') = <e> + s_0$",
    Verdict.MEASURED,
    hypotheses="the start on the sphere, or small along the escape direction",
)
def stays_above(c: Constants, effort: Effort) -> Finding:
    drops, above = [], []
    for run in _runs(effort):
        phases = run.phases()
        late = run.at(np.geomspace(phases.t1_prime, run.until, 600)).s
        drops.append(float(np.max(np.maximum.accumulate(late) - late)))
        above.append(float(late[0] - c["e"]))  # s_0
    how = f"{len(drops)} flows: after T1' the energy falls back by at most {max(drops):.1e}"
    crosses = max(map(abs, above)) < 1e-3
    return Finding(Verdict.MEASURED if crosses and max(drops) < 1e-2 else Verdict.UNDECIDED, how)


@claim(
    "T1/iii",
    "Theorem 1 (iii)",
    r"at $T_2$ $|u|, s \in [1-\varepsilon, 1]$: neither exceeds 1",
    Verdict.MEASURED,
    hypotheses="start on the sphere, or small along the escape direction; false from others (Lem11)",
    qualitative=True,
)
def no_overshoot(c: Constants, effort: Effort) -> Finding:
    lowest = []
    for run in _runs(effort):
        late = run.at(np.geomspace(run.phases().t1_prime, run.until, 600))
        lowest.append(min(late.one_minus_u.min(), late.one_minus_s.min()))
    how = f"{len(lowest)} flows: 1 − |u| and 1 − s stay ≥ {min(lowest):.1e} after T1'"
    return Finding(Verdict.MEASURED if min(lowest) > -1e-15 else Verdict.UNDECIDED, how)


@correction(
    r"$T_2(\varepsilon) \sim (C/\varepsilon)^{a/(a-<p=1>)}$, $C = \max(<e=1/3> + <g=2>^{-\gamma-<h=1>}, "
    r"<f=2/3>) C_f$, $\gamma = <q=1> - <j=1>/a$, for $d^{-(a-<w=1>)} \ll \varepsilon \ll 1$",
    Verdict.MEASURED,
    ratio=1.0,
)
def settling_time(c: Constants, effort: Effort) -> Finding:
    found = []
    for exponent in (1.5, 3.0, 2.0)[: effort.of(2, 3)]:
        law = PowerLaw(exponent, "inf")
        power = exponent / (exponent - float(c["p"]))
        gamma = float(c["q"]) - float(c["j"]) / exponent
        if not _window(exponent, c):
            return Finding(Verdict.UNDECIDED, "the law meets the last mode elsewhere")
        own = float(overlap_prefactor(law)) / (1 / 3 + 2 ** (-float(summary_exponent(law)) - 1))  # C_f
        shares = float(c["e"]) + float(c["g"]) ** (-gamma - float(c["h"])), float(c["f"])
        prefactor = max(shares) * own
        time = escape_run(exponent, math.inf, LONG_RUN).phases(epsilon=1e-6).t2
        found.append(time / (prefactor * 1e6) ** power)
    worst = max(found, key=lambda ratio: abs(math.log(ratio)))
    how = f"d = ∞, ε = 1e-6, a = 1.5, 3, …: {', '.join(f'{ratio:.7f}' for ratio in found)} of the law"
    return Finding(Verdict.MEASURED, how, float(worst))


@claim(
    "T1",
    "Theorem 1",
    r"$T_2 = T_1' + O(\varepsilon^{-2a/(a-1)}\log(1/\varepsilon))$",
    Verdict.NOT_SHARP,
    correction=settling_time,
)
def theorem(c: Constants, effort: Effort) -> Finding:
    return against_the_bound()


@claim(
    "P6",
    "Proposition 6",
    r"$\Delta(T_2) \le \varepsilon$ at $T_2(\varepsilon) = T_1' + "
    r"(C/4s_0)\,\varepsilon^{-2a/(a-1)}\log(1/\varepsilon)$ for $\varepsilon \gtrsim d^{-(a-1)/2}$",
    Verdict.NOT_SHARP,
    correction=settling_time,
)
def approximate_convergence(c: Constants, effort: Effort) -> Finding:
    return against_the_bound()


@correction(
    r"the law of $T_2(\varepsilon)$ holds as far down as $\varepsilon \gg d^{-(a-<w=1>)}$: at $a = <a=2>$, "
    r"$d = <d=1000000>$ and $\varepsilon = d^{-<p=3/4>}$ it is off by a factor $<r=0.9688>$",
    Verdict.MEASURED,
    ratio=0.968778,
)
def whole_window(c: Constants, effort: Effort) -> Finding:
    exponent, dimension = float(c["a"]), float(round(c["d"]))
    law = PowerLaw(exponent, "inf")
    epsilon = dimension ** -float(c["p"])
    time = escape_run(exponent, dimension, 1e12).phases(epsilon=epsilon).t2
    found = time / (float(convergence_prefactor(law)) * 1e6**0.75) ** float(convergence_exponent(law))
    agrees = abs(found / float(c["r"]) - 1) < RATIOS and _window(exponent, c)
    verdict = Verdict.MEASURED if agrees else Verdict.UNDECIDED
    return Finding(verdict, f"{found:.6f} of the law at d = 1e6", float(found))


@claim(
    "T1/range",
    "Theorem 1, Remark 3, Remark 5",
    r"$\varepsilon \gtrsim d^{-(a-1)/2}$ is needed: below, the required time becomes much larger",
    Verdict.NOT_SHARP,
    correction=whole_window,
)
def needed_range(c: Constants, effort: Effort) -> Finding:
    a, d = 2, 1e6
    law = PowerLaw(a, "inf")
    epsilon = d**-0.75
    time = escape_run(a, d, d**a).phases(epsilon=epsilon).t2
    bound = epsilon**-4 * math.log(1 / epsilon)
    predicted = (float(convergence_prefactor(law)) / epsilon) ** float(convergence_exponent(law))
    below = epsilon < d**-0.5
    how = (
        f"a = {a}, d = {d:g}, ε = {epsilon:.3g}: T2 = {time:.4g}, the law {predicted:.4g}, "
        f"the bound {bound:.2g}"
    )
    return Finding(Verdict.NOT_SHARP if below and time < 1.02 * predicted else Verdict.UNDECIDED, how)


def _window(exponent: float, c: Constants) -> bool:
    """Whether the law reaches at ε = d^{-(a - w)} the time d^a of the last mode, 1/λ_d."""
    power = float(convergence_exponent(PowerLaw(exponent, "inf")))
    return math.isclose(power * (exponent - float(c["w"])), exponent)


def against_the_bound() -> Finding:
    """The bound on T2 holds with room that grows as ε falls."""
    run = escape_run(2, math.inf, LONG_RUN)
    rooms = []
    for epsilon in (1e-2, 1e-4, 1e-6):
        phases = run.phases(epsilon=epsilon)
        rooms.append((phases.t2 - phases.t1_prime) / (epsilon**-4 * math.log(1 / epsilon)))
    vanishes = rooms[0] > 1e3 * rooms[1] > 1e6 * rooms[2]
    how = (
        f"(T2 − T1')/bound = {', '.join(f'{room:.1e}' for room in rooms)} at ε = 1e-2, 1e-4, 1e-6 (a = 2, "
        "d = ∞): never attained. The proof rests on P13, which is false; the corrected P13 proves the bound, "
        "without its logarithm, wherever s ≥ 1/3 + s0 and u ≥ 0 after T1'"
    )
    return Finding(Verdict.NOT_SHARP if vanishes else Verdict.UNDECIDED, how)


def _runs(effort: Effort) -> list[Trajectory]:
    """Flows of the paper's set-up."""
    seeds = range(effort.of(2, 8))
    return [escape_run(2, 1e12), *(sphere_run(2, 1000, seed, 1e6) for seed in seeds)]
