"""What a notebook shows of each object: it says what the object is, in well-formed HTML, and never raises."""

import copy
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from minigrad import Tensor, compare, compile, derive, draw, fit, losses, memory_report, nn, optim, stepper, trace
from minigrad.notebook.charts import Curve, chart
from minigrad.notebook.grids import grid, summary
from minigrad.training import History

VOID = {"br", "meta", "link", "input", "hr", "img", "path", "rect", "circle", "polygon", "ellipse", "polyline"}
SHOWS = ("__repr__", "__str__", "_repr_html_", "_repr_latex_", "_repr_mimebundle_")


class Page(HTMLParser):
    """The words and the tags of HTML; each end tag must close what was opened last."""

    def __init__(self, html):
        super().__init__()
        self.words, self.tags, self.open, self.attributes = [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())


def network(name="W₁"):
    """A recorded loss, its model and its hidden layer's weights."""
    rng = np.random.default_rng(0)
    model = nn.MLP([2, 3, 3], rng=0)
    model.layers[0].W.name = name
    E = losses.cross_entropy(
        model(Tensor(rng.normal(size=(4, 2)), name="X")), Tensor(np.eye(3)[[0, 1, 2, 1]], name="T")
    )
    E.backward()
    return E, model, model.layers[0].W


def shown():
    """One of each kind of object, by what it is called; with a word that its HTML must say."""
    E, model, W = network()
    derivation = derive(E)
    step = compile(lambda x: np.tanh(x).sum())
    step(np.ones(3))
    trained = History([3.0, 2.0], [0.5, 0.6], [3.5, 2.5], [0.4, 0.5], [0.1, 0.1])
    return {
        "tensor": (W, "∂E/∂W₁"), "loss": (E, "computed by negative"), "model": (model, "21 parameters"),
        "layer": (model.layers[2], "W₂ 3×3"), "optimizer": (optim.Adam(model.parameters()), None),
        "history": (trained, "validation accuracy 0.5"), "derivation": (derivation, "chain rule through sigmoid"),
        "line": (derivation[0], None), "steps": (derivation[1].steps(), "the chain rule"),
        "check": (derivation.check(), "All 7 lines agree."), "graph": (trace(E), "10 operations"),
        "comparison": (compare(E, {"dW2": derivation[1].value.T, "db2": derivation[2].value}), "1 of 2 right"),
        "compiled": (step, "1 traced, 0 replayed"), "drawing": (draw(E), "upstream δ"),
        "formula": (optim.Adam.formula(), None), "memory": (memory_report(E), None), "page": (stepper(E), None),
    }  # fmt: skip


OBJECTS = shown()


@pytest.mark.parametrize("kind", [kind for kind, (_, word) in OBJECTS.items() if word])
def test_a_cell_says_what_it_is(kind):
    x, word = OBJECTS[kind]
    html = x.html() if kind == "drawing" else x._repr_html_()
    assert word in Page(html).text


@pytest.mark.parametrize("kind", OBJECTS)
def test_the_repl_prints_it_as_text(kind):
    text = repr(OBJECTS[kind][0])
    assert " object at 0x" not in text.replace("<function", "")
    assert "cannot be shown" not in text
    assert "Node(" not in text
    assert "Row(" not in text
    assert len(text) < 3000


def test_the_value_and_the_gradient_are_the_arrays():
    _, _, W = network()
    words = [word.replace("−", "-") for word in Page(W._repr_html_()).words]
    numbers = [float(word) for word in words if re.fullmatch(r"-?\d+\.\d+", word)]
    np.testing.assert_allclose(numbers, [*W.data.ravel(), *W.grad.data.ravel()], atol=5e-5)


def test_markup_in_a_name_stays_text():
    name = '<script>alert("x")</script>&'
    E, model, W = network(name)
    things = [W, E, model, derive(E), derive(E)[-2].steps(), derive(E).check(), trace(E), draw(E), stepper(E)]
    things.append(compare(E, {name: W.data}))
    for x in things:
        html = x.html() if hasattr(x, "html") and callable(x.html) else x._repr_html_()
        page = Page(html)
        assert "script" not in page.tags
        assert all(not key.startswith("on") for key, _ in page.attributes)
    assert name in Page(W._repr_html_()).text


class Broken:
    """What raises whatever it is asked."""

    def __getattribute__(self, name):
        raise RuntimeError(f"broken: {name}")

    def __repr__(self):
        raise RuntimeError("broken")


@pytest.mark.parametrize("kind", OBJECTS)
def test_nothing_raises_whatever_is_taken_out(kind):
    """Each attribute in turn is deleted, or something is put in its place that no code could have meant."""
    pristine = OBJECTS[kind][0]
    names = [
        *getattr(pristine, "__dict__", ()),
        *(s for k in type(pristine).__mro__ for s in getattr(k, "__slots__", ())),
    ]
    names = [name for name in names if isinstance(name, str) and not name.startswith("__")]
    for name in names:
        for value in (None, Broken(), float("nan"), "<b>", np.zeros((0, 2)), ...):
            x = pristine.detach() if isinstance(pristine, Tensor) else copy.copy(pristine)
            try:
                object.__delattr__(x, name) if value is ... else object.__setattr__(x, name, value)
            except (AttributeError, TypeError):
                continue
            for show in SHOWS:
                if hasattr(type(x), show):
                    got = getattr(x, show)() if show != "__str__" or kind in ("tensor", "loss") else None
                    assert got is None or isinstance(got, str | dict)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 3)), np.float32(2.5), np.array(np.nan), np.array([np.inf, -np.inf, np.nan]),
        np.array([True, False]), np.array([1 + 2j]), np.arange(5e3).reshape(5, 10, 100),
        np.full((3, 3), 1e300), np.array([1e-320]),
        np.zeros((2, 0, 3)), np.array([2**63], np.uint64), np.array([-(2**63)]), np.array([6e4], np.float16),
        np.array(["<b>"], object), np.array(["a"]), np.array([None]), 3, "<i>", None, Broken,
    ],
    ids=lambda array: str(getattr(array, "dtype", "")) if isinstance(array, np.ndarray) else type(array).__name__,
)  # fmt: skip
def test_any_array_is_written_or_left_to_the_text(array):
    x = Tensor(np.zeros(2))
    x.array = array() if array is Broken else array
    html = x._repr_html_()
    assert isinstance(repr(x), str)
    if html is not None:
        page = Page(html)
        assert "b" not in page.tags
        assert "i" not in page.tags


def test_a_large_array_shows_its_corners_and_what_is_strange_in_it():
    array = np.arange(40_000.0).reshape(200, 200)
    array[7, 7] = np.nan
    page = Page(grid(array))
    assert page.tags.count("tr") == 8
    assert page.words[0] == "0.0000"
    assert page.words[-1] == "39999.0000"
    assert summary(array) == "mean 2e+04, from 0 to 4e+04, 1 NaN"


def test_what_is_not_zero_is_not_written_as_zero():
    assert "1e−09" in grid(np.array([1e-9, 3.0]))


def test_a_lazy_array_is_not_computed():
    class Lazy:
        shape, dtype = (2, 3), np.dtype(float)

        def __array__(self, dtype=None, copy=None):
            raise AssertionError("computed")

        def __repr__(self):
            return "lazy<2, 3>"

    assert "lazy&lt;2, 3&gt;" in grid(Lazy())


def test_a_curve_has_a_point_for_each_epoch_and_none_where_nothing_is_known():
    drawn = chart([Curve("loss", [4.0, None, 2.0, float("nan"), 1.0])], "loss")
    assert drawn.count("L") == 2
    assert "loss: loss from 4 to 1" in drawn
    assert chart([Curve("loss", [])], "loss") == ""
    assert chart([Curve("loss", [None])], "loss") == ""
    assert "<circle" in chart([Curve("loss", [1.0])], "loss")


def test_a_history_of_many_epochs_stays_small():
    history = History(
        [1 / (1 + i) for i in range(100_000)], [None] * 100_000, [None] * 100_000, [None] * 100_000, [0.1] * 100_000
    )
    assert len(history._repr_html_()) < 20_000
    assert repr(history).startswith("<History of 100000 epochs, loss 1 → 1e-05")


def test_fit_shows_a_history():
    _, model, _ = network()
    X, T = np.zeros((4, 2)), np.eye(3)[[0, 1, 2, 1]]
    history = fit(model, losses.cross_entropy, optim.SGD(model.parameters(), 0.1), (X, T), 3, progress=False)
    assert "3 epochs" in Page(history._repr_html_()).text


def test_the_first_line_that_differs_is_named():
    check = copy.copy(OBJECTS["check"][0])
    check[2] = check[2]._replace(difference=0.5, engine=0.5)
    check[4] = check[4]._replace(difference=float("nan"))
    assert check.first.symbol == "∂E/∂b₂"
    assert str(check).count("✗ differs") == 2
    assert "∂E/∂b₂ is the first that differs, by 5.0e-01." in Page(check._repr_html_()).text


def test_a_stepper_without_a_path_is_shown_in_its_cell(tmp_path):
    page = OBJECTS["page"][0]
    cell = Page(page._repr_html_())
    assert dict(cell.attributes)["srcdoc"] == page.html
    assert "\n" not in page._repr_html_()
    assert dict(cell.attributes)["sandbox"] == "allow-scripts"
    assert page.write(tmp_path / "steps.html").read_text("utf-8") == page.html
    with pytest.raises(ValueError, match=r"end it in \.html"):
        page.write(tmp_path / "steps.txt")
