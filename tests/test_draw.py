"""Pictures: with dot and without, as every kind of file, with nothing cut off and nothing that overlaps."""

import re
import shutil
import sys
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, draw, losses, softmax, sums_to_one
from minigrad.nn import MLP
from minigrad.picture import png as raster
from minigrad.picture.layout import measure
from minigrad.picture.layout.arrange import arrange
from minigrad.picture.layout.routes import path
from minigrad.picture.look import DARK, LIGHT
from minigrad.picture.scene.build import scene
from minigrad.picture.style import MONO, Run, Typesetter, numbers
from tests.networks import parameter, textbook

dot = pytest.param("dot", marks=pytest.mark.skipif(not shutil.which("dot"), reason="no program dot here"))


@pytest.fixture(params=[dot, "own"])
def renderer(request, monkeypatch):
    """Both ways to lay a picture out: by dot, and by our own layout where dot is not to be found."""
    if request.param == "own":
        monkeypatch.setenv("PATH", "")
    return request.param


def residual():
    draws = np.random.default_rng(0)
    h = np.tanh(Tensor(draws.normal(size=(2, 3)), name="X") @ parameter(draws.normal(size=(3, 3)), "W0"))
    for i in (1, 2):
        A, B = parameter(draws.normal(size=(3, 3)), f"A{i}"), parameter(draws.normal(size=(3, 3)), f"B{i}")
        h = h + np.tanh(h @ A) @ B
    return losses.squared_error(h, np.zeros((2, 3)))


def attention():
    draws = np.random.default_rng(0)
    X = Tensor(draws.normal(size=(5, 4)), name="X")
    Q, K, V, W = (X @ parameter(draws.normal(size=(4, 4)), name) for name in ("W1", "W2", "W3", "W4"))
    return losses.squared_error(softmax(Q @ K.T / 2.0) @ V + W, np.zeros((5, 4)))


def tied():
    h, W = Tensor(np.ones((1, 2)), name="h"), parameter(np.eye(2) / 3, "W")
    for _ in range(3):
        h = np.sin(h) @ W
    return h.sum()


def gated():
    x, W, V = np.ones((2, 3)), parameter(np.ones((3, 2)), "W"), parameter(np.ones((3, 2)), "V")
    return (minigrad.sigmoid(x @ W) * np.tanh(x @ V) + (V * V).sum()).sum()


GRAPHS = {
    "textbook": lambda: textbook()[0], "residual": residual, "attention": attention, "tied": tied, "gated": gated,
    "deep": lambda: losses.cross_entropy(MLP([4, 5, 5, 3], rng=0)(np.ones((2, 4))), np.eye(3)[:2]),
    "one": lambda: parameter([1.0, 2.0], "w").sum(), "squares": lambda: (parameter([1.0, 2.0], "w") ** 2).sum(),
}  # fmt: skip


def parsed(drawing):
    return ET.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", drawing.svg()))


def ids(tree):
    return [element.get("id") for element in tree.iter() if element.get("id")]


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_part_is_drawn_once_under_its_id(graph, renderer):
    drawing = draw(GRAPHS[graph](), fold=False)
    found = ids(parsed(drawing))
    assert len(found) == len(set(found))
    wanted = {part.id for part in (*drawing.scene.boxes, *drawing.scene.operations, *drawing.scene.clusters)}
    wanted |= {arrow.id for arrow in drawing.scene.arrows if arrow.kind != "same"}
    assert {drawing.prefix + name for name in wanted} <= set(found)
    assert ("dot" if renderer == "dot" else "minigrad itself") in drawing.how


def test_the_labels_can_be_read(renderer):
    E, t = textbook()
    letters = "".join(parsed(draw(E, given=[sums_to_one(t)])).itertext()).replace("\xa0", " ")
    plain = re.sub(r"\s+", "", letters)
    for piece in ("δ₁=∂E/∂U₁", "Y₂−t", "∂E/∂Y₁×(1−Y₁)⊙Y₁", "Y₁ᵀ×δ₂", "[0.20−0.750.70]", "softmax(U₂)",
                  "Layer1·sigmoid", "Loss·cross-entropy", "sametensor"):  # fmt: skip
        assert piece in plain


def test_colors_and_widths_of_the_grammar(renderer):
    text = draw(textbook()[0]).svg().lower()
    for color in ("#a34700", "#005a8d", "#00694d", "#b9e0d2", "#d55e00", "#fbdfcb", "#0072b2", "#2f4b66", "#f7f8fa"):
        assert color in text
    assert re.search(r'stroke-width[=":]+4[^0-9.]', text)  # the largest gradient's arrow


WAYS = {"right": (False, None), "down": (True, None), "bands": (False, 450.0), "narrow": (False, 150.0)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("graph", GRAPHS)
def test_nothing_overlaps_or_is_cut_off(graph, way):
    shown = scene(GRAPHS[graph](), fold=False)
    layout = arrange(shown, Typesetter(shown), True, *WAYS[way])
    for (a, one), (b, other) in combinations(layout.rects.items(), 2):
        apart = one.right < other.x or other.right < one.x or one.bottom < other.y or other.bottom < one.y
        assert apart, f"{a} overlaps {b}"
    for one, other in combinations(layout.frames.values(), 2):
        assert one.right < other.x or other.right < one.x or one.bottom < other.y or other.bottom < one.y
    rects = [*layout.rects.values(), *layout.frames.values()]
    assert min(r.x for r in rects) >= 0
    assert min(r.y for r in rects) >= 0
    assert max(r.right for r in rects) <= layout.width
    assert max(r.bottom for r in rects) <= layout.height
    corners = [point for route in layout.routes for point in route.points]
    assert min(min(corner) for corner in corners) >= 0
    assert max(x for x, _ in corners) <= layout.width
    assert max(y for _, y in corners) <= layout.height


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("graph", GRAPHS)
def test_no_line_crosses_a_box(graph, way):
    """Every stretch of a line, but for its two ends, keeps out of all boxes and operations."""
    shown = scene(GRAPHS[graph](), fold=False)
    layout = arrange(shown, Typesetter(shown), True, *WAYS[way])
    for route in layout.routes:
        ends = {route.arrow.source, route.arrow.target}
        for (ax, ay), (bx, by) in zip(route.points, route.points[1:], strict=False):
            for name, r in layout.rects.items():
                crosses = max(ax, bx) > r.x and min(ax, bx) < r.right and max(ay, by) > r.y and min(ay, by) < r.bottom
                assert name in ends or not crosses, f"{route.arrow.id} crosses {name}"


@pytest.mark.parametrize("way", WAYS)
def test_every_line_leads_from_its_source_to_its_target(way):
    """Without a break: it begins at the edge of the one box, and ends at that of the other, all corners right ones."""
    shown = scene(residual(), fold=False)
    layout = arrange(shown, Typesetter(shown), True, *WAYS[way])
    for route in layout.routes:
        for name, (x, y) in ((route.arrow.source, route.points[0]), (route.arrow.target, route.points[-1])):
            r = layout.rects[name]
            assert r.x - 0.1 <= x <= r.right + 0.1, route.arrow.id
            assert r.y - 0.1 <= y <= r.bottom + 0.1, route.arrow.id
        for (ax, ay), (bx, by) in pairwise(route.points):
            assert min(abs(ax - bx), abs(ay - by)) < 0.1, route.arrow.id


def test_a_picture_fits_the_width_that_is_asked_for(renderer):
    E = textbook()[0]
    sizes = {}
    for width in (None, 3000, 1280, 900, 300):
        drawing = draw(E, width=width)
        root = parsed(drawing)
        sizes[width] = float(root.get("width").removesuffix("pt")), float(root.get("height").removesuffix("pt"))
        assert width is None or sizes[width][0] <= width
        assert len(ids(root)) == len(set(ids(root)))
    assert sizes[1280][1] > 1.5 * sizes[3000][1]  # two bands
    assert sizes[900][0] > 800  # and not narrower than need be


def test_down_is_higher_than_wide():
    E = textbook()[0]
    root = parsed(draw(E, direction="down"))
    assert float(root.get("height")) > float(root.get("width"))
    assert "from top to bottom" in draw(E, direction="down").how


def test_a_dark_picture_has_dark_paper_and_a_transparent_one_none(renderer):
    E = textbook()[0]
    light, dark = draw(E).svg().lower(), draw(E, theme="dark").svg().lower()
    assert "#ffffff" in light
    assert not [color for color in map(str.lower, LIGHT.colors()) if color in dark]
    assert DARK.paper.lower() in dark
    clear = draw(E, transparent=True).svg().lower()
    assert clear.count("#ffffff") < light.count("#ffffff")


def test_a_page_can_change_each_color_by_itself():
    """What is alike on light paper is alike on dark; in a notebook the picture changes with it."""
    pairs = set(zip(LIGHT.colors(), DARK.colors(), strict=True))
    assert len({light for light, _ in pairs}) == len(pairs)
    assert "prefers-color-scheme" in draw(textbook()[0]).html()
    assert "prefers-color-scheme" not in draw(textbook()[0], theme="dark").html()


def test_text_can_be_read_on_what_is_below_it():
    """The contrast of WCAG 2.2: (L₁ + 0.05) / (L₂ + 0.05) of the relative luminances."""

    def luminance(color):
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for look in (LIGHT, DARK):
        on_boxes = [(ink, tint) for ink in (look.ink, look.gray) for tint in (*look.tint, look.paper)]
        labels = [
            (ink, ground) for ink in (look.upstream, look.local, look.title) for ground in (look.paper, look.ground)
        ]
        for a, b in (*on_boxes, *labels, (look.on_operation, look.operation)):
            high, low = sorted((luminance(a), luminance(b)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (a, b)


def test_japanese_is_measured_and_said(renderer):
    x, W = Tensor([[0.5, -1.0]], name="入力"), parameter([[0.4], [0.2]], "重み")
    E = losses.squared_error(minigrad.sigmoid(x @ W), Tensor([[1.0]], name="教師信号"))
    said = "".join(parsed(draw(E, lang="ja")).itertext()).replace("\xa0", " ")
    for words in ("出力層 1 · シグモイド関数", "誤差 · 二乗和誤差", "スカラー", "勾配（逆伝播）", "教師信号"):
        assert words in said
    assert not re.search("Layer|scalar|target|gradient|upstream|same", said)
    assert measure.width((Run("重み"),), 10) == 20
    assert measure.width((Run("重み"),), 10, MONO) == 20


def test_a_matrix_of_four_rows_keeps_its_numbers():
    assert len(numbers(np.eye(4))) == 4
    assert numbers(np.zeros((5, 2))) == ["mean 0  norm 0"]


def test_files_by_suffix(tmp_path, renderer):
    if renderer == "own":
        pytest.importorskip("resvg_py")
    E = textbook()[0]
    starts = {".svg": b"<", ".png": b"\x89PNG", ".dot": b"digraph"} | ({".pdf": b"%PDF"} if renderer == "dot" else {})
    for suffix, start in starts.items():
        drawing = draw(E, tmp_path / f"graph{suffix}")
        assert drawing.path == tmp_path / f"graph{suffix}"
        assert drawing.path.read_bytes().startswith(start)
        assert drawing.how
        assert repr(drawing).startswith("<Drawing of 25 boxes and operations")


def test_a_png_shows_its_text():
    """Text vanishes silently where no font fits: the picture with its letters has more ink than without."""
    pytest.importorskip("resvg_py")
    image = raster.png(
        '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40">'
        '<text x="5" y="25" font-family="DejaVu Serif,serif" font-size="20">δ₁ = ∂E/∂U₁</text></svg>'
    )
    empty = raster.png('<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"></svg>')
    assert len(image) > 2 * len(empty)


def test_without_fonts_or_the_extra(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(raster, "list_fonts", lambda svg: [])
    if "resvg_py" in sys.modules or raster.find_spec("resvg_py"):
        with pytest.raises(RuntimeError, match="no font was found"):
            draw(textbook()[0], tmp_path / "a.png")
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ImportError, match="pip install resvg-py"):
        draw(textbook()[0], tmp_path / "a.png")


def test_a_dot_that_does_not_end(tmp_path, monkeypatch):
    """Its time is limited: the picture comes from our own layout, and says so."""
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\nwhile :; do :; done\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("minigrad.picture.draw.DOT_SECONDS", 0.1)
    drawing = draw(textbook()[0], tmp_path / "a.svg")
    assert drawing.how == "laid out by minigrad itself (dot took longer than 0.1 s)"


def test_a_pdf_without_dot_and_the_extra_names_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ImportError, match=r"pip install typst; .*graphviz.org.*\.svg"):
        draw(textbook()[0], tmp_path / "a.pdf")


@pytest.mark.parametrize("setting", [{}, {"direction": "down", "theme": "dark"}, {"width": 900, "transparent": True}])
def test_a_pdf_without_dot(tmp_path, monkeypatch, setting):
    """Of one page, with its fonts in it: its letters can be searched for."""
    pytest.importorskip("typst")
    monkeypatch.setenv("PATH", "")
    drawing = draw(textbook()[0], tmp_path / "a.pdf", **setting)
    document = drawing.path.read_bytes()
    assert document.startswith(b"%PDF")
    assert document.count(b"/Type /Page\n") + document.count(b"/Type/Page/") == 1 or b"/Count 1" in document
    assert b"/ToUnicode" in document
    assert drawing.how.endswith("made a PDF by typst")


def test_a_dot_that_fails_is_done_without(monkeypatch, tmp_path):
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\nexec >&2; echo broken; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    drawing = draw(textbook()[0])
    assert drawing.svg().endswith("</svg>\n")
    assert "itself (dot failed: broken)" in drawing.how


def test_what_cannot_be_written(tmp_path):
    E = textbook()[0]
    with pytest.raises(ValueError, match=r"'graph.gif' names no format; end it in .svg, .png, .pdf, .dot"):
        draw(E, tmp_path / "graph.gif")
    with pytest.raises(FileNotFoundError, match=r"folder '.*missing' does not exist"):
        draw(E, tmp_path / "missing" / "graph.svg")
    for fold in (1, -4, 2.5, "all"):
        with pytest.raises(ValueError, match=f"the least number of repeats that are folded, 2 or more.*; not {fold!r}"):
            draw(E, fold=fold)
    with pytest.raises(ValueError, match="reduce it"):
        draw(parameter([1.0, 2.0], "w") * 2.0)
    with pytest.raises(ValueError, match="no record"):
        draw(Tensor(1.0))


def test_a_large_png_is_written_as_svg(tmp_path):
    h = parameter(1.5, "w")
    for _ in range(80):
        h = np.sin(h)
    drawing = draw(h, tmp_path / "chain.png", fold=False)
    assert drawing.path == tmp_path / "chain.svg"
    assert "SVG instead of PNG" in drawing.how


def test_odd_names(renderer):
    w = Tensor([[1.0]], requires_grad=True, name='<W & "b">\\N')
    drawing = draw(losses.squared_error(np.ones((1, 1)) @ w, Tensor([[2.0]], name="ーｔ'")))
    letters = "".join("".join(parsed(drawing).itertext()).splitlines())
    assert '<W & "b">\\N' in letters.replace("\xa0", " ")
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in ids(parsed(drawing)))


def test_two_pictures_share_no_id(renderer):
    E = textbook()[0]
    assert not set(ids(parsed(draw(E)))) & set(ids(parsed(draw(E))))


def test_in_a_notebook(renderer):
    shown = draw(textbook()[0])._repr_mimebundle_()
    assert "</svg>" in shown["image/svg+xml"]
    assert "Drawing of 25" in shown["text/plain"]


def test_an_error_in_a_notebook_becomes_text(monkeypatch):
    drawing = draw(textbook()[0])
    monkeypatch.setattr(type(drawing), "svg", lambda self: 1 / 0)
    assert drawing._repr_mimebundle_() == {
        "text/plain": "<Drawing that cannot be shown: ZeroDivisionError: division by zero>"
    }
    assert "division by zero" in repr(drawing)


def test_numbers():
    assert numbers(np.array([[0.5, -1.0], [-0.001, 100.0]])) == ["[   0.50   −1.00 ]", "[ −1e−03  100.00 ]"]
    assert numbers(np.zeros((5, 5))) == ["mean 0  norm 0"]
    assert numbers(np.array(-0.0)) == ["[ 0.00 ]"]
    lone = {4.3e-05: "4.3e−05", 0.0123: "0.012", -0.00043: "−0.00043", 0.43: "0.43", 99.5: "99.50", 2.5e5: "2.5e+05"}
    assert {x: numbers(np.array(x))[0][1:-1].strip() for x in lone} == lone
    assert numbers(np.array([np.nan, np.inf])) == ["[ nan  inf ]"]
    assert numbers(np.zeros((0, 3))) == ["empty"]


def test_a_line_with_round_corners():
    assert path(((0, 0), (50, 0), (50, 30))) == "M0.0,0.0L41.0,0.0Q50.0,0.0 50.0,9.0L50.0,30.0"
