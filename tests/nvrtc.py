"""NVIDIA's compiler of CUDA C as a library, which needs no GPU: whether it is there, and what it says of a source."""

from __future__ import annotations

import ctypes
import ctypes.util
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def find_nvrtc() -> Any:
    """Give the library, of the package nvidia-cuda-nvrtc or of the system; None where there is none."""
    spec = find_spec("nvidia")
    folders = [Path(place) for place in (spec.submodule_search_locations if spec else [])]
    found = sorted(path for folder in folders for path in folder.glob("*/lib/libnvrtc.so.*"))
    name = str(found[-1]) if found else ctypes.util.find_library("nvrtc")
    try:
        return ctypes.CDLL(name) if name else None
    except OSError:
        return None


def compile_cuda(library: Any, source: str, architecture: str = "sm_90") -> str:
    """Compile for a GPU; give what the compiler says, which begins with "error" if it refuses."""
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    assert not library.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None)
    given = [f"--gpu-architecture={architecture}".encode(), b"--std=c++17"]
    status = library.nvrtcCompileProgram(program, len(given), (ctypes.c_char_p * len(given))(*given))
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    said = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, said)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return f"error {status}: {said.value.decode()}" if status else said.value.decode()
