"""Checkpoints in the format of safetensors, which PyTorch and others read: arrays by the names that a model gives them.

The names are those of ``model.state_dict()``; an optimizer's running values are ``optimizer/0/m``, … as in an ``.npz``,
and so are copies. What JSON the other format has in its header is in the metadata, as "minigrad". A file without that
is another program's: its arrays are taken by name.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.nn.state import name_tensors
from minigrad.storage.entries import Model, by_entry, describe_model, tensors_of
from minigrad.storage.reading import Array, CheckpointError, CheckpointFile

DTYPES = {
    **{"F64": "float64", "F32": "float32", "F16": "float16", "C64": "complex64", "BOOL": "bool"},
    **{f"{letter}{8 * n}": f"{kind}{8 * n}" for letter, kind in (("I", "int"), ("U", "uint")) for n in (1, 2, 4, 8)},
}


def is_safe(path: Any) -> bool:
    """Say whether the name of a file is one of this format."""
    return os.fspath(path).endswith(".safetensors")


def name_entries(model: Model) -> dict[str, str]:
    """Give the name under which each entry of a model stands in a file: of a parameter or a buffer its own."""
    return dict(zip(by_entry(tensors_of(model)), name_tensors(model), strict=True))


def pack_arrays(header: dict[str, Any], arrays: dict[str, Array], model: Model) -> bytes:
    """Give the bytes of a file. Raises ``ValueError`` for a dtype that the format does not have."""
    safe = require("safetensors.numpy", "safetensors")
    names = name_entries(model)
    kept: dict[str, Array] = {}
    for entry, array in arrays.items():
        name = names.get(entry, entry)
        if array.dtype.name not in DTYPES.values():
            raise ValueError(f"save: {name} is {array.dtype}, which safetensors has no type for. Save it as .npz")
        kept[name] = np.asarray(array, order="C")  # the library writes the bytes of any other as they lie
    text = json.dumps(header | {"names": names}, default=np.ndarray.tolist)
    packed: bytes = safe.save(kept, {"minigrad": text})
    return packed


class SafeTensorsFile(CheckpointFile):
    """An open file of safetensors, for a model: what it has, by the entries that a checkpoint has."""

    def __init__(self, path: str, model: Model) -> None:
        self.file = require("safetensors", "safetensors").safe_open(path, "np")
        own = (self.file.metadata() or {}).get("minigrad")
        self.header = self._describe_other(model) if own is None else json.loads(own)
        self.names: dict[str, str] = self.header.get("names", name_entries(model))

    def _describe_other(self, model: Model) -> dict[str, Any]:
        """Give the header of a file that another program wrote, if its names are those of the model."""
        names, found = name_entries(model), set(self.file.keys())
        lacks, more = sorted(set(names.values()) - found), sorted(found - set(names.values()))
        if lacks or more:
            said = [f"lacks {', '.join(lacks)}"] if lacks else []
            said += [f"has {', '.join(more)}, which the model has not"] if more else []
            raise CheckpointError(f"the file {' and '.join(said)}; its names must be those of the model")
        return describe_model(model)

    def describe(self, name: str) -> Array:
        """Give an array's shape and dtype, as zeros in one place."""
        key = self.names.get(name, name)
        part = self.file.get_slice(key)
        if part.get_dtype() not in DTYPES:
            raise CheckpointError(
                f"{key} is {part.get_dtype()} in the file, which NumPy has no type for. Convert it to float32 where "
                f"it was written, as with tensor.float() in PyTorch"
            )
        return np.broadcast_to(np.zeros((), DTYPES[part.get_dtype()]), part.get_shape())

    def read(self, name: str) -> Array:
        """Give an array."""
        array: Array = self.file.get_tensor(self.names.get(name, name))
        return array
