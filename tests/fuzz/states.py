"""Random sequences of calls and changes: a model trained eagerly and by code, with all that they read set anew.

Between calls parameters, gradients and settings are replaced, and so are numbers, lists, dicts, arrays and functions
that the model reads outside itself. After each action all worlds must have returned the same and be in the same state.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from enum import Enum
from io import StringIO
from types import SimpleNamespace
from typing import Any

import numpy as np

from minigrad import Tensor, no_grad, optim, value_and_grad

RULES = (optim.SGD, optim.Adam, optim.Momentum, optim.RMSProp)
KINDS = (np.float64, np.float64, np.float64, np.float32, np.int64)  # of data
Action = Callable[["World"], Any]


def make_class() -> Any:
    """Give a class of its own for what a model reads; numbers and a property of it may be others."""

    class Within(SimpleNamespace):
        def __enter__(self) -> Any:
            return self.strength

        def __exit__(self, *error: object) -> None:
            pass

    class Read(SimpleNamespace):
        within = Within(strength=0.9)
        gain, bent = 1.0, 0.5
        shift = property(lambda self: 0.0)

        @classmethod
        def bend(cls, h: Any) -> Any:
            return h * (cls.bent + 0.5)

        def __call__(self, h: Any) -> Any:
            return h * self.leaning.k if hasattr(self.leaning, "k") else h

    class Way(Enum):
        FEW = 0.1

    Read.leaning, Read.way = Leaning(), Way.FEW
    return Read


def read_all(x: Any) -> dict[str, Any]:
    """Give all that an object holds."""
    return vars(x)


def write_note(world: World, rng: Any, data: Any) -> None:
    """Write something else into a file in memory, where it is read from next."""
    notes = world.read.notes
    notes.seek(0)
    notes.truncate()
    notes.write(str(rng.choice([0.1, 0.2, 0.3])))


class Leaning:
    """Has one attribute at most, in a slot."""

    __slots__ = ("k",)


def call_otherwise(self: Any, h: Any) -> Any:
    """Stand in the place of a special method."""
    return h * 0.9 + self.gain * 0.1


class World:
    """A model, what it reads outside itself, and functions of both, each as it is or as ``wrap`` makes it."""

    def __init__(self, wrap: Callable[..., Any] | None, rule: Any) -> None:
        rng = np.random.default_rng(7)
        self.W = Tensor(rng.normal(size=(3, 3)) * 0.5, requires_grad=True, name="W")
        self.b = Tensor(rng.normal(size=3) * 0.1, requires_grad=True, name="b")
        self.V = Tensor(rng.normal(size=(3, 2)) * 0.5, requires_grad=True, name="V")
        self.c, self.average = Tensor(rng.normal(size=3) * 0.1, name="c"), Tensor(np.zeros(3))
        self.read = make_class()(
            scale=1.0, parts=2, on=True, factors=[1.0, 1.5], share={"p": 0.5}, weights=np.array([0.5, 1.0, 1.5]),
            mask=np.array([True, False, True]), chosen=np.array([0, 2]), f=np.tanh, layers=[self.W],
            table=np.array([0.1, None], object), notes=StringIO("0.1"), note=SimpleNamespace(k=0.1),
        )  # fmt: skip
        self.first, self.second = rule([self.W, self.b, self.V], lr=0.05), optim.SGD([self.b], lr=0.1)
        self.kept: list[Tensor] = []
        self.saved: Any = None
        functions = {
            f.__name__: f
            for f in (self.forward, self.loss, self.step, self.both, self.add, self.by_hand, self.step_and_clear)
        }
        functions |= {"follow": self.follow, "write": self.write, "slopes": value_and_grad(self.loss)}
        self.call = {name: wrap(f) if wrap is not None else f for name, f in functions.items()}
        self.is_code = wrap is not None

    def forward(self, x: Any, t: Any) -> Any:
        """Compute with all that is read."""
        read, h = self.read, x
        for layer in read.layers:
            h = read.f(h @ layer * read.scale + self.b)
        h = h * read.weights if read.on else h
        h = np.where(read.mask, h, h * read.share["p"]) + self.c
        for factor in read.factors:
            h = h * factor if factor < 2 else h + factor * 0.01
        with read.within as strength:
            h = h * strength
        h = read(h) + self.W.detach()[0] * 0.1
        h = h + read.table[0] + read.way.value + float(read.notes.getvalue()) + read_all(read.note)["k"]
        return read.bend(h * read.gain) + read.shift + getattr(read, "more", 0.0)

    def loss(self, x: Any, t: Any) -> Any:
        """Give E."""
        h = self.forward(x, t)
        y = h[..., self.read.chosen] @ self.V[:2] if self.read.parts == 2 else h @ self.V
        return ((y - t) ** 2).mean()

    def step(self, x: Any, t: Any) -> Any:
        """Train."""
        self.first.zero_grad()
        E = self.loss(x, t)
        E.backward()
        self.first.step()
        return E

    def both(self, x: Any, t: Any) -> Any:
        """Train, by two rules that share a parameter."""
        self.second.zero_grad()
        E = self.step(x, t)
        if self.b.grad is not None:
            self.second.step()
        return E, self.b * 1

    def add(self, x: Any, t: Any) -> Any:
        """Add to the gradients."""
        E = self.loss(x, t)
        E.backward()
        return E

    def step_and_clear(self, x: Any, t: Any) -> Any:
        """Train on gradients that there may be already, and take them away."""
        E = self.loss(x, t)
        E.backward()
        self.first.step()
        self.first.zero_grad()
        return E

    def by_hand(self, x: Any, t: Any) -> Any:
        """Train without an optimizer."""
        for p in (self.W, self.b, self.V):
            p.grad = None
        E = self.loss(x, t)
        E.backward()
        with no_grad():
            for p in (self.W, self.V):
                if p.grad is not None:
                    p -= 0.05 * p.grad
        return E

    def follow(self, x: Any, t: Any) -> Any:
        """Move an average of a parameter."""
        with no_grad():
            self.average.data = 0.9 * self.average.data + 0.1 * self.b.data
        return self.loss(x, t)

    def write(self, x: Any, t: Any) -> Any:
        """Write into an argument, and compute with it."""
        x[0] = x[0] * 2
        below = x[1:]
        below += 1.0
        return self.forward(x, t).sum()

    def run(self, name: str, x: Any, t: Any) -> Any:
        """Call a function; what code leaves no gradients behind of, from zero_grad() to step(), eagerly has none."""
        x, t = x.copy(), t.copy()
        result = self.call[name](x, t)
        if name in ("step", "both") and not self.is_code:
            self.first.zero_grad()
        return result, x

    def state(self) -> list[Any]:
        """Give all that calls may change."""
        params = (self.W, self.b, self.V)
        values = [*(p.data for p in (*params, self.c, self.average)), *(p.grad for p in params)]
        return [*map(plain, values), *(np.array(v) for state in self.first.states for v in state.values())]


def plain(x: Any) -> Any:
    """Give results as arrays, in nested lists."""
    if isinstance(x, tuple | list):
        return [plain(y) for y in x]
    return None if x is None else np.array(x.data if isinstance(x, Tensor) else x)


def draw_action(rng: np.random.Generator) -> tuple[str, Action]:
    """Give an action, and what it is called: a call in two of three, or a change."""
    seed = int(rng.integers(1 << 30))
    fresh = np.random.default_rng(seed)
    n = int(fresh.integers(1, 4))
    x, t = fresh.normal(size=(n, 3)).astype(KINDS[fresh.integers(len(KINDS))]), fresh.normal(size=(n, 2))
    if rng.random() < 0.6:
        names = ("step", "step", "step", "add", "step_and_clear", "by_hand", "both", "follow", "slopes", "forward")
        name = names[rng.integers(len(names))]
        return name, lambda world: world.run(name, x, t)
    if rng.random() < 0.1:
        written = fresh.normal(size=(3, 3))
        return "write", lambda world: world.run("write", written, t)
    name = list(CHANGES)[rng.integers(len(CHANGES))]
    return name, lambda world: CHANGES[name](world, np.random.default_rng(seed), (x, t))


def _set(where: str, name: str, values: list[Any]) -> Callable[..., None]:
    return lambda world, rng, data: setattr(getattr(world, where), name, values[rng.integers(len(values))])


def _in_place(name: str, value: Callable[..., Any]) -> Callable[..., None]:
    def change(world: World, rng: Any, data: Any) -> None:
        world.kept.clear()  # a record keeps the arrays of others as they are
        array = getattr(world.read, name)
        array[rng.integers(len(array))] = value(rng)

    return change


def _keep(world: World, rng: Any, data: Any) -> Any:
    E = world.call["loss"](*data)
    world.kept += [E] if E.requires_grad else []
    return E


def _without_record(world: World, rng: Any, data: Any) -> Any:
    with no_grad():
        return world.call["forward"](*data)


def _save_or_load(world: World, rng: Any, data: Any) -> None:
    if world.saved is None:
        world.saved = world.first.state_dict()
    else:
        world.first.load_state_dict(world.saved)


def _come_or_go(owner: Any, name: str, rng: Any) -> None:
    if hasattr(owner, name) and rng.random() < 0.5:
        delattr(owner, name)
    else:
        setattr(owner, name, float(rng.choice([0.1, 0.2])))


def _more_or_less(items: list[Any], item: Any, most: int) -> None:
    if len(items) < most:
        items.append(item)
    else:
        items.pop()


CHANGES: dict[str, Callable[..., Any]] = {
    "η": _set("first", "lr", [0.01, 0.1, 0.3]),
    "W.data": lambda world, rng, data: setattr(world.W, "data", world.W.data * 0.9),
    "W.data in another order": lambda world, rng, data: setattr(world.W, "data", np.array(world.W.data, order="F")),
    "b.data of W": lambda world, rng, data: setattr(world.b, "data", world.W.data[0].copy()),
    "c.data of b": lambda world, rng, data: setattr(world.c, "data", world.b.data.copy()),
    "b is switched": lambda world, rng, data: setattr(world.b, "requires_grad", not world.b.requires_grad),
    "zero_grad": lambda world, rng, data: world.first.zero_grad(),
    "V has no gradient": lambda world, rng, data: setattr(world.V, "grad", None),
    "V is given a gradient": lambda world, rng, data: setattr(world.V, "grad", Tensor(np.full((3, 2), 0.01))),
    "a number": _set("read", "scale", [0.5, 1.0, 1.5, 2, 1, True, np.float32(0.3), 1.25]),
    "a number of the class": lambda world, rng, data: setattr(type(world.read), "gain", float(rng.choice([1.0, 0.8]))),
    "one that a method reads": lambda world, rng, data: setattr(
        type(world.read), "bent", float(rng.choice([0.5, 0.4]))
    ),
    "a property": lambda world, rng, data: setattr(
        type(world.read), "shift", property([lambda self: 0.0, lambda self: self.share["p"] * 0.1][rng.integers(2)])
    ),
    "an attribute that comes or goes": lambda world, rng, data: _come_or_go(world.read, "more", rng),
    "a slot that comes or goes": lambda world, rng, data: _come_or_go(world.read.leaning, "k", rng),
    "a special method": lambda world, rng, data: setattr(type(world.read), "__call__", call_otherwise),
    "what a block gives": lambda world, rng, data: setattr(world.read.within, "strength", float(rng.choice([0.7, 1]))),
    "an object in an array": lambda world, rng, data: world.read.table.__setitem__(0, float(rng.choice([0.1, 0.2]))),
    "a member's value": lambda world, rng, data: setattr(world.read.way, "_value_", float(rng.choice([0.1, 0.2]))),
    "a file in memory": write_note,
    "what an object holds": lambda world, rng, data: setattr(world.read.note, "k", float(rng.choice([0.1, 0.2]))),
    "a whole number": _set("read", "parts", [2, 3]),
    "a truth value": _set("read", "on", [True, False]),
    "an item": lambda world, rng, data: world.read.factors.__setitem__(0, float(rng.choice([1.0, 0.5, 2.0]))),
    "more or fewer items": lambda world, rng, data: _more_or_less(world.read.factors, 1.5, 3),
    "a value of a dict": lambda world, rng, data: world.read.share.update(p=float(rng.normal())),
    "another array": lambda world, rng, data: setattr(world.read, "weights", rng.normal(size=3)),
    "an element": _in_place("weights", lambda rng: rng.normal()),
    "a mask": _in_place("mask", lambda rng: rng.integers(2) == 1),
    "an index": _in_place("chosen", lambda rng: rng.integers(3)),
    "a function": _set("read", "f", [np.tanh, np.sin, np.arctan]),
    "more or fewer layers": lambda world, rng, data: _more_or_less(world.read.layers, world.W, 3),
    "saved or loaded": _save_or_load,
    "in no_grad": _without_record,
    "a loss is kept": _keep,
    "a kept loss": lambda world, rng, data: world.kept.pop().backward() if world.kept else None,
}


def find_difference(a: Any, b: Any) -> bool:
    """Say whether two results, or states, differ by more than rounding."""
    if isinstance(a, str) or isinstance(b, str):
        return type(a) is not type(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) != len(b) or any(map(find_difference, a, b))
    if a is None or b is None:
        return a is not b
    if (a.shape, a.dtype) != (b.shape, b.dtype):
        return True
    tolerance = 1e-4 if a.dtype == np.float32 else 1e-7
    return not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)


def perform(action: Action, world: World) -> Any:
    """Give what an action returns, or of what kind the error is that it raises."""
    try:
        return plain(action(world))
    except Exception as error:
        return type(error).__name__


def check_states(seed: int, wraps: dict[str, Callable[..., Any]], length: int = 25) -> str | None:
    """Give the actions of a seed after which code is not where the model itself is; None if it always was."""
    rng, rule, names = np.random.default_rng(seed), RULES[seed % len(RULES)], list[str]()
    eager, worlds = World(None, rule), {name: World(wrap, rule) for name, wrap in wraps.items()}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(length):
            name, action = draw_action(rng)
            names.append(name)
            wanted = perform(action, eager)
            for called, world in worlds.items():
                found = perform(action, world)
                if find_difference(wanted, found):
                    return f"seed {seed}, {called}, after {names}: returned {found}, and eagerly {wanted}"
                if find_difference(eager.state(), world.state()):
                    return f"seed {seed}, {called}, after {names}: its state is another"
            if isinstance(wanted, str) or not all(np.all(np.abs(p.data) < 50) for p in (eager.W, eager.b, eager.V)):
                break
    return None
