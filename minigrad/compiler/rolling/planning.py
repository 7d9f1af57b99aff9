"""Which loops there are to be in a step: its rows, gathered in groups, none of which waits for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.compiler.rolling.groups import Group, find_between, find_recurrences, find_sources, join_groups
from minigrad.compiler.rolling.mending import mend_turns
from minigrad.compiler.rolling.orbits import find_orbits, find_ordered_orbits, find_pairs
from minigrad.compiler.rolling.rows import OTHERWISE, Kind, Row, find_kind, find_usable_rows
from minigrad.compiler.rolling.shared import part_reads
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.linalg import MatMul

LEAST = 8  # turns of a loop that is worth being one
SERIES = 48  # terms, from which on a polynomial is a loop: of fewer, one pass over its array computes all of them
SPENT = 4  # turns by which a loop may get shorter for what joins it


UNROLLED = 0.3  # of the operations: with so many in no loop turns are also told by where operations come
SHORT = 200  # operations of a step, written out and in turns, of which another way to look for loops pays no more
WORTH = 0.75  # of what is to be written, less than which is left where turns choose: what they choose from takes time


def plan_loops(
    outputs: Sequence[Any], exact: bool = False, refused: dict[Kind, str] | None = None
) -> tuple[Plan, Sequence[Any]]:
    """Plan a step's loops, and give the outputs that they are of: these, or equal ones whose turns choose operands.

    Where much is left, others are tried in which no part of an array is read in two places. ``refused`` gets what
    repeats and can be no loop, and why.
    """
    plan, planned = _plan(outputs, exact)
    left = plan.count_left(plan.nodes)
    if left > max(LEAST * LEAST, UNROLLED * len(plan.nodes)):
        parts = part_reads(outputs)
        if any(x is not y for x, y in zip(parts, outputs, strict=True)):
            other, parted = _plan(parts, exact)
            if other.count_left(other.nodes) < left:
                plan, planned = other, parted
    if refused is not None:
        refused |= plan.refused
    return plan, planned


def _plan(outputs: Sequence[Any], exact: bool) -> tuple[Plan, Sequence[Any]]:
    """Plan loops; where turns hold loops there are outer ones, if that leaves less to write."""
    nodes = order_nodes(outputs)
    plan = Plan(nodes, find_orbits(nodes, LEAST), exact)
    unlike = OTHERWISE in plan.refused.values()
    for outer in (True, False):
        if plan.count_left(nodes) > max(SHORT, (0 if outer else UNROLLED) * len(nodes)):
            orbits = find_ordered_orbits(nodes, LEAST, outer)
            other = Plan(nodes, orbits, exact) if orbits else plan
            if other.count_left(nodes) < plan.count_left(nodes):
                plan = other
    if plan.count_left(nodes) > SHORT and unlike:
        mended = mend_turns(outputs, nodes, find_pairs(nodes, LEAST), LEAST)
        if mended is not None:
            nodes = order_nodes(mended)
            other = Plan(nodes, find_orbits(nodes, LEAST), exact)
            if other.count_left(nodes) < WORTH * plan.count_left(plan.nodes):
                return other, mended
    return plan, outputs


class Plan:
    """The loops of a step: ``groups``, and which of them a row is ``taken`` by."""

    def __init__(
        self,
        nodes: Sequence[Node],
        orbits: Sequence[Sequence[Node]],
        exact: bool = False,
        refused: dict[Kind, str] | None = None,
        least: int = LEAST,
    ) -> None:
        self.nodes, self.least = nodes, least
        self.refused = {} if refused is None else refused
        self.place = {node: i for i, node in enumerate(nodes)}
        rows = self.leave_series(find_usable_rows(orbits, least, self.refused), exact)
        self.rows = sorted(rows, key=lambda row: self.place[row.like])
        self.groups: list[Group] = []
        self.taken: dict[Row, Group] = {}
        for group in find_recurrences(self.rows, exact):
            self.add(group)
        if not all(map(self.is_settled, self.groups)):  # a loop that reads beyond another's turns is worse than none
            self.groups, self.taken = [], {}

    def leave_series(self, rows: list[Row], exact: bool) -> list[Row]:
        """Give the rows that are left without short series, and without what takes these as they are made."""
        while True:
            short = {
                row: None
                for group in find_recurrences(rows, exact)
                if group.is_series() and max(len(row.nodes) for row in group.shift) < SERIES
                for row in group.shift
            }
            for row in rows:
                row.waits = False
            if not short:
                return rows
            reason = f"numbers of the turns' own, element by element: fewer than {SERIES} turns are written out"
            for row in short:
                self.refused.setdefault(find_kind(row.like), reason)
            rows = find_usable_rows([row.nodes for row in rows if row not in short], self.least, self.refused)

    def count_left(self, nodes: Sequence[Node]) -> int:
        """Count the operations to be written: those in no loop, and of each loop those of a turn."""
        return len(nodes) - sum(len(group.home) - len(group.shift) for group in self.groups)

    def is_settled(self, group: Group) -> bool:
        """Say whether a group has the turns that all others, as they are in the end, leave it."""
        before = group.low, group.high
        group.settle(self.others(group))
        return (group.low, group.high) == before

    def add(self, group: Group) -> None:
        """Take a recurrence, or let it join the loop that it sums over."""
        self.move_rows(group)
        between, earlier = find_between(group, self.taken)
        for other in earlier:
            joined = join_groups(other, group, between)
            if joined is not None and self.try_group(joined, other, min(other.count, group.count) - SPENT):
                self.gather(joined)
                return
        if self.try_group(group, None, 0):
            self.gather(group)

    def move_rows(self, group: Group) -> None:
        """Let rows be computed a turn later, as far as the others allow it, where more turns come of that."""
        group.settle(self.taken)
        for row in group.shift:
            users = [(x, slot) for x in group.shift if x is not row for slot in x.slots if slot.row is row]
            if users and max(group.lag(x, slot) for x, slot in users) < 0:
                count = group.count
                group.shift[row] += 1
                group.settle(self.taken)
                if group.count <= count:
                    group.shift[row] -= 1
        group.settle(self.taken)

    def try_group(self, group: Group, old: Group | None, least: int) -> bool:
        """Take a group, in another's place maybe, if enough turns are left and it needs nothing that it makes."""
        before = self.groups, self.taken
        self.groups = [*(x for x in self.groups if x is not old), group]
        self.taken = {row: x for row, x in self.taken.items() if x is not old}
        group.settle(self.taken)
        self.taken |= dict.fromkeys(group.shift, group)
        users = [x for x in self.groups if x is not group and group in find_between(x, self.taken)[1]]
        counts = [x.count for x in users]
        for x in users:
            x.settle(self.others(x))
        if group.count >= max(self.least, least) and all(
            x.count >= max(self.least, n - SPENT) for x, n in zip(users, counts, strict=True)
        ) and not any(map(self.waits_for_itself, [group, *users])):  # fmt: skip
            return True
        self.groups, self.taken = before
        for x in [*users, *([old] if old is not None else [])]:
            x.settle(self.others(x))
        return False

    def others(self, group: Group) -> dict[Row, Group]:
        """Give what is taken by others than one group."""
        return {row: x for row, x in self.taken.items() if x is not group}

    def gather(self, group: Group) -> None:
        """Let a group compute what is made for it alone, the last first; products go before it, all at once."""
        rows = [x for x in reversed(self.rows) if not (x in self.taken or x.waits or x.is_view or x.is_read)]
        users = self.find_users()
        shift = dict(group.shift)
        for row in rows:
            mine = users.get(row, [])
            if mine and all(user in shift for user, _ in mine) and not isinstance(row.like.op, MatMul):
                shift[row] = min(shift[user] - group.sign * ahead for user, ahead in mine)
        if len(shift) > len(group.shift):
            self.try_group(Group(group.sign, shift, group.exact), group, group.count - SPENT)

    def find_users(self) -> dict[Row, list[tuple[Row, int]]]:
        """Give the rows that take operands from each row, itself or by views, and how far ahead."""
        users: dict[Row, list[tuple[Row, int]]] = {}
        for row in self.rows:
            if not row.is_view or row in self.taken:
                for other, ahead in find_sources(row):
                    users.setdefault(other, []).append((row, ahead))
        return users

    def waits_for_itself(self, group: Group) -> bool:
        """Say whether anything that a group takes from outside depends on what it makes, other groups being whole."""
        if any(x in group.home for x in group.find_firsts()):
            return True
        home = {node: x for x in self.groups for node in x.home}
        seen: set[Node | Group] = set()
        stack = self.taken_in(group)
        while stack:
            node = stack.pop()
            at = home.get(node)
            if at is group:
                return True
            step: Node | Group = node if at is None else at
            if step not in seen:
                seen.add(step)
                stack += self.taken_in(at) if at is not None else [x for x in node.inputs if type(x) is Node]
        return False

    def taken_in(self, group: Group) -> list[Node]:
        """Give the operands of a group that it does not make."""
        operands = dict.fromkeys(x for node in group.home for x in node.inputs if type(x) is Node)
        return [x for x in operands if x not in group.home]
