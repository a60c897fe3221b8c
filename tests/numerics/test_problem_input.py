"""What a problem accepts, and what it says of the rest."""

import json

import numpy as np
import pytest

from numerics import Problem
from numerics.problems.problem import load_vector

GOOD = {"eigenvalues": [1, 0.5, 0], "teacher": [1, 2, 3], "init": [0, 1, 0]}


def test_fields():
    problem = Problem(**GOOD)
    assert problem.teacher_energy == 3.0
    assert problem.start_energy == 0.5
    assert problem.dimension == 3
    assert problem.relative_error == 0.0
    assert problem.eigenvalues.dtype == float


def test_arrays_are_copies():
    eigenvalues = np.ones(3)
    problem = Problem(eigenvalues, [1, 1, 1], [1, 1, 1])
    eigenvalues[0] = 5
    assert problem.eigenvalues[0] == 1


def test_decimal_strings():
    problem = Problem(["1", "1e-3"], ["0.1", "-2.5"], ["1E-2", "0"])
    assert problem.teacher.tolist() == [0.1, -2.5]
    assert problem.init.tolist() == [0.01, 0.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"teacher": [1, 2]}, "teacher has 2 entries but eigenvalues has 3: they must be equally long"),
        ({"init": [1, 2, 3, 4]}, "init has 4 entries but eigenvalues has 3"),
        ({"eigenvalues": [1, -0.5, 0]}, r"eigenvalues\[1\] is -0.5: a covariance has none below 0"),
        ({"teacher": [0, 0, 7]}, "teacher has no energy"),
        ({"init": [0, float("nan"), 0]}, r"init\[1\] is nan: every entry must be finite"),
        ({"teacher": [0, 1, float("-inf")]}, r"teacher\[2\] is -inf: every entry must be finite"),
        ({"eigenvalues": []}, r"eigenvalues has shape \(0,\): it must be a non-empty list"),
        ({"eigenvalues": 1.0}, r"eigenvalues has shape \(\)"),
        ({"teacher": [[1, 2, 3]]}, r"teacher has shape \(1, 3\)"),
        ({"teacher": [[1], [2, 3]]}, "teacher must be a list of numbers or decimal strings"),
        ({"init": ["1", "one", "0"]}, "init must be a list of numbers or decimal strings"),
        ({"init": {"a": 1}}, "init must be a list of numbers or decimal strings"),
        ({"init": [1j, 0, 0]}, "init must be a list of numbers or decimal strings"),
        ({"init": [10**400, 0, 0]}, "init must be a list of numbers or decimal strings"),
        ({"teacher": [1e200, 0, 0]}, "they must lie between .* so rescale the problem"),
        ({"init": [0, 0, 1e200]}, "they must lie between .* so rescale the problem"),
        ({"teacher": [1e-90, 0, 0]}, "teacher energy 1e-180"),
        ({"init": [1e-320, 0, 0]}, "it must be 0 or reach 1e-300"),
    ],
)
def test_bad_input(change, message):
    with pytest.raises(ValueError, match=message):
        Problem(**(GOOD | change))


def test_load(tmp_path):
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(GOOD | {"teacher": ["1", "2e0", 3]}), encoding="utf-8")
    problem = Problem.load(path)
    assert problem.teacher.tolist() == [1.0, 2.0, 3.0]
    assert problem.eigenvalues.tolist() == [1.0, 0.5, 0.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[1, 2]", "must hold an object with exactly eigenvalues, teacher, init"),
        ('{"eigenvalues": [1], "teacher": [1]}', "must hold an object with exactly"),
        ('{"eigenvalues": [1], "teacher": [1], "init": [1], "x": 0}', "must hold an object with exactly"),
        ('{"eigenvalues": [1], "teacher": [1], "init": [1, 2]}', "init has 2 entries"),
        ('{"eigenvalues": [1], "teacher": [1], "init": [NaN]}', r"init\[0\] is nan"),
        ('{"eigenvalues": [1], "teacher": [null], "init": [1]}', "teacher"),
    ],
)
def test_bad_files(tmp_path, text, message):
    """The message names the file."""
    path = tmp_path / "problem.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"problem.json: .*{message}"):
        Problem.load(path)


def test_unreadable_files(tmp_path):
    with pytest.raises(ValueError, match=r"missing.json: cannot be read \(No such file"):
        Problem.load(tmp_path / "missing.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"binary\.json: "):
        Problem.load(tmp_path / "binary.json")


@pytest.mark.parametrize(
    "text", ["[1, 2.5, -3e-2]", "1 2.5 -3e-2", "1\n2.5\n-0.03\n", "1, 2.5,-0.03", ' ["1", 2.5, "-3e-2"]']
)
def test_load_vector(tmp_path, text):
    path = tmp_path / "vector"
    path.write_text(text, encoding="utf-8")
    assert load_vector("teacher", path).tolist() == [1.0, 2.5, -0.03]


@pytest.mark.parametrize("text", ["", "1 two", "[1, [2]]", "[1", "nan"])
def test_bad_vectors(tmp_path, text):
    path = tmp_path / "vector"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"teacher file .*vector: "):
        load_vector("teacher", path)


@pytest.mark.parametrize(
    "read", [Problem.load, lambda path: load_vector("teacher", path)], ids=["problem", "vector"]
)
def test_files_nested_too_deep_are_named(tmp_path, read):
    """JSON's parser gives up by a RecursionError, which must not escape."""
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(ValueError, match=r"deep\.json"):
        read(path)
