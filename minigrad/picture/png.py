"""SVG -> PNG without any program or system library: by resvg-py, the extra ``png``."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from minigrad.extras import require

_SYSTEM = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts", r"C:\Windows\Fonts")
_WANTED = ("DejaVuSerif.ttf", "DejaVuSans.ttf", "DejaVuSansMono.ttf")


def png(svg: str, zoom: float = 2.0) -> bytes:
    """Render SVG text as PNG.

    Raises ``ImportError`` without the extra ``png``, ``RuntimeError`` where no font is found: text would then vanish
    without a word.
    """
    resvg: Any = require("resvg_py", "png")
    folders = fonts()
    if not folders:
        raise RuntimeError(
            "draw: no font was found to write a PNG's text with; matplotlib brings some:  "
            "pip install matplotlib; or draw to .svg, which uses those of its reader"
        )
    return bytes(
        resvg.svg_to_bytes(
            svg_string=svg, dpi=96, zoom=zoom, font_dirs=folders, serif_family="DejaVu Serif",
            sans_serif_family="DejaVu Sans", monospace_family="DejaVu Sans Mono",
        )
    )  # fmt: skip


def fonts() -> list[str]:
    """Give the folders that hold fonts: matplotlib's, which ships DejaVu, else the system's."""
    found = find_spec("matplotlib")
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place, "mpl-data", "fonts", "ttf")
        if all((folder / name).exists() for name in _WANTED):
            return [str(folder)]
    home = os.path.expanduser("~/.fonts")
    return [folder for folder in (*_SYSTEM, home) if _has_fonts(folder)]


def _has_fonts(folder: str) -> bool:
    return any(name.endswith((".ttf", ".otf", ".ttc")) for _, _, names in os.walk(folder) for name in names)
