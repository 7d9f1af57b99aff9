"""The GPU: all that minigrad asks of CuPy and cuBLAS. No other module of the backend touches either.

CuPy's own products refuse to be captured ("calling cuBLAS API during stream capture is currently unsupported"), so
cuBLAS is called through ctypes, with a handle, a stream and a workspace of ours: that is captured along with kernels.
"""

from __future__ import annotations

import ctypes
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from minigrad.compiler.cuda.products import Gemm
from minigrad.extras import require

WORKSPACE = 32 << 20  # bytes that cuBLAS may use, as it asks for on Hopper; without its own it allocates in a capture
CUBLAS = ("libcublas.so.13", "libcublas.so.12", "libcublas.so", "cublas64_13.dll", "cublas64_12.dll")
INSTALL = "pip install cupy-cuda13x (for CUDA 12 cupy-cuda12x)"


class Device(ABC):
    """What a step asks of a GPU. Work goes to the stream that is current when it is asked for."""

    @abstractmethod
    def takes(self, x: Any) -> bool:
        """Say whether x is an array on it."""

    @abstractmethod
    def locate(self, array: Any) -> int:
        """Give the address of an array."""

    @abstractmethod
    def lies_in_order(self, array: Any) -> bool:
        """Say whether an array's elements lie in order."""

    @abstractmethod
    def count_free(self) -> int:
        """Give the bytes of memory that are free."""

    @abstractmethod
    def allocate(self, nbytes: int) -> Any:
        """Give an array of so many bytes."""

    @abstractmethod
    def view(self, memory: Any, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        """Give a part of such an array as one of a shape and dtype."""

    @abstractmethod
    def make_flag(self) -> tuple[Any, int]:
        """Give an array of two integers that the host reads and kernels write to, and its address for these."""

    @abstractmethod
    def upload(self, address: int, array: Any) -> None:
        """Copy an array of the host, whose elements lie in order, to an address."""

    @abstractmethod
    def copy(self, to: int, source: int, nbytes: int) -> None:
        """Copy bytes from one address to another."""

    @abstractmethod
    def load(self, source: str, exact: bool) -> Callable[[str], Any]:
        """Compile kernels; give what finds one by its name."""

    @abstractmethod
    def launch(self, function: Any, blocks: int, threads: tuple[int, int], addresses: Sequence[int]) -> None:
        """Start a kernel."""

    @abstractmethod
    def multiply(self, gemm: Gemm, a: int, b: int, c: int, workspace: int) -> None:
        """Start a product of matrices at some addresses."""

    @abstractmethod
    def capture(self, work: Callable[[], None]) -> Any:
        """Give a graph of what some work would start, which has not been started."""

    @abstractmethod
    def replay(self, graph: Any) -> None:
        """Start a graph."""

    @abstractmethod
    def find_queue(self) -> Any:
        """Give what tells the current stream from others."""

    @abstractmethod
    def finish(self, queue: Any) -> None:
        """Wait until what was started in a stream is done."""


class CupyDevice(Device):
    """A GPU through CuPy; raises ``ImportError`` without that, and ``RuntimeError`` where there is no GPU."""

    def __init__(self) -> None:
        cupy = require("cupy", "cuda")
        try:
            cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError as error:
            raise RuntimeError(
                f'compile: backend="cuda" wants a GPU, and CUDA finds none ({error}). Check nvidia-smi and the driver; '
                f'backend="native" computes on this machine'
            ) from error
        self.use(cupy, _load_cublas())

    def use(self, cupy: Any, blas: Any) -> None:
        """Call these two."""
        self.cupy, self.blas, self.runtime = cupy, blas, cupy.cuda.runtime
        self.lock = threading.RLock()
        self.handles: dict[int, Any] = {}

    def takes(self, x: Any) -> bool:
        """Say whether x is an array of CuPy's."""
        return isinstance(x, self.cupy.ndarray)

    def locate(self, array: Any) -> int:
        """Give the address of its first element."""
        return int(array.data.ptr)

    def lies_in_order(self, array: Any) -> bool:
        """Ask its flags."""
        return bool(array.flags.c_contiguous)

    def count_free(self) -> int:
        """Count what the GPU has, and what CuPy's pool keeps for others to come."""
        return int(self.runtime.memGetInfo()[0]) + int(self.cupy.get_default_memory_pool().free_bytes())

    def allocate(self, nbytes: int) -> Any:
        """Take it from CuPy's pool."""
        return self.cupy.empty(nbytes, np.uint8)

    def view(self, memory: Any, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        """Point into it."""
        return self.cupy.ndarray(shape, dtype, memory.data + offset)

    def make_flag(self) -> tuple[Any, int]:
        """Take pinned memory, which has one address for both."""
        pinned = self.cupy.cuda.alloc_pinned_memory(16)
        flag = np.frombuffer(pinned, np.int64, 2)
        flag[:] = 0
        return flag, int(pinned.ptr)

    def upload(self, address: int, array: Any) -> None:
        """Copy asynchronously: what lies in pageable memory is read before this returns."""
        self.runtime.memcpyAsync(
            address, array.ctypes.data, array.nbytes, self.runtime.memcpyHostToDevice, self._stream()
        )

    def copy(self, to: int, source: int, nbytes: int) -> None:
        """Copy asynchronously."""
        self.runtime.memcpyAsync(to, source, nbytes, self.runtime.memcpyDeviceToDevice, self._stream())

    def load(self, source: str, exact: bool) -> Callable[[str], Any]:
        """Compile by NVRTC, through CuPy, which keeps what it has compiled on disk."""
        options = ("--std=c++17", *(("--fmad=false",) if exact else ()))
        found: Callable[[str], Any] = self.cupy.RawModule(code=source, options=options).get_function
        return found

    def launch(self, function: Any, blocks: int, threads: tuple[int, int], addresses: Sequence[int]) -> None:
        """Start a kernel in the current stream."""
        function((blocks,), threads, tuple(np.uint64(x) for x in addresses))

    def multiply(self, gemm: Gemm, a: int, b: int, c: int, workspace: int) -> None:
        """Call gemm, which counts by columns and so is asked for Cᵀ = Bᵀ Aᵀ."""
        with self.lock:
            handle = self._find_handle(workspace)
            kind, name = (ctypes.c_double, "D") if gemm.dtype == np.float64 else (ctypes.c_float, "S")
            alpha, beta = ctypes.byref(kind(gemm.alpha)), ctypes.byref(kind(gemm.beta))
            left = int(gemm.b.turned), int(gemm.a.turned), gemm.n, gemm.m, gemm.k, alpha
            pointers = [ctypes.c_void_p(x) for x in (b, a, c)]
            if gemm.count == 1:
                call = getattr(self.blas, f"cublas{name}gemm_v2")
                more = [pointers[0], gemm.b.lead, pointers[1], gemm.a.lead, beta, pointers[2], gemm.c.lead]
            else:
                call = getattr(self.blas, f"cublas{name}gemmStridedBatched")
                apart = [ctypes.c_longlong(x.apart) for x in (gemm.b, gemm.a, gemm.c)]
                more = [pointers[0], gemm.b.lead, apart[0], pointers[1], gemm.a.lead, apart[1], beta]
                more += [pointers[2], gemm.c.lead, apart[2], gemm.count]
            _check(call(handle, *left, *more), "a product of matrices")

    def capture(self, work: Callable[[], None]) -> Any:
        """Capture in a stream of its own: the default one cannot be captured."""
        stream = self.cupy.cuda.Stream(non_blocking=True)
        with self.lock, stream:
            stream.begin_capture()
            try:
                work()
            except BaseException:
                with suppress(Exception):  # the capture is broken, and says so once more
                    stream.end_capture()
                raise
            return stream.end_capture()

    def replay(self, graph: Any) -> None:
        """Launch it in the current stream."""
        graph.launch()

    def find_queue(self) -> Any:
        """Give the current stream, which is kept alive so."""
        return self.cupy.cuda.get_current_stream()

    def finish(self, queue: Any) -> None:
        """Wait for a stream."""
        queue.synchronize()

    def _stream(self) -> int:
        return int(self.cupy.cuda.get_current_stream().ptr)

    def _find_handle(self, workspace: int) -> Any:
        """Give cuBLAS's handle for the current GPU, set to the current stream and a workspace, in this order."""
        number = int(self.runtime.getDevice())
        if number not in self.handles:
            handle = ctypes.c_void_p()
            _check(self.blas.cublasCreate_v2(ctypes.byref(handle)), "its start")
            self.handles[number] = handle
        handle = self.handles[number]
        _check(self.blas.cublasSetStream_v2(handle, ctypes.c_void_p(self._stream())), "a stream")
        room = ctypes.c_void_p(workspace), ctypes.c_size_t(WORKSPACE)
        _check(self.blas.cublasSetWorkspace_v2(handle, *room), "a workspace")
        return handle


def _load_cublas() -> Any:
    """Find cuBLAS: as CUDA's own packages say where it lies, or by its name."""
    with suppress(Exception):  # whatever it raises where it finds nothing
        return ctypes.CDLL(require("cuda.pathfinder", "cuda").load_nvidia_dynamic_lib("cublas").abs_path)
    for name in CUBLAS:
        with suppress(OSError):
            return ctypes.CDLL(name)
    raise ImportError(f"compile: cuBLAS could not be loaded; install it with CuPy: {INSTALL}, and nvidia-cublas")


def _check(status: int, what: str) -> None:
    """Raise if cuBLAS has refused."""
    if status:
        raise RuntimeError(f"compile: cuBLAS refused {what} with status {status}")
