"""Record: what a tensor keeps of how it was made, and the walk back over it."""

from __future__ import annotations

from collections.abc import Container
from heapq import heappop, heappush, heapreplace
from typing import Any
from weakref import WeakValueDictionary

from numpy import ndarray
from numpy.linalg import LinAlgError

from minigrad.engine.backward import apply_guarded, reaching, unbroadcast
from minigrad.engine.blocks import in_force
from minigrad.engine.claims import keep_claim, made_one_hot
from minigrad.engine.comparison import COMPARED, keep_comparison
from minigrad.engine.messages.errors import MatrixError, explain_slope
from minigrad.engine.operand import Operand
from minigrad.engine.recording import is_paused, leaf_serial, next_serial
from minigrad.engine.writing.versions import assigned, find_version, settle
from minigrad.engine.writing.watch import check_unchanged, newest, note_leaf, seals
from minigrad.ops.base import Op, one
from minigrad.ops.shaping import fit_dtype


class Record(Operand):
    """An array, and the operation, the operands and the values that it was computed from.

    An operation on two operands has them in ``_a`` and ``_b``, and the arrays and numbers that it was computed from
    in ``_x`` and ``_z``; any other has a tuple of its operands in ``_a``, one of the values in ``_x``, and None in
    ``_b``. Without two tuples a result is recorded faster, and the garbage collector, which looks at every recorded
    operation some seven times in a chain of 10⁶, has one object to look at instead of three. For all but what is
    written for speed, in this room, there are ``inputs`` and ``values``.
    """

    __slots__ = ("__weakref__", "_a", "_b", "_x", "_z", "array", "op", "serial")
    array: Any
    name: Any  # of those that have one
    _a: Any
    _b: Any
    _x: Any
    _z: Any

    leaf: Any = None  # of what stands in for a tensor, in the records of its own gradient: that tensor, weakly

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The operands that this was computed from; none for a leaf."""
        operands = () if self.op is None else self._a if self._b is None else (self._a, self._b)
        if assigned:
            operands = tuple(map(find_version, operands, self.values))
        return tuple(map(_itself, operands)) if stand_ins else operands

    @property
    def values(self) -> tuple[Any, ...]:
        """The arrays and numbers that the operands held then.

        The gradient is that of the values used, also if a leaf is given another array before ``backward``.
        """
        return () if self.op is None else self._x if self._b is None else (self._x, self._z)

    @property
    def comparison(self) -> tuple[Op, tuple[Any, ...]] | None:
        """The operation and the operands that a truth value, constant as it is, was computed from; if they live."""
        return self._a.read() if self.serial == COMPARED else None

    def record_operation(self, op: Op, inputs: tuple[Any, ...], values: tuple[Any, ...]) -> None:
        """Keep how this was computed, for its gradient: by an operation on operands that held those values."""
        self.op, self._a, self._b, self._x, self.serial = op, inputs, None, values, next_serial()

    def keep_formula(self, op: Op, inputs: tuple[Any, ...], values: tuple[Any, ...]) -> None:
        """Be constant; but let 1 − T know what it is if T has a name, for a derivation to write.

        One operation deep and no deeper, so that a running average of constants does not keep its whole past.
        Likewise u > 0, as long as u lives.
        """
        self.op, self.serial = None, 0
        if made_one_hot:
            keep_claim(op, values, self.array)
        if in_force and is_paused():
            return
        if any(isinstance(x, Record) and x.op is None and x.name for x in inputs):
            self.op, self._a, self._b, self._x = op, inputs, None, values
        elif any(isinstance(x, Record) and x.serial for x in inputs):
            kept = keep_comparison(op, inputs, self.array)
            if kept is not None:
                self._a, self.serial = kept, COMPARED


stand_ins: set[int] = set()  # those that live, by id: while there are none, nobody has to look


def _give_to_leaves(found: dict[Any, Any]) -> dict[Any, Any]:
    """Give tensors the gradients of what stands in for them; where one is gone, nobody can ask for its gradient."""
    given: dict[Any, Any] = {}
    for x, g in found.items():
        leaf = x if x.leaf is None else x.leaf()
        if leaf is not None:
            given[leaf] = given[leaf] + g if leaf in given else g
    return given


def _itself(x: Any) -> Any:
    """Give the leaf that an operand stands in for, if it does and the leaf lives; otherwise the operand."""
    leaf = x.leaf() if isinstance(x, Record) and x.leaf is not None else None
    return x if leaf is None else leaf


def restore_leaf(
    kind: type[Record], data: Any, requires_grad: bool, name: str | None, place: str | None, gradient: Any
) -> Record:
    """Give a tensor that no operation made: what a copy or a pickle of one is made by."""
    leaf: Any = object.__new__(kind)
    leaf.array, leaf.op, leaf.serial = data, None, leaf_serial() if requires_grad else 0
    leaf._name, leaf._place, leaf.stored_grad, leaf.born = name, place, gradient, -1
    if requires_grad:
        note_leaf(leaf, held=True)
    return leaf


class Kept:
    """The intermediate results that ``retain_grad`` was called on, as a container for the walk."""

    def __init__(self) -> None:
        # By id: a set would compare tensors, which compare elements.
        self.tensors: WeakValueDictionary[int, Record] | None = None  # until the first, so that asking costs nothing

    def add(self, t: Record) -> None:
        """Remember a tensor for as long as it lives."""
        if self.tensors is None:
            self.tensors = WeakValueDictionary()
        self.tensors[id(t)] = t

    def __contains__(self, t: Any) -> bool:
        x = t if t.leaf is None else t.leaf()
        return self.tensors is not None and x is not None and self.tensors.get(id(x)) is x

    def give(self, t: Any, g: Any) -> Any:
        """Give the gradient that the walk goes on with, from the one that it has found for a tensor."""
        return g


def fast_pullback(
    output: Any, gradient: Any, *, create_graph: bool = False, since: int = 1, keep: Container[Any] = ()
) -> dict[Any, Any]:
    """Walk back as ``backward.pullback`` does, which says what the arguments mean, at a third of its overhead.

    A serial number is larger than those of a record's inputs, so taking the largest first is a topological order, and
    needs no search beforehand. A gradient is dropped as soon as it has been used.

    In one piece, since a call costs as much as the arithmetic on a small array: what ``apply_rule`` and ``fitted`` do
    is spelled out, operands are read from their slots, and one of those that wait is held back from the queue.
    """
    masked: set[int] = set()  # the serials of what has its whole gradient through choices
    reach = None  # where the gradients of these come to
    found: dict[Any, Any] = {}
    waiting: dict[int, tuple[Any, Any]] = {}  # serial -> (operand, gradient so far)
    queue: list[int] = []  # their serials, negated: the largest is taken first
    next_t = next_g = None  # one held back from the queue: along a chain it is the next, and the queue stays empty
    t, g = output, gradient
    if t.op is None:
        return {t: g}
    if assigned:
        settle(output)
    kind = type(t)  # a recorded result's exact class, which is quicker to ask for than its base
    plain = not (create_graph or keep)
    sealed = newest.serial if seals else 0  # what was recorded later was so from arrays that nobody had in hand before
    try:
        while True:
            if keep and t in keep:
                g = found[t] = keep.give(t, g) if isinstance(keep, Kept) else g
            b = t._b
            if sealed and t.serial < sealed:
                check_unchanged(t)
            elif type(b) is ndarray and plain and not (queue or masked):
                t, g = _along_chain(t, g, since if since > sealed else sealed)
                b = t._b
            op = t.op
            y = t.array
            watched = masked and t.serial in masked
            if watched and reach is None:
                reach = reaching.Reach(output, since, unbroadcast)
            if b is None:
                inputs = t._a
                values = t._x
            else:
                inputs = t._a, b
                values = t._x, t._z
            if create_graph:
                y, values = t, tuple([x if isinstance(x, kind) else v for x, v in zip(inputs, values)])  # noqa: B905
            rules = op.vjps  # a look at an operation takes as long as a look at nine slots of a tensor
            broadcasts = op.broadcasts
            arguments = values
            count = len(inputs)  # of up to three the values are written out: a tuple of arguments takes twice as long
            if count == 3:
                v0, v1, v2 = values
            elif count == 2:
                v0, v1 = values
            elif count == 1:
                v0 = values[0]
            elif op.splits:  # rules that know the values: giving them to each of n would take n² time
                rules, arguments, watched = op.split(values), (), False
                count = 0
            chooses = watched or op.chooses
            i = -1  # counted here: an enumeration takes longer to make than four such steps
            for x in inputs:
                i += 1
                if not isinstance(x, kind) or x.serial < since:
                    continue
                rule = rules[i]
                if rule is None:
                    continue
                if watched:
                    c = apply_guarded(t, i, g, y, values, reach)
                elif count == 3:
                    c = rule(op, g, y, v0, v1, v2)
                elif count == 2:
                    c = rule(op, g, y, v0, v1)
                elif count == 1:
                    c = rule(op, g, y, v0)
                else:
                    c = rule(op, g, y, *arguments)
                if broadcasts:
                    value = values[i]
                    if c.shape != value.shape:
                        c = unbroadcast(c, value.shape, t)
                    if c.dtype is not value.dtype and c.dtype != value.dtype:
                        c = fit_dtype(c, value.dtype)
                if x.op is None:
                    found[x] = found[x] + c if x in found else c
                    continue
                if x is next_t:
                    next_g = next_g + c
                elif waiting and x.serial in waiting:
                    waiting[x.serial] = (x, waiting[x.serial][1] + c)
                else:
                    if next_t is None:
                        next_t = x
                        next_g = c
                    elif next_t.serial == x.serial:  # what stands in for it
                        next_g = next_g + c
                        if not chooses:
                            masked.discard(x.serial)
                        continue
                    else:
                        waiting[x.serial] = (x, c)
                        heappush(queue, -x.serial)
                    if chooses:
                        masked.add(x.serial)
                    continue
                if masked and not chooses:
                    masked.discard(x.serial)
            if next_t is None:
                if not queue:
                    return _give_to_leaves(found) if stand_ins else found
                t, g = waiting.pop(-heappop(queue))
            elif not queue or next_t.serial > -queue[0]:
                t = next_t
                g = next_g
                next_t = None
            else:
                waiting[next_t.serial] = (next_t, next_g)
                t, g, next_t = *waiting.pop(-heapreplace(queue, -next_t.serial)), None
    except LinAlgError as error:
        if isinstance(error, MatrixError):  # which says all that
            raise
        raise explain_slope(t.op, t.inputs, error) from error


def _along_chain(t: Any, g: Any, since: int) -> tuple[Any, Any]:
    """Follow operators on an operand and an array, and give where that ends, with the gradient there.

    What ``fast_pullback`` does while nothing waits, without asking whether something does: at half the overhead.
    """
    while type(t._b) is ndarray:
        x, value, derivatives = t._a, t._x, t.op.derivatives
        if derivatives is None or x.op is None or x.serial < since:
            break
        derivative = derivatives[0]
        g = g if derivative is one else g * derivative(t.array, value, t._b)
        if g.shape != value.shape:
            g = unbroadcast(g, value.shape, t)
        if g.dtype is not value.dtype and g.dtype != value.dtype:
            g = fit_dtype(g, value.dtype)
        t = x
    return t, g
