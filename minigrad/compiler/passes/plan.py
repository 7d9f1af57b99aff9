"""The order in which a lowered graph runs, and which results are written over the inputs that they are to replace.

Two parts follow each other. In the first everything is computed that needs no new parameter; nothing that outlives the
call is written. In the second the parameters and running values are written, in place where that can be: a call is
either before that part, or finishes it, so no exception leaves the parameters in between.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from minigrad.compiler.passes.lower import is_view
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.arithmetic import add, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.linalg import MatMul


class Repeated(Protocol):
    """A loop at the very end, over parameters: what must be there before it begins, and the inputs that it writes."""

    @property
    def needed(self) -> list[Node]:
        """Operations; none of them is in memory that a call writes to later."""

    @property
    def written(self) -> list[Node]:
        """Inputs that no other operation writes to. It reads what it has not written yet."""


@dataclass(eq=False)
class Plan:
    """Nodes in order (``first``, then ``second``), and which results go elsewhere than to memory of the plan's own.

    ``in_place`` the input whose own array a result is written to
    ``copies``   (input, value): what is copied into an input's array at the very end
    ``fresh``    the results that each call returns in arrays of their own
    ``drawn_in`` a product -> the sum W − Yᵀ δ that BLAS computes along with it, in W
    ``repeats``  loops over parameters, which come last of all
    """

    first: list[Node]
    second: list[Node]
    in_place: dict[Node, Node]
    copies: list[tuple[Node, Any]]
    fresh: set[Node]
    drawn_in: dict[Node, Node]
    repeats: Sequence[Repeated] = ()

    @property
    def written(self) -> list[Node]:
        """The inputs that are written to."""
        own = [*self.in_place.values(), *(x for x, _ in self.copies)]
        return [x for x in dict.fromkeys([*own, *(x for loop in self.repeats for x in loop.written)]) if x.size]

    @property
    def needed(self) -> list[Node]:
        """What must be there when the loops over parameters begin."""
        return [x for loop in self.repeats for x in loop.needed]

    @property
    def exposed(self) -> list[Node]:
        """The inputs that are still read when others are being written to: no memory may be shared between them."""
        values = [*(x for node in self.second for x in node.inputs), *(value for _, value in self.copies)]
        roots = dict.fromkeys(root(x) for x in values if isinstance(x, Node))
        written = set(self.written)
        return [x for x in roots if x.op is None and x.value is None and x.shape and x.size and x not in written]


def plan_order(
    returned: Iterable[Any],
    updates: Mapping[Node, Any],
    draws_in: Callable[[Node], bool] = lambda product: True,
    repeats: Sequence[Repeated] = (),
) -> Plan:
    """Plan the computation of what is returned and of the new values of inputs, ``updates``, and what ``repeats`` need.

    ``draws_in`` says whether a product may be added to a parameter where that lies.
    """
    returned = list(returned)
    needed = [x for loop in repeats for x in loop.needed]
    nodes = [x for x in order_nodes([*returned, *needed, *list(updates.values())[::-1]]) if x.op is not None]
    users: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in dict.fromkeys(x for x in node.inputs if isinstance(x, Node)):
            users.setdefault(x, []).append(node)
    in_place = _chains(nodes, users, updates, {x for x in (*returned, *needed) if isinstance(x, Node)})
    late = _descendants(nodes, in_place)
    chains: dict[Node, set[Node]] = {}
    for node, into in in_place.items():
        chains.setdefault(into, set()).add(node)
    for state, chain in chains.items():  # whatever else reads the old value must come before
        if any(reader in late and reader not in chain for reader in _readers(state, users)):
            for node in chain:
                del in_place[node]
    kept = {x for x in (*returned, *needed, *updates.values()) if isinstance(x, Node)}
    drawn_in: dict[Node, Node] = {}
    written = set(in_place.values())
    for node in nodes:
        product = _drawn_in(node, in_place, written)
        if product is not None and len(users[product]) == 1 and product not in kept and draws_in(product):
            drawn_in[product] = node
    late = _descendants(nodes, in_place) | set(drawn_in)
    copies = [(x, value) for x, value in updates.items() if in_place.get(value) is not x]
    fresh = {x for x in returned if isinstance(x, Node) and x.shape and x.op is not None and not is_view(x.op)}
    fresh -= set(in_place)
    first, second = [x for x in nodes if x not in late], [x for x in nodes if x in late]
    return Plan(first, second, in_place, copies, fresh, drawn_in, repeats)


def root(node: Node) -> Node:
    """Give the Node whose memory a view looks at."""
    while is_view(node.op):
        (node,) = node.inputs
    return node


def is_array(node: Any) -> bool:
    """Say whether a Node's value is an array rather than a number."""
    return isinstance(node, Node) and bool(node.shape)


def is_ufunc(node: Node) -> bool:
    """Say whether a Node is one call of a NumPy ufunc, which may write over its own operands."""
    return isinstance(node.op, Elementwise) and isinstance(node.op.forward, np.ufunc)


def _chains(
    nodes: list[Node], users: Mapping[Node, list[Node]], updates: Mapping[Node, Any], returned: set[Node]
) -> dict[Node, Node]:
    """Find the operations that may write over the old value of an input: from it to its new one, with no other use."""
    outputs = {x for x in updates.values() if isinstance(x, Node)} | returned
    found: dict[Node, Node] = {}
    for state, new in updates.items():
        chain: list[Node] = []
        node = new
        while isinstance(node, Node) and is_ufunc(node) and node.shape == state.shape and node.dtype == state.dtype:
            if chain and (len(users.get(node, [])) != 1 or node in outputs):
                break
            chain.append(node)
            node = _towards(node, state)
        if node is state and state.shape and state.size != 1 and not any(x in found for x in chain):
            found.update(dict.fromkeys(chain, state))
    return found


def _towards(node: Node, state: Node) -> Node | None:
    """Give the operand that is an input, or else the first that may stem from it."""
    operands = [x for x in node.inputs if isinstance(x, Node)]
    if any(x is state for x in operands):
        return state
    return next((x for x in operands if _leads_to(x, state)), None)


def _leads_to(node: Node, state: Node) -> bool:
    """Say whether a Node is an elementwise operation that stems from an input of its shape through such alone."""
    seen: set[Node] = set()
    stack = [node]
    while stack:
        x = stack.pop()
        if x is state:
            return True
        if x not in seen and is_ufunc(x) and x.shape == state.shape:
            seen.add(x)
            stack += [y for y in x.inputs if isinstance(y, Node)]
    return False


def _drawn_in(node: Node, in_place: Mapping[Node, Node], written: Container[Node]) -> Node | None:
    """Find the product Yᵀ δ of W ± Yᵀ δ, where the result is written over W.

    It moves to where inputs are ``written``, and must not read what they were.
    """
    state = in_place.get(node)
    if state is None or node.op not in (add, subtract) or node.inputs[0] is not state:
        return None
    product = node.inputs[1]
    if not isinstance(product, Node) or not isinstance(product.op, MatMul) or product.dtype.kind != "f":
        return None
    if product.dtype != node.dtype or product.shape != node.shape or node.ndim != 2:
        return None
    factors = product.inputs
    suited = all(isinstance(x, Node) and x.ndim == 2 and x.dtype == node.dtype for x in factors)
    return product if suited and not any(root(x) in written for x in factors) else None


def _descendants(nodes: list[Node], of: Mapping[Node, Node]) -> set[Node]:
    found: set[Node] = set()
    for node in nodes:
        if node in of or any(x in found for x in node.inputs if isinstance(x, Node)):
            found.add(node)
    return found


def _readers(x: Node, users: Mapping[Node, list[Node]]) -> set[Node]:
    """Give the operations that read an input's memory, also through a view."""
    found: set[Node] = set()
    stack = [x]
    while stack:
        for user in users.get(stack.pop(), []):
            if is_view(user.op):
                stack.append(user)
            found.add(user)
    return found
