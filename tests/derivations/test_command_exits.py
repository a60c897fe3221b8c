"""How commands end: bad input, bugs, interruptions."""

import os
from pathlib import Path

import pytest
from commandline import LAW, SMALL, SOLVE, run, store

import numerics

pytestmark = pytest.mark.usefixtures("folder")

BAD = {
    "no command": "",
    "unknown command": "solv",
    "unknown option": f"{SOLVE} --colour red",
    "unknown group option": "--colour red",
    "missing value": "constants --digits",
    "extra argument": "derive z**2",
    "missing until": f"solve {LAW}",
    "missing law": "solve --until 1",
    "missing dimension": "solve --exponent 2 --until 1",
    "law and file": f"{SOLVE} --problem problem.json",
    "seed and file": "solve --problem problem.json --seed 0 --until 1",
    "exponent nan": "constants --exponent nan",
    "exponent negative": "constants --exponent -1 --dimension 10",
    "exponent word": "constants --exponent two",
    "exponent huge": "constants --exponent 1e999999999",
    "exponent too large": "constants --exponent 1e99 --dimension 1e6",
    "source too large": "constants --dimension 1e6 --teacher source:-1e9",
    "batch 0": "constants --batch 0",
    "SGD's step without a batch": "constants --only sgd_stability_step",
    "a step size without a batch": "constants --step-size 1e-3",
    "SGD's floor without a step size": "constants --batch 1 --only sgd_loss_floor",
    "SGD without a step size": "solve --exponent 2 --dimension 5 --until 1 --sgd",
    "a batch without SGD": "solve --exponent 2 --dimension 5 --until 1 --batch 2",
    "label noise without SGD": "solve --exponent 2 --dimension 5 --until 1 --noise 0.1",
    "SGD to many digits": "solve --exponent 2 --dimension 5 --until 1 --sgd --step-size 0.01 --digits 20",
    "a time below a step": "solve --exponent 2 --dimension 5 --until 1e-3 --sgd --step-size 0.01",
    "exponent 1 at infinity": "constants --exponent 1",
    "exponent negative, solve": "solve --exponent -0.1 --dimension 10 --until 1",
    "exponent nan, solve": "solve --exponent nan --dimension 10 --until 1",
    "exponent 1 at infinity, solve": "solve --exponent 1 --dimension inf --init escape:1e-3 --until 1",
    "dimension 0": "constants --dimension 0",
    "dimension fraction": "constants --dimension 10.5",
    "dimension nan": "solve --exponent 2 --dimension nan --until 1",
    "dimension huge": "constants --dimension 1e999999999",
    "dimension -inf": "constants --dimension -inf",
    "sphere at infinity": "solve --exponent 2 --dimension inf --until 1",
    "sphere too large": "solve --exponent 2 --dimension 1e12 --until 1",
    "gaussian at infinity": "constants --teacher gaussian",
    "gaussian too large": "constants --teacher gaussian --dimension 1e12",
    "gaussian at infinity, solve": "solve --exponent 2 --dimension inf --teacher gaussian "
    "--init escape:1 --until 1",
    "source at infinity": "constants --teacher source:-1",
    "source at infinity, solve": "solve --exponent 2 --dimension inf --teacher source:-1 "
    "--init escape:1 --until 1",
    "source fraction": "constants --teacher source:1/3",
    "source huge": "constants --teacher source:1e999999999",
    "source word": "constants --teacher source:B",
    "source word, solve": f"{SOLVE} --teacher source:B",
    "teacher unknown": "constants --teacher flatt",
    "teacher empty name": f"{SOLVE} --teacher ''",
    "teacher too short": f"{SOLVE} --teacher vector.txt",
    "teacher too short, constants": "constants --dimension 50 --teacher vector.txt",
    "teacher zero": "solve --exponent 2 --dimension 3 --teacher zeros.txt --until 1",
    "teacher zero, constants": "constants --dimension 3 --teacher zeros.txt",
    "teacher nan": "solve --exponent 2 --dimension 3 --teacher nan.txt --until 1",
    "teacher words": "constants --dimension 3 --teacher words.txt",
    "teacher empty": "constants --dimension 3 --teacher empty.txt",
    "teacher folder": "constants --dimension 3 --teacher .",
    "teacher binary": "constants --dimension 3 --teacher binary.txt",
    "init unknown": f"{SOLVE} --init ball",
    "init escape 0": f"{SOLVE} --init escape:0",
    "init escape nan": f"{SOLVE} --init escape:nan",
    "init too short": f"{SOLVE} --init vector.txt",
    "seed negative": f"{SOLVE} --seed -1",
    "seed word": f"{SOLVE} --seed x",
    "until negative": f"solve {LAW} --until -1",
    "until 0": f"solve {LAW} --until 0",
    "until nan": f"solve {LAW} --until nan",
    "until inf": f"solve {LAW} --until inf",
    "until beyond floats": f"solve {LAW} --until 1e200",
    "times beyond until": f"{SOLVE} --times 1,101",
    "times negative": f"{SOLVE} --times -1,1",
    "times words": f"{SOLVE} --times 3,1,x",
    "times nan": f"{SOLVE} --times nan",
    "times empty": f"{SOLVE} --times ''",
    "times and points": f"{SOLVE} --times 1 --points 3",
    "points 1": f"{SOLVE} --points 1",
    "points huge": f"{SOLVE} --points 1000000000000",
    "digits 0": "constants --digits 0",
    "digits absurd": "constants --digits 1000000000",
    "digits fraction": "constants --digits 1.5",
    "step size 0": f"descend {LAW} --step-size 0 --steps 1",
    "step size nan": f"descend {LAW} --step-size nan --steps 1",
    "step size too large": f"descend {LAW} --step-size 1e3 --steps 1000",
    "steps 0": f"descend {LAW} --step-size 0.1 --steps 0",
    "steps huge": f"descend {LAW} --step-size 0.1 --steps 100000000000000000000",
    "link unknown function": "derive --link 'log(z)'",
    "link unknown average": "derive --link 'tanh(z)'",
    "weights too few": "derive --width 3 --weights 1,2",
    "weights no numbers": "derive --width 2 --weights 1,b",
    "weights of a run": f"{SOLVE} --width 3 --weights 1,2",
    "link constant": "derive --link 3",
    "link code": "derive --link '__import__(\"os\")'",
    "teacher link": "derive --teacher-link x",
    "output folder missing": "constants --output nowhere/answer.txt",
    "output is a folder": f"{SOLVE} --output .",
    "problem missing": "solve --problem absent.json --until 1",
    "problem folder": "solve --problem . --until 1",
    "problem malformed": "solve --problem words.txt --until 1",
    "problem a list": "solve --problem list.json --until 1",
    "problem negative eigenvalue": "solve --problem negative.json --until 1",
    "problem mismatched": "solve --problem mismatched.json --until 1",
    "problem nan": "solve --problem nan.json --until 1",
    "problem without energy": "solve --problem zero.json --until 1",
    "problem and exponent, constants": "constants --problem problem.json --exponent 2",
    "problem without energy, constants": "constants --problem zero.json",
    "constants of units of two links": "constants --link z**2,z**3 --width 2",
    "constants of a network of other teachers": "constants --width 2 --teacher-link z**3 --teachers 2",
    "format and json": f"{SOLVE} --json --format csv",
    "format unknown": f"{SOLVE} --format xml",
    "netcdf to the terminal": f"descend {LAW} --step-size 0.1 --steps 2 --format nc --points 2 ",
    "problem damaged": "solve --problem damaged.nc --until 1",
    "problem empty": "descend --problem void.json --step-size 1 --steps 1",
}

FILES = {
    "problem.json": SMALL,
    "vector.txt": "1 2 3",
    "zeros.txt": "0 0 0",
    "nan.txt": "1 nan 2",
    "words.txt": "one, two, three",
    "empty.txt": "",
    "list.json": [1, 2],
    "negative.json": {**SMALL, "eigenvalues": [1, -1]},
    "mismatched.json": {**SMALL, "init": [1]},
    "nan.json": '{"eigenvalues": [1, 1], "teacher": [1, NaN], "init": [1, 1]}',
    "zero.json": {**SMALL, "teacher": [0, 0]},
    "damaged.nc": "CDF\x02 and no more",
    "void.json": {"eigenvalues": [], "teacher": [], "init": []},
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_and_status_2(line):
    for name, content in FILES.items():
        store(name, content)
    Path("binary.txt").write_bytes(b"\xff\xfe\x00")
    before = sorted(os.listdir())
    printed = "--output" in line or "--format nc" in line or not line
    result = run(line if printed else f"{line} --output answer.txt")
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("phase-retrieval: ")
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) > 30
    assert sorted(os.listdir()) == before


def test_bad_input_costs_no_work(monkeypatch):
    monkeypatch.setattr(numerics, "solve", lambda *_, **__: pytest.fail("solved before checking"))
    assert run(f"{SOLVE} --output nowhere/answer.txt").exit_code == 2
    assert run(f"{SOLVE} --times 1,101").exit_code == 2


def test_a_bug_keeps_its_traceback(monkeypatch):
    def broken(*_, **__):
        raise ValueError("a bug, not bad input")

    monkeypatch.setattr(numerics, "solve", broken)
    result = run(SOLVE)
    assert type(result.exception) is ValueError
    assert "phase-retrieval:" not in result.stderr


def test_ctrl_c_is_one_line_and_status_130(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(numerics, "solve", interrupted)
    result = run(f"{SOLVE} --output answer.txt")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "phase-retrieval: interrupted\n"
    assert os.listdir() == []
