"""from_dlpack: a Tensor in the memory of another library's array, on the host or on a GPU."""

from __future__ import annotations

from typing import Any

from minigrad.engine.messages.arguments import shown
from minigrad.engine.tensor import Tensor
from minigrad.ops.common.dlpack import ON_HOST, hold_on_gpu, take_memory


def from_dlpack(x: Any, *, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """Give a Tensor in the memory of an array of PyTorch, JAX, CuPy or whatever else speaks DLPack, without a copy.

    What is written into the one is seen by the other. An array on a CUDA device is held by one of CuPy's, which must be
    installed. The other way round, ``torch.from_dlpack(t)`` and ``np.from_dlpack(t)`` take a Tensor that requires no
    gradient, or ``t.detach()``.

    Raises ``TypeError`` for what speaks no DLPack, an array that records a gradient of its own, numbers that NumPy has
    no type for (bfloat16), and devices that neither NumPy nor CuPy sees.

    >>> import numpy as np
    >>> from_dlpack(np.arange(3.0), name="x")
    Tensor([0., 1., 2.], name='x')
    """
    if not hasattr(x, "__dlpack__") or not hasattr(x, "__dlpack_device__"):
        raise TypeError(f"from_dlpack: wanted an array that speaks DLPack, not {shown(x)}; write Tensor(x)")
    if x.__dlpack_device__()[0] in ON_HOST:
        return Tensor(take_memory("from_dlpack", x), requires_grad=requires_grad, name=name)
    return Tensor(hold_on_gpu("from_dlpack", x), requires_grad=requires_grad, name=name)
