"""A model and the state of its training in one file: an `.npz` of arrays and one JSON text, with no pickles in it.

A name that ends in `.safetensors` makes a file of that format (extra `safetensors`), which PyTorch reads.

The entries are `header` (the JSON, as bytes), `parameter/0`, `parameter/1`, … in the order of `model.parameters()`,
`buffer/0`, … in that of `model.buffers()`, and the optimizer's running values, such as `optimizer/0/m`. A training that
is to go on notes what it needs in the header, and keeps copies, such as its best weights, in `copy/0/parameter/0`, ….

``entries`` names what is saved of a model; ``reading`` opens a file, ``safe_tensors`` one of the other format,
``fitting`` compares it with a model.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.files import follow_links, replacing
from minigrad.interrupts import CtrlC
from minigrad.ops.common.libraries import bring
from minigrad.optim import Optimizer
from minigrad.storage.entries import FORMAT, VERSION, Model, by_entry, describe_model, tensors_of
from minigrad.storage.fitting import assign_all, compare_all, compare_copies
from minigrad.storage.reading import Array, CheckpointError, CheckpointFile, damage_explained, refusal
from minigrad.storage.safe_tensors import SafeTensorsFile, is_safe, pack_arrays

__all__ = ["CheckpointError", "load", "load_noted", "save", "save_noted"]

PathLike = str | os.PathLike[str]


def _check_arguments(called: str, path: Any, model: Any, optimizer: Any) -> None:
    """Raise ``TypeError`` unless a path, a model and an optimizer, if any, stand in their places."""
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
        swapped = "; the path comes first" if isinstance(model, str | os.PathLike) else ""
        raise TypeError(
            f"{called}: path must be the name of a file, such as 'model.npz', not {shown(path)}{swapped}. Write "
            f"{called}(path, model)."
        )
    if isinstance(model, type) or not hasattr(model, "parameters"):
        which = f"the class {model.__name__}" if isinstance(model, type) else shown(model)
        swapped = "; the model comes before it" if hasattr(model, "load_state_dict") else ""
        raise TypeError(
            f"{called}: model must have parameters(), as layers and nn.Sequential do, not {which}{swapped}. Write "
            f"{called}(path, model, optimizer), of the model itself; a single array is kept with np.save(path, w.data)."
        )
    if optimizer is not None and not (hasattr(optimizer, "state_dict") and hasattr(optimizer, "step")):
        raise TypeError(
            f"{called}: optimizer must be the one that trains the model, not {shown(optimizer)}. Write "
            f"{called}(path, model, optimizer), or leave it out."
        )


@with_usage
def save(path: PathLike, model: Model, optimizer: Optimizer | None = None) -> None:
    """Write parameters, buffers, the states of the layers' random generators, and the optimizer's state to `path`.

    A name that ends in `.safetensors` makes a file of that format, with the names of `model.state_dict()`, which
    `safetensors.torch.load_file` reads; any other an `.npz`.

    The name is used as it stands. The file appears whole or not at all: a failure leaves what was there before; one
    that was there keeps its permissions. Raises ``OSError`` where a folder, a device or a pipe has the name.
    """
    save_noted(path, model, optimizer)


def save_noted(
    path: PathLike,
    model: Model,
    optimizer: Optimizer | None = None,
    notes: Any = None,
    copies: Sequence[Sequence[Array]] = (),
) -> None:
    """Save, with notes that JSON can write, and copies of all that the model's tensors hold."""
    _check_arguments("save", path, model, optimizer)
    kept = tensors_of(model)
    header = describe_model(model)
    if notes is not None:
        header["notes"] = notes
    tensors = by_entry(kept)
    arrays = {entry: x.array for entry, x in tensors.items()}
    for i, copy in enumerate(copies):
        arrays |= {f"copy/{i}/{entry}": array for entry, array in zip(tensors, copy, strict=True)}
    if optimizer is not None:
        if not {id(p) for p in optimizer.params} <= {id(p) for p in kept["parameter"]}:
            raise ValueError("save: the optimizer has parameters that are not the model's and would not be saved")
        state = optimizer.state_dict()
        for i, values in enumerate(state["state"]):
            arrays |= {f"optimizer/{i}/{name}": value for name, value in values.items()}
        header["optimizer"] = state | {"state": [list(values) for values in state["state"]]}
    arrays = {entry: bring(array) for entry, array in arrays.items()}
    packed = pack_arrays(header, arrays, model) if is_safe(path) else None
    text = json.dumps(header, default=np.ndarray.tolist)  # some bit generators keep arrays in their states
    with replacing(follow_links(path)) as file:
        if packed is None:
            np.savez(file, header=np.frombuffer(text.encode(), np.uint8), **arrays)
        else:
            file.write(packed)


@with_usage
def load(path: PathLike, model: Model, optimizer: Optimizer | None = None) -> None:
    """Put back what `save` wrote, so that training goes on as if it had not stopped, to the last bit.

    The model, and the optimizer if given, must be built as the saved ones were; the values are written into their
    arrays. CheckpointError says what does not fit, and leaves both as they were. No more is read than they need, and
    no array whose size is not theirs. A `.safetensors` that another program has written is taken by its names.
    """
    load_noted(path, model, optimizer)


def load_noted(
    path: PathLike,
    model: Model,
    optimizer: Optimizer | None = None,
    count_copies: Callable[[Any], int] = lambda notes: 0,
) -> tuple[Any, list[list[Array]]]:
    """Load, and give the notes and the copies that were saved with them; None, and none, where there are none.

    ``count_copies`` looks at the notes, before anything is changed, and says how many copies they tell of; it raises
    ``ValueError`` if they are none that can be used.
    """
    _check_arguments("load", path, model, optimizer)
    name = os.fspath(path)
    if os.path.exists(path) and not os.path.isfile(path):  # opening a pipe would wait for somebody to write
        raise refusal(name, "a directory or a device, not a minigrad checkpoint")
    with open(path, "rb") as file:  # a missing file is FileNotFoundError, as everywhere
        with damage_explained(name):
            saved = SafeTensorsFile(name, model) if is_safe(path) else CheckpointFile(file)
            found = saved.header["format"], saved.header["version"]
        if found != (FORMAT, VERSION):
            raise refusal(name, f"is {found[0]} version {found[1]}, not {FORMAT} version {VERSION}")
        with damage_explained(name):
            described = saved.describe_all(optimizer is not None)
        try:
            compare_all(described, model, optimizer)
            count = count_copies(described.notes)
        except ValueError as error:
            raise refusal(name, error) from error
        with damage_explained(name):
            described.copies.update(saved.describe_copies(list(described.tensors), count))
            compare_copies(described)
            arrays = {entry: saved.read(entry) for entry in described.needed}
    ctrl_c = CtrlC()
    with ctrl_c.watched(), ctrl_c.held():  # all of it or nothing
        assign_all(described, arrays, model, optimizer)
    entries = list(described.tensors)
    return described.notes, [[arrays[f"copy/{i}/{entry}"] for entry in entries] for i in range(count)]
