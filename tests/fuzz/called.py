"""Calls of one function on operands of every kind: each dtype and Python's numbers, special values, layouts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tests.fuzz.programs import laid_out

WHOLE = ("bool", "uint8", "int8", "int64")
FLOATS = ("float16", "float32", "float64")
EVERY = (*WHOLE, *FLOATS, "complex64", "complex128")
PYTHON = ("Python bool", "Python int", "Python float")
SHAPES: tuple[tuple[int, ...], ...] = ((), (3,), (2, 3), (1,), (0,), (2, 0), (1, 3), (2, 1, 3))
LAYOUTS = ("plain", "fortran", "strided", "reversed", "read-only")
DTYPES = ("np.float32", "np.float64", "np.int64", "np.uint8", "bool")
STARTS = ("0", "1", "2.5", "np.inf", "-np.inf", "np.nan", "np.float32(2)", "True")
MASKS = ("a > 1", "a == a", "True", "np.abs(a) < 2")
METHODS = ("linear", "lower", "nearest", "midpoint", "averaged_inverted_cdf", "hazen", "weibull", "median_unbiased")


def words(text: str) -> list[str]:
    """Give the words of a text."""
    return text.split()


OF_ONE = words("""
    negative positive absolute exp exp2 expm1 square cbrt sin cos tan arctan sinh cosh tanh arcsinh arcsin arctanh
    degrees reciprocal conjugate sinc real imag log log2 log10 log1p sqrt sign floor ceil trunc rint isfinite
    isnan isinf logical_not signbit spacing nan_to_num isposinf modf frexp round
""")
OF_TWO = words("""
    add subtract multiply divide maximum minimum fmax fmin hypot arctan2 copysign logaddexp remainder fmod
    float_power floor_divide heaviside nextafter greater less_equal equal not_equal logical_and logical_xor
    bitwise_and bitwise_xor left_shift gcd lcm divmod
""")
REDUCED = words("""
    sum prod mean max min ptp var std nansum nanprod nanmean nanmax nanmin nanvar median nanmedian cumsum cumprod
    nancumsum
""")
METHODS_OF = words("""
    add multiply maximum minimum logaddexp hypot subtract logical_and fmax bitwise_or
""")
OF_A_NUMBER = """
    a + p|p - a|a * p|p / a|a / p|a % p|p // a|a & p|a < p|a ** 2|a ** 0.5|a ** -1.0|a * 1|a + 0|2.0 * a|a * np.inf
    np.inf - a|a * True|a * np.float32(2)|a + np.int8(1)|a / False|np.where(m, a, p)|np.where(a > p, a, p)
    np.clip(a, p, 3)|np.clip(a, 0, p)|np.clip(a, -1, 300)|np.select([m], [a], p)|np.full_like(a, p)
    put(a, m, p)|put(a, ..., p)|np.append(a, p)|np.linspace(a, p, 3)|np.geomspace(a, p, 3)
    np.linspace(p, a, 2, endpoint=False)|np.maximum(a, p)
""".replace("\n", "|").split("|")
ARRANGED = """
    np.sort(a)|np.sort(a, axis=None)|np.diff(a)|np.diff(a, prepend=0)|np.ediff1d(a)|np.trapezoid(a)|np.average(a)
    np.interp(a, [0, 1, 2], [1, 2, np.inf])|np.outer(a, a)|np.inner(a, a)|np.dot(a, a.T)|np.cumulative_sum(np.ravel(a))
    np.linalg.norm(a)|np.linalg.norm(a, np.inf, axis=-1)|np.linalg.norm(a, 1, axis=-1)
    np.nan_to_num(a, posinf=1, neginf=-1)|a.astype(np.float16)|np.tile(a, 2)|np.flip(a)|np.roll(a, 1)|np.unwrap(a)
""".replace("\n", "|").split("|")


class Call(NamedTuple):
    """An expression, and the operands that it names."""

    text: str
    operands: dict[str, Any]

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"{name} = {x!r}" for name, x in self.operands.items())])


def draw_call(seed: int) -> Call:
    """Draw a call, which NumPy may refuse."""
    rng = np.random.default_rng((seed, 2))
    shape = SHAPES[rng.integers(len(SHAPES))]
    kinds = FLOATS if rng.random() < 0.4 else EVERY

    def pick(xs: Any) -> Any:
        return xs[rng.integers(len(xs))]

    def number(shape: tuple[int, ...]) -> Any:
        return draw_operand(rng, PYTHON if rng.random() < 0.5 else kinds, shape)

    def axis() -> str:
        of_several = ("(0, -1)",) if a.ndim > 1 else ()
        return str(pick(("None", *range(-a.ndim, a.ndim), *of_several)))

    a = draw_operand(rng, kinds, shape)
    match rng.integers(8):
        case 0:
            f = pick(OF_ONE)
            return Call(f"np.{f}(a)", {"a": a})
        case 1:
            other = number(pick(((), shape, shape[-1:])))
            return Call(
                f"np.{pick(OF_TWO)}(a, b)", {"a": a, "b": other} if rng.random() < 0.5 else {"a": other, "b": a}
            )
        case 2:
            f = pick(REDUCED)
            running, options = "cum" in f, [f"axis={axis()}"]
            options += ["keepdims=True"] if not running and rng.random() < 0.4 else []
            options += [f"initial={pick(STARTS)}"] if f[-3:] in ("sum", "max", "min") and not running else []
            options += [f"where={pick(MASKS)}"] if f in ("sum", "prod", "mean", "nansum", "nanmax") else []
            options += (
                [f"dtype={pick(DTYPES)}"] if f in ("sum", "prod", "mean", "cumsum") and rng.random() < 0.3 else []
            )
            return Call(f"np.{f}(a, {', '.join(options)})", {"a": a})
        case 3:
            if a.dtype == np.int8:  # whose differences NumPy lets wrap
                a = a.astype(np.uint8)
            if a.dtype.kind == "f" and np.isnan(a).all():  # of which NumPy gives another dtype
                a = np.nan_to_num(a)
            f, q = pick(("quantile", "nanquantile")), pick(("0.5", "0", "1.0", "0.3", "[0.2, 0.9]"))
            return Call(f"np.{f}(a, {q}, axis={axis()}, method={pick(METHODS)!r})", {"a": a})
        case 4:
            method, along = pick(("reduce", "reduce", "accumulate")), rng.integers(max(a.ndim, 1))
            options = [f"axis={along}"]
            options += [f"initial={pick(('1', 'True'))}"] if method == "reduce" and rng.random() < 0.4 else []
            return Call(f"np.{pick(METHODS_OF)}.{method}(a, {', '.join(options)})", {"a": a})
        case 5:
            return Call(pick(ARRANGED).strip() or "-a", {"a": a})
        case _:
            mask = np.asarray(rng.random(shape) < 0.5)
            return Call(pick(OF_A_NUMBER).strip() or "+a", {"a": a, "p": number(()), "m": mask})


def draw_operand(rng: np.random.Generator, kinds: tuple[str, ...], shape: tuple[int, ...]) -> Any:
    """Draw an array of one of some kinds, lying somehow, or a number; some of its elements are special."""
    kind = kinds[rng.integers(len(kinds))]
    python = kind.startswith("Python")
    dtype = np.dtype({"Python bool": "bool", "Python int": "int64", "Python float": "float64"}.get(kind, kind))
    shape = () if python else shape
    x = np.asarray(rng.uniform(-2.5, 2.5, shape) if dtype.kind in "fc" else rng.integers(-4, 5, shape))
    x = np.asarray(x + 1j * rng.uniform(-2, 2, shape) if dtype.kind == "c" else x).astype(dtype)
    special = find_special(dtype)
    for i in range(x.size if rng.random() < 0.5 else 0):
        if rng.random() < 0.5:
            x.flat[i] = special[rng.integers(len(special))]
    return x.item() if python else laid_out(x, LAYOUTS[rng.integers(len(LAYOUTS))])


def find_special(dtype: np.dtype[Any]) -> list[Any]:
    """Give the values of a dtype that rules are wrong for first: ends, zeros, what is no number."""
    if dtype.kind == "b":
        return [False, True]
    if dtype.kind in "iu":  # of 64 bits smaller ones: differences of NumPy's own wrap
        about = np.iinfo(dtype if dtype.itemsize < 8 else np.int16)
        return [0, 1, about.max, about.min]
    about_float = np.finfo(dtype)
    ends = [0.0, 1.0, float(about_float.max) ** 0.5, float(about_float.tiny) ** 0.5]
    return ends if dtype.kind == "c" else [*ends, -0.0, np.inf, -np.inf, np.nan]
