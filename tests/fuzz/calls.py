"""The command: calls of one function on operands of every kind, of which NumPy's own result is the right one.

``python -m tests.fuzz.calls --seconds 60`` calls each with arrays as tensors, recorded and not, and as exact code of
two backends: values, dtypes and shapes must be NumPy's. Gradients of exact code are those of the function, NaN and
infinity too; those of regular numbers agree with differences, and Jacobians in code with the rows of chosen elements.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

import minigrad.numpy
from minigrad import Tensor, compile, grad, jacobian
from minigrad.compiler.trace.traced import TraceError
from tests.fuzz.called import Call, draw_call
from tests.interpreted import interpreted

REFUSED = (
    "gradient",
    "would be cut",
    "no element",
    "is no integer",
    "does not work",
    "rounds",
    "logical_xor",
    "complex",
)
STEP = 1e-6


def put(a: Any, key: Any, value: Any) -> Any:
    """Give a copy with a value written into it."""
    y = a.copy()
    y[key] = value
    return y


def check_call(seed: int) -> str | None:
    """Say what is wrong with the call of a seed; None if nothing is, or NumPy refuses it."""
    call = draw_call(seed)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            right = _plain(_function(call, np)(*call.operands.values()))
        except Exception:  # whatever NumPy says of it
            return None
        f = _function(call, minigrad.numpy)
        found = _check_values(call, f, right) or _check_gradients(call, f)
    return f"seed {seed}\n{call}\n{found}" if found else None


def _function(call: Call, numpy: Any) -> Callable[..., Any]:
    made: Callable[..., Any] = eval(f"lambda {', '.join(call.operands)}: {call.text}", {"np": numpy, "put": put})
    return made


def _plain(x: Any) -> list[Any]:
    parts = x if isinstance(x, tuple | list) else [x]
    return [np.array(part.data if isinstance(part, Tensor) else part) for part in parts]


def _ways(call: Call, f: Callable[..., Any]) -> dict[str, Callable[[], Any]]:
    def tensors(recorded: bool) -> list[Any]:
        return [
            Tensor(np.array(x), requires_grad=recorded and x.dtype.kind in "fc") if isinstance(x, np.ndarray) else x
            for x in call.operands.values()
        ]

    native = import_module("minigrad.compiler.native.backend").NativeBackend(interpreted)
    given = call.operands.values()
    return {
        "constant": lambda: f(*tensors(False)),
        "recorded": lambda: f(*tensors(True)),
        "code": lambda: compile(f, exact=True)(*given),
        "loops": lambda: compile(f, backend=native, exact=True)(*given),
    }


def _check_values(call: Call, f: Callable[..., Any], right: list[Any]) -> str | None:
    for way, compute in _ways(call, f).items():
        try:
            found = _plain(compute())
        except TraceError:
            continue
        except Exception as error:
            if any(word in str(error) for word in REFUSED):
                continue
            return f"{way}: {type(error).__name__}: {error}"
        if len(found) != len(right) or not all(map(_agree, found, right)):
            return f"{way}: {found} for {right}"
    return None


def _agree(found: Any, right: Any, rounding: float = 64) -> bool:
    """Say whether two arrays are of one kind, and equal up to rounding."""
    if (found.dtype, found.shape) != (right.dtype, right.shape):
        return False
    if right.dtype.kind not in "fc":
        return bool(np.array_equal(found, right))
    if right.dtype.kind == "c":
        unknown = np.isnan(right)
        if not np.array_equal(np.isnan(found), unknown):
            return False
        found, right = (np.where(unknown, 0, x).astype(right.dtype) for x in (found, right))
    about = np.finfo(right.dtype)
    near = rounding * float(about.eps)
    return np.allclose(found, right, rtol=near, atol=near + 4 * float(about.tiny), equal_nan=True)


def _check_gradients(call: Call, f: Callable[..., Any]) -> str | None:
    """Compare the gradient of a weighted sum, as exact code and with differences, and a Jacobian."""
    given = list(call.operands.values())
    moved = tuple(i for i, x in enumerate(given) if isinstance(x, np.ndarray) and x.dtype == np.float64)
    if not moved or not all(given[i].size for i in moved):
        return None

    def weighed(*operands: Any) -> Any:
        y = f(*operands)
        parts = [x for x in (y if isinstance(y, tuple | list) else [y]) if x.dtype.kind in "fc"]
        return sum((np.real(x) * np.linspace(1, 2, max(x.size, 1))[: x.size].reshape(x.shape)).sum() for x in parts)

    try:
        right = grad(weighed, moved)(*given)
    except Exception:  # a value without a gradient
        return None
    try:
        found = compile(grad(weighed, moved), exact=True)(*given)
    except TraceError:
        return None
    if not all(_agree(x, y, 1e6) for x, y in zip(found, right, strict=True)):
        return f"gradient: code has {found} for {right}"
    precise = all(x.dtype in (np.float64, np.complex128) or x.dtype.kind not in "fc" for x in _plain(f(*given)))
    narrowed = "float16" in call.text or "float32" in call.text
    small = all(
        np.all((np.abs(x) < 1e3) & ((np.abs(x) > 1e-3) | (np.asarray(x) == 0))) for x in given
    )  # of which a difference is no rounding
    wrong = _check_slope(weighed, given, moved, right) if precise and small and not narrowed else None
    return wrong or _check_jacobian(f, given, moved[0])


def _check_slope(f: Callable[..., Any], given: list[Any], moved: tuple[int, ...], right: Any) -> str | None:
    """Compare with differences along a direction, where these agree with each other."""
    rng = np.random.default_rng(0)
    directions = [rng.standard_normal(given[i].shape) for i in moved]
    slope = float(sum((g * d).sum() for g, d in zip(right, directions, strict=True)))

    def at(step: float) -> float:
        there = list(given)
        for i, d in zip(moved, directions, strict=True):
            there[i] = np.asarray(given[i] + step * d)
        return float(_plain(f(*there))[0])

    estimates = np.array([(at(k * STEP) - at(0)) / (k * STEP) for k in (-2, -1, 1, 2)])
    sure = np.isfinite(estimates).all() and np.ptp(estimates) < 1e-4 * (1 + abs(estimates.mean()))
    if sure and abs(at(0)) < 1e6 and not abs(slope - estimates.mean()) < 1e-3 * (1 + abs(slope)):
        return f"slope: {slope}, and differences {estimates}"
    return None


def _check_jacobian(f: Callable[..., Any], given: list[Any], i: int) -> str | None:
    """Compare a Jacobian in code with the gradients of elements that are chosen."""

    def of_one(x: Any) -> Any:
        return np.ravel(f(*given[:i], x, *given[i + 1 :]))

    try:
        y = of_one(given[i])
        rows = [grad(lambda x, n=n: of_one(x)[n])(given[i]) for n in range(y.size if y.dtype.kind == "f" else 0)]
        found = compile(jacobian(of_one), exact=True)(given[i])
    except Exception:  # several results, or a shape that depends on values
        return None
    right = np.array(rows).reshape(found.shape) if rows else found
    right = np.where(np.isnan(right), found, right)  # a row's own 0 · ∞, of which a Jacobian has made 0
    return None if _agree(found, right, 1e6) else f"Jacobian: code has {found} for {right}"


def main(arguments: list[str] | None = None) -> int:
    """Run for some time; give 1 if something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.calls", description="Look for calls unlike NumPy's")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep-going", action="store_true", help="print every failure, and go on")
    options = parser.parse_args(arguments)
    started, seed, failures = time.monotonic(), options.seed, 0
    while time.monotonic() - started < options.seconds and (options.keep_going or not failures):
        if (found := check_call(seed)) is not None:
            failures += 1
            print(found, "\n", flush=True)
        seed += 1
    print(f"{seed - options.seed} calls from seed {options.seed}; {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
