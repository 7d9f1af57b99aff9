"""Bessel functions of both kinds, modified and scaled ones included, of orders 0 and 1 and of any other.

Their derivatives are neighbors: 2 J′ᵥ = Jᵥ₋₁ − Jᵥ₊₁, so for Y; 2 I′ᵥ = Iᵥ₋₁ + Iᵥ₊₁ and −2 K′ᵥ = Kᵥ₋₁ + Kᵥ₊₁ (DLMF 10.6
and 10.29). The scaled ones are Iᵥ(x) e^(−|x|) and Kᵥ(x) eˣ. They are written with the next order but one, and not
divided by x, so that they hold at 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.ops.base import Elementwise
from minigrad.ops.parts import is_complex
from minigrad.ops.special.unknown import no_closed_form

special: Any = require("scipy.special", "native")


def _slope_of_scaled(y: Any, a: Any, b: Any) -> Any:
    """Give Iₑ′ by b; |Re b| has no complex derivative."""
    if is_complex(b):
        raise TypeError("scipy.special.ive has no complex derivative; write iv(v, z) * np.exp(-np.abs(z.real))")
    return (special.ive(a - 1, b) + special.ive(a + 1, b)) / 2 - np.sign(b) * y


j0 = Elementwise("j0", special.j0, lambda y, x: -special.j1(x), text="J₀({x})")
j1 = Elementwise("j1", special.j1, lambda y, x: (special.j0(x) - special.jv(2, x)) / 2, text="J₁({x})")
y0 = Elementwise("y0", special.y0, lambda y, x: -special.y1(x), text="Y₀({x})")
y1 = Elementwise("y1", special.y1, lambda y, x: (special.y0(x) - special.yv(2, x)) / 2, text="Y₁({x})")
i0 = Elementwise("i0", special.i0, lambda y, x: special.i1(x), text="I₀({x})")
i1 = Elementwise("i1", special.i1, lambda y, x: (special.i0(x) + special.iv(2, x)) / 2, text="I₁({x})")
k0 = Elementwise("k0", special.k0, lambda y, x: -special.k1(x), text="K₀({x})")
k1 = Elementwise("k1", special.k1, lambda y, x: -(special.k0(x) + special.kv(2, x)) / 2, text="K₁({x})")
i0e = Elementwise("i0e", special.i0e, lambda y, x: special.i1e(x) - np.sign(x) * y, text="I₀ₑ({x})")
i1e = Elementwise(
    "i1e", special.i1e, lambda y, x: (special.i0e(x) + special.ive(2, x)) / 2 - np.sign(x) * y, text="I₁ₑ({x})"
)
k0e = Elementwise("k0e", special.k0e, lambda y, x: y - special.k1e(x), text="K₀ₑ({x})")
k1e = Elementwise("k1e", special.k1e, lambda y, x: y - (special.k0e(x) + special.kve(2, x)) / 2, text="K₁ₑ({x})")

jv = Elementwise(
    "jv",
    special.jv,
    no_closed_form("jv", "order"),
    lambda y, a, b: (special.jv(a - 1, b) - special.jv(a + 1, b)) / 2,
    text="J({a}, {b})",
    floats=True,
)
yv = Elementwise(
    "yv",
    special.yv,
    no_closed_form("yv", "order"),
    lambda y, a, b: (special.yv(a - 1, b) - special.yv(a + 1, b)) / 2,
    text="Y({a}, {b})",
    floats=True,
)
yn = Elementwise(
    "yn",
    special.yn,
    no_closed_form("yn", "order"),
    lambda y, a, b: (special.yn(a - 1, b) - special.yn(a + 1, b)) / 2,
    text="Y({a}, {b})",
    floats=True,
)
iv = Elementwise(
    "iv",
    special.iv,
    no_closed_form("iv", "order"),
    lambda y, a, b: (special.iv(a - 1, b) + special.iv(a + 1, b)) / 2,
    text="I({a}, {b})",
    floats=True,
)
ive = Elementwise(
    "ive",
    special.ive,
    no_closed_form("ive", "order"),
    _slope_of_scaled,
    text="Iₑ({a}, {b})",
    floats=True,
)
kv = Elementwise(
    "kv",
    special.kv,
    no_closed_form("kv", "order"),
    lambda y, a, b: -(special.kv(a - 1, b) + special.kv(a + 1, b)) / 2,
    text="K({a}, {b})",
    floats=True,
)
kn = Elementwise(
    "kn",
    special.kn,
    no_closed_form("kn", "order"),
    lambda y, a, b: -(special.kv(a - 1, b) + special.kv(a + 1, b)) / 2,
    text="K({a}, {b})",
    floats=True,
)
kve = Elementwise(
    "kve",
    special.kve,
    no_closed_form("kve", "order"),
    lambda y, a, b: y - (special.kve(a - 1, b) + special.kve(a + 1, b)) / 2,
    text="Kₑ({a}, {b})",
    floats=True,
)
