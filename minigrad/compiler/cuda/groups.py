"""Kernels whose threads gather sums and extremes: groups of lanes, each of which takes a part of a range."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from minigrad.compiler.cuda.dialects import MOST_LANES
from minigrad.compiler.cuda.kernels import THREADS, KernelWriter
from minigrad.compiler.cuda.places import Kernel
from minigrad.compiler.cuda.registry import C_TYPES, SUFFIXES, find_kernel
from minigrad.engine.node import Node

ROWS_BESIDE = 32  # groups of a block whose lanes lie apart in memory: as many as read a line of it together
LANES_BESIDE = 16
FEW_GROUPS = 128  # a GPU has some hundred processors


@dataclass(frozen=True)
class Group:
    """So many groups, each over a length; ``beside`` says that the elements of one lie side by side in memory."""

    count: int
    length: int
    beside: bool

    @property
    def threads(self) -> tuple[int, int]:
        """Groups of a block, and lanes of each: a power of two of these, since pairs of them meet."""
        most = MOST_LANES if self.count <= FEW_GROUPS else THREADS
        x, limit = (1, most) if self.beside or self.count == 1 else (ROWS_BESIDE, LANES_BESIDE)
        lanes = 1 << max(0, min(self.length, limit) - 1).bit_length()
        return x, max(lanes, 32) if x == 1 else lanes


class GroupWriter(KernelWriter):
    """Writes groups of lanes."""

    def give_results(self, kernel: Kernel) -> Callable[[Node, list[str]], list[str]]:
        """Give what writes the result of a reduction where it belongs."""

        def give(node: Node, names: list[str]) -> list[str]:
            reduction = find_kernel(node).reduction
            assert reduction is not None
            return [f"{kernel.point(self.find(node), node.dtype)}[o] = {reduction.finish(names)};"]

        return give

    def write_group(
        self, kernel: Kernel, group: Group, gathered: Sequence[Node], before: Sequence[str],
        ends: tuple[str, str], body: Sequence[str], entering: Mapping[Node, list[str]],
        give: Callable[[Node, list[str]], list[str]], after: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Write a kernel of groups whose lanes gather what enters; ``after`` is what the first one adds. Launch it."""
        lines = self.write_lanes(group.count, gathered, before, ends, body, entering, give, after)
        kernel.lines = ["SHARED", f"GROUPS(o, {group.count}) {{", *(f"    {line}" for line in lines), "}"]
        x, y = group.threads
        self.launch(kernel, -(-group.count // x), (x, y))

    def write_lanes(
        self, count: int, gathered: Sequence[Node], before: Sequence[str], ends: tuple[str, str],
        body: Sequence[str], entering: Mapping[Node, list[str]], give: Callable[[Node, list[str]], list[str]],
        after: Sequence[str] = (),
    ) -> list[str]:  # fmt: skip
        """Write what the lanes of a group do: a body for each element of a range, and gathering what enters."""
        lines = list(before)
        names: dict[Node, list[str]] = {}
        meeting: list[str] = []
        gathers: list[str] = []
        for node in gathered:
            reduction = find_kernel(node).reduction
            assert reduction is not None
            meet = f"{reduction.meet}{SUFFIXES[node.dtype.name]}"
            names[node] = []
            for start, entered in zip(reduction.starts(node), entering[node], strict=True):
                s = f"s{len(gathers)}"
                names[node].append(s)
                lines.append(f"{C_TYPES[node.dtype.name]} {s} = {start};")
                meeting.append(f"{s} = {meet}({entered}, {s});")
                gathers.append(f"GATHER({s}, {meet})")
        lines.append(f"if (LIVE(o, {count})) LANES(r, {ends[0]}, {ends[1]}) {{")
        lines += [*(f"    {line}" for line in (*body, *meeting)), "}", *gathers]
        results = [f"    {line}" for node in gathered for line in give(node, names[node])]
        results += [f"    {line}" for line in after]
        return [*lines, f"if (FIRST && LIVE(o, {count})) {{", *results, "}"] if results else lines
