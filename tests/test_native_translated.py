"""Source of native code as LLVM's instructions: it gives what Python gives that runs the same source."""

from textwrap import dedent, indent

import numpy as np
import pytest

from minigrad import compile, value_and_grad
from tests.interpreted import interpreted

build = pytest.importorskip("minigrad.compiler.native.build")
source = pytest.importorskip("minigrad.compiler.native.source")
translate = pytest.importorskip("minigrad.compiler.native.translate")
expressions = pytest.importorskip("minigrad.compiler.native.expressions")

OPENING = """
context = pointeri64(address)
x = pointer64(context[0])
k = pointeri64(context[1])
f = pointer32(context[2])
"""


def write(body):
    """Native code of a body, which reads and writes x of float64, k of int64 and f of float32, ten each."""
    text = f"def step(address):\n{indent(OPENING + dedent(body), '    ')}"
    returned = text[text.index("return") :].count(",") + ("return 0" not in text)
    numbers = [np.dtype(x) for x in ("f8", "f4")][:returned]
    code = source.NativeCode(text, [], [], 0, [], numbers, {}, False, False, frozenset(), False)
    code.looks = False  # there is no table behind this context
    return code


def run(make, code):
    """What a step returns, and leaves in the arrays."""
    arrays = [np.linspace(-2, 2.5, 10), np.arange(-4, 6), np.linspace(0, 1, 10, dtype=np.float32)]
    context = np.array([x.ctypes.data for x in arrays])
    return make(code)(context.ctypes.data), *arrays


AT = """
for i in range(3):
    x[i + {0}] = np.float64(tanh64(x[i + {1}])) * f[{0}]
    s += x[i + {0}]
"""
TRUE = """
for i in range(3):
    x[i + {0}] = x[i + {1}] if found else 0.5
    k[i + {0}] = 3 if known else 2
    found = x[i + {0}] > f[i + {0}]
"""
BODIES = {
    "a sum": """
        s = np.float64(0)
        for i in range(10):
            s += x[i] * k[i]
        return s""",
    "loops in loops": """
        for i in range(2):
            for j in range(5):
                y = x[i * 5 + j]
                x[i * 5 + j] = y * y - f[j]
        return 0""",
    "a loop from the end": """
        for i in range(8, -1, -1):
            x[i] += x[i + 1]
        return 0""",
    "steps, the last of them cut": """
        for g in range(0, 10, 4):
            for i in range(g, min(g + 4, 10)):
                k[i] = k[i] * 3 + g
        return 0""",
    "no turn": """
        s = np.float32(2)
        for i in range(0):
            s += f[i]
        return s""",
    "a bound that an array has": """
        for i in range(k[7]):
            x[i] = 7.0
        return 0""",
    "choices": """
        for i in range(10):
            x[i] = math.sqrt(x[i]) if x[i] > 0 else -1.0
        return np.float64(k[2]) if x[0] > 0 else 2.5""",
    "a name of two types, in two loops": """
        for i in range(10):
            y = k[i]
            k[i] = y + y
        for i in range(10):
            y = f[i]
            f[i] = y * y
        return 0""",
    "a small integer that adds up": """
        s = np.int32(0)
        for i in range(10):
            s += np.int32(k[i])
        return np.float64(s), np.float32(s + 1)""",
    "truth": """
        for i in range(10):
            k[i] = 1 if x[i] > 0 and k[i] > 1 or not f[i] > 0.25 else 0
        return np.float64(k[0])""",
    "part of a pair": """
        for i in range(10):
            k[i] = math.frexp(x[i])[1]
        return 0""",
    "floor and remainder": """
        for i in range(10):
            x[i] = floored(x[i], 0.7) + left_over(x[i], 0.7)
        return 0""",
    "equal loops at several places": "s = np.float64(0)"
    + "".join(AT.format(i, i - 1) for i in range(1, 8))
    + "return s",
    "equal loops that read and find out what is true": "known = k[1] < 0\nfound = x[0] < 0"
    + "".join(TRUE.format(i, i - 1) for i in range(1, 8))
    + "return np.float64(1.0) if found else np.float64(2.0)",
}


@pytest.mark.parametrize("name", BODIES)
def test_it_gives_what_python_gives(name):
    code = write(BODIES[name])
    (value, *arrays), (wanted, *left) = run(build.compile_step, code), run(interpreted, code)
    np.testing.assert_allclose(value, wanted, rtol=1e-6)
    for x, y in zip(arrays, left, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-6)


def test_an_exception_comes_from_a_loop_of_its_own():
    body = "".join(
        f'for i in range(3):\n    if k[i + {at}] > 3:\n        raise IndexError("beyond")\n    k[i + {at}] = 9\n'
        for at in (0, 1, 2, 5)
    )
    with pytest.raises(IndexError, match="beyond"):
        run(build.compile_step, write(body + "return 0"))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("while k[0] < 0:\n    k[0] += 1\nreturn 0", "while"),
        ("for i in range(3):\n    y = x[i]\nreturn y", "y"),
        ("y = 1.0\nfor i in range(3):\n    y = k[i]\n    y = 0.5\nreturn 0", "of float64 and int64"),
        ("x[:2] = 1.0\nreturn 0", ":2"),
    ],
)
def test_what_is_not_in_the_language_is_named(body, named):
    with pytest.raises(build.Unsupported, match=named):
        run(build.compile_step, write(body))


def test_a_chain_of_equal_layers_is_a_few_functions(monkeypatch, tmp_path):
    """Their number is that of the kinds of loops, not of the layers."""

    turns = np.random.default_rng(1).integers(3, size=24)  # no loop of their own: in no order

    def loss(W, x):
        for turn in turns:
            x = (np.tanh, np.sin, np.arctan)[turn](x @ W)
        return (x * x).sum()

    written = []
    own = translate.Whole.write_function
    monkeypatch.setattr(translate.Whole, "write_function", lambda *args: written.append(args) or own(*args))
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))
    W, x = np.random.default_rng(0).normal(size=(3, 3)), np.ones((2, 3))
    step = compile(value_and_grad(loss), backend="native")
    value, gradient = step(W, x)
    wanted, eager = value_and_grad(loss)(W, x)
    np.testing.assert_allclose(value, wanted, rtol=1e-12)
    np.testing.assert_allclose(gradient, eager, rtol=1e-10)
    assert 2 < len(written) < 16 < 60 < step.source.count("for i in")


def test_what_is_not_translated_is_computed_by_numpy_and_said(monkeypatch):
    def refuse(self, body, result, rolled):
        raise expressions.Untranslated("a statement")

    monkeypatch.setattr(translate.Whole, "translate", refuse)
    step = compile(lambda x: (x * 0.123456789).sum(), backend="native")
    assert step(np.ones(2)) == 2 * 0.123456789
    assert step.backend == "numpy"
    assert "not translated to machine code: a statement" in str(step.report())
