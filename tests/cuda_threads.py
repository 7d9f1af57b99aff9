"""CUDA C run by this machine's threads: each thread of a block is one, a block runs after the other, barriers are real.

It is slow, and knows no more of CUDA than the kernels use; but what they do with each other, in shared memory and by
barriers and atomic sums, is what they would do on a GPU.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.fake_gpu import FakeDevice

COMPILER = shutil.which("c++")
FLAGS = ("-std=c++17", "-O1", "-shared", "-fPIC", "-ffp-contract=off", "-fwrapv", "-fno-strict-aliasing", "-w")
MOST = 40  # pointers that a kernel is given; those that it has no parameters for are passed all the same

HEAD = """
#include <cmath>
#include <cstring>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>
using std::signbit;
struct Place { int x, y; };
static thread_local Place threadIdx, blockIdx;
static Place blockDim, gridDim;
#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static
static std::mutex gate;
static std::condition_variable opened;
static int waiting = 0, round_ = 0, members = 0;
static void __syncthreads() {
    std::unique_lock<std::mutex> held(gate);
    const int now = round_;
    if (++waiting == members) { waiting = 0; round_++; opened.notify_all(); }
    else opened.wait(held, [now] { return round_ != now; });
}
template <class T> static void atomicAdd(T *p, T x) { std::lock_guard<std::mutex> held(gate); *p += x; }
static double __longlong_as_double(long long x) { double y; memcpy(&y, &x, 8); return y; }
static float __int_as_float(int x) { float y; memcpy(&y, &x, 4); return y; }
"""

TAIL = f"""
typedef void (*Function)({", ".join(["void *"] * MOST)});
extern "C" void run_blocks(Function f, int blocks, int x, int y, void **p) {{
    blockDim = {{x, y}}, gridDim = {{blocks, 1}}, members = x * y;
    std::vector<std::thread> threads;
    for (int i = 0; i < members; i++) threads.emplace_back([=] {{
        threadIdx = {{i % x, i / x}};
        for (int b = 0; b < blocks; b++) {{
            blockIdx = {{b, 0}};
            f({", ".join(f"p[{i}]" for i in range(MOST))});
            __syncthreads();
        }}
    }});
    for (auto &thread : threads) thread.join();
}}
"""


class ThreadedDevice(FakeDevice):
    """The same memory, and kernels as they are written for a GPU, by threads."""

    def load(self, source: str, exact: bool) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "kernels.cpp").write_text(HEAD + source + TAIL)
            command = [COMPILER, *FLAGS, "kernels.cpp", "-o", "kernels.so", "-lm", "-pthread"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert not done.returncode, done.stderr[:3000]
            library = ctypes.CDLL(str(Path(folder) / "kernels.so"))
        return lambda name: (library, getattr(library, name))

    def launch(self, function: Any, blocks: int, threads: tuple[int, int], addresses: Any) -> None:
        library, kernel = function
        assert len(addresses) <= MOST
        given = (ctypes.c_void_p * MOST)(*addresses)
        self.note("launch", lambda: library.run_blocks(kernel, blocks, *threads, given))
