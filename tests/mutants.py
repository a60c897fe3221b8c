"""Mutation testing: does a test notice a small change of the code? ``make mutants SEED=0 COUNT=200``.

A seeded choice among all small changes of ``theory`` and ``numerics`` (but for what is generated): another
operator or comparison, a number ±1, ``and`` for ``or``, no ``not``, no sign, a slice without a bound,
``True`` for ``False``. Left out: annotations, decorators, error messages and plain module constants, which
steer precision. Each is made in a copy of the tree. Its tests are the doctests of the module and the test
files that import it, or a name that a package exports from it, or else a module that imports it: nearest
first, and within one distance those that import least. A test counts as a kill only if it passes on the code
as it is. A run that takes too long is a kill unless the code as it is takes as long.

Results are appended to ``mutants-SEED.jsonl``, so that an interrupted run goes on where it stopped; remove
the file after a change of code or tests. A survivor is a change that none of these tests noticed (the others
may: ask them), or one that changes nothing: read it. General tools (mutmut, cosmic-ray) go through all
mutants, of which there are 14000; a sample is all that a score needs.
"""

import argparse
import ast
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from copy import copy
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("theory", "numerics")
LIMIT = 150  # seconds for the tests of one mutant
FILES = 6  # test files for one mutant
IGNORED = shutil.ignore_patterns(".*", "__pycache__", "*.jsonl", "report", "book", "figures", "docs")

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
OPERATORS |= {ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.MatMult: ast.Mult}
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq}
COMPARISONS |= {ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In}


@dataclass(frozen=True)
class Mutant:
    """The bytes ``start`` to ``stop`` of ``file``, which read ``before``, replaced by ``after``."""

    file: str
    line: int
    start: int
    stop: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before} → {self.after}"


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the small changes of one node, those of its children apart."""
    match node:
        case ast.BinOp(left=ast.JoinedStr() | ast.Constant(value=str())):
            return
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            yield altered(node, op=OPERATORS[type(op)]())
        case ast.Compare(ops=[op, *rest]):
            yield altered(node, ops=[COMPARISONS[type(op)](), *rest])
        case ast.BoolOp(op=op):
            yield altered(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Slice():
            yield from (altered(node, **{end: None}) for end in ("lower", "upper") if getattr(node, end))


def altered(node: ast.AST, **fields: object) -> ast.AST:
    other = copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children whose change is a change of what the code computes."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Raise | ast.JoinedStr | ast.Assert):
                yield child


def is_setting(statement: ast.stmt) -> bool:
    """Whether a statement of a module merely names a constant."""
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Assign | ast.AnnAssign) and not any(
        isinstance(node, ast.Call | ast.Lambda) for node in ast.walk(value or statement)
    )


def mutants(file: Path) -> Iterator[Mutant]:
    source = file.read_bytes()
    starts = [0]
    for line in source.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    waiting = [statement for statement in ast.parse(source).body if not is_setting(statement)]
    while waiting:
        node = waiting.pop()
        waiting += children(node)
        for change in changes(node):
            start = starts[node.lineno - 1] + node.col_offset
            stop = starts[node.end_lineno - 1] + node.end_col_offset
            after = ast.unparse(change)
            if not isinstance(change, ast.Slice) and (after[0] == "-" or not isinstance(node, ast.Constant)):
                after = f"({after})"
            name = str(file.relative_to(ROOT))
            yield Mutant(name, node.lineno, start, stop, source[start:stop].decode(), after)


@cache
def all_mutants() -> list[Mutant]:
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return [
        mutant
        for file in files
        if "generated" not in file.parts
        for mutant in sorted(mutants(file), key=lambda mutant: (mutant.start, mutant.stop, mutant.after))
    ]


def chosen(seed: int, count: int) -> list[Mutant]:
    """Draw ``count`` mutants; more of them begin with the same ones."""
    everything = list(all_mutants())
    random.Random(seed).shuffle(everything)
    return everything[:count]


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(file: Path) -> frozenset[str]:
    """The modules that a file imports, names of a package traced to the module that defines them."""
    found = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = list(file.relative_to(ROOT).parts[: -node.level]) if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            found |= {defining(base, alias.name) for alias in node.names}
    return frozenset(found)


@cache
def defining(module: str, name: str) -> str:
    """The module in which ``from module import name`` finds the name defined."""
    folder = ROOT.joinpath(*module.split("."))
    if (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists():
        return f"{module}.{name}"
    package = folder / "__init__.py"
    if not package.exists():
        return module
    for node in ast.parse(package.read_bytes()).body:
        if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == name for a in node.names):
            base = f"{module}.{node.module}" if node.level else node.module
            return defining(base, name)
    return module


@cache
def nearest_tests(module: str) -> list[str]:
    """The test files nearest to a module, those first that import it and little else."""
    code = [
        file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if file.name != "__init__.py"
    ]
    tests = [file for file in (ROOT / "tests").rglob("test_*.py") if "benchmarks" not in file.parts]
    tests.sort(key=lambda file: (len(imports(file)), file.stat().st_size))
    seen, near, found = {module}, {module}, []
    while near and len(found) < FILES:
        found += [file for file in tests if imports(file) & near and file not in found]
        near = {module_name(file) for file in code if imports(file) & near} - seen
        seen |= near
    return [str(file.relative_to(ROOT)) for file in found[:FILES]]


def failure(tree: Path, tests: list[str]) -> str | None:
    """Run tests up to the first that fails: its name, ``time`` if they take too long, else None."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {
        "PYTHONPATH": str(tree),
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with tempfile.TemporaryFile("w+") as output:
        run = subprocess.Popen(
            command,
            cwd=tree,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = run.wait(LIMIT)
        except subprocess.TimeoutExpired:
            return "time"
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
        output.seek(0)
        text = output.read()
    if status in (0, 5):  # 5: nothing was collected
        return None
    return named_failure(text) or "start"


def named_failure(text: str) -> str | None:
    """The test of the first line ``FAILED test[parameters] - reason`` in what pytest printed."""
    named = re.search(r"^(?:FAILED|ERROR) ([^\[\n]+?(?:\[.*?\])?)(?: - .*)?$", text, re.MULTILINE)
    return named.group(1) if named else None


@cache
def passes(tree: Path, tests: tuple[str, ...]) -> bool:
    return failure(tree, list(tests)) is None


def verdict(mutant: Mutant, tests: list[str], pristine: Path, tree: Path) -> str:
    """Return the test that kills a mutant, or ``survived``."""
    file = tree / mutant.file
    source = (pristine / mutant.file).read_bytes()
    file.write_bytes(source[: mutant.start] + mutant.after.encode() + source[mutant.stop :])
    try:
        killer = failure(tree, tests)
    finally:
        file.write_bytes(source)
    again = tuple(tests) if killer in ("time", "start") else (killer,)
    if killer is None or not passes(pristine, again):
        return "survived"
    return killer


def main() -> None:
    parser = argparse.ArgumentParser(description="Which small changes of the code does no test notice?")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    record = ROOT / f"mutants-{options.seed}.jsonl"
    lines = record.read_text().splitlines() if record.exists() else []
    known = {Mutant(**entry["mutant"]): entry["verdict"] for entry in map(json.loads, lines)}
    drawn = chosen(options.seed, options.count)
    tests = {mutant: [mutant.file, *nearest_tests(module_name(ROOT / mutant.file))] for mutant in drawn}
    with tempfile.TemporaryDirectory() as scratch:
        pristine, tree = Path(scratch) / "pristine", Path(scratch) / "mutant"
        for folder in (pristine, tree):
            shutil.copytree(ROOT, folder, ignore=IGNORED)
        for mutant in drawn:
            if mutant not in known:
                known[mutant] = verdict(mutant, tests[mutant], pristine, tree)
                with record.open("a") as results:
                    results.write(json.dumps({"mutant": asdict(mutant), "verdict": known[mutant]}) + "\n")
            if known[mutant] == "survived":
                print(mutant, flush=True)
    killed = sum(known[mutant] != "survived" for mutant in drawn)
    print(f"{killed} of {len(drawn)} killed: {killed / len(drawn):.1%}")


if __name__ == "__main__":
    main()
