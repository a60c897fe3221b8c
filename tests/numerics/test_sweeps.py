"""Sweeps: their table, who computes it, and what is left of a sweep whose processes are killed."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
import sweep_cells

from numerics import descend, online_sgd, power_law, solve, sweep_grid
from theory.asymptotics import PowerLaw, escape_rate

GRID = {"exponent": [1.5, 2.0], "dimension": 30, "seed": range(3), "until": 1e3}


def test_a_table_holds_what_each_cell_is_by_itself():
    table = sweep_grid("phases", GRID, workers=1)
    assert list(table.columns[:4]) == ["exponent", "dimension", "seed", "until"]
    assert table["exponent"].tolist() == [1.5] * 3 + [2.0] * 3
    assert table["seed"].tolist() == [0, 1, 2] * 2
    for row in table.itertuples():
        run = solve(power_law(row.exponent, 30, seed=row.seed), 1e3)
        assert (row.t1, row.t1_prime) == pytest.approx(run.phases()[:2], nan_ok=True, rel=1e-15)
        assert row.limit == run.limit.name
        assert row.failed == ""


def test_every_kind():
    flow = sweep_grid("flow", {**GRID, "times": [1.0, 10.0]}, workers=1)
    assert len(flow) == 12
    run = solve(power_law(2.0, 30, seed=2), 1e3)
    assert flow["loss"].iloc[-1] == run.at([1.0, 10.0]).loss[-1]
    grid = {"dimension": 30, "step_size": [0.01, 0.02], "steps": 100, "points": 4}
    steps = sweep_grid("descent", grid, workers=1)
    assert steps["u"].iloc[-1] == descend(power_law(2, 30), 0.02, 100, 4).u[-1]
    drawn = sweep_grid("sgd", {"dimension": 30, "step_size": 1e-3, "steps": 50, "run": [3, 4]}, workers=1)
    assert drawn["s"].iloc[-1] == online_sgd(power_law(2, 30), 1e-3, 50, seeds=[4], points=50).s[0, -1]
    rates = sweep_grid("constants", {"exponent": [1.5, 2], "names": "escape_rate,final_rate"}, workers=1)
    assert rates["escape_rate"].tolist() == [float(escape_rate(PowerLaw(a, "inf"))) for a in ("1.5", "2")]
    assert rates["escape_rate_radius"].tolist() == pytest.approx([2.3e-16, 4.5e-16], rel=0.1)  # half an ulp
    assert rates["final_rate"].isna().all()


@pytest.mark.parametrize("link", ["z**2", "z**3 + z"])
def test_models_of_networks(link):
    grid = {"dimension": 10, "link": link, "width": 2, "teachers": 2, "until": 1.0, "times": [1.0]}
    table = sweep_grid("flow", grid, workers=1)
    assert 0 < table["loss"][0] < math.inf
    phases = sweep_grid("phases", {"dimension": 10, "width": 2, "until": 1.0}, workers=1)
    assert "phases are of one student" in phases["failed"][0]


def test_processes_and_threads_give_the_serial_table_bit_by_bit():
    serial = sweep_grid("flow", {**GRID, "times": [1.0, 100.0]}, workers=1)
    pd.testing.assert_frame_equal(
        sweep_grid("flow", {**GRID, "times": [1.0, 100.0]}, workers=2), serial, check_exact=True
    )
    with ThreadPoolExecutor(2) as threads:
        pd.testing.assert_frame_equal(
            sweep_grid("phases", GRID, executor=threads),
            sweep_grid("phases", GRID, workers=1),
            check_exact=True,
        )


def test_a_failing_cell_has_its_reason_and_ends_no_other(tmp_path):
    for workers in (1, 2):
        table = sweep_grid(sweep_cells.choosy, {"x": [1, 0, 2]}, tmp_path, workers=workers)
        assert table["failed"].tolist() == ["", "ZeroDivisionError: division by zero", ""]
        assert table["inverse"].isna().tolist() == [False, True, False]
    wrong = sweep_grid("flow", {"exponent": [1.0, 2.0], "dimension": math.inf, "until": 1.0}, workers=1)
    assert "must exceed 1" in wrong["failed"][0]


def test_cells_that_are_kept_are_not_computed_again(tmp_path):
    folder, reported = tmp_path / "sweep", []
    compute = sweep_cells.square
    grid = {"x": [1, 2, 3], "folder": str(tmp_path)}
    first = sweep_grid(compute, grid, folder, workers=1)
    more = sweep_grid(compute, {**grid, "x": [1, 2, 3, 4]}, folder, workers=1, progress=reported.append)
    assert (tmp_path / "log").read_text().split() == ["1", "2", "3", "4"]
    assert reported == [1.0]
    pd.testing.assert_frame_equal(more.iloc[:3], first, check_exact=True)
    files = sorted(folder.iterdir())
    assert len(files) == 4
    assert {json.loads(file.read_text())["cell"]["x"] for file in files} == {1, 2, 3, 4}
    files[0].write_text("{")
    with pytest.raises(ValueError, match=r"is no cell of a sweep .*: delete it"):
        sweep_grid(compute, {**grid, "x": [1, 2, 3, 4]}, folder, workers=1)


def test_floats_of_any_kind_come_back_from_the_folder(tmp_path):
    first, again = (sweep_grid(sweep_cells.many, {"x": [1]}, tmp_path, workers=1) for _ in range(2))
    pd.testing.assert_frame_equal(again, first, check_exact=True)
    assert again["endless"][0] == -math.inf
    assert again["tiny"][0] == 5e-324


def test_a_worker_that_is_killed_costs_nothing(tmp_path):
    """The rest is begun again in new processes, and the table is that of a serial sweep."""
    grid = {"x": list(range(12)), "folder": str(tmp_path)}
    table = sweep_grid(sweep_cells.fragile, grid, tmp_path / "cells", workers=2)
    assert (tmp_path / "killed").exists()
    pd.testing.assert_frame_equal(table, sweep_grid(sweep_cells.fragile, grid, workers=1), check_exact=True)


def test_a_cell_that_no_process_survives_is_found_and_the_others_are_computed():
    table = sweep_grid(sweep_cells.fatal, {"x": [1, 2, 3, 4, 5]}, workers=2)
    assert table["failed"].tolist() == ["", "", "the process that computed it was killed", "", ""]
    assert table["square"].dropna().tolist() == [1, 4, 16, 25]


KILLED = """
import sys
import sweep_cells
from numerics import sweep_grid
if __name__ == "__main__":
    grid = {"x": list(range(40)), "folder": sys.argv[1]}
    sweep_grid(sweep_cells.slow, grid, sys.argv[1] + "/cells", workers=1)
"""


def test_a_sweep_that_is_killed_goes_on_where_it_stopped(tmp_path):
    path = os.pathsep.join(sys.path)
    sweep = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], env=os.environ | {"PYTHONPATH": path}
    )
    log, deadline = tmp_path / "log", time.monotonic() + 60
    while not (log.exists() and len(log.read_text().split()) > 5):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    sweep.send_signal(signal.SIGKILL)
    sweep.wait()
    kept = len(list((tmp_path / "cells").glob("*.json")))
    assert 5 <= kept < 40
    grid = {"x": list(range(40)), "folder": str(tmp_path)}
    table = sweep_grid(sweep_cells.slow, grid, tmp_path / "cells", workers=1)
    assert table["square"].tolist() == [x * x for x in range(40)]
    assert len(log.read_text().split()) in (40, 41)


def test_an_executor_that_breaks_says_what_is_left(tmp_path):
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with (
        ProcessPoolExecutor(1, get_context("spawn")) as pool,
        pytest.raises(RuntimeError, match=r"the executor broke, and \d of 3 cells"),
    ):
        sweep_grid(sweep_cells.fatal, {"x": [3, 4, 5]}, tmp_path, executor=pool)


@pytest.mark.slow
def test_dask_with_a_worker_that_is_killed(tmp_path):
    """Two workers, of which one is killed in the middle: the table is the serial one, bit by bit."""
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    grid = {"x": list(range(30)), "folder": str(tmp_path)}
    serial = sweep_grid(sweep_cells.slow, grid, workers=1)
    (tmp_path / "log").unlink()
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len(client.run(os.getpid)) == 2

        def kill_one(done):
            if done > 0.3 and not (tmp_path / "killed").exists():
                (tmp_path / "killed").touch()
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

        table = sweep_grid(
            sweep_cells.slow, grid, tmp_path / "cells", executor=client.get_executor(), progress=kill_one
        )
    assert (tmp_path / "killed").exists()
    pd.testing.assert_frame_equal(table, serial, check_exact=True)


@pytest.mark.parametrize(
    ("kind", "grid", "message"),
    [
        ("phase", GRID, "'phase' is no kind of sweep"),
        ("phases", {}, "grid is empty"),
        ("phases", {"exponent": []}, "grid is empty"),
        ("phases", {"exponent": [object()]}, "values are numbers or texts"),
    ],
)
def test_wrong_grids_are_refused(kind, grid, message):
    with pytest.raises(ValueError, match=message):
        sweep_grid(kind, grid)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="cannot be made"):
        sweep_grid("phases", GRID, tmp_path / "file")
