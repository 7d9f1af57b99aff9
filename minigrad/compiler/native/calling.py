"""How the code around a native step calls it, in Python's words: see ``backend.Call``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.compiler.backend import Call
from minigrad.compiler.native.build import NativeStep, looks_itself
from minigrad.compiler.native.source import NativeCode
from minigrad.compiler.native.wrapper import can_wrap, wrap_step

MEANT = {letter: np.dtype(np.dtype(letter).name) for letter in "ilq"}  # two of which are of one size


@dataclass
class Numbers:
    """The numbers among a step's results: what they are in NumPy or Python, and how numba's is made that."""

    kinds: list[tuple[np.dtype[Any], type]] = field(default_factory=list)
    boxed: list[str] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)

    def add(self, dtype: np.dtype[Any], weak: bool, r: str) -> None:
        """Add one, which numba gives as ``r``."""
        python = {"f": float, "i": int}.get(dtype.kind) if weak else None  # float32 stays that
        number: type = python or dtype.type
        one = issubclass(number, np.floating)  # times 1 is exact, and 40 ns where float32(r) takes 150
        name = f"as{len(self.kinds)}"
        self.boxed.append(f"{name} * {r}" if one else f"{name}({r})")
        self.known[name] = number(1) if one else number
        self.kinds.append((dtype, number))


def describe_call(code: NativeCode, step: Any, draws: Sequence[tuple[int, Any]]) -> Call:
    """Say how a step is called: arrays that it returns are made first, numbers get their dtype afterwards."""
    looks = looks_itself(code)
    known: dict[str, Any] = {"compiled": step.entry_point if looks else step, "empty": np.empty, "step_itself": step}
    before = []
    for i, (shape, kind) in enumerate(code.outputs):
        known[f"kind{i}"] = kind
        before.append(f"r{i} = empty({shape}, kind{i})")
    for i, rng in draws:
        known[f"rng{i}"] = rng
        before.append(f"rng{i}.random(out=step.arrays[{i}])")
    outputs = [f"r{i}" for i in range(len(code.outputs))]
    numbers, several = Numbers(), sum(x is not None for x in code.numbers) > 1
    for position, dtype in enumerate(code.numbers):
        if dtype is not None:
            numbers.add(dtype, position in code.weak, f"r[{len(numbers.kinds)}]" if several else "r")
    address = "address" if code.quick else "step.address"
    passed = ", ".join(f"id({r})" if looks else r for r in outputs)
    call = Call(f"compiled({address}, {{}}{passed})", list_results(code, numbers.boxed), before, known | numbers.known)
    call.fitting, call.silent = _fitting, looks
    if code.quick:
        call.shared = lambda step: {"address": step.address}
    if looks:
        call.identities = [i for i, x in enumerate(code.passed) if not x.weak]
    if looks and code.quick:  # Python's lock must be held for that
        call.watch = NativeStep.watch
        if can_wrap(numbers.kinds):
            prepare_attempt(call, code, step, numbers)
    return call


def list_results(code: NativeCode, numbers: Sequence[str]) -> list[str]:
    """Write each result: an array that has been filled, or the next of the numbers."""
    left = iter(numbers)
    return [f"r{code.places[i]}" if dtype is None else next(left) for i, dtype in enumerate(code.numbers)]


def prepare_attempt(call: Call, code: NativeCode, step: Any, numbers: Numbers) -> None:
    """Let a step be called by a builtin function of its own first, which gives numbers as they are to be."""
    floats = [x.weak for x in code.passed] + [False] * len(code.outputs)
    call.attempt = lambda own, kind: wrap_step(step, own.address, floats, numbers.kinds, kind)
    call.attempted = f"attempt({{}}{', '.join(f'r{i}' for i in range(len(code.outputs)))})"
    if numbers.boxed:
        call.mended = f"r = {', '.join(numbers.boxed)}"
    several = len(numbers.boxed) > 1
    call.results = list_results(code, [f"r[{i}]" if several else "r" for i in range(len(numbers.boxed))])


def _fitting(x: Any) -> Any:
    """Give a copy, whose elements lie in order and in no other array's memory; a number is one as it is.

    Of several integers of one size, which NumPy calls equal, it has the dtype that code is compiled for.
    """
    return x if type(x) is float else np.array(x, MEANT.get(x.dtype.char), order="C", copy=True)
