"""Kinds of data, class weights and metrics that ``fit`` takes, against the same by hand."""

import copy

import numpy as np
import pytest

from minigrad import data, losses, metrics, nn
from minigrad.optim import SGD
from minigrad.training import fit
from tests.training_by_hand import T, X, by_hand, draws, line, sum_of_squares

LABELS = draws.integers(0, 3, 12)
TRUTH = draws.integers(0, 2, 12)


def train(samples, *, model=None, loss=sum_of_squares, lr=0.01, epochs=3, **more):
    model = model or line()
    return model, fit(model, loss, SGD(model.parameters(), lr), samples, epochs, progress=False, **more)


# Batches that come from elsewhere


class Loader:
    """As DataLoaders are: gone through once an epoch, it knows how many batches there are."""

    def __init__(self, size, pairs=True):
        self.size, self.rounds = size, 0

    def __len__(self):
        return -(-len(X) // self.size)

    def __iter__(self):
        self.rounds += 1
        return data.batches(X, T, self.size)


def generate():
    yield from data.batches(X, T, 5)


@pytest.mark.parametrize("kind", ["loader", "function", "lists"])
@pytest.mark.parametrize("compile", [False, True], ids=["eager", "compiled"])
def test_batches_of_a_loader_by_hand(kind, compile):
    class Lists(Loader):
        def __iter__(self):
            return ([x.tolist(), t.tolist()] for x, t in super().__iter__())

    samples = {"loader": Loader(5), "function": generate, "lists": Lists(5)}[kind]
    W, b, curve = by_hand(line(), 3, 5, 0.01)
    model, history = train(samples, validation=Loader(4), compile=compile)
    np.testing.assert_allclose(model.W.data, W)
    np.testing.assert_allclose(history.loss, curve)
    np.testing.assert_allclose(history.validation_loss[-1], 0.5 * ((X @ W + b - T) ** 2).sum() / 12)
    if kind == "loader":
        assert samples.rounds == 3


class Odd(Loader):
    """A loader of 3 batches of which one is odd, in a certain round alone if that is said."""

    def __init__(self, number, odd, only=None):
        super().__init__(4)
        self.number, self.odd, self.only = number, odd, only

    def __iter__(self):
        for i, batch in enumerate(super().__iter__(), 1):
            yield self.odd if i == self.number and self.only in (None, self.rounds) else batch


@pytest.mark.parametrize("compile", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize(
    ("samples", "validation", "updates", "message"),
    [
        (Odd(1, (X[:, :2], T)), None, 0, r"batch 1 of data in epoch 1, x \(12, 2\) and t \(12, 2\): .*\(3, 2\)"),
        (Odd(3, (X[:1, :2], T[:1])), None, 2, r"batch 3 of data in epoch 1, x \(1, 2\) and t \(1, 2\): "),
        (Odd(2, (X, T[:, :1].repeat(5, 1)), 2), None, 4, r"batch 2 of data in epoch 2, .* t \(12, 5\): "),
        ((X, T), Odd(1, (X[:, :2], T)), 0, r"validation does not fit; .*\(12, 2\) .* nothing has been trained"),
        (Loader(5), Odd(1, (X[:, :2], T)), 0, r"validation does not fit; .* those of data \(5, 3\) and \(5, 2\)"),
        (Loader(6), Odd(2, (X[:, :2], T)), 2, r"batch 2 of validation in epoch 1, x \(12, 2\) and t \(12, 2\): "),
    ],
)
def test_a_batch_that_does_not_fit_is_named_before_it_moves_anything(samples, validation, updates, message, compile):
    samples, validation = copy.deepcopy((samples, validation))
    model, counted = line(), []
    sgd = SGD(model.parameters(), 0.01)
    with pytest.raises(ValueError, match=message):
        fit(model, losses.squared_error, sgd, samples, 3, progress=False, validation=validation, compile=compile,
            callbacks=[Each(counted)])  # fmt: skip
    assert len(counted) == updates


class Each:
    """Counts updates."""

    def __init__(self, counted):
        self.counted = counted

    def on_batch_end(self, training):
        self.counted.append(training.batch)


def test_the_batch_that_was_looked_at_first_is_not_dealt_twice():
    dealt = []

    def deal():
        for batch in data.batches(X, T, 4):
            dealt.append(len(batch[0]))
            yield batch

    train(deal, validation=(X, T), epochs=2)
    assert dealt == [4] * 6


def test_a_loader_of_pytorch():
    torch = pytest.importorskip("torch")
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(T))
    loader = torch.utils.data.DataLoader(pairs, batch_size=5)
    W, b, curve = by_hand(line(), 3, 5, 0.01)
    model, history = train(loader, validation=torch.utils.data.DataLoader(pairs, batch_size=4))
    np.testing.assert_allclose(model.W.data, W)
    np.testing.assert_allclose(history.loss, curve)
    np.testing.assert_allclose(history.validation_loss[-1], 0.5 * ((X @ W + b - T) ** 2).sum() / 12)


def test_a_loader_of_classes_has_an_accuracy():
    T = data.one_hot(LABELS, 3)

    class Classes(Loader):
        def __iter__(self):
            return data.batches(X, T, 5)

    model = nn.MLP([3, 4, 3], rng=0)
    expected = (model(X).data.argmax(axis=1) == LABELS).mean()
    _, history = train(Classes(5), model=model, loss=losses.cross_entropy, lr=0.0, epochs=1)
    np.testing.assert_allclose(history.accuracy, [expected])


class Column:
    """The type of a table's column, as pandas has it."""

    def __init__(self, kind):
        self.kind = kind


class Table:
    """As a DataFrame of pandas' is: an array of its columns, which have names and types."""

    def __init__(self, array, columns, dtypes):
        self.array, self.columns, self.dtypes = array, columns, dtypes
        self.shape = array.shape

    def __array__(self, dtype=None, copy=None):
        return self.array

    def __len__(self):
        return len(self.array)

    def __iter__(self):
        return iter(self.columns)


def test_tables_are_arrays():
    W, _, curve = by_hand(line(), 3, None, 0.01)
    names, kinds = ["a", "b", "c"], [Column("f")] * 3
    model, history = train((Table(X, names, kinds), Table(T, names[:2], kinds[:2])))
    np.testing.assert_allclose(model.W.data, W)
    np.testing.assert_allclose(history.loss, curve)
    text = X.astype(object)
    text[:, 1] = "red"
    with pytest.raises(TypeError, match=r"X of data is a table whose column 'b' holds no plain numbers; leave it out"):
        train((Table(text, names, [Column("f"), Column("O"), Column("f")]), T))


def test_tables_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abc"))
    W, _, curve = by_hand(line(), 3, None, 0.01)
    model, history = train((frame, pandas.DataFrame(T)))
    np.testing.assert_allclose(model.W.data, W)
    np.testing.assert_allclose(history.loss, curve)
    _, history = train((frame, pandas.Series(LABELS)), model=nn.MLP([3, 3], output="identity", rng=0),
                       loss=losses.softmax_cross_entropy)  # fmt: skip
    assert None not in history.accuracy
    with pytest.raises(TypeError, match="column 'd' holds no plain numbers"):
        train((frame.assign(d="red"), T))


@pytest.mark.parametrize(
    ("samples", "more", "error", "message"),
    [
        (generate(), {}, TypeError, "is a generator, which is used up.*Or give a function that makes a new one"),
        (lambda: 3, {}, TypeError, r"data\(\) gave the int 3; wanted a generator of pairs"),
        (lambda: iter(()), {}, ValueError, "data gave no batch"),
        (lambda: iter([X]), {}, TypeError, r"batch 1 of data is a ndarray; wanted a pair \(x, t\)"),
        (
            lambda: iter([(X, T[:3])]),
            {},
            ValueError,
            r"in batch 1 of data, x and t must hold the same .*\(3, 2\)",
        ),
        (lambda: iter([(X, T), (X, T.astype(str))]), {}, TypeError, "t of batch 2 of data holds <U"),
        (Loader(5), {"batch_size": 3}, ValueError, "batch_size= deals arrays; data is a Loader, which gives batches"),
        (Loader(5), {"validation": iter([(X, T)])}, TypeError, "validation is a list_iterator, which is used up"),
    ],
)
def test_what_gives_no_batches_is_told(samples, more, error, message):
    with pytest.raises(error, match=message):
        train(samples, **more)


# Class weights


@pytest.mark.parametrize("kind", ["one-hot", "labels"])
@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
@pytest.mark.parametrize("compile", [False, "numpy", "native"], ids=["eager", "numpy", "native"])
def test_class_weights_by_hand(kind, mean, compile):
    targets = data.one_hot(LABELS, 3)
    weights = {0: 0.5, 2: 3.0}
    model = nn.Linear(3, 3, 0)
    W, b, curve = model.W.data.copy(), model.b.data.copy(), []
    w = np.array([weights.get(k, 1.0) for k in LABELS])[:, None]
    for _ in range(4):
        u = X @ W + b
        y = np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
        curve.append(-(w * targets * np.log(y)).sum() / 12)
        delta = w * (y - targets) / (12 if mean else 1)
        W, b = W - 0.1 * X.T @ delta, b - 0.1 * delta.sum(axis=0)

    def loss(u, t, weights=None):
        return losses.softmax_cross_entropy(u, t, "mean" if mean else "sum", weights)

    samples = X, targets if kind == "one-hot" else LABELS
    model, history = train(samples, model=model, loss=loss, lr=0.1, epochs=4, class_weight=weights, compile=compile,
                           validation=samples)  # fmt: skip
    np.testing.assert_allclose(model.W.data, W, rtol=1e-11)
    np.testing.assert_allclose(history.loss, curve, rtol=1e-12)
    u = X @ W + b
    y = np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(history.validation_loss[-1], -(targets * np.log(y)).sum() / 12)  # without weights


def test_balanced_classes_count_alike():
    labels = np.array([0] * 8 + [2] * 3 + [1])
    one, other = nn.Linear(3, 3, 0), nn.Linear(3, 3, 0)
    train((X, labels), model=one, loss=losses.softmax_cross_entropy, class_weight="balanced")
    weights = {0: 12 / 3 / 8, 1: 12 / 3 / 1, 2: 12 / 3 / 3}
    train((X, labels), model=other, loss=losses.softmax_cross_entropy, class_weight=weights)
    np.testing.assert_allclose(one.W.data, other.W.data, rtol=1e-14)


def test_one_output_of_two_classes_is_weighed():
    model = nn.Linear(3, 1, 0)
    W, b = model.W.data.copy(), model.b.data.copy()
    column = TRUTH[:, None].astype(float)
    for _ in range(3):
        delta = np.where(column == 1, 4.0, 1.0) * (1 / (1 + np.exp(-X @ W - b)) - column)
        W, b = W - 0.01 * X.T @ delta, b - 0.01 * delta.sum(axis=0)
    train((X, column), model=model, loss=losses.sigmoid_cross_entropy, class_weight={1: 4.0})
    np.testing.assert_allclose(model.W.data, W, rtol=1e-12)


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        (
            {"class_weight": [1, 2]},
            TypeError,
            "must be a dict of classes, or 'balanced', not a list; write",
        ),
        ({"class_weight": {}}, ValueError, "class_weight is empty"),
        ({"class_weight": {"a": 1}}, TypeError, "has the class 'a'; classes are numbers from 0 up"),
        ({"class_weight": {0: -1}}, ValueError, r"class_weight\[0\] must be a finite number, 0 or more"),
        ({"class_weight": {7: 1}}, ValueError, "class_weight has the class 7, and the targets have 0 to 2"),
        (
            {"class_weight": {0: 1}, "loss": lambda y, t: y.sum()},
            TypeError,
            "takes no weights=; those of minigrad",
        ),
        ({"class_weight": {0: 1}, "samples": (X, T)}, ValueError, "needs targets that are classes, .* not float64"),
        ({"class_weight": "balanced", "samples": Loader(3)}, ValueError, "'balanced' counts all targets, and a loader"),
        ({"metrics": 3}, TypeError, "metrics must be a list or a dict of functions, not the int 3"),
        (
            {"metrics": ["acuracy"]},
            TypeError,
            r"the metric .acuracy. is a name, .* write metrics=.minigrad.metrics.accuracy.",
        ),
        ({"metrics": {"loss": metrics.accuracy}}, ValueError, "cannot be called 'loss'"),
        ({"metrics": [metrics.accuracy, metrics.accuracy]}, ValueError, "two metrics have one name"),
    ],
)
def test_wrong_weights_and_metrics_are_told_before_the_first_epoch(more, error, message):
    given = {"samples": (X, LABELS), "loss": losses.softmax_cross_entropy} | more
    model = nn.Linear(3, 3, 0)
    before = model.W.data.copy()
    with pytest.raises(error, match=message):
        train(given.pop("samples"), model=model, **given)
    np.testing.assert_array_equal(model.W.data, before)


# Metrics


@pytest.mark.parametrize("compile", [False, True], ids=["eager", "compiled"])
def test_metrics_are_of_whole_epochs(compile):
    model = nn.MLP([3, 4, 3], rng=0)
    y = model(X).data

    def worst(y, t):
        return abs(y - data.one_hot(t, 3)).max()

    _, history = train(
        (X, LABELS), model=model, loss=lambda y, t: losses.cross_entropy(y, data.one_hot(t, 3)), lr=0.0, epochs=2,
        batch_size=5, validation=(X[:7], LABELS[:7]), metrics=[metrics.confusion_matrix, worst], rng=1, compile=False,
    )  # fmt: skip
    assert set(history.metrics) == {
        "confusion_matrix", "worst", "validation_confusion_matrix", "validation_worst"
    }  # fmt: skip
    np.testing.assert_array_equal(history.metrics["confusion_matrix"][1], metrics.confusion_matrix(y, LABELS))
    np.testing.assert_allclose(history.values("worst"), [worst(y, LABELS)] * 2)
    np.testing.assert_allclose(history.values("validation_worst"), [worst(y[:7], LABELS[:7])] * 2)


@pytest.mark.parametrize("column", [False, True], ids=["vector", "column"])
@pytest.mark.parametrize("kind", [float, int, bool])
@pytest.mark.parametrize("compile", [False, True], ids=["eager", "compiled"])
def test_accuracy_of_one_sigmoid(column, kind, compile):
    """On probabilities and on logits; of a plain number it is not known to be a yes or no."""
    targets = TRUTH.astype(kind)[:, None]
    samples = (X, targets)
    probable = nn.MLP([3, 4, 1], output="sigmoid", rng=0)
    logits = nn.MLP([3, 4, 1], output="identity", rng=0)
    if column:
        expected = ((probable(X).data > 0.5) == (targets == 1)).mean()
    else:
        probable, logits = ((lambda x, model=model: model(x)[:, 0]) for model in (probable, logits))
        samples = (X, targets[:, 0])
        expected = ((probable(X).data > 0.5) == (targets[:, 0] == 1)).mean()
    for model, loss in ((probable, losses.binary_cross_entropy), (logits, losses.sigmoid_cross_entropy)):
        w = getattr(model, "parameters", lambda model=model: model.__defaults__[0].parameters())()
        history = fit(model, loss, SGD(w, 0.0), samples, 1, 5, samples, progress=False, compile=compile)
        np.testing.assert_allclose([*history.accuracy, *history.validation_accuracy], [expected] * 2)
    assert 0 < expected < 1


def test_a_sigmoid_that_ends_the_model_is_enough():
    model = nn.MLP([3, 4, 1], output="sigmoid", rng=0)
    _, history = train((X, TRUTH[:, None]), model=model, loss=sum_of_squares, lr=0.0, epochs=1)
    np.testing.assert_allclose(history.accuracy, [((model(X).data[:, 0] > 0.5) == TRUTH).mean()])
