"""compile: a function, traced once for each kind of arguments, and replayed as code."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from itertools import count
from typing import Any, Literal, NamedTuple

import numpy as np

from minigrad.graph.compile.lower import held, lowered
from minigrad.graph.compile.numpy_source import Writer
from minigrad.graph.compile.plan import planned
from minigrad.graph.compile.record import Output, Record, flat, rebuilt, recorded
from minigrad.graph.compile.sources import Argument, Data, Gradient, Source, State
from minigrad.graph.graph import Graph
from minigrad.graph.node import Node
from minigrad.tensor import Tensor, _constant

Backend = Literal["numpy", "native"]
MOST_TRACES = 64

_number = count(1).__next__


class CacheInfo(NamedTuple):
    """How often a compiled function was replayed (hits) and traced (misses), and how many traces it keeps."""

    hits: int
    misses: int
    maxsize: int
    currsize: int


@dataclass(eq=False)
class Workspace:
    """One set of memory for a trace, and the function that computes in it: two threads never share one."""

    step: Callable[..., Any]
    bound: list[tuple[Source, Any]]


class Variant:
    """One trace of a function, as code."""

    def __init__(self, record: Record, name: str, hints: dict[Node, str]) -> None:
        self.record = record
        outputs = [*record.returned, *(x for _, x in record.updates), *(x for _, x in record.grads if x is not None)]
        values = [held(x) for x in lowered(outputs, record.seeds, record.gradients)]
        n, m = len(record.returned), len(record.updates)
        updates = {state: x for (state, _), x in zip(record.updates, values[n : n + m], strict=True)}
        returned = [*values[:n], *values[n + m :]]
        self.graph = Graph(values, {})
        used = {x for x in self.graph.nodes if x.op is None} | set(updates)
        inputs = {x: source for x, source in record.inputs.items() if x in used}
        self.code = Writer(planned(returned, updates), returned, inputs, hints).finished()
        self.file = f"<minigrad.compile {name} {_number()}>"
        linecache.cache[self.file] = (len(self.code.source), None, self.code.source.splitlines(True), self.file)
        namespace: dict[str, Any] = dict(self.code.constants)
        exec(compile(self.code.source, self.file, "exec"), namespace)
        self.make = namespace["make"]
        self.bound = [inputs[x] for x in self.code.bound]
        self.passed = [inputs[x] for x in self.code.passed]
        self.rebindable = [i for i, source in enumerate(self.bound) if isinstance(source, Data)]
        self.idle: list[Workspace] = []

    def holds(self) -> bool:
        """Say whether what the trace depended on is still so."""
        for owner, name, value in self.record.guards:
            if getattr(owner, name) != value:
                return False
        for t in self.record.without_gradient:
            if t._grad is not None:
                return False
        return all(not isinstance(s, Gradient) or s.tensor._grad is not None for s in self.passed)

    def workspace(self) -> Workspace:
        """Take a workspace whose arrays are still those of the parameters, or make one."""
        while self.idle:
            workspace = self.idle.pop()
            if all(source.tensor.data is array for source, array in workspace.bound):
                return workspace
        arrays = [source.read([]) for source in self.bound]
        tensors = [(self.bound[i], arrays[i]) for i in self.rebindable]
        return Workspace(self.make(*arrays), tensors)

    def __call__(self, leaves: list[Any]) -> Any:
        workspace = self.workspace()
        values = workspace.step(*[source.read(leaves) for source in self.passed])
        self.idle.append(workspace)
        record = self.record
        if record.grads:
            position = len(record.returned)
            for t, g in record.grads:
                if g is None:
                    t._grad = None
                else:
                    t._grad = _constant(values[position])
                    position += 1
        if type(record.result) is Output:
            return values[0] if record.result.plain else _constant(values[0])
        return rebuilt(record.result, lambda x: _given(x, values))


def _given(x: Any, values: Any) -> Any:
    if not isinstance(x, Output):
        return x
    return values[x.position] if x.plain else _constant(values[x.position])


class Compiled:
    """A function as code; called like the function itself."""

    def __init__(self, f: Callable[..., Any], backend: Backend) -> None:
        self._f, self._backend = f, backend
        self._variants: dict[Any, list[Variant]] = {}
        self._last: Variant | None = None
        self._hits = self._misses = 0
        update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves: list[Any] = []
        key = flat((args, kwargs) if kwargs else args, leaves)
        for variant in self._variants.get(key, ()):
            if variant.holds():
                self._hits += 1
                self._last = variant
                return variant(leaves)
        return self._traced(key, args, kwargs)(leaves)

    def _traced(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Variant:
        self._misses += 1
        record = recorded(self._f, args, kwargs)
        name = getattr(self._f, "__name__", type(self._f).__name__)
        self._last = Variant(record, name, hints(record, self._f))
        self._variants.setdefault(key, []).append(self._last)
        return self._last

    @property
    def source(self) -> str:
        """The code of the latest call."""
        return self._latest().code.source

    @property
    def graph(self) -> Graph:
        """The expressions that the code of the latest call computes."""
        return self._latest().graph

    def _latest(self) -> Variant:
        if self._last is None:
            raise RuntimeError("compile: the function has not been called yet, and is traced at its first call")
        return self._last

    def cache_info(self) -> CacheInfo:
        """Give the numbers of replays and traces."""
        size = sum(len(variants) for variants in self._variants.values())
        return CacheInfo(self._hits, self._misses, MOST_TRACES, size)


def hints(record: Record, f: Callable[..., Any]) -> dict[Node, str]:
    """Give every input the name that a reader would expect it to have."""
    names = list(getattr(getattr(f, "__code__", None), "co_varnames", ()))
    found = {}
    for node, source in record.inputs.items():
        name = getattr(source, "name", "") or node.name or type(source).__name__.lower()
        if isinstance(source, Argument) and source.position < len(names):
            name = names[source.position]
        elif isinstance(source, State):
            name = f"{source.row.param.name or 'w'}_{source.name}"
        found[node] = name
    return found
