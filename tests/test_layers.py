"""Imports go one way: from layer to layer, and in no circle, those at first use included."""

import ast
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ["theory", "numerics", "derivations", "notebooks"]
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for layer in LAYERS
    for path in (ROOT / layer).rglob("*.py")
}


def imported(name):
    """The modules that a module imports anywhere, unless for types only."""
    tree, found = ast.parse(FILES[name].read_text()), set()
    package = name if FILES[name].stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body.clear()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            found |= {inner if (inner := f"{base}.{alias.name}") in FILES else base for alias in node.names}
    return found & set(FILES) - {name}


GRAPH = {name: imported(name) for name in FILES}


def circle(graph):
    """The nodes of a circle in ``graph``, none if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def between(rooms):
    """The rooms that each room imports from, given the ``rooms`` of modules."""
    graph = {room: set() for room in rooms.values()}
    for name, room in rooms.items():
        graph[room] |= {rooms[other] for other in GRAPH[name] & set(rooms)} - {room}
    return graph


def test_a_layer_imports_those_below():
    upwards = [
        (name, other)
        for name, others in GRAPH.items()
        for other in others
        if LAYERS.index(other.split(".")[0]) > LAYERS.index(name.split(".")[0])
    ]
    assert not upwards


def test_no_imports_run_in_a_circle():
    assert circle(GRAPH) == []


def test_no_rooms_import_each_other_in_a_circle():
    """What stands beside the rooms is not counted, nor a package itself, which gathers their names."""
    rooms = {name: name.rpartition(".")[0] for name, path in FILES.items() if path.stem != "__init__"}
    graph = between(rooms)
    for layer in ("", *LAYERS, "theory.asymptotics"):
        graph.pop(layer, None)
    assert circle(graph) == []


@pytest.mark.parametrize("package", [*LAYERS, "theory.asymptotics", "theory.symbolic"])
def test_no_top_rooms_depend_on_each_other_in_a_circle(package):
    """A room is a folder right in the package, with all that is below."""
    rooms = {
        name: inner[0]
        for name, path in FILES.items()
        if name.startswith(f"{package}.")
        and (inner := path.relative_to(ROOT / package.replace(".", "/")).parts[:-1])
    }
    assert circle(between(rooms)) == []
