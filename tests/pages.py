"""The code that a page of documentation shows: it runs, and prints what the page says it does.

``python -m tests.pages docs/start.md`` writes what is printed into the page, after its code or the library changed:
read what it did before you commit it.
"""

import contextlib
import io
import re
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

BLOCK = re.compile(r"^( *)(`{3,})([^\n`]*)\n(.*?)^\1\2`*$", re.DOTALL | re.MULTILINE)
ROOT = Path(__file__).parent.parent


@dataclass
class Block:
    """One fenced block: its language, what is in it, and the line that it begins at.

    `follows` says that nothing stands between it and the block before; `span` is where its text begins and ends.
    """

    language: str
    text: str
    line: int
    follows: bool = False
    span: tuple[int, int] = (0, 0)


def read_blocks(page: str) -> list[Block]:
    """Every fenced block of a page in Markdown, in order."""
    blocks, end = [], 0
    for found in BLOCK.finditer(page):
        indent, _, language, inside = found.groups()
        text = "".join(line.removeprefix(indent) for line in inside.splitlines(keepends=True))
        line = page.count("\n", 0, found.start()) + 1
        follows = end > 0 and not page[end : found.start()].strip()
        blocks.append(Block(language.strip(), text, line, follows, found.span(4)))
        end = found.end()
    return blocks


def print_blocks(page: str, name: str, space: dict[str, object]):
    """Run a page's Python, one block after the other; give each block that shows what was printed, and that."""
    space["__name__"] = name
    for block, after in pairwise([*read_blocks(page), Block("end", "", 0)]):
        if block.language == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile("\n" * block.line + block.text, name, "exec"), space)
            if after.language == "" and after.follows:
                yield after, printed.getvalue()


def run_blocks(page: str, name: str) -> tuple[int, dict[str, object]]:
    """Run a page's Python as a reader enters it, and compare what it prints with what the page shows of that.

    A block without a language right below one of Python is what it prints. How many there are is given, and the names
    that the code leaves.
    """
    space: dict[str, object] = {}
    shown = 0
    for block, printed in print_blocks(page, name, space):
        assert printed == block.text, (
            f"{name}, line {block.line}: the page shows what is not printed, which is\n{printed}"
        )
        shown += 1
    return shown, space


def fill_blocks(page: str, name: str) -> str:
    """Give a page with what its code prints in the place of what it shows."""
    for block, printed in reversed([*print_blocks(page, name, {})]):
        start, end = block.span
        page = page[:start] + printed + page[end:]
    return page


if __name__ == "__main__":
    for path in map(Path.resolve, map(Path, sys.argv[1:])):
        name = path.relative_to(ROOT / "docs" if "docs" in path.parts else ROOT).as_posix()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            before, text = "", path.read_text("utf-8")
            while text != before:  # an error may print the line that it arose in, which moves
                before, text = text, fill_blocks(text, name)
        path.write_text(text, "utf-8")
