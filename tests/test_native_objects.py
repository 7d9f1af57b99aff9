"""Machine code that looks at Python's objects where they lie: it takes none for another, and sees what has changed."""

import copy
import pickle

import numpy as np
import pytest

from minigrad import Tensor, compile, losses, nn, optim

pytest.importorskip("numba")

from minigrad.compiler.native import build, objects

X, T = np.linspace(-1, 1, 6).reshape(3, 2), np.linspace(0, 1, 6).reshape(3, 2)


def unaligned(x):
    """Give an array whose elements do not begin where the processor wants them."""
    raw = np.zeros(x.nbytes + 1, np.uint8)
    y = raw[1:].view(x.dtype).reshape(x.shape)
    y[...] = x
    return y


FORMS = {
    "as it is": lambda x: x,
    "in columns": np.asfortranarray,
    "every second": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "backwards": lambda x: x[::-1].copy()[::-1],
    "pickled": lambda x: pickle.loads(pickle.dumps(x)),
    "a dtype of its own": lambda x: np.frombuffer(x.tobytes(), copy.copy(x.dtype)).reshape(x.shape),
    "of the other byte order": lambda x: x.astype(x.dtype.newbyteorder()),
    "unaligned": unaligned,
    "read only": lambda x: np.frombuffer(x.tobytes()).reshape(x.shape),
    "a subclass": lambda x: x.view(np.memmap),
    "float32": lambda x: x.astype(np.float32),
    "integers": lambda x: np.round(4 * x).astype(np.int64),
    "other integers": lambda x: np.round(4 * x).astype(np.longlong),
    "another shape": lambda x: np.concatenate([x, x]),
    "without rows": lambda x: x[:0],
    "a list of axes more": lambda x: x[None],
}


@pytest.mark.parametrize("form", FORMS)
def test_an_argument_of_any_form_is_read_as_numpy_reads_it(form):
    f = compile(lambda x, y: (np.tanh(x) * y).sum(), backend="native")
    f(X, T)
    for _ in range(2):
        x, y = FORMS[form](X), FORMS[form](T)
        np.testing.assert_allclose(np.asarray(f(x, y)), (np.tanh(x) * y).sum(), rtol=1e-6)
        np.testing.assert_allclose(np.asarray(f(X, T)), (np.tanh(X) * T).sum(), rtol=1e-12)


@pytest.mark.parametrize(
    "wrong", [None, "x", 3.0, np.float64(2), Tensor(X), Tensor(2.0), np.ma.masked_array(X), object()]
)
def test_what_is_no_array_is_not_taken_for_one(wrong):
    f = compile(lambda x: np.sum(x * 2.0), backend="native")
    f(X)
    if isinstance(wrong, float | np.ndarray | Tensor) and not isinstance(wrong, np.ma.MaskedArray):
        assert float(f(wrong)) == pytest.approx(float((np.asarray(getattr(wrong, "array", wrong)) * 2.0).sum()))
    else:
        with pytest.raises(TypeError):
            f(wrong)
    assert float(f(X)) == pytest.approx(2.0 * X.sum())


def trained(between, backend, calls=4):
    """Train a network for some steps, with something done between them, and give its parameters."""
    model = nn.MLP((2, 3, 2), hidden="sigmoid", output="identity", rng=0)
    sgd = optim.Momentum(model.parameters(), lr=0.1)

    def step(x, t):
        E = losses.squared_error(model(x), t)
        sgd.zero_grad()
        E.backward()
        sgd.step()
        sgd.zero_grad()
        return E

    step = compile(step, backend=backend) if backend else step
    kept = []
    for i in range(calls):
        E = step(X, T)
        assert all(w.grad is None for w in model.parameters())
        kept.append(between(i, model, E))
    return [np.array(w.data) for w in model.parameters()], kept


def give_array(i, model, E):
    w = model.parameters()[i % 4]
    w.data = w.data * 0.5


def write_in_place(i, model, E):
    model.parameters()[i % 4].data[...] *= 0.5


def set_gradient(i, model, E):
    w = model.parameters()[i % 4]
    w.grad = Tensor(np.ones(w.shape))


def record(i, model, E):
    y = model(X)
    y.sum().backward()
    return y


BETWEEN = {"nothing": lambda *_: None, "arrays": give_array, "writes": write_in_place, "gradients": set_gradient,
           "records": record}  # fmt: skip


@pytest.mark.parametrize("what", BETWEEN)
@pytest.mark.parametrize("readable", [True, False])
def test_what_is_done_between_steps_is_noticed(what, readable, monkeypatch):
    if not readable:
        monkeypatch.setattr(build, "READABLE", False)
    right, wanted = trained(BETWEEN[what], None)
    found, kept = trained(BETWEEN[what], "native")
    for a, b in zip(found, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)
    for y, like in zip(kept, wanted, strict=True):
        if y is not None:
            np.testing.assert_allclose(y.data, like.data, rtol=1e-12)


@pytest.mark.parametrize("readable", [True, False])
def test_an_array_that_gets_another_shape_in_place_is_no_longer_taken_for_what_it_was(readable, monkeypatch):
    """As by ``w.data.shape = …``: it is the same array, in the same place, and the code has the lengths written in."""
    if not readable:
        monkeypatch.setattr(build, "READABLE", False)
    w = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="w")

    def step(x):
        E = 0.5 * ((x @ w) ** 2).sum()
        w.grad = None
        E.backward()
        return E, w.grad

    code = compile(step, backend="native")
    for _ in range(3):
        code(np.ones((4, 2)))
    w.data.resize((3, 2), refcheck=False)
    with pytest.raises(ValueError, match=r"inner sizes differ, x:\(4, 2\) @ w:\(3, 2\)"):
        code(np.ones((4, 2)))
    x = np.linspace(-1, 1, 12).reshape(4, 3)
    for _ in range(2):
        E, g = code(x)
        u = x @ np.arange(6.0).reshape(3, 2)
        assert float(E) == pytest.approx(0.5 * np.sum(u**2), rel=1e-12)
        np.testing.assert_allclose(g.data, x.T @ u, rtol=1e-12)


def test_an_older_record_keeps_the_values_that_it_used():
    w = Tensor([2.0, 3.0], requires_grad=True)
    sgd = optim.SGD([w], lr=0.1)

    def step(x):
        E = (w * x).sum()
        sgd.zero_grad()
        E.backward()
        sgd.step()
        return E

    step = compile(step, backend="native")
    step(np.ones(2))
    sgd.zero_grad()
    y, before = (w**2).sum(), w.data.copy()
    step(np.ones(2))
    sgd.zero_grad()
    y.backward()
    np.testing.assert_allclose(w.grad.data, 2 * before, rtol=1e-15)


def test_objects_lie_here_as_the_code_expects():
    assert objects.READABLE, "CPython with its lock, of 64 bits, is what the tests run on"


def test_a_slot_that_holds_what_another_holds_too_is_not_guessed():
    class Two:
        __slots__ = ("a", "b")

    found = objects.find_slot(Two, "a"), objects.find_slot(Two, "b")
    x = Two()
    x.a, x.b = "a", "b"
    assert [objects.read_word(id(x) + at) for at in found] == [id("a"), id("b")]
