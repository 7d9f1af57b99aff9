"""The CUDA backend: a step as kernels and products of matrices, captured once as a graph. Needs the extra ``cuda``.

No GPU is needed to write a step: ``device`` alone knows of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from minigrad.compiler.backend import Backend, Call, Draft, Program
from minigrad.compiler.cuda.device import CupyDevice, Device
from minigrad.compiler.cuda.elements import register_elements
from minigrad.compiler.cuda.fit import fit_outputs
from minigrad.compiler.cuda.order import write_order
from minigrad.compiler.cuda.source import write_step
from minigrad.compiler.cuda.step import CudaStep
from minigrad.compiler.trace.sources import Captured, Data, Draw, Source, State
from minigrad.engine.node import Node
from minigrad.ops.common.alphabet import plain_identifier

register_elements()


class CudaProgram(Program):
    """A step whose kernels are compiled."""

    def __init__(self, draft: Draft, device: Device) -> None:
        for x, source in draft.inputs.items():
            _check_source(x, source, device, x in draft.updates)
        for x in (*draft.inputs, *draft.plan.first, *draft.plan.second):
            if x.dtype.kind in "fc" and x.dtype.itemsize > (8 if x.dtype.kind == "f" else 16):
                raise TypeError(f"compile: {x!r} has dtype {x.dtype}, which no GPU has; cast to float64 with .astype")
        self.device = device
        code = self.code = write_step(draft)
        module = code.write()
        self.source, self.calls = module + write_order(code, draft.hints), code.calls
        self.host = code.host.program
        own = set(code.bound)
        more = [x for x in self.host.bound if x not in own] if self.host is not None else []
        self.bound, self.passed = [*code.bound, *more], code.passed
        find = device.load(module, draft.exact)
        self.functions = [find(f"k{i}") for i in range(len(code.kernels))]
        self.draws = [s if isinstance(s := draft.inputs.get(x), Draw) else None for x in code.bound]
        self.names = [draft.hints.get(x, x.name) for x in code.bound]
        self.call = Call("step({})", [f"r[{i}]" for i in range(len(code.results))])

    def make_step(self, arrays: Sequence[Any]) -> CudaStep:
        """Allocate."""
        n, host = len(self.code.bound), None
        if self.host is not None:
            found = dict(zip(self.bound, arrays, strict=True))
            host = self.host.make_step([found[x] for x in self.host.bound])
        return CudaStep(self.code, self.device, self.functions, arrays[:n], self.draws, host)

    def hold_draw(self, draw: Draw) -> Any:
        """Give the generator: the host draws, and sends what it has drawn."""
        return draw.rng

    def find_misfit(self, arrays: Sequence[Any]) -> str:
        """Refuse a parameter that has come to lie on the host, and what kernels cannot write to or read."""
        for i, array in enumerate(arrays[: len(self.code.bound)]):
            if self.device.takes(array) and not self.device.lies_in_order(array):
                return f"the elements of {self.names[i]} do not lie in order; give it cupy.ascontiguousarray of them"
            if i in self.code.written and not self.device.takes(array):
                raise TypeError(_say_on_host(self.names[i], array))
        return ""


def _check_source(x: Node, source: Source, device: Device, updated: bool) -> None:
    """Refuse what the step is to write to, or has gradients, and lies on the host: before anything is compiled."""
    if isinstance(source, Data):
        array = source.tensor.array
        if not device.takes(array) and (updated or source.tensor.requires_grad):
            kind = "parameter" if source.tensor.requires_grad else "buffer"
            raise TypeError(_say_on_host(source.tensor.name or x.name, array, kind))
    elif isinstance(source, State):
        array = source.read([])
        if array.shape and not device.takes(array):
            owner = source.owner or "a parameter"
            raise TypeError(
                f"compile: {source.name} of {owner}, a running value of the optimizer, lies on the host. Move the "
                f"parameters to the GPU before the optimizer is made, or load its state afterwards"
            )
    elif isinstance(source, Captured) and updated:
        raise TypeError(_say_on_host(None, source.array))


def _say_on_host(name: str | None, array: Any, kind: str = "parameter") -> str:
    """Say that a parameter, or a running average of a layer, is to be moved."""
    word, called = plain_identifier(name or "w"), name or f"a {kind} "
    return (
        f'compile: {called}{tuple(array.shape)} lies on the host, as a {type(array).__name__}, and backend="cuda" '
        f"writes to the GPU. Move it there: {word}.data = cupy.asarray({word}.data), or all of a model by "
        f"for p in model.{kind}s(): p.data = cupy.asarray(p.data)"
    )


@cache
def _find_gpu() -> Device:
    return CupyDevice()


@dataclass(frozen=True)
class CudaBackend(Backend):
    """Kernels for a GPU, which ``find_device`` gives when the first step is written."""

    name = "cuda"
    rolls = False
    find_device: Callable[[], Device] = field(default=_find_gpu)

    def check_argument(self, array: Any) -> None:
        """Take arrays of the host, which are sent, and those on the GPU."""
        if not isinstance(array, float | np.generic | np.ndarray) and not self.find_device().takes(array):
            raise TypeError(
                f'compile: an argument is a {type(array).__name__}, and backend="cuda" computes with arrays of CuPy '
                f"and of NumPy. Pass cupy.from_dlpack(…) of it, or cupy.asarray(…)"
            )

    def fit(self, outputs: Sequence[Any]) -> list[Any]:
        """Prefer flat memory, and products that cuBLAS has."""
        return fit_outputs(outputs)

    def draws_in(self, product: Node) -> bool:
        """Say yes for the dtypes that cuBLAS has."""
        return product.dtype.char in "df" and bool(product.size) and bool(product.inputs[0].size)

    def write(self, draft: Draft) -> Program:
        """Write the kernels, and compile them."""
        return CudaProgram(draft, self.find_device())


BACKEND = CudaBackend()
