"""Layers that go through a sequence step by step: what each step hands on, h, is what it knows of all before.

Products are written out, gate by gate and step by step, as books write them: x W + h U + b. The gates have their names
in pictures and derivations, where the steps are one with an index.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from minigrad.engine.messages.arguments import check_count, check_generator, shown, with_usage
from minigrad.engine.messages.errors import ShapeError, describe
from minigrad.engine.recording import read_settings
from minigrad.engine.tensor import Tensor
from minigrad.nn.base import Learning, call_result
from minigrad.nn.init import Initializer, Rng, xavier
from minigrad.nn.linear import check_start, draw_weights
from minigrad.nn.steps import which_count
from minigrad.ops.base import as_array
from minigrad.ops.elementwise import sigmoid

GIVES = ("both", "all", "last")


class _Recurrent(Learning):
    """A layer over sequences: x (samples, steps, inputs) gives h at each step, (samples, steps, units), and the last.

    inputs, units  the columns of x and of h
    gives     what a call gives: "both", which is (all, last), or "all" or "last" alone, as a `Sequential` needs it
    truncate  how many steps a gradient goes back (truncated backpropagation through time): every so many steps the
              state is detached; None for all
    init      draws the weights from ``rng``; biases start at 0

    A call takes the state before the first step, or None for zeros, and ``lengths``: how many steps each sample has, or
    which count, (samples, steps) of bool. The state of a sample stands still where its steps do not count, so that the
    last is the one after its own last step. ``step(x, state)`` is one step by itself, x (samples, inputs).
    """

    letters: ClassVar[tuple[str, ...]]
    states: ClassVar[str] = "h"
    ones: ClassVar[tuple[str, ...]] = ()  # the biases that start at 1

    @with_usage
    def __init__(
        self,
        inputs: int,
        units: int,
        gives: str = "both",
        truncate: int | None = None,
        rng: Rng = None,
        init: Initializer = xavier,
        dtype: DTypeLike = np.float64,
    ) -> None:
        called = type(self).__name__
        self.inputs, self.units = check_count(called, "inputs", inputs), check_count(called, "units", units)
        if gives not in GIVES:
            raise ValueError(f"{called}: gives must be one of {', '.join(map(repr, GIVES))}, not {gives!r}")
        self.gives = gives
        self.truncate = None if truncate is None else check_count(called, "truncate", truncate)
        check_start(called, init, dtype)
        generator = check_generator(called, rng)
        self._learned = [self._draw(letter, called, init, generator, dtype) for letter in self.letters]

    def _draw(self, letter: str, called: str, init: Initializer, rng: Rng, dtype: DTypeLike) -> Tensor:
        """Draw a weight matrix, of x or of h by its letter, or give a bias of 0, or of 1."""
        if letter[0] == "b":
            start = np.full(self.units, letter in self.ones, dtype)
            return Tensor(start, requires_grad=True, name=letter)
        rows = self.units if letter[0] == "U" or letter == "Wh" else self.inputs
        return Tensor(draw_weights(called, init, (rows, self.units), rng, dtype), requires_grad=True, name=letter)

    def parameters(self) -> list[Tensor]:
        """Give the weights and biases, in the order of ``letters``."""
        return list(self._learned)

    def __getattr__(self, name: str) -> Any:
        if name in type(self).letters and "_learned" in self.__dict__:
            return self._learned[type(self).letters.index(name)]
        return super().__getattr__(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.letters]

    def move(self, x: Any, *state: Any) -> tuple[Any, ...]:
        """Give the state after one step."""
        raise NotImplementedError(f"{type(self).__name__} must define move(x, *state)")

    def step(self, x: Any, state: Any = None) -> Any:
        """Go one step: x (samples, inputs) and the state before it, by default zeros, give the state after it."""
        x = as_array(x)
        if x.ndim != 2 or x.shape[-1] != self.inputs:
            raise ShapeError(
                f"{self!r}.step: wanted one step, (samples, {self.inputs}); {describe(x)} has shape {x.shape}. "
                f"Call the layer itself with all steps, (samples, steps, {self.inputs})."
            )
        return self._packed(self.move(x, *self._begin(x, state)))

    def __call__(self, x: Any, state: Any = None, lengths: Any = None) -> Any:
        """Give the states, as ``gives`` says. Raises ``ValueError`` for an x or lengths of another shape."""
        x = as_array(x)
        if x.ndim != 3 or x.shape[-1] != self.inputs or not x.shape[1]:
            raise ShapeError(
                f"{self!r}: wanted (samples, steps, {self.inputs}), of one step or more; {describe(x)} has shape "
                f"{x.shape}. One sequence alone is x[None], one step alone is for {type(self).__name__}.step."
            )
        counts = None if lengths is None else which_count(repr(self), lengths, x.shape[0], x.shape[1])
        now = self._begin(x, state)
        gives, truncate = read_settings(self, "gives", "truncate")
        every = []
        for t in range(x.shape[1]):
            if truncate is not None and t and t % truncate == 0:
                now = tuple(map(_cut_off, now))
            after = self.move(x[:, t], *now)
            if counts is not None:
                after = tuple(np.where(counts[:, t, None], new, old) for new, old in zip(after, now, strict=True))
            now = after
            every.append(now[0])
        if gives == "last":
            return now[0]
        every_state = np.stack(every, axis=1)
        return every_state if gives == "all" else (every_state, self._packed(now))

    def _begin(self, x: Any, state: Any) -> tuple[Any, ...]:
        """Give the state before the first step as a tuple."""
        if state is None:
            zeros = np.zeros((x.shape[0], self.units), self._learned[0].dtype)
            return (zeros,) * len(self.states)
        given = tuple(state) if isinstance(state, tuple | list) else (state,)
        if len(given) != len(self.states):
            wanted = f"({', '.join(self.states)})" if len(self.states) > 1 else self.states
            came = f"{len(given)} arrays" if len(given) > 1 else shown(state)
            raise TypeError(f"{self!r}: the state is {wanted}, not {came}")
        for name, value in zip(self.states, given, strict=True):
            shape = np.shape(value)
            if shape not in ((x.shape[0], self.units), (self.units,)):
                raise ShapeError(
                    f"{self!r}: the state {name} must be ({x.shape[0]}, {self.units}), a row for each sample, or "
                    f"({self.units},), the same for all, not {shape}"
                )
        return tuple(np.broadcast_to(value, (x.shape[0], self.units)) for value in given)

    def _packed(self, state: tuple[Any, ...]) -> Any:
        return state if len(self.states) > 1 else state[0]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.inputs}, {self.units})"


class RNN(_Recurrent):
    """h ← tanh(x Wx + h Wh + b): the simple recurrent layer (Elman 1990)."""

    letters = ("Wx", "Wh", "b")

    def move(self, x: Any, *state: Any) -> tuple[Any, ...]:
        """Give (h,)."""
        (h,) = state
        Wx, Wh, b = self._learned
        return (call_result(np.tanh(x @ Wx + h @ Wh + b), "h"),)


class LSTM(_Recurrent):
    """c ← f ⊙ c + i ⊙ g;  h ← o ⊙ tanh(c): the state is (h, c), and what is in c stays until f forgets it.

    i = σ(x Wi + h Ui + bi), f and o alike, g = tanh(x Wg + h Ug + bg)   (Hochreiter & Schmidhuber 1997; the forget gate
    f is of Gers, Schmidhuber & Cummins 2000). bf starts at 1, so that at first nothing is forgotten (Jozefowicz,
    Zaremba & Sutskever 2015).
    """

    letters = ("Wi", "Ui", "bi", "Wf", "Uf", "bf", "Wo", "Uo", "bo", "Wg", "Ug", "bg")
    states, ones = "hc", ("bf",)

    def move(self, x: Any, *state: Any) -> tuple[Any, ...]:
        """Give (h, c)."""
        h, c = state
        i, f, o = (call_result(sigmoid(self._total(k, x, h)), name) for k, name in enumerate("ifo"))
        g = call_result(np.tanh(self._total(3, x, h)), "g")
        c = call_result(f * c + i * g, "c")
        return call_result(o * np.tanh(c), "h"), c

    def _total(self, gate: int, x: Any, h: Any) -> Any:
        W, U, b = self._learned[3 * gate : 3 * gate + 3]
        return x @ W + h @ U + b


class GRU(_Recurrent):
    """h ← (1 − z) ⊙ h + z ⊙ g: the gate z says how much of h is made anew, and r how much of the old h that sees.

    z = σ(x Wz + h Uz + bz), r alike, g = tanh(x Wg + (r ⊙ h) Ug + bg)   (Cho et al. 2014; z as Chung et al. 2014 have
    it, section 3.2).
    """

    letters = ("Wz", "Uz", "bz", "Wr", "Ur", "br", "Wg", "Ug", "bg")

    def move(self, x: Any, *state: Any) -> tuple[Any, ...]:
        """Give (h,)."""
        (h,) = state
        Wz, Uz, bz, Wr, Ur, br, Wg, Ug, bg = self._learned
        z = call_result(sigmoid(x @ Wz + h @ Uz + bz), "z")
        r = call_result(sigmoid(x @ Wr + h @ Ur + br), "r")
        g = call_result(np.tanh(x @ Wg + (r * h) @ Ug + bg), "g")
        return (call_result((1 - z) * h + z * g, "h"),)


def _cut_off(h: Any) -> Any:
    """Give a state through which no gradient flows, and which is not the one that has its name."""
    if not isinstance(h, Tensor):
        return h
    h = h.detach()
    h.name = None
    return h
