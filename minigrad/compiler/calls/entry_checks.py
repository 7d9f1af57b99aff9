"""What tells, before compiled code is called or after it has refused, that a call is not for it: as conditions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import starmap
from types import FunctionType
from typing import Any

import numpy as np

from minigrad.compiler.calls.entry_end import EndWriter
from minigrad.compiler.calls.likeness import compare_argument, compare_arrays, compare_tensors
from minigrad.compiler.calls.watched import Watched
from minigrad.compiler.trace.links import Attribute, Cell, Link
from minigrad.compiler.trace.lying import lies_alike
from minigrad.compiler.trace.sources import Argument, Captured, Data, Draw, Gradient, Setting, Source
from minigrad.compiler.trace.write_back import are_apart
from minigrad.engine.listening import is_listened_to, listeners
from minigrad.engine.tensor import Tensor

Lines = list[str]


class CheckWriter(EndWriter):
    """Writes the checks of one way in: ``checks``, ``misfits`` and ``slots`` are as in its whole."""

    cells: dict[str, Any]
    watched: Watched
    bound_to: bool

    def write_checks(self, passed: Sequence[Source], bound: Sequence[Source], arrays: Sequence[Any]) -> None:
        """Write the checks.

        Native code itself refuses what has another shape or dtype, if it is passed that at all; but not after it has
        drawn random numbers.
        """
        typed = self.call.fitting is not None and not any(isinstance(source, Draw) for source in bound)
        refused = {source.position for source in passed if isinstance(source, Argument) and typed}
        record, checks = self.record, ["not is_paused()"] if self.record.paused else []
        self.misfits: Lines = []
        self.slots: list[tuple[Tensor, str, Any]] = []
        for i, (letter, x) in enumerate(zip(self.letters, self.arguments, strict=True)):
            if i in refused and type(x) is np.ndarray and x.shape:
                own = self.misfits if self.call.silent else checks
                own.append(f"{letter}.__class__ is not ndarray")
                self.misfits.append(f"{letter}.shape != {x.shape} or {letter}.dtype != {self.name(x.dtype)}")
            elif not (self.bound_to and type(x) is float):
                checks += compare_argument(letter, x, self.name)
        outside = set(record.inputs.values())
        for source, array in zip(bound, arrays, strict=True):
            if isinstance(source, Data):
                own = self.misfits if self.call.watch else checks
                own.append(f"{self.name(source.tensor)}.array is not {self.name(array)}")
                if self.call.fitting is not None and type(array) is np.ndarray:  # NumPy sees another shape by itself
                    own.append(f"{self.name(array)}.shape != {array.shape}")
                self.slots.append((source.tensor, "array", array))
            elif isinstance(source, Captured) and source in outside:  # x.shape = … leaves it the same array
                x = self.name(array)
                checks.append(f"{x}.shape != {tuple(array.shape)} or {x}.dtype != {self.name(array.dtype)}")
        checks += [f"{self.name(owner)}.{attribute} != {self.name(value)}" for owner, attribute, value in record.guards]
        for link in (x for x in record.links if not x.tells):
            if isinstance(link, Attribute) and link.holder is link.owner:
                loosen_attributes(link.owner)
            code = self.call.watch is not None and type(link.owner) is FunctionType and link.name == "__code__"
            (self.misfits if code else checks).append(self.write_link(link))
            self.slots += [(link.owner, link.name, link.seen)] if code else []
        checks += [f"{link.write(self.name_owner(link), self.name)}.__class__ is not float" for link in record.numbers]
        checks += compare_tensors(record, self.letters, self.name)
        checks += compare_arrays(record, self.letters, self.arguments)
        for t in record.without_gradient:
            own = self.misfits if self.call.watch and not isinstance(t, int) else checks
            own.append(f"{self.owners[t]}.stored_grad is not None")
        self.read = {id(source.tensor) for source in passed if isinstance(source, Gradient)}
        without = [*record.without_gradient, *(t for t, g in record.grads if g is None)]
        self.slots += [(t, "stored_grad", None) for t in without if isinstance(t, Tensor) and self.is_looked_at(t)]
        checks += [*self.check_lying(), *self.check_apart(bound, arrays), *self.check_listeners()]
        checks += [f"{self.gradient(source)} is None" for source in record.find_gradients(passed)]
        for source in passed:
            if isinstance(source, Setting):
                loosen_attributes(source.owner)
        self.checks = checks

    def check_lying(self) -> Lines:
        """Write what tells that an argument lies in memory otherwise, where that has told a view from a copy."""
        laid = [(self.value(x), strides) for x, strides in self.record.laid if isinstance(x, Argument)]
        self.known |= {"alike": lies_alike} if laid else {}
        return [f"not alike({value}, {strides})" for value, strides in laid]

    def check_listeners(self) -> Lines:
        """Write what tells that somebody listens to a gradient which the code takes: where anybody listens at all."""
        taken = "".join(f"{self.owners[t]}, " for t, _ in self.record.grads)
        return [f"{self.name(listeners.rows)} and {self.name(is_listened_to)}(({taken}))"] if taken else []

    def check_apart(self, bound: Sequence[Source], arrays: Sequence[Any]) -> Lines:
        """Write what tells that arguments which are written into share memory with others, or cannot be written."""
        if not self.record.written:
            return []
        written = [self.letters[i] for i in self.record.written]
        others = [
            x
            for i, (x, given) in enumerate(zip(self.letters, self.arguments, strict=True))
            if i not in self.record.written and not isinstance(given, float)
        ]
        others += [self.name(x) for source, x in zip(bound, arrays, strict=True) if isinstance(source, Data | Captured)]
        self.known["apart"] = are_apart
        return [f"not apart(({', '.join(written)},), ({''.join(f'{x}, ' for x in others)}))"]

    def write_link(self, link: Link) -> str:
        """Write what would tell that something outside the function is another now."""
        return link.write_check(self.name_owner(link), self.name(link.seen), self.name)

    def name_owner(self, link: Link) -> str:
        """Give the name that the code has for where something is: for a variable of a function, of its own."""
        if not isinstance(link, Cell):
            return self.name(link.owner)
        name = f"c{len(self.cells)}"
        self.cells[name] = link.owner
        return name


def loosen_attributes(owner: Any) -> None:
    """Let an object's attributes lie in a dict of its own, if they are in one whose keys all of its class share.

    Where somebody has looked at such a dict, as tracing does, CPython 3.11 reads each attribute in 28 ns from then on,
    and else in 13. To take the last item and put it back makes it a dict like others; that is one call, in which no
    other thread sees it without.
    """
    held = getattr(owner, "__dict__", None)
    if type(held) is dict and held and sys.version_info < (3, 13):
        next(starmap(held.__setitem__, iter(held.popitem, None)))
