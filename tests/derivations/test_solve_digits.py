"""``solve --digits``: decimal strings that agree with the solver and with the data's own closed forms."""

import numpy as np
import pytest
from commandline import answered, run
from mpmath import mp, mpf

from numerics import power_law
from numerics.precise import precise_power_law

LAW = "--exponent 1.5 --dimension 3"


@pytest.fixture(autouse=True)
def _own_problem(folder):
    (folder / "mine.json").write_text('{"eigenvalues": ["0.3"], "teacher": [2], "init": [0.1]}')
    with mp.workdps(60):
        yield


def answer(line):
    return answered(f"{line} --json")


def test_agrees_with_the_solver():
    line = f"solve {LAW} --teacher gaussian --seed 2 --until 20 --times 20,0.1,3"
    precise, double = answer(f"{line} --digits 15"), answer(line)
    assert [float(t) for t in precise["t"]] == double["t"] == [20.0, 0.1, 3.0]
    for name in ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered"):
        assert [float(x) for x in precise[name]] == pytest.approx(double[name], rel=1e-11), name
    assert precise["limit"] == double["limit"]
    assert float(precise["teacher_energy"]) == 1.0
    assert precise["modes"] == 3
    assert precise["error"] < 1e-15


def test_a_file_is_read_as_decimals():
    """One mode: s = T/(1 + (T/s(0) − 1) e^{−24 λ T t}) with λ = 3/10, T = 12/10, s(0) = 3/1000, 30 digits."""
    found = answer("solve --problem mine.json --until 1 --times 0.1 --digits 30")["s"][0]
    exact = mpf("1.2") / (1 + (mpf("1.2") / mpf("0.003") - 1) * mp.exp(-24 * mpf("0.3") * mpf("1.2") / 10))
    assert abs(mpf(found) / exact - 1) < mpf(10) ** -29
    assert len(found.replace("0.", "").lstrip("0")) >= 29


def test_a_table_for_people():
    result = run("solve --problem mine.json --until 1 --points 3 --digits 12")
    assert result.exit_code == 0
    assert "+teacher" in result.output
    assert len(result.output.splitlines()) == 7


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"solve {LAW} --until 1 --digits 9", "--digits"),
        (f"solve {LAW} --until 1 --digits 20 --format csv", "--digits prints decimal strings"),
        ("solve --exponent 2 --dimension 1e4 --until 1 --digits 20", "at most 1000"),
        ("solve --exponent 2 --dimension inf --init escape:0.1 --until 1 --digits 20", "at most 1000"),
        ("solve --until 1 --digits 20", "a problem needs --exponent and --dimension"),
        ("solve --problem mine.json --seed 1 --until 1 --digits 20", "--problem excludes --seed"),
    ],
)
def test_bad_requests(line, message):
    result = run(line)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("init", ["sphere", "escape:1e-3"])
@pytest.mark.parametrize("teacher", ["flat", "source:0.3", "gaussian"])
def test_power_laws_round_to_those_in_floats(teacher, init):
    exact = precise_power_law(1.5, 6, teacher, init, seed=3)
    rounded, floats = exact.rounded, power_law(1.5, 6, teacher, init, seed=3)
    for name in ("eigenvalues", "teacher", "init"):
        np.testing.assert_allclose(getattr(rounded, name), getattr(floats, name), rtol=1e-13)
    rates, star, start = exact.eigenvalues, exact.teacher[0], exact.init[0]
    assert abs(sum(rates) - 1) < 1e-60
    assert abs(sum(q * x * x for q, x in zip(rates, star, strict=True)) - 1) < 1e-60
    if init == "sphere":
        assert abs(sum(x * x for x in start) - 1) < 1e-60
    else:  # an eigenvector of the linearised flow: (4λ w + 8λ u w*)/w is the same for all modes
        u = sum(q * x * y for q, x, y in zip(rates, start, star, strict=True))
        growth = [4 * q + 8 * q * u * y / x for q, x, y in zip(rates, start, star, strict=True)]
        assert max(growth) - min(growth) < 1e-55
        assert abs(sum(q * x * x for q, x in zip(rates, start, strict=True)) * 10**6 - 1) < 1e-60
