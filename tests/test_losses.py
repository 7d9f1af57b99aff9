"""Losses against their definitions, written out element by element in NumPy."""

import numpy as np
import pytest

from minigrad import Tensor, compile, derive, grad, gradcheck, log_softmax, losses, sigmoid, softmax
from minigrad.data import one_hot

rng = np.random.default_rng(0)
Y, T = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
P = rng.dirichlet(np.ones(3), size=5)
LABELS = np.array([0, 2, 1, 1, 0])
ONE_HOT = one_hot(LABELS, 3)
SOFT = rng.dirichlet(np.ones(3), size=5)
SIGNS = 2 * ONE_HOT - 1
WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0, 3.0])


def leaf(data):
    return Tensor(data, requires_grad=True)


def squared(Y, T):
    return sum((y - t) ** 2 / 2 for y, t in zip(np.ravel(Y), np.ravel(T), strict=True))


def entropy(P, T):
    return -sum(t * np.log(p) for p, t in zip(np.ravel(P), np.ravel(T), strict=True))


def probabilities(U):
    return np.exp(U) / np.exp(U).sum(axis=-1, keepdims=True)


def yes_or_no(P, T):
    return -sum(t * np.log(p) + (1 - t) * np.log(1 - p) for p, t in zip(np.ravel(P), np.ravel(T), strict=True))


def bent(Y, T):
    pairs = [abs(y - t) for y, t in zip(np.ravel(Y), np.ravel(T), strict=True)]
    return sum(d * d / 2 if d <= 1 else d - 0.5 for d in pairs)


def divergence(P, T):
    return sum(t * (np.log(t) - np.log(p)) for p, t in zip(np.ravel(P), np.ravel(T), strict=True) if t)


def logistic(U):
    return 1 / (1 + np.exp(-U))


CASES = {
    "squared_error": (losses.squared_error, Y, T, squared, lambda y, t: y - t),
    "cross_entropy, one-hot": (losses.cross_entropy, P, ONE_HOT, entropy, lambda y, t: -t / y),
    "cross_entropy, soft": (losses.cross_entropy, P, SOFT, entropy, lambda y, t: -t / y),
    "softmax_cross_entropy, one-hot": (
        *(losses.softmax_cross_entropy, Y, ONE_HOT),
        *(lambda u, t: entropy(probabilities(u), t), lambda u, t: probabilities(u) - t),
    ),
    "softmax_cross_entropy, soft": (
        *(losses.softmax_cross_entropy, Y, SOFT),
        *(lambda u, t: entropy(probabilities(u), t), lambda u, t: probabilities(u) - t),
    ),
    "softmax_cross_entropy, labels": (
        *(losses.softmax_cross_entropy, Y, LABELS),
        *(lambda u, t: entropy(probabilities(u), ONE_HOT), lambda u, t: probabilities(u) - ONE_HOT),
    ),
    "absolute_error": (
        *(losses.absolute_error, Y, T),
        *(lambda y, t: sum(abs(a - b) for a, b in zip(y.ravel(), t.ravel(), strict=True)), lambda y, t: np.sign(y - t)),
    ),
    "huber": (losses.huber, Y, T, bent, lambda y, t: np.clip(y - t, -1, 1)),
    "binary_cross_entropy": (losses.binary_cross_entropy, P, SOFT, yes_or_no, lambda y, t: (1 - t) / (1 - y) - t / y),
    "binary_cross_entropy, truth": (
        *(losses.binary_cross_entropy, P, ONE_HOT, yes_or_no, lambda y, t: (1 - t) / (1 - y) - t / y),
    ),
    "sigmoid_cross_entropy": (
        *(losses.sigmoid_cross_entropy, Y, SOFT, lambda u, t: yes_or_no(logistic(u), t), lambda u, t: logistic(u) - t),
    ),
    "kl_divergence": (losses.kl_divergence, P, SOFT, divergence, lambda y, t: -t / y),
    "hinge": (
        *(losses.hinge, Y, SIGNS),
        *(
            lambda y, t: sum(max(0, 1 - b * a) for a, b in zip(y.ravel(), t.ravel(), strict=True)),
            lambda y, t: np.where(t * y < 1, -t, 0),
        ),
    ),
}
cases = pytest.mark.parametrize(("loss", "y", "t", "value", "slope"), CASES.values(), ids=CASES)


@cases
def test_value_and_gradient(loss, y, t, value, slope):
    x = leaf(y)
    E = loss(x, t)
    E.backward()
    assert E.shape == ()
    np.testing.assert_allclose(E.data, value(y, t), rtol=1e-13)
    np.testing.assert_allclose(x.grad.data, slope(y, t), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(loss(x, Tensor(t)).data, E.data)


@cases
def test_gradcheck(loss, y, t, value, slope):
    assert gradcheck(lambda x: loss(x, t), y)
    assert gradcheck(lambda x: loss(x, t, reduction="mean"), y)
    if t.dtype.kind == "f" and loss is not losses.hinge:  # whose targets are −1 and 1, and cannot be moved
        assert gradcheck(loss, y, t)
    assert gradcheck(lambda x: (grad(lambda x: loss(x, t))(x) * T).sum(), y)


@cases
def test_mean_divides_by_the_batch(loss, y, t, value, slope):
    """By the number of samples, not of elements, so that δ is that of one sample, whatever the batch."""
    total, mean = loss(leaf(y), t, "sum"), loss(leaf(y), t, reduction="mean")
    np.testing.assert_allclose(mean.data, total.data / 5)


@cases
def test_rows_are_samples_and_all_axes_before_the_last_are_batch(loss, y, t, value, slope):
    y, t = np.stack([y, y, y, y]), np.stack([t, t, t, t])
    E = loss(leaf(y), t, "mean")
    np.testing.assert_allclose(E.data, loss(leaf(y[0]), t[0], "mean").data)


@cases
def test_one_sample(loss, y, t, value, slope):
    E = loss(leaf(y[0]), t[0])
    np.testing.assert_allclose(E.data, loss(leaf(y[:1]), t[:1]).data)
    np.testing.assert_allclose(loss(leaf(y[0]), t[0], "mean").data, E.data)


@cases
@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_small_dtypes_stay(loss, y, t, value, slope, kind):
    x = leaf(y.astype(kind))
    t = t if t.dtype.kind == "i" else t.astype(kind)
    for reduction in ("sum", "mean"):
        x.grad = None
        E = loss(x, t, reduction)
        E.backward()
        assert (E.dtype, x.grad.dtype) == (kind, kind)
    np.testing.assert_allclose(5 * x.grad.data, slope(y, t.astype(float)), rtol=0.02, atol=0.02)


@cases
def test_on_arrays_alone(loss, y, t, value, slope):
    np.testing.assert_allclose(loss(y, t), value(y, t), rtol=1e-13)


@cases
def test_weights_multiply_the_loss_of_each_row(loss, y, t, value, slope):
    x = leaf(y)
    E = loss(x, t, weights=WEIGHTS)
    E.backward()
    each = (
        [w * value(y[i : i + 1], t[i : i + 1]) for i, w in enumerate(WEIGHTS)]
        if t.ndim > 1
        else [w * loss(y[i : i + 1], t[i : i + 1]) for i, w in enumerate(WEIGHTS)]
    )
    np.testing.assert_allclose(E.data, sum(each), rtol=1e-12)
    np.testing.assert_allclose(x.grad.data, WEIGHTS[:, None] * slope(y, t), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(loss(x, t, "mean", WEIGHTS).data, E.data / 5, rtol=1e-13)
    assert loss(leaf(y.astype(np.float32)), t, weights=WEIGHTS).dtype == (np.float32 if t.dtype.kind == "i" else float)
    if t.ndim > 1:
        np.testing.assert_allclose(loss(y, t, weights=np.ones((5, 1)) * WEIGHTS[:, None] * np.ones(3)), E.data)


@cases
@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_compiled(loss, y, t, value, slope, backend, weights):
    """Both backends give what the engine gives, of other values than those that the code was made from, too."""
    x = leaf(y)

    def step(x, t):
        E = loss(x, t, "mean", weights)
        return E, grad(lambda x: loss(x, t, "mean", weights))(x)

    compiled = compile(step, backend=backend)
    for y_now, t_now in ((y, t), (y[::-1].copy(), t[::-1].copy())):
        E, g = compiled(y_now, t_now)
        x = leaf(y_now)
        wanted = loss(x, t_now, "mean", weights)
        wanted.backward()
        np.testing.assert_allclose(np.asarray(E), wanted.data, rtol=1e-12)
        np.testing.assert_allclose(np.asarray(g), x.grad.data, rtol=1e-11, atol=1e-13)


def test_singular_points():
    """Slopes where a definition bends, or ends: 0 where an error is 0, and the side's own where two parts meet."""
    x = leaf([[0.0, 1.0, -1.0, 3.0]])
    losses.absolute_error(x, np.zeros((1, 4))).backward()
    np.testing.assert_array_equal(x.grad.data, [[0, 1, -1, 1]])
    x = leaf([[0.0, 2.0, -2.0, 3.0]])
    E = losses.huber(x, np.zeros((1, 4)), delta=2.0)
    E.backward()
    np.testing.assert_array_equal(x.grad.data, [[0, 2, -2, 2]])
    assert E.item() == 0 + 2 + 2 + 4
    x = leaf([[1.0, 0.5, -1.0]])
    losses.hinge(x, np.array([[1.0, 1.0, -1.0]])).backward()
    np.testing.assert_array_equal(x.grad.data, [[0, -1, 0]])
    x = leaf([[0.0, 1000.0, -1000.0, 1000.0, -1000.0]])
    E = losses.sigmoid_cross_entropy(x, np.array([[0.5, 1.0, 0.0, 0.0, 1.0]]))
    E.backward()
    np.testing.assert_allclose(E.data, np.log(2) + 2000)
    np.testing.assert_array_equal(x.grad.data, [[0, 0, 0, 1, -1]])
    x = leaf([[0.25, 0.75]])
    E = losses.kl_divergence(x, np.array([[0.0, 1.0]]))  # 0 log 0 is 0
    E.backward()
    np.testing.assert_allclose(E.data, -np.log(0.75))
    np.testing.assert_allclose(x.grad.data, [[0, -4 / 3]])


def test_a_probability_at_the_end_is_told():
    y = leaf([[1.0, 0.3]])
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match=r"not between 0 and 1.*sigmoid_cross_entropy"):
        losses.binary_cross_entropy(y, [[1.0, 0.0]])
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="kl_divergence: y.* not positive"):
        losses.kl_divergence(leaf([[0.0, 1.0]]), [[0.5, 0.5]])
    with pytest.warns(RuntimeWarning, match="the sigmoid is taken twice.*'identity'"):
        losses.sigmoid_cross_entropy(sigmoid(y), [[1.0, 0.0]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: losses.hinge(leaf(Y), ONE_HOT), ValueError, r"hinge: t must hold −1 and 1 alone; write 2.0 \* t - 1"),
        (lambda: losses.hinge(leaf(Y), T), ValueError, "must hold −1 and 1 alone$"),
        (lambda: losses.huber(leaf(Y), T, delta=0), ValueError, "delta must be positive"),
        (lambda: losses.huber(leaf(Y), T, delta=-1), ValueError, "delta must be a finite number, 0 or more, not -1"),
        (lambda: losses.absolute_error(leaf(Y), T[:, 0]), ValueError, r"y is \(5, 3\), t is \(5,\)"),
        (lambda: losses.sigmoid_cross_entropy(leaf(Y), LABELS), ValueError, r"one_hot\(t, 3\)"),
        (
            lambda: losses.huber(leaf(Y), T, weights=[1.0, 2.0]),
            ValueError,
            r"huber: weights are \(2,\).*for each row, \(5,\)",
        ),
        (lambda: losses.squared_error(leaf(Y), T, weights=["a"] * 5), TypeError, "weights must be numbers, not <U1"),
        (
            lambda: losses.softmax_cross_entropy(leaf(Y), LABELS, weights=np.ones((5, 3))),
            *(ValueError, r"of class numbers, weights are one for each row, \(5,\)"),
        ),
    ],
)
def test_wrong_input_is_told_so(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("loss", "output", "delta"),
    [
        (losses.binary_cross_entropy, sigmoid, "Y₁ − T"),
        (losses.sigmoid_cross_entropy, lambda u: u, "σ(Y₁) − T"),
        (losses.absolute_error, lambda u: u, "sign(Y₁ − T)"),
        (losses.huber, lambda u: u, "where(|Y₁ − T| ≤ 1, Y₁ − T, sign(Y₁ − T))"),
        (losses.kl_divergence, softmax, "Y₁ ⊙ Σₖ tₖ − T = Y₁ − T if Σ T = 1, as in this T"),
    ],
)
def test_the_delta_that_is_derived(loss, output, delta):
    X, W = Tensor(rng.normal(size=(5, 4)), name="X"), Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W1")
    derivation = derive(loss(output(X @ W), Tensor(SOFT, name="T")))
    assert str(derivation).splitlines()[0] == f"δ₁ = ∂E/∂U₁ = {delta}"
    assert max(row.difference for row in derivation.check()) < 1e-6


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, np.uint64, np.bool_, np.float32])
@pytest.mark.parametrize("loss", [x for x, *_ in CASES.values() if x is not losses.hinge])
def test_targets_of_any_dtype(loss, kind):
    """A one-hot target means the same as unsigned bytes or truth values."""
    x, exact = leaf(P), leaf(P)
    E = loss(x, ONE_HOT.astype(kind))
    wanted = loss(exact, ONE_HOT)
    E.backward()
    wanted.backward()
    np.testing.assert_allclose(E.data, wanted.data, rtol=1e-14)
    np.testing.assert_allclose(x.grad.data, exact.grad.data, rtol=1e-14)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, np.uint64])
def test_labels_of_any_integer_dtype(kind):
    np.testing.assert_allclose(
        losses.softmax_cross_entropy(leaf(Y), LABELS.astype(kind)).data,
        losses.softmax_cross_entropy(leaf(Y), ONE_HOT).data,
    )


def test_targets_may_be_lists():
    assert losses.squared_error(leaf([1.0, 3.0]), [0.0, 1.0]).item() == 2.5
    np.testing.assert_allclose(losses.softmax_cross_entropy(leaf([[0.0, 0.0]]), [1]).data, np.log(2))
    np.testing.assert_allclose(losses.softmax_cross_entropy(leaf([[0.0, 0.0]]), [[0.5, 0.5]]).data, np.log(2))
    np.testing.assert_allclose(losses.cross_entropy(leaf([[0.5, 0.5]]), [[1, 0]]).data, np.log(2))


def test_the_textbooks_delta_of_softmax_with_cross_entropy():
    """δ = y Σ t − t, which is y − t where the targets of a row sum to 1, and is not where they do not."""
    for t in (ONE_HOT, SOFT, 2 * SOFT, T):
        literal, fused = leaf(Y), leaf(Y)
        losses.cross_entropy(softmax(literal), t).backward()
        losses.softmax_cross_entropy(fused, t).backward()
        delta = probabilities(Y) * t.sum(axis=1, keepdims=True) - t
        np.testing.assert_allclose(literal.grad.data, delta, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(fused.grad.data, delta, rtol=1e-12, atol=1e-14)


# Far out


@pytest.mark.parametrize("far", [40.0, 1000.0, 1e4])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("labels", [False, True])
def test_softmax_cross_entropy_is_exact_at_any_logits(far, kind, labels):
    """Right and wrong with certainty: E is 0 and 2 · far. NumPy's warnings would be errors here."""
    u = leaf(np.array([[far, -far], [far, -far]], kind))
    E = losses.softmax_cross_entropy(u, np.array([0, 1]) if labels else np.eye(2, dtype=kind))
    E.backward()
    np.testing.assert_allclose(E.data, 2 * far, rtol=1e-3)
    np.testing.assert_allclose(u.grad.data, [[0, 0], [1, -1]], atol=1e-6)


@pytest.mark.parametrize("t", [[0, 2], [[1.0, 0, 0], [0, 0, 1.0]]])
def test_softmax_cross_entropy_of_a_class_that_is_ruled_out(t):
    """A logit of −∞ has probability 0, and where its target is 0 too it counts for nothing: 0 log 0 = 0."""
    u = leaf(np.array([[0.0, -np.inf, 1.0], [0.0, -np.inf, 1.0]]))
    E = losses.softmax_cross_entropy(u, np.array(t))
    E.backward()
    y = np.array([1, 0, np.e]) / (1 + np.e)
    np.testing.assert_allclose(E.data, -np.log(y[0] * y[2]))
    np.testing.assert_allclose(u.grad.data, [y - [1, 0, 0], y - [0, 0, 1]], atol=1e-15)


def test_cross_entropy_warns_where_the_logarithm_is_infinite():
    y = np.array([[1.0, 0.0]])
    with pytest.warns(RuntimeWarning) as caught, np.errstate(all="ignore"):
        losses.cross_entropy(leaf(y), [[0.0, 1.0]])
    assert "use softmax_cross_entropy(u, t)" in str(caught[0].message)
    assert caught[0].filename == __file__
    for bad in (-0.1, np.nan):
        with pytest.warns(RuntimeWarning, match="not positive"), np.errstate(all="ignore"):
            losses.cross_entropy(leaf([[1.0, bad]]), [[0.0, 1.0]])


def test_log_softmax_and_softmax_agree_where_both_are_exact():
    np.testing.assert_allclose(log_softmax(Y), np.log(softmax(Y)), rtol=1e-13)


# Refused


@pytest.mark.parametrize("loss", [losses.squared_error, losses.cross_entropy])
@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 1), (4,)), ((4, 3), (3,)), ((4, 3), ()), ((2, 3), (3, 2))])
def test_shapes_must_be_one(loss, shapes):
    """(n,) against (n, 1) would broadcast to (n, n), and teach the network the mean of all targets."""
    y, t = (np.ones(shape) for shape in shapes)
    with pytest.raises(ValueError, match="y and t must have one shape, since broadcasting would mix the samples") as e:
        loss(leaf(y), t)
    assert f"y is {shapes[0]}, t is {shapes[1]}" in str(e.value)


@pytest.mark.parametrize(
    ("u", "t", "error", "message"),
    [
        (Y, LABELS[:, None], ValueError, r"wanted targets of shape \(5, 3\), or an integer label for each row"),
        (Y, LABELS.astype(float), ValueError, r"u is \(5, 3\), t is \(5,\) \(t holds float64"),
        (Y, ONE_HOT[:4], ValueError, r"t is \(4, 3\) \(t holds float64"),
        (Y, LABELS[:4], ValueError, r"t is \(4,\) \(t holds int64"),
        (Y, ONE_HOT.T, ValueError, r"t is \(3, 5\) \(t holds float64"),
        (Y, LABELS + 1, IndexError, "labels must be 0 to 2, the columns of u; they are 1 to 3"),
        (Y, LABELS - 1, IndexError, "they are -1 to 1"),
        (Y, LABELS > 0, ValueError, r"t is \(5,\) \(t holds bool"),
        (1.0, 0, ValueError, "scalar|axis|axes"),
    ],
)
def test_targets_of_softmax_cross_entropy(u, t, error, message):
    with pytest.raises(error, match=message):
        losses.softmax_cross_entropy(leaf(u), t)


@pytest.mark.parametrize("reduction", ["none", None, "Mean", 1])
@cases
def test_reductions(loss, y, t, value, slope, reduction):
    with pytest.raises(ValueError, match='reduction must be "sum" or "mean", not'):
        loss(leaf(y), t, reduction)


@pytest.mark.parametrize("loss", [losses.squared_error, losses.softmax_cross_entropy])
def test_an_empty_batch(loss):
    """Its sum is 0; its mean is none, and NumPy warns of that as it does for np.mean([])."""
    x = leaf(np.ones((0, 3)))
    E = loss(x, np.ones((0, 3)))
    E.backward()
    assert E.item() == 0
    assert x.grad.shape == (0, 3)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        loss(x, np.ones((0, 3)), "mean")
