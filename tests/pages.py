"""The code that a page of documentation shows: it runs, and prints what the page says it does."""

import re
from dataclasses import dataclass
from itertools import pairwise

BLOCK = re.compile(r"^( *)(`{3,})([^\n`]*)\n(.*?)^\1\2`*$", re.DOTALL | re.MULTILINE)


@dataclass
class Block:
    """One fenced block: its language, what is in it, and the line of the page that it begins at.

    `follows` says that nothing stands between it and the block before.
    """

    language: str
    text: str
    line: int
    follows: bool = False


def read_blocks(page: str) -> list[Block]:
    """Every fenced block of a page in Markdown, in order."""
    blocks, end = [], 0
    for found in BLOCK.finditer(page):
        indent, _, language, inside = found.groups()
        text = "".join(line.removeprefix(indent) for line in inside.splitlines(keepends=True))
        line = page.count("\n", 0, found.start()) + 1
        blocks.append(Block(language.strip(), text, line, end > 0 and not page[end : found.start()].strip()))
        end = found.end()
    return blocks


def run_blocks(page: str, name: str, capsys) -> tuple[int, dict[str, object]]:
    """Run a page's Python, one block after the other, as a reader enters them.

    A block without a language right below one of Python is what that prints: how many do so is given, and the names
    that the code leaves.
    """
    space: dict[str, object] = {"__name__": name}
    shown = 0
    for block, after in pairwise([*read_blocks(page), Block("end", "", 0)]):
        if block.language == "python":
            exec(compile("\n" * block.line + block.text, name, "exec"), space)
            printed = capsys.readouterr().out
            if after.language == "" and after.follows:
                assert printed == after.text, (
                    f"{name}, line {after.line}: the page shows what is not printed, which is\n{printed}"
                )
                shown += 1
    return shown, space
