"""Where the figures come from: processor, versions, and the BLAS kernel in use; and the environment of a worker."""

import ctypes
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]

# They would choose another kernel, another blocking, or have every import compile its sources again.
CLEARED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def environment(threads: int, outer: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give the outer environment as a worker shall have it, with so many threads for BLAS and the rivals."""
    inner = {name: value for name, value in outer.items() if name not in CLEARED}
    inner |= dict.fromkeys(THREADS, str(threads))
    if threads == 1:
        inner["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return inner


def run(arguments: Sequence[str], threads: int = 2, more: Mapping[str, str] | None = None) -> str:
    """Run a fresh Python in the worker's environment, and more, and give its output; SystemExit if it fails."""
    inner = environment(threads) | dict(more or {})
    done = subprocess.run([sys.executable, *arguments], env=inner, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"benchmarks: `python {' '.join(arguments)}` failed; its own message is above")
    return done.stdout


def blas() -> dict[str, Any]:
    """Give the BLAS that NumPy was built with and, for the OpenBLAS inside NumPy's wheels, its kernel and threads."""
    built: Any = np.show_config(mode="dicts")
    about = built["Build Dependencies"]["blas"]
    found = {"name": about["name"], "version": about.get("version", ""), "kernel": "unknown", "config": ""}
    for path in _openblas_libraries():
        library = ctypes.CDLL(str(path))  # NumPy has loaded it already, so this is the very one that it uses
        if not hasattr(library, "scipy_openblas_get_corename64_"):
            continue
        for key, function in (
            ("kernel", library.scipy_openblas_get_corename64_),
            ("config", library.scipy_openblas_get_config64_),
        ):
            function.restype = ctypes.c_char_p
            found[key] = function().decode()
        found["threads"] = library.scipy_openblas_get_num_threads64_()
    return found


def _openblas_libraries() -> Iterator[Path]:
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):  # Linux and Windows, macOS
        yield from folder.glob("libscipy_openblas*")


def processor() -> str:
    """Give the processor's model and the number of its cores."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    models = re.findall(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return f"{models[0] if models else platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def about() -> dict[str, Any]:
    """Give the day, the machine and how busy it was, and the versions of what is not optional."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "other work": f"{os.getloadavg()[0]:.1f} processes on average in the minute before",
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
