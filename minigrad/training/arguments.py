"""What ``fit`` is given, looked at before anything is trained: a model, a loss, an optimizer, data, counts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import check_count, shown
from minigrad.engine.messages.errors import name_or
from minigrad.engine.recording import is_paused, no_grad
from minigrad.ops.common.dlpack import speaks_dlpack, take_memory
from minigrad.ops.common.libraries import is_other

KINDS = (TypeError, IndexError, ValueError)  # what arrays of other shapes or kinds than are wanted raise
CALL = "fit(model, loss, optimizer, (X, T), epochs)"


def check_parts(model: Any, loss: Any, optimizer: Any) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless a model, a loss and that model's optimizer stand in their places."""
    if isinstance(model, type):
        raise TypeError(f"fit: model is the class {model.__name__}; make one, with {model.__name__}(…).")
    if not callable(model):
        raise TypeError(
            f"fit: model must be callable, as minigrad.nn.MLP([4, 3]) is, not {shown(model)}. Write {CALL}."
        )
    if hasattr(loss, "step") or (hasattr(loss, "parameters") and not hasattr(model, "parameters")):
        raise TypeError(f"fit: loss is {shown(loss)}; are the arguments in another order? Write {CALL}.")
    if not callable(loss):
        name = f"minigrad.losses.{loss}" if isinstance(loss, str) else "minigrad.losses.squared_error"
        raise TypeError(f"fit: loss must be a function of outputs and targets, such as {name}, not {shown(loss)}.")
    if isinstance(optimizer, type) or not all(hasattr(optimizer, name) for name in ("step", "zero_grad", "params")):
        what = f"the class {optimizer.__name__}" if isinstance(optimizer, type) else shown(optimizer)
        raise TypeError(
            f"fit: optimizer must be one that was made for the model, not {what}. Write "
            f"minigrad.optim.SGD(model.parameters(), lr=0.1), say."
        )
    if hasattr(model, "parameters"):
        own = {id(p) for p in model.parameters()}
        if own and not any(id(p) in own for p in optimizer.params):
            raise ValueError(
                f"fit: the optimizer's parameters, {names_of(optimizer.params)}, are none of the model's, so that "
                f"nothing would be trained. Make it with {type(optimizer).__name__}(model.parameters(), …)."
            )
    if is_paused():
        raise ValueError("fit: inside no_grad() nothing is recorded, and nothing can be trained. Call it outside.")


def names_of(params: Any) -> str:
    """Name the first parameters."""
    names = ", ".join(name_or(p, "a tensor") for p in params[:3])
    return f"{names}, …" if len(params) > 3 else names


def check_resume(resume: Any) -> None:
    """Raise ``TypeError`` unless it is the name of a file, or None."""
    if resume is not None and not isinstance(resume, str | os.PathLike):
        raise TypeError(
            f"fit: resume must be the name of a file that ModelCheckpoint has written, not {shown(resume)}. Write "
            f"fit(…, callbacks=[ModelCheckpoint(path)], resume=path)."
        )


def check_samples(name: str, samples: Any) -> tuple[Any, Any]:
    """Give X and T, if ``samples`` is the pair of them, with a row for each sample."""
    way = f"Give {name}=(X, T), two arrays with a row for each sample"
    if isinstance(samples, Mapping):
        keys = list(samples)[:2]
        example = f": ({name}[{keys[0]!r}], {name}[{keys[1]!r}])" if len(keys) == 2 else ""
        raise TypeError(f"fit: {name} is a {type(samples).__name__}. {way}{example}.")
    if hasattr(samples, "__next__"):
        raise TypeError(
            f"fit: {name} is a {type(samples).__name__}, which is used up after one epoch. {way}; batch_size= deals "
            f"them to batches. Or give a function that makes a new one for each epoch."
        )
    if isinstance(samples, float) and 0 < samples < 1:
        raise TypeError(
            f"fit: {name} is the float {samples}. Part the samples first: X, T, X_test, T_test = "
            f"minigrad.data.split(X, T, test={samples}), and give {name}=(X_test, T_test)."
        )
    if not isinstance(samples, tuple | list):
        alone = "; here X stands alone, and T belongs to it" if hasattr(samples, "shape") else ""
        raise TypeError(f"fit: {name} must be a pair, not {shown(samples)}{alone}. {way}.")
    if len(samples) != 2:
        pairs = len(samples) > 2 and all(isinstance(row, tuple | list) and len(row) == 2 for row in samples)
        hint = f": X, T = map(np.array, zip(*{name}))" if pairs else ""
        raise TypeError(f"fit: {name} is a {type(samples).__name__} of {len(samples)}. {way}{hint}.")
    X, T = (as_array(name, letter, x) for letter, x in zip("XT", samples, strict=True))
    if not X.ndim or not T.ndim or len(X) != len(T):
        raise ValueError(
            f"fit: in {name}, X and T must hold the same samples, one per row; got shapes {X.shape}, {T.shape}."
        )
    if not len(X):
        raise ValueError(f"fit: in {name} there are no samples; X has shape {X.shape}. {way}.")
    return X, T


def as_array(name: str, letter: str, x: Any) -> Any:
    """Give an array of numbers, of a table of pandas', too; else say what is in the way."""
    if x is None:
        raise TypeError(f"fit: {letter} of {name} is None. Give {name}=(X, T), two arrays with a row for each sample.")
    try:
        array = x if is_other(x) else take_memory(f"fit: {letter} of {name}", x) if speaks_dlpack(x) else np.asarray(x)
    except ValueError as error:
        raise ValueError(f"fit: {letter} of {name} is a {type(x).__name__} that makes no array: {error}") from error
    if array.dtype.kind not in "biufc":
        texts = [
            str(c)
            for c, kind in zip(getattr(x, "columns", ()), getattr(x, "dtypes", ()), strict=False)
            if getattr(kind, "kind", "O") not in "biufc"
        ]
        if texts:
            raise TypeError(
                f"fit: {letter} of {name} is a table whose column {texts[0]!r} holds no plain numbers; leave it "
                f"out, with .drop(columns={texts!r}), or make numbers of it"
            )
        hint = "; minigrad.data.one_hot, and np.unique(…, return_inverse=True)[1], make numbers of classes"
        raise TypeError(
            f"fit: {letter} of {name} holds {array.dtype}; wanted numbers{hint if letter == 'T' else ''}. Convert it, "
            f"with .astype(float) say."
        )
    return array


def check_counts(epochs: Any, batch_size: Any) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless the number of epochs, and the size of a batch, are counts."""
    check_count("fit", "epochs", epochs, least=0)
    if batch_size is not None:
        check_count("fit", "batch_size", batch_size)


def check_validation(model: Any, loss: Any, data: tuple[Any, Any], validation: tuple[Any, Any]) -> None:
    """Raise what the model or the loss raises on samples of other shapes than those trained on; before an epoch is.

    Where the shapes and kinds are those of the data, nothing is tried. ``model`` is in the mode for predicting.
    """
    if all(x.shape[1:] == v.shape[1:] and x.dtype.kind == v.dtype.kind for x, v in zip(data, validation, strict=True)):
        return
    draws = list(getattr(model, "generators", list)())
    states = [g.bit_generator.state for g in draws]
    try:
        with no_grad():
            loss(model(validation[0][:1]), validation[1][:1])
    except KINDS as error:
        raise kind_of(error)(
            f"fit: validation does not fit; its X and T are {validation[0].shape} and {validation[1].shape}, those of "
            f"data {data[0].shape} and {data[1].shape}, and nothing has been trained yet. {error}"
        ) from error
    finally:
        for g, state in zip(draws, states, strict=True):
            g.bit_generator.state = state


def kind_of(error: Exception) -> type[Exception]:
    """Give the plain kind of an error, which a message alone makes."""
    return next(kind for kind in KINDS if isinstance(error, kind))
