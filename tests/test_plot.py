"""Plots: what is drawn is what was computed otherwise, everything is left as it was, and wrong input is told so."""

from contextlib import nullcontext
from itertools import pairwise

import matplotlib
import numpy as np
import pytest

from minigrad import data, losses, nn, optim, plot
from minigrad.engine.tensor import Tensor
from minigrad.fonts import find_japanese
from minigrad.plot.surface import Surface, find_element, sample
from minigrad.plot.theme import JAPANESE, THEMES, list_fonts
from minigrad.plot.words import WORDS
from minigrad.training import History
from tests.training_by_hand import draws

matplotlib.use("Agg")
figures = pytest.importorskip("matplotlib.pyplot")
X = draws.normal(size=(20, 3))
LABELS = draws.integers(0, 3, 20)
T = data.one_hot(LABELS, 3)


@pytest.fixture(autouse=True)
def _closed():
    yield
    figures.close("all")


def bowl():
    """E = (w₁ − 1)² + 10 w₂², at (−2, 1)."""
    w1, w2 = (Tensor(x, requires_grad=True, name=name) for x, name in ((-2.0, "w₁"), (1.0, "w₂")))
    return w1, w2, lambda: (w1 - 1) ** 2 + 10 * w2**2


def without_fonts(lang):
    """Expect the warning of a language whose letters no font here has."""
    quiet = lang == "en" or find_japanese() or set(JAPANESE) & set(matplotlib.font_manager.get_font_names())
    return nullcontext() if quiet else pytest.warns(UserWarning, match="no font with Japanese letters is installed")


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize("recorded", [False, True], ids=["function", "record"])
def test_heights_and_path_by_hand(recorded):
    w1, w2, E = bowl()
    surface = Surface("landscape", E() if recorded else E)
    elements = find_element("landscape", 1, w1), find_element("landscape", 2, w2)
    a, b = np.linspace(-3, 3, 4), np.linspace(-1, 2, 5)
    np.testing.assert_allclose(sample(surface, elements, (a, b)), (a - 1) ** 2 + 10 * b[:, None] ** 2, rtol=1e-14)
    path = plot.descend(E() if recorded else E, w1, w2, optim.SGD([w1, w2], 0.02), 7)
    k = np.arange(8)
    np.testing.assert_allclose(path, np.stack([1 - 3 * 0.96**k, 0.6**k], axis=1), rtol=1e-12)
    assert (w1.item(), w2.item()) == (-2, 1)
    assert w1.grad is w2.grad is None


def test_a_landscape_of_two_weights_of_a_network_leaves_it_as_it_was():
    model = nn.MLP([3, 4, 3], rng=0)
    W = model.parameters()[0]
    E = losses.cross_entropy(model(X), T)
    E.backward()
    adam = optim.Adam(model.parameters(), 0.1)
    adam.step()
    E = losses.cross_entropy(model(X), T)
    arrays, gradients, state = (
        [p.data for p in model.parameters()],
        [p.grad for p in model.parameters()],
        adam.state_dict(),
    )
    copies = [array.copy() for array in arrays]
    ax = plot.landscape(E, W[0, 1], W[2, 3], paths=adam, steps=3, points=5)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("W₁[0, 1]", "W₁[2, 3]")
    assert all(p.data is array for p, array in zip(model.parameters(), arrays, strict=True))
    assert all(p.grad is g for p, g in zip(model.parameters(), gradients, strict=True))
    for array, kept in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, kept)
    for mine, kept in zip(adam.state_dict()["state"], state["state"], strict=True):
        np.testing.assert_equal(mine, kept)
    (path,) = lines(ax).values()
    E.backward()  # its record holds what it held
    for _ in range(3):  # the path is that of the optimizer itself
        adam.zero_grad()
        losses.cross_entropy(model(X), T).backward()
        adam.step()
    np.testing.assert_allclose(path[-1], [W.data[0, 1], W.data[2, 3]], rtol=1e-12)


def test_a_landscape_draws_several_paths_by_name_within_its_ranges():
    w1, w2, E = bowl()
    recorded = np.array([[-2.0, 1], [0, 0]])
    ax = plot.landscape(E, w1, w2, {"steep": optim.SGD([w1, w2], 0.01), "mine": recorded}, steps=5, points=4)
    found = lines(ax)
    assert list(found) == ["steep", "mine"]
    np.testing.assert_array_equal(found["mine"], recorded)
    for path in found.values():
        assert ((np.array(ax.get_xlim())[0] <= path[:, 0]) & (path[:, 0] <= ax.get_xlim()[1])).all()
    ax = plot.landscape(E, w1, w2, [optim.Adam([w1, w2], 0.1)], steps=2, points=3, ranges=((-3, 3), (0, 1)))
    assert (ax.get_xlim(), ax.get_ylim()) == ((-3, 3), (0, 1))
    assert list(lines(ax)) == ["Adam, η = 0.1"]


def test_a_path_that_runs_away_ends_where_it_was_finite():
    w1, w2, E = bowl()
    path = plot.descend(E, w1, w2, optim.SGD([w1, w2], 1e200), 50)
    assert np.isfinite(path).all()
    assert 1 < len(path) < 50


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize("lang", list(WORDS))
def test_each_plot_keeps_to_its_axes_in_each_theme_and_language(theme, lang):
    w1, w2, E = bowl()
    model, look = nn.MLP([3, 4, 4, 3], rng=1), {"theme": theme, "lang": lang}
    history = History([3.0, 2.0], [0.5, 0.6], [3.5, 2.5], [0.4, 0.5], [0.1, 0.1])
    plots = [
        lambda **k: plot.landscape(E, w1, w2, optim.SGD([w1, w2], 0.01), 3, points=4, **k),
        lambda **k: plot.decision_regions(model, X, LABELS, **k),
        lambda **k: plot.gradient_flow({0: [1e-4, 1e-2, 0.0], 5: [1e-3, 1e-1, 1.0]}, **k),
        lambda **k: plot.weight_histograms(model, **k),
        lambda **k: plot.confusion_matrix(model(X), LABELS, **k),
        lambda **k: plot.matrices({"W": model.parameters()[0]}, **k),
        lambda **k: plot.learning_curves(history, **k),
    ]
    for draw in plots:
        ax = figures.subplots()[1]
        with without_fonts(lang):
            assert draw(ax=ax, **look) is ax
            fresh = draw(**look)
        assert fresh is not ax
        assert matplotlib.colors.to_hex(fresh.figure.get_facecolor()) == THEMES[theme].paper
        assert matplotlib.colors.to_hex(fresh.xaxis.label.get_color()) == THEMES[theme].ink


def test_both_languages_say_the_same_things():
    assert WORDS["en"].keys() == WORDS["ja"].keys()
    with without_fonts("ja"):
        ax = plot.learning_curves(History([3.0], [None], [2.0], [None], [0.1]), lang="ja")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["訓練誤差", "検証誤差"]
    assert ax.get_xlabel() == "エポック"


def test_a_font_of_the_language_stands_behind_the_plain_one(monkeypatch):
    monkeypatch.setattr("matplotlib.font_manager.get_font_names", lambda: ["IPAexGothic", "Noto Sans CJK JP"])
    assert list_fonts("ja") == ["sans-serif", "Noto Sans CJK JP"]
    assert list_fonts("en") == ["sans-serif"]
    monkeypatch.setattr("matplotlib.font_manager.get_font_names", lambda: ["DejaVu Sans"])
    monkeypatch.setattr("minigrad.plot.theme.find_japanese", lambda: None)
    with pytest.warns(UserWarning, match="pip install matplotlib-fontja"):
        assert list_fonts("ja") == ["sans-serif"]
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # then the reader's fonts have the letters
        assert list_fonts("ja") == ["sans-serif"]


def test_regions_are_those_of_the_model():
    """Class 1 is x₁ > x₂ + 0.5; on the plane of columns 0 and 2 the middle column is held at its mean."""

    def model(x):
        return np.stack([x[:, 2] + 0.5, x[:, 0] + 0 * x[:, 1]], axis=1)

    T = (X[:, 0] > X[:, 2] + 0.5).astype(int)
    T[0] = 1 - T[0]
    ax = plot.decision_regions(model, X, T, (0, 2), ["a", "b"], ["p", "q", "r"])
    found = lines(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("p", "r")
    np.testing.assert_array_equal(found["a"], X[T == 0][:, [0, 2]])
    np.testing.assert_array_equal(found["b"], X[T == 1][:, [0, 2]])
    np.testing.assert_array_equal(found["wrong"], X[:1, [0, 2]])
    boundary = np.concatenate([p.vertices for c in ax.collections for p in c.get_paths() if not c.get_fill()])
    np.testing.assert_allclose(boundary[:, 0], boundary[:, 1] + 0.5, atol=1e-9)


def test_one_output_is_class_1_above_the_threshold():
    ax = plot.decision_regions(lambda x: x[:, :1] - x[:, 1:2], X[:, :2], (X[:, 0] > X[:, 1]).astype(int), threshold=0)
    assert list(lines(ax)) == ["class 0", "class 1"]  # and none is wrong


def test_deltas_by_hand():
    model = nn.MLP([3, 4, 3], hidden="tanh", rng=0)
    for p in model.parameters():
        p.grad = Tensor(np.ones(p.shape))
    W1, b1, W2, b2 = (p.data for p in model.parameters())
    y = np.tanh(X @ W1 + b1)
    u = np.exp(y @ W2 + b2)
    last = u / u.sum(axis=1, keepdims=True) - T
    first = last @ W2.T * (1 - y**2)
    expected = [np.sqrt((first**2).mean()), np.sqrt((last**2).mean())]
    np.testing.assert_allclose(plot.measure_deltas(model, losses.cross_entropy, X, T), expected, rtol=1e-12)
    assert all((p.grad.data == 1).all() for p in model.parameters())


def test_bars_end_at_the_sizes():
    ax = plot.gradient_flow({0: [1e-3, 0.1], 9: [0.0, 0.2]}, ["first", "last"])
    tops = [bar.get_y() + bar.get_height() for bar in ax.patches]
    np.testing.assert_allclose(tops, [1e-3, 0.1, np.nan, 0.2])
    assert [x.get_text() for x in ax.get_xticklabels()] == ["first", "last"]
    assert [x.get_text() for x in ax.get_legend().get_texts()] == ["epoch 0", "epoch 9"]


def test_histograms_count_every_weight():
    model = nn.MLP([3, 4, 3], rng=0)
    ax = plot.weight_histograms(model, bins=7)
    stairs = [x.get_data() for x in ax.patches if x.get_fill()]
    for p, (heights, edges, base) in zip(model.parameters(), stairs, strict=True):
        counts = np.array([((p.data >= a) & (p.data < b)).sum() for a, b in pairwise(edges)])
        counts[-1] += (p.data == edges[-1]).sum()
        np.testing.assert_allclose((heights - base) / (heights - base).max(), counts / counts.max())
    assert [x.get_text() for x in ax.get_yticklabels()] == ["b₂", "W₂", "b₁", "W₁"]


def test_tiles_hold_the_matrices_each_row_with_its_own_scale():
    W, A = np.arange(-6.0, 12.0).reshape(2, 3, 3), np.eye(3)
    ax = plot.matrices({"W": Tensor(W), "A": A})
    tiles = ax.get_images()
    assert [x.get_extent()[:2] for x in tiles] == [[0, 1], [1.15, 2.15], [0, 1]]
    for tile, expected, most in zip(tiles, [*W, A], [11, 11, 1], strict=True):
        np.testing.assert_array_equal(tile.get_array(), expected)
        assert tile.get_clim() == (-most, most)
    assert [x.get_text() for x in ax.get_yticklabels()] == ["W", "A"]
    paper, blue, orange = (tiles[0].cmap(x)[:3] for x in (0.5, 1.0, 0.0))
    assert min(paper) > 0.99
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]
    figures.close("all")
    ax = plot.matrices({"attention": np.ones((2, 2, 3))}, ("ab", ("x", "y", "z")))
    assert "".join(x.get_text() for x in ax.texts) == "abxyzxyz"


def test_cells_hold_counts():
    y = np.eye(3)[[0, 1, 1, 2, 2, 2]]
    ax = plot.confusion_matrix(y, [0, 1, 2, 2, 2, 0], ["a", "b", "c"])
    counts = np.array([int(text.get_text()) for text in ax.texts]).reshape(3, 3)
    np.testing.assert_array_equal(counts, [[1, 0, 1], [0, 1, 0], [0, 1, 2]])
    again = plot.confusion_matrix(counts)
    assert [text.get_text() for text in again.texts] == [text.get_text() for text in ax.texts]


w1, w2, E = bowl()
W = Tensor(np.ones((2, 3)), requires_grad=True, name="W")
v = Tensor(1.0, requires_grad=True, name="v")
model = nn.MLP([3, 4, 3], rng=0)
WRONG = [
    (lambda: plot.landscape(3.0, w1, w2), TypeError, "E must be a loss, or a function.*the float 3.0.*lambda: loss"),
    (
        lambda: plot.landscape(E, W, w2),
        ValueError,
        r"w1 is W, of shape \(2, 3\).*one number is wanted; write W\[0, 0\]",
    ),
    (lambda: plot.landscape(E, 1.0, w2), TypeError, "w1 must be a Tensor, not the float 1.0; give a parameter of one"),
    (lambda: plot.landscape(E, w1 * 2, w2), ValueError, r"w1 = w₁ × 2.*result of an operation|w1 = .*result of an op"),
    (lambda: plot.landscape(E(), w1, v), ValueError, "E does not depend on v; its record was computed from w₁, w₂"),
    (lambda: plot.landscape(E, w1, w2, optim.SGD), TypeError, r"not the class SGD; write minigrad.optim.Adam\("),
    (lambda: plot.landscape(E, w1, w2, optim.SGD([v], 0.1)), ValueError, "does not train w₁; make it of both"),
    (lambda: plot.landscape(E, w1, w2, np.ones((3, 3))), ValueError, r"a path must be an optimizer, or .*\(n, 2\)"),
    (lambda: plot.landscape(E, w1, w2, ranges=(0, 1)), ValueError, r"ranges must be \(\(low, high\), \(low, high\)\)"),
    (lambda: plot.landscape(lambda: np.log(w1 - 9), w1, w2), ValueError, r"nowhere finite for w₁ from .*other ranges="),
    (lambda: plot.landscape(lambda: W, w1, w2), ValueError, r"E\(\) must give one number"),
    (lambda: plot.descend(lambda: 1.0, w1, w2, optim.SGD([w1, w2], 0.1)), ValueError, "no gradient flows to E"),
    (lambda: plot.landscape(E, w1, w2, points=1), ValueError, "points must be 2 or more"),
    (lambda: plot.landscape(E, w1, w2, theme="pink"), ValueError, "theme must be one of 'light', 'dark', not the str"),
    (lambda: plot.landscape(E, w1, w2, lang="fr"), ValueError, "lang must be one of 'en', 'ja', not the str 'fr'"),
    (lambda: plot.landscape(E, w1, w2, ax=3), TypeError, "ax must be the axes of a Matplotlib figure, not the int 3"),
    (lambda: plot.decision_regions(model, X[:, 0]), ValueError, r"X must hold samples of two inputs or more.*\(20,\)"),
    (
        lambda: plot.decision_regions(model, X, T, (0, 3)),
        ValueError,
        r"two different columns of X, 0 to 2, not \(0, 3\)",
    ),
    (
        lambda: plot.decision_regions(model, X, T, classes=["a"]),
        ValueError,
        "tells 3 classes apart, and classes= names 1",
    ),
    (lambda: plot.decision_regions(model, X, X), ValueError, "t holds no classes of y.*one-hot rows"),
    (lambda: plot.decision_regions(lambda x: 1.0, X), ValueError, "model must give a row of outputs for each sample"),
    (lambda: plot.gradient_flow({0: [1.0], 1: [1.0, 2.0]}), ValueError, r"rows of \[1, 2\] layers; give what measure"),
    (lambda: plot.gradient_flow(3), TypeError, "sizes must be a dict or a list, not the int 3; give what measure_"),
    (lambda: plot.gradient_flow([[1.0]], ["a", "b"]), ValueError, "there are 1 layers, and names= has 2"),
    (lambda: plot.measure_deltas(np.tanh, losses.squared_error, X, T), TypeError, "must be an nn.Sequential, or have"),
    (
        lambda: plot.weight_histograms(np.ones(3)),
        TypeError,
        "must have parameters, or be a list of Tensors, not a ndarr",
    ),
    (
        lambda: plot.confusion_matrix(X),
        ValueError,
        r"must hold counts.*float64 \(20, 3\); give outputs y and targets t",
    ),
    (
        lambda: plot.confusion_matrix(T, LABELS, ["a"]),
        ValueError,
        "there is a class 2, and 1 classes are numbered 0 to 0",
    ),
    (lambda: plot.matrices(X), TypeError, "rows must be a dict of stacks by name, not a ndarray; write {'filters': W}"),
    (lambda: plot.matrices({}), TypeError, "rows must be a dict of stacks by name"),
    (
        lambda: plot.matrices({"W": np.ones((2, 3, 5, 5))}),
        ValueError,
        r"'W' must be real matrices.*float64 \(2, 3, 5, 5\); of a convolution's W.*W\[:, 0\]",
    ),
    (lambda: plot.matrices({"W": [[np.nan]]}), ValueError, "'W' holds NaN or infinity, for which there is no shade"),
    (
        lambda: plot.matrices({"A": np.ones((2, 2))}, ("ab", "abc")),
        ValueError,
        "there are letters for 2 rows and 3 columns, and 'A' has 2 rows and 2 columns",
    ),
    (lambda: plot.imshow, AttributeError, r"It is plot.matrices\(\{'filters': W\}\)"),
    (lambda: plot.landscap, AttributeError, "Did you mean landscape?"),
    (lambda: plot.history, AttributeError, r"It is history.plot\(\), or plot.learning_curves"),
    (lambda: plot.learning_curves([1.0]), TypeError, "history must be what fit returned, not a list"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_wrong_input_is_told_so(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert not figures.get_fignums()  # nothing is left half drawn


def test_a_moment_that_is_no_number_is_named_by_itself():
    ax = plot.gradient_flow({"at first": [0.1, 1.0], 10: [0.2, 1.0]})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["at first", "epoch 10"]
