"""An update rule read as formulas: its own code, called with expressions in the place of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from minigrad.engine.cells import Cell
from minigrad.engine.messages.arguments import check_number
from minigrad.engine.node import Node, Table, order_nodes
from minigrad.notation.symbols import pretty_name
from minigrad.ops.common.alphabet import HAT
from minigrad.ops.elementwise import square
from minigrad.optim.order import BookOrder
from minigrad.optim.update_lines import UpdateFormula, UpdateLine

SHAPE = (3,)  # of the arrays that a rule is read with: any, but a number's


def read_update(rule: Any, in_one: bool, given: Mapping[str, float]) -> UpdateFormula:
    """Give the formula of a rule, a class or an optimizer, as ``formula.read_formula`` says."""
    cls: Any = rule if isinstance(rule, type) else type(rule)
    for name, value in given.items():
        if name not in cls.settings:
            raise TypeError(f"{cls.__name__}.formula: there is no setting {name!r}; it has {', '.join(cls.settings)}")
        check_number(f"{cls.__name__}.formula", name, value, cls.limits.get(name, np.inf))
    call = RuleCall(cls, {} if rule is cls else dict(vars(rule)))
    reading = Reading(call, given)
    return UpdateFormula(tuple(reading.write_lines(in_one)), reading.symbols(), call, dict(given))


class RuleCall(NamedTuple):
    """A rule's code, to be called with settings and arrays, or what stands for them; ``kept`` an optimizer's own."""

    cls: Any
    kept: Mapping[str, Any]

    def start(self, settings: Mapping[str, Any], w: Any) -> dict[str, Any]:
        """Give the running values before the first step."""
        state: dict[str, Any] = self._rule(settings)._start(w)
        return state

    def move(self, settings: Mapping[str, Any], w: Any, g: Any, buf: Any, state: dict[str, Any]) -> None:
        """Write the new w and the new running values, in place."""
        try:
            self._rule(settings)._update(w, g, settings["lr"], buf, state)
        except AttributeError as error:
            said = f"{self.cls.__name__}.formula: the rule reads what only an optimizer has ({error}); ask one for it"
            raise TypeError(said) from error

    def _rule(self, settings: Mapping[str, Any]) -> Any:
        rule = object.__new__(self.cls)
        rule.__dict__.update(self.kept, **settings)
        return rule


@dataclass
class Reading:
    """One call of a rule with expressions: what it starts from, and what it leaves behind."""

    call: RuleCall
    given: Mapping[str, float]
    table: Table = field(default_factory=dict)

    def __post_init__(self) -> None:
        cls = self.call.cls
        called: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            called |= vars(base).get("symbols", {})
        self.called = called
        self.settings = {name: self._leaf(name, ()) for name in cls.settings if name not in self.given}
        self.w, self.g, self.gradient = (self._leaf(name, SHAPE) for name in ("w", "g", "∂E/∂w"))
        zeros = np.zeros(SHAPE)
        state = self.call.start({name: self.given.get(name, 0.5) for name in cls.settings}, zeros)
        self.before = {name: self._leaf(name, x.shape, x.dtype) for name, x in state.items()}
        self.new = {name: self._leaf(name, x.shape, x.dtype) for name, x in state.items()}
        cells = {name: Cell(x) for name, x in self.before.items()}
        settings = {name: Cell(x) for name, x in self.settings.items()} | dict(self.given)
        w = Cell(self.w)
        self.call.move(settings, w, Cell(self.g), Cell(self._leaf("buf", SHAPE)), cells)
        self.after = {name: cell.node for name, cell in cells.items()}
        self.new_w = w.node
        self.hats: dict[Node, tuple[Node, str, Any]] = {}

    def _leaf(self, name: str, shape: tuple[int, ...], dtype: Any = np.float64) -> Node:
        symbol = self.called.get(name, pretty_name(name))
        return Node(name=symbol, shape=shape, dtype=dtype, table=self.table)

    def symbols(self) -> dict[str, Node]:
        """Give the Nodes that stand for settings and values before the step, and those for what they are after it."""
        after = {f"new {name}": node for name, node in self.new.items()}
        return {**self.settings, **self.before, **after, "w": self.w, "g": self.g, "∂E/∂w": self.gradient}

    def write_lines(self, in_one: bool) -> list[UpdateLine]:
        """Give the lines in an order in which each holds: w, by what the running values have become, comes last.

        A running value that w needs as it was before has its line below that of w, which is written by what was before.
        """
        named = {} if in_one else dict(self.new)
        own = {x: self._order(self.before[name], x, {}) for name, x in self.after.items()}
        while True:
            self.hats.clear()
            right = self._order(self.w, self.new_w, own | {self.after[name]: leaf for name, leaf in named.items()})
            needed = set(order_nodes([right]))
            late = [name for name in named if self.before[name] in needed]
            if not late:
                break
            for name in late:
                del named[name]
        hats = [UpdateLine(*self.hats[x]) for x in self.new.values() if x in self.hats]
        moved = [*hats, UpdateLine(self.w, "←", right)]
        states = [] if in_one else self._states()
        early = [line for name, line in states if name in named]
        lines = [*early, *moved, *(line for name, line in states if name not in named)]
        return self._name_gradient(lines)

    def _states(self) -> list[tuple[str, UpdateLine]]:
        """Give the running values' lines, in an order in which none needs what one above it has changed."""
        waiting, named = list(self.after), dict[Node, Node]()
        lines: list[tuple[str, UpdateLine]] = []
        while waiting:
            for name in waiting:
                others = [x for x in waiting if x != name]
                then = named | {self.after[name]: self.new[name]}
                if not any(self.before[name] in set(order_nodes([self._write_state(x, then)])) for x in others):
                    break
            else:
                raise ValueError(
                    f"{self.call.cls.__name__}.formula: each of {', '.join(waiting)} needs the others as they were "
                    f"before, so that there is no order to write them in; ask for in_one=True"
                )
            lines.append((name, UpdateLine(self.new[name], "←", self._write_state(name, named))))
            named = then
            waiting = others
        return lines

    def _write_state(self, name: str, named: Mapping[Node, Node]) -> Any:
        return self._order(self.before[name], self.after[name], named)

    def _order(self, first: Node, expression: Any, leaves: Mapping[Node, Node]) -> Any:
        return BookOrder(first, self.g, self._corrected).put(expression, leaves)

    def _corrected(self, value: Node, divisor: Any) -> Node:
        """Give m̂ for m / (1 − β₁ᵗ)."""
        if not any(value is x for x in self.new.values()):
            return value / divisor
        if value not in self.hats:
            self.hats[value] = (self._leaf(f"{value.name}{HAT}", value.shape), "=", value / divisor)
        return self.hats[value][0]

    def _name_gradient(self, lines: list[UpdateLine]) -> list[UpdateLine]:
        """Write ∂E/∂w where it occurs once, and else g with a line that says what it is."""
        nodes = order_nodes([line.right for line in lines])
        uses = sum((1 + (node.op == square)) * (x is self.g) for node in nodes for x in node.inputs)
        if uses + sum(line.right is self.g for line in lines) > 1:
            return [UpdateLine(self.g, "=", self.gradient), *lines]
        order = BookOrder(self.w, self.gradient, lambda value, divisor: value / divisor)
        return [line._replace(right=order.put(line.right, {self.g: self.gradient})) for line in lines]
