"""Labelled results: what they hold, that files keep every bit of it, and that damaged files are refused."""

import csv
import json
import math
import os
import tracemalloc

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics import (
    Observables,
    Problem,
    draw_samples,
    empirical_descent,
    load_module,
    online_sgd,
    power_law,
    reduce,
    solve,
)
from numerics.problems.problem import problem_of
from numerics.shown.files import FORMATS, as_json, decode, encode, load, save
from numerics.shown.labelled import dataset, sweep
from theory.symbolic.codegen import generate_module
from theory.symbolic.models import quadratic_network

TIMES = [0.0, 0.1, 1.0, 30.0]
PROBLEM = power_law(2, 30, "gaussian", seed=3)
NETWORK = Problem([0.7, 0.3], [[1, 0], [0.5, 1]], [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
MERGED = reduce(Problem([0.5, 0.5, 0.2], [1.0, 2.0, 1.0], [1.0, 2.0 + 1e-13, 1.0]), 10.0)


@pytest.fixture(scope="module")
def labelled():
    """One dataset of every kind."""
    run = solve(PROBLEM, 100.0)
    runs = [solve(power_law(a, 30, seed=1), 100.0).dataset(TIMES, exponent=a) for a in (1.5, 2.0, 4.0)]
    infinite = solve(power_law(2, math.inf, init="escape:1e-2"), 100.0)
    sgd = online_sgd(PROBLEM, 1e-3, 500, batch=2, noise_variance=0.05, seeds=(1, 5), points=7)
    return {
        "flow": run.dataset(TIMES, exponent=2, seed=3, note='−∞ ≤ é, "quoted"\n', empty="", absent=None),
        "infinite": infinite.dataset(TIMES),
        "overlaps": dataset(run.overlaps([1.0, 2.0]), teacher="gaussian"),
        "sgd": sgd.dataset(),
        "sweep": sweep(runs, exponent=[1.5, 2.0, 4.0]),
        "sweep of sgd": sweep([sgd.dataset(a=1), sgd.dataset(a=2)], teacher=["flat", "gaussian"]),
        "problem": PROBLEM.dataset(seed=3),
        "network": NETWORK.dataset(),
    }


@pytest.fixture(scope="module")
def network():
    """A solved run of two students and one teacher, both quadratic."""
    model = load_module(generate_module(quadratic_network(2, 1)))
    return solve(Problem([0.7, 0.3], [1, 0.5], [[0.1, 0.2], [0.3, -0.4]]), 3.0, model)


KINDS = ("flow", "infinite", "overlaps", "sgd", "sweep", "sweep of sgd", "problem", "network")


def test_a_run_is_labelled(labelled):
    run = labelled["flow"]
    trajectory = solve(PROBLEM, 100.0)
    for name, values in trajectory.at(TIMES)._asdict().items():
        assert run[name].dims == ("t",)
        assert run[name].values.tobytes() == values.tobytes()
        assert run[name].attrs["long_name"]
        assert run[name].attrs["units"] == ("flow time" if name == "t" else "1")
    assert run.attrs["limit"] == trajectory.limit.name
    assert run.attrs["t2"] == trajectory.phases(0.1, 0.05).t2
    assert run.attrs["seed"] == 3
    assert "absent" not in run.attrs
    assert run.attrs["phase_retrieval_version"]
    assert run.attrs["numpy_version"] == np.__version__


def test_what_states_columns_and_attributes_is_labelled():
    """Labels ask for these two, and know no class."""

    class Curve:
        def columns(self):
            return {"t": (("t",), np.array([1.0, 2.0])), "loss": (("t",), np.array([0.5, 0.25]))}

        def attributes(self):
            return {"step_size": 0.1, "batch": 4}

    curve = dataset(Curve(), batch=8, note=None)
    assert curve["loss"].sel(t=2.0).item() == 0.25
    assert (curve.attrs["step_size"], curve.attrs["batch"]) == (0.1, 8)
    assert "note" not in curve.attrs


@pytest.mark.parametrize("form", FORMATS)
def test_every_result_saves_its_labelled_form(form, tmp_path):
    samples = draw_samples(Problem([1.0, 0.5], [1.0, 1.0], [0.1, 0.2]), 50)
    results = (
        solve(PROBLEM, 1.0).at(TIMES[:3]),
        solve(PROBLEM, 1.0).overlaps(TIMES[:3]),
        empirical_descent(samples, 0.01, 20, points=3),
        online_sgd(PROBLEM, 1e-3, 20, seeds=(1, 2), points=3),
        PROBLEM,
    )
    for result in results:
        result.save(tmp_path / f"result.{form}")
        xr.testing.assert_identical(load(tmp_path / f"result.{form}"), result.dataset())
        assert result.plot().axes[0].get_lines()


def test_dimensions(labelled):
    assert labelled["sgd"]["mse"].dims == ("seed", "t")
    assert labelled["sgd"]["seed"].values.tolist() == [1, 5]
    assert labelled["sgd"].attrs["noise_variance"] == 0.05
    assert labelled["sweep"]["u"].dims == ("exponent", "t")
    assert labelled["sweep of sgd"]["u"].dims == ("teacher", "seed", "t")
    assert labelled["network"]["init"].dims == ("student_row", "mode")
    assert labelled["overlaps"]["S"].dims == ("student", "student_", "t")
    assert labelled["infinite"].attrs["dimension"] == "inf"


def test_every_variable_of_every_kind_says_what_it_is(labelled):
    for run in labelled.values():
        for name, variable in run.variables.items():
            if name not in ("a", "limit_reason", "teacher_energy", "modes", "steps", "error"):
                assert variable.attrs["long_name"], name


def test_a_sweep_keeps_what_differs_apart(labelled):
    joined = labelled["sweep"]
    assert joined.attrs["until"] == 100.0
    single = solve(power_law(4.0, 30, seed=1), 100.0)
    assert float(joined["t2"].sel(exponent=4.0)) == single.phases().t2
    assert joined["u"].sel(exponent=4.0).values.tolist() == single.at(TIMES).u.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, b: sweep([a, b], seed=[1]), "1 values for 2 runs"),
        (lambda a, b: sweep([], seed=[]), "0 values for 0 runs"),
        (lambda a, b: sweep([a, b]), "one new dimension"),
        (lambda a, b: sweep([a, b], t=[1, 2]), "have t already"),
        (lambda a, b: sweep([a, b.assign_attrs(extra=1)], run=[1, 2]), "extra is not known of every run"),
        (lambda a, b: sweep([a, b.isel(t=[0, 1])], run=[1, 2]), "do not fit together"),
        (lambda a, b: a["u"].pipe(lambda _: dataset(PROBLEM, law=[1])), "attributes are numbers or text"),
        (lambda a, b: problem_of(a), "eigenvalues is missing"),
    ],
)
def test_what_does_not_fit_is_refused(labelled, change, message):
    with pytest.raises(ValueError, match=message):
        change(labelled["flow"], labelled["flow"])


def test_sweeps_of_sweeps():
    """What all runs of one row share and those of another do not is a variable of the whole."""
    rows = [
        sweep(
            [solve(power_law(a, d, seed=seed), 20.0).dataset([1.0, 20.0], exponent=a) for a in (1.0, 2.0)],
            exponent=[1.0, 2.0],
        )
        for d, seed in ((20, 1), (30, 2), (40, 5))
    ]
    kinds = {"limit" in row.attrs for row in rows}
    assert kinds == {True, False}
    table = sweep(rows, dimension=[20.0, 30.0, 40.0])
    assert table["u"].dims == ("dimension", "exponent", "t")
    assert table["limit"].dims == ("dimension", "exponent")
    for form in FORMATS:
        xr.testing.assert_identical(decode(encode(table, form), form), table)
    single = solve(power_law(2.0, 30, seed=2), 20.0)
    chosen = table.sel(dimension=30.0, exponent=2.0)
    assert chosen["u"].values.tolist() == single.at([1.0, 20.0]).u.tolist()
    assert str(chosen["limit"].values) == single.limit.name


def test_networks_are_labelled_by_their_overlaps(network):
    labelled = network.dataset([0.5, 2.0], link="z**2")
    assert labelled["U"].values.tobytes() == network.overlaps([0.5, 2.0]).U.tobytes()
    assert labelled["U"].dims == ("student", "teacher", "t")
    assert labelled.attrs["limit"] == network.limit.name
    assert "t2" not in labelled.attrs
    (axes,) = network.plot().axes
    (line,) = axes.get_lines()
    assert line.get_label() == "loss"
    assert line.get_ydata()[-1] == pytest.approx(network.overlaps([network.until]).loss[0], rel=1e-9)
    assert network.overlaps([0.5, 2.0]).plot().axes[0].get_lines()[0].get_xdata().tolist() == [0.5, 2.0]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FORMATS), st.integers(0, 2**32), st.integers(1, 4))
def test_any_damage_is_a_value_error_or_harmless(form, seed, count):
    """Bytes changed anywhere: a dataset or one clear error, never another exception."""
    rng = np.random.default_rng(seed)
    content = bytearray(encode(PROBLEM.dataset(seed=3), form))
    for place in rng.integers(0, len(content), count):
        content[place] = rng.integers(256)
    try:
        found = decode(bytes(content), form)
    except ValueError as error:
        found = str(error)
    assert isinstance(found, xr.Dataset) or "does not hold a result" in found


# Files


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_files_keep_every_bit(labelled, kind, form, tmp_path):
    before = labelled[kind]
    path = tmp_path / f"result.{form}"
    save(before, path)
    after = load(path)
    xr.testing.assert_identical(after, before)
    for name in before.variables:
        assert after[name].dtype == before[name].dtype
        assert after[name].values.tobytes() == before[name].values.tobytes()
    assert {type(value) for value in after.attrs.values()} <= {int, float, str}
    assert [type(after.attrs[name]) for name in before.attrs] == [type(v) for v in before.attrs.values()]
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_bytes_twice(labelled, form):
    for run in labelled.values():
        assert encode(run, form) == encode(run.copy(deep=True), form)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(allow_subnormal=True), min_size=8, max_size=8),
    st.dictionaries(
        st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True),
        st.integers(-(2**40), 2**40) | st.floats() | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
        max_size=4,
    ),
)
def test_any_floats_and_attributes_come_back(values, attributes):
    curve = Observables(np.array([1.0]), *np.array(values)[:7, None])
    attributes = {name: value for name, value in attributes.items() if name != "run"}
    before = dataset(curve, **attributes)
    for form in FORMATS:
        after = decode(encode(before, form), form)
        xr.testing.assert_identical(after, before)
        for name in before.variables:
            mine, theirs = before[name].values, after[name].values
            assert np.array_equal(np.signbit(mine) | np.isnan(mine), np.signbit(theirs) | np.isnan(theirs))


def test_json_holds_plain_lists(labelled):
    content = json.loads(encode(labelled["sgd"], "json"), parse_constant=lambda name: pytest.fail(name))
    assert content["u"] == labelled["sgd"]["u"].values.tolist()
    assert as_json(labelled["infinite"])["mse"] is None


def test_csv_is_a_plain_table(labelled):
    lines = encode(labelled["sgd"], "csv").decode().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) == labelled["sgd"]["u"].size
    chosen = next(row for row in rows if row["seed"] == "5" and float(row["t"]) == 0.5)
    assert float(chosen["u"]) == float(labelled["sgd"]["u"].sel(seed=5, t=0.5))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("problem", [PROBLEM, NETWORK, MERGED, power_law(2, math.inf, init="escape:1e-3")])
def test_problems_come_back(problem, form, tmp_path):
    path = tmp_path / f"problem.{form}"
    problem.save(path)
    after = Problem.load(path)
    for name in ("eigenvalues", "teacher", "init", "init_rest"):
        assert getattr(after, name).tobytes() == getattr(problem, name).tobytes()
        assert getattr(after, name).shape == getattr(problem, name).shape
    for name in ("dimension", "relative_error", "horizon"):
        assert getattr(after, name) == getattr(problem, name)


DAMAGED = {
    "nothing": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "end": lambda content: content[:-9],
    "noise": lambda content: bytes(np.random.default_rng(0).integers(0, 256, 400, np.uint8)),
    "text": lambda content: b"one, two, three\n",
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_files_are_one_clear_error(labelled, damage, form, tmp_path):
    path = tmp_path / f"result.{form}"
    path.write_bytes(DAMAGED[damage](encode(labelled["flow"], form)))
    with pytest.raises(ValueError, match=rf"result\.{form}: does not hold a result in {form} form") as caught:
        load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(ValueError("two\n lines"), "two lines"), (EOFError(), "EOFError")],
)
def test_a_file_is_refused_for_a_reason(trouble, reason, monkeypatch):
    """In the reader's words, on one line, or by the name of an error without words."""

    def read(content):
        raise trouble

    monkeypatch.setattr("numerics.shown.files._from_json", read)
    with pytest.raises(ValueError, match=rf"does not hold a result in json form \({reason}\)$"):
        decode(b"", "json")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace('"dims": ["t"]', '"dims": ["t", "x"]'),
        lambda content: content.replace('"kind": "float"', '"kind": "word"'),
        lambda content: content.replace('"u": [', '"v": ['),
        lambda content: content.replace('"variables"', '"variable"'),
        lambda content: "[1, 2]",
        lambda content: content.replace("[0.0, 0.1", "[0.1"),
        lambda content: content.replace("[0.0, 0.1", '[0.0, "x"'),
    ],
)
def test_json_of_something_else_is_refused(labelled, change, tmp_path):
    before = encode(labelled["flow"], "json").decode()
    assert change(before) != before
    (tmp_path / "result.json").write_text(change(before))
    with pytest.raises(ValueError, match="does not hold a result"):
        load(tmp_path / "result.json")


def test_other_troubles_with_files(labelled, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"must end in \.nc, \.csv, \.json"):
        save(labelled["flow"], tmp_path / "result.txt")
    with pytest.raises(ValueError, match="cannot be read"):
        load(tmp_path / "absent.nc")
    with pytest.raises(ValueError, match="must lie in an existing folder"):
        save(labelled["flow"], tmp_path / "absent" / "result.nc")
    with pytest.raises(ValueError, match="NetCDF cannot hold"):
        encode(labelled["flow"].assign(large=2**40), "nc")
    with pytest.raises(ValueError, match="cannot be the name of a variable"):
        encode(labelled["flow"].assign({"variables": 1}), "json")
    (tmp_path / "result.csv").write_text("former")

    def refuse(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ValueError, match="No space left"):
        save(labelled["flow"], tmp_path / "result.csv")
    assert (tmp_path / "result.csv").read_text() == "former"
    assert os.listdir(tmp_path) == ["result.csv"]


def test_a_file_without_a_problem_is_no_problem(labelled, tmp_path):
    save(labelled["flow"], tmp_path / "run.nc")
    with pytest.raises(ValueError, match=r"run\.nc: eigenvalues is missing"):
        Problem.load(tmp_path / "run.nc")


def test_many_times_take_the_memory_of_what_is_returned():
    """Eight numbers a time, sorted or not, are those that a few times have; beside them a few chunks."""
    run = solve(power_law(2, 100, init="escape:1e-3"), 1e4)
    times = np.random.default_rng(0).uniform(0.0, 1e4, 200_000)
    few = run.at(times[::5000])
    tracemalloc.start()
    try:
        many = run.at(times)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * 8 * times.nbytes + 50e6
    for name, values in few._asdict().items():
        np.testing.assert_allclose(getattr(many, name)[::5000], values, rtol=1e-13)
