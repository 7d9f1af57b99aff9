"""What the source says of itself: imports, circles, private names, lengths. ``test_architecture`` judges it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "minigrad"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
LONGEST_FILE, LONGEST_FUNCTION = 300, 60  # lines; of a function without its docstring
REASON = "In one piece"  # what a longer function's docstring begins its reason with
DOCUMENTED = (
    "_getframe",
    "_current_frames",
    "_is_gil_enabled",
    "_fields",
    "_replace",
    "_asdict",
)  # Python's own, underscore or not


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


LATE = ("import_module", "__import__", "Late")  # what imports the module that a string names


def imports(path, tree):
    """Every module that a file imports, as (line, dotted name); relative imports are written out.

    So are the strings that ``import_module`` and ``Late`` are called with; where one is called with a name that is put
    together, as ``f"minigrad.{name}"``, each string of the file that makes a module of ours of it.
    """
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
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in LATE:
            yield from ((node.lineno, name) for name in sorted(set(named_modules(node.args[0], tree))))


def named_modules(argument, tree) -> Iterator[str]:
    """The modules that the argument of ``import_module`` can name, as far as the file's strings say."""
    strings = [x.value for x in ast.walk(tree) if isinstance(x, ast.Constant) and isinstance(x.value, str)]
    if isinstance(argument, ast.Constant):
        yield argument.value
    elif isinstance(argument, ast.JoinedStr):
        first = argument.values[0]
        prefix = first.value if isinstance(first, ast.Constant) else ""
        yield from (prefix + string for string in strings if prefix + string in MODULES)
    else:
        yield from (string for string in strings if string in MODULES and string != "minigrad")


def room(module):
    """The part of the package that a module belongs to: ``minigrad.ops.linalg`` to ``ops``, ``minigrad`` to none."""
    return module.split(".")[1] if "." in module else ""


def circles(edges):
    """The groups of modules of which each can be reached from each by imports; the package itself is in every path."""
    reached = {module: {x for x in direct if x != "minigrad"} for module, direct in edges.items()}
    grown = True
    while grown:
        grown = False
        for module, seen in reached.items():
            more = seen.union(*(reached[x] for x in seen))
            grown |= len(more) > len(seen)
            reached[module] = more
    return {frozenset(x for x in seen if module in reached[x]) for module, seen in reached.items() if module in seen}


def defined_names(tree) -> Iterator[str]:
    """Every name that a file gives to something: functions, classes, variables, parameters, attributes, slots."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                yield name
            case ast.Assign(targets=[ast.Name(id="__slots__")], value=value):
                yield from (x.value for x in ast.walk(value) if isinstance(x, ast.Constant))


def is_private(name):
    return name.startswith("_") and not name.endswith("__") and name not in DOCUMENTED


def private_uses(path, tree) -> Iterator[tuple[str, str]]:
    """The private names that a file takes from somewhere, as (name, module or ""): imported, ``x._name``, getattr."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=module, names=names):
                yield from ((alias.name, module or "") for alias in names if is_private(alias.name))
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if is_private(name):
                yield name, ""
            case ast.Call(
                func=ast.Name(id="getattr" | "setattr" | "hasattr"), args=[_, ast.Constant(value=str(name)), *_]
            ):
                if is_private(name):
                    yield name, ""


def long_functions(tree) -> Iterator[tuple[str, int]]:
    """The functions that are longer than they may be, their docstring not counted, without a reason in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node)
            lines = node.end_lineno - node.lineno + 1
            if docstring is not None:
                lines -= node.body[0].end_lineno - node.body[0].lineno + 1
            if lines > LONGEST_FUNCTION and REASON not in (docstring or ""):
                yield node.name, lines
