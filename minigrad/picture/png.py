"""SVG -> PNG without any program or system library: by resvg-py, the extra ``png``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from minigrad.engine.messages.errors import warn_user
from minigrad.extras import require
from minigrad.fonts import WAY_OUT, find_japanese, is_japanese, list_folders

_WANTED = ("DejaVuSerif.ttf", "DejaVuSans.ttf", "DejaVuSansMono.ttf")


def png(svg: str, zoom: float = 2.0) -> bytes:
    """Render SVG text as PNG.

    Raises ``ImportError`` without the extra ``png``, ``RuntimeError`` where no font is found: text would then vanish
    without a word. Warns of Japanese letters that no font has.
    """
    resvg: Any = require("resvg_py", "png")
    folders = list_fonts(svg)
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


def list_fonts(text: str) -> list[str]:
    """Give the folders that hold fonts: matplotlib's, which ships DejaVu, else the system's; one for Japanese letters.

    Warns where a text has such letters, and no font is found that has them.
    """
    found = _list_plain()
    if is_japanese(text):
        font = find_japanese()
        if font is None:
            warn_of_letters()
        elif found:
            found = [*found, str(font.parent)]
    return found


def warn_of_letters() -> None:
    """Warn that a picture lacks letters, and say where to get them."""
    warn_user(
        f"draw: no font with Japanese letters is installed, and the picture lacks them; {WAY_OUT}; or draw to .svg, "
        f"which uses those of its reader",
        UserWarning,
    )


def _list_plain() -> list[str]:
    found = find_spec("matplotlib")
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place, "mpl-data", "fonts", "ttf")
        if all((folder / name).exists() for name in _WANTED):
            return [str(folder)]
    return list_folders()
