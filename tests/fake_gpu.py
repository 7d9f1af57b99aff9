"""A GPU that there is not: arrays that NumPy cannot have, kernels in plain C by cc, and cuBLAS in NumPy.

It takes the place of ``CupyDevice``, and records what is asked of it. What a capture would start is kept, and started
when the graph is replayed, so that a step whose graph has an address of a call before computes with that.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.compiler.cuda.backend import CudaBackend
from minigrad.compiler.cuda.device import Device
from minigrad.compiler.cuda.dialects import CUDA, HELPERS, PLAIN
from tests.other_array import OtherArray

COMPILER = shutil.which("cc")
FLAGS = ("-O0", "-shared", "-fPIC", "-ffp-contract=off", "-fwrapv", "-fno-strict-aliasing", "-w")


class PlainKernels:
    """Kernels in plain C. All that have been written since the last were built are compiled as one file."""

    def __init__(self) -> None:
        self.built: dict[str, Any] = {}  # of the texts of kernels
        self.pending: dict[str, None] = {}

    def find(self, source: str, name: str) -> Any:
        """Give a kernel of a module that was written for the GPU."""
        head, kernels = source.replace(CUDA, PLAIN).split(HELPERS)
        texts = [f"KERNEL {text}" for text in kernels.split("KERNEL ")[1:]]
        (text,) = [x.replace(f"KERNEL {name}(", "KERNEL NAME(") for x in texts if x.startswith(f"KERNEL {name}(")]
        self.pending[head + text] = None
        return lambda: self.build(head + text, head)

    def build(self, text: str, head: str) -> Any:
        """Compile what is pending, and give the function of a text."""
        if text not in self.built:
            texts = [x for x in self.pending if x.startswith(head) and x not in self.built]
            self.pending.clear()
            named = [x.removeprefix(head).replace("NAME", f"f{i}", 1) for i, x in enumerate(texts)]
            library = compile_plain("\n".join([head + HELPERS, *named]))
            self.built |= {x: getattr(library, f"f{i}") for i, x in enumerate(texts)}
        return self.built[text]


def compile_plain(source: str) -> Any:
    """Give a library of some C, which stays loaded."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernels.c").write_text(source)
        command = [COMPILER, *FLAGS, "kernels.c", "-o", "kernels.so", "-lm"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr[:3000]
        return ctypes.CDLL(str(Path(folder) / "kernels.so"))


KERNELS = PlainKernels()


class FakeDevice(Device):
    """Memory of the host, that is hidden in arrays of another library."""

    def __init__(self, free: int = 1 << 40) -> None:
        self.free, self.asked = free, Counter()
        self.capturing: list[Any] | None = None
        self.queue = 0
        self.gemms: list[Any] = []
        self.sources: list[str] = []

    def note(self, what: str, work: Any) -> None:
        """Do some work, or keep it while a graph is captured."""
        self.asked[what] += 1
        if self.capturing is not None:
            self.capturing.append(work)
        else:
            work()

    def takes(self, x: Any) -> bool:
        return isinstance(x, OtherArray)

    def locate(self, array: Any) -> int:
        return int(array._held.ctypes.data)

    def lies_in_order(self, array: Any) -> bool:
        return bool(array._held.flags.c_contiguous)

    def count_free(self) -> int:
        return self.free

    def allocate(self, nbytes: int) -> Any:
        assert self.capturing is None, "memory is allocated in a capture"
        return OtherArray(np.full(nbytes, 0xAA, np.uint8))  # what nobody has written is no number that looks right

    def view(self, memory: Any, offset: int, shape: tuple[int, ...], dtype: Any) -> Any:
        nbytes = int(np.prod(shape)) * dtype.itemsize
        return OtherArray(memory._held[offset : offset + nbytes].view(dtype).reshape(shape))

    def make_flag(self) -> tuple[Any, int]:
        flag = np.zeros(2, np.int64)
        return flag, flag.ctypes.data

    def upload(self, address: int, array: Any) -> None:
        assert type(array) is np.ndarray
        assert array.flags.c_contiguous
        self.note("upload", lambda: ctypes.memmove(address, array.ctypes.data, array.nbytes))

    def copy(self, to: int, source: int, nbytes: int) -> None:
        self.note("copy", lambda: ctypes.memmove(to, source, nbytes))

    def load(self, source: str, exact: bool) -> Any:
        assert CUDA in source
        self.sources.append(source)
        return lambda name: KERNELS.find(source, name)

    def launch(self, function: Any, blocks: int, threads: tuple[int, int], addresses: Any) -> None:
        assert 0 < blocks < 1 << 31
        assert 0 < threads[0] * threads[1] <= 1024
        self.note("launch", lambda: function()(*map(ctypes.c_void_p, addresses)))

    def multiply(self, gemm: Any, a: int, b: int, c: int, workspace: int) -> None:
        """C ← α A B + β C, of matrices that lie by rows, or by columns if they are turned."""
        self.gemms.append(gemm)

        def see(address: int, x: Any, rows: int, columns: int, i: int) -> Any:
            if x.turned:
                return see(address, type(x)(x.place, False, x.lead, x.apart), columns, rows, i).T
            assert x.lead >= columns
            size = np.dtype(gemm.dtype).itemsize
            kind = ctypes.c_char * (size * ((rows - 1) * x.lead + columns))
            memory = np.frombuffer(kind.from_address(address + size * x.apart * i), gemm.dtype)
            return np.lib.stride_tricks.as_strided(memory, (rows, columns), (x.lead * size, size))

        def work() -> None:
            for i in range(gemm.count):
                left = see(a, gemm.a, gemm.m, gemm.k, i)
                right = see(b, gemm.b, gemm.k, gemm.n, i)
                found = see(c, gemm.c, gemm.m, gemm.n, i)
                product = np.dtype(gemm.dtype).type(gemm.alpha) * (left @ right)
                found[...] = product if gemm.beta == 0 else product + gemm.beta * found

        self.note("multiply", work)

    def capture(self, work: Any) -> Any:
        self.asked["capture"] += 1
        self.capturing = []
        try:
            work()
            return self.capturing
        finally:
            self.capturing = None

    def replay(self, graph: Any) -> None:
        self.asked["replay"] += 1
        for work in graph:
            work()

    def find_queue(self) -> Any:
        return self.queue

    def finish(self, queue: Any) -> None:
        self.asked["finish"] += 1


def on_fake(device: FakeDevice | None = None) -> CudaBackend:
    """Give the CUDA backend with such a device."""
    found = device or FakeDevice()
    return CudaBackend(lambda: found)
