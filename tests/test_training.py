"""The training loop against the same epochs written out in NumPy, and its ways out."""

import sys
import tomllib
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from minigrad.data import batches, one_hot
from minigrad.engine.tensor import Tensor
from minigrad.extras import PACKAGES, require
from minigrad.nn import MLP, Dropout, Linear, Sequential
from minigrad.optim import SGD, Adam
from minigrad.training import DivergenceError, History, fit
from tests.training_by_hand import T, X, by_hand, draws, line, sum_of_squares

matplotlib.use("Agg")
X_TEST, T_TEST = draws.normal(size=(7, 3)), draws.normal(size=(7, 2))
LABELS = draws.integers(0, 2, 12)


def mean_of_squares(y, t):
    return sum_of_squares(y, t) / len(t)


def log_loss(y, t):
    return -(t * np.log(y)).sum()


@pytest.mark.parametrize("size", [None, 1, 5], ids=["batch", "online", "mini-batch"])
@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
def test_epochs_by_hand(size, mean):
    model = line()
    W, b, curve = by_hand(model, 4, size, 0.01, mean, np.random.default_rng(3))
    loss = mean_of_squares if mean else sum_of_squares
    history = fit(model, loss, SGD(model.parameters(), 0.01), (X, T), 4, size, progress=False, rng=3)
    np.testing.assert_allclose(model.W.data, W)
    np.testing.assert_allclose(model.b.data, b)
    np.testing.assert_allclose(history.loss, curve)
    assert history.accuracy == history.validation_loss == history.validation_accuracy == [None] * 4
    assert len(history.seconds) == 4
    assert not history.interrupted


def test_a_loss_that_starts_at_zero_is_still_told_apart():
    """A batch of loss 0 says nothing of sum or mean; here only one of eight rows is off, by 4."""
    w = Tensor(1.0, requires_grad=True)
    x = np.arange(1.0, 9).reshape(8, 1)
    t = x + 4 * (x == 8)
    for loss in (sum_of_squares, mean_of_squares):
        for seed in range(4):
            history = fit(lambda x: x * w, loss, SGD([w], 0.0), (x, t), 1, 2, progress=False, rng=seed)
            np.testing.assert_allclose(history.loss, [1.0])


def test_validation_by_hand():
    model = line()
    W, b, _ = by_hand(model, 3, None, 0.01)
    history = fit(
        model, sum_of_squares, SGD(model.parameters(), 0.01), (X, T), 3, validation=(X_TEST, T_TEST), progress=False
    )
    np.testing.assert_allclose(history.validation_loss[-1], 0.5 * ((X_TEST @ W + b - T_TEST) ** 2).sum() / 7)
    assert len(history.validation_loss) == 3


def test_a_large_validation_set_is_measured_in_pieces():
    seen = []

    def watch(x):
        seen.append(len(x))
        return x

    model = Sequential(watch, line())
    x, t = np.tile(X, (200, 1)), np.tile(T, (200, 1))
    history = fit(model, mean_of_squares, SGD(model.parameters(), 0.0), (X, T), 1, validation=(x, t), progress=False)
    assert seen == [12, 1000, 1000, 400]
    np.testing.assert_allclose(history.validation_loss, history.loss)


def test_modes_gradients_and_what_is_left():
    seen = []

    def watch(x):
        seen.append((model.layers[1].training, x.requires_grad))
        return x

    first = line()
    model = Sequential(first, Dropout(0.5, 0), watch)
    fit(model, sum_of_squares, SGD(model.parameters(), 0.0), (X, T), 2, 6, validation=(X, T), progress=False)
    train, validate = (True, True), (False, False)
    assert seen == [train, train, validate] * 2
    model.train()
    fit(model, sum_of_squares, SGD(model.parameters(), 0.0), (X, T), 1, progress=False)
    assert seen[-1] == train
    assert not model.layers[1].training


def test_a_model_without_modes_or_parameters_method():
    w = Tensor(np.zeros((3, 2)), requires_grad=True)
    history = fit(lambda x: x @ w, sum_of_squares, SGD([w], 0.01), (X, T), 5, progress=False)
    assert history.loss[-1] < history.loss[0]


@pytest.mark.parametrize(
    ("targets", "loss"),
    [
        (one_hot(LABELS, 2), log_loss),
        (one_hot(LABELS, 2).astype(int), log_loss),
        (LABELS, lambda y, t: log_loss(y, one_hot(t, 2))),
    ],
    ids=["one-hot", "integer one-hot", "labels"],
)
@pytest.mark.parametrize("size", [None, 5])
def test_accuracy_of_classes(targets, loss, size):
    model = MLP([3, 4, 2], "tanh", rng=0)
    optimizer = SGD(model.parameters(), 0.0)
    expected = (model(X).data.argmax(axis=1) == LABELS).mean()
    history = fit(model, loss, optimizer, (X, targets), 1, size, (X[:5], targets[:5]), progress=False)
    np.testing.assert_allclose(history.accuracy, [expected])
    np.testing.assert_allclose(history.validation_accuracy, [(model(X[:5]).data.argmax(axis=1) == LABELS[:5]).mean()])
    assert 0 < expected < 1


@pytest.mark.parametrize(
    "targets",
    [T, LABELS[:, None], np.full((12, 2), 0.5), np.ones((12, 2))],
    ids=["real", "one column", "soft", "several labels"],
)
def test_no_accuracy_without_classes(targets):
    model = Linear(3, targets.shape[1], 0)
    history = fit(model, sum_of_squares, SGD(model.parameters(), 0.0), (X, targets), 1, progress=False)
    assert history.accuracy == [None]


def test_training_learns_xor():
    x, t = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0, 1, 1, 0])
    model = MLP([2, 8, 2], "tanh", rng=0)
    history = fit(
        model, lambda y, t: log_loss(y, one_hot(t, 2)), Adam(model.parameters(), 0.05), (x, t), 150, progress=False
    )
    assert history.accuracy[-1] == 1
    assert history.loss[-1] < 0.05


def test_a_seed_repeats_the_training_and_no_seed_does_not():
    def trained(rng):
        model = line()
        return fit(model, sum_of_squares, SGD(model.parameters(), 0.01), (X, T), 3, 1, progress=False, rng=rng).loss

    assert trained(1) == trained(1)
    assert trained(None) != trained(None)


# Divergence


def test_a_loss_that_is_not_finite_stops_before_the_update():
    model = line()
    x = X.copy()
    x[7] = np.nan
    W, b = model.W.data, model.b.data
    number = 0
    for part, t in batches(x, T, 4, np.random.default_rng(5)):
        number += 1
        if np.isnan(part).any():
            break
        delta = part @ W + b - t
        W, b = W - 0.01 * part.T @ delta, b - 0.01 * delta.sum(axis=0)
    assert number > 1
    with pytest.raises(FloatingPointError, match=rf"loss became nan in epoch 1, batch {number};.*smaller than 0.01"):
        fit(model, sum_of_squares, SGD(model.parameters(), 0.01), (x, T), 3, 4, progress=False, rng=5)
    np.testing.assert_allclose(model.W.data, W)
    np.testing.assert_allclose(model.b.data, b)


def test_a_divergence_tells_the_epoch_and_keeps_the_history():
    model = line()
    with np.errstate(over="ignore", invalid="ignore"), pytest.raises(DivergenceError) as caught:
        fit(model, sum_of_squares, SGD(model.parameters(), 1e60), (X, T), 20, progress=False)
    history = caught.value.history
    assert f"epoch {len(history.loss) + 1}, batch 1" in str(caught.value)
    assert history.loss
    assert np.isfinite(history.loss).all()
    assert all(np.isfinite(p.data).all() for p in model.parameters())


def test_a_gradient_that_is_not_finite_stops_before_the_update():
    w, v = Tensor([[0.0]], requires_grad=True, name="w"), Tensor([[1.0]], requires_grad=True)
    with np.errstate(divide="ignore"), pytest.raises(FloatingPointError, match="gradient of w became NaN or infinite"):
        fit(lambda x: np.sqrt(x @ w) + v, lambda y, t: y.sum(), SGD([v, w], 0.1), ([[1.0]], [[0.0]]), 1, progress=False)
    assert (w.item(), v.item()) == (0, 1)


# Bad arguments


def test_bad_arguments():
    model = line()
    optimizer = SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match="epochs must be 0 or more, not -1"):
        fit(model, sum_of_squares, optimizer, (X, T), -1)
    with pytest.raises(ValueError, match=r"loss must be one number, not of shape \(12, 2\)"):
        fit(model, lambda y, t: y - t, optimizer, (X, T), 1, progress=False)
    with pytest.raises(TypeError, match="must return Tensors, not Tensor and float"):
        fit(model, lambda y, t: 1.0, optimizer, (X, T), 1, progress=False)


def test_no_epochs_is_an_empty_history():
    model = line()
    assert fit(model, sum_of_squares, SGD(model.parameters(), 0.1), (X, T), 0, progress=False) == History()


# Extras


def test_the_bar_counts_epochs(capsys):
    model = line()
    fit(model, sum_of_squares, SGD(model.parameters(), 0.01), (X, T), 3)
    assert "3/3" in capsys.readouterr().err


def test_without_tqdm_one_warning_and_the_same_training(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    model, silent = line(), line()
    with pytest.warns(UserWarning, match="pip install tqdm") as caught:
        history = fit(model, sum_of_squares, SGD(model.parameters(), 0.01), (X, T), 5)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert history.loss == fit(silent, sum_of_squares, SGD(silent.parameters(), 0.01), (X, T), 5, progress=False).loss


def test_require_names_the_command():
    assert require("json", "all").loads("1") == 1
    with pytest.raises(ImportError, match=r"nowhere could not be imported.*pip install matplotlib") as caught:
        require("nowhere", "plot")
    assert caught.value.name == "nowhere"
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {extra: " ".join(packages) for extra, packages in project["optional-dependencies"].items()}
    assert {extra: extras[extra] for extra in PACKAGES} == PACKAGES
    assert project["name"] == "minigrad-derive"  # `minigrad` on the index is another project, never to be suggested


def plotted(history, ax=None):
    figures = require("matplotlib.pyplot", "plot")
    ax = history.plot(ax)
    curves = {line.get_label(): line.get_ydata() for axis in ax.figure.axes for line in axis.lines}
    figures.close("all")
    return curves, ax


def test_plot_draws_what_was_measured():
    full = History([3.0, 2.0], [0.5, 0.6], [3.5, 2.5], [0.4, 0.5], [0.1, 0.1])
    curves, ax = plotted(full)
    expected = {
        "training loss": [3, 2],
        "validation loss": [3.5, 2.5],
        "training accuracy": [0.5, 0.6],
        "validation accuracy": [0.4, 0.5],
    }
    np.testing.assert_equal(curves, {label: np.array(values) for label, values in expected.items()})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(expected)
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2])


def test_plot_leaves_out_what_was_not_measured():
    ax = require("matplotlib.pyplot", "plot").subplots()[1]
    curves, same = plotted(History([3.0, 2.0], [None] * 2, [None] * 2, [None] * 2, [0.1] * 2), ax)
    assert same is ax
    assert list(curves) == ["training loss"]


def test_plot_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        History([1.0], [None], [None], [None], [0.1]).plot()
