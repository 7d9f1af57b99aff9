"""What a function's code asks of a value that, while it is traced, is another thing: its type, its text, an error."""

from __future__ import annotations

import dis
from functools import lru_cache
from itertools import pairwise
from types import CodeType

# Names by which code asks what something is, or what it looks like: of a value that is traced the answer is another.
NAMES = frozenset(
    (
        *("isinstance", "issubclass", "type", "__class__", "callable", "hasattr", "getattr", "isscalar", "iterable"),
        *("hash", "repr", "str", "format", "dir", "suppress"),
    )
)
IDENTITY = frozenset(("id", "is_", "is_not"))
# An except clause may catch the error that says what cannot be traced, and f"{x}" is of what stands for x.
CODES = frozenset(
    (
        *("CHECK_EXC_MATCH", "FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC"),
        *("MATCH_CLASS", "MATCH_SEQUENCE", "MATCH_MAPPING"),
    )
)
SINGLE = (None, True, False, ...)  # what anything else may be told from
PASSED_OVER = {"PUSH_NULL", "COPY", "SWAP", "NOP", "RESUME", "EXTENDED_ARG", "CACHE", "PRECALL"}
BY_NAME = {"getattr", "hasattr"}  # by which code asks for an attribute that may be missing
# Methods that an object is asked for by operators, by statements and by functions of Python's.
ARITHMETIC = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"]
ARITHMETIC += ["lshift", "rshift", "divmod"]
SPECIAL = [f"__{r}{name}__" for name in ARITHMETIC for r in ("", "r", "i")]
SPECIAL += [
    f"__{name}__"
    for name in (
        *("neg", "pos", "abs", "invert", "len", "bool", "float", "int", "index", "round", "iter", "next", "contains"),
        *("getitem", "setitem", "delitem", "missing", "enter", "exit", "eq", "ne", "lt", "le", "gt", "ge"),
        *("reversed", "floor", "ceil", "trunc", "complex", "str", "repr", "format", "hash", "await", "aiter", "anext"),
        *(
            "array",
            "array_interface",
            "array_ufunc",
            "array_function",
            "dir",
            "length_hint",
            "instancecheck",
            "subclasscheck",
        ),
    )
]
TEXT = ("__str__", "__repr__", "__format__", "__dir__")  # those that count where code asks what something is


@lru_cache(maxsize=1024)  # half the time of following a function, which each of its traces does
def read_instructions(code: CodeType) -> list[dis.Instruction]:
    """Give a code's instructions, without those that only help Python along."""
    return [x for x in dis.get_instructions(code) if x.opname not in PASSED_OVER]


@lru_cache(maxsize=1024)
def asks_what_it_is(code: CodeType) -> bool:
    """Say whether code asks what something is, so that a trace may take another way than a call would.

    By a name such as ``isinstance``, by ``except``, ``match`` or ``x is y``, or by the text of it.
    """
    if not NAMES.isdisjoint(code.co_names):
        return True
    names = [x.opname for x in read_instructions(code)]
    if not CODES.isdisjoint(names) or ("PUSH_EXC_INFO" in names and "WITH_EXCEPT_START" not in names):
        return True
    return asks_which(code)


@lru_cache(maxsize=1024)
def asks_which(code: CodeType) -> bool:
    """Say whether code asks which of two equal things something is: by ``x is y``, if y is not the only one of a kind.

    Or by ``id``, or the function that ``is`` has in ``operator``.
    """
    if not IDENTITY.isdisjoint(code.co_names):
        return True
    instructions = read_instructions(code)
    return any(
        x.opname == "IS_OP" and not (before.opname == "LOAD_CONST" and any(before.argval is s for s in SINGLE))
        for before, x in pairwise(instructions)
    )


@lru_cache(maxsize=1024)
def find_asked_names(code: CodeType) -> tuple[str, ...]:
    """Give the attributes that code asks for by name, in ``getattr(x, "name", …)`` and ``hasattr(x, "name")``."""
    names, asking = [], False
    for x in read_instructions(code):
        if x.opname.startswith("LOAD_GLOBAL"):
            asking = asking or x.argval in BY_NAME
        elif x.opname.startswith("CALL"):
            asking = False
        elif asking and x.opname == "LOAD_CONST" and isinstance(x.argval, str) and x.argval.isidentifier():
            names.append(x.argval)
            asking = False
    return tuple(dict.fromkeys(names))


@lru_cache(maxsize=1024)
def find_names_that_may_be_missing(code: CodeType) -> tuple[str, ...]:
    """Give the attributes that code asks for and goes on without: by name, where it catches errors, and in ``case``."""
    names = dict.fromkeys(find_asked_names(code))
    instructions = read_instructions(code)
    opnames = {x.opname for x in instructions}
    if "CHECK_EXC_MATCH" in opnames or ("PUSH_EXC_INFO" in opnames and "WITH_EXCEPT_START" not in opnames):
        names |= {x.argval: None for x in instructions if x.opname in ("LOAD_ATTR", "LOAD_METHOD")}
    if "MATCH_CLASS" in opnames:
        names |= {name: None for x in code.co_consts if isinstance(x, tuple) for name in x if isinstance(name, str)}
    return tuple(names)
