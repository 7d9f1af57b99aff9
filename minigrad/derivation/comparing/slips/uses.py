"""Slips of what is used several times: a use that is not counted, = where += is due, a way back that is cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation, Values
from minigrad.derivation.comparing.slips.base import (
    FARTHEST,
    Slip,
    called,
    formula_of,
    more_like_it,
    places_alone,
    slip_in,
)
from minigrad.derivation.wording import say
from minigrad.engine.node import Node
from minigrad.ops.indexing import Gather, Index, Scatter, ScatterAt, is_basic
from minigrad.ops.linalg import matmul

_FEWEST_STEPS = 3  # two uses of a weight, one after the other, are two layers that share it


def use_missing(way: Calculation, x: Node) -> Iterator[Slip]:
    """∂E/∂x = Σ over the uses of x: without one of them."""
    users = way.tape.users.get(x, [])
    for user in users[: places_alone(way, x)] if len(users) > 1 else []:
        says = say("the part that comes through {user} is missing", user=formula_of(user, way))
        if len(users) == 2 and users[0].op == users[1].op:
            (kept,) = (other for other in users if other is not user)
            says = say(
                "only one of its 2 uses is counted, that in {use}; += is due, and not =", use=formula_of(kept, way)
            )
        yield slip_in(without(way, x, [user]), x, says)


def assigned(way: Calculation, x: Node) -> Iterator[Slip]:
    """The first or the last of several uses alone, as of = in a loop where += is due, or the last few of them."""
    users = way.tape.users.get(x, [])
    n = len(users)
    if n < 3:
        return
    first, last = formula_of(users[0], way), formula_of(users[-1], way)
    says = say("only the first of its {n} uses is counted, that in {use}; += is due, and not =", n=n, use=first)
    yield slip_in(without(way, x, users[1:]), x, says)
    says = say("only the last of its {n} uses is counted, that in {use}; += is due, and not =", n=n, use=last)
    yield slip_in(without(way, x, users[:-1]), x, says)
    for k in range(2, min(n - 1, FARTHEST) + 1):
        says = say("only the last {k} of its {n} uses are counted", k=k, n=n)
        yield slip_in(without(way, x, users[:-k]), x, says)
        says = say("only the first {k} of its {n} uses are counted", k=k, n=n)
        yield slip_in(without(way, x, users[k:]), x, says)


def without(way: Calculation, x: Node, users: Sequence[Node]) -> Calculation:
    """Give the calculation in which some operations on x pass nothing on to it."""
    return way.with_rules({(user, i): None for user in users for i, part in enumerate(user.inputs) if part is x})


def one_sample(way: Calculation, x: Node) -> Iterator[Slip]:
    """The gradient of one sample alone, as of = in a loop over the samples where += is due."""
    users = way.tape.users.get(x, [])
    of_all = [user for user in users if user.ndim > 1 and _is_shared_by_rows(x, user) and user.shape[0] > 1]
    if not users or len(of_all) < len(users):
        return
    n = of_all[0].shape[0]
    last = say("only the last of the {n} samples is counted; += is due, and not =", n=n)
    first = say("only the first of the {n} samples is counted; += is due, and not =", n=n)
    for at, says in ((-1, last), (0, first)):
        changed = way
        for user in of_all:
            g = np.zeros(user.shape)
            g[at] = way.gradient(user)[at]
            changed = changed.with_gradient(user, g)
        yield Slip(says, changed.gradient(x))


def _is_shared_by_rows(x: Node, user: Node) -> bool:
    return x.ndim < user.ndim or (user.op == matmul and user.inputs[1] is x and x.ndim == 2)


def indexed_once(way: Calculation, x: Node) -> Iterator[Slip]:
    """∂E/∂x[i] = g, or x[i] += g, where an index in i is repeated and its parts are to be added: np.add.at."""
    repeated = [y for y in way.tape.above(x) if isinstance(y.op, Index | Gather) and _may_repeat(y)]
    groups = [repeated, *([y] for y in repeated[:FARTHEST])] if len(repeated) > 1 else [repeated] if repeated else []
    for group in groups:
        says = say(
            "what {index}{more} takes twice is counted once; np.add.at is due, and not = or += with an index",
            index=formula_of(group[-1], way), more=more_like_it(len(group)),
        )  # fmt: skip
        yield slip_in(way.with_rules({(y, 0): _assign for y in group}), x, says)


def _may_repeat(y: Node) -> bool:
    if isinstance(y.op, Scatter | ScatterAt):
        return False
    return isinstance(y.op, Gather) or (isinstance(y.op, Index) and not is_basic(y.op.key))


def _assign(op: Any, g: Any, y: Any, x: Any, *indices: Any) -> Any:
    result = np.zeros(np.shape(x))
    result[op.filled(indices) if isinstance(op, Gather) else op.key] = g
    return result


def cut_off(way: Calculation, x: Node) -> Iterator[Slip]:
    """Backpropagation through time that goes back k steps only: of each error, or of the one at the end."""
    back, n = _steps_back(way)
    on_path = set(way.tape.above(x))
    back = [(y, i) for y, i in back if y in on_path and y.inputs[i] in on_path]
    if not back or n < _FEWEST_STEPS:
        return
    state = called(back[0][0].inputs[back[0][1]], way)
    way_back = CutOff(**vars(way), back=tuple(back), reach=min(n - 1, FARTHEST))
    for k, value in enumerate(way_back.sums(x), 1):
        says = say("the way back through time is cut off after {k} of {n} steps", k=k, n=n)
        if k == 1:
            says = say("nothing comes back through time, as if {state} and the like were constants", state=state)
        yield Slip(says, value, replace(way_back, reach=k))


@dataclass(frozen=True, eq=False)
class CutOff(Calculation):
    """A calculation whose way back passes ``reach`` − 1 times from a step to the one before it, and no further.

    ``back`` are the places, (operation, operand), where it does.
    """

    back: tuple[tuple[Node, int], ...] = ()
    reach: int = 1

    def gradient(self, x: Node) -> Any:
        """Give ∂E/∂x, which is the last of the sums."""
        *_, found = self.sums(x)
        return found

    def sums(self, x: Node) -> Iterator[Any]:
        """Give the part of ∂E/∂x that comes without a step back; with that of one; with those of two …"""
        nodes = self.tape.above(x)
        on_path = set(nodes)
        stopped = self.with_rules({(y, i): None for y, i in self.back if y in on_path})
        found: Any = 0.0
        seeds: dict[Node, Any] | None = None
        for _ in range(self.reach):
            with np.errstate(all="ignore"):
                total = stopped.walk(nodes, seeds)
                found = np.broadcast_to(found + total.get(x, 0.0), x.shape)
                yield found
                seeds = _carried_back(self, self.back, total)
            stopped = replace(stopped, given={y: np.zeros(y.shape) for y in self.given})


def _carried_back(way: Calculation, back: Sequence[tuple[Node, int]], total: Values) -> dict[Node, Any]:
    """Give what a step's gradients hand on to the step before it."""
    found: dict[Node, Any] = {}
    for y, i in back:
        if y in total:
            for x, share in way.shares(y, total[y]):
                if x is y.inputs[i]:
                    found[x] = found[x] + share if x in found else share
    return found


def _steps_back(way: Calculation) -> tuple[list[tuple[Node, int]], int]:
    """Give the places (operation, operand) at which a step uses the step before it, and the number of steps.

    A step is known by the parameters that each one uses again, one after another on one path. A state that is 0 at
    first leaves out the first use of what multiplies it.
    """
    tape = way.tape
    again: list[list[Node]] = []
    for leaf in tape.nodes:
        users = tape.users.get(leaf, [])
        if leaf.op is None and leaf.value is None and len(users) > 1 and _depth(way, users) == len(users):
            again.append(users)
    n = max(map(len, again), default=0)
    begins: dict[Node, int] = {}
    for users in again:
        for j, user in enumerate(users, 1):
            if len(users) >= n - 1:
                begins[user] = max(begins.get(user, 0), n - len(users) + j)
    step: dict[Node, int] = {}
    for y in tape.nodes:
        step[y] = max([begins.get(y, 0), *(step[x] for x in y.inputs if isinstance(x, Node))])
    leads: dict[Node, int] = {}  # to which step a Node leads on
    for y in reversed(tape.nodes):
        for x in y.inputs:
            if isinstance(x, Node):
                leads[x] = max(leads.get(x, 0), leads.get(y, 0), begins.get(y, 0))
    places = [(y, i) for y in tape.nodes for i, x in enumerate(y.inputs) if isinstance(x, Node) and x.op]
    return [(y, i) for y, i in places if 0 < step[y.inputs[i]] < min(step[y], leads[y.inputs[i]] + 1)], n


def _depth(way: Calculation, users: Sequence[Node]) -> int:
    """Give the largest number of some operations on one path."""
    depth: dict[Node, int] = {}
    among = set(users)
    for y in way.tape.nodes:
        depth[y] = max((depth[x] for x in y.inputs if isinstance(x, Node)), default=0) + (y in among)
    return max(depth.values())
