"""What a way into compiled code does when the code has run: gradients, arguments written into, and the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.compiler.backend import Call
from minigrad.compiler.calls.results import Made, Output, map_leaves
from minigrad.compiler.calls.spent import Spent, make_spent
from minigrad.compiler.differentiable import Pullback
from minigrad.compiler.record import Record
from minigrad.compiler.trace.haste import has_nan
from minigrad.compiler.trace.sources import Argument, Captured, Data, Draw, Gradient, Source
from minigrad.engine.tensor import Tensor, constant_tensor

Lines = list[str]


class EndWriter:
    """Writes the end of one way in; ``owners`` are what the code calls the Tensors that get gradients.

    ``read`` are the Tensors whose gradients are passed to the code, by their ids.
    """

    record: Record
    arguments: Sequence[Any]
    letters: list[str]
    call: Call
    known: dict[str, Any]
    owners: dict[Tensor | int, str]
    missed: str
    read: set[int]
    pullback: Pullback | None

    def gradient(self, source: Gradient) -> str:
        """Write the gradient that a Tensor has."""
        raise NotImplementedError

    def name(self, x: Any) -> str:
        """Give the name that the code has for something."""
        raise NotImplementedError

    def value(self, source: Source) -> str:
        """Write what the code is passed."""
        raise NotImplementedError

    def write_drops(self, looked_at: bool) -> Lines:
        """Write what drops the gradients that the function leaves none of: of Tensors that code looks at, or others."""
        lines = []
        for t, g in self.record.grads:
            if g is None and looked_at == (self.call.watch is not None and self.is_looked_at(t)):
                owner = self.owners[t]
                lines += [f"    if {owner}.stored_grad is not None:", f"        {owner}.stored_grad = None"]
        return lines

    def is_looked_at(self, t: Tensor | int) -> bool:
        """Say whether code can look at the gradient slot of a Tensor: not one that it reads, and empties afterwards."""
        return not isinstance(t, int) and id(t) not in self.read

    def write_gradients(self) -> Lines:
        """Write the gradients that the function leaves behind."""
        results = iter(self.call.results[len(self.record.returned) :])
        left = [(self.owners[t], next(results)) for t, g in self.record.grads if g is not None]
        kept = [f"    {owner}.stored_grad = constant({result})" for owner, result in left]
        return [*self.write_drops(looked_at=False), *kept]

    def write_arguments(self) -> Lines:
        """Write what stores the new elements of arrays among the arguments in these, when nothing can fail any more."""
        written, n = self.record.written, len(self.record.returned)
        self.known["copyto"] = np.copyto
        pairs = zip(written, self.call.results[n - len(written) : n], strict=True)
        return [f"    copyto({self.letters[i]}, {result})" for i, result in pairs]

    def write_doubt(self) -> Lines:
        """Write what sees that haste has made NaN: then this way is not for the call, and the trace for none."""
        if not self.record.shown:
            return []
        self.known |= {"has_nan": has_nan, "record": self.record}
        made = ".array" if self.find_kind() else ""
        asked = " or ".join(f"has_nan({self.call.results[i]}{made})" for i in self.record.shown)
        return [f"    if {asked}:", "        record.failed = True", f"        {self.missed}"]

    def find_kind(self) -> type[Tensor] | None:
        """Give the kind of Tensor in which the code itself gives its only result; None where that comes as it is."""
        x, results = self.record.result, self.call.results
        alone = self.call.attempt is not None and self.pullback is None and len(results) == 1
        return Spent if alone and type(x) is Output and x.recorded and not x.plain and results == ["r"] else None

    def mend_result(self) -> Lines:
        """Write what makes of a result that the code was asked for in vain what it would have given."""
        lines = [self.call.mended] if self.call.mended else []
        lines += [] if self.find_kind() is None else ["t = new(Spent)", "t.array, r = r, t"]
        return [f"        {line}" for line in lines]

    def write_end(self) -> Lines:
        """Write what is returned."""
        return self.write_result() if self.pullback is None else self.write_recorded(self.pullback)

    def write_result(self) -> Lines:
        """Write what is returned where no gradient flows through it."""
        result, results = self.record.result, self.call.results
        if self.find_kind() is not None:
            return ["    return r"]
        if type(result) is not Output:
            returned = ", ".join(results[: len(self.record.returned)])
            given = self.name(lambda r: map_leaves(result, lambda x: _given(x, r, Spent)))
            return [f"    return {given}([{returned}])"]
        if result.plain:
            return [f"    return {results[result.position]}"]
        # what constant_tensor does, without the call
        made = [f"    t = new({'Spent' if result.recorded else 'Tensor'})", f"    t.array = {results[result.position]}"]
        return [*made, *([] if result.recorded else ["    t.op = None", "    t.serial = 0"]), "    return t"]

    def write_recorded(self, pullback: Pullback) -> Lines:
        """Write what is returned with a record, from what the trace's inputs were in this call."""
        result, results = self.record.result, self.call.results
        drawn = iter(results[len(results) - sum(isinstance(x, Draw) for x in self.record.inputs.values()) :])
        given = [next(drawn) if isinstance(x, Draw) else self.operand(x) for x in self.record.inputs.values()]
        constant = self.name(lambda r: map_leaves(result, lambda x: _given(x, r, Tensor)))
        recorded = self.name(lambda r: map_leaves(result, lambda x: _given(x, r, None)))
        return [
            f"    r = [{', '.join(results)}]",
            "    if is_paused():",
            f"        return {constant}(r)",
            f"    return {recorded}({self.name(pullback.record)}(r, ({', '.join(given)},)))",
        ]

    def operand(self, source: Source) -> str:
        """Write what an input is to the record: the Tensor, if a gradient flows to it, or its array."""
        if isinstance(source, Argument) and isinstance(x := self.arguments[source.position], Tensor):
            return f"{self.letters[source.position]}{'' if x.requires_grad else '.array'}"
        if isinstance(source, Data):
            return f"{self.name(source.tensor)}{'' if source.tensor.requires_grad else '.array'}"
        return self.name(source.array) if isinstance(source, Captured) else self.value(source)


def _given(x: Any, values: Any, kind: type[Tensor] | None) -> Any:
    """Give what stands for a value in a result; one with a record becomes a Tensor of that kind, if it is not one."""
    if not isinstance(x, Output):
        return x.copy() if isinstance(x, Made) else x
    value = values[x.position]
    if x.plain or (x.recorded and kind is None):
        return value
    if not x.recorded or kind is None:
        return constant_tensor(value)
    return constant_tensor(value) if kind is Tensor else make_spent(value)
