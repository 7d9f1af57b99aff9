"""How a picture is to look, whatever it shows: for which paper, in which language, which way, how wide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from minigrad.engine.messages.arguments import shown
from minigrad.picture.look import LIGHT, LOOKS, Look
from minigrad.picture.words import ENGLISH, Words, find_words

NARROWEST = 200  # pixels of a picture


@dataclass(frozen=True)
class Setting:
    """``values`` shows numbers; ``down`` is the way that lanes run; ``width`` is in pixels, None for as wide as it is.

    A ``transparent`` picture has no paper.
    """

    values: bool = True
    look: Look = LIGHT
    words: Words = field(default_factory=lambda: ENGLISH)
    transparent: bool = False
    down: bool = False
    width: float | None = None


def choose_setting(
    called: str, values: bool, direction: Any, width: Any, theme: Any, transparent: bool, lang: Any
) -> Setting:
    """Give the setting that a user asks for by words; ``ValueError`` for one that there is not."""
    if direction not in ("right", "down"):
        raise ValueError(f"{called}: direction must be 'right' or 'down', not {shown(direction)}")
    if theme not in (None, *LOOKS):
        raise ValueError(f"{called}: theme must be 'light' or 'dark', not {shown(theme)}")
    number = isinstance(width, int | float) and not isinstance(width, bool)
    if width is not None and not (number and width >= NARROWEST):
        raise ValueError(f"{called}: width must be a number of pixels, {NARROWEST} or more, not {shown(width)}")
    look = LOOKS[theme or "light"]
    return Setting(values, look, find_words(called, lang), transparent, direction == "down", width)
