"""Native code for a trace: compiled by numba, kept on disk, called with addresses."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.graph.compile import native_math
from minigrad.graph.compile.entry import Call
from minigrad.graph.compile.native_source import NativeCode

types = native_math.core_types
KINDS = {"float64": types.float64, "float32": types.float32, "int64": types.int64, "int32": types.int32,
         "bool": types.boolean}  # fmt: skip
OPTIONS = "error_model='numpy', nogil=True, cache=True, fastmath={'reassoc', 'contract'}"


def cache_folder() -> Path:
    """Give the folder that compiled code is kept in: ``$MINIGRAD_CACHE``, or that of the user's caches."""
    base = os.environ.get("MINIGRAD_CACHE")
    return Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minigrad"


def compiled(code: NativeCode) -> Callable[..., Any]:
    """Compile the step, or fetch it from the cache: equal source is equal code, whoever wrote it."""
    text = _module(code)
    name = f"minigrad_step_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    if not path.exists():
        partial = folder / f"{name}.{os.getpid()}.part"
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # where numba's cache looks for it
    spec.loader.exec_module(module)
    step: Callable[..., Any] = module.step
    return step


def _module(code: NativeCode) -> str:
    imports = "exp32, exp64, gemm32, gemm64, larger, pointer32, pointer64, pointerb, pointeri32, pointeri64, signum"
    signature = ", ".join(_type(x) for x in _arguments(code))
    return (
        "import math\n\nimport numba\nimport numpy as np\nfrom numba import types\n\n"
        f"from minigrad.graph.compile.native_math import (\n    {imports}, smaller, tanh64,\n)\n\n\n"
        f"@numba.njit([({signature},)], {OPTIONS})\n{code.source}"
    )


def _arguments(code: NativeCode) -> list[Any]:
    """Give shape and dtype of every argument; None for the context, float for a number."""
    passed = [float if x.weak else (x.shape, x.dtype) for x in code.passed]
    return [None, *passed, *code.outputs]


def _type(x: Any) -> str:
    if x is None:
        return "types.Array(types.intp, 1, 'C')"
    if x is float:
        return "types.float64"
    shape, dtype = x
    return f"types.Array(types.{KINDS[dtype.name]}, {len(shape)}, 'C', readonly=False)"


def call(code: NativeCode, step: Callable[..., Any], draws: Sequence[tuple[int, Any]]) -> Call:
    """Say how a step is called: arrays that it returns are made first, numbers get their dtype afterwards."""
    known: dict[str, Any] = {"compiled": step, "empty": np.empty}
    before, results = [], []
    for i, (shape, dtype) in enumerate(code.outputs):
        known[f"kind{i}"] = dtype
        before.append(f"r{i} = empty({shape}, kind{i})")
    for i, rng in draws:
        known[f"rng{i}"] = rng
        before.append(f"rng{i}.random(out=step.arrays[{i}])")
    outputs = "".join(f", r{i}" for i in range(len(code.outputs)))
    several = sum(x is not None for x in code.numbers) > 1
    arrays = numbers = 0
    for position, dtype in enumerate(code.numbers):
        if dtype is None:
            results.append(f"r{code.places[position]}")
            arrays += 1
        else:
            known[f"as{position}"] = dtype.type
            results.append(f"as{position}(r[{numbers}])" if several else f"as{position}(r)")
            numbers += 1
    return Call(f"compiled(step.context, {{}}{outputs})", results, before, known)


def suits(array: Any) -> bool:
    """Say whether native code can compute with an array where it is."""
    return type(array) is np.ndarray and array.flags.carray


class NativeStep:
    """A step and the memory that it computes in."""

    def __init__(self, code: NativeCode, arrays: Sequence[Any]) -> None:
        self.memory = np.empty(code.nbytes + 64, np.uint8)
        start = -(-self.memory.ctypes.data // 64) * 64
        self.arrays = list(arrays)
        addresses = [start, native_math.GEMM["dgemm"], native_math.GEMM["sgemm"], *(x.ctypes.data for x in self.arrays)]
        self.context = np.array(addresses, np.intp)
