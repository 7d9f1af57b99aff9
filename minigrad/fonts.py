"""Fonts of this machine: which folders hold some, and which file has Japanese letters, by what the files say."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

SYSTEM = (
    *("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts"),
    *("/Library/Fonts", "/System/Library/Fonts", "~/Library/Fonts", r"C:\Windows\Fonts"),
)
PACKAGE = "matplotlib_fontja"  # on the index of packages: IPAexGothic, and nothing to install as an administrator
LETTER = "層"  # of what pictures say; a font that has it has the others
WAY_OUT = f"install Noto Sans CJK JP (of Debian: fonts-noto-cjk), or:  pip install {PACKAGE.replace('_', '-')}"
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")  # kana, kanji, letters of full width
_PLAIN = re.compile(r"(?i)sans|goth"), re.compile(r"(?i)mono|bold|light|thin|black|medium")


def is_japanese(text: str) -> bool:
    """Say whether there are Japanese letters in a text."""
    return bool(_JAPANESE.search(text))


def list_folders() -> list[str]:
    """Give the folders of this system that hold fonts."""
    return [folder for folder in map(os.path.expanduser, SYSTEM) if next(list_files(folder), None)]


def list_files(folder: str) -> Iterator[Path]:
    """Give the files of fonts below a folder."""
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            if name.lower().endswith((".ttf", ".otf", ".ttc")):
                yield Path(place, name)


@lru_cache
def find_japanese(installed: bool = False) -> Path | None:
    """Give a font's file that has Japanese letters, upright and without serifs if there is one; None for none.

    It is of this system, or else of a package; ``installed`` asks for the first alone, as other programs do.
    """
    found = [path for folder in list_folders() for path in list_files(folder) if has_letter(path, LETTER)]
    if not found and not installed and (package := find_spec(PACKAGE)):
        found = [path for place in package.submodule_search_locations or () for path in list_files(place)]
    sans, other = _PLAIN
    return min(found, key=lambda path: (not sans.search(path.name), bool(other.search(path.name))), default=None)


def has_letter(path: Path, letter: str) -> bool:
    """Say whether a font has a letter, by its table ``cmap``, formats 4 and 12 (OpenType's specification)."""
    try:
        table = _read_table(path, b"cmap")
        for i in range(_number(table, ">H", 2)):
            start = _number(table, ">I", 8 + 8 * i)
            if _is_in(table[start:], ord(letter)):
                return True
    except (OSError, struct.error):  # not to be read, or cut off
        pass
    return False


def _read_table(path: Path, tag: bytes) -> bytes:
    """Give a table of a font, of a collection that of its first one; nothing where there is none."""
    with path.open("rb") as file:
        head = file.read(16)
        start = _number(head, ">I", 12) if head[:4] == b"ttcf" else 0
        file.seek(start)
        tables = _number(file.read(12), ">H", 4)
        for _ in range(tables):
            name, _, offset, length = struct.unpack(">4sIII", file.read(16))
            if name == tag:
                file.seek(offset)
                return file.read(length)
    return b"\0" * 4


def _is_in(part: bytes, code: int) -> bool:
    """Say whether a character is in one of the ranges of a part of ``cmap``."""
    form = _number(part, ">H", 0)
    if form == 12:
        groups = (struct.unpack_from(">II", part, 16 + 12 * i) for i in range(_number(part, ">I", 12)))
        return any(first <= code <= last for first, last in groups)
    if form == 4:
        twice = _number(part, ">H", 6)
        lasts = struct.unpack_from(f">{twice // 2}H", part, 14)
        firsts = struct.unpack_from(f">{twice // 2}H", part, 16 + twice)
        return any(first <= code <= last for first, last in zip(firsts, lasts, strict=True))
    return False


def _number(table: bytes, form: str, at: int) -> int:
    return int(struct.unpack_from(form, table, at)[0])
