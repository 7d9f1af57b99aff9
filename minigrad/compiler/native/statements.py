"""Statements of native code as LLVM's instructions: see ``translate``. Needs the extra ``native``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable
from typing import Any

from minigrad.compiler.native.apart import RANGES, mark_apart
from minigrad.compiler.native.expressions import OPERATORS, WHOLE, Expressions, Slot, Untranslated, Value
from minigrad.compiler.native.outline import find_mutable
from minigrad.extras import require

types: Any = require("numba.core.types", "native")
cgutils: Any = require("numba.core.cgutils", "native")
ir: Any = require("llvmlite.ir", "native")


class Statements(Expressions):
    """Writes statements; ``mutable`` are the names that need a place of their own."""

    mutable: set[str]

    def write_statements(self, body: Iterable[ast.stmt]) -> None:
        """Write one after the other."""
        for statement in body:
            self.write_statement(statement)

    def write_statement(self, statement: ast.stmt) -> None:
        """Write one."""
        write = getattr(self, f"write_{type(statement).__name__}", None)
        if write is None:
            raise Untranslated(ast.unparse(statement))
        write(statement)

    def write_scope(self, body: Iterable[ast.stmt]) -> None:
        """Write statements whose new names nobody else knows."""
        outside = dict(self.names)
        self.write_statements(body)
        self.names = outside

    def write_Pass(self, statement: ast.Pass) -> None:
        """Write nothing."""

    def write_Expr(self, statement: ast.Expr) -> None:
        """Write a call."""
        self.value(statement.value)

    def write_Assign(self, statement: ast.Assign) -> None:
        """Bind a name, or store an element."""
        (target,) = statement.targets
        self.assign(target, self.value(statement.value))

    def write_AugAssign(self, statement: ast.AugAssign) -> None:
        """Add to a name, or to an element, which is found once."""
        target, function = statement.target, OPERATORS[type(statement.op)]
        if isinstance(target, ast.Subscript):
            array, index = self.value(target.value), self.value(target.slice)
            old = self.call(operator.getitem, [array, index])
            self.call(operator.setitem, [array, index, self.call(function, [old, self.value(statement.value)])])
            return
        assert isinstance(target, ast.Name)
        self.assign(target, self.call(function, [self.give_Name(target), self.value(statement.value)]))

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a name to a value, or store it at an index."""
        if isinstance(target, ast.Subscript):
            self.call(operator.setitem, [self.value(target.value), self.value(target.slice), value])
            return
        if not isinstance(target, ast.Name):
            raise Untranslated(ast.unparse(target))
        value = Value(value.value, types.unliteral(value.kind))
        if target.id not in self.mutable:
            self.names[target.id] = value
            return
        slot = self.names.get(target.id)
        if not isinstance(slot, Slot):
            slot = Slot(cgutils.alloca_once(self.builder, value.value.type, name=target.id), value.kind)
            self.names[target.id] = slot
        if slot.kind != value.kind and not (slot.kind in types.integer_domain and value.kind in types.integer_domain):
            raise Untranslated(f"{target.id}, of {slot.kind} and {value.kind}")
        self.builder.store(self.cast(value, slot.kind), slot.place)

    def write_For(self, loop: ast.For) -> None:
        """Write a loop over a range whose step is known, with its test at the end; of some the turns are apart."""
        if not isinstance(loop.target, ast.Name) or loop.orelse:
            raise Untranslated(ast.unparse(loop))
        if isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) == "shared":
            self.write_shared(loop)
            return
        start, stop, step = self.read_range(loop.iter)
        builder = self.builder
        before = builder.icmp_signed("<" if step > 0 else ">", start, stop)
        body, after = builder.append_basic_block("loop"), builder.append_basic_block("after")
        known = isinstance(start, ir.Constant) and isinstance(stop, ir.Constant)
        if known and len(range(start.constant, stop.constant, step)):
            builder.branch(body)
        else:
            builder.cbranch(before, body, after)
        outside, first = builder.block, len(builder.function.blocks) - 2
        builder.position_at_end(body)
        count = builder.phi(WHOLE, loop.target.id)
        count.add_incoming(start, outside)
        names = dict(self.names)
        self.names[loop.target.id] = Value(self.bound(count, loop), types.intp)
        self.write_statements(loop.body)
        self.names = names
        following = builder.add(count, WHOLE(step), flags=("nsw",))
        count.add_incoming(following, builder.block)
        end = builder.cbranch(builder.icmp_signed("<" if step > 0 else ">", following, stop), body, after)
        if ast.unparse(loop.iter.func) == "apart":  # type: ignore[attr-defined]
            mark_apart(builder.function.blocks[first:], end, self.names.values())
        builder.position_at_end(after)

    def bound(self, count: Any, loop: ast.For) -> Any:
        """Let the compiler know that what counts a thread's part of a loop is below its end, where there is one inside.

        Else it cannot tell what is read there from what is written, and vectorizes none: that took four times as long.
        """
        stop = loop.iter.args[1] if len(loop.iter.args) > 1 else None  # type: ignore[attr-defined]
        last = stop.args[-1] if isinstance(stop, ast.Call) and ast.unparse(stop.func) == "min" else None
        n = last.value if isinstance(last, ast.Constant) else None
        if not isinstance(n, int) or not any(isinstance(x, ast.For) for x in loop.body):
            return count
        return self.builder.and_(count, WHOLE((1 << n.bit_length()) - 1))

    def read_range(self, iterated: ast.expr) -> tuple[Any, Any, int]:
        """Give the start, the stop and the step of a range."""
        if not (isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id in RANGES):
            raise Untranslated(ast.unparse(iterated))
        ends = [self.value(x) for x in iterated.args]
        step = ast.literal_eval(iterated.args[2]) if len(ends) == 3 else 1
        start, stop = (WHOLE(0), ends[0]) if len(ends) == 1 else (self.cast(ends[0], types.intp), ends[1])
        return start, self.cast(stop, types.intp), step

    def write_shared(self, loop: ast.For) -> None:
        """Write a loop whose turns threads share: a function of the turn, and of where what it names is kept."""
        used = {x.id for y in loop.body for x in ast.walk(y) if isinstance(x, ast.Name)}
        held = {name: self.load(x) for name, x in self.names.items() if name in used}
        builder, kept = self.builder, ir.LiteralStructType([x.value.type for x in held.values()])
        place = cgutils.alloca_once(builder, kept)
        for i, x in enumerate(held.values()):
            builder.store(x.value, cgutils.gep_inbounds(builder, place, 0, i))
        piece = self.write_piece(loop, {name: x.kind for name, x in held.items()}, kept)
        addresses = [Value(builder.ptrtoint(x, WHOLE), types.intp) for x in (piece, place)]
        crew, *counts = map(self.value, loop.iter.args)  # type: ignore[attr-defined]
        self.call(self.known["share_out"], [crew, *addresses, *counts])

    def write_piece(self, loop: ast.For, kinds: dict[str, Any], kept: Any) -> Any:
        """Write the function that is one turn of a loop; it may raise nothing."""
        convention, module = self.context.call_conv, self.builder.module
        kind = convention.get_function_type(types.none, (types.intp,) * 3)
        function = ir.Function(module, kind, module.get_unique_name(f"{self.builder.function.name}.piece"))
        function.linkage = "internal"
        builder = ir.IRBuilder(function.append_basic_block())
        captured, turn, me = convention.get_arguments(function)
        place = builder.inttoptr(captured, kept.as_pointer())
        names: dict[str, Value | Slot] = {
            name: Value(builder.load(cgutils.gep_inbounds(builder, place, 0, i)), kind)
            for i, (name, kind) in enumerate(kinds.items())
        }
        names[loop.target.id] = Value(turn, types.intp)  # type: ignore[attr-defined]
        names["me"] = Value(me, types.intp)
        part = Statements(self.context, builder, self.known, names)
        part.blocks = self.blocks
        part.mutable = find_mutable(loop.body)
        part.write_statements(loop.body)
        convention.return_value(builder, self.context.get_dummy_value())
        return function

    def write_If(self, statement: ast.If) -> None:
        """Write a branch."""
        condition = self.truth(statement.test)
        after = self.builder.append_basic_block("after")
        chosen = self.builder.append_basic_block("then")
        other = self.builder.append_basic_block("else") if statement.orelse else after
        self.builder.cbranch(condition, chosen, other)
        for block, body in ((chosen, statement.body), (other, statement.orelse)):
            if block is not after:
                self.builder.position_at_end(block)
                self.write_scope(body)
                if not self.builder.block.is_terminated:
                    self.builder.branch(after)
        self.builder.position_at_end(after)

    def write_Raise(self, statement: ast.Raise) -> None:
        """Leave the code with an exception that says what stands there."""
        raised = statement.exc
        if not isinstance(raised, ast.Call):
            raise Untranslated(ast.unparse(statement))
        said = tuple(ast.literal_eval(x) for x in raised.args)
        self.context.call_conv.return_user_exc(self.builder, self.find(raised.func), said)
