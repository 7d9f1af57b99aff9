"""What every update rule shares: its parameters with their running values, the step, and saving all of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Never, TypeVar

import numpy as np

from minigrad.engine.blocks import in_force
from minigrad.engine.messages.absent import absent
from minigrad.engine.messages.arguments import check_number, shown, with_usage
from minigrad.engine.messages.other_names import OPTIMIZER, say_argument
from minigrad.engine.recording import count_records, tracer
from minigrad.engine.tensor import Tensor
from minigrad.notebook.safety import text_or_reason
from minigrad.ops.common.libraries import alike
from minigrad.optim.checks import check_parameters, label_parameter
from minigrad.optim.formula import OnClassOrInstance, read_formula
from minigrad.optim.held import Held
from minigrad.optim.rows import Array, Row, Rows, State, States

Made = TypeVar("Made", bound=Callable[..., Any])


class Optimizer:
    """Update `params` from their gradients; a subclass says its rule in `_update`, in place.

    params  tensors of a floating dtype with requires_grad=True, each once; their arrays are written in place, unless
            a result that was computed from one is still alive, or anyone else holds it: then it gets another array.
            Or groups of them, [{"params": [w], "lr": 0.1}, …], each with settings of its own (see ``groups``)
    lr      η, not negative; may be set anew between steps, as every other setting may

    A parameter whose gradient is None is passed over: neither it nor its running values move.
    """

    settings: ClassVar[tuple[str, ...]] = ("lr",)
    limits: ClassVar[dict[str, float]] = {"lr": np.inf}  # the settings that are numbers from 0 up to below a limit
    symbols: ClassVar[Mapping[str, str]] = {"lr": "η"}  # how formula() writes a setting or a running value
    formula = OnClassOrInstance(read_formula)
    writes_last: ClassVar[bool] = True  # does `_move` write to `out` when all else is read, so that buf may be out?
    lr: float
    _of_groups: ClassVar[Callable[..., Any]]  # makes one optimizer of several groups, which ``groups`` knows how
    _write: Callable[..., None]  # `_move`, or by an `_update` of a user's own, which knows of writing in place alone
    _in_spare: ClassVar[bool]

    def __new__(cls, params: Any = (), *more: Any, **options: Any) -> Any:
        """Give ``Groups`` of this rule, where params are dicts with "params" and settings of their own."""
        if type(params) in (list, tuple) and any(isinstance(x, dict) for x in params):
            return Optimizer._of_groups(cls, params, more, options)
        return object.__new__(cls)

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        by_rule = cls._update is Optimizer._update
        cls._write = cls._move if by_rule else cls._move_by_update
        cls._in_spare = by_rule and cls.writes_last

    @staticmethod
    def take_groups(make: Made) -> Made:
        """Take the function that makes one optimizer of several groups of parameters."""
        Optimizer._of_groups = staticmethod(make)
        return make

    @with_usage
    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        checked = check_parameters(type(self).__name__, params)
        self.params = tuple(checked)  # no list: one more in it would have no row, and not be trained
        states, records = [self._start(p.array) for p in self.params], count_records()
        unheld = records if all(p.born == records for p in self.params) else -1
        self._rows = Rows(self.params, states, type(self)._write, type(self)._in_spare, unheld)
        self.lr = lr

    def __getstate__(self) -> dict[str, Any]:
        """Give what a copy and a pickle keep: η's arrays and the scratch space are made anew."""
        return self.__dict__ | {"_rows": [row.state for row in self._rows]}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        """Be a copy, whose running values are its own also where the parameters are those of the original."""
        states = [{name: value.copy() for name, value in state.items()} for state in kept["_rows"]]
        kind = type(self)
        self.__dict__.update(kept, _rows=Rows(kept["params"], states, kind._write, kind._in_spare))
        self.lr = kept["lr"]

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; settings are checked, and η goes to every parameter.

        As a property it would take longer to read.
        """
        if name == "params" and name in self.__dict__:
            raise TypeError(
                f"{type(self).__name__}: params are those that it was made for, whose running values it keeps. Make an "
                f"optimizer for others, or optim.Groups of two."
            )
        if name in self.limits:
            value = check_number(type(self).__name__, name, value, self.limits[name])
        if name == "lr":
            for row in self._rows:
                row.eta[...] = value
        super().__setattr__(name, value)

    @property
    def states(self) -> list[State]:
        """The running values of each parameter, by name: the arrays themselves, in which the rule keeps them.

        Of arrays that never change, the places that hold them.
        """
        return States(row.state for row in self._rows)

    def _start(self, w: Array) -> State:
        """Give the running values of one parameter, by name, before its first step."""
        return {}

    def _update(self, w: Array, g: Array, eta: Array, buf: Array, state: State) -> None:
        """Write the new w, and the new running values, in place."""
        self._move(w, g, eta, buf, state, w)

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        """Write the new w to `out`, which may be w, and the new running values in place: the rules of this folder."""
        raise NotImplementedError(f"{type(self).__name__} must define _update(w, g, eta, buf, state)")

    def write_update(self, settings: Mapping[str, Any], w: Any, g: Any, buf: Any, state: dict[str, Any]) -> None:
        """Apply the rule once, by other settings, to arrays or what computes in place as they do.

        That is how a compiler reads it. w is the parameter, g its gradient, buf scratch space of their shape, state
        the parameter's running values.
        """
        rule = object.__new__(type(self))
        rule.__dict__.update(self.__dict__ | dict(settings))
        rule._update(w, g, settings["lr"], buf, state)

    def follow_parameters(self) -> None:
        """Take the arrays that the parameters have now for those to write to: compiled code has given them others."""
        for row in self._rows:
            if row.param.array is not row.w and not isinstance(row.w, Held):
                row.take(row.param.array)

    def step(self, *other: Never) -> None:
        """Update every parameter that has a gradient; all are checked before the first is changed.

        A Ctrl-C in the middle may leave some updated; in a compiled function, and in `fit`, all are or none.
        """
        if other:  # asked here, as in zero_grad
            way = "Write E.backward(), and then optimizer.step()"
            raise TypeError(f"{type(self).__name__}.step: there is no argument, and {shown(other[0])} came. {way}.")
        if in_force:
            tracing = tracer()
            if tracing is not None:
                tracing.step(self)
                return
        rows = self._rows
        ready: list[Row] = rows
        for row in rows:
            p = row.param
            grad = p.stored_grad  # past the property: a tenth of a small update
            if grad is None:
                ready = []
                continue
            g = grad.array
            if p.array is not row.w or g.size != row.size:  # another shape of as many elements NumPy refuses
                self._recheck(row, g)
        if not ready:
            ready = [row for row in rows if row.param.stored_grad is not None]
            if not ready:
                raise RuntimeError(f"{type(self).__name__}.step: no parameter has a gradient; call backward() first")
        rows.write(ready, self)

    def _move_by_update(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        """Let a rule that knows of writing in place alone write to `out`."""
        if out is not w:
            out[...] = w
        self._update(out, g, eta, buf, state)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what copy and pickle look for, before there are any attributes
            raise AttributeError(name)
        raise absent(f"{type(self).__name__!r} object", name, OPTIMIZER, dir(self))

    def zero_grad(self, **other: Never) -> None:
        """Forget the gradients, so that the next backward() starts from nothing."""
        if other:  # asked here, since a wrapper around it would cost three times as much as all of it
            name = next(iter(other))
            raise TypeError(f"{type(self).__name__}.zero_grad: there is no argument {name!r}.{say_argument(other, ())}")
        if in_force:
            tracing = tracer()
            if tracing is not None:
                for p in self.params:
                    tracing.forget(p)
                return
        for p in self.params:
            p.stored_grad = None

    def state_dict(self) -> dict[str, Any]:
        """Give the rule's name, its settings and a copy of the running values: all that the next step depends on."""
        return {
            "rule": type(self).__name__,
            "settings": {name: float(getattr(self, name)) for name in self.settings},
            "state": [{name: value.copy() for name, value in row.state.items()} for row in self._rows],
        }

    def check_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Raise ValueError if what `state_dict` gave is another optimizer's, by its names, numbers and shapes."""
        if not isinstance(saved, Mapping) or not {"rule", "settings", "state"} <= saved.keys():
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: it takes what state_dict() of an optimizer gives, a dict of "
                f"rule, settings and state, not {shown(saved)}"
            )
        if saved["rule"] != type(self).__name__ or set(saved["settings"]) != set(self.settings):
            raise ValueError(f"the state is of {saved['rule']} with {list(saved['settings'])}, not of {self!r}")
        for name in self.settings:
            self._check_setting(name, saved["settings"][name])
        if len(saved["state"]) != len(self.params):
            raise ValueError(f"the state is of {len(saved['state'])} parameters, {self!r} has {len(self.params)}")
        for i, (row, state) in enumerate(zip(self._rows, saved["state"], strict=True)):
            came, wanted = ({k: (a.shape, a.dtype.name) for k, a in s.items()} for s in (state, row.state))
            if came != wanted:
                raise ValueError(f"{self!r} keeps {wanted} for {label_parameter(row.param, i)}, the state has {came}")

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; ValueError, with nothing changed, if it belongs to another optimizer."""
        self.check_state_dict(saved)
        for name in self.settings:
            setattr(self, name, float(saved["settings"][name]))
        for row, state in zip(self._rows, saved["state"], strict=True):
            for name, value in state.items():
                row.state[name][...] = alike(value, row.state[name])

    def _check_setting(self, name: str, value: Any) -> None:
        """Raise ValueError unless a saved setting is one that could have been set."""
        if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
            raise ValueError(f"the setting {name} is no number: {value!r}")
        if name in self.limits:
            check_number(type(self).__name__, name, value, self.limits[name])

    @text_or_reason
    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.settings)})"

    def check_ready(self) -> None:
        """Raise ``ValueError`` for a gradient or a new array that does not fit its parameter."""
        for row in self._rows:
            grad = row.param.stored_grad
            if grad is not None and (row.param.array is not row.w or grad.array.shape != row.shape):
                self._recheck(row, grad.array)

    def _recheck(self, row: Row, g: Array) -> None:
        """Follow a parameter to the array that the user has put in the place of the old one, if it fits.

        A place that holds the array of the parameter follows it by itself.
        """
        label, w = label_parameter(row.param, self._rows.index(row)), row.param.array
        if w.shape != row.w.shape or w.dtype != row.w.dtype:
            raise ValueError(
                f"step: {label} is now {w.dtype} {w.shape}, but was {row.w.dtype} {row.w.shape} when "
                f"{type(self).__name__} was made; make a new optimiser for the new array"
            )
        if g.shape != w.shape:
            raise ValueError(f"step: the gradient of {label} has shape {g.shape}, not the parameter's {w.shape}")
        if not isinstance(row.w, Held):
            row.take(w)
            self._rows.unheld = -1
