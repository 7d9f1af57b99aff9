"""The pages of documentation: their code runs and prints what they show, and the site is built by the library."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad
from tests.pages import fill_blocks, read_blocks, run_blocks

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts]


def site(folder, pages):
    """Build a small site with the extensions of ours; give what Sphinx says, and whether it is built."""
    folder.mkdir()
    code = (DOCS / "conf.py").read_text("utf-8").replace("Path(__file__).parent", f"Path({str(DOCS)!r})")
    (folder / "conf.py").write_text(code.replace('html_static_path = ["_static"]', ""), "utf-8")
    for name, text in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "--keep-going", str(folder), str(folder / "built")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_the_code_of_a_page_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_blocks(path.read_text("utf-8"), path.relative_to(DOCS).as_posix())


@pytest.mark.parametrize("page", ["from-pytorch", "from-jax", "from-keras"])
def test_what_the_tables_of_those_who_come_name_is_there(page):
    """Of each row, what stands on our side: `nn.Linear(4, 3)` is in minigrad.nn."""
    rows = re.findall(r"^\|.*?(?<!\\)\|(.*)\|$", (DOCS / f"{page}.md").read_text("utf-8"), re.MULTILINE)[2:]
    rooms = {name: getattr(minigrad, name) for name in ("nn", "losses", "optim", "data")}
    rooms |= {"np": np, "minigrad": minigrad}
    named = re.findall(rf"\b({'|'.join(rooms)})\.(\w+)", " ".join(rows))
    assert len(named) > 5
    assert [f"{room}.{name}" for room, name in named if not hasattr(rooms[room], name)] == []
    places = minigrad, minigrad.Tensor, minigrad.nn.MLP
    alone = {*re.findall(r"`(\w+)\(", " ".join(rows))} - {"model"}  # which is the reader's
    assert [name for name in alone if not any(hasattr(x, name) for x in places)] == []


def test_a_block_that_shows_what_is_not_printed_is_found():
    with pytest.raises(AssertionError, match=r"page\.md, line 5: the page shows what is not printed"):
        run_blocks("text\n```python\nprint(1)\n```\n```\n2\n```\n", "page.md")


def test_a_page_is_filled_with_what_its_code_prints():
    page = "```python\nx = 1\nprint(x)\n```\n\n```\n?\n```\ntext\n```python\nprint(x + 1)\n```\n```\n```\n"
    filled = fill_blocks(page, "page.md")
    assert filled == page.replace("?", "1").replace("```\n```\n```", "```\n```\n2\n```")
    assert run_blocks(filled, "page.md")[0] == 2


def test_blocks_are_read_with_their_lines():
    page = "# A\n\n```python\nx = 1\n```\n\n1. In a list:\n\n   ```sh\n   ls\n   ```\n"
    assert [(block.language, block.text, block.line, block.follows) for block in read_blocks(page)] == [
        ("python", "x = 1\n", 3, False),
        ("sh", "ls\n", 9, False),
    ]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("making.start:nothing", "AttributeError: module 'making.start' has no attribute 'nothing'"),
        ("making.nowhere:nothing", "ModuleNotFoundError: No module named 'making.nowhere'"),
        ("making.start:draw_small_network size=3", "TypeError: draw_small_network() got an unexpected keyword"),
        ("making.start", "ValueError: made is followed by module:function"),
        ("making.start:make_small_loss", "TypeError: it gave Tensor, not str"),
    ],
)
def test_what_cannot_be_made_names_its_page(wanted, said, tmp_path):
    pytest.importorskip("sphinx")
    built, error = site(tmp_path / "docs", {"index.md": f"# A\n\n```{{made}} {wanted}\n```\n"})
    assert not built
    assert f"index, line 3: {wanted}: {said}" in error


def test_a_page_has_what_is_made_for_it_and_loads_nothing(tmp_path):
    pytest.importorskip("sphinx")
    made = "# A\n\n```{made} making.start:draw_small_network\n```\n\n```python\nx\n```\n\n"
    made += "```{toctree}\n:caption: B\nja/b\n```\n"
    built, error = site(tmp_path / "docs", {"index.md": made, "ja/b.md": "# あ\n\n線を\n引く `x`\nの\n"})
    assert built, error
    page = (tmp_path / "docs" / "built" / "index.html").read_text("utf-8")
    assert page.count("<svg") > 1
    assert 'lang="en"' in page
    assert page.count("<pre") == page.count('<pre tabindex="0">') == 1  # which Tab reaches, to scroll it
    assert page.count('role="heading"') == page.count('role="heading" aria-level="2"') > 0
    japanese = (tmp_path / "docs" / "built" / "ja" / "b.html").read_text("utf-8")
    assert 'lang="ja"' in japanese
    assert "線を引く <code" in japanese
    online = {"index.md": '# A\n\n<img src="https://example.com/a.png">\n\n[a link](https://example.com)\n'}
    built, error = site(tmp_path / "online", online)
    assert not built
    assert 'index.html: <img src="https://example.com/a.png' in error
    assert error.count("example.com") == 1
