"""How Python calls a step that is over in a microsecond: a builtin function, which takes objects and gives one.

numba's own takes a tuple of integers and floats, of which it unpacks each in 10 ns, and what it gives is a Python
number, of which to make NumPy's, in a Tensor, takes three operations more: 250 ns in all, where the smallest step
computes for 50. This one reads arguments where they lie, as ``objects`` does, and calls what the step is compiled to.
Whatever it is not written for it refuses by giving None, before anything has been computed or changed: then numba's is
called. Needs the extra ``native``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.native.objects import DATA, READABLE, TYPE, WORD, find_slot
from minigrad.extras import require

types: Any = require("numba.core.types", "native")
ir: Any = require("llvmlite.ir", "native")
cpu_target: Any = require("numba.core.registry", "native").cpu_target
global_compiler_lock: Any = require("numba.core.compiler_lock", "native").global_compiler_lock

WHOLE, OBJECT = ir.IntType(64), ir.IntType(8).as_pointer()
CONTENT = 2 * WORD  # bytes from the start of a number's object, Python's or NumPy's, to its bits
TAKES_ARRAY = 0x0080  # METH_FASTCALL
ALLOC = 47  # Py_tp_alloc
NUMBERS = {"float64": types.float64, "float32": types.float32, "int64": types.int64, "int32": types.int32}


class MethodDef(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p),
    )  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """What a step is passed behind the address of its context, in order, and what it gives.

    ``floats`` says of each argument whether it is a number, else its object's address; ``numbers`` are the dtypes of
    what is given. The only one is put ``into`` a slot of a new object, so many bytes from its start, where that is not
    None.
    """

    floats: tuple[bool, ...]
    numbers: tuple[str, ...]
    into: int | None

    @property
    def result(self) -> Any:
        """Give numba's type of what the step gives."""
        kinds = [NUMBERS[name] for name in self.numbers]
        return types.Optional(types.Tuple(kinds) if len(kinds) > 1 else kinds[0] if kinds else types.intp)


def can_wrap(numbers: Sequence[tuple[np.dtype[Any], type]]) -> bool:
    """Say whether such a function can give numbers of these dtypes as those types: not Python's int."""
    kinds = [number for dtype, number in numbers if dtype.name in NUMBERS and number is not int]
    return READABLE and len(kinds) == len(numbers) and all(_lies_as_written(x(3)) for x in (*kinds, float, np.float64))


def _lies_as_written(x: Any) -> bool:
    """Say whether the bits of a number are found where they are looked for."""
    bits = np.asarray(x).tobytes()
    return type(x).__basicsize__ <= CONTENT + WORD and ctypes.string_at(id(x) + CONTENT, len(bits)) == bits


def wrap_step(
    step: Any, context: int, floats: Sequence[bool], numbers: Sequence[tuple[np.dtype[Any], type]], kind: type | None
) -> Any:
    """Give the builtin for a compiled step, called with the address of its context.

    It is passed the arguments behind that; of ``numbers`` there are dtypes, and what they are to be. The only one is
    given within a new object of a ``kind``, if that is not None, in its slot ``array``.
    """
    into = None if kind is None else find_slot(kind, "array")
    signature = Signature(tuple(floats), tuple(dtype.name for dtype, _ in numbers), into)
    made = [*(number for _, number in numbers), *([] if kind is None else [kind])]
    words = np.array([step.address, context, *(word for x in made for word in (_find_alloc(x), id(x)))], np.int64)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    return new(ctypes.addressof(_define(signature)), words, None)


def _find_alloc(kind: type) -> int:
    """Give the address of the function that allocates objects of a type."""
    ask = ctypes.pythonapi.PyType_GetSlot
    ask.restype, ask.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_int]
    return int(ask(kind, ALLOC))


_defined: dict[Signature, tuple[MethodDef, Any]] = {}  # for ever: Python's functions point there


def _define(signature: Signature) -> MethodDef:
    """Write the function for a signature, once."""
    with global_compiler_lock:
        if signature not in _defined:
            context = cpu_target.target_context
            library = context.codegen().create_library("minigrad_wrapper")
            module = library.create_ir_module("minigrad_wrapper")
            _Writer(context, module, signature).write()
            library.add_ir_module(module)
            library.finalize()
            address = library.get_pointer_to_function("wrapper")
            _defined[signature] = MethodDef(b"step", address, TAKES_ARRAY, None), library
        return _defined[signature][0]


class _Writer:
    """Writes one function: PyObject *wrapper(PyObject *words, PyObject **arguments, Py_ssize_t number)."""

    def __init__(self, context: Any, module: Any, signature: Signature) -> None:
        self.context, self.signature = context, signature
        kind = ir.FunctionType(OBJECT, [OBJECT, OBJECT.as_pointer(), WHOLE])
        self.function = ir.Function(module, kind, "wrapper")
        self.builder = ir.IRBuilder(self.function.append_basic_block())
        self.refused = self.function.append_basic_block("refused")
        self.failed = self.function.append_basic_block("failed")

    def write(self) -> None:
        """Write it."""
        builder, signature = self.builder, self.signature
        words, arguments, _ = self.function.args
        self.words = builder.inttoptr(self.load(words, DATA * WORD, WHOLE), WHOLE.as_pointer())
        given = [builder.load(builder.gep(arguments, [WHOLE(i)])) for i in range(len(signature.floats))]
        passed = [self.unbox(x) if is_float else builder.ptrtoint(x, WHOLE)
                  for x, is_float in zip(given, signature.floats, strict=True)]  # fmt: skip
        kinds = (types.intp, *(types.float64 if is_float else types.intp for is_float in signature.floats))
        convention = self.context.call_conv
        kind = convention.get_function_type(signature.result, kinds)
        step = builder.inttoptr(self.word(0), kind.as_pointer())
        status, value = convention.call_function(builder, step, signature.result, kinds, [self.word(1), *passed])
        self.go_on(builder.and_(status.is_ok, builder.not_(status.is_none)), self.refused)
        builder.ret(self.box(value))
        builder.position_at_end(self.refused)
        builder.ret(self.own(None))
        builder.position_at_end(self.failed)
        builder.ret(ir.Constant(OBJECT, None))

    def go_on(self, condition: Any, other: Any) -> None:
        """Go on where a condition holds, and else to another block."""
        block = self.function.append_basic_block()
        self.builder.cbranch(condition, block, other)
        self.builder.position_at_end(block)

    def word(self, i: int) -> Any:
        """Load one of the words that the function is bound to."""
        return self.builder.load(self.builder.gep(self.words, [WHOLE(i)]))

    def load(self, x: Any, at: int, kind: Any) -> Any:
        """Load what lies so many bytes from an object's start."""
        return self.builder.load(self.place(x, at, kind))

    def place(self, x: Any, at: int, kind: Any) -> Any:
        """Give a pointer to that."""
        return self.builder.bitcast(self.builder.gep(x, [WHOLE(at)]), kind.as_pointer())

    def unbox(self, x: Any) -> Any:
        """Give the number of a float, Python's or NumPy's."""
        found = self.load(x, TYPE * WORD, WHOLE)
        known = [self.builder.icmp_signed("==", found, WHOLE(id(kind))) for kind in (float, np.float64)]
        self.go_on(self.builder.or_(*known), self.refused)
        return self.load(x, CONTENT, ir.DoubleType())

    def box(self, value: Any) -> Any:
        """Give an object for the numbers: one, in what it is to be put into, or a tuple; True where there are none."""
        numbers, builder = self.signature.numbers, self.builder
        if not numbers:
            return self.own(True)
        if len(numbers) == 1:
            number = self.make(0, value)
            if self.signature.into is None:
                return number
            made = self.allocate(1)
            builder.store(number, self.place(made, self.signature.into, OBJECT))
            return made
        made = self.call("PyTuple_New", OBJECT, [WHOLE(len(numbers))])
        self.go_on(builder.icmp_signed("!=", builder.ptrtoint(made, WHOLE), WHOLE(0)), self.failed)
        for i in range(len(numbers)):
            number = self.make(i, builder.extract_value(value, i))
            self.call("PyTuple_SetItem", ir.IntType(32), [made, WHOLE(i), number])
        return made

    def make(self, i: int, value: Any) -> Any:
        """Give an object for a number: of type i among those that are made."""
        made = self.allocate(i)
        self.builder.store(value, self.place(made, CONTENT, value.type))
        return made

    def allocate(self, i: int) -> Any:
        """Give a new object of type i, as its type allocates them."""
        builder = self.builder
        kind = ir.FunctionType(OBJECT, [OBJECT, WHOLE]).as_pointer()
        alloc, made_of = builder.inttoptr(self.word(2 + 2 * i), kind), builder.inttoptr(self.word(3 + 2 * i), OBJECT)
        made = builder.call(alloc, [made_of, WHOLE(0)])
        self.go_on(builder.icmp_signed("!=", builder.ptrtoint(made, WHOLE), WHOLE(0)), self.failed)
        return made

    def own(self, x: Any) -> Any:
        """Give one of Python's constants, with a reference more."""
        constant = self.builder.inttoptr(WHOLE(id(x)), OBJECT)
        self.call("Py_IncRef", ir.VoidType(), [constant])
        return constant

    def call(self, name: str, result: Any, passed: Sequence[Any]) -> Any:
        """Call a function of Python's."""
        address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
        kind = ir.FunctionType(result, [x.type for x in passed])
        return self.builder.call(self.builder.inttoptr(WHOLE(address), kind.as_pointer()), passed)
