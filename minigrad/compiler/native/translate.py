"""From the source of native code to LLVM's instructions, in one walk: what numba's own front end takes a second for.

numba looks at bytecode, finds out by repeated passes where each variable lives and what type it is of, and takes 30 ms
for each operation of a step; more, the longer that is. The code that is written here needs none of it: each name gets
its type where it is assigned, every loop is a ``range``, and what is bound within a loop is read there alone. So one
walk over its syntax does, which asks numba for no more than the type and the instructions of each operator and
function; exceptions, and the way into the code from Python, stay numba's. ``Untranslated`` is raised for what is not in
this language. Needs the extra ``native``.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from typing import Any

from minigrad.compiler.native.apart import leave_rolled
from minigrad.compiler.native.expressions import WHOLE, Slot, Value
from minigrad.compiler.native.outline import Outline, find_mutable, list_parts, outline_statement
from minigrad.compiler.native.statements import Statements
from minigrad.extras import require

types: Any = require("numba.core.types", "native")
cgutils: Any = require("numba.core.cgutils", "native")
ir: Any = require("llvmlite.ir", "native")

OFTEN = 4  # equal loops, from which on they are one function: a call takes 2 ns, and keeps values out of registers


def translate(
    source: str, known: dict[str, Any], given: Sequence[Any], result: Any, rolled: bool = False
) -> tuple[Any, Any]:
    """Give the signature and the generator of an intrinsic that does what a function's source says.

    ``known`` are the globals that the source names, ``given`` the types of its arguments, ``result`` what it returns;
    of one that is ``rolled`` the loops stay loops.
    """
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        names = [x.arg for x in function.args.args]
        values = {name: Value(*x) for name, *x in zip(names, arguments, signature.args, strict=True)}
        return Whole(context, builder, known, dict(values)).translate(function.body, result, rolled)

    return result(*given), generate


class Whole(Statements):
    """Writes a function into the one that calls it, and loops of a kind that comes often as functions of their own."""

    def translate(self, body: Sequence[ast.stmt], result: Any, rolled: bool) -> Any:
        """Write everything, and give what is returned."""
        self.mutable, self.result = find_mutable(body), result
        self.functions: dict[Any, Any] = {}
        self.blocks = {} if rolled else None
        self.returned = cgutils.alloca_once(self.builder, self.context.get_value_type(result))
        self.end = self.builder.append_basic_block("returned")
        known = {x.id for x in ast.walk(ast.Module(list(body), [])) if isinstance(x, ast.Name)} - self.known.keys()
        self.outlines = {x: outline_statement(x, known) for x in list_parts(body)}
        self.often = Counter(x.key for x in self.outlines.values())
        before = set(self.builder.module.functions)
        self.write_statements(body)
        self.builder.position_at_end(self.end)
        if rolled:
            leave_rolled([self.builder.function, *(x for x in self.builder.module.functions if x not in before)])
        return self.builder.load(self.returned)

    def write_statement(self, statement: ast.stmt) -> None:
        """Write a statement, or a call of the function that it is."""
        outline = self.outlines.get(statement)
        if outline is not None and self.often[outline.key] >= OFTEN:
            self.write_call(outline)
        else:
            super().write_statement(statement)

    def write_Return(self, statement: ast.Return) -> None:
        """Leave the code with a value."""
        asked = statement.value
        assert asked is not None
        values = [self.value(x) for x in (asked.elts if isinstance(asked, ast.Tuple) else [asked])]
        found = values[0]
        if isinstance(asked, ast.Tuple):
            kind = types.Tuple([x.kind for x in values])
            found = Value(self.context.make_tuple(self.builder, kind, [x.value for x in values]), kind)
        self.builder.store(self.cast(found, self.result), self.returned)
        self.builder.branch(self.end)

    def write_call(self, loop: Outline) -> None:
        """Write a call of the function that a loop is; of what it assigns, it is passed the place."""
        held = {new: self.names[old] for old, new in loop.names.items() if old in self.names}
        values = {x: self.load(y) for x, y in held.items() if x not in loop.bound}
        slots = {x: y for x, y in held.items() if x in loop.bound and isinstance(y, Slot)}
        passed = [self.pass_place(x) for x in slots.values()] + list(values.values())
        passed += [Value(WHOLE(x), types.intp) for x in loop.places]
        kinds = tuple(x.kind for x in passed)
        key = (loop.key, *slots, *kinds)
        if key not in self.functions:
            names = [*slots, *values, *(f"P{i}" for i in range(len(loop.places)))]
            self.functions[key] = self.write_function(loop.statement, dict(zip(names, kinds, strict=True)), set(slots))
        call = self.context.call_conv.call_function
        status, _ = call(self.builder, self.functions[key], types.none, kinds, [x.value for x in passed])
        with cgutils.if_unlikely(self.builder, status.is_error):
            self.context.call_conv.return_status_propagate(self.builder, status)

    def pass_place(self, slot: Slot) -> Value:
        """Give the place of a variable as an argument."""
        kind = types.CPointer(slot.kind)
        return Value(self.builder.bitcast(slot.place, self.context.get_value_type(kind)), kind)

    def write_function(self, statement: ast.stmt, given: dict[str, Any], slots: set[str]) -> Any:
        """Write a function of arguments of some types, of which ``slots`` are places of variables."""
        convention = self.context.call_conv
        kind = convention.get_function_type(types.none, tuple(given.values()))
        function = ir.Function(self.builder.module, kind, f"{self.builder.function.name}.loop{len(self.functions)}")
        function.linkage = "internal"
        function.attributes.add("noinline")
        names: dict[str, Value | Slot] = {}
        builder = ir.IRBuilder(function.append_basic_block())
        found = convention.decode_arguments(builder, tuple(given.values()), function)
        for (name, kind), x in zip(given.items(), found, strict=True):
            if name in slots:  # which truth values have of one bit, and are passed of a byte
                place = builder.bitcast(x, self.context.get_value_type(kind.dtype).as_pointer())
                names[name] = Slot(place, kind.dtype)
            else:
                names[name] = Value(x, kind)
        part = Statements(self.context, builder, self.known, names)
        part.blocks = self.blocks
        part.mutable = find_mutable([statement]) | slots
        part.write_statements([statement])
        convention.return_value(part.builder, self.context.get_dummy_value())
        return function
