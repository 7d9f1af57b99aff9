"""The page that steps through a loss: what it knows is the engine's, and it works in a browser, by mouse and by key."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import minigrad.picture
from minigrad import Tensor, losses, no_grad, sigmoid, softmax, stepper, sums_to_one
from minigrad.picture.scene.build import scene
from minigrad.picture.stepper.content import content, numbers
from minigrad.picture.stepper.products import products
from minigrad.picture.stepper.words import ENGLISH, JAPANESE, LANGUAGES


def parameter(values, name):
    return Tensor(values, requires_grad=True, name=name)


def network():
    """A two-layer network of the textbook, with its hand-derived quantities."""
    x, t = Tensor([[0.5, -1.0]], name="x"), Tensor([[0.0, 1.0]], name="t")
    W1, b1 = parameter([[0.4, -0.3, 0.8], [0.1, 0.6, -0.5]], "W1"), parameter([[0.1, 0.0, -0.2]], "b1")
    W2, b2 = parameter([[0.7, -0.6], [-0.2, 0.9], [0.5, -0.4]], "W2"), parameter([[0.0, 0.1]], "b2")
    E = losses.cross_entropy(softmax(sigmoid(x @ W1 + b1) @ W2 + b2), t)
    z = 1 / (1 + np.exp(-(x.data @ W1.data + b1.data)))
    y = np.exp(z @ W2.data + b2.data)
    y /= y.sum()
    back = (y - t.data) @ W2.data.T
    by_hand = {"U2": y - t.data, "W2": z.T @ (y - t.data), "Y1": back, "U1": back * z * (1 - z)}
    return E, t, by_hand


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    E, t, _ = network()
    return stepper(E, tmp_path_factory.mktemp("stepper") / "page.html", given=[sums_to_one(t)])


def known(path):
    text = path.read_text("utf-8")
    return json.loads(re.search(r'<script type="application/json" id="content">(.*?)</script>', text, re.S)[1])


def test_the_steps_go_forward_and_back_one_operation_at_a_time(page):
    said = [step["said"] for step in known(page)["steps"]]
    assert said == [
        "What is given: x, W₁, b₁, W₂, b₂ and t.",
        "affine gives U₁ = x W₁ + b₁.",
        "sigmoid gives Y₁ = σ(U₁).",
        "affine gives U₂ = Y₁ W₂ + b₂.",
        "softmax gives Y₂ = softmax(U₂).",
        "CE gives E = −Σ t ⊙ log(Y₂).",
        "The way back begins at the loss: ∂E/∂E = 1.",
        "Back through CE: ∂E/∂Y₂ = 1 × (−t / Y₂).",
        "Back through softmax: δ₂ = ∂E/∂Y₂ × (diag Y₂ − Y₂ᵀY₂).",
        "Back through affine: ∂E/∂b₂ = δ₂ × 1; ∂E/∂W₂ = Y₁ᵀ × δ₂; ∂E/∂Y₁ = δ₂ × W₂ᵀ.",
        "Back through sigmoid: δ₁ = ∂E/∂Y₁ × (1 − Y₁) ⊙ Y₁.",
        "Back through affine: ∂E/∂b₁ = δ₁ × 1; ∂E/∂W₁ = xᵀ × δ₁.",
    ]


def test_values_gradients_and_products_are_those_derived_by_hand(page):
    nodes, (_, _, by_hand) = known(page)["nodes"], network()
    for name, expected in by_hand.items():
        gradient = nodes[nodes[name]["gradient"]]
        np.testing.assert_allclose(gradient["value"]["rows"], expected, rtol=1e-5)
        np.testing.assert_allclose(gradient["terms"][0]["product"]["rows"], expected, rtol=1e-5)
    (sigma,) = nodes["gU1"]["terms"]
    upstream = np.array(nodes[sigma["from"]]["value"]["rows"])
    np.testing.assert_allclose(upstream * sigma["derivative"]["rows"], by_hand["U1"], rtol=1e-4)
    (term,) = nodes["gY1"]["terms"]
    np.testing.assert_allclose(by_hand["U2"] @ term["derivative"]["rows"], by_hand["Y1"], rtol=1e-4)
    assert nodes["gU2"]["math"].startswith("<math")


def test_the_contributions_of_several_uses_add_up_to_the_gradient():
    x, w = Tensor(np.linspace(-1, 1, 6).reshape(2, 3), name="x"), parameter(np.linspace(0.2, 0.9, 9).reshape(3, 3), "w")
    h = np.tanh(x @ w)
    shown = scene(((h @ w) * h + np.exp(w[0])).sum())
    found = products(shown)
    for box in shown.boxes:
        terms = [found[a.id].value for a in shown.arrows if a.kind == "backward" and a.target == box.id]
        if terms:
            np.testing.assert_allclose(sum(terms), box.value, rtol=1e-12)
    steps = content(shown)["steps"]
    assert any("gets" in step["said"] for step in steps)
    assert sum(box.kind == "gradient" and len(box.shape) == 2 for box in shown.boxes) >= 4


def test_local_derivatives_of_elementwise_operations_multiply_the_upstream():
    a, b = parameter([0.3, -0.4, 2.0], "a"), parameter([1.5, 0.2, -0.7], "b")
    shown = scene((np.sin(a) * b - a / b).sum())
    boxes, seen = {box.id: box for box in shown.boxes}, 0
    for arrow in shown.arrows:
        product = products(shown).get(arrow.id)
        if product is not None and product.local is not None:
            seen += 1
            np.testing.assert_allclose(boxes[arrow.source].value * product.local, product.value, rtol=1e-12)
    assert seen >= 7


def test_the_page_is_one_file_that_may_do_nothing_but_step(page):
    text = page.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert not re.search(r'\sstyle="|\son\w+="', text)


def test_no_name_can_break_out_of_the_page(tmp_path):
    w = parameter([1.0, 2.0], "</script><img src=x onerror=alert(1)>&$title")
    text = stepper((w * w).sum(), tmp_path / "page.html").read_text("utf-8")
    assert "<img" not in text
    assert text.count("</script>") == 2
    assert known(tmp_path / "page.html")["nodes"]


def test_large_arrays_are_summarized_and_odd_numbers_are_words():
    assert numbers(np.ones((9, 2))) == {"mean": 1.0, "norm": 4.24264, "least": 1.0, "most": 1.0}
    assert numbers([np.nan, np.inf, -np.inf, 3]) == {"rows": [["NaN", "∞", "−∞", 3.0]]}
    assert numbers(np.zeros((0, 2))) == {"empty": True}
    assert numbers(np.float32(0.5)) == {"rows": [[0.5]]}
    assert numbers(None) is None
    assert set(numbers(np.full((2, 2, 2), np.inf)).values()) == {"∞"}


def test_what_has_no_page(tmp_path):
    w = parameter([1.0, 2.0], "w")
    with pytest.raises(ValueError, match=r"stepper: .* shape \(2,\); reduce it"):
        stepper(w * 2, tmp_path / "page.html")
    with no_grad(), pytest.raises(ValueError, match=r"stepper: .* no record"):
        stepper(w.sum(), tmp_path / "page.html")
    with pytest.raises(TypeError, match="not a ndarray"):
        stepper(np.ones(3), tmp_path / "page.html")
    with pytest.raises(FileNotFoundError, match="does not exist; make it first"):
        stepper(w.sum(), tmp_path / "nowhere" / "page.html")
    with pytest.raises(ValueError, match=r"end it in \.html"):
        stepper(w.sum(), tmp_path / "page.svg")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def visit(visit_page, page):
    """Open the page, or another one."""
    return lambda path=page, **options: visit_page(path, **options)


def test_buttons_keys_and_slider_step(visit):
    tab = visit()
    said = lambda: tab.text_content("#said")  # noqa: E731
    assert tab.get_attribute("#said", "aria-live") == "polite"
    assert said() == "What is given: x, W₁, b₁, W₂, b₂ and t."
    assert tab.is_disabled("#previous")
    tab.click("#next")
    assert said() == "affine gives U₁ = x W₁ + b₁."
    assert tab.text_content("#node-title") == "valueU₁1×3"
    assert "later" in tab.locator("g[data-id=Y1]").get_attribute("class")
    tab.click("#next")
    tab.click("#previous")
    assert tab.text_content("#count") == "Step 1 of 11"
    tab.keyboard.press("End")
    assert said().startswith("Back through affine: ∂E/∂b₁")
    assert tab.is_disabled("#next")
    tab.keyboard.press("ArrowLeft")
    assert tab.text_content("#step .product") == "δ₁ ← ∂E/∂Y₁ × (1 − Y₁) ⊙ Y₁"
    assert len(tab.query_selector_all("#step table")) == 3  # upstream × local derivative = product
    tab.keyboard.press("Home")
    tab.focus("#slider")
    tab.keyboard.press("ArrowRight")
    assert said().startswith("affine gives")
    assert tab.get_attribute("#slider", "aria-valuetext") == "Step 1 of 11: forward, affine"


def test_no_line_shows_before_its_step(visit, page):
    """Every arrow is dim at first, also where the picture draws it in pieces."""
    tab, content = visit(), known(page)
    for arrow in {arrow for step in content["steps"] for arrow in step.get("arrows", [])}:
        parts = ", ".join(f"[id='{content['prefix']}{arrow}{piece}']" for piece in ("", "_1", "_2"))
        dim = tab.eval_on_selector_all(parts, "parts => parts.map(part => part.classList.contains('later'))")
        assert dim
        assert all(dim), arrow


def test_a_box_shows_its_details_by_click_and_by_focus(visit):
    tab = visit()
    tab.keyboard.press("End")
    tab.click("g[data-id=W2]")
    panel = tab.text_content("#node")
    assert "∂E/∂W₂ ← Y₁ᵀ × δ₂" in panel
    assert tab.eval_on_selector("#node table", "table => table.rows.length") == 3
    tab.focus("#fit" if tab.is_visible("#fit") else "#slider")
    tab.keyboard.press("Tab")  # the frame's boxes, in the order of the picture
    while tab.evaluate("document.activeElement.id") in ("frame", "fit"):
        tab.keyboard.press("Tab")
    focused = tab.evaluate("document.activeElement.getAttribute('aria-label')")
    assert tab.evaluate("document.activeElement.getAttribute('role')") == "button"
    assert focused.split(",")[0] in tab.text_content("#node-title")
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.focus("g[data-id=gU2]")
    tab.keyboard.press("Enter")
    assert tab.text_content("#node-title").startswith("gradientδ₂ = ∂E/∂U₂")


def test_play_goes_on_by_itself_until_it_is_stopped(visit):
    tab = visit()
    tab.clock.install()
    tab.click("#play")
    assert tab.get_attribute("#play", "aria-pressed") == "true"
    tab.clock.run_for(3300)
    assert tab.text_content("#count") == "Step 2 of 11"
    tab.clock.run_for(60_000)
    assert tab.text_content("#count") == "Step 11 of 11"
    assert tab.text_content("#play") == "Play"


def test_play_begins_anew_at_the_end(visit):
    tab = visit(fragment="#step=3")
    tab.clock.install()
    tab.keyboard.press("End")
    tab.click("#play")
    assert tab.text_content("#count") == "Step 0 of 11"
    tab.clock.run_for(1700)
    assert tab.text_content("#count") == "Step 1 of 11"


def test_both_languages_say_the_same_things():
    script = (Path(minigrad.picture.__file__).parent / "stepper" / "page.js").read_text("utf-8")
    for table in LANGUAGES.values():
        assert list(table) == list(ENGLISH)
    for key, text in JAPANESE.items():
        assert {*re.findall(r"{\w+}", text)} == {*re.findall(r"{\w+}", ENGLISH[key])}, key
    asked = re.findall(r'\bwords\.(\w+)|\bwords\["([^"]+)"\]|\bsay\("([^"]+)"', script)
    assert len(asked) > 15
    assert {next(filter(None, keys)) for keys in asked} <= {*ENGLISH}


def test_a_page_in_japanese_has_no_english_left(visit, tmp_path):
    E, t, _ = network()
    tab = visit(stepper(E, tmp_path / "ja.html", given=[sums_to_one(t)], lang="ja"))
    assert tab.get_attribute("html", "lang") == "ja"
    assert tab.title().startswith("一段ずつ：E = ")
    words = "affine|sigmoid|softmax|CE|Home|End|Enter|Tab|log|diag|max|JavaScript"  # operations, keys and formulas
    english = re.compile(rf"\b(?!(?:{words})\b)[A-Za-z]{{3,}}")
    for step in range(12):
        tab.evaluate(f"go({step})")
        said = tab.evaluate(
            """[...document.querySelectorAll('body *')].filter(x => x.tagName !== 'SCRIPT').flatMap(x =>
            [...['aria-label', 'title', 'aria-valuetext'].map(name => x.getAttribute(name) ?? ''),
            ...[...x.childNodes].filter(y => y.nodeType === 3).map(y => y.textContent)])"""
        )
        assert [text for text in said if english.search(text)] == []
    assert tab.text_content("#count") == "ステップ 11 / 11"
    with pytest.raises(ValueError, match=r"stepper: lang must be one of 'en', 'ja', not the int 3"):
        stepper(E, lang=3)


def test_a_phone_scrolls_the_picture_and_not_the_page(visit):
    tab = visit(viewport={"width": 390, "height": 844}, has_touch=True)
    for step in range(12):
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        box = tab.locator("g.now.box").first.bounding_box() if step else None
        assert box is None or 0 <= box["x"] + box["width"] / 2 <= 390  # the picture follows the step
        tab.keyboard.press("ArrowRight")


def test_a_phone_scrolls_a_wide_matrix_and_not_the_page(visit, tmp_path):
    x, W = np.linspace(-9, 9, 12).reshape(3, 4), parameter(np.linspace(-1, 1, 20).reshape(4, 5), "W")
    page = stepper(np.tanh(x @ W).sum(), tmp_path / "wide.html")
    tab = visit(page, viewport={"width": 390, "height": 844}, has_touch=True)
    scrolling = 0
    for _ in range(6):
        tab.keyboard.press("ArrowRight")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        scrolling += tab.evaluate(
            "[...document.querySelectorAll('.group .scroll')].filter(x => x.scrollWidth > x.clientWidth).length"
        )
    assert scrolling


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_light_and_dark(visit, scheme, dark):
    tab = visit(color_scheme=scheme)
    red = int(re.search(r"\d+", tab.evaluate("getComputedStyle(document.body).backgroundColor"))[0])
    ink = int(re.search(r"\d+", tab.evaluate("getComputedStyle(document.body).color"))[0])
    assert (red < 60 and ink > 200) if dark else (red > 240 and ink < 60)
    paper = "document.querySelector('#frame svg polygon, #frame svg rect')"
    red = int(re.search(r"\d+", tab.evaluate(f"getComputedStyle({paper}).fill"))[0])
    assert red < 60 if dark else red > 240


def test_a_large_graph_stays_usable(visit, tmp_path):
    h = Tensor(np.ones((20, 30)), name="x")
    for i in range(60):
        h = np.tanh(h * parameter(np.full((30,), 0.9), f"w{i + 1}"))
    tab = visit(stepper(h.sum(), tmp_path / "large.html", fold=False))
    tab.keyboard.press("End")
    assert tab.text_content("#said").startswith("Back through")
    assert "mean" in tab.text_content("#node")
    assert tab.eval_on_selector_all("g.box[tabindex='0']", "found => found.length") <= 6


def test_an_unrolled_network_is_gone_through_folded(visit, tmp_path):
    """Fifty repeats take the steps of one, and a box says what it stands for."""
    W, h = parameter(np.full((3, 3), 0.2), "W"), Tensor(np.ones((2, 3)), name="x")
    for _ in range(50):
        h = np.tanh(h @ W)
    path = stepper(losses.squared_error(h, np.zeros((2, 3))), tmp_path / "unrolled.html")
    assert len(known(path)["steps"]) < 10
    tab = visit(path)
    tab.keyboard.press("End")
    assert "∂E/∂W" in tab.text_content("#said")
    folded = next(key for key, node in known(path)["nodes"].items() if node["count"] == 50)
    tab.locator(f"g[data-id='{folded}']").focus()
    tab.keyboard.press("Enter")
    assert "one for each of 50" in tab.text_content("#node")


def batch():
    """A layer with four samples, so that its bias's gradient is a sum."""
    rng = np.random.default_rng(0)
    x, W, b = rng.normal(size=(4, 3)), parameter(rng.normal(size=(3, 2)), "W"), parameter([0.1, -0.2], "b")
    return losses.squared_error(sigmoid(Tensor(x, name="x") @ W + b), np.zeros((4, 2)))


def test_the_address_names_a_step(visit, page):
    tab = visit()
    tab.goto(page.as_uri() + "#step=7")
    tab.reload()
    assert tab.text_content("#count") == "Step 7 of 11"
    tab.keyboard.press("ArrowRight")
    assert tab.url.endswith("#step=8")
    assert tab.get_attribute("#count", "href") == "#step=8"
    tab.evaluate("location.hash = '#step=3'")
    tab.wait_for_function("document.getElementById('count').textContent === 'Step 3 of 11'")
    tab.keyboard.press("Home")
    assert "#" not in tab.url
    for odd in ("#step=", "#step=-1", "#step=two", "#other"):
        tab.goto(page.as_uri() + odd)
        tab.reload()
        assert tab.text_content("#count") == "Step 0 of 11"
    tab.goto(page.as_uri() + "#step=99")
    tab.reload()
    assert tab.text_content("#count") == "Step 11 of 11"


def test_the_arithmetic_stands_beside_the_picture_in_one_window(visit):
    tab = visit(viewport={"width": 1280, "height": 800})
    for step in range(12):
        assert tab.evaluate("document.documentElement.scrollHeight") <= 800
        picture, panel = tab.locator("#frame").bounding_box(), tab.locator("#step").bounding_box()
        assert panel["x"] >= picture["x"] + picture["width"]
        assert abs(panel["y"] - tab.locator("section.picture").bounding_box()["y"]) < 2  # where its button is, too
        box = tab.locator("g.now.box").first.bounding_box() if step else None
        assert box is None or picture["y"] - 1 <= box["y"] + box["height"] / 2 <= picture["y"] + picture["height"]
        tab.keyboard.press("ArrowRight")


def test_the_sum_over_the_batch_is_shown(visit, tmp_path):
    path = stepper(batch(), tmp_path / "batch.html")
    nodes = known(path)["nodes"]
    (term,) = nodes["gb"]["terms"]
    assert (term["sum"], term["upstream"], term["local"]) == ("Σₙ", "δ₁", "1")
    np.testing.assert_allclose(np.sum(nodes[term["from"]]["value"]["rows"], 0), term["product"]["rows"][0], rtol=1e-4)
    assert [term["sum"] for term in nodes["gW"]["terms"]] == [""]
    tab = visit(path)
    tab.keyboard.press("End")
    assert "∂E/∂b = Σₙ δ₁ × 1" in tab.text_content("#said")
    written = " ".join(tab.locator("#step li").first.inner_text().split())
    assert written.startswith("∂E/∂b ← Σₙ δ₁ × 1 Σₙ ")
    assert tab.locator("#step li").first.locator("table").count() == 2  # what is added up, and the sum


def test_matrices_have_brackets(visit):
    tab = visit()
    tab.keyboard.press("End")
    for side, open_end in (("before", "right"), ("after", "left")):
        look = f"getComputedStyle(document.querySelector('#step .matrix'), '::{side}')"
        assert tab.evaluate(f"{look}.borderTopWidth") == tab.evaluate(f"{look}.borderBottomWidth") == "2px"
        assert tab.evaluate(f"{look}.border{open_end.title()}Width") == "0px"


def test_a_notebook_steps_in_its_cell(browser):
    """In a frame without an address or an origin of its own; nothing is complained of."""
    E, t, _ = network()
    trouble, tab = [], browser.new_page()
    tab.on("console", lambda message: trouble.append(message.text))
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.set_content(f"<body>{stepper(E, given=[sums_to_one(t)])._repr_html_()}")
    tab.locator("iframe").scroll_into_view_if_needed()
    frame = tab.frame_locator("iframe")
    frame.locator("#next").click()
    assert frame.locator("#said").text_content() == "affine gives U₁ = x W₁ + b₁."
    tab.close()
    assert not trouble
