"""The tour's page in a browser: its notations, its tables on a phone, its pictures in the dark; and in Japanese."""

import json
import re
import shutil

import pytest

from minigrad import optim
from minigrad.app.cli import main
from minigrad.app.tour.problems import OPTIMIZERS
from minigrad.app.tour.words import ENGLISH, JAPANESE, LANGUAGES

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
JAPANESE_LETTER = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def toured(tmp_path_factory):
    out = tmp_path_factory.mktemp("tour")
    assert main(["tour", "--quick", "--lang", "ja", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium here; .ci/run says so too")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


def test_each_language_says_the_same():
    """The same keys, the same parts put in, the same letters of mathematics."""
    for words in LANGUAGES.values():
        assert words.keys() == ENGLISH.keys()
        for key, said in words.items():
            assert sorted(re.findall(r"\{\w*\}", said)) == sorted(re.findall(r"\{\w*\}", ENGLISH[key])), key
            assert said.count("<strong>") == ENGLISH[key].count("<strong>")
            assert said.count("<i>") == said.count("</i>")
    same = {key for key in ENGLISH if not JAPANESE_LETTER.search(JAPANESE[key])}
    assert same == {"lang"}


def test_the_page_speaks_japanese_and_uses_the_books_terms(toured):
    page = (toured / "index.html").read_text("utf-8")
    assert '<html lang="ja">' in page
    for term in ("中間層", "出力層", "誤差", "勾配", "学習係数", "慣性係数", "活性化関数", "ミニバッチ学習", "連鎖律"):
        assert term in page, term
    prose = re.sub(r"<(style|pre|math).*?</\1>", "", page, flags=re.DOTALL)
    prose = re.sub("<[^>]*>", " ", prose)
    rest = set(re.findall("[A-Za-z]{4,}", prose)) - {*OPTIMIZERS, "minigrad", "NumPy", "json"}
    assert {word for word in rest if not re.search(rf"{word}[\w.]*\.(py|json)", prose)} <= {"sine", "gradients"}
    graph = (toured / "iris-graph.svg").read_text("utf-8")
    assert "出力層 3" in graph


def test_the_update_rules_are_those_that_run(toured):
    page = (toured / "index.html").read_text("utf-8")
    for rule in (optim.SGD, optim.Momentum, optim.AdaGrad, optim.RMSProp, optim.Adam, optim.AdamW):
        for line in str(rule.formula()).splitlines():
            assert f'alttext="{line}"' in page, (rule, line)


def test_digits_are_read_and_a_filters_gradient_is_the_sum_over_its_places(toured):
    page = (toured / "index.html").read_text("utf-8")
    assert 'alttext="∂E/∂W₁ = X ⋆ δ₁"' in page
    found = json.loads((toured / "results.json").read_text("utf-8"))["digits"]
    assert found["by hand"] < 1e-12
    assert max(max(line["engine"], line["numeric"]) for line in found["derivation"]) < 1e-6
    assert found["accuracy"] > 0.85, "after one epoch; guessing reads a tenth"
    for name in ("filters", "sees", "read", "graph"):
        light, dark = ((toured / f"digits-{name}{end}.svg").read_text("utf-8") for end in ("", "-dark"))
        assert f"digits-{name}.svg" in page
        assert light != dark


def test_the_notation_is_switched_by_key_and_without_a_script(toured, browser):
    tab = browser.new_page(java_script_enabled=True)
    tab.goto((toured / "index.html").as_uri())
    shown = lambda kind: tab.locator(f"#sine .as-{kind}").is_visible()  # noqa: E731
    assert (shown("matrix"), shown("index")) == (True, False)
    tab.locator("#by-matrix").focus()
    tab.keyboard.press("ArrowRight")
    assert (shown("matrix"), shown("index")) == (False, True)
    assert "<script" not in tab.content()
    by_index = tab.locator("#iris .as-index math").first.get_attribute("alttext")
    assert by_index == "δ⁽³⁾ⱼ = ∂E/∂u⁽³⁾ⱼ = y⁽³⁾ⱼ − tⱼ"
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_tables_scroll_inside_themselves(toured, browser, scheme):
    tab = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    tab.goto((toured / "index.html").as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    switch, heading = (tab.locator(x).first.bounding_box() for x in (".switch", "main h2"))
    assert switch["y"] + switch["height"] <= heading["y"] or heading["y"] + heading["height"] <= switch["y"]
    wide = "[...document.querySelectorAll('table')].filter(x => x.getBoundingClientRect().width > 392)"
    held = f"{wide}.every(x => ['auto', 'scroll'].includes(getComputedStyle(x.closest('.scroll')).overflowX))"
    assert tab.evaluate(held)
    seen = tab.evaluate("[...document.querySelectorAll('picture img')].map(x => x.currentSrc || x.src)")
    assert len(seen) > 10
    tab.locator("picture img").first.scroll_into_view_if_needed()
    tab.wait_for_function("document.querySelector('picture img').currentSrc")
    assert ("-dark" in tab.evaluate("document.querySelector('picture img').currentSrc")) == (scheme == "dark")
    tab.close()
