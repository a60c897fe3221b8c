"""``derive``: what it prints is what SymPy reads."""

import re
import shutil
import subprocess

import pytest
from commandline import answered, invoke, run

pytestmark = pytest.mark.usefixtures("folder")


def test_derive_prints_what_sympy_reads():
    sympy = pytest.importorskip("sympy")
    answer = answered("derive --link 'z**2' --json")
    s, u, t = sympy.symbols("s u t")
    assert sympy.sympify(answer["loss"]) == 3 * s**2 - 2 * s * t + 3 * t**2 - 4 * u**2
    assert sympy.sympify(answer["A"]) == -2 * sympy.sympify(answer["loss"]).diff(s)
    assert sympy.sympify(answer["B"]) == 8 * u
    assert answered("derive --link z --teacher-link z**2 --json")["teacher_link"] == "z**2"


def test_derive_reads_closed_forms():
    sympy = pytest.importorskip("sympy")
    answer = answered("derive --link 'erf(z/sqrt(2))' --json")
    s, u, t = sympy.symbols("s u t")
    pull = 4 / (sympy.pi * sympy.sqrt((1 + s) * (1 + t) - u**2))
    assert sympy.simplify(sympy.sympify(answer["B"]) - pull) == 0
    assert "asin" in run("derive --link 'relu(z)'").output


def test_code_is_what_python_generates():
    symbolic = pytest.importorskip("theory.symbolic")
    text = run("derive --code C").output
    assert (
        text.strip().replace("of network", "of phase retrieval")
        == symbolic.generate_code(symbolic.phase_retrieval(), "c").strip()
    )
    answer = answered("derive --code julia --json")
    assert answer["language"] == "julia"
    assert answer["code"].startswith("# Right-hand sides of network")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--code javscript", "nearest are javascript"),
        ("--code c --sgd", "leave out --sgd"),
        ("--code c --standalone", "leave out --standalone"),
        ("--standalone --json", "leave out --json"),
        ("--code c --width 17", "at most 16 units"),
        ("P1 --code c", "--code derives a model"),
    ],
)
def test_code_that_is_not_written_says_why(arguments, told):
    result = invoke("derive", *arguments.split())
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "--width 2 --teachers 2",
        "--width 17",
        "--sgd",
        "--constraint sphere",
        "--train-weights",
        "--friction 0.5",
    ],
)
def test_a_standalone_document_defines_its_symbols_and_compiles(arguments, tmp_path):
    text = run(f"derive {arguments} --standalone").output
    single = "--width" not in arguments
    begun, ended = (re.findall(rf"\\{word}\{{(\w+\*?)\}}", text) for word in ("begin", "end"))
    assert sorted(begun) == sorted(ended)
    assert begun[0] == "document"
    assert text.isascii()
    defined = [
        r"covariance $Q$",
        r"S&=WQW^\top",
        r"integer $k$",
        *([r"$s=w^\top Qw$", r"$s_*="] if single else []),
    ]
    assert all(symbol in text for symbol in defined)
    for formula in re.findall(r"\\begin\{align\*\}(.*?)\\end", text, re.S):
        assert formula.count("{") == formula.count("}")
    if compiler := shutil.which("pdflatex"):
        (tmp_path / "flow.tex").write_text(text, encoding="utf-8")
        command = [compiler, "-interaction=nonstopmode", "-halt-on-error", "flow.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]


def test_latex_is_a_format_by_another_name():
    assert run("derive --latex").output == run("derive --format latex").output
