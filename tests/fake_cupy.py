"""CuPy and cuBLAS as far as ``CupyDevice`` calls them, in the host's memory: by the words of their documentation.

Streams keep what is started in them while they are captured, a graph starts it again, and what may not be captured is
refused, as it is by CUDA. cuBLAS counts by columns, and takes numbers by reference.
"""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np

from minigrad.compiler.cuda.device import WORKSPACE, CupyDevice
from tests.fake_gpu import KERNELS
from tests.other_array import OtherArray


class Memory(int):
    """A pointer into memory, which an array of numbers keeps."""

    held: Any

    def __add__(self, offset: int) -> Memory:
        moved = Memory(int(self) + offset)
        moved.held = self.held
        return moved

    @property
    def ptr(self) -> int:
        return int(self)


class FakeArray(OtherArray):
    """cupy.ndarray(shape, dtype, memptr), with its ``data`` and ``flags``."""

    def __init__(self, shape: Any, dtype: Any = None, memory: Any = None) -> None:
        if memory is None:  # as an OtherArray is made of NumPy's
            super().__init__(shape)
            return
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        room = (ctypes.c_char * size).from_address(int(memory))
        super().__init__(np.frombuffer(room, dtype).reshape(shape) if size else np.empty(shape, dtype))
        self.kept = memory.held

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return of_cupy(super().__array_function__(func, types, args, kwargs))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return of_cupy(super().__array_ufunc__(ufunc, method, *inputs, **kwargs))

    @property
    def data(self) -> Memory:
        memory = Memory(self._held.ctypes.data)
        memory.held = self._held
        return memory

    flags = property(lambda self: SimpleNamespace(c_contiguous=self._held.flags.c_contiguous))


def of_cupy(x: Any) -> Any:
    """Give a result as one of these arrays, in the same memory."""
    return FakeArray(x._held) if type(x) is OtherArray else x


class Stream:
    """cupy.cuda.Stream."""

    current: list[Stream] = []  # noqa: RUF012
    pointers = iter(range(1, 1000))
    waited: list[int] = []  # noqa: RUF012

    def __init__(self, non_blocking: bool = False, ptr: int | None = None) -> None:
        self.ptr = next(Stream.pointers) if ptr is None else ptr
        self.kept: list[Any] | None = None

    def synchronize(self) -> None:
        Stream.waited.append(self.ptr)

    def __enter__(self) -> None:
        Stream.current.append(self)

    def __exit__(self, *error: object) -> None:
        Stream.current.pop()

    def begin_capture(self) -> None:
        assert self.ptr, "the default stream cannot be captured"
        self.kept = []

    def end_capture(self) -> Any:
        work, self.kept = self.kept, None
        assert work, "nothing is captured"
        return SimpleNamespace(launch=lambda: [start() for start in work])


class Cuda:
    """What is asked of CUDA, counted in ``asked``; ``of`` gives a stream by its address."""

    def __init__(self, free: int = 1 << 33) -> None:
        self.asked: list[str] = []
        self.free = free
        self.streams = {0: Stream(ptr=0)}
        Stream.current[:] = [self.streams[0]]
        Stream.waited.clear()

    def start(self, what: str, work: Any, stream: Stream | None = None) -> None:
        """Start work in a stream, or keep it."""
        self.asked.append(what)
        stream = stream or Stream.current[-1]
        self.streams[stream.ptr] = stream
        if stream.kept is not None:
            stream.kept.append(work)
        else:
            work()

    def copy(self, to: int, source: int, nbytes: int, kind: int, stream: int) -> None:
        assert stream == Stream.current[-1].ptr
        assert Stream.current[-1].kept is None, "what comes from outside is captured"
        self.start(f"copy {kind}", lambda: ctypes.memmove(to, source, nbytes))

    def empty(self, nbytes: int, dtype: Any) -> FakeArray:
        assert Stream.current[-1].kept is None, "memory is allocated in a capture"
        return FakeArray(np.full(nbytes, 0xAA, dtype))

    def load(self, code: str, options: tuple[str, ...]) -> Any:
        assert "--std=c++17" in options

        def find(name: str) -> Any:
            kernel = KERNELS.find(code, name)

            def call(grid: tuple[int, ...], block: tuple[int, ...], arguments: tuple[Any, ...]) -> None:
                assert all(type(x) is np.uint64 for x in arguments)
                self.start("kernel", lambda: kernel()(*(ctypes.c_void_p(int(x)) for x in arguments)))

            return call

        return SimpleNamespace(get_function=find)

    def module(self) -> Any:
        """Give the module cupy."""
        runtime = SimpleNamespace(
            memcpyHostToDevice=1, memcpyDeviceToDevice=3, memcpyAsync=self.copy, getDevice=lambda: 0,
            memGetInfo=lambda: (self.free, 1 << 40),
        )  # fmt: skip

        class Pinned(bytearray):
            @property
            def ptr(self) -> int:
                return ctypes.addressof((ctypes.c_char * len(self)).from_buffer(self))

        cuda = SimpleNamespace(
            runtime=runtime, Stream=Stream, get_current_stream=lambda: Stream.current[-1], alloc_pinned_memory=Pinned
        )
        pool = SimpleNamespace(free_bytes=lambda: 0)
        return SimpleNamespace(
            cuda=cuda, ndarray=FakeArray, empty=self.empty, RawModule=self.load, get_default_memory_pool=lambda: pool
        )


class Blas:
    """libcublas: a handle has a stream and, set after it, a workspace."""

    def __init__(self, cuda: Cuda) -> None:
        self.cuda, self.stream, self.workspace = cuda, -1, 0

    def cublasCreate_v2(self, handle: Any) -> int:
        handle._obj.value = 77
        return 0

    def cublasSetStream_v2(self, handle: Any, stream: Any) -> int:
        assert handle.value == 77
        self.stream, self.workspace = stream.value or 0, 0  # which is the default one's again
        return 0

    def cublasSetWorkspace_v2(self, handle: Any, place: Any, size: Any) -> int:
        assert size.value == WORKSPACE
        self.workspace = place.value
        return 0

    def multiply(self, kind: Any, ta: int, tb: int, m: int, n: int, k: int, alpha: Any, A: Any, beta: Any, B: Any,
                 C: Any, count: int) -> int:  # fmt: skip
        """C ← α op(A) op(B) + β C, of matrices that lie by columns: (address, lead, how far the next one is)."""
        assert self.workspace, "cuBLAS would allocate in a capture"
        dtype, a, b = np.dtype(kind), alpha._obj.value, beta._obj.value

        def see(x: Any, rows: int, columns: int, i: int) -> Any:
            place, lead, apart = x
            assert lead >= max(1, rows)
            room = (ctypes.c_char * (dtype.itemsize * ((columns - 1) * lead + rows))).from_address(
                place.value + i * apart * dtype.itemsize
            )
            steps = (dtype.itemsize, lead * dtype.itemsize)
            return np.lib.stride_tricks.as_strided(np.frombuffer(room, dtype), (rows, columns), steps)

        def work() -> None:
            for i in range(count):
                left = see(A, k, m, i).T if ta else see(A, m, k, i)
                right = see(B, n, k, i).T if tb else see(B, k, n, i)
                into = see(C, m, n, i)
                into[...] = a * (left @ right) + (b * into if b else 0)

        self.cuda.start("gemm", work, self.cuda.streams.get(self.stream, Stream.current[-1]))
        return 0

    def __getattr__(self, name: str) -> Any:
        kind = {"S": ctypes.c_float, "D": ctypes.c_double}[name.removeprefix("cublas")[0]]
        if name.endswith("gemm_v2"):
            return lambda handle, ta, tb, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc: self.multiply(
                kind, ta, tb, m, n, k, alpha, (A, lda, 0), beta, (B, ldb, 0), (C, ldc, 0), 1
            )
        assert name.endswith("gemmStridedBatched")
        return lambda handle, ta, tb, m, n, k, alpha, A, lda, sa, B, ldb, sb, beta, C, ldc, sc, count: self.multiply(
            kind, ta, tb, m, n, k, alpha, (A, lda, sa.value), beta, (B, ldb, sb.value), (C, ldc, sc.value), count
        )


def make_device(cuda: Cuda) -> CupyDevice:
    """Give the device itself, on these."""
    device = object.__new__(CupyDevice)
    device.use(cuda.module(), Blas(cuda))
    return device
