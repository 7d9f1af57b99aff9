"""Equations drawn as matrices: they read as the derivation does, and their lengths are those of the arrays."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from minigrad import Tensor, data, derive, draw_matrices, losses, nn, sigmoid
from minigrad.picture.matrices.pieces import Axis, Matrix, Sign
from minigrad.picture.matrices.sheet import length
from tests.derived_networks import NETWORKS

SVG = "{http://www.w3.org/2000/svg}"


def network(sizes=(2, 3, 4), samples=5, output="softmax", **more):
    rng = np.random.default_rng(0)
    X = Tensor(rng.normal(size=(samples, sizes[0])), name="X")
    T = Tensor(data.one_hot(np.arange(samples) % sizes[-1], sizes[-1]), name="T")
    y = nn.MLP(sizes, hidden="sigmoid", output=output, rng=0)(X)
    return (losses.cross_entropy if output == "softmax" else losses.squared_error)(y, T)


def one_sample():
    """Vectors: y = σ(x W₁ + b₁) W₂ + b₂."""
    rng = np.random.default_rng(0)

    def parameter(name, *shape):
        return Tensor(rng.normal(size=shape), requires_grad=True, name=name)

    x, t = Tensor(rng.normal(size=2), requires_grad=True, name="x"), Tensor(rng.normal(size=4), name="t")
    y = sigmoid(x @ parameter("W1", 2, 3) + parameter("b1", 3)) @ parameter("W2", 3, 4) + parameter("b2", 4)
    return losses.squared_error(y, t)


def rnn():
    rng = np.random.default_rng(0)
    W, V = (Tensor(rng.normal(size=(3, 3)), requires_grad=True, name=name) for name in "WV")
    h = np.zeros((2, 3))
    for _ in range(6):
        h = np.tanh(rng.normal(size=(2, 3)) @ V + h @ W)
    return (h**2).sum()


LOSSES = {
    "classification": network,
    "regression": lambda: network(output="identity"),
    "deep": lambda: network((2, 3, 5, 6, 4)),
    "one sample": one_sample,
    "one output": lambda: network((2, 3, 1), output="identity"),
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


@every_loss
def test_the_pieces_read_as_the_lines_do(loss):
    check_pieces(derive(loss()))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_pieces_of_any_network_read_as_its_lines_do(name):
    check_pieces(NETWORKS[name][0]())


def check_pieces(derivation):
    rows = {row.left.label: row.text for row in draw_matrices(derivation).rows}
    lines = [line for line in [*derivation.forward_lines, *derivation] if line.shape]
    assert list(rows) == [" = ".join(line.names) for line in lines]
    for line in lines:
        assert rows[" = ".join(line.names)] == f"{' = '.join(line.names)} = {line.formula}"


@every_loss
def test_shapes_are_those_of_the_arrays(loss):
    """The left of each row has its value's shape; so has what comes of the matrices on the right."""
    derivation = derive(loss())
    lines = [line for line in [*derivation.forward_lines, *derivation] if line.shape]
    for line, row in zip(lines, draw_matrices(derivation).rows, strict=True):
        shape = (row.left.rows, row.left.columns)
        assert shape == np.shape(line.value) if len(line.shape) == 2 else max(shape) == line.shape[0]
        assert computed(row.right) == shape, row.text


def computed(pieces):
    """Take the shape that pieces come to by the rules of matrices: products first, then signs."""
    if isinstance(pieces[0], Sign) and pieces[0].text == "Σₙ":
        return (1, computed(pieces[1:])[1])
    shapes, product = [], None
    for piece in pieces:
        if isinstance(piece, Sign):
            shapes += [product] if product else []
            product = None
        elif product is None:
            product = (max(piece.rows, piece.spread), piece.columns)
        else:
            assert product[1] == piece.rows, "inner lengths"
            product = (product[0], piece.columns)
    shapes += [product] if product else []
    assert len(set(shapes)) == 1, shapes
    return shapes[0]


def test_axes_that_run_together_have_one_color():
    """n, i, j and k in the order of the network; the inner edges of a product are of one axis."""
    for row in draw_matrices(network()).rows:
        matrices = [piece for piece in row.right if isinstance(piece, Matrix)]
        for a, b, sign in zip(row.right, row.right[1:], [None, *row.right], strict=False):
            if isinstance(a, Matrix) and isinstance(b, Matrix):
                assert a.axes[1] == b.axes[0] is not None, (row.text, sign)
        assert matrices
    rows = {row.left.label: row for row in draw_matrices(network()).rows}
    assert rows["∂E/∂W₁"].left.axes == (Axis(1, "i"), Axis(2, "j"))
    assert rows["∂E/∂W₂"].left.axes == (Axis(2, "j"), Axis(3, "k"))
    assert rows["∂E/∂Y₁"].left.axes == (Axis(0, "n"), Axis(2, "j"))
    assert [piece.kind for piece in rows["∂E/∂Y₁"].right] == ["gradient", "parameter"]
    (bias,) = [piece for piece in rows["U₁"].right if isinstance(piece, Matrix) and piece.label == "b₁"]
    assert (bias.rows, bias.spread) == (1, 5)


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
@every_loss
def test_rectangles_are_as_long_as_their_shapes(loss, theme):
    drawing = draw_matrices(loss())
    root = ElementTree.fromstring(drawing.svg(theme))
    drawn = [g for g in root.iter(f"{SVG}g") if (g.get("class") or "").startswith("matrix")]
    pieces = [piece for row in drawing.rows for piece in (row.left, *row.right) if isinstance(piece, Matrix)]
    assert len(drawn) == len(pieces)
    for g, piece in zip(drawn, pieces, strict=True):
        rect = g.find(f".//{SVG}rect")
        assert float(rect.get("height")) == pytest.approx(length(piece.rows), abs=0.05)
        assert float(rect.get("width")) == pytest.approx(length(piece.columns), abs=0.05)
        assert float(rect.get("x")) >= 0
        assert float(rect.get("x")) + float(rect.get("width")) <= float(root.get("width"))
    assert ("light-dark(" in ElementTree.tostring(root, "unicode")) == (theme == "auto")
    assert root.get("aria-label").startswith("Matrices: ")


def test_lengths_grow_with_the_shape():
    assert [length(n) for n in (1, 2, 8)] == [17, 34, 136]
    assert sorted(length(n) for n in range(1, 1000)) == [length(n) for n in range(1, 1000)]
    assert length(10_000) < 400


def test_some_lines_and_files(tmp_path):
    drawing = draw_matrices(network(), tmp_path / "E.svg", lines=["U₁", "∂E/∂W₁", "δ₂"])
    assert str(drawing) == ("U₁ = X W₁ + b₁    5 × 3\nδ₂ = ∂E/∂U₂ = Y₂ − T    5 × 4\n∂E/∂W₁ = Xᵀ δ₁    2 × 3")
    assert (tmp_path / "E.svg").read_text("utf-8") == drawing.svg("light")
    assert drawing.write(tmp_path / "E.png").read_bytes().startswith(b"\x89PNG")
    assert drawing._repr_html_().startswith(f'<div class="{drawing.prefix}ground"')
    assert repr(drawing) == "<MatrixDrawing of 3 equations>"
    names = [re.findall(r'class="(\S+)matrices"', draw_matrices(network()).svg())[0] for _ in range(2)]
    assert names[0] != names[1]


def test_bad_input(tmp_path):
    with pytest.raises(ValueError, match=r"there is no line for 'W₁'; there are U₁, Y₁, .*∂E/∂W₂"):
        draw_matrices(network(), lines=["W₁"])
    with pytest.raises(ValueError, match=r"'E\.pdf' names no format; end it in \.svg or \.png"):
        draw_matrices(network(), "E.pdf")
    with pytest.raises(FileNotFoundError, match="does not exist; make it first"):
        draw_matrices(network(), tmp_path / "no" / "E.svg")
    with pytest.raises(TypeError, match="wanted a Tensor, the loss"):
        draw_matrices(3)
    with pytest.raises(ValueError, match="'auto', 'light', 'dark', not 'blue'"):
        draw_matrices(network()).svg("blue")
    with pytest.raises(ValueError, match=r"give derive\(E, fold=False\)"):
        draw_matrices(derive(rnn()))
    assert len(draw_matrices(rnn()).rows) > 12
