"""What an update rule makes of each parameter: read once for all that are alike, and repeated for each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.compiler.trace.foreign import is_foreign
from minigrad.compiler.trace.repeated import Updated, make_body, update_each
from minigrad.compiler.trace.rule import UpdateRule
from minigrad.engine.cells import Cell
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.tensor import Tensor

FEW = 3  # parameters of one kind, for each of which the rule is read: for more it is repeated
LOOPED = 50  # parameters of one kind, from which on the rule is one expression, and code a loop over them
Kind = tuple[Any, ...]
Writing = Callable[[tuple[Node, ...]], list[Any]]  # of a parameter, its gradient and its running values, the new ones


class Reader:
    """Reads one rule by cells in place of arrays; ``many`` are the shapes and dtypes that many of its ``params`` have.

    A rule of this library's looks at nothing but what it is given, so that for parameters of one kind it makes the same
    expressions of others: it is called for stand-ins, and those in what comes of it are replaced. That takes a third of
    the time of 17 operations that Adam applies to cells. For very many of a kind they are not even replaced: what comes
    of the rule is an operation then, of which code makes a loop. A rule of the user's own is called each time.
    """

    def __init__(
        self,
        rule: UpdateRule,
        settings: Mapping[str, Any],
        constant: Callable[[Any], Node],
        params: Iterable[Tensor],
    ) -> None:
        self.rule, self.settings, self.constant = rule, settings, constant
        kinds = Counter((param.shape, param.dtype) for param in params) if is_foreign(type(rule)) else {}
        self.many = {kind for kind, n in kinds.items() if n > FEW}
        self.looped = {kind for kind, n in kinds.items() if n >= LOOPED}
        self.known: dict[Kind, Writing] = {}

    def read(self, w: Node, g: Node, states: Mapping[str, Node]) -> list[Any]:
        """Give a parameter's new value, and its new running values in their order."""
        given = (w, g, *states.values())
        if (w.shape, w.dtype) not in self.many:
            return self._call(given, list(states))
        kind = tuple([(x.shape, x.dtype, x.weak) for x in given])
        if kind not in self.known:
            self.known[kind] = self._read_once(given, list(states))
        return self.known[kind](given)

    def _read_once(self, like: Sequence[Node], names: Sequence[str]) -> Writing:
        """Read the rule for stand-ins, and give what it makes of others that are alike."""
        stand_ins = [Node(shape=x.shape, dtype=x.dtype, table=x.table, weak=x.weak) for x in like]
        results = self._call(stand_ins, names)
        made = sorted((x for x in order_nodes(results) if x.op is not None), key=lambda x: x.serial)
        looped = (like[0].shape, like[0].dtype) in self.looped
        if looped and (body := make_body(stand_ins, made, results)) is not None:
            ops, more = [Updated(body, i) for i in range(len(results))], body.given[len(stand_ins) :]
            return lambda given: update_each(body, ops, (*given, *more))

        def repeat(given: tuple[Node, ...]) -> list[Any]:
            becomes = dict(zip(stand_ins, given, strict=True))
            for x in made:
                becomes[x] = x.apply_alike(tuple([becomes.get(y, y) if type(y) is Node else y for y in x.inputs]))
            return [becomes.get(x, x) if type(x) is Node else x for x in results]

        return repeat

    def _call(self, given: Sequence[Node], names: Sequence[str]) -> list[Any]:
        w, g, *states = map(Cell, given)
        scratch = Cell(w.node if w.shape else self.constant(np.zeros((), w.dtype)))
        self.rule.write_update(self.settings, w, g, scratch, dict(zip(names, states, strict=True)))
        return [x.node for x in (w, *states)]
