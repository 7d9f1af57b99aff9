"""What a function does, written down as expressions instead of computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import numpy as np

from minigrad.compiler.trace.alive import Alive
from minigrad.compiler.trace.augment import assign_outside, augment_traced, refuse_recorded
from minigrad.compiler.trace.checks import check_handling, check_numbers
from minigrad.compiler.trace.haste import Haste
from minigrad.compiler.trace.indices import gather_unknown
from minigrad.compiler.trace.loop_log import LoopLog
from minigrad.compiler.trace.lying import Lying
from minigrad.compiler.trace.rule import UpdateRule
from minigrad.compiler.trace.sources import Argument, Captured, Data, Draw, Gradient, Setting, Source, State
from minigrad.compiler.trace.traced import Traced, TraceError
from minigrad.compiler.trace.turn_number import settle_index
from minigrad.compiler.trace.turns import Shortening, Steps
from minigrad.compiler.trace.updating import Reader
from minigrad.compiler.trace.write_back import Given
from minigrad.engine.cells import Cell
from minigrad.engine.conversion import as_operand, is_array, join_numbers
from minigrad.engine.listening import refuse_listener
from minigrad.engine.messages.errors import explain_error, place
from minigrad.engine.node import Node, Table
from minigrad.engine.operand import find_operands
from minigrad.engine.record import Kept
from minigrad.engine.recording import is_paused, leaf_serial
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.chosen import Chosen, find_chosen
from minigrad.engine.writing.versions import forget_versions
from minigrad.engine.writing.views import note_view
from minigrad.ops.base import Op
from minigrad.ops.indexing import Index, split_mask


class Tracer:
    """Writes down one call of a function: the inputs that it reads, the values it returns, and what it updates."""

    computes = follows = False  # what it is handed, it writes down

    def __init__(self) -> None:
        self.turns: Shortening | None = None  # of which loops few turns are traced
        self.table: Table = {}
        self.inputs: dict[tuple[Any, ...], tuple[Source, Node]] = {}
        self.updates: dict[tuple[Any, ...], tuple[Source, Any]] = {}
        self.twins: dict[int, tuple[Tensor, Traced]] = {}
        self.owners: dict[Traced, Tensor] = {}
        self.before: dict[int, tuple[Tensor, Any]] = {}  # the gradients that tensors came with
        self.asked: dict[int, Tensor] = {}  # those whose gradient it looked at, or added to, as it was before the call
        self.set_to_none: set[int] = set()  # the tensors whose gradient the function set to None itself
        self.moved_params: set[int] = set()  # the parameters that an update rule moved
        self.rules: list[UpdateRule] = []
        self.guards: list[tuple[Any, str, Any]] = []
        self.alive, self.log, self.handling = Alive(), LoopLog(), np.geterr()
        self.retained = Kept()  # the intermediate results that ``retain_grad`` was called on
        self.copies: list[tuple[Any, Any]] = []
        self.positions: dict[int, int] = {}  # the Tensors among the arguments that take gradients -> where
        self.fixed: dict[int, Tensor] = {}  # those that the function knows from elsewhere too: no other may come
        self.arrays: dict[Traced, Given] = {}  # those among the arguments, which the function may write into
        self.own: dict[int, Tensor] = {}  # those that the function makes itself: what becomes of them nobody sees
        self.draws, self.lying, self.haste, self.gradients = 0, Lying(), Haste(), set[Node]()
        self.seeds: list[Node] = []  # the 1 = ∂E/∂E of each backward pass

    def constant(self, array: Any) -> Node:
        """Give an array that never changes as an expression, the same one each time."""
        node = Node(shape=array.shape, dtype=array.dtype, table=self.table, value=array)
        return self.table.setdefault(("constant", id(array)), node)  # which holds the array, so that it stays the one

    def fix(self, array: Any) -> Traced:
        """Give an array that nobody will write to as an operand."""
        return Traced(self, self.constant(array), plain=True)

    def seed(self, dtype: Any) -> Node:
        """Give the 1 that a backward pass starts from; it stays a symbol, for a factor of all gradients to go into."""
        self.seeds.append(Node(name="seed", dtype=dtype, table=self.table))
        return self.seeds[-1]

    def input(self, source: Source, like: Any, name: str | None = None) -> Node:
        """Give the expression of an input, the same one for the same source."""
        if source.key not in self.inputs:
            weak = isinstance(like, float)
            shape, dtype = (np.shape(like), np.result_type(like)) if weak else (tuple(like.shape), like.dtype)
            node = Node(name=name, shape=shape, dtype=dtype, table=self.table, weak=weak)
            self.inputs[source.key] = (source, node)
            self.lying.note_input(node, like)
        return self.inputs[source.key][1]

    def argument(self, position: int, x: Any, path: str) -> Any:
        """Give what the function gets for an array, a Tensor or a float among its arguments, which is at a path."""
        check_numbers(x.array if isinstance(x, Tensor) else x)
        if not isinstance(x, Tensor):
            number = isinstance(x, float) and not isinstance(x, np.generic)
            like = x if number or is_array(x) else np.asarray(x)
            twin = Traced(self, self.input(Argument(position), like, f"a{position}"), plain=True)
            self.arrays |= {} if number else {twin: Given(position, path, x, twin.node)}
            twin.name = path
            return twin
        twin = Traced(self, self.input(Argument(position), x.array, x.name), x.serial)
        twin.name = x.name or path
        if x.requires_grad:
            self.identify(x)
            self.positions[id(x)] = position
        self.twins[id(x)], self.owners[twin] = (x, twin), x
        self.meet(x)
        return twin

    def identify(self, x: Tensor) -> None:
        """Note that a Tensor which is an argument is met again, as another one or from outside."""
        if id(x) in self.positions:
            self.fixed[self.positions[id(x)]] = x

    def twin(self, x: Tensor) -> Traced:
        """Give the expression of a Tensor from outside: an input that is read anew at each call."""
        if isinstance(x, Traced):
            if x.tracer is not self:
                raise TraceError(f"compile: a value traced by another call, made at {x.made}, was kept and used here.")
            return x
        self.identify(x)
        if id(x) not in self.twins:
            if x.serial > 0 and x.op is not None:
                raise refuse_recorded()
            array = x.array
            self.copies.append((array, np.copy(array)))
            twin = Traced(self, self.input(Data(x), array, x.name), x.serial)
            twin.name = x.name
            self.twins[id(x)], self.owners[twin] = (x, twin), x
            self.meet(x)
        return self.twins[id(x)][1]

    def operand(self, x: Any, op: Op | None = None) -> Any:
        """Give an operand as a Traced, or a number as it is."""
        if isinstance(x, Tensor | Chosen):
            return self.twin(x) if isinstance(x, Tensor) else x
        if not isinstance(x, np.generic) and op is not None:
            if isinstance(x, list | tuple) and all(isinstance(t, Traced) and t.plain for t in find_operands(x)):
                x = join_numbers(x)
            x = x if isinstance(x, Traced) else as_operand(op, x)
        if isinstance(x, Traced | int | float | complex) and not isinstance(x, np.generic):
            return x
        if isinstance(x, np.generic):
            return Traced(self, self.constant(np.asarray(x)), plain=True)
        if type(x) is np.ndarray and x.flags.f_contiguous and not x.flags.c_contiguous:  # as A.T lies: code reads A
            return Traced(self, self.input(Captured(x.T, place()), x.T).T, plain=True)
        return Traced(self, self.input(Captured(x, place()), x), plain=True)

    def random(self, rng: Any, shape: tuple[int, ...]) -> Traced:
        """Give random numbers that each call draws anew."""
        self.draws += 1
        return Traced(self, self.input(Draw(rng, tuple(shape), self.draws), np.empty(shape)), plain=True)

    def depend(self, owner: Any, name: str) -> None:
        """Note an attribute that the function's course depends on."""
        self.guards.append((owner, name, getattr(owner, name)))

    def steps(self, count: int) -> Steps:
        """Give the numbers of a loop's turns."""
        return Steps(self, count)

    def loop_over(self, count: int, give: Callable[[Any], Any], frame: FrameType) -> Iterable[Any]:
        """Give what a ``for`` in a frame goes over: few turns, if all are known to be alike."""
        return map(give, range(count)) if self.turns is None else self.turns.iterate(self, count, give, frame)

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """Write down an operation; its record, for the gradient, is the one that a Tensor keeps."""
        check_handling(self.handling, op)
        if (chosen := find_chosen(inputs)) is not None:
            return chosen.apply(op, inputs)
        if isinstance(op, Index):
            if self.turns is not None and self.turns.counts and type(op) is Index:
                op = Index(settle_index(op.key, np.shape(inputs[0])))
            mask, rest = split_mask(op.key)
            if mask is not None:
                return self.operand(inputs[0]).choose_behind(rest, Traced(self, mask, plain=True))
            op, inputs = gather_unknown(self, op, inputs)
        operands = tuple(self.operand(x, op) for x in inputs)
        values = tuple(x.node if isinstance(x, Traced) else x for x in operands)
        try:
            node = op(*values)
        except (ValueError, IndexError, TypeError) as error:
            raise explain_error(op, inputs, error) from error
        self.log.note(node)
        traced = [x for x in operands if isinstance(x, Traced)]
        result = Traced(self, node, plain=all(x.plain for x in traced))
        if op.differentiable and not is_paused() and any(x.serial > 0 for x in traced):
            result.record_operation(op.unseen, operands, values)
        if op.views:
            note_view(op, operands[0], result)
        return result

    def variable(self, x: Any) -> Traced:
        """Give a leaf of the same value, for a gradient transform to differentiate by."""
        x = self.operand(x)
        return Traced(self, x.node if isinstance(x, Traced) else self.constant(np.asarray(x)), leaf_serial())

    def touch(self, t: Tensor) -> None:
        """Note that the function reads the gradient that a Tensor came with; where there is none, it may do more."""
        self.meet(t)
        owner = self.owners.get(t) if isinstance(t, Traced) else t
        if owner is not None and id(owner) not in self.set_to_none:
            self.asked[id(owner)] = owner

    def meet(self, t: Tensor) -> None:
        """See to it that the gradient which a Tensor came with is an input, not a value."""
        if id(t) in self.before or isinstance(t, Traced):
            return
        grad = t.stored_grad if hasattr(t, "stored_grad") else None
        self.before[id(t)] = (t, grad)
        if grad is not None:
            t.stored_grad = Traced(self, self.input(Gradient(t, self.positions.get(id(t))), grad.array))

    def forget(self, t: Tensor) -> None:
        """Set a Tensor's gradient to None."""
        if isinstance(t, Traced) and t in self.owners:
            t = self.owners[t]
        else:
            self.identify(t)
        self.meet(t)
        self.set_to_none.add(id(t))
        t.stored_grad = None

    def add_gradient(self, leaf: Traced, g: Any) -> None:
        """Add to the gradient of the Tensor that a leaf stands for."""
        owner = self.owners.get(leaf, leaf)
        refuse_listener(owner)
        self.touch(owner)
        before = getattr(owner, "stored_grad", None)
        self.gradients |= {g.node} if before is None else set()  # a sum is no multiple of what the pass starts from
        owner.stored_grad = g if before is None else before + g
        if owner is not leaf:
            leaf.stored_grad = owner.stored_grad
        self.moved_params.discard(id(owner))

    def current(self, source: Source, like: Any) -> Node:
        """Give what a source holds at this point of the function."""
        node: Node = self.updates[source.key][1] if source.key in self.updates else self.input(source, like)
        return node

    def step(self, optimizer: UpdateRule) -> None:
        """Write down an optimizer's step: its own rule, called with Cells in place of arrays."""
        ready = []
        for param, state in zip(optimizer.params, optimizer.states, strict=True):
            self.touch(param)
            if param.stored_grad is not None:
                ready.append((param, self.operand(param.stored_grad).node, state))
        if not ready:
            raise RuntimeError(f"{type(optimizer).__name__}.step: no parameter has a gradient; call backward() first")
        self.rules.append(optimizer)
        settings = {name: Cell(self.input(Setting(optimizer, name), 0.0)) for name in optimizer.settings}
        reader = Reader(optimizer, settings, self.constant, [param for param, _, _ in ready])
        for param, g, state in ready:
            sources = {name: State(state, name, param.name) for name in state}
            states = {name: self.current(source, state[name]) for name, source in sources.items()}
            w, *changed = reader.read(self.twin(param).node, g, states)
            self.updates |= {s.key: (s, x) for s, x in zip(sources.values(), changed, strict=True)}
            self.assign(param, w)
            self.moved_params.add(id(param))

    def assign(self, t: Tensor, node: Any) -> None:
        """Note a Tensor's new value, which the function computes with from here on."""
        self.note_update(t, node)
        twin = Traced(self, node, t.serial)
        twin.name, twin.stored_grad = t.name, getattr(t, "stored_grad", None)
        self.twins[id(t)], self.owners[twin] = (t, twin), t

    def note_update(self, t: Tensor, node: Any) -> None:
        """Note what a Tensor is to hold after the call, if it is from outside."""
        if id(t) not in self.own:
            source = Data(t)
            self.updates[source.key] = (source, node)

    def augment(self, t: Tensor, symbol: str, binary: Callable[[Any, Any], Any], other: Any, names: int) -> Tensor:
        """Write down an augmented assignment, ``t += other``."""
        return augment_traced(self, t, symbol, binary, other, names)

    def assign_elements(self, t: Tensor, key: Any, value: Any) -> None:
        """Write down ``t[key] = value`` for a Tensor from outside."""
        assign_outside(self, t, settle_index(key, t.shape), value)

    def gradient_of(self, t: Tensor) -> Node | None:
        """Give the input that holds the gradient a Tensor came with, if it came with one."""
        return self.inputs.get(Gradient(t).key, (None, None))[1]

    def let_go(self) -> None:
        """Hold on to no traced value any more: one that is still alive then is held by somebody else."""
        forget_versions(self.alive)
        for held in (self.twins, self.owners, self.before, self.own, self.arrays):
            held.clear()

    def restore(self) -> None:
        """Give all Tensors back the gradients that they had, and the arrays that the function wrote into directly."""
        for t, grad in self.before.values():
            t.stored_grad = grad
