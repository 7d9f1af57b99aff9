"""Arrays of libraries that do not speak NumPy's protocols but DLPack, as PyTorch, JAX and the array API's do.

They are taken where they lie, without a copy: NumPy sees the same memory. What NumPy cannot see is refused by name, for
its way out of there, through the host or into another type of number, is to be written down by whoever goes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.common.late import Late

extras = Late("minigrad.extras")

ON_HOST = (1, 3)  # DLPack's numbers of devices whose memory NumPy sees: the CPU's, and what is pinned for a GPU
CUDA = 2


def speaks_dlpack(x: Any) -> bool:
    """Say whether x gives its memory by DLPack, and is no array that speaks NumPy's protocols."""
    return hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__") and not hasattr(x, "__array_function__")


def take_memory(called: str, x: Any) -> Any:
    """Give an array of NumPy's in the memory of one that speaks DLPack.

    Raises ``TypeError`` for one on a GPU, one of numbers that NumPy has no type for, as bfloat16, and one that records
    a gradient of its own; ``called`` is the operation or the argument that the message names.
    """
    library = type(x).__module__.partition(".")[0].lstrip("_")
    if x.__dlpack_device__()[0] not in ON_HOST:
        raise TypeError(
            f"{called}: the array of {library} lies on a GPU, which NumPy does not see. Give cupy.from_dlpack(x), to "
            f"compute there, or bring it to the host in {library}."
        )
    if getattr(x, "requires_grad", False):
        raise TypeError(
            f"{called}: the array of {library} records a gradient of its own, which would end here. Give x.detach(), "
            f"and ask for its gradient here: Tensor(x.detach(), requires_grad=True)."
        )
    try:
        return np.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise TypeError(
            f"{called}: NumPy has no numbers like {x.dtype}, of which {library} gives an array ({error}). Convert it "
            f"there, to float32 say."
        ) from error


def hold_on_gpu(called: str, x: Any) -> Any:
    """Give an array of CuPy's in the memory of one that lies on a CUDA device.

    Raises ``TypeError`` for other devices, ``ImportError`` where CuPy is not installed.
    """
    device = int(x.__dlpack_device__()[0])
    if device != CUDA:
        raise TypeError(f"{called}: the array lies on a device of DLPack's kind {device}; bring it to the host")
    return extras.require("cupy", "cuda").from_dlpack(x)
