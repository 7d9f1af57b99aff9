"""Which products are left to BLAS, and which of the ways into it."""

from __future__ import annotations

import os

WORTH_A_GEMM = 1 << 20  # multiplications, from which SciPy's way into BLAS costs less than a pass over the weights
WORTH_THREADS = 1 << 18  # multiplications, from which OpenBLAS has several threads share them


def one_thread() -> bool:
    """Say whether BLAS is held to one thread, by the variables that it reads when it is loaded."""
    return os.cpu_count() == 1 or "1" in (os.environ.get("OPENBLAS_NUM_THREADS"), os.environ.get("OMP_NUM_THREADS"))


def threads_share(m: int, n: int, k: int) -> bool:
    """Say whether several threads share the product of an (m, k) and a (k, n) matrix."""
    return m * n * k > WORTH_THREADS and not one_thread()
