"""What the tests of compiled functions share: a function and its code, run side by side."""

from contextlib import contextmanager
from importlib import import_module
from unittest.mock import patch

import numpy as np
import pytest

from minigrad import Tensor, compile, nn, optim
from minigrad.losses import softmax_cross_entropy
from tests.evaluating import EvaluatingBackend
from tests.interpreted import interpreted

# "interpreted" is native code that Python runs instead of numba, which would take a second or two for each function.
each_backend = pytest.mark.parametrize("backend", ["numpy", "interpreted", "evaluating"])
GIVEN = {"interpreted": "native", "evaluating": EvaluatingBackend()}


@contextmanager
def running(backend):
    """Native code is run by Python within, if it is to be interpreted."""
    if backend != "interpreted":
        yield
        return
    pytest.importorskip("numba")
    native = import_module("minigrad.compiler.native.backend")
    with patch.object(native, "BACKEND", native.NativeBackend(interpreted)):
        yield


def as_code(f, backend, **options):
    """Compile a function for a backend, or to native code that is interpreted."""
    return compile(f, backend=GIVEN.get(backend, backend), **options)


def stepping(model, optimizer, loss):
    """The training step that everybody writes."""

    def step(x, t):
        optimizer.zero_grad()
        E = loss(model(x), t)
        E.backward()
        optimizer.step()
        return E

    return step


def taught(rule=optim.Adam, loss=softmax_cross_entropy, **options):
    """Give a training step, and its parameters and optimizer."""
    model = nn.MLP([3, 4, 2], output="identity", rng=np.random.default_rng(1), **options)
    optimizer = rule(model.parameters(), lr=0.05)
    return stepping(model, optimizer, loss), model.parameters(), optimizer


def plain(x):
    """Nested results as arrays."""
    if isinstance(x, tuple | list):
        return [plain(part) for part in x]
    if isinstance(x, dict):
        return {name: plain(part) for name, part in x.items()}
    return np.array(x.data if isinstance(x, Tensor) else x) if x is not None else None


def assert_same(a, b, tolerance=1e-12):
    """Nested results agree, in structure, shape and dtype, and in value up to rounding."""
    assert type(a) is type(b)
    if isinstance(a, list):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y, tolerance)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for name in a:
            assert_same(a[name], b[name], tolerance)
    elif a is not None:
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        if a.dtype.kind == "f" and a.dtype.itemsize < 8:
            tolerance = max(tolerance, 2e-6)
        np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance)


def side_by_side(make, calls, backend, tolerance=1e-12):
    """Run a function and its code on the same calls; ``make()`` gives the function and what to look at after each."""
    with running(backend):
        f, seen = make()
        g, seen_by_code = make()
        code = as_code(g, backend)
        for call in calls:
            expected, found = plain(f(*call)), plain(code(*call))
            assert_same(expected, found, tolerance)
            assert_same(plain(seen()), plain(seen_by_code()), tolerance)
    return code


def state(params, optimizer=None):
    """Parameters, and the running values of an optimizer."""
    return [[p.data for p in params], [] if optimizer is None else [dict(values) for values in optimizer.states]]


def gradients(params):
    """The gradients that parameters have now."""
    return [p.grad for p in params]
