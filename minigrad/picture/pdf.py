"""SVG -> PDF without any program or system library: by typst, the extra ``pdf``; letters stay letters, lines lines."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from minigrad.extras import require
from minigrad.picture.png import list_fonts

_PAGE = b'#set page(width: auto, height: auto, margin: 0pt, fill: none)\n#image("picture.svg")'


def pdf(svg: str) -> bytes:
    """Write SVG text as a PDF of one page, as large as the picture.

    Raises ``ImportError`` without the extra ``pdf``; warns of Japanese letters that no font has.
    """
    typst: Any = require("typst", "pdf")
    with TemporaryDirectory() as folder:
        Path(folder, "picture.svg").write_text(svg, encoding="utf-8")
        return bytes(typst.compile(_PAGE, root=folder, font_paths=list_fonts(svg)))
