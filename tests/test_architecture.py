"""Rooms keep to their doors; no module imports in a circle, takes a private name of another room, or is too long."""

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator

import pytest

from tests.architecture import (
    LONGEST_FILE,
    MODULES,
    PACKAGE,
    REASON,
    ROOT,
    circles,
    defined_names,
    imports,
    long_functions,
    parsed,
    private_uses,
    room,
)

SCRIPTS = [path for folder in ("minigrad", "tests", "examples", "benchmarks") for path in (ROOT / folder).rglob("*.py")]

# How the British write what we call optimizer, color, gray, center, neighbor, canceled, learned, behavior.
BRITISH = re.compile(
    r"(optim|normal|recogn|initial|general|summar|minim|maxim|vector|standard|factor|serial|special|organ|real)is(e|ing|at)"
    r"|colour|neighbour|behaviour|favour|grey|centre|cancelled|labelled|modell|learnt|analyse|catalogue"
)

# What each room may import of ours: "" is the package itself, the public names.
DOORS: dict[str, tuple[str, ...]] = {
    "ops": ("ops", "extras"),
    "engine": ("ops", "engine", "notebook"),
    "notation": ("ops", "engine", "notation"),
    "algebra": ("ops", "engine", "notation", "algebra", "notebook"),
    "structure": ("ops", "engine", "notation", "algebra", "structure", "notebook"),
    "derivation": ("ops", "engine", "notation", "algebra", "structure", "picture", "derivation", "notebook"),
    "picture": ("ops", "engine", "notation", "algebra", "structure", "extras", "fonts", "picture", "notebook"),
    "exercises": ("ops", "engine", "notation", "algebra", "derivation", "losses", "files", "notebook", "exercises"),
    "compiler": ("ops", "engine", "notation", "algebra", "data", "extras", "files", "compiler", "notebook"),
    "autograd": ("ops", "engine"),
    "numpy": ("engine", "numpy"),
    "scipy": ("ops", "engine", "extras", "scipy"),
    "losses": ("ops", "engine", "losses"),
    "optim": ("ops", "engine", "notation", "algebra", "optim", "notebook"),
    "nn": ("ops", "engine", "nn", "notebook"),
    "data": ("ops", "engine", "data"),
    "metrics": ("ops", "engine"),
    "callbacks": ("engine", "plot", "callbacks"),
    "plot": ("ops", "engine", "notation", "algebra", "extras", "fonts", "metrics", "plot"),
    "extras": (),
    "notebook": ("notebook",),
    "files": (),
    "fonts": (),
    "interrupts": (),
    "textbook": (),
    "storage": ("ops", "engine", "nn", "extras", "files", "interrupts", "optim", "storage"),
    "cluster": ("ops", "engine", "extras", "compiler", "cluster"),
    "training": (
        *("ops", "engine", "losses", "optim", "data", "extras", "interrupts", "compiler", "metrics", "plot"),
        *("callbacks", "cluster", "storage", "notebook", "training"),
    ),
    "": (
        *("ops", "engine", "algebra", "derivation", "picture", "exercises", "compiler", "autograd", "numpy", "scipy"),
        *("nn", "losses", "optim", "data", "metrics", "plot", "storage", "training", "textbook"),
        "callbacks",
    ),
    "app": (
        *(
            "",
            "ops",
            "engine",
            "notation",
            "algebra",
            "structure",
            "derivation",
            "picture",
            "compiler",
            "app",
            "cluster",
            "exercises",
        ),
        *(
            "nn",
            "losses",
            "optim",
            "data",
            "storage",
            "training",
            "textbook",
            "metrics",
            "callbacks",
            "plot",
            "exercises",
            "extras",
            "interrupts",
        ),
    ),
    "__main__": ("app",),
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED = {re.match(r"[\w-]+", dependency)[0] for dependency in PROJECT["dependencies"]}


def wrong_doors(module, path, tree):
    """The imports that a module may not make."""
    allowed = DOORS[room(module)]
    ours = [(line, name) for line, name in imports(path, tree) if name.split(".")[0] == "minigrad"]
    return [f"line {line}: {name}" for line, name in ours if room(name) not in allowed]


def violations() -> Iterator[str]:
    """Circles, private names of another room, files and functions that are too long."""
    trees = {module: parsed(path) for module, path in MODULES.items()}
    edges = {
        module: {name for _, name in imports(MODULES[module], tree) if name in MODULES}
        for module, tree in trees.items()
    }
    yield from (f"circle {' '.join(sorted(circle))}" for circle in circles(edges))
    defined: dict[str, set[str]] = {}
    for module, tree in trees.items():
        defined.setdefault(room(module), set()).update(defined_names(tree))
    for module, tree in trees.items():
        for name, source in private_uses(MODULES[module], tree):
            foreign = (
                room(source) != room(module) if source.startswith("minigrad") else name not in defined[room(module)]
            )
            if foreign:
                yield f"private name {module}: {name} {source}".rstrip()
        for name, lines in long_functions(tree):
            yield f"long function {module}.{name}: {lines} lines"
        lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE:
            yield f"long file {module}: {lines} lines"


def test_nothing_goes_in_circles_into_private_rooms_or_on_and_on():
    assert sorted(set(violations())) == []


def test_every_room_has_its_doors():
    assert {room(module) for module in MODULES} == set(DOORS)


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES.values()}), ids=lambda path: path.name)
def test_every_folder_has_a_map(folder):
    """Its ``__init__`` names all that is in it, so that whoever looks for something opens two files, not ten."""
    docstring = ast.get_docstring(parsed(folder / "__init__.py")) or ""
    inside = [path.stem for path in folder.glob("[!_]*.py")]
    inside += [path.parent.name for path in folder.glob("*/__init__.py")]
    assert [name for name in sorted(inside) if f"``{name}``" not in docstring and f"``{name}." not in docstring] == []


def test_no_module_hides_a_public_function():
    """``from minigrad import compile`` would give a module where there is one of that name."""
    body = parsed(PACKAGE / "__init__.py").body
    (public,) = (x.value for x in body if isinstance(x, ast.Assign) and ast.unparse(x.targets[0]) == "__all__")
    public = ast.literal_eval(public)
    modules = {module.split(".")[1] for module in MODULES if "." in module}
    every = ast.walk(parsed(PACKAGE / "__init__.py"))
    listed = [x for x in every if isinstance(x, ast.ImportFrom) and x.module == "minigrad"]
    assert modules & set(public) == {alias.name for x in listed for alias in x.names}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_one_way(module):
    assert not wrong_doors(module, MODULES[module], parsed(MODULES[module]))


def test_the_rooms_are_in_order():
    """No room can be reached from itself, but by its own modules."""
    reached = {name: set(allowed) - {name} for name, allowed in DOORS.items()}
    for _ in DOORS:
        reached = {name: seen.union(*(reached[other] for other in seen)) for name, seen in reached.items()}
    assert [name for name, seen in reached.items() if name in seen] == []


@pytest.mark.parametrize("module", sorted(MODULES))
def test_only_declared_dependencies_are_imported(module):
    """What an extra brings is loaded through ``extras.require``, which says how to install it."""
    tops = {name.split(".")[0] for _, name in imports(MODULES[module], parsed(MODULES[module]))}
    assert not tops - DECLARED - {"minigrad", *sys.stdlib_module_names}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_stand_at_the_top(path):
    """None inside a function, where it would be a door that nobody sees; none of everything; no path set for one."""
    tree = parsed(path)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            late = [node.lineno for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
            assert not late, f"import inside a function, line {late}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names), f"import *, line {node.lineno}"
        if isinstance(node, ast.Attribute):
            for_users = path.name == "userfile.py"  # a user's file may import its neighbours, as a script may
            assert for_users or ast.unparse(node) != "sys.path", f"sys.path, line {node.lineno}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_spelled_as_in_america(path):
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    names = {path.stem} | {token.string for token in tokens if token.type == tokenize.NAME}
    assert sorted(name for name in names if BRITISH.search(name.lower())) == []


@pytest.mark.parametrize(
    ("module", "line", "wrong"),
    [
        ("ops.linalg", "from minigrad.engine.tensor import Tensor", ["line 1: minigrad.engine.tensor"]),
        ("ops.linalg", "from minigrad import nn", ["line 1: minigrad.nn"]),
        ("ops.linalg", "from minigrad import Tensor", ["line 1: minigrad"]),
        ("ops.linalg", "import numpy as np, minigrad.nn.linear", ["line 1: minigrad.nn.linear"]),
        ("ops.linalg", "from ..engine.operand import Operand", ["line 1: minigrad.engine.operand"]),
        ("ops.linalg", "from . import reduction\nfrom minigrad.ops.base import Op, Shape", []),
        ("textbook", "import minigrad.ops.base", ["line 1: minigrad.ops.base"]),
        ("engine.tensor", "def f():\n    from minigrad.data import iris", ["line 2: minigrad.data"]),
    ],
)
def test_a_wrong_door_is_seen(module, line, wrong):
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    assert wrong_doors(f"minigrad.{module}", path, ast.parse(line)) == wrong


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('import_module("minigrad.compiler.api")', ["minigrad.compiler.api"]),
        ('importlib.import_module("minigrad.nn")', ["minigrad.nn"]),
        ('LATE = {"draw": "picture.draw"}\nimport_module(f"minigrad.{LATE[name]}")', ["minigrad.picture.draw"]),
        ("if TYPE_CHECKING:\n    from minigrad.algebra.graph import Graph", ["minigrad.algebra.graph"]),
    ],
)
def test_a_late_import_is_seen(source, found):
    assert [name for _, name in imports(PACKAGE / "metrics.py", ast.parse(source))] == found


def test_a_circle_is_seen():
    edges = {"a": {"b"}, "b": {"c", "minigrad"}, "c": {"a"}, "d": {"a"}, "minigrad": {"a", "d"}}
    assert circles(edges) == {frozenset("abc")}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from minigrad.engine.tensor import _place", [("_place", "minigrad.engine.tensor")]),
        ("x._grad = None", [("_grad", "")]),
        ('getattr(x, "_grad", None)', [("_grad", "")]),
        ("self._grad, cls._made, x.__dict__, sys._getframe(1)", []),
    ],
)
def test_a_private_name_is_seen(source, found):
    assert list(private_uses(PACKAGE / "metrics.py", ast.parse(source))) == found


@pytest.mark.parametrize(
    ("docstring", "lines", "found"),
    [("", 59, []), ("", 60, [("f", 61)]), ("Of\n\n" * 50, 59, []), (f"Of\n\n{REASON}, since it is one.", 80, [])],
)
def test_a_long_function_is_seen(docstring, lines, found):
    source = f'def f():\n    """{docstring}"""\n' if docstring else "def f():\n"
    assert list(long_functions(ast.parse(source + "    x = 1\n" * lines))) == found
