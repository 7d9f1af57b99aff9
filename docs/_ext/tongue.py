"""What is below ``ja/`` is in Japanese: it says so to browsers and screen readers, and has no spaces at line ends."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def say_language(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None) -> None:
    """Set the language of a page by where it lies."""
    if page.startswith("ja/"):
        context["language"] = "ja"


LETTER = r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]"  # punctuation, kana, kanji, and Latin letters of full width


def join_lines(app: Sphinx, tree: nodes.document) -> None:
    """Take line breaks between Japanese letters out, which would show as spaces; those of code stay."""
    if app.env.docname.startswith("ja/"):
        for text in [x for x in tree.findall(nodes.Text) if not isinstance(x.parent, nodes.literal_block)]:
            before, after = (x.astext() if x is not None else "" for x in find_neighbors(text))
            joined = re.sub(rf"(?<={LETTER})\n(?={LETTER})", "", before[-1:] + text + after[:1])
            joined = joined[len(before[-1:]) : len(joined) - len(after[:1])]
            if joined != text:
                text.parent.replace(text, nodes.Text(joined))


def find_neighbors(node: nodes.Node) -> tuple[nodes.Node | None, nodes.Node | None]:
    """Give what stands before and after a node in its parent."""
    around = [None, *node.parent.children, None]
    place = node.parent.index(node) + 1
    return around[place - 1], around[place + 1]


def setup(app: Sphinx) -> dict[str, bool]:
    """Set the language before each page is written, and join its lines when it has been read."""
    app.connect("doctree-read", join_lines)
    app.connect("html-page-context", say_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
