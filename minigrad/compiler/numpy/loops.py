"""Loops in NumPy: a ``for`` over turns, each of which computes into arrays that are there before."""

from __future__ import annotations

from typing import Any

from minigrad.compiler.numpy.calls import KERNELS, Kernel, write_view
from minigrad.compiler.numpy.memory import plan_arrays
from minigrad.compiler.numpy.names import Lines
from minigrad.compiler.numpy.source import Writer
from minigrad.compiler.passes.memory import Memory
from minigrad.compiler.rolling.keys import EvenKey
from minigrad.compiler.rolling.loop import Kept, Loop, Read
from minigrad.compiler.rolling.turn import plan_turn
from minigrad.engine.node import Node
from minigrad.notation.keys import write_key
from minigrad.ops.shaping import Transpose

LISTED = 1024  # turns, up to which views of them are made once: 0.1 µs and 120 bytes each


class TurnWriter(Writer):
    """Writes one loop. It shares all names with the step around it, and what is made once."""

    def __init__(self, outer: Writer, node: Node, out: str) -> None:
        assert isinstance(node.op, Loop)
        self.outer, self.node, self.body, self.out = outer, node, node.op.body, out
        self.turn = plan_turn(self.body, lambda product: False)
        self.plan, self.returned, self.inputs = self.turn.plan, self.turn.returned, {}
        self.begun, self.memory = self.plan_memory()
        self.share(outer)
        self.t = self.fresh("t")
        self.parts = {part: self.name_part(part) for part, _ in self.turn.kept}
        self.rows = {value: part for part, value in self.turn.kept if isinstance(value, Node)}
        self.listed: dict[Node, str] = {}  # what is another view of one array in each turn -> the list of these
        self.row_lists: dict[Kept, str] = {}
        self.rebound = {state: value for state, value in self.plan.copies if self.keeps_apart(value)}

    def plan_memory(self) -> tuple[set[Node], dict[Node, Memory]]:
        """Begin nothing in what is kept: it is another array in each turn."""
        return set(), plan_arrays(self.plan, self.returned, set())

    def write_loop(self) -> Lines:
        """Write the loop. What is handed on to the first turn is put there by that, so that a loop can begin anew."""
        first = self.open_states()
        self.open_reads()
        self.write_part(self.plan.first)
        self.write_part(self.plan.second)
        self.keep_values()
        self.hand_on()
        opening = [f"if {self.t} == 0:", *(f"    {line}" for line in first)] if first else []
        body = [f"    {line}" for line in (*opening, *self.lines)]
        return [*self.prelude, f"for {self.t} in range({self.body.count}):", *body, *self.keep_last()]

    def name_part(self, part: Kept) -> str:
        """Name the part of the block that something is kept in, which is made once if the block is."""
        lines = self.made if self.node in self.static else self.prelude
        name = self.fresh("kept")
        shape = (self.body.count, *part.shape) if part.each else part.shape or (1,)
        lines.append(f"{name} = {self.out}[{part.start}:{part.start + part.size(self.body.count)}].reshape({shape})")
        return name

    def open_states(self) -> Lines:
        """Name what is handed on, and give the lines that put it there before the first turn."""
        lines: Lines = []
        for state in self.body.states:
            given = self.outer.value(self.node.inputs[state.operand])
            name = self.names[state.node] = self.fresh("state")
            if state.node.shape and state.node not in self.rebound:
                self.static.add(state.node)
                self.made.append(f"{name} = {self.allocate_array(state.node)}")
                lines.append(f"{name}[...] = {given}")
            else:
                lines.append(f"{name} = {given}")
        return lines

    def open_reads(self) -> None:
        """Name what a turn takes from outside, and write where it is in each."""
        for read in self.body.reads:
            if read.each:
                self.open_table(read)
                continue
            operand = self.node.inputs[read.operand]
            given = self.outer.value(operand)
            if read.key is None:
                self.names[read.node] = given
                self.static |= {read.node} if operand in self.static else set()
            else:
                name = self.names[read.node] = self.fresh(f"{given}_t")
                seen = f"{given}[{self.write_even_key(read.key)}]"
                if operand in self.static and read.node.shape and self.body.count <= LISTED:
                    seen = self.list_views(read.node, f"{given}_views", seen)
                self.lines.append(f"{name} = {seen}")

    def list_views(self, node: Node, hint: str, view: str, of: str = "") -> str:
        """Make the views that a Node is once, in all turns; give the turn's. ``view`` says how it is seen in one."""
        name = self.listed[node] = self.fresh(hint)
        self.made.append(f"{name} = [{view} for {of or f'{self.t} in range({self.body.count})'}]")
        return f"{name}[{self.t}]"

    def view(self, node: Node) -> None:
        """Look at another array's memory: what is listed is seen once and for all, too."""
        (x,) = node.inputs
        if x not in self.listed or not self.stays_contiguous(x, node):
            super().view(node)
            return
        self.names[node] = self.fresh(f"{self.names[x]}_T" if isinstance(node.op, Transpose) else "v")
        view = self.list_views(
            node, f"{self.names[node]}_views", write_view(node.op, "x", self), f"x in {self.listed[x]}"
        )
        self.lines.append(f"{self.names[node]} = {view}")

    def open_table(self, read: Read) -> None:
        """Name an array that is another in each turn, and list them."""
        operands = [self.node.inputs[i] for i in read.each]
        lines = self.made if all(x in self.static for x in operands) else self.prelude
        arrays = [self.outer.value(x) for x in operands]
        table = self.fresh("each")
        lines.append(f"{table} = ({', '.join(arrays)},)")
        name = self.names[read.node] = self.fresh(f"{arrays[0]}_t")
        self.lines.append(f"{name} = {table}[{self.t}]")

    def write_even_key(self, key: EvenKey) -> str:
        """Write the index of a turn."""
        pairs = zip(key.first, key.step, strict=True)
        steps = {0: "", 1: self.t, -1: f"-{self.t}"}
        moving = ((n, steps.get(s, f"{s} * {self.t}")) for n, s in pairs)
        numbers = [str(n) if not step else f"{step} + {n}" if n else step for n, step in moving]
        return numbers[0] if key.parts == (None,) else write_key(key.fill(numbers), str)

    def allocate(self, node: Node) -> str:
        """Write the array that a result goes to: a row of what is kept."""
        part = self.rows.get(node)
        if part is None:
            return self.allocate_array(node)
        if not part.each:
            return self.parts[part]
        if self.node in self.static and self.body.count <= LISTED:
            if part not in self.row_lists:
                self.row_lists[part] = self.fresh("rows")
                self.made.append(f"{self.row_lists[part]} = [*{self.parts[part]}]")
            self.listed[node] = self.row_lists[part]
            return f"{self.row_lists[part]}[{self.t}]"
        return f"{self.parts[part]}[{self.t}]"

    def allocate_array(self, node: Node) -> str:
        """Write an array of a Node's shape and dtype."""
        return super().allocate(node)

    def keep_values(self) -> None:
        """Write keeping each turn's numbers, and arrays that were computed elsewhere."""
        for part, value in self.turn.kept:
            if value not in self.plan.fresh and value not in self.left_last(part):
                at = self.t if part.each else "..." if part.shape else "0"
                self.lines.append(f"{self.parts[part]}[{at}] = {self.value(value)}")

    def left_last(self, part: Kept) -> set[Any]:
        """Give what the last turn leaves as it is for a part, behind the loop: what is handed on is another by then."""
        computed = {x for kept, x in self.turn.kept if kept is part and isinstance(x, Node) and x.op is not None}
        return set() if part.each else computed - self.plan.fresh

    def keep_last(self) -> Lines:
        """Write keeping what the last turn has left, behind the loop."""
        left = ((part, x) for part, _ in self.turn.kept for x in self.left_last(part))
        return [f"{self.parts[part]}[{'...' if part.shape else 0}] = {self.value(x)}" for part, x in left]

    def keeps_apart(self, value: Any) -> bool:
        """Say whether an array lies elsewhere in each turn, so that it need not be copied to be handed on."""
        return value in self.plan.fresh and value in self.rows and self.rows[value].each

    def hand_on(self) -> None:
        """Write handing values on to the next turn."""
        for state, value in self.plan.copies:
            if state not in self.rebound:
                self.lines.append(f"{self.names[state]}[...] = {self.value(value)}")
        handed = self.rebound | self.turn.handed
        if handed:
            names = ", ".join(self.names[x] for x in handed)
            self.lines.append(f"{names} = {', '.join(map(self.value, handed.values()))}")


def write_loop(w: Any, node: Node, out: str) -> Lines:
    """Write a loop that leaves what it keeps in a block."""
    return TurnWriter(w, node, out).write_loop()


def register_loops() -> None:
    """Say how a loop is written."""
    KERNELS.register(Kernel(write_loop, lambda w, node: ""), Loop)
