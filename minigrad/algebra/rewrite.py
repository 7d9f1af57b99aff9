"""Apply rules to expressions until none applies. It knows no algebra."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.engine.node import Node
from minigrad.ops.base import Elementwise, number_key
from minigrad.ops.shaping import Cast

Rule = Callable[[Node], Any]  # an expression equal to the Node, or None where the rule does not apply


class Change(NamedTuple):
    """What one rule made of one Node; the first line of the rule's docstring is its equation."""

    before: Node
    after: Any
    rule: Callable[..., Any]


Log = list[Change]  # filled on the way, for whoever wants to tell it; None costs nothing


def on(*ops: Any) -> Callable[[Rule], Rule]:
    """Say of a rule which operations (or classes of them) it applies to; asked of these alone, it costs a third."""

    def marked(rule: Rule) -> Rule:
        rule.__dict__["names"] = frozenset(op.name for op in ops)
        return rule

    return marked


class RewriteError(RuntimeError):
    """Rules that undo each other."""


NormalForms = dict[Node, Any]  # a Node -> its normal form by one list of rules


def rewrite(outputs: Iterable[Any], rules: Sequence[Rule], log: Log | None = None) -> list[Any]:
    """Rewrite expressions bottom-up by the first rule that applies, again and again, to a fixed point.

    ``log`` gets each change, in order.
    Raises ``RewriteError`` where rewriting a Node leads back to it, since rules should go downhill.
    """
    return Rewriting(rules, log).rewrite(outputs)


class Rewriting:
    """Rewriting by one list of rules, of one expression after another.

    ``log`` gets each change, in order. ``normal`` holds the normal forms that the same rules have found before, and
    gets those that they find now.
    """

    def __init__(self, rules: Sequence[Rule], log: Log | None = None, normal: NormalForms | None = None) -> None:
        self.rules, self.log = rules, log
        self.normal: NormalForms = {} if normal is None else normal
        self.by_name: dict[str, list[Rule]] = {}  # an operation's name -> the rules that may apply to it

    def rewrite(self, outputs: Iterable[Any]) -> list[Any]:
        """Rewrite expressions as ``rewrite`` does. A rule sees a Node whose inputs are in normal form already."""
        normal = self.normal
        becomes: dict[Node, Any] = {}  # a Node -> what a rule made of it, which has yet to be brought to normal form
        outputs = list(outputs)
        stack = [x for x in outputs if isinstance(x, Node)]
        while stack:
            node = stack[-1]
            if node in normal:
                stack.pop()
                continue
            if node not in becomes:
                missing = [x for x in node.inputs if type(x) is Node and x not in normal]
                if missing:
                    stack.extend(missing)
                    continue
                new = rebuild_node(node, normal)
                becomes[node] = new if new is not node else self.apply_first(node)
            result = becomes[node]
            if not isinstance(result, Node) or result is node or result in normal:
                normal[node] = normal.get(result, result) if isinstance(result, Node) else result
                stack.pop()
                continue
            if result in becomes:
                raise RewriteError(f"rewrite: the rules undo each other at {node!r} and {result!r}")
            stack.append(result)
        return [normal[x] if isinstance(x, Node) else x for x in outputs]

    def apply_first(self, node: Node) -> Any:
        """Give what the first rule that applies makes of a Node, or the Node itself."""
        for rule in self.rules_of(node):
            result = rule(node)
            if isinstance(result, Node) and result.weak and not node.weak:
                result = give_dtype(result)
            if result is None or result is node:
                continue
            if result.dtype == node.dtype if isinstance(result, Node) else not node.shape:
                if self.log is not None:
                    self.log.append(Change(node, result, rule))
                return result  # one that is equal but for its dtype is none
        return node

    def rules_of(self, node: Node) -> Sequence[Rule]:
        """Give the rules that may apply to a Node."""
        if node.op is None:
            return ()
        name = node.op.name
        if name not in self.by_name:
            self.by_name[name] = [rule for rule in self.rules if name in getattr(rule, "names", (name,))]
        return self.by_name[name]


def rebuild_node(node: Node, replaced: dict[Node, Any]) -> Any:
    """Apply a Node's operation to what its inputs have become."""
    changed, alike, parts = False, True, []  # a loop, since this is the innermost of every rewriting
    for x in node.inputs:
        y = replaced.get(x, x) if type(x) is Node else x
        if y is not x:
            changed, alike = True, alike and x.is_alike(y)
        parts.append(y)
    if not changed or node.op is None:
        return node
    inputs = tuple(parts)
    if alike:
        return node.apply_alike(inputs)
    new = node.apply(node.op, inputs)
    if new.dtype != node.dtype or not isinstance(node.op, Elementwise):
        # An array of no axes that became a number would leave the dtype to the other operand, or to NumPy's stack.
        inputs = tuple(
            constant_like(x, like) if isinstance(like, Node) and not isinstance(x, Node) else x
            for x, like in zip(inputs, node.inputs, strict=True)
        )
        new = node.apply(node.op, inputs)
    return new


def replace_operand(node: Node, place: int, x: Any) -> Any:
    """Apply a Node's operation to its inputs, with another in one place."""
    assert node.op is not None
    return node.apply(node.op, (*node.inputs[:place], x, *node.inputs[place + 1 :]))


def substitute_nodes(expressions: Iterable[Any], becomes: Mapping[Node, Any]) -> list[Any]:
    """Put in each Node's place what it becomes, from the outside in, and without recursion."""
    found: dict[Node, Any] = {}
    expressions = list(expressions)
    stack = [x for x in expressions if isinstance(x, Node)]
    while stack:
        node = stack[-1]
        if node in found or node in becomes:
            found.setdefault(node, becomes.get(node, node))
            stack.pop()
            continue
        missing = [x for x in node.inputs if isinstance(x, Node) and x not in found]
        if missing:
            stack.extend(missing)
            continue
        found[stack.pop()] = rebuild_node(node, found)
    return [found[x] if isinstance(x, Node) else x for x in expressions]


def give_dtype(x: Any) -> Any:
    """Give a Python number that is not known yet as an array: else it would leave the dtype to what it meets."""
    return x.apply(Cast(x.dtype), (x,)) if isinstance(x, Node) and x.weak else x


def constant_like(x: Any, like: Node) -> Node:
    """Give a number as a constant of a Node's dtype, the same one each time."""
    key = ("constant", number_key(x), like.dtype)
    known = None if like.table is None else like.table.get(key)
    if known is not None:
        return known
    node = Node(dtype=like.dtype, table=like.table, value=np.asarray(x, like.dtype))
    if like.table is not None:
        like.table[key] = node
    return node
