"""Checkpoints in the format of safetensors, which PyTorch and others read: arrays by the names that a model gives them.

The names are those of ``model.state_dict()``; an optimizer's running values are ``optimizer/0/m``, … as in an ``.npz``,
and so are copies. What JSON the other format has in its header is in the metadata, as "minigrad". A file without that
is another program's: its arrays are taken by name.

The format has no checksums, as the entries of an ``.npz`` have: those of the arrays are in the JSON, that of the JSON
beside it. They are zlib's CRC-32, which notices every damage of up to 32 bits in a row.
"""

from __future__ import annotations

import json
import os
from typing import Any
from zlib import crc32

import numpy as np

from minigrad.extras import require
from minigrad.nn.state import name_tensors
from minigrad.ops.common.alphabet import printable
from minigrad.storage.entries import Model, by_entry, describe_model, tensors_of
from minigrad.storage.reading import Array, CheckpointError, CheckpointFile

DTYPES = {
    **{"F64": "float64", "F32": "float32", "F16": "float16", "C64": "complex64", "BOOL": "bool"},
    **{f"{letter}{8 * n}": f"{kind}{8 * n}" for letter, kind in (("I", "int"), ("U", "uint")) for n in (1, 2, 4, 8)},
}
OWN, CHECKSUM = "minigrad", "minigrad.crc32"  # the metadata


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
        if any("\ud800" <= c <= "\udfff" for c in name):
            raise ValueError(f"save: the name {printable(name)} is half a character, and no text. Save it as .npz")
        kept[name] = np.asarray(array, order="C")  # the library writes the bytes of any other as they lie
    checksums = {name: _sum_up(array) for name, array in kept.items()}
    text = json.dumps(header | {"names": names, "checksums": checksums}, default=np.ndarray.tolist)
    packed: bytes = safe.save(kept, {OWN: text, CHECKSUM: str(crc32(text.encode()))})
    return packed


def _sum_up(array: Array) -> int:
    """Give the checksum of an array's bytes, in order."""
    return crc32(array.reshape(-1).view(np.uint8).data)


class SafeTensorsFile(CheckpointFile):
    """An open file of safetensors, for a model: what it has, by the entries that a checkpoint has."""

    def __init__(self, path: str, model: Model) -> None:
        self.file = require("safetensors", "safetensors").safe_open(path, "np")
        metadata = self.file.metadata() or {}
        own, checksum = metadata.get(OWN), metadata.get(CHECKSUM)
        if checksum is not None and (own is None or crc32(own.encode()) != int(checksum)):
            raise CheckpointError("damaged: its metadata are not as they were written")
        self.header = self._describe_other(model) if own is None else json.loads(own)
        self.names: dict[str, str] = self.header.get("names", name_entries(model))
        self.checksums: dict[str, int] = self.header.get("checksums", {})

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
        """Give an array, if it is as it was written."""
        key = self.names.get(name, name)
        array: Array = self.file.get_tensor(key)
        wanted = self.checksums.get(key)  # none in another program's file
        if wanted is not None and _sum_up(array) != wanted:
            raise CheckpointError(
                f"damaged: {key} is not as it was written. A program that changes it on purpose is to leave out the "
                f"metadata"
            )
        return array
