"""What a layer is: a callable of one batch, rows being samples; and what else it may have, which is used if it has it.

A callable without parameters, such as `np.tanh` or `minigrad.relu`, may sit between layers as it is. Each of these is
a Protocol: a layer of one's own need not inherit from anything. What it computes may have a name, ``q.name = "Q"``, by
which pictures and derivations call it; where several results have that name they are Q₁, Q₂, …
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Never, Protocol, TypeVar, runtime_checkable

import numpy as np

from minigrad.engine.messages.absent import absent
from minigrad.engine.messages.arguments import shown
from minigrad.engine.operand import Operand
from minigrad.engine.recording import announce_switch
from minigrad.engine.tensor import Tensor
from minigrad.notebook.safety import html_or_text, text_or_reason
from minigrad.ops.common.alphabet import to_subscript

if TYPE_CHECKING:
    from minigrad.nn.summary import Summary

_EACH = "Those of all layers are model.parameters(), and a layer's own layer.W and layer.b"
# What users of other libraries look for in a model.
MEANT = {
    "forward": "Call it: model(X)",
    "predict": "Call it: model(X), after model.eval() where it has Dropout",
    "fit": "Write minigrad.fit(model, loss, optimizer, (X, T), epochs)",
    "train_step": "Write minigrad.fit(model, loss, optimizer, (X, T), epochs)",
    "compile": "Write minigrad.fit(…, compile=True), or minigrad.compile(step)",
    "backward": "The loss has it: E.backward()",
    "zero_grad": "The optimizer has it: optimizer.zero_grad()",
    "step": "The optimizer has it: optimizer.step()",
    "data": f"{_EACH}; each has an array, .data",
    "grad": f"{_EACH}; each has a gradient, .grad, after E.backward()",
    "weights": _EACH,
    "weight": _EACH,
    "bias": _EACH,
    "biases": _EACH,
    "coefs_": _EACH,
    "params": _EACH,
    "trainable_variables": _EACH,
    "named_parameters": "Write [(p.name, p) for p in model.parameters()]",
    "freeze": "Write nn.freeze(layer)",
    "save": "Write minigrad.save(path, model)",
    "load": "Write minigrad.load(path, model)",
    "named_modules": "Its layers are model.layers",
    "add": "Write nn.Sequential(*model.layers, layer)",
    "append": "Write nn.Sequential(*model.layers, layer)",
    "modules": "Its layers are model.layers",
    "children": "Its layers are model.layers",
    "to": "Arrays stay where they are; Linear(…, dtype=…) makes another dtype",
    "cuda": "Arrays stay where they are: on the CPU, if they are NumPy's",
    "double": "Make the layers with dtype=np.float64",
    "float": "Make the layers with dtype=np.float32",
    "requires_grad_": "Write nn.freeze(layer), and nn.unfreeze(layer)",
    "trainable": "Write nn.freeze(layer), and nn.unfreeze(layer)",
    "apply": "Write for layer in model.layers: …",
    "get_weights": "Write model.state_dict()",
    "set_weights": "Write model.load_state_dict(state)",
    "evaluate": "Call it, after model.eval(), and minigrad.metrics.accuracy(model(X), T) say",
    "score": "Call it, after model.eval(), and minigrad.metrics.accuracy(model(X), T) say",
    "half": "Make the layers with dtype=np.float16",
    "cpu": "Arrays stay where they are: on the CPU, if they are NumPy's",
    "requires_grad": "Each of model.parameters() has it",
    "shape": "Each of model.parameters() has one",
    "w": _EACH,
    "b": _EACH,
}

Item = TypeVar("Item")


class Layer(Protocol):
    """A callable of one batch."""

    def __call__(self, x: Any, /) -> Any:
        """Give the outputs, one row for each sample."""


@runtime_checkable
class Trainable(Protocol):
    """A layer that learns."""

    def parameters(self) -> list[Tensor]:
        """Give what it learns, each once, in an order that does not change."""


@runtime_checkable
class Random(Protocol):
    """A layer that draws at random: a saved model goes on with the same draws."""

    def generators(self) -> list[np.random.Generator]:
        """Give the generators that it draws from."""


@runtime_checkable
class Buffered(Protocol):
    """A layer that keeps what no gradient moves, such as running averages: a saved model goes on with the same."""

    def buffers(self) -> list[Tensor]:
        """Give what it keeps and writes in place, each once, in an order that does not change."""


@runtime_checkable
class TrainMode(Protocol):
    """A layer that is told when training begins; it need not ask for the end."""

    def train(self) -> None:
        """From now on behave as in training."""


@runtime_checkable
class EvalMode(Protocol):
    """A layer that is told when predicting begins; it need not ask for the end."""

    def eval(self) -> None:
        """From now on behave as in predicting."""


@runtime_checkable
class Numbered(Protocol):
    """A layer whose parameters bear its number among the layers that learn: W₁, b₁."""

    def number(self, n: int) -> None:
        """Name the parameters by a number."""


def each_once(items: Iterable[Item]) -> list[Item]:
    """Give the items in order, each object once."""
    return list({id(item): item for item in items}.values())


def call_result(x: Any, name: str) -> Any:
    """Give what a layer has computed, with the name that books have for it."""
    if isinstance(x, Tensor):
        x.name = name
    return x


class Speaking:
    """A layer that says, where it is asked for what it has not, what is meant; ``__getattr__`` is asked for no else.

    It tells of attributes that are replaced, ``layer.W = Tensor(…)``: compiled functions look at all of them then, and
    need not look at each call.
    """

    def __init_subclass__(cls, **more: Any) -> None:
        """Let no ``__repr__`` of a layer raise, whatever has been taken out of it."""
        super().__init_subclass__(**more)
        if "__repr__" in vars(cls):
            cls.__repr__ = text_or_reason(cls.__repr__)  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: Any) -> None:
        before = self.__dict__.get(name, value)
        if before is not value and isinstance(before, Tensor) and not isinstance(value, Operand | None):
            raise TypeError(
                f"{type(self).__name__}: {name} is a Tensor, which {shown(value)} cannot stand for. Write its values, "
                f"layer.{name}.data = array, or give layer.{name} = Tensor(array, requires_grad=True)."
            )
        super().__setattr__(name, value)
        announce_switch(before is not value or name == "__class__")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what copy and pickle look for, before there are any attributes
            raise AttributeError(name)
        letter = name[:1].lower() if name[1:].isdecimal() else ""
        meant = {name: _EACH} if letter and letter in "wb" else MEANT
        raise absent(f"{type(self).__name__!r} object", name, meant, dir(self))

    def __getitem__(self, key: Any) -> Never:
        raise TypeError(f"{type(self).__name__}: a layer is chosen by model.layers[{key!r}]; a model has no places.")

    def summary(self, input_shape: Any = None) -> Summary:
        """Give the layers as a table: the shape of what each gives, what it learns, how many numbers that is.

        ``input_shape`` is the shape of one sample, which is needed where the first layer does not know it. The table
        prints as text, and shows itself in a notebook; ``.rows`` and ``.parameters`` are for those who compute with it.
        """
        made: Summary = import_module("minigrad.nn.summary").summarize(self, input_shape)
        return made

    def state_dict(self) -> dict[str, Any]:
        """Give copies of what it has learned and of its buffers, as arrays by name; `minigrad.save` writes a file.

        Names that several tensors have are followed by a number: W[0], W[1].
        """
        state: dict[str, Any] = import_module("minigrad.nn.state").read_state(self)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what ``state_dict`` of such a model gave; ``ValueError``, with nothing changed, for another's."""
        import_module("minigrad.nn.state").write_state(self, state)

    @html_or_text
    def _repr_html_(self) -> str | None:
        """Show the summary in a notebook."""
        written: str | None = self.summary()._repr_html_()
        return written


class Learning(Speaking):
    """A layer whose parameters are called by letters, and bear its number: W and b, or W₁ and b₁."""

    letters: ClassVar[Sequence[str]] = "Wb"
    _subscript = ""

    def parameters(self) -> list[Tensor]:
        """Give what it learns, in the order of the letters."""
        raise NotImplementedError(f"{type(self).__name__} must define parameters()")

    def number(self, n: int) -> None:
        """Name the parameters by a number, unless they bear a name of the user's."""
        subscript = to_subscript(n)
        for letter, p in zip(self.letters, self.parameters(), strict=False):
            if p.name == letter + self._subscript:
                p.name = letter + subscript
        self._subscript = subscript
