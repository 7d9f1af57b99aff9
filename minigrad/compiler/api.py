"""compile: a function, traced once for each kind of arguments, and replayed as code."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial, update_wrapper
from types import CellType
from typing import Any, Literal
from weakref import ref

from numpy.typing import ArrayLike

from minigrad.compiler.backend import Backend
from minigrad.compiler.calls.bound import Bound
from minigrad.compiler.calls.collecting import collector_paused
from minigrad.compiler.calls.counting import Counting
from minigrad.compiler.calls.entry import MISS
from minigrad.compiler.calls.leaves import find_same, flatten_leaves, name_leaves
from minigrad.compiler.calls.puts import put_parts, refuse_shared
from minigrad.compiler.calls.shortcuts import bind_entry, open_way, shortcuts
from minigrad.compiler.calls.verify import Asking, DifferenceError, Schedule, verify_call, verify_trace
from minigrad.compiler.compiled_card import compiled_html
from minigrad.compiler.described import MOST_TRACES, Described
from minigrad.compiler.epochs import EpochLoops
from minigrad.compiler.load import load_backend
from minigrad.compiler.record import record_call
from minigrad.compiler.shortened import record_shortened
from minigrad.compiler.variant import Variant, name_inputs
from minigrad.compiler.varying import Varying
from minigrad.data import Array, Rng
from minigrad.engine.messages.arguments import check_flag, with_usage
from minigrad.engine.node import order_kept
from minigrad.engine.recording import mapping, tracer
from minigrad.engine.tensor import Tensor
from minigrad.notebook.safety import html_or_text, text_or_reason
from minigrad.ops.common.alphabet import plain_word
from minigrad.ops.common.copies import qualified_name

PATIENT = 100


@with_usage
def compile(
    f: Callable[..., Any] | None = None,
    *,
    backend: Literal["numpy", "native", "cuda"] | Backend = "numpy",
    verify: int = 0,
    verify_every: int | None = None,
    exact: bool = False,
) -> Any:
    """Turn a function of arrays and Tensors into code: ``@compile``, or ``compile(step, backend="native")``.

    The function may compute a loss, call ``backward()`` and ``optimizer.step()``, or return values or gradients, as
    ``compile(value_and_grad(f))`` does. Its first call for arguments of certain shapes and dtypes traces it; later ones
    replay the code, with the results and updates of the function itself. Arguments, parameters, running values and
    settings of the optimizer, and random draws of layers are read anew at every call. Integers, strings and truth
    values among the arguments are part of the code: for others the function is traced again, and where integers are
    others time and again a ``RuntimeWarning`` says so.

    So it is where something that the function names outside itself is another now: a variable of an enclosing function,
    a global, an argument's default, an attribute or an item of one, a method, a class or the code of a function, the
    contents of a list, deque, dict or set of at most 1000, the elements of an array (over 1 MB 1024 of them), a context
    variable, likewise in functions and methods of your own that it calls. A float that has been another once, such as
    an annealed weight, is read at each call from then on. Not watched is a computed name, as in getattr(o, "k" + i),
    more in a container, what libraries keep or are given (a cache of functools, an Event, np.exp = g), an array that is
    an operand and that NumPy alone computes with as well, whether an argument is an array or list from outside, who
    else has let go of an object (a weak reference), and the outside world (files, clocks, the environment): pass that
    as an argument.
    ``verify=n`` makes the first n calls by the function itself, too, ``verify_every=k`` every k-th, and raises
    ``DifferenceError`` with the name of the first value that differs; updates still happen once. So is the first call
    of each trace, of a function that asks what a value is, by ``isinstance``, ``hasattr``, ``except``, ``is`` or its
    text: while it is traced, that is another.

    A compiled function that takes no gradients itself is differentiable, to any order: a call is one operation in its
    caller's record, and its gradient is compiled when it is first needed. What one returns that calls ``backward`` or
    ``step`` has no record, and refuses to become a part of something with a gradient. A step from ``zero_grad()`` to
    ``step()`` leaves no gradients behind; return those that you want to see. What it writes into arrays among its
    arguments, ``x[0] = 1``, goes there when all has been computed, and so does what it puts into dicts, lists and
    dataclasses among them, ``p[k] = p[k] - lr * g[k]``; what it returns are arrays of their own, never views
    of what it was given. What it prints or logs, it prints while it is traced.

    Integers and truth values are those of the function bit for bit. Of floats rounding may differ by the order of
    operations (in float64 within 1e-12), and algebra may change a value that is singular or overflows on the way: where
    a cancelled expression has a limit and the literal one is NaN, the result is the limit, 0 · ∞ is 0, log(exp(1000))
    is 1000 and (x ⊙ 1e200) ⊙ 1e-200 is x at 1e200; 0 may come with the other sign. It may overflow itself where factors
    beyond 1e±100 meet (1e±12 in float32), (x ⊙ y)³ = x³ ⊙ y³; numbers that the function names keep their places then.
    Loops of native code in float32 leave 0 for a result below 1.2e-38, which has too few digits, as XLA's code does.
    ``exact=True`` forbids all algebra that could: the code computes each operation of the function, ∞, NaN and −0 as
    they come, and leaves to the backend the last digits of functions and the order in which sums and products of
    matrices are added up. Python numbers compute as NumPy's do: 1 / x is ∞ at 0.0 and x**0.5 NaN at −2.0, with NumPy's
    warning; and scalars as arrays, whose x**0.5 is √x, NaN at −∞. Of sums and products of scalars that overflow there
    may be no warning.

    ``backend="numpy"`` writes straight-line NumPy, which ``.source`` shows; ``"native"`` machine code, through numba
    and SciPy's BLAS (``pip install numba scipy``). An operation that has no native loops is called by Python,
    between the loops of the others: ``.report()`` names these calls, and why; and ``.backend`` is "numpy" where there
    is nothing left for loops. ``"cuda"`` computes on a GPU, where parameters and data are CuPy's arrays, as
    kernels and products that are captured once (``pip install cupy-cuda13x``). A backend of your own is an object, see
    ``minigrad.compiler.backend``.

    Raises ``TraceError`` for what the trace could not see again, such as ``if tensor > 0``, ``float(tensor)``, a shape
    that depends on values, as x[mask] has, or a value that is kept outside the function; it names the line.
    """
    if f is None:
        return partial(compile, backend=backend, verify=verify, verify_every=verify_every, exact=exact)
    if not callable(f):
        raise TypeError(f"compile: wanted a function, not {type(f).__name__}; write compile(f), and call what it gives")
    return Compiled(f, load_backend(backend), verify, verify_every, check_flag("compile", "exact", exact))


class Compiled(Described):
    """A function as code; called like the function itself.

    It is the way into its latest trace with nothing bound: calling a partial costs 80 ns less than a ``__call__`` here,
    and the smallest step takes 800.
    """

    def __new__(
        cls, f: Callable[..., Any], backend: Backend, verify: int = 0, every: int | None = None, exact: bool = False
    ) -> Compiled:
        """Make a partial that is told in ``__init__`` what to call."""
        return super().__new__(cls, f)

    def __init__(
        self, f: Callable[..., Any], backend: Backend, verify: int = 0, every: int | None = None, exact: bool = False
    ) -> None:
        self._verified = Schedule(verify, every)
        self._f, self._backend, self._exact = f, backend, exact
        self._variants: OrderedDict[Any, list[Variant]] = OrderedDict()
        self._last: Variant | None = None
        self._hits, self._misses = CellType(0), 0
        self._lock = threading.RLock()
        self._varying, self._asks, self._counting = Varying(), Asking(f), Counting()
        self._loops = EpochLoops()
        shortcuts.add(self)
        update_wrapper(self, f, updated=())
        self.way = open_way(ref(self))
        self.call_by(self.way)

    def call_by(self, way: Callable[..., Any]) -> None:
        """Let every call go this way from now on."""
        super().__setstate__((way, (), {}, self.__dict__))  # type: ignore[misc]  # which typeshed leaves out

    @text_or_reason
    def __repr__(self) -> str:
        return f"<compiled {self._f!r}, {self._backend.name}>"

    @html_or_text
    def _repr_html_(self) -> str | None:
        return compiled_html(getattr(self._f, "__name__", type(self._f).__name__), self._backend.name, self)

    def __reduce__(self) -> Any:
        """Be found by name, as a function is, or made anew of the function itself; a trace belongs to its process."""
        return qualified_name(self) or (
            type(self),
            (self._f, self._backend, self._verified.first, self._verified.every, self._exact),
        )

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        """Be a method where the function was one: ``owner`` becomes the first argument, which is static."""
        return self if owner is None else partial(self, owner)

    def bind(self, *args: Any, **kwargs: Any) -> Bound:
        """Prepare the call for these arguments: ``call = step.bind(x, t)``, and then ``call()`` each time.

        The function is traced now, if it has not been for such arguments, but not run. A call takes half of what an
        ordinary one does, and gives the same: arrays are read where they lie, so write into them, ``x[:] = batch``, to
        compute with other values; numbers stay what they are. Other arrays of parameters, settings, and whatever else
        an ordinary call would notice is noticed. Any thread may make it.

        Raises what tracing raises; ``TypeError`` for a list or dict of arguments, which could get others later; and, in
        the call, ``ValueError`` for an array that has got another shape or dtype since.

        >>> from minigrad import compile
        >>> import numpy as np
        >>> x = np.arange(3.0)
        >>> call = compile(lambda x: (x * x).sum()).bind(x)
        >>> x[:] = 2
        >>> float(call())
        12.0
        """
        return Bound(self, args, kwargs)

    def prepare(self, bound: Bound, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Let a prepared call go straight to the code, unless calls are verified, or something is traced."""
        if tracer() is not None or mapping() is not None or not self._verified.is_over:
            return
        with self._lock:
            leaves: list[Any] = []
            flatten_leaves((args, kwargs), leaves)
            enter = self._checked(args, kwargs).bound_entry(leaves)
            shortcuts.shorten(bound, bind_entry(enter, bound.way, self._hits))

    def look_up(self, *given: Any, **kwargs: Any) -> Any:
        """Find the trace for the arguments, or make it, and go in by it; within another trace, or a vmap, be in it."""
        if tracer() is not None or mapping() is not None:
            return self._f(*(x for x in given if x is not MISS), **kwargs)
        args = tuple(x for x in given if x is not MISS)
        due = not self._verified.is_over and self._verified.is_due()
        if due or self._asks(args, kwargs):
            with self._lock:
                return self._verify(due, args, kwargs)
        return self._run(*args, **kwargs)

    def _verify(self, due: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a call by the function, too: one that is ``due``, or is traced, and types are others then."""
        if due:
            return verify_call(self._f, self._run, self._variant(args, kwargs).record, args, kwargs)
        self._checked(args, kwargs)
        return self._run(*args, **kwargs)

    def _checked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Variant:
        """Find the trace, or make it; of a function that asks for types compare it with the function itself."""
        before, variant = self._misses, self._variant(args, kwargs)
        if self._misses > before and self._asks(args, kwargs):
            try:
                verify_trace(self._f, variant.record, args, kwargs)
            except DifferenceError:  # the next call is to be verified, too
                self._variants.clear()
                self.call_by(self.way)
                raise
        return variant

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        """Go in by the trace for the arguments."""
        leaves: list[Any] = []
        flatten_leaves((args, kwargs), leaves)
        for attempt in range(PATIENT):  # another thread may take the memory that was made for this call
            with self._lock:
                variant = self._variant(args, kwargs)
                puts, arguments = variant.record.puts, [*args, *kwargs.values()]
                if puts:
                    refuse_shared(puts, arguments, variant.record.links)
                enter = variant.entry(leaves, fresh=attempt > 0)
                if not puts and not kwargs and len(leaves) == len(args) and self._verified.is_over:
                    shortcuts.shorten(self, bind_entry(enter, self.way, self._hits))
            result = enter(*leaves)
            if result is not MISS:
                return put_parts(puts, result, arguments) if puts else result
        raise RuntimeError("compile: what the function depends on is changed by another thread all the time")

    def _variant(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Variant:
        """Find the trace for the arguments, or make it."""
        leaves: list[Any] = []
        key = flatten_leaves((args, kwargs), leaves)
        variant = next((v for v in self._variants.get(key, ()) if v.holds(leaves)), None)
        if variant is None:
            self._varying.note(self._variants.get(key, ()), leaves)
            variant = self._traced(key, args, kwargs, leaves)
        else:
            self._hits.cell_contents += 1
            self._variants.move_to_end(key)
            self._variants[key].remove(variant)
            self._variants[key].append(variant)
        self._last = variant
        return variant

    def _traced(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any], leaves: list[Any]) -> Variant:
        for x in leaves:
            self._backend.check_argument(x.array if isinstance(x, Tensor) else x)
        self._misses += 1
        with collector_paused(), order_kept():
            with shortcuts:
                whole = not self._verified.is_over or self._asks(args, kwargs)  # compared with the function itself
                short = self._backend.rolls and not whole
                plainly = partial(record_shortened, exact=self._exact) if short else record_call
                record = self._varying.record(self._f, args, kwargs, leaves, plainly, careful=whole)
            record.same = find_same(leaves) if self._asks(args, kwargs) else None
            name = plain_word(getattr(self._f, "__name__", type(self._f).__name__))
            further = partial(Compiled, backend=self._backend, exact=self._exact)
            inputs = name_inputs(record, [short for _, short in name_leaves(self._f, args, kwargs)])
            variant = Variant(record, name, inputs, self._backend, further, self._exact)
        self._counting.note(self._f, args, kwargs, key)
        self._variants.setdefault(key, []).append(variant)
        self._variants.move_to_end(key)
        while self.cache_info().currsize > MOST_TRACES:  # one more than that; the one used longest ago goes
            oldest = next(iter(self._variants.values()))
            del oldest[0]
            if not oldest:
                self._variants.popitem(last=False)
        return variant

    def epochs(
        self, X: ArrayLike, T: ArrayLike, batch_size: int | None = None, epochs: int = 1, rng: Rng = None
    ) -> Array:
        """Run the step on every batch of every epoch, dealt as ``data.batches`` deals them; give the losses.

        The step takes a batch of X and one of T and returns its loss; the losses are (epochs, batches). With the
        native backend the loop itself is machine code, unless Python makes calls in the step. Ctrl-C stops it between
        two batches.

        Raises ``ValueError`` for X and T of different lengths, or a batch size below 1.
        """
        find = self._variant if self._backend.loops and self._verified.is_over else None
        losses, refused = self._loops.run_checked(self, find, X, T, batch_size, epochs, rng)
        if losses.size and self._latest().backend.loops:
            self._latest().refused_loop = refused
        return losses
