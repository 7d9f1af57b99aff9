"""The debugger: where NaN and infinity arise, which array has changed between forward and backward, and shapes."""

import inspect
import pickle

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, compile, debug, draw, grad, jacobian, nn, no_grad, optim, vmap
from minigrad.engine.blocks import in_force


def leaf(data, name=None):
    return Tensor(data, requires_grad=True, name=name)


def line(offset=0):
    """The place of the caller's line, as errors write it."""
    frame = inspect.currentframe().f_back
    return f"test_debug.py:{frame.f_lineno + offset}"


# NaN and infinity, forward


@pytest.mark.parametrize(
    ("f", "data", "operation", "index", "value"),
    [
        (np.log, [1.0, 0.0], "log", "[1]", "-inf"),
        (lambda x: 1 / (x - 2), [2.0, 3.0], "divide", "[0]", "inf"),
        (np.exp, [[1.0], [1000.0]], "exp", "[1, 0]", "inf"),
        (lambda x: x**0.5, [4.0, -1.0], "power", "[1]", "nan"),
        (lambda x: np.sqrt(np.tanh(x)), [-1.0], "sqrt", "[0]", "nan"),
        (lambda x: (x * 1e308).sum(), [1.0, 1.0], "sum", "in the value", "inf"),
    ],
)
def test_the_first_value_that_is_no_number_is_named(f, data, operation, index, value):
    x = leaf(data, "x")
    with debug(), pytest.raises(FloatingPointError) as caught:
        f(x)
    message = str(caught.value)
    assert message.startswith(f"{operation}: the first {value} arose at test_debug.py:"), message
    assert index in message
    assert caught.value.op.name == operation
    assert all(np.isfinite(v).all() for v in caught.value.values)
    with np.errstate(all="ignore"):
        assert not np.isfinite(caught.value.op.forward(*caught.value.values)).all()


def test_the_line_and_the_values_of_the_operands():
    x, t = leaf([2.0, 0.5, -3.0], "x"), np.array([1.0, 0.0, 1.0])
    place = line(2)
    with debug(), pytest.raises(FloatingPointError, match=r"from x = 0\.5, t = 0\.0; x was made at") as caught:
        x / t
    assert caught.value.place == place
    assert f"arose at {place}, in element [1]" in str(caught.value)


def test_data_that_hold_nan_are_named_and_masks_of_infinity_pass():
    x, scores = np.array([1.0, np.nan]), leaf([1.0, 2.0], "scores")
    with debug():
        with pytest.raises(FloatingPointError, match=r"multiply: x holds nan as it was given, in element \[1\]"):
            scores * x
        masked = np.where(np.array([True, False]), scores, -np.inf)
        minigrad.softmax(masked).sum().backward()
    np.testing.assert_allclose(scores.grad.data, [0, 0])


def test_what_is_guarded_may_be_waited_for():
    x = leaf([1.0, 0.0], "x")
    with debug(at_once=False), np.errstate(all="ignore"):
        np.where(x > 0, np.log(x), 0.0).sum().backward()
        np.testing.assert_array_equal(x.grad.data, [1, 0])
        E = np.log(x).sum()
        with pytest.raises(FloatingPointError, match=r"log: the first -inf arose at test_debug.py:\d+"):
            E.backward()


def test_a_picture_of_the_smallest_part(tmp_path):
    x = leaf([[4.0, 0.0]], "x")
    with debug(), pytest.raises(FloatingPointError) as caught:
        (np.log(x) * 3).sum()
    part = caught.value.subgraph
    assert part.op.name == "log"
    assert part.shape == ()
    drawing = draw(part, tmp_path / "part.svg")
    assert drawing.path.read_text(encoding="utf-8").rstrip().endswith("</svg>")


# NaN and infinity on the way back


def test_a_slope_that_is_no_number_is_named_before_any_gradient_is_stored():
    x, b = leaf([4.0, 0.0], "x"), leaf([1.0, 1.0], "b")
    with debug():
        place = line(1)
        y = np.sqrt(x)
        with pytest.raises(
            FloatingPointError, match=r"first inf on the way back arose in sqrt .* ∂E/∂x, from x = 0\.0"
        ) as caught:
            (y * b).sum().backward()
    assert caught.value.place == place
    assert x.grad is None
    assert b.grad is None


@pytest.mark.parametrize("f", [lambda v: (v**0.5).sum(), lambda v: np.sqrt(v).sum()])
def test_functions_that_are_differentiated_are_watched(f):
    with debug():
        with pytest.raises(FloatingPointError, match="on the way back"):
            grad(f)(np.array([1.0, 0.0]))
        np.testing.assert_allclose(grad(f)(np.array([4.0])), [0.25])
        np.testing.assert_allclose(grad(grad(lambda v: v**3))(2.0), 12)
        np.testing.assert_allclose(vmap(grad(lambda v: v**3))(np.array([1.0, 2.0])), [3, 12])


# Arrays that change


def test_a_batch_buffer_that_is_filled_anew():
    w, buffer, E = leaf([1.0, 2.0], "w"), np.empty(2), 0
    with debug():
        for i in range(3):
            buffer[:] = i
            place = line(1)
            E = E + (w * buffer).sum()
        with pytest.raises(RuntimeError, match="array of buffer has been changed in place since multiply") as caught:
            E.backward()
    assert f"was computed at {place}" in str(caught.value)
    assert f"changed between one time in {place} and the next" in str(caught.value)


def test_the_array_that_a_tensor_was_made_of_and_the_lines_between():
    memory, a = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    w = leaf(memory, "w")
    with debug():
        E = (np.exp(w) * a.reshape(2, 1)).sum()
        place = line(1)
        np.tanh(w)
        a *= -1
        end = line(2)
        with pytest.raises(RuntimeError, match=r"in place since multiply\(exp\(w\), ndarray\)") as caught:
            E.backward()
        assert f"changed between {place} and {end}" in str(caught.value)
        E = np.exp(w).sum()
        memory *= 3
        with pytest.raises(RuntimeError, match="the array of w has been changed in place since exp"):
            E.backward()


def test_a_condition_is_watched():
    w, chosen = leaf([1.0, 2.0], "w"), np.array([True, False])
    with debug():
        E = np.where(chosen, w, 2 * w).sum()
        chosen[:] = True
        with pytest.raises(RuntimeError, match="array of chosen has been changed in place since where"):
            E.backward()


def lock(x):
    x.flags.writeable = False
    return x


@pytest.mark.parametrize(
    ("see", "change"),
    [
        (lambda x: np.broadcast_to(x[:1], (2,)), lambda x, v: x.fill(7.0)),
        (lambda x: lock(x[:]), lambda x, v: x.fill(7.0)),
        (lock, lambda x, v: (v.setflags(write=True), v.fill(7.0))),
    ],
    ids=["a view of all in one", "a view", "for a while"],
)
def test_what_is_read_only_may_change_where_it_comes_from(see, change):
    w, x = leaf([1.0, 2.0], "w"), np.array([3.0, 1.0])
    with debug():
        given = see(x)
        E = (w * given).sum()
        change(x, given)
        with pytest.raises(RuntimeError, match="array of given has been changed in place since multiply"):
            E.backward()


# What it leaves as it is


def train(steps):
    rng = np.random.default_rng(0)
    model = nn.MLP((2, 3, 1), rng=0)
    rule = optim.Adam(model.parameters(), lr=0.1)

    @compile
    def step(x, t):
        E = ((model(x) - t) ** 2).mean()
        rule.zero_grad()
        E.backward()
        rule.step()
        return E

    losses = [step(rng.normal(size=(4, 2)), rng.normal(size=(4, 1))).item() for _ in range(steps)]
    return losses, [p.data.copy() for p in model.parameters()]


def test_training_is_the_same_within():
    plain = train(3)
    with debug():
        watched = train(3)
    np.testing.assert_allclose(watched[0], plain[0], rtol=1e-12)
    for a, b in zip(watched[1], plain[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert not in_force


def test_tensors_are_read_and_written_as_elsewhere():
    w = leaf([1.0, 2.0], "w")
    with debug():
        assert (w * 2).sum().item() == 6
        with no_grad():
            w -= 1
            assert not (w * 2).requires_grad
        w.data = w.data + 1
        x = Tensor([3.0])
        x += 1
        x[0] = 5
        assert x.tolist() == [5]
        assert np.asarray(x) == 5
    np.testing.assert_array_equal(w.data, [1, 2])


def test_shapes_as_a_table():
    X, W = np.ones((4, 3)), leaf(np.ones((3, 2)), "W")
    with debug() as report:
        place = line(1)
        H = X @ W
        np.tanh(H)
    rows = [row.split() for row in str(report).splitlines()]
    assert rows[0] == ["line", "operation", "operands", "result"]
    assert rows[1] == [place, "matmul", "X", "(4,", "3),", "W", "(3,", "2)", "(4,", "2)", "float64"]
    assert rows[2][1:3] == ["tanh", "H"]


# Looking at gradients


def test_gradients_are_shown_and_kept_nowhere_else():
    w, seen = leaf([1.0, 2.0], "w"), []
    y = w * 3
    stop = y.on_gradient(lambda g: seen.append(("y", g.data)))
    w.on_gradient(lambda g: seen.append(("w", g.data)))
    (y**2).sum().backward()
    assert [name for name, _ in seen] == ["y", "w"]
    np.testing.assert_array_equal(seen[0][1], [6, 12])
    np.testing.assert_array_equal(seen[1][1], [18, 36])
    assert y.grad is None
    stop()
    y.retain_grad()
    (y**2).sum().backward()
    np.testing.assert_array_equal(y.grad.data, [6, 12])
    assert [name for name, _ in seen] == ["y", "w", "w"]


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_function_may_return_another_gradient(create_graph):
    """Which goes on from there: to what comes before, not beside it."""
    w = leaf([1.0, 2.0], "w")
    h = w * 3
    y = h * h
    stop = h.on_gradient(lambda g: np.minimum(g, 8.0))
    y.retain_grad()
    h.retain_grad()
    y.sum().backward(create_graph=create_graph)
    np.testing.assert_array_equal(y.grad.data, [1, 1])
    np.testing.assert_array_equal(h.grad.data, [6, 8])
    np.testing.assert_array_equal(w.grad.data, [18, 24])
    stop()
    w.grad = None
    for f in (lambda g: g * 2, lambda g: g.data + 1):  # one after the other
        w.on_gradient(f)
    (w * 3).sum().backward(create_graph=create_graph)
    np.testing.assert_array_equal(w.grad.data, [7, 7])


def test_what_cannot_be_shown():
    w = leaf([1.0], "w")
    with pytest.raises(ValueError, match="on_gradient: no gradient flows to c"):
        Tensor([1.0], name="c").on_gradient(print)
    with pytest.raises(TypeError, match="wanted a function of the gradient, not 3"):
        w.on_gradient(3)
    for wrong, error, message in (
        (lambda g: 2.0, TypeError, "on_gradient of w: wanted None or another gradient, float64 of shape .* a float"),
        (lambda g: np.ones((2, 2)), ValueError, r"on_gradient of w: .* returned float64 of shape \(2, 2\)"),
        (lambda g: g.astype(np.float32), ValueError, r"on_gradient of w: .* returned float32"),
    ):
        stop = w.on_gradient(wrong)
        with pytest.raises(error, match=message):
            (w * 2).sum().backward()
        stop()
    assert w.grad is None
    with pytest.raises(TypeError, match="a compiled function calls no other"):
        compile(lambda v: (v * w.on_gradient(print)).sum())(w)


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda x: vmap(lambda v: np.sqrt(v).sum())(x), r"sqrt: the first nan arose at .* in element \[1, 0\]"),
        (lambda x: vmap(vmap(np.log))(x), r"log: the first nan arose at .* in element \[1, 0\]"),
        (
            lambda x: vmap(grad(lambda v: np.sqrt(v).sum()))(abs(x) - 1),
            r"the first inf arose at .* in element \[0, 0\]",
        ),
        (lambda x: jacobian(np.sqrt)(abs(x[0]) - 1), r"multiply: the first nan arose at .* in element \[1, 0\]"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_lanes_of_arrays_are_looked_at(f, says):
    """Those of vmap, and the rows of a Jacobian; where all is well they are what they are outside."""
    x = np.array([[1.0, 2.0], [-1.0, 3.0]])
    with debug(), pytest.raises(FloatingPointError, match=says):
        f(x)
    with debug() as report:
        watched = f(abs(x) + 2)
    assert type(watched) is type(x)
    np.testing.assert_array_equal(watched, f(abs(x) + 2))
    assert len(report.steps) > 0


def test_the_brackets_may_be_left_out():
    x = Tensor([1.0, 0.0], name="x", requires_grad=True)
    with debug as report:
        x * 2
        with debug:
            x + 1
        with pytest.raises(FloatingPointError, match=r"log: the first -inf arose"):
            np.log(x)
    assert len(report.steps) == 2
    with np.errstate(divide="ignore"):
        assert np.isinf(np.log(x).data[1])  # not watched any more

    @debug
    def f(x):
        return np.log(x)

    with pytest.raises(FloatingPointError, match=r"log: the first -inf arose"):
        f(x)
    with pytest.raises(TypeError, match="wanted a function to watch"):
        debug(5)
    assert pickle.loads(pickle.dumps(debug)) is debug
