"""Online SGD against plain loops over the sample gradient, the derived mean step, the flow; interrupted."""

import re
import signal
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf

from numerics import Observables, Problem, load, online_sgd, power_law, save, shared_sgd, solve
from numerics.descent import draws as random_numbers
from numerics.descent.draws import Draws
from numerics.descent.sgd import REBASE
from theory.symbolic import Statistic, hierarchy, phase_retrieval
from theory.symbolic.discrete import online_sgd as mean_step

PROBLEM = power_law(1.5, 20, "gaussian", seed=3)
ARRAYS = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered")


def same(first, second):
    """Whether two results agree bit by bit."""
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ("steps", *ARRAYS))


def inputs_and_noise(problem, seed, batch, noise_variance, steps):
    """The draws of one run: x = Q^{1/2} g (steps, batch, d) and ξ (steps, batch)."""
    pieces = Draws((seed,), len(problem.eigenvalues), batch, noise_variance).pieces(0, steps)
    parts = [(g[0].copy(), noise[0].copy()) for g, noise in pieces]
    g, noise = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return np.sqrt(problem.eigenvalues) * g, noise


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("noise_variance", [0.0, 0.05])
def test_against_a_plain_loop(batch, noise_variance):
    """w ← w − η mean_b ∇_w (⟨x_b, w⟩² − y_b)²."""
    step, steps = 0.005, 1500
    runs = online_sgd(
        PROBLEM,
        step,
        steps,
        batch=batch,
        noise_variance=noise_variance,
        seeds=(5, 7),
        points=[0, 1, 700, steps],
    )
    assert runs.t == pytest.approx(step * np.array([0, 1, 700, steps]), rel=1e-15)
    lam, star = PROBLEM.eigenvalues, PROBLEM.teacher
    for row, seed in enumerate(runs.seeds):
        x, noise = inputs_and_noise(PROBLEM, seed, batch, noise_variance, steps)
        assert np.std(noise) == pytest.approx(np.sqrt(noise_variance), rel=0.05, abs=0)
        w = PROBLEM.init
        for k in range(steps + 1):
            if k in runs.steps:
                where = list(runs.steps).index(k)
                found = {name: getattr(runs, name)[row, where] for name in ARRAYS}
                s, u = lam @ w**2, (lam * w) @ star
                assert found["u"] == pytest.approx(u, rel=1e-10)
                assert found["s"] == pytest.approx(s, rel=1e-10)
                assert found["one_minus_u"] == pytest.approx(1 - abs(u), rel=1e-9, abs=1e-12)
                assert found["one_minus_s"] == pytest.approx(1 - s, rel=1e-9, abs=1e-12)
                assert found["loss"] == pytest.approx(3 * s**2 + 3 - 4 * u**2 - 2 * s, rel=1e-8)
                mse = min(np.mean((w - star) ** 2), np.mean((w + star) ** 2))
                assert found["mse"] == pytest.approx(mse, rel=1e-10)
                assert found["recovered"] == pytest.approx(star @ star - 20 * mse, rel=1e-8, abs=1e-12)
            if k < steps:
                z = x[k] @ w
                w = w - step * np.mean(
                    (4 * (z**2 - (x[k] @ star) ** 2 - noise[k]) * z)[:, None] * x[k], axis=0
                )
    assert abs(runs.u[:, -1]).min() > 0.8


@pytest.mark.parametrize("side", [1, -1])
def test_small_deficits_against_a_loop_in_many_digits(side):
    """Without label noise 1 − u falls below 1e-20 and keeps its figures, on either side."""
    problem, step, steps, seed = (
        Problem([0.75, 0.5], [1.0, -0.5], [0.125 * side, 0.25 * -side]),
        2.0**-5,
        2500,
        4,
    )
    runs = online_sgd(problem, step, steps, seeds=(seed,), points=[0, steps])
    g = [part[0].copy() for part, _ in Draws((seed,), 2, 1, 0.0).pieces(0, steps)]
    with mp.workdps(120):
        lam, star, w = (
            [mpf(float(v)) for v in values] for values in (problem.eigenvalues, problem.teacher, problem.init)
        )
        roots = [mp.sqrt(v) for v in lam]
        for row in np.concatenate(g)[:, 0]:
            x = [root * mpf(float(v)) for root, v in zip(roots, row, strict=True)]
            z, target = mp.fdot(x, w), mp.fdot(x, star)
            w = [v - 4 * mpf(step) * (z**2 - target**2) * z * xi for v, xi in zip(w, x, strict=True)]
        energy = mp.fsum(rate * v**2 for rate, v in zip(lam, star, strict=True))
        s = mp.fsum(rate * v**2 for rate, v in zip(lam, w, strict=True))
        u = mp.fsum(rate * v * t for rate, v, t in zip(lam, w, star, strict=True))
        exact = {
            "u": u,
            "one_minus_u": 1 - abs(u) / energy,
            "one_minus_s": 1 - s / energy,
            "loss": 3 * s**2 + 3 * energy**2 - 4 * u**2 - 2 * s * energy,
            "mse": mp.fsum((v - side * t) ** 2 for v, t in zip(w, star, strict=True)) / 2,
        }
    assert np.sign(runs.u[0, -1]) == side
    assert abs(runs.one_minus_u[0, -1]) < 1e-20
    for name, value in exact.items():
        assert getattr(runs, name)[0, -1] == pytest.approx(float(value), rel=1e-8, abs=0), name


def test_mean_step_is_the_derived_one():
    """Over 4000 seeds the mean change of s and u in one step is that of theory.symbolic.discrete."""
    problem = Problem([0.5, 0.3125, 0.1875], [1.0, -0.5, 0.75], [0.5, 0.25, 0.5])
    step, batch, noise, seeds = Fraction(1, 16), 2, Fraction(1, 20), 4000
    runs = online_sgd(
        problem, float(step), 1, batch=batch, noise_variance=float(noise), seeds=range(seeds), points=[0, 1]
    )
    lam, star, w = problem.eigenvalues, problem.teacher, problem.init
    tower = hierarchy(phase_retrieval())
    change = mean_step(tower, noise=sympy.Rational(noise), batch=sympy.Integer(batch))
    values = {
        "S": lambda k: lam**k @ w**2,
        "U": lambda k: (lam**k * w) @ star,
        "T": lambda k: lam**k @ star**2,
        "D": lambda k: np.sum(lam**k),
    }
    for name, found in (("S", runs.s), ("U", runs.u)):
        terms = change.change(Statistic(name, 0, 0, 1))
        expected = 0.0
        for power, coefficients in terms.items():
            for key, coefficient in coefficients.items():
                point = {"s": values["S"](1), "u": values["U"](1), "t": values["T"](1)}
                number = coefficient.subs({symbol: point[str(symbol)] for symbol in coefficient.free_symbols})
                expected += float(step) ** power * float(number) * values[key.name](int(key.order))
        changes = found[:, 1] - found[:, 0]
        error = changes.std() / np.sqrt(seeds)
        assert abs(changes.mean() - expected) < 4 * error, name
        assert abs(expected) > 10 * error, name


def test_follows_the_flow_as_the_step_shrinks():
    """The distance to the flow falls like √η: the fluctuations of a law of large numbers."""
    until, distances = 2.0, []
    flow = solve(PROBLEM, until).at([until])
    for step in (4e-3, 2.5e-4):
        runs = online_sgd(PROBLEM, step, round(until / step), seeds=range(40), points=2)
        distances.append(np.sqrt(np.mean((runs.u[:, -1] - flow.u[0]) ** 2)))
    assert distances[0] / distances[1] == pytest.approx(4, rel=0.35)
    assert distances[1] < 0.1 * abs(flow.u[0])


def test_a_run_depends_on_its_seed_alone(monkeypatch):
    """Neither what is recorded, nor the runs beside it, nor the pieces that are drawn change a bit."""
    options = {"noise_variance": 0.05, "batch": 2}
    together = online_sgd(PROBLEM, 0.01, 2500, seeds=(3, 1, 9), points=30, **options)
    alone = online_sgd(PROBLEM, 0.01, 2500, seeds=(9,), points=30, **options)
    assert np.array_equal(together.mse[2], alone.mse[0])
    assert np.array_equal(together.u[2], alone.u[0])
    every = online_sgd(PROBLEM, 0.01, 2500, seeds=(9,), points=range(2501), **options)
    assert np.array_equal(every.loss[0, alone.steps], alone.loss[0])
    monkeypatch.setattr(random_numbers, "PIECE", 7 * 2 * 20)
    assert Draws((9,), 20, 2, 0.0).piece == 7
    assert same(alone, online_sgd(PROBLEM, 0.01, 2500, seeds=(9,), points=30, **options))


def test_problems_share_their_draws():
    problems = [power_law(a, 20, "gaussian", seed=1) for a in (0, 1.5)]
    pair = shared_sgd(problems, 0.01, 2000, seeds=(0, 1), noise_variance=0.05, points=10)
    for problem, runs in zip(problems, pair, strict=True):
        single = online_sgd(problem, 0.01, 2000, seeds=(0, 1), noise_variance=0.05, points=10)
        for name in ARRAYS:
            assert getattr(runs, name) == pytest.approx(getattr(single, name), rel=1e-8), name


def test_zero_eigenvalues_keep_their_part_of_the_error():
    problem = Problem([0.5, 0.0, 0.25], [1.0, 2.0, 1.0], [0.5, 0.5, 0.25])
    runs = online_sgd(problem, 0.02, 3000, points=[0, 3000])
    assert runs.mse[0, 0] == pytest.approx((0.25 + 2.25 + 0.5625) / 3, rel=1e-14)
    assert runs.mse[0, -1] == pytest.approx(2.25 / 3, rel=1e-6)


def test_a_run_that_changes_sides_is_shown_from_where_it_is():
    """With large steps and much noise u changes sign often: 1 − |u| stays what it says."""
    problem = Problem([1.0], [1.0], [0.5])
    runs = online_sgd(problem, 0.005, 4000, noise_variance=16.0, seeds=range(3), points=range(0, 4001, 2))
    assert all(np.count_nonzero(np.diff(np.sign(u))) > 2 for u in runs.u)
    assert runs.one_minus_u == pytest.approx(1 - abs(runs.u), abs=1e-13)
    assert runs.mse == pytest.approx((1 - abs(runs.u)) ** 2, abs=1e-12)


INTERRUPTED = """
import sys
from numerics import online_sgd, power_law
from numerics.descent import simulation
simulation.SAVE_EVERY = 0.0
def show(done):
    print(done, flush=True)
online_sgd(power_law(1.5, 20, "gaussian", seed=3), 0.01, 60_000, noise_variance=0.05, seeds=(0, 1),
           points=50, checkpoint=sys.argv[1], progress=show)
"""


def test_interrupt_and_resume(tmp_path):
    """Ctrl-C in the middle of a run; what is left in the file leads to the same bits."""
    path = tmp_path / "run.npz"
    arguments = {"noise_variance": 0.05, "seeds": (0, 1), "points": 50}
    whole = online_sgd(PROBLEM, 0.01, 60_000, **arguments)
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, path], stdout=subprocess.PIPE, text=True)
    while int(process.stdout.readline()) < 5000:
        pass
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) != 0
    process.stdout.close()
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]
    seen = []
    resumed = online_sgd(PROBLEM, 0.01, 60_000, **arguments, checkpoint=path, progress=seen.append)
    assert 5000 < seen[0] < 60_000
    assert same(whole, resumed)
    assert same(whole, online_sgd(PROBLEM, 0.01, 60_000, **arguments, checkpoint=path, progress=seen.append))
    assert seen.count(60_000) == 1
    with pytest.raises(ValueError, match="checkpoint of another run"):
        online_sgd(PROBLEM, 0.02, 60_000, **arguments, checkpoint=path)


def test_bad_checkpoints(tmp_path):
    path = tmp_path / "run.npz"
    path.write_text("nonsense")
    with pytest.raises(ValueError, match=r"run.npz: is not a checkpoint"):
        online_sgd(PROBLEM, 0.01, 10, checkpoint=path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(ValueError, match="checkpoint of another run"):
        online_sgd(PROBLEM, 0.01, 10, checkpoint=path)
    with pytest.raises(ValueError, match="must lie in an existing folder"):
        online_sgd(PROBLEM, 0.01, 10, checkpoint=tmp_path / "none" / "run.npz")


@pytest.mark.parametrize("steps", [20, 50_000])
def test_divergence(steps):
    with pytest.raises(
        FloatingPointError, match=r"SGD diverged within .* with seed 2, 4: reduce the step size 3"
    ):
        online_sgd(PROBLEM, 3.0, steps, seeds=(2, 4))


LARGE = 0.03
"""A step between those that all runs survive and those that none does."""


def test_lost_runs_leave_the_others():
    """Each run is what it is alone, up to the last recorded step; NaN stands from the divergence on."""
    request = {"step_size": LARGE, "steps": 3000, "points": [0, 10, 100, 1000, 3000]}
    seeds = tuple(range(8))
    runs = online_sgd(PROBLEM, seeds=seeds, **request)
    assert 0 < runs.lost.sum() < len(seeds)
    for place, seed in enumerate(seeds):
        if runs.lost[place]:
            with pytest.raises(FloatingPointError, match=f"with seed {seed}: reduce the step size"):
                online_sgd(PROBLEM, seeds=(seed,), **request)
            first = np.flatnonzero(np.isnan(runs.u[place]))[0]
            assert first > 0
            for name in Observables._fields[1:]:
                values = getattr(runs, name)[place]
                assert np.isfinite(values[:first]).all()
                assert np.isnan(values[first:]).all()
        else:
            alone = online_sgd(PROBLEM, seeds=(seed,), **request)
            for name in Observables._fields[1:]:
                assert getattr(runs, name)[place] == pytest.approx(getattr(alone, name)[0], rel=1e-6)


def test_lost_runs_in_checkpoints_files_and_summaries(tmp_path):
    request = {"step_size": LARGE, "steps": 3000, "seeds": tuple(range(8)), "points": 20}
    runs = online_sgd(PROBLEM, **request)

    def stop(done):
        if done >= 2048:
            raise KeyboardInterrupt

    path = tmp_path / "state.npz"
    with pytest.raises(KeyboardInterrupt):
        online_sgd(PROBLEM, **request, checkpoint=path, progress=stop)
    resumed = online_sgd(PROBLEM, **request, checkpoint=path)
    assert np.array_equal(resumed.u, runs.u, equal_nan=True)
    save(runs.dataset(), tmp_path / "runs.nc")
    labelled = load(tmp_path / "runs.nc")
    assert labelled["lost"].values.tolist() == runs.lost.astype(int).tolist()
    assert np.array_equal(labelled["mse"].values, runs.mse, equal_nan=True)
    gone = ", ".join(str(seed) for seed in np.flatnonzero(runs.lost))
    assert re.search(rf"lost:? +{gone}\n", repr(runs) + "\n")
    assert runs.plot().axes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step_size": 0.0}, "step size is 0.0: it must be positive"),
        ({"steps": 0}, "0 steps: a whole number from 1"),
        ({"batch": 0}, "batch is 0: it must be a positive integer"),
        ({"noise_variance": -1.0}, "noise variance is -1.0: it must be a finite number"),
        ({"seeds": ()}, "seeds must be one or more whole numbers"),
        ({"seeds": (-1,)}, "seeds must be one or more whole numbers"),
        ({"points": [0, 5, 5]}, "must ascend within 0 to 10"),
        ({"points": [0, 11]}, "must ascend within 0 to 10"),
        ({"points": [0.5]}, "a list of whole step numbers"),
        ({"problem": power_law(2, 1000, init="escape:1e-3")}, "use a problem that is not reduced"),
        ({"problem": Problem([1.0], [1.0], [[0.1], [0.2]])}, "one student with one teacher"),
    ],
)
def test_bad_requests(options, message):
    request = {"problem": PROBLEM, "step_size": 0.01, "steps": 10, **options}
    with pytest.raises(ValueError, match=message):
        online_sgd(**request)


def test_problems_of_different_dimensions():
    with pytest.raises(ValueError, match="must have the same dimension"):
        shared_sgd([PROBLEM, power_law(1.5, 21)], 0.01, 10)
    with pytest.raises(ValueError, match="at least one problem"):
        shared_sgd([], 0.01, 10)


@pytest.mark.parametrize(("seeds", "dimension", "batch"), [(1, 10, 1), (4, 300, 7), (3, 10**6, 2)])
def test_pieces_are_as_large_as_memory_allows(seeds, dimension, batch):
    """At most PIECE normals at once, or one step, and no more than a stream has."""
    piece = Draws(tuple(range(seeds)), dimension, batch, 0.0).piece
    step = seeds * dimension * batch
    assert piece == 1 or piece * step <= random_numbers.PIECE
    assert piece == random_numbers.STREAM or (piece + 1) * step > random_numbers.PIECE


@pytest.mark.parametrize("short", [1, 0, -1])
def test_pieces_do_not_decide_when_the_side_is_looked_at(short, monkeypatch):
    """A run that takes the teacher's side in its first REBASE steps: pieces a step shorter or longer."""
    problem = Problem([1.0, 0.5], [1.0, 0.5], [0.4, 0.3])
    options = {"seeds": (1,), "points": range(0, 4 * REBASE + 1, 16)}
    whole = online_sgd(problem, 0.005, 4 * REBASE, **options)
    settled = np.abs(whole.u[0]) > 0.5 * problem.teacher_energy
    assert not settled[0]
    assert settled[whole.steps >= REBASE].all()
    monkeypatch.setattr(random_numbers, "PIECE", 2 * (REBASE - short))
    assert Draws((1,), 2, 1, 0.0).piece == REBASE - short
    assert same(whole, online_sgd(problem, 0.005, 4 * REBASE, **options))
