"""``phase-retrieval sweep``: its table, its folder, and what it refuses."""

import csv
import io
import json
import re
from importlib.resources import files

import pytest
from commandline import answered, run

from derivations.commands.sweep import PARAMETERS, read_values
from numerics import power_law, solve

pytestmark = pytest.mark.usefixtures("folder")

GRID = "--exponent 1.5,2 --dimension 20 --seed 0:1:1 --until 100 --workers 1"


def test_the_table_of_phases():
    rows = answered(f"sweep phases {GRID} --json")
    assert [(row["exponent"], row["seed"]) for row in rows] == [(1.5, 0), (1.5, 1), (2, 0), (2, 1)]
    assert rows[3]["t2"] == solve(power_law(2, 20, seed=1), 100.0).phases().t2
    printed = list(csv.DictReader(io.StringIO(run(f"sweep phases {GRID} --format csv").stdout)))
    assert [float(row["t2"]) for row in printed] == [row["t2"] for row in rows]
    assert "t1_prime" in run(f"sweep phases {GRID}").stdout


def test_the_folder_holds_the_cells_and_the_table(folder):
    first = run(f"sweep flow {GRID} --times 1,10 --output kept")
    assert first.exit_code == 0
    assert first.stdout == "8 rows in kept/table.csv\n"
    cells = {file.name: file.stat().st_mtime_ns for file in (folder / "kept").glob("flow-*.json")}
    assert len(cells) == 4
    again = run(f"sweep flow {GRID} --times 1,10 --output kept")
    assert again.stdout == first.stdout
    assert {file.name: file.stat().st_mtime_ns for file in (folder / "kept").glob("flow-*.json")} == cells
    assert json.loads((folder / "kept" / next(iter(cells))).read_text())["kind"] == "flow"


def test_constants_and_runs():
    rates = answered("sweep constants --exponent 1.5:2:0.5 --only escape_rate --workers 1 --json")
    assert rates[1]["escape_rate"] == pytest.approx(5.53894059108, abs=1e-10)
    steps = answered(
        "sweep descent --dimension 20 --step-size 0.01,0.02 --steps 10 --points 2 --workers 1 --json"
    )
    assert [row["t"] for row in steps] == [0, 0.1, 0, 0.2]
    drawn = answered(
        "sweep sgd --dimension 20 --step-size 0.01 --steps 5 --run 0,1 --points 2 --workers 1 --json"
    )
    assert len(drawn) == 4


def test_a_cell_that_fails_is_told_and_ends_no_other():
    found = run("sweep phases --exponent 1,2 --dimension inf --init escape:0.1 --until 10 --workers 1 --json")
    assert found.exit_code == 0
    assert found.stderr == "1 of 2 rows failed, see their column failed\n"
    rows = json.loads(found.stdout)
    assert "must exceed 1" in rows[0]["failed"]
    assert rows[0]["t1"] is None
    assert rows[1]["t1"] > 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sweep phases --exponent 2", "sweep phases needs --until"),
        ("sweep sgd --step-size 0.1", "sweep sgd needs --steps"),
        ("sweep phases --until 1 --step-size 0.1", "sweep phases has no option --step-size"),
        ("sweep constants --until 1", "sweep constants has no option --until"),
        ("sweep phases --until 1,x", "must be numbers with commas between, or FIRST:LAST:STEP"),
        ("sweep phases --until 3:1:1", "must be FIRST:LAST:STEP with FIRST"),
        ("sweep phase --until 1", "phase"),
    ],
)
def test_bad_input(line, message):
    found = run(line)
    assert found.exit_code == 2
    assert message in found.stderr
    assert found.stderr.count("\n") == 1


def test_ranges_hold_their_last_value_exactly():
    assert read_values("1.2:1.5:0.1") == [1.2, 1.3, 1.4, 1.5]
    assert read_values("0:4:2") == [0, 2, 4]
    assert set(PARAMETERS) >= {"exponent", "dimension", "teacher", "seed", "link", "step-size"}


@pytest.mark.slow
def test_the_page_submits_what_slurm_understands():
    """Its script up to the cluster, which starts no job."""
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    page = files("derivations.guide").joinpath("sweep.md").read_text("utf-8")
    (script,) = re.findall(r"^```python notest\n(.*?)^```$", page, re.M | re.S)
    begun = script.partition("print(")[0]
    names = {}
    exec(begun, names)
    with names["cluster"] as cluster:
        job = cluster.job_script()
    assert "#SBATCH -t 02:00:00" in job
    assert "#SBATCH --cpus-per-task=1" in job
    assert "--nthreads 1" in job
