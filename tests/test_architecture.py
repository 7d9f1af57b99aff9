"""Imports point one way, and every module is as self-contained as the design wants it."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "minigrad"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
SCRIPTS = [path for folder in ("minigrad", "tests", "examples", "benchmarks") for path in (ROOT / folder).rglob("*.py")]

# What each room may import of ours. What is not listed stands above all of these, and none of them may import it.
DOORS: dict[str, tuple[str, ...]] = {
    "ops": ("ops",),
    "engine": ("ops", "engine"),
    "notation": ("ops", "engine", "notation"),
    "algebra": ("ops", "engine", "notation", "algebra"),
    "structure": ("ops", "engine", "notation", "algebra", "structure"),
    "derivation": ("ops", "engine", "notation", "algebra", "structure", "derivation"),
    "picture": ("ops", "engine", "notation", "algebra", "structure", "extras", "picture"),
    "compiler": ("ops", "engine", "notation", "algebra", "data", "extras", "compiler"),
    "losses": ("ops", "engine"),
    "optim": ("ops", "engine"),
    "nn": ("ops", "engine", "nn"),
    "data": ("engine",),
    "extras": (),
    "interrupts": (),
    "textbook": (),
    "storage": ("ops", "engine", "optim"),
    "training": ("ops", "engine", "optim", "data", "extras", "interrupts", "compiler"),
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED = {re.match(r"[\w-]+", dependency)[0] for dependency in PROJECT["dependencies"]}


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path, tree):
    """Every module that a file imports, as (line, dotted name); relative imports are written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = path.relative_to(ROOT).parts[: -node.level]
                base = ".".join([*parents, *filter(None, [base])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            yield from ((node.lineno, name if name in MODULES else base) for name in sorted(names))


def room(module):
    """The part of the package that a module belongs to: ``minigrad.ops.linalg`` to ``ops``."""
    return module.split(".")[1] if "." in module else ""


def wrong_doors(module, path, tree):
    """The imports that a module may not make."""
    allowed = DOORS.get(room(module))
    ours = [(line, name) for line, name in imports(path, tree) if name.split(".")[0] == "minigrad"]
    return [f"line {line}: {name}" for line, name in ours if allowed is not None and room(name) not in allowed]


def test_the_table_names_rooms_that_exist():
    assert {room(module) for module in MODULES} >= set(DOORS)


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


@pytest.mark.parametrize(
    ("module", "line", "wrong"),
    [
        ("ops.linalg", "from minigrad.engine.tensor import Tensor", ["line 1: minigrad.engine.tensor"]),
        ("ops.linalg", "from minigrad import nn", ["line 1: minigrad.nn"]),
        ("ops.linalg", "from minigrad import Tensor", ["line 1: minigrad"]),
        ("ops.linalg", "import numpy as np, minigrad.nn.layers", ["line 1: minigrad.nn.layers"]),
        ("ops.linalg", "from ..engine.operand import Operand", ["line 1: minigrad.engine.operand"]),
        ("ops.linalg", "from . import reduction\nfrom minigrad.ops.base import Op, Shape", []),
        ("textbook", "import minigrad.ops.base", ["line 1: minigrad.ops.base"]),
        ("engine.tensor", "def f():\n    from minigrad.data import iris", ["line 2: minigrad.data"]),
    ],
)
def test_a_wrong_door_is_seen(module, line, wrong):
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    assert wrong_doors(f"minigrad.{module}", path, ast.parse(line)) == wrong
