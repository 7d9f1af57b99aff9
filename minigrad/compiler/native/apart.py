"""Loops whose turns have nothing to do with each other, as LLVM is told of them: ``for i in apart(n)``.

All arrays of a step lie in one memory, at places that LLVM cannot tell from each other. It writes code that compares
them, for few arrays alone, and leaves other loops as they are: the exponentials of a softmax took four times as long.
Needs the extra ``native``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.compiler.native.expressions import Slot, Value
from minigrad.extras import require

ir: Any = require("llvmlite.ir", "native")

RANGES = "range", "apart"


class Distinct(ir.MDValue):  # type: ignore[misc]
    """A piece of LLVM's metadata that is equal to no other, and may name itself."""

    def __init__(self, module: Any) -> None:
        super().__init__(module, (), str(len(module.metadata)))

    def descr(self, buf: list[str]) -> None:
        """Write what it says, as LLVM reads it."""
        said: list[str] = []
        super().descr(said)
        buf += ["distinct ", *said]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def mark_apart(blocks: Iterable[Any], end: Any, variables: Iterable[Value | Slot]) -> None:
    """Say of a loop of some blocks, which a branch ends, that no turn reads or writes what another one writes.

    It need not hold of ``variables`` that have places: those that are sums over the turns are in registers.
    """
    module = end.function.module
    group, loop = Distinct(module), Distinct(module)
    places = {x.place for x in variables if isinstance(x, Slot)}
    for x in (x for block in blocks for x in block.instructions):
        if isinstance(x, ir.LoadInstr | ir.StoreInstr) and x.operands[-1] not in places:
            x.set_metadata("llvm.access.group", group)
    said = ir.MetaDataString(module, "llvm.loop.parallel_accesses")
    loop.operands = (loop, module.add_metadata([said, group]))
    end.set_metadata("llvm.loop", loop)


def leave_rolled(functions: Iterable[Any]) -> None:
    """Have LLVM write no turns of loops one after the other: loops of vectors stay such, and sums in registers, too.

    In small functions that saves what counts the turns. Large ones become three to four times as long, and take as much
    longer to compile: of a ResNet's 28 s that was 15, and its step was no faster.
    """
    for function in functions:
        places = {block: i for i, block in enumerate(function.blocks)}
        for block, i in places.items():
            end = block.terminator
            if isinstance(end, ir.Branch | ir.ConditionalBranch) and any(
                places.get(x, i + 1) <= i for x in end.operands
            ):
                module = function.module
                loop = end.metadata.get("llvm.loop") or Distinct(module)
                said = module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")])
                loop.operands = (*(loop.operands or (loop,)), said)
                end.set_metadata("llvm.loop", loop)
