"""The page of exercises: what it knows is the library's, formulas compute as NumPy does, and it works by any hand."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, losses
from minigrad.exercises.course import COURSE
from minigrad.exercises.page import SCRIPTS, write_page
from minigrad.exercises.page_words import PAGE_WORDS
from minigrad.exercises.records import read_records
from tests.exercise_slips import SLIPS
from tests.test_exercise_slips import sigmoid, softmax

FEW = ("squared-error", "hidden-layer", "batch")


def sheets(keys, lang="en"):
    return [(x.key, x.worksheet(lang=lang), x.about) for x in COURSE if x.key in keys]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write_page(sheets(FEW), tmp_path_factory.mktemp("exercises") / "page.html")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return write_page(sheets([x.key for x in COURSE]), tmp_path_factory.mktemp("course") / "page.html")


def known(path):
    text = path.read_text("utf-8")
    return json.loads(re.search(r'<script type="application/json" id="content">(.*?)</script>', text, re.S)[1])


def array(x):
    return np.reshape(x["data"], x["shape"])


def test_the_page_is_one_file_that_may_do_nothing_but_ask(page):
    text = page.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert not re.search(r'\sstyle="|\son\w+="', text)


def test_no_name_can_break_out_of_the_page(tmp_path):
    w = Tensor([1.0, 2.0], requires_grad=True, name="</script><img src=x onerror=alert(1)>$title")
    text = minigrad.exercise((w * w).sum()).page(tmp_path / "page.html").read_text("utf-8")
    assert "<img" not in text
    assert text.count("</script>") == 2


def test_the_page_knows_what_the_library_knows(page):
    found = {x["key"]: x for x in known(page)["exercises"]}
    for key, sheet, _ in sheets(FEW):
        lines = {line["key"]: line for line in found[key]["lines"]}
        for question in sheet:
            line = lines[question.key]
            np.testing.assert_allclose(array(line["value"]), question.value, rtol=1e-15)
            assert len(line["hints"]) == len(question.hints)
            assert question.code == line["code"]
        for name, value in sheet.given.items():
            np.testing.assert_allclose(array(found[key]["given"][name]), value, rtol=1e-15)


def test_every_sentence_that_the_script_says_is_there_and_said():
    folder = Path(minigrad.__file__).parent / "exercises"
    script = "".join((folder / name).read_text("utf-8") for name in SCRIPTS)
    template = (folder / "page.html").read_text("utf-8")
    said = set(re.findall(r'(?:say\(|Wrong\(|key: )"(\w+)"', script)) | {"hint", "answer", "skip", "ends", "unexpected"}
    shown = set(re.findall(r"\$(\w+)", template)) - {"lang", "policy", "style", "content", "script"}
    assert sorted(said | shown) == sorted(PAGE_WORDS)


ARRAYS = {"X": (4, 3), "W": (3, 2), "D": (4, 2), "v": (3,), "b": (2,), "s": ()}
FORMULAS = [
    "X @ W", "X.T @ D", "D @ W.T", "X @ v", "v @ v", "v @ W", "D - b", "-X**2", "2**-1 * s", "s - 2 - 1", "6 / 2 / 3",
    "D.sum(axis=0)", "D.sum(axis=-1)", "D.sum()", "D.sum(0)", "D.mean(axis=1, keepdims=True)", "np.sum(D, axis=0)",
    "np.exp(X)", "np.tanh(X) * (1 - np.tanh(X)**2)", "np.sqrt(np.abs(X))", "sigmoid(X)", "softmax(X)", "np.outer(v, b)",
    "(X > 0) * X", "np.maximum(X, 0)", "X.T.T - X", "X * v", "+X - -X", "1e-3 * X + .5",
    "D.max(axis=0)", "np.log(np.square(X) + 1)", "np.ones_like(X) / 3", "(X @ W - D) @ W.T * X * (1 - X)", "np.pi * s",
    "X.sum(axis=1, keepdims=True) * X", "np.transpose(X) @ D", "(X + 1)**2 / 2", "s**2**2", "-2**2 * s", "v.T @ W",
]  # fmt: skip


def given_arrays():
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape) for name, shape in ARRAYS.items()}


def as_json(x):
    return {"shape": list(np.shape(x)), "data": np.asarray(x, float).ravel().tolist()}


def test_formulas_compute_as_numpy_does(visit_page, page):
    tab, arrays = visit_page(page), given_arrays()
    for formula in FORMULAS:
        expected = eval(formula, {"np": np, "sigmoid": sigmoid, "softmax": softmax}, arrays)
        found = tab.evaluate(
            "([text, names]) => evaluate(text, names)", [formula, {k: as_json(x) for k, x in arrays.items()}]
        )
        assert tuple(found["shape"]) == np.shape(expected), formula
        np.testing.assert_allclose(array(found), expected, rtol=1e-12, err_msg=formula)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Xᵀ @ D", "X.T @ D"), ("X^T @ D", "X.T @ D"), ("X ⊙ X − X²", "X * X - X**2"), ("dW = X.T @ D", "X.T @ D"),
     ("∂E/∂W = X.T @ D", "X.T @ D"), ("（X）", "X"), ("  X\n @ W", "X @ W")],
)  # fmt: skip
def test_formulas_as_a_book_has_them(visit_page, page, written, meant):
    names = {k: as_json(x) for k, x in given_arrays().items()}
    tab = visit_page(page)
    both = [tab.evaluate("([text, names]) => evaluate(text, names, 'dW')", [text, names]) for text in (written, meant)]
    assert both[0] == both[1]


WRONG = [
    ("", "Write a formula or numbers first."),
    ("X @ D", "The shapes 4 × 3 and 4 × 2 do not fit: @ needs"),
    ("X + D", "The shapes 4 × 3 and 4 × 2 do not fit, element by element."),
    ("X D", "An operation is missing before D"),
    ("X^2", "^ is no power here"),
    ("(X", ") is missing."),
    ("X *", "The formula ends too early."),
    ("* X", "Something is missing before *."),
    ("Q", "There is no Q; there are X, W, D"),
    ("constructor", "There is no constructor;"),
    ("constructor(X)", "There is no constructor;"),
    ("__proto__", "There is no __proto__;"),
    ("X.t", "There is no .t here"),
    ("X.constructor", "There is no .constructor here"),
    ("X.", "There is no . here"),
    ("X.sum(axis=2)", "There is no axis 2 in 4 × 3."),
    ("X.sum(axis=X)", "An axis is a number"),
    ("np.exp()", "This function is given too much or too little."),
    ("np.exp(X, X)", "This function is given too much or too little."),
    ("np.outer(v)", "This function is given too much or too little."),
    ("np", "There is no np;"),
    ("np.", "There is no ;"),
    ("X[0]", "[ is no sign that a formula may have here."),
    ("X; alert(1)", "; is no sign"),
    ("1 2; 3", "The rows have different lengths"),
    ("s @ X", "@ is for vectors and matrices"),
    ("dX = X", "This blank is dW, not dX."),
    ("X = X", "This blank is dW, not X."),
    ("2 = X", "= can only stand"),
    ("X, W", "An operation is missing before ,"),
]


def test_what_is_said_to_a_formula(visit_page, page):
    names, tab = {k: as_json(x) for k, x in given_arrays().items()}, visit_page(page)
    ask = """([text, names]) => { try { evaluate(text, names, "dW"); return "computed"; }
             catch (error) { return error instanceof Wrong ? say(error.key, error.parts) : String(error); } }"""
    for formula, said in WRONG:
        assert tab.evaluate(ask, [formula, names]).startswith(said), formula


def test_numbers_are_taken_as_precisely_as_they_are_typed(visit_page, page):
    tab = visit_page(page)
    ask = """([text, value]) => { const found = judge(evaluate(text, {}), {value, wrong: [], factors: [[-1, "sign"]],
             straight: [], pairs: [], both: ""});
             return found.right ? "right" : found.key ?? found.slip.key ?? found.slip; }"""
    value = as_json(np.array([[0.1234567, -2.5], [0, 12.345]]))
    for text, said in [
        ("0.1234567 -2.5\n0 12.345", "right"),
        ("[[0.12346, -2.5], [0, 12.345]]", "right"),
        (".123, -2.50; 0.000, 12.3", "right"),
        ("0.1 -3 ; 0 12", "digits"),
        ("0.12 -2.5; 0 12.345", "right"),
        ("0.13 -2.5; 0 12.345", "unusual"),
        ("-0.1234567 2.5; 0 -12.345", "sign"),
        ("0.1234567 -2.5 0 12.345", "shape"),
        ("0.1234567 -2.5; 0 13", "unusual"),
    ]:
        assert tab.evaluate(ask, [text, value]) == said, text
    row = as_json(np.array([[1.5, 2.5]]))
    assert tab.evaluate(ask, ["1.5 2.5", row]) == "right"  # typed without brackets, a row is a row
    assert tab.evaluate(ask, ["-1.5e0, -25e-1", row]) == "sign"


def test_every_slip_of_every_exercise_is_named_on_the_page_as_the_library_names_it(visit_page, course):
    tab = visit_page(course)
    tools = {"np": np, "sigmoid": sigmoid, "softmax": softmax}
    for key, sheet, _ in sheets([x.key for x in COURSE]):
        names = sheet.given | {question.key: question.value for question in sheet}
        for line, code, said in SLIPS[key]:
            found = tab.evaluate(JUDGED, [key, line, as_json(eval(code, tools, names))])
            same_numbers = said.startswith("its numbers are right, in shape")  # which the page calls a wrong shape
            assert found == said or (same_numbers and found.startswith("its shape is")), (key, line, code, found)


JUDGED = """([key, line, x]) => { const exercise = known.exercises.find(found => found.key === key);
    const found = judge(x, exercise.lines.find(found => found.key === line)); if (found.right) return "right";
    const slip = found.slip ?? found; return typeof slip === "string" ? slip : say(slip.key, slip.parts); }"""


@pytest.mark.parametrize("lesson", COURSE, ids=lambda lesson: lesson.key)
def test_the_page_says_what_the_library_says_of_any_slip_drawn(visit_page, course, lesson):
    """Of each blank a few slips, some times a factor, two at once, an η, and numbers that are no slip."""
    tab, rng, sheet = visit_page(course), np.random.default_rng(len(lesson.key)), lesson.worksheet()
    for question in sheet:
        answers, right = sheet.wrong_answers(question), question.value
        drawn = [answers.wrong[i][1] for i in rng.permutation(len(answers.wrong))[:3]]
        drawn.append(drawn[0] * answers.factors[rng.integers(len(answers.factors))][0] if drawn else -right)
        drawn += [answers.pairs[i][1] for i in rng.permutation(len(answers.pairs))[:2]]
        drawn += [right + 0.03 * slope for _, slope in answers.straight[:2]]
        drawn.append(right + 0.1 * rng.normal(size=right.shape))
        for x in drawn:
            row = sheet.judge(question, np.asarray(x))
            assert tab.evaluate(JUDGED, [lesson.key, question.key, as_json(x)]) == (row.slip or "right"), question.key


def test_every_answer_of_the_course_is_right_on_the_page(visit_page, course):
    tab = visit_page(course)
    for i, lesson in enumerate(COURSE):
        tab.locator("nav button").nth(i).click()
        assert tab.text_content("main h2") == str(lesson.title)
        for question in lesson.worksheet():
            tab.fill(f"#answer-{question.key}", question.code)
            tab.press(f"#answer-{question.key}", "Enter")
            assert tab.text_content(f"#reply-{question.key}") == "Right.", (lesson.key, question.key)
        assert "All done" in tab.text_content(".summary")
    assert tab.locator("nav .done").count() == len(COURSE)


def test_a_slip_is_named_a_hint_comes_before_the_answer_and_one_moves_on(visit_page, page):
    tab = visit_page(page, "#hidden-layer")
    reply = lambda key: tab.text_content(f"#reply-{key}")  # noqa: E731
    assert tab.get_attribute("li.now", "data-key") == "delta2"
    tab.fill("#answer-delta2", "T - Y2")
    tab.keyboard.press("Enter")
    assert reply("delta2").startswith("Not yet: the sign is wrong.")
    assert tab.locator("li.now .hints li").count() == 0
    tab.keyboard.press("Enter")
    assert tab.locator("li.now .hints li").count() == 1  # by itself, after the second
    tab.click("li.now [data-word=hint]")
    assert "Look at" in tab.text_content("li.now .hints")
    tab.fill("#answer-delta2", "Y2 - T")
    tab.click("li.now button.main")
    assert tab.evaluate("document.activeElement.id") == "answer-dW2"
    assert "delta2 = U2 - T" in tab.text_content("li.right") or "delta2 = Y2 - T" in tab.text_content("li.right")
    tab.click("li.now [data-word=answer]")
    assert reply("dW2") == "A hint first. Ask again to see the answer."
    assert "Y1.T @ delta2" not in tab.text_content("main")
    tab.click("li.now [data-word=answer]")
    assert "dW2 = Y1.T @ delta2" in tab.text_content("li.shown")
    assert "the chain rule" in tab.text_content("li.shown .way")
    tab.click("li.now [data-word=skip]")
    assert tab.get_attribute("li.now", "data-key") == "dY1"
    assert "1/7" in tab.text_content("nav [aria-current]")


def test_by_keyboard_alone_and_read_aloud(visit_page, page):
    tab = visit_page(page)
    tab.keyboard.press("Tab")
    assert tab.text_content(":focus") == "Go to the exercise"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    while tab.evaluate("document.activeElement.tagName") != "TEXTAREA":
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Answer to δ₁"
    described = tab.evaluate("document.activeElement.getAttribute('aria-describedby')")
    assert tab.get_attribute(f"#{described}", "role") == "status"
    tab.keyboard.type("T - Y1")
    tab.keyboard.press("Shift+Enter")
    tab.keyboard.type("+ 0")
    assert tab.get_attribute(":focus", "rows") == "2"
    tab.keyboard.press("Enter")
    assert "the sign is wrong" in tab.text_content(f"#{described}")
    seen = []
    for _ in range(4):
        tab.keyboard.press("Tab")
        seen.append(tab.text_content(":focus"))
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert seen == ["Check", "Hint", "Answer", "Skip"]  # the chips are passed by
    assert tab.locator("math[alttext]").count() == tab.locator("math").count() > 5


def test_by_touch_on_a_phone(visit_page, course):
    tab = visit_page(course, "#batch", viewport={"width": 390, "height": 844}, has_touch=True)
    for name in ("Y2", "-", "T"):
        tab.locator("li.now .chips").get_by_text(name, exact=True).tap()
    assert tab.input_value("#answer-delta2") == "Y2 - T"
    tab.tap("li.now button.main")
    assert "1/N is missing, N = 4" in tab.text_content("#reply-delta2")
    for i in range(len(COURSE)):
        tab.locator("nav button").nth(i).tap()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, COURSE[i].key
        small = tab.eval_on_selector_all(
            "nav button, li.now button.main, li.now .more button",
            "found => found.filter(x => x.offsetHeight < 36).length",
        )
        assert small == 0


def test_what_was_done_is_kept_and_saved_for_the_teacher(visit_page, page, tmp_path):
    tab = visit_page(page, "#squared-error")
    tab.fill("#answer-delta1", "2 * (Y1 - T)")
    tab.keyboard.press("Enter")
    tab.fill("#answer-delta1", "Y1 - T")
    tab.keyboard.press("Enter")
    tab.fill("#answer-dW", "X.T @ ")
    tab.fill("#learner", "Ann B.")
    tab.reload()
    assert tab.locator("li.right").count() == 1
    assert tab.input_value("#answer-dW") == "X.T @ "
    assert tab.input_value("#learner") == "Ann B."
    with tab.expect_download() as download:
        tab.click("#results button")
    assert download.value.suggested_filename == "Ann-B-.json"
    download.value.save_as(tmp_path / "Ann.json")
    (records,) = read_records(tmp_path / "Ann.json")
    assert list(records.rows()) == [("Ann B.", "squared-error", "delta1", "right", 2, 0, "a factor ½ is missing")]


def test_what_was_done_on_another_page_is_another_pages(visit_page, tmp_path):
    paths = []
    for value in (1.0, 2.0):
        x = Tensor([value, 2.0], requires_grad=True, name="x")
        paths.append(minigrad.exercise((x * x).sum()).page(tmp_path / f"{value}.html"))
    tab = visit_page(paths[0])
    tab.fill("#answer-dx", "2 * x")
    tab.keyboard.press("Enter")
    tab.goto(paths[1].as_uri())
    assert tab.locator("li.now").count() == 1
    tab.goto(paths[0].as_uri())
    assert tab.locator("li.right").count() == 1


def test_an_exercise_can_be_begun_again(visit_page, tmp_path):
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    tab = visit_page(minigrad.exercise((x * x).sum()).page(tmp_path / "own.html"))
    assert not tab.is_visible("nav")  # there is one exercise alone
    assert tab.text_content("main h2") == "Exercise"
    assert tab.eval_on_selector("main", "main => main.offsetWidth") > 800
    tab.fill("#answer-dx", "2 * x")
    tab.keyboard.press("Enter")
    assert "1 of 1 right, 1 at once" in tab.text_content(".summary")
    tab.click("[data-word=again]")
    assert tab.locator("li.now").count() == 1
    assert tab.input_value("#answer-dx") == ""


def test_only_the_blanks_are_asked(visit_page, tmp_path):
    X, W = Tensor([[1.0, 2.0]], name="X"), Tensor([[0.5], [1.0]], requires_grad=True, name="W")
    loss = losses.squared_error(minigrad.sigmoid(X @ W), np.ones((1, 1)))
    tab = visit_page(minigrad.exercise(loss, blanks=["dW"], lang="ja").page(tmp_path / "own.html"))
    assert tab.locator("textarea").count() == 1
    assert tab.locator("li.read").count() == 2
    assert tab.get_attribute("html", "lang") == "ja"
    tab.fill("#answer-dW", "-X.T @ delta1")
    tab.keyboard.press("Enter")
    assert tab.text_content("#reply-dW").startswith("まだ違います：符号が逆です。")


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_light_and_dark(visit_page, page, scheme, dark):
    tab = visit_page(page, color_scheme=scheme)
    red = int(re.search(r"\d+", tab.evaluate("getComputedStyle(document.body).backgroundColor"))[0])
    ink = int(re.search(r"\d+", tab.evaluate("getComputedStyle(document.body).color"))[0])
    assert (red < 60 and ink > 200) if dark else (red > 240 and ink < 60)


def test_a_large_network_is_compared_by_a_part_of_its_numbers(visit_page, tmp_path):
    rng = np.random.default_rng(0)
    model = minigrad.nn.MLP((4, 25, 3), output="softmax", rng=0)
    T = Tensor(np.eye(3)[np.arange(75) % 3], name="T")
    attempt = minigrad.exercise(losses.cross_entropy(model(rng.normal(size=(75, 4))), T), blanks=["delta1", "dW2"])
    path = attempt.page(tmp_path / "large.html")
    assert path.stat().st_size < 500_000
    tab = visit_page(path)
    for key, written, said in [
        ("dW2", "delta2.T @ Y1", "it is transposed"),
        ("dW2", "-Y1.T @ delta2", "the sign is wrong"),
        ("dW2", "U1.T @ delta2", "U₁ is used in place of Y₁"),
        ("delta1", "dY1", "f′ is missing"),
        ("delta1", "(delta2 @ (W2 - 0.01 * dW2).T) * Y1 * (1 - Y1)", "W₂ was already updated, with η = 0.01"),
        ("delta1", "Y1", "it is no usual slip"),
    ]:
        tab.fill(f"#answer-{key}", written)
        tab.press(f"#answer-{key}", "Enter")
        assert tab.text_content(f"#reply-{key}").startswith(f"Not yet: {said}"), written
    for key in ("dW2", "delta1"):
        tab.fill(f"#answer-{key}", attempt.worksheet[key].code)
        tab.press(f"#answer-{key}", "Enter")
    assert "2 of 2 right" in tab.text_content(".summary")


def test_names_in_any_script(visit_page, tmp_path):
    x, w = Tensor([[1.0, 2.0]], name="入力"), Tensor([[0.5], [1.0]], requires_grad=True, name="θ")
    attempt = minigrad.exercise(losses.squared_error(x @ w, np.ones((1, 1))), lang="ja")
    tab = visit_page(attempt.page(tmp_path / "own.html"))
    for question in attempt.worksheet:
        tab.fill(f"#answer-{question.key}", question.code)
        tab.press(f"#answer-{question.key}", "Enter")
    assert "2 問のうち正解 2 問" in tab.text_content(".summary")
