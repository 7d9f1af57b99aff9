"""The chapter's switch between matrix and index notation, in a browser: the choice is seen, and kept in the address."""

from importlib import import_module
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        equations = import_module("making.equations")
    body = f"{equations.write_switch('en')}<section><h2>A</h2>{equations.write_both('<p>Y</p>', '<p>yⱼ</p>')}</section>"
    path = tmp_path_factory.mktemp("chapter") / "chapter.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{body}<a href='chapter.html'>again</a>", "utf-8")
    return path


def seen(tab):
    return [name for name in ("matrix", "index") if tab.locator(f".by.{name}").is_visible()], [
        button.get_attribute("data-notation")
        for button in tab.locator(".notation-switch button").all()
        if button.get_attribute("aria-pressed") == "true"
    ]


def test_the_choice_is_seen_and_kept_in_the_address(browser, page):
    tab = browser.new_page()
    tab.goto(page.as_uri())
    assert seen(tab) == (["matrix"], ["matrix"])
    tab.get_by_role("button", name="index").press("Enter")
    assert seen(tab) == (["index"], ["index"])
    assert tab.url == page.as_uri() + "?notation=index"
    tab.get_by_text("again").click()  # a link to the chapter, in this language or another, takes the choice along
    tab.wait_for_load_state()
    assert (tab.url, seen(tab)) == (page.as_uri() + "?notation=index", (["index"], ["index"]))
    tab.get_by_role("button", name="matrix").click()
    assert (tab.url, seen(tab)) == (page.as_uri(), (["matrix"], ["matrix"]))
    tab.goto(page.as_uri() + "?notation=nothing")
    assert seen(tab) == (["matrix"], ["matrix"])
    tab.close()


def test_without_javascript_both_are_seen(browser, page):
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(page.as_uri())
    assert seen(tab)[0] == ["matrix", "index"]
    tab.close()
