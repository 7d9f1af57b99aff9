"""Expressions of native code as LLVM's instructions: see ``translate``. Needs the extra ``native``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.extras import require

types: Any = require("numba.core.types", "native")
cgutils: Any = require("numba.core.cgutils", "native")
ir: Any = require("llvmlite.ir", "native")
Dispatcher: Any = require("numba.core.dispatcher", "native").Dispatcher

WHOLE, TRUTH = ir.IntType(64), ir.IntType(1)
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift, ast.RShift: operator.rshift,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert, ast.Eq: operator.eq,
    ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
CASTS: dict[Any, Any] = {
    np.float64: types.float64, np.float32: types.float32, np.int64: types.int64, np.int32: types.int32,
    np.uint8: types.uint8, bool: types.boolean,
}  # fmt: skip


class Value(NamedTuple):
    """A value that the code has computed, and numba's type of it."""

    value: Any
    kind: Any


class Slot(NamedTuple):
    """Where a name lives that is assigned more than once."""

    place: Any
    kind: Any


class Untranslated(Exception):
    """The source is not in the language that is read here."""


class Expressions:
    """Writes expressions at the place where a builder stands; ``known`` are globals, ``names`` the variables."""

    def __init__(self, context: Any, builder: Any, known: dict[str, Any], names: dict[str, Value | Slot]) -> None:
        self.context, self.typing, self.builder, self.known = context, context.typing_context, builder, known
        self.names = names
        self.calls: dict[Any, tuple[Any, Any]] = {}
        self.blocks: dict[Any, Any] | None = None  # functions for blocks of sums, where each kind is to be one

    def value(self, x: ast.expr) -> Value:
        """Write an expression."""
        give = getattr(self, f"give_{type(x).__name__}", None)
        if give is None:
            raise Untranslated(ast.unparse(x))
        value: Value = give(x)
        return value

    def give_Constant(self, x: ast.Constant) -> Value:
        """Give a number, a truth value or None."""
        kind = {bool: types.boolean, float: types.float64, type(None): types.none}.get(type(x.value))
        if type(x.value) is int:
            return Value(WHOLE(x.value), types.literal(x.value))
        if kind is None:
            raise Untranslated(ast.unparse(x))
        return Value(self.context.get_constant_generic(self.builder, kind, x.value), kind)

    def give_Name(self, x: ast.Name) -> Value:
        """Give what a name is bound to."""
        found = self.names.get(x.id)
        if found is None:
            raise Untranslated(x.id)
        return self.load(found)

    def load(self, x: Value | Slot) -> Value:
        """Give what a variable has now."""
        return Value(self.builder.load(x.place), x.kind) if isinstance(x, Slot) else x

    def give_Attribute(self, x: ast.Attribute) -> Value:
        """Give a constant of a module, or where an argument's elements begin: ``a.ctypes.data``."""
        if ast.unparse(x).endswith(".ctypes.data"):
            return self.data(x.value.value)  # type: ignore[attr-defined]
        found = self.find(x)
        if not isinstance(found, float):
            raise Untranslated(ast.unparse(x))
        return Value(self.context.get_constant_generic(self.builder, types.float64, found), types.float64)

    def data(self, x: ast.expr) -> Value:
        """Give the address of an array's first element; the array may be known by where its object lies."""
        array = self.value(x)
        if array.kind == types.intp:
            return self.call(self.known["start"], [array])
        parts = self.context.make_array(array.kind)(self.context, self.builder, array.value)
        return Value(self.builder.ptrtoint(parts.data, WHOLE), types.intp)

    def give_BinOp(self, x: ast.BinOp) -> Value:
        """Give what an operator gives."""
        return self.call(OPERATORS[type(x.op)], [self.value(x.left), self.value(x.right)])

    def give_UnaryOp(self, x: ast.UnaryOp) -> Value:
        """Give what an operator gives; of a number that stands there, the number."""
        if isinstance(x.op, ast.Not):
            return Value(self.builder.not_(self.truth(x.operand)), types.boolean)
        number = x.operand.value if isinstance(x.operand, ast.Constant) else None
        if isinstance(x.op, ast.USub) and isinstance(number, int | float):
            return self.give_Constant(ast.Constant(-number))
        return self.call(OPERATORS[type(x.op)], [self.value(x.operand)])

    def give_Compare(self, x: ast.Compare) -> Value:
        """Give a truth value; the shape of an argument is compared axis by axis."""
        if len(x.ops) != 1:
            raise Untranslated(ast.unparse(x))
        (sign,), (other,) = x.ops, x.comparators
        if isinstance(x.left, ast.Attribute) and x.left.attr == "shape" and isinstance(sign, ast.NotEq):
            return self.differ(self.value(x.left.value), ast.literal_eval(other))
        return self.call(OPERATORS[type(sign)], [self.value(x.left), self.value(other)])

    def differ(self, array: Value, shape: Sequence[int]) -> Value:
        """Say whether an array has another shape, of as many axes; one known by its object has been looked at."""
        if array.kind == types.intp:
            return Value(TRUTH(0), types.boolean)
        parts = self.context.make_array(array.kind)(self.context, self.builder, array.value)
        found: Any = TRUTH(0)
        for length, n in zip(cgutils.unpack_tuple(self.builder, parts.shape), shape, strict=True):
            found = self.builder.or_(found, self.builder.icmp_signed("!=", length, WHOLE(n)))
        return Value(found, types.boolean)

    def give_BoolOp(self, x: ast.BoolOp) -> Value:
        """Give a truth value, of operands of which the later ones are computed where they count."""
        builder = self.builder
        found, end = cgutils.alloca_once(builder, TRUTH), builder.append_basic_block("known")
        for i, operand in enumerate(x.values):
            truth = self.truth(operand)
            builder.store(truth, found)
            more = builder.append_basic_block("more") if i + 1 < len(x.values) else end
            builder.cbranch(truth, *((more, end) if isinstance(x.op, ast.And) else (end, more)))
            builder.position_at_end(more)
        return Value(builder.load(found), types.boolean)

    def truth(self, x: ast.expr) -> Any:
        """Write a condition."""
        return self.cast(self.value(x), types.boolean)

    def give_IfExp(self, x: ast.IfExp) -> Value:
        """Give one of two values; both are computed only where that takes nothing."""
        condition, builder = self.truth(x.test), self.builder
        if all(isinstance(y, ast.Name | ast.Constant) for y in (x.body, x.orelse)):
            a, b, kind = self.alike(self.value(x.body), self.value(x.orelse))
            return Value(builder.select(condition, a, b), kind)
        blocks = [builder.append_basic_block(name) for name in ("then", "else", "chosen")]
        builder.cbranch(condition, *blocks[:2])
        found, ends = [], []
        for block, y in zip(blocks[:2], (x.body, x.orelse), strict=True):
            builder.position_at_end(block)
            found.append(self.value(y))
            ends.append(builder.block)
        kind = self.unify(found[0].kind, found[1].kind)
        values = []
        for end, given in zip(ends, found, strict=True):
            builder.position_at_end(end)
            values.append(self.cast(given, kind))
            builder.branch(blocks[2])
        builder.position_at_end(blocks[2])
        chosen = builder.phi(values[0].type)
        for end, value in zip(ends, values, strict=True):
            chosen.add_incoming(value, end)
        return Value(chosen, kind)

    def alike(self, a: Value, b: Value) -> tuple[Any, Any, Any]:
        """Give two values as one type, and that."""
        kind = self.unify(a.kind, b.kind)
        return self.cast(a, kind), self.cast(b, kind), kind

    def unify(self, a: Any, b: Any) -> Any:
        """Give the type that a name has that is bound to either."""
        kind = self.typing.unify_types(types.unliteral(a), types.unliteral(b))
        if kind is None:
            raise Untranslated(f"one of {a} and {b}")
        return kind

    def give_Subscript(self, x: ast.Subscript) -> Value:
        """Give an element of an array, or of a tuple."""
        array = self.value(x.value)
        if isinstance(array.kind, types.BaseTuple):
            i = ast.literal_eval(x.slice)
            return Value(self.builder.extract_value(array.value, i), array.kind.types[i])
        return self.call(operator.getitem, [array, self.value(x.slice)])

    def give_Call(self, x: ast.Call) -> Value:
        """Give what a function gives; to name a type casts to it."""
        function = self.find(x.func)
        values = [self.value(y) for y in x.args]
        kind = CASTS.get(function)
        if kind is not None and len(values) == 1 and isinstance(values[0].kind, types.Number | types.Boolean):
            return Value(self.cast(values[0], kind), kind)
        return self.call(function, values)

    def find(self, x: ast.expr) -> Any:
        """Find what a global name, or an attribute of one, stands for."""
        if isinstance(x, ast.Attribute):
            return getattr(self.find(x.value), x.attr)
        if not isinstance(x, ast.Name) or x.id in self.names:
            raise Untranslated(ast.unparse(x))
        found = self.known.get(x.id)
        return getattr(self.known["builtins"], x.id) if found is None else found

    def call(self, function: Any, values: Sequence[Value]) -> Value:
        """Write a call, or an operator, as numba does for these types; what numba compiles itself, for any number."""
        if isinstance(function, Dispatcher):
            values = [Value(x.value, types.unliteral(x.kind)) for x in values]
        if self.blocks is not None and function in self.known["BLOCKS"]:
            return self.call_block(function, values)
        key = (function, *(x.kind for x in values))
        if key not in self.calls:
            kind = function if isinstance(function, types.Type) else self.typing.resolve_value_type(function)
            signature = self.typing.resolve_function_type(kind, tuple(x.kind for x in values), {})
            if signature is None:
                raise Untranslated(f"{function} of {key[1:]}")
            self.calls[key] = signature, self.context.get_function(kind, signature)
            self.context.add_linking_libs(getattr(self.calls[key][1], "libs", ()))
        signature, write = self.calls[key]
        *own, last = kinds = signature.args or (types.none,)
        starred = isinstance(last, types.StarArgTuple | types.StarArgUniTuple)  # the function takes any number of them
        passed = [self.cast(x, kind) for x, kind in zip(values, (*own, *last) if starred else kinds, strict=True)]
        if starred:
            passed = [*passed[: len(own)], self.context.make_tuple(self.builder, last, passed[len(own) :])]
        return Value(write(self.builder, passed), signature.return_type)

    def cast(self, x: Value, kind: Any) -> Any:
        """Write a value as one of another type."""
        return x.value if x.kind == kind else self.context.cast(self.builder, x.value, x.kind, kind)

    def call_block(self, function: Any, values: Sequence[Value]) -> Value:
        """Write a call of the function that a block of sums is, for its sizes: they are the first arguments.

        A call takes 5 ns and a block a microsecond. Of a U-Net's code nine tenths were blocks, of 20 sizes.
        """
        assert self.blocks is not None
        sizes, given = values[: self.known["BLOCKS"][function]], values[self.known["BLOCKS"][function] :]
        kinds = tuple(types.unliteral(x.kind) for x in given)
        key = (function, *(x.kind for x in sizes), *kinds)
        convention, none = self.context.call_conv, self.context.get_dummy_value()
        if key not in self.blocks:
            module = self.builder.module
            kind = convention.get_function_type(types.none, kinds)
            written = self.blocks[key] = ir.Function(module, kind, module.get_unique_name(f"{function.__name__}.block"))
            written.linkage = "internal"
            written.attributes.add("noinline")
            inside = Expressions(self.context, ir.IRBuilder(written.append_basic_block()), self.known, {})
            found = convention.decode_arguments(inside.builder, kinds, written)
            inside.call(function, [*sizes, *map(Value, found, kinds)])
            convention.return_value(inside.builder, none)
        convention.call_function(self.builder, self.blocks[key], types.none, kinds, [x.value for x in given])
        return Value(none, types.none)
