"""The course: ten small networks, each with one thing more than the one before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.algebra.facts import sums_to_one
from minigrad.derivation.derive import derive
from minigrad.derivation.wording import Said, say
from minigrad.derivation.worksheet import Worksheet
from minigrad.engine.messages.absent import find_close
from minigrad.engine.tensor import Tensor
from minigrad.exercises.words import tell
from minigrad.losses import cross_entropy, squared_error
from minigrad.ops.elementwise import sigmoid
from minigrad.ops.reduction import softmax


@dataclass(frozen=True, eq=False)
class Lesson:
    """One exercise of the course: what it is called, what it is about, and the loss of its network.

    ``build`` gives the loss, with ``facts`` and ``names`` as ``derive`` takes them.
    """

    key: str
    title: Said
    about: Said
    build: Callable[[], Tensor | tuple[Tensor, Mapping[str, Any]]]
    facts: tuple[str, ...] = field(default=())

    def worksheet(self, blanks: Any = None, seed: Any = 0, lang: str = "en") -> Worksheet:
        """Give its worksheet; nothing of it is written down here but the network."""
        built = self.build()
        loss, names = built if isinstance(built, tuple) else (built, {})
        derivation = derive(loss, names=names, given=[sums_to_one(name) for name in self.facts], fold=False)
        return derivation.exercise(blanks, seed=seed, title=str(tell(self.title, lang)), lang=lang)


class _Numbers:
    """Small numbers with one decimal, always the same, as data or as what is learned."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def data(self, name: str, *shape: int) -> Tensor:
        return Tensor(self._draw(shape), name=name)

    def learned(self, name: str, *shape: int) -> Tensor:
        return Tensor(self._draw(shape), requires_grad=True, name=name)

    def _draw(self, shape: tuple[int, ...]) -> Any:
        """Draw numbers of which none is 0, and of either sign about as often: what is 0 hides a slip."""
        return np.round(self._rng.uniform(0.1, 1.0, shape) * self._rng.choice([-1, 1], shape), 1)


def _neuron() -> Tensor:
    n = _Numbers(1)
    x, w, b = n.learned("x", 3), n.learned("w", 3), n.learned("b")
    return x @ w + b


def _sum_and_product() -> Tensor:
    x, y, z = (Tensor(v, requires_grad=True, name=name) for name, v in (("x", 2.0), ("y", -0.5), ("z", 3.0)))
    return (x + y) * z


def _sigmoid() -> Tensor:
    n = _Numbers(2)
    return sigmoid(n.data("X", 1, 3) @ n.learned("W", 3, 2) + n.learned("b", 1, 2)).sum()


def _squared_error() -> Tensor:
    n = _Numbers(3)
    return squared_error(n.data("X", 1, 3) @ n.learned("W", 3, 2) + n.learned("b", 1, 2), n.data("T", 1, 2))


def _hidden_layer() -> Tensor:
    n = _Numbers(4)
    Y1 = sigmoid(n.data("X", 1, 2) @ n.learned("W1", 2, 3) + n.learned("b1", 1, 3))
    return squared_error(Y1 @ n.learned("W2", 3, 2) + n.learned("b2", 1, 2), n.data("T", 1, 2))


def _softmax() -> Tensor:
    n = _Numbers(5)
    T = Tensor([[0.0, 1.0, 0.0]], name="T")
    Y1 = np.tanh(n.data("X", 1, 2) @ n.learned("W1", 2, 4) + n.learned("b1", 1, 4))
    return cross_entropy(softmax(Y1 @ n.learned("W2", 4, 3) + n.learned("b2", 1, 3)), T)


def _batch() -> Tensor:
    n = _Numbers(6)
    Y1 = sigmoid(n.data("X", 4, 2) @ n.learned("W1", 2, 3) + n.learned("b1", 3))
    return squared_error(Y1 @ n.learned("W2", 3, 2) + n.learned("b2", 2), n.data("T", 4, 2), reduction="mean")


def _shared_weight() -> Tensor:
    n = _Numbers(7)
    W, b = n.learned("W", 2, 2), n.learned("b", 2)
    return squared_error(np.tanh(np.tanh(n.data("X", 3, 2) @ W + b) @ W + b), n.data("T", 3, 2))


def _recurrent() -> tuple[Tensor, dict[str, Any]]:
    n = _Numbers(8)
    Wx, Wh, b = n.learned("Wx", 2, 3), n.learned("Wh", 3, 3), n.learned("b", 3)
    H: Any = n.data("H0", 2, 3)
    names = {}
    for t in (1, 2, 3):
        H = names[f"H{t}"] = np.tanh(n.data(f"X{t}", 2, 2) @ Wx + H @ Wh + b)
    return squared_error(H, n.data("T", 2, 3)), names


def _attention() -> tuple[Tensor, dict[str, Any]]:
    n = _Numbers(9)
    Q, K, V = n.learned("Q", 3, 4), n.learned("K", 3, 4), n.learned("V", 3, 2)
    S = Q @ K.T / 2  # √4, the number of columns of K
    A = softmax(S)
    Y = A @ V
    return squared_error(Y, n.data("T", 3, 2)), {"S": S, "A": A, "Y": Y}


COURSE = (
    Lesson(
        "neuron", say("One neuron"),
        say("A neuron weighs its inputs and adds a bias. How much does E change with each of them?"),
        _neuron,
    ),
    Lesson(
        "sum-and-product", say("A sum and a product, (x + y) z"),
        say("A sum hands its gradient on as it is; a product multiplies it by the other factor."),
        _sum_and_product,
    ),
    Lesson(
        "sigmoid", say("The sigmoid"),
        say("An activation function multiplies the gradient by its derivative, which the output alone can tell."),
        _sigmoid,
    ),
    Lesson(
        "squared-error", say("The squared error"),
        say("The error of a linear output layer: what goes back first is how far each output is from its target."),
        _squared_error,
    ),
    Lesson(
        "hidden-layer", say("A hidden layer"),
        say("δ of the output layer goes back through the weights, and then through the activation function."),
        _hidden_layer,
    ),
    Lesson(
        "softmax", say("Softmax with cross-entropy"),
        say("Each output of softmax depends on all inputs of it, and yet δ is as short as that of the squared error."),
        _softmax, facts=("T",),
    ),
    Lesson(
        "batch", say("Sums over a batch"),
        say("Four samples at once, and E is their mean: where do the sum over n and 1/N come in?"),
        _batch,
    ),
    Lesson(
        "shared-weight", say("A weight that is used twice"),
        say("Both layers have the same weights. What a variable is used for several times adds up: +=, not =."),
        _shared_weight,
    ),
    Lesson(
        "recurrent", say("A recurrent network, three steps"),
        say("The state goes from step to step, and its gradient comes back through all of them."),
        _recurrent,
    ),
    Lesson(
        "attention", say("Attention"),
        say("Every row of A says where to look: softmax of the products of queries and keys, over √d = 2."),
        _attention,
    ),
)  # fmt: skip


def find_lesson(which: Any) -> Lesson:
    """Give a lesson by its number, from 1, or by its name; raise ``ValueError`` for another one."""
    text = str(which).strip().lower().replace(" ", "-").replace("_", "-")
    for i, lesson in enumerate(COURSE, 1):
        if text in (str(i), lesson.key):
            return lesson
    close = find_close(text, [lesson.key for lesson in COURSE])
    there = f"there are 1 to {len(COURSE)}: {', '.join(lesson.key for lesson in COURSE)}"
    raise ValueError(f"exercise: there is no exercise {which!r}; {there}{f'. Did you mean {close}?' if close else ''}")


def list_lessons(lang: str = "en") -> str:
    """Write the course as a table: number, name, title."""
    wide = max(len(lesson.key) for lesson in COURSE)
    return "\n".join(f"{i:3}  {x.key:{wide}}  {tell(x.title, lang)}" for i, x in enumerate(COURSE, 1))
