"""compile: a function, traced once for each kind of arguments, and replayed as code."""

from __future__ import annotations

import builtins
import linecache
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import partial, update_wrapper
from importlib import import_module
from itertools import count
from operator import index
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

from minigrad.data import Array, Rng, batches
from minigrad.graph.compile.entry import MISS, Call, entry
from minigrad.graph.compile.epochs import NativeEpochs, dealt, in_python
from minigrad.graph.compile.fuse import Unsupported
from minigrad.graph.compile.lower import held, lowered
from minigrad.graph.compile.native_source import NativeWriter
from minigrad.graph.compile.numpy_source import Writer, exported
from minigrad.graph.compile.plan import planned
from minigrad.graph.compile.record import Record, flat, recorded
from minigrad.graph.compile.sources import Argument, Captured, Data, Draw, Gradient, Source, State
from minigrad.graph.graph import Graph
from minigrad.graph.node import Node

Backend = Literal["numpy", "native"]
MOST_TRACES = 64
PATIENT = 100

_number = count(1).__next__


class CacheInfo(NamedTuple):
    """How often a compiled function was replayed (hits) and traced (misses), and how many traces it keeps."""

    hits: int
    misses: int
    maxsize: int
    currsize: int


class Variant:
    """One trace of a function, as code."""

    def __init__(self, record: Record, name: str, hints: dict[Node, str], backend: Backend) -> None:
        self.record, self.name, self.hints = record, name, hints
        self.native: Any = None
        if backend == "native":
            self.native = import_module("minigrad.graph.compile.native")
        self.write()

    def write(self) -> None:
        """Write the code, for NumPy where native code is not written for an operation or an array."""
        record = self.record
        outputs = [*record.returned, *(x for _, x in record.updates), *(x for _, x in record.grads if x is not None)]
        values = lowered(outputs, record.seeds, record.gradients, for_numpy=self.native is None)
        values = [held(x) for x in values]
        n, m = len(record.returned), len(record.updates)
        updates = {state: x for (state, _), x in zip(record.updates, values[n : n + m], strict=True)}
        returned = [*values[:n], *values[n + m :]]
        self.graph = Graph(values, {})
        used = {x for x in self.graph.nodes if x.op is None} | set(updates)
        inputs = {x: source for x, source in record.inputs.items() if x in used}
        plan = planned(returned, updates)
        self.code: Any
        if self.native is not None:
            try:
                self.code = NativeWriter(plan, returned, updates.values(), inputs).finished()
                self.step = self.native.compiled(self.code)
            except Unsupported as error:
                self.fallback = str(error)
                self.native = None
                self.write()
                return
            sources = [(i, inputs.get(x)) for i, x in enumerate(self.code.bound)]
            draws = [(i, source.rng) for i, source in sources if isinstance(source, Draw)]
            self.call = self.native.call(self.code, self.step, draws)
        else:
            self.code = Writer(plan, returned, inputs, self.hints).finished()
            file = f"<minigrad.compile {self.name} {_number()}>"
            linecache.cache[file] = (len(self.code.source), None, self.code.source.splitlines(True), file)
            namespace: dict[str, Any] = dict(self.code.constants)
            exec(builtins.compile(self.code.source, file, "exec"), namespace)
            self.step = namespace["make"]
            self.call = Call("step({})", [f"r[{i}]" for i in range(len(returned))])
        self.bound = [inputs[x] if x in inputs else Captured(x.value, None) for x in self.code.bound]
        self.passed = [inputs[x] for x in self.code.passed]
        self.arrays: list[Any] = []  # those that the idle steps compute with
        self.idle: list[Any] = []

    def workspace(self, arrays: list[Any]) -> Any:
        """Give memory of its own to compute in: no two threads share it."""
        if self.native is None:
            return self.step(*arrays)
        return self.native.NativeStep(self.code, arrays)

    def holds(self) -> bool:
        """Say whether what the trace depended on is still so."""
        record = self.record
        return (
            all(getattr(owner, name) == value for owner, name, value in record.guards)
            and all(t._grad is None for t in record.without_gradient)
            and all(s.tensor._grad is not None for s in self.passed if isinstance(s, Gradient))
            and all(s.read([]).shape == x.shape and s.read([]).dtype == x.dtype for s, x in self.states())
        )

    def states(self) -> Iterable[tuple[Source, Node]]:
        """Give the inputs that are arrays from outside, which the user may have put others in the place of."""
        return ((s, x) for s, x in zip(self.bound, self.code.bound, strict=True) if isinstance(s, Data))

    def entry(self, arguments: Sequence[Any]) -> Callable[..., Any]:
        """Give the way into this trace, for the arrays that parameters have now."""
        arrays = [self.array(source) for source in self.bound]
        if self.native is not None and not all(self.native.suits(x) for x in arrays):
            self.native = None  # arrays whose elements do not lie in order
            self.write()
            return self.entry(arguments)
        if not self.same(arrays):
            self.arrays, self.idle = arrays, []
        self.idle.append(self.workspace(arrays))
        return entry(self.record, arguments, self.passed, self.bound, arrays, self.call, self.idle)

    def same(self, arrays: list[Any]) -> bool:
        """Say whether the idle steps are still bound to the arrays that parameters have now."""
        pairs = zip(self.bound, arrays, self.arrays, strict=True) if len(arrays) == len(self.arrays) else ()
        return bool(self.arrays) and all(x is y for source, x, y in pairs if not isinstance(source, Draw))

    def array(self, source: Source) -> Any:
        """Give what the code is bound to: an array, or for random numbers their generator or room for them."""
        if isinstance(source, Draw):
            return source.rng if self.native is None else np.empty(source.shape)
        return source.read([])


def compile(f: Callable[..., Any] | None = None, *, backend: Backend = "numpy") -> Any:
    """Turn a function of arrays and Tensors into code: ``@compile``, or ``compile(step, backend="native")``.

    The function may compute a loss, call ``backward()`` and ``optimizer.step()``, or return values or gradients, as
    ``compile(value_and_grad(f))`` does. Its first call for arguments of certain shapes and dtypes traces it; later ones
    replay the code, with the results and updates of the function itself. Arguments, parameters, running values and
    settings of the optimizer, and random draws of layers are read anew at every call. Integers, strings and truth
    values among the arguments are part of the code: for others the function is traced again.

    A step that begins with ``zero_grad()`` and ends with ``step()`` leaves no gradients behind; return those that you
    want to see. Rounding may differ by the order of operations (in float64 within 1e-12); where a cancelled expression
    has a limit and the literal one is NaN, the result is the limit.

    ``backend="numpy"`` writes straight-line NumPy, which ``.source`` shows; ``"native"`` machine code, through numba
    and SciPy's BLAS (``pip install "minigrad[native]"``), and NumPy for steps with operations it has no loops for.

    Raises ``TraceError`` for what the trace could not see again, such as ``if tensor > 0``, ``float(tensor)``, or a
    value that is kept outside the function; it names the line.
    """
    if f is None:
        return partial(compile, backend=backend)
    if not callable(f):
        raise TypeError(f"compile: wanted a function, not {type(f).__name__}")
    if backend not in get_args(Backend):
        raise ValueError(f'compile: backend must be "numpy" or "native", not {backend!r}')
    if backend == "native":
        import_module("minigrad.graph.compile.native")  # which says how to install what is missing
    return Compiled(f, backend)


class Compiled:
    """A function as code; called like the function itself."""

    def __init__(self, f: Callable[..., Any], backend: Backend) -> None:
        self._f, self._backend = f, backend
        self._variants: OrderedDict[Any, list[Variant]] = OrderedDict()
        self._last: Variant | None = None
        self._enter: Callable[..., Any] = lambda *_: MISS
        self._count = -1
        self._hits = self._misses = 0
        self._lock = threading.RLock()
        self._loops: dict[Any, NativeEpochs] = {}
        update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the code for these arguments, tracing the function first if there is none."""
        if not kwargs and len(args) == self._count:
            result = self._enter(*args)
            if result is not MISS:
                self._hits += 1
                return result
        return self._looked_up(args, kwargs)

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        """Be a method where the function was one: ``owner`` becomes the first argument, which is static."""
        return self if owner is None else partial(self, owner)

    def _looked_up(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Find the trace for the arguments, or make it, and go in by it."""
        leaves: list[Any] = []
        flat((args, kwargs), leaves)
        for _ in range(PATIENT):  # another thread may take the memory that was made for this call
            with self._lock:
                variant = self._variant(args, kwargs)
                enter = variant.entry(leaves)
                if not kwargs and len(leaves) == len(args):
                    self._enter, self._count = enter, len(args)
            result = enter(*leaves)
            if result is not MISS:
                return result
        raise RuntimeError("compile: what the function depends on is changed by another thread all the time")

    def _variant(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Variant:
        """Find the trace for the arguments, or make it."""
        key = flat((args, kwargs), [])
        variant = next((v for v in self._variants.get(key, ()) if v.holds()), None)
        if variant is None:
            variant = self._traced(key, args, kwargs)
        else:
            self._hits += 1
            self._variants.move_to_end(key)
        self._last = variant
        return variant

    def _traced(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Variant:
        self._misses += 1
        record = recorded(self._f, args, kwargs)
        name = getattr(self._f, "__name__", type(self._f).__name__)
        variant = Variant(record, name, hints(record, self._f), self._backend)
        self._variants.setdefault(key, []).append(variant)
        while len(self._variants) > MOST_TRACES:
            self._variants.popitem(last=False)
        return variant

    def epochs(
        self, X: ArrayLike, T: ArrayLike, batch_size: int | None = None, epochs: int = 1, rng: Rng = None
    ) -> Array:
        """Run the step on every batch of every epoch, dealt as ``data.batches`` deals them; give the losses.

        The step takes a batch of X and one of T and returns its loss; the losses are (epochs, batches). With the
        native backend the loop itself is machine code. Ctrl-C stops it between two batches.

        Raises ``ValueError`` for X and T of different lengths, or a batch size below 1.
        """
        X, T = np.asarray(X), np.asarray(T)
        next(iter(batches(X, T, batch_size)))  # which checks them
        if index(epochs) < 0:
            raise ValueError(f"epochs: epochs must be 0 or more, not {epochs}")
        if self._backend == "native":
            try:
                return self._native_epochs(X, T, min(len(X), batch_size or len(X)), epochs, rng)
            except Unsupported:
                pass
        return in_python(self, X, T, batch_size, epochs, rng)

    def _native_epochs(self, X: Array, T: Array, size: int, epochs: int, rng: Rng) -> Array:
        n = len(X)
        loops = [self._loop(X, T, rows) for rows in (size, n % size) if rows]
        rng = None if rng is None else np.random.default_rng(rng)
        X2, T2 = (np.require(x.reshape(n, -1), requirements=["C", "A", "W"]) for x in (X, T))
        losses = np.empty((epochs, -(-n // size)))
        for row in losses:
            order, whole = dealt(n, size, rng), n // size
            loops[0](X2, T2, order, row[:whole])
            if whole < len(row):
                loops[1](X2, T2, order[whole * size :], row[whole:])
        return losses

    def _loop(self, X: Array, T: Array, rows: int) -> NativeEpochs:
        """Give the loop for batches of one size."""
        x, t = (np.zeros((rows, *a.shape[1:]), a.dtype) for a in (X, T))
        variant = self._variant((x, t), {})
        if variant.native is None:
            raise Unsupported("arrays that native code does not compute with")
        key = (id(variant), rows)
        if key not in self._loops:
            self._loops[key] = NativeEpochs(variant, x, t)
        return self._loops[key]

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write the latest call's code as a module of its own, which needs NumPy alone: ``make(…)`` gives ``step(…)``.

        Raises ``ValueError`` if an operation in it is not NumPy's.
        """
        variant = self._latest()
        if variant.native is not None:
            variant = Variant(variant.record, variant.name, variant.hints, "numpy")
        Path(path).write_text(exported(variant.code, variant.name), encoding="utf-8")

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
