"""What workers run, and whether a training can be sent to them."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

ALIKE = ("minigrad", "NumPy", "Python")  # a model is sent as its classes and functions pickle


def describe_worker(dask_worker: Any) -> dict[str, Any]:
    """Say what a worker runs, and how much memory it may take."""
    versions = {"Python": platform.python_version(), "NumPy": np.__version__}
    memory = getattr(getattr(dask_worker, "memory_manager", None), "memory_limit", None)
    package: Any = sys.modules[__name__.partition(".")[0]]
    return versions | {"minigrad": package.__version__, "memory": memory}


def check_workers(client: Any) -> list[int | None]:
    """Give the memory that each worker may take, in bytes; None where there is no limit.

    Raises ``RuntimeError`` where the scheduler is not there, where there are no workers, none answers, or one runs
    other versions than this process.
    """
    if getattr(client, "status", "running") in ("closed", "closing"):
        raise RuntimeError(
            "fit: the client is closed, since its scheduler is gone or close() was called. Make a new one"
        )
    try:
        found = client.run(describe_worker)
    except (OSError, TimeoutError, ImportError, RuntimeError) as error:
        raise RuntimeError(
            f"fit: the workers cannot be asked what they run ({error}). Is the scheduler there, and minigrad installed "
            f"where the workers run?"
        ) from error
    if not found:
        raise RuntimeError(f"fit: the cluster has no workers. Start some: dask worker {client.scheduler.address}")
    for worker, theirs in found.items():
        if why := _find_difference(worker, theirs):
            raise RuntimeError(f"fit: {why}")
    return [theirs["memory"] for theirs in found.values()]


def find_misfits(client: Any, workers: Sequence[str]) -> dict[str, str]:
    """Say of some workers which run other versions than this process, or do not answer, and why they will not do."""
    try:
        found = client.run(describe_worker, workers=list(workers), on_error="return")
    except (OSError, TimeoutError, RuntimeError):
        return {}  # one that is lost again: it will not begin
    why = {worker: _find_difference(worker, theirs) for worker, theirs in found.items()}
    return {worker: said for worker, said in why.items() if said}


def _find_difference(worker: str, theirs: Any) -> str:
    if not isinstance(theirs, dict):
        return f"the worker {worker} cannot be asked what it runs ({theirs!r}). Is minigrad installed there?"
    own = describe_worker(None)
    for name in ALIKE:
        if theirs[name] != own[name]:
            return f"the worker {worker} runs {name} {theirs[name]}, and this process {own[name]}. Install the same"
    return ""
