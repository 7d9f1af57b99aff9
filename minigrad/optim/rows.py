"""A row for each parameter of an optimizer: its array, scratch space and running values, and where the new w may go."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from sys import getrefcount
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.engine.recording import count_records
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.watch import COUNTED, COUNTS, TIED, forget_unheld, newest, seal_array, seals, ties
from minigrad.ops.common.libraries import is_other
from minigrad.optim.held import Held, HeldByTensor, is_unchanging

Array = NDArray[Any]
State = dict[str, Array]


class Row:
    """One parameter and what its update needs: its array, η, scratch space, and the rule's running values.

    η is an array of w's dtype, since NumPy converts a float anew in every call, a tenth of the time of a small step;
    the scratch space spares a fresh temporary, which costs page faults where w is large, and the parameters share it,
    so that it stays in the cache.

    A record that is alive holds the array that it was computed from: then the new w goes to `spare`, which is the array
    of the step before where nobody holds that any more. A loop whose E lives until the next one goes to and fro, and
    has its spare array for scratch space, so that no more memory than before goes through the cache.
    """

    __slots__ = ("buf", "eta", "own", "param", "shape", "size", "spare", "state", "w")
    w: Array
    spare: Array | None
    own: int

    def __init__(self, param: Tensor, w: Array, eta: Array, buf: Array, state: State) -> None:
        self.param, self.eta, self.buf, self.state = param, eta, buf, state
        self.take(w)
        self.shape = w.shape
        self.size = w.size

    def take(self, w: Array) -> None:
        """Follow the parameter to another array."""
        self.w, self.spare, self.own = w, None, count_own(w)

    def find_room(self) -> Array:
        """Give another array for the new w, or w itself where others are to see it; then a record notices."""
        w = self.w
        if isinstance(w, Held):  # which takes another array with each step
            return w
        if self.param.born == TIED:
            seal_array(w)
            return w
        if self.spare is not None and getrefcount(self.spare) <= self.own - COUNTED:  # the step has it, too
            return self.spare
        room = np.empty_like(w)
        self.own = count_own(room)
        return room


def count_own(w: Array) -> int:
    """Say how many references to an array there are while a step writes it, −1 if the count tells nothing.

    They are the tensor's, its row's, the step's variable and what the count itself adds.
    """
    return 3 + COUNTED if COUNTS and type(w) is np.ndarray and w.base is None else -1


class RunningValues(dict[str, Any]):
    """The running values of one parameter, by name: a new value goes into the array that rules and code write to."""

    def __setitem__(self, name: str, value: Any) -> None:
        held = self.get(name)
        if held is not None:
            held[...] = value
        else:
            super().__setitem__(name, value)

    def update(self, *given: Any, **named: Any) -> None:
        """Write new values for some of them, by name, as those of a checkpoint."""
        for name, value in dict(*given, **named).items():
            self[name] = value

    def __ior__(self, given: Any) -> Any:  # type: ignore[misc]
        self.update(given)
        return self

    def _keep(self, *given: Any) -> Any:
        raise TypeError(
            "states: the running values of an optimizer are not taken away, for its rule needs them. Write into one, "
            "state['m'] = 0, or make a new optimizer to begin anew."
        )

    __delitem__ = pop = popitem = clear = _keep

    def __reduce__(self) -> Any:
        """Be kept as a dict, in which a copy finds arrays of its own."""
        return dict, (dict(self),)


class States(list[Any]):
    """The running values of each parameter; what is given for some of them is written into their arrays."""

    def __setitem__(self, i: Any, given: Any) -> None:
        held, given = (self[i], given) if isinstance(i, slice) else ([self[i]], [given])
        for state, values in zip(held, list(given), strict=True):
            if set(state) != set(values):
                raise ValueError(f"states: wanted the running values {', '.join(state)}, not {', '.join(values)}")
            state.update(values)


def make_row(p: Tensor, buf: Any, state: State) -> Row:
    """Give one parameter its row: of arrays that never change, places that hold them."""
    eta: Any = np.empty_like(p.array, shape=())
    if not is_unchanging(p.array):
        return Row(p, p.array, eta, buf, RunningValues(state))
    places = RunningValues({name: Held(x) if is_unchanging(x) else x for name, x in state.items()})
    return Row(p, HeldByTensor(p), Held(eta), Held(buf), places)  # type: ignore[arg-type]


class Rows(list[Row]):
    """The rows of an optimizer, one a parameter; ``unheld`` is −1 where a record may hold one of their arrays.

    Otherwise it is how many results had been recorded when none could: as many as now, and none does. ``looked`` is how
    many times an array had been taken in hand when nobody had one of theirs. ``move`` is the rule's method that writes
    a new w, and ``in_spare`` says whether where that goes may be scratch space until then.
    """

    __slots__ = ("in_spare", "looked", "move", "unheld")

    def __init__(
        self,
        params: Sequence[Tensor],
        states: Iterable[State],
        move: Callable[..., None],
        in_spare: bool,
        unheld: int = -1,
    ) -> None:
        self.move, self.in_spare, self.unheld, self.looked = move, in_spare, unheld, -1
        memory = share_scratch(params)
        super().__init__(make_row(p, buf, state) for p, buf, state in zip(params, memory, states, strict=True))

    def may_be_held(self) -> bool:
        """Say whether anything has been recorded since the parameters were made: only then may a record hold them."""
        if self.unheld >= 0 and count_records() != self.unheld:
            self.unheld = -1
        return self.unheld < 0

    def write(self, ready: list[Row], rule: Any) -> None:
        """Write each new w of the rows that are ready, beside the old one where somebody holds that."""
        move, in_spare = self.move, self.in_spare
        held = self.unheld < 0 or self.may_be_held()
        beside = held and not ties
        for row in ready:
            w = row.w
            out = row.spare
            if out is None or not beside or getrefcount(out) >= row.own:
                own = row.own
                out = row.find_room() if held and getrefcount(w) > own else w
                self.write_to(out, row, rule, keeps=own > 0)
                continue
            p = row.param
            move(rule, w, p.stored_grad.array, row.eta, out if in_spare else row.buf, row.state, out)
            p.array = row.w = out
            row.spare = w
        if newest.count != self.looked:
            self.forget_unheld()

    def write_to(self, out: Array, row: Row, rule: Any, keeps: bool) -> None:
        """Write a new w to its own array or another; its row ``keeps`` the old one, for the step after, if it is whole.

        Who sees a view's memory holds what it is a view of, not it: that nobody has the view tells nothing.
        """
        w, g = row.w, row.param.stored_grad.array
        if out is w:
            self.move(rule, w, g, row.eta, row.buf, row.state, w)
            return
        self.move(rule, w, g, row.eta, out if self.in_spare else row.buf, row.state, out)
        row.param.array = row.w = out
        row.spare = w if keeps else None

    def forget_unheld(self) -> None:
        """Let nobody watch the arrays that a user was given and has let go of; look again while he has one."""
        forget_unheld((row.w for row in self), 2)  # each is held by its tensor and its row
        if not any(id(x) in seals for row in self for x in (row.w, row.spare)):
            self.looked = newest.count


def share_scratch(params: Sequence[Tensor]) -> Iterator[Array]:
    """Give each parameter scratch space of its shape and dtype, all of them in the same memory.

    An array of another library has some of its own, of that library.
    """
    memory = np.empty(max((p.array.nbytes for p in params if not is_other(p.array)), default=0), np.uint8)
    for p in params:
        if is_other(p.array):
            yield np.empty_like(p.array)
        else:
            yield memory[: p.array.nbytes].view(p.dtype).reshape(p.shape)
