"""Statements of native code that differ only in where their arrays lie: each kind of them becomes one function.

A network of a hundred equal layers has as many equal loops, and a compiler needs 50 ms for each product of matrices
among them; a call costs 2 ns.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

PLACES = {  # which of their arguments say where an array begins
    "tile": (4, 8, 11, 15), "dot": (2, 4), "factor": (2, 4), "solve": (3, 5, 7), "invert": (2, 4, 6),
    "substitute": (4, 8), "decompose": (2,), "substitute_large": (5, 9), "decompose_large": (3, 5),
}  # fmt: skip


LONG = 12  # statements of a loop, from which on each of them may be a function


@dataclass
class Outline:
    """A statement in which names and places are parameters.

    ``names`` are what variables are called now, of which it binds the ``bound``; ``places`` are the values of the
    parameters P0, P1, …; equal statements have equal ``key``s.
    """

    key: str
    statement: ast.stmt
    names: dict[str, str]
    bound: set[str]
    places: list[int]


def outline_statement(statement: ast.stmt, known: Container[str]) -> Outline:
    """Give a statement with all names that it shares with others as parameters; ``known`` are the variables."""
    bound = {x.id for x in ast.walk(statement) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)}
    abstract = _Abstract(known, bound)
    shared = abstract.visit(statement)
    names = {old: new for old, new in abstract.names.items() if old in known}
    return Outline(ast.dump(shared), shared, names, {names[x] for x in bound if x in names}, abstract.places)


def list_parts(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Give the statements that may become functions: loops, refusals and calls, but not a long loop as a whole."""
    for statement in body:
        if isinstance(statement, ast.For) and len(statement.body) >= LONG:
            yield from list_parts(statement.body)
        elif isinstance(statement, ast.For | ast.If | ast.Expr):
            yield statement


class _Abstract(ast.NodeTransformer):
    """Makes a copy with names V0, V1, … in the order in which they come, and places P0, P1, …"""

    def __init__(self, known: Container[str], bound: Container[str]) -> None:
        self.known, self.bound = known, bound
        self.names: dict[str, str] = {}
        self.places: list[int] = []

    def generic_visit(self, node: ast.AST) -> Any:
        """Copy a node."""
        parts = {name: self._copy(x) for name, x in ast.iter_fields(node)}
        return type(node)(**parts)

    def _copy(self, x: Any) -> Any:
        if isinstance(x, list):
            return [self._copy(y) for y in x]
        return self.visit(x) if isinstance(x, ast.AST) else x

    def visit_Name(self, name: ast.Name) -> ast.Name:
        """Rename a variable."""
        if name.id not in self.known and name.id not in self.bound:
            return name
        return ast.Name(self.names.setdefault(name.id, f"V{len(self.names)}"), name.ctx)

    def visit_Subscript(self, x: ast.Subscript) -> ast.Subscript:
        """Find the place in an index."""
        return ast.Subscript(self.visit(x.value), self._place(x.slice), x.ctx)

    def visit_Call(self, x: ast.Call) -> ast.Call:
        """Find the places among the arguments of what computes with whole rows."""
        places = PLACES.get(x.func.id, ()) if isinstance(x.func, ast.Name) else ()
        return ast.Call(x.func, [self._place(y) if i in places else self.visit(y) for i, y in enumerate(x.args)], [])

    def _place(self, x: ast.expr) -> ast.expr:
        """Make a parameter of the constant that an index is, or ends with."""
        if isinstance(x, ast.Constant) and type(x.value) is int:
            self.places.append(x.value)
            return ast.Name(f"P{len(self.places) - 1}", ast.Load())
        if isinstance(x, ast.BinOp) and isinstance(x.op, ast.Add) and isinstance(x.right, ast.Constant):
            return ast.BinOp(self.visit(x.left), x.op, self._place(x.right))
        copy: ast.expr = self.visit(x)
        return copy


def find_mutable(body: Iterable[ast.stmt]) -> set[str]:
    """Give the names that are assigned where they are bound already: those that need a place of their own.

    What is bound in a loop or a branch is not known outside of it.
    """
    found: set[str] = set()
    _look(body, set(), found)
    return found


def _look(body: Iterable[ast.stmt], bound: set[str], found: set[str]) -> None:
    for statement in body:
        if isinstance(statement, ast.For):
            assert isinstance(statement.target, ast.Name)
            _look(statement.body, bound | {statement.target.id}, found)
        elif isinstance(statement, ast.If):
            _look(statement.body, set(bound), found)
            _look(statement.orelse, set(bound), found)
        elif isinstance(statement, ast.Assign | ast.AugAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for name in (x.id for x in targets if isinstance(x, ast.Name)):
                if name in bound:
                    found.add(name)
                bound.add(name)
