"""The backends that have names, each loaded when it is asked for: native code and CUDA need extras."""

from __future__ import annotations

from importlib import import_module

from minigrad.compiler.backend import Backend

BACKENDS = {
    "numpy": "minigrad.compiler.numpy.backend",
    "native": "minigrad.compiler.native.backend",
    "cuda": "minigrad.compiler.cuda.backend",
}


def load_backend(backend: str | Backend) -> Backend:
    """Give a backend by its name, or as it is; ImportError, with what to install, where its extra is missing."""
    if isinstance(backend, Backend):
        return backend
    if backend not in BACKENDS:
        *names, last = (f'"{name}"' for name in BACKENDS)
        raise ValueError(f"compile: backend must be {', '.join(names)} or {last}, not {backend!r}")
    found: Backend = import_module(BACKENDS[backend]).BACKEND
    return found
