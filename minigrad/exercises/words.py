"""What exercises say, in the language of a learner."""

from __future__ import annotations

from typing import Any

from minigrad.derivation.wording import LANGUAGES, translate
from minigrad.exercises.japanese import JAPANESE

TABLES: dict[str, dict[str, str]] = {"en": {}, "ja": {**LANGUAGES["ja"], **JAPANESE}}


def tell(said: Any, lang: str) -> str:
    """Say a sentence of this room, or of ``derivation``, in a language."""
    return str(translate(said, TABLES[lang]))


def begin_sentence(text: str) -> str:
    """Begin with a capital letter, where there is one: not with a symbol's, whose case means something."""
    return text[:1].upper() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
