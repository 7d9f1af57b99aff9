"""What the site adds to the theme for keyboards and screen readers."""

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

EXTENSIONS = Path(__file__).parent.parent / "docs" / "_ext"
THEME = (
    '<aside class="sidebar-drawer">…</aside><div id="search-results"></div><aside class="toc-drawer no-toc">…</aside>'
)


def test_columns_have_names_and_the_search_page_a_title(tmp_path, monkeypatch):
    """Each landmark differs from the other; other pages keep their own title, and a failed build is left alone."""
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    access = import_module("access")
    (tmp_path / "ja").mkdir()
    for name, lang in (("search", "en"), ("start", "en"), ("ja/start", "ja")):
        (tmp_path / f"{name}.html").write_text(f'<html lang="{lang}"><body>{THEME}</body></html>', "utf-8")
    app = SimpleNamespace(outdir=str(tmp_path), builder=SimpleNamespace(format="html"))
    access.name_parts(app, ValueError("a page is wrong"))
    assert "aria-label" not in (tmp_path / "start.html").read_text("utf-8")
    access.name_parts(app, None)
    start, japanese = ((tmp_path / f"{name}start.html").read_text("utf-8") for name in ("", "ja/"))
    assert '<aside aria-label="All pages" class="sidebar-drawer">' in start
    assert '<aside aria-label="On this page" class="toc-drawer no-toc">' in start
    assert "<h1" not in start
    assert 'aria-label="すべてのページ"' in japanese
    search = (tmp_path / "search.html").read_text("utf-8")
    assert search.count("<h1>Search</h1>") == 1
    access.name_parts(app, None)
    assert (tmp_path / "search.html").read_text("utf-8") == search, "a second build changes nothing"


def test_what_scrolls_is_reached_by_the_keyboard(monkeypatch):
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    context = {"body": '<pre>x</pre><pre class="literal-block">y</pre><div class="table-wrapper docutils"></div>'}
    import_module("access").complete_page(None, "page", "", context, None)
    assert context["body"] == (
        '<pre tabindex="0">x</pre><pre tabindex="0" class="literal-block">y</pre>'
        '<div tabindex="0" class="table-wrapper docutils"></div>'
    )


def test_lines_of_japanese_are_joined_but_not_those_of_what_code_prints(monkeypatch):
    """A line break between Japanese letters would show as a space; in a block of code it is a line's end."""
    nodes = pytest.importorskip("docutils.nodes")
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    tongue = import_module("tongue")
    tree = nodes.document(None, None)
    tree += nodes.paragraph("", "式を導き、\n確かめる。")
    tree += nodes.literal_block("", "正しい。\n違う。")
    app = SimpleNamespace(env=SimpleNamespace(docname="ja/start"))
    tongue.join_lines(app, tree)
    assert [part.astext() for part in tree] == ["式を導き、確かめる。", "正しい。\n違う。"]
