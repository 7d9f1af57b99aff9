"""Which fonts have Japanese letters: read from files made here, byte by byte, and from those that matplotlib ships."""

import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from minigrad import draw, fonts
from minigrad.picture import draw as drawing
from minigrad.picture import png
from tests.test_draw import textbook


def segments(*ranges):
    """A part of ``cmap`` in format 4: ranges of characters of 16 bits."""
    ranges = [*ranges, (0xFFFF, 0xFFFF)]
    n = len(ranges)
    lasts, firsts = (struct.pack(f">{n}H", *(x[i] for x in ranges)) for i in (1, 0))
    rest = lasts + b"\0\0" + firsts + b"\0" * 4 * n
    return struct.pack(">7H", 4, 14 + len(rest), 0, 2 * n, 0, 0, 0) + rest


def groups(*ranges):
    """The same in format 12, of characters of 32 bits."""
    rest = b"".join(struct.pack(">3I", *x, 1) for x in ranges)
    return struct.pack(">2H3I", 12, 0, 16 + len(rest), 0, len(ranges)) + rest


def font(*parts, collection=False):
    """A font that has a table ``cmap`` behind another one, and no shapes."""
    places, at = b"", 4 + 8 * len(parts)
    for part in parts:
        places += struct.pack(">HHI", 3, 1, at)
        at += len(part)
    cmap = struct.pack(">HH", 0, len(parts)) + places + b"".join(parts)
    head = struct.pack(">4s2I", b"ttcf", 0, 1) + struct.pack(">I", 16) if collection else b""
    start = len(head) + 12 + 2 * 16
    tables = struct.pack(">4s3I", b"DSIG", 0, start, 0) + struct.pack(">4s3I", b"cmap", 0, start, len(cmap))
    return head + struct.pack(">I4H", 0x10000, 2, 0, 0, 0) + tables + cmap


KANJI = (0x4E00, 0x9FFF)
FONTS = {
    "4.ttf": (font(segments((0x20, 0x7E), KANJI)), True),
    "12.otf": (font(segments((0x20, 0x7E)), groups((0x20, 0x7E), KANJI)), True),
    "many.ttc": (font(groups(KANJI), collection=True), True),
    "latin.ttf": (font(segments((0x20, 0x7E)), groups((0x20, 0x3FF))), False),
    "cut.ttf": (font(segments(KANJI))[:50], False),
    "none.ttf": (b"", False),
    "text.ttf": (b"no font at all, but text of more than sixteen bytes", False),
}


@pytest.fixture(autouse=True)
def _anew():
    fonts.find_japanese.cache_clear()
    yield
    fonts.find_japanese.cache_clear()


def fill(folder, names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(FONTS[name][0] if name in FONTS else FONTS["4.ttf"][0])
    return str(folder)


@pytest.mark.parametrize("name", FONTS)
def test_a_letter_of_a_font(name, tmp_path):
    folder = Path(fill(tmp_path, [name]))
    assert fonts.has_letter(folder / name, "層") == FONTS[name][1]


def test_letters_of_a_font_that_is_one():
    place = find_spec("matplotlib")
    if place is None:
        pytest.skip("matplotlib ships the font")
    path = Path(place.submodule_search_locations[0], "mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
    assert [fonts.has_letter(path, x) for x in "aδ∂ₙ層学"] == [True, True, True, True, False, False]


def test_the_plainest_font_of_those_that_have_them_is_taken(tmp_path, monkeypatch):
    names = ["latin.ttf", "a-mincho.ttf", "b-sans-bold.otf", "c-gothic.ttf"]
    monkeypatch.setattr(fonts, "SYSTEM", (fill(tmp_path / "a", names), str(tmp_path / "nowhere")))
    assert fonts.find_japanese().name == "c-gothic.ttf"
    fonts.find_japanese.cache_clear()
    (tmp_path / "a" / "c-gothic.ttf").unlink()
    assert fonts.find_japanese().name == "b-sans-bold.otf"


def test_a_package_stands_in_for_the_system(tmp_path, monkeypatch):
    fill(tmp_path / "shipped", ["ipa.ttf"])
    (tmp_path / "shipped" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fonts, "PACKAGE", "shipped")
    monkeypatch.setattr(fonts, "SYSTEM", (fill(tmp_path / "system", ["latin.ttf"]),))
    assert fonts.find_japanese().name == "ipa.ttf"
    assert fonts.find_japanese(installed=True) is None


def test_a_picture_that_lacks_letters_says_so(tmp_path, monkeypatch):
    pytest.importorskip("resvg_py")
    monkeypatch.setattr(fonts, "SYSTEM", ())
    monkeypatch.setattr(fonts, "PACKAGE", "no_such_package")
    E = textbook()[0]
    with pytest.warns(UserWarning, match=r"the picture lacks them; install Noto Sans CJK JP .* or draw to \.svg"):
        written = draw(E, tmp_path / "a.png", lang="ja")
    assert "rendered by resvg" in written.how
    draw(E, tmp_path / "a.svg", lang="ja")  # warns of nothing, and neither does English
    draw(E, tmp_path / "b.png")


def test_japanese_letters_have_ink(monkeypatch):
    pytest.importorskip("resvg_py")
    if fonts.find_japanese() is None:
        pytest.skip("no font here has Japanese letters")
    text = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text y="25" font-size="20">{}</text></svg>'
    assert len(png.png(text.format("中間層"))) > 2 * len(png.png(text.format("")))
    assert drawing.is_japanese("中間層 1")
    assert not drawing.is_japanese("δ₁ = ∂E/∂U₁ ⊙ (1 − Y₁²), “×”")
    assert "matplotlib_fontja" not in sys.modules
