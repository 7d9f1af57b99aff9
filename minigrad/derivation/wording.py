"""Sentences that remember of what they are made, so that they can be said in another language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self
from unicodedata import east_asian_width

from minigrad.derivation.japanese import JAPANESE
from minigrad.engine.messages.arguments import shown

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": {}, "ja": JAPANESE}
"""For each language the table of its sentences, by the English ones."""


class Said(str):
    """A sentence in English; ``template`` is what stands still in it, ``parts`` what was put in.

    It is a ``str`` wherever one is wanted. Two of one template differ in their parts alone, which ``translate`` takes
    over, so that no sentence is read again to find out what it says.
    """

    template: str
    parts: Mapping[str, Any]

    def __new__(cls, template: str, /, **parts: Any) -> Self:
        """Put the parts in."""
        said = super().__new__(cls, template.format(**parts))
        said.template, said.parts = template, parts
        return said

    def __reduce__(self) -> Any:
        return _again, (self.template, dict(self.parts))


def say(template: str, /, **parts: Any) -> Said:
    """Put parts into a sentence: numbers, formulas, or other sentences.

    >>> said = say("{first}, and {second}", first=say("the sign is wrong"), second="W₂")
    >>> said
    'the sign is wrong, and W₂'
    >>> translate(said, {"{first}, and {second}": "{first}。{second}", "the sign is wrong": "符号が逆です"})
    '符号が逆です。W₂'
    """
    return Said(template, **parts)


def translate(said: Any, table: Mapping[str, str]) -> Any:
    """Say a sentence in the language of a table, {template: template}; what has no template there stays as it is."""
    if not isinstance(said, Said):
        return said
    parts = {name: translate(part, table) for name, part in said.parts.items()}
    return table.get(said.template, said.template).format(**parts)


def join_words(first: str, second: str) -> str:
    """Say one thing after another, of two that are alike one."""
    if not first or not second or first == second:
        return first or second
    return say("{first}; {second}", first=first, second=second)


def join_and(words: Sequence[str]) -> str:
    """Say several things side by side: a and b and c."""
    joined = words[0]
    for word in words[1:]:
        joined = say("{first} and {second}", first=joined, second=word)
    return joined


def _again(template: str, parts: Mapping[str, Any]) -> Said:
    return Said(template, **parts)


def check_language(called: str, lang: Any) -> str:
    """Give a language that there is, or raise ``ValueError``."""
    if not isinstance(lang, str) or lang not in LANGUAGES:
        raise ValueError(f"{called}: lang must be one of {', '.join(map(repr, LANGUAGES))}, not {shown(lang)}")
    return lang


def count_cells(text: str) -> int:
    """Give how many cells of a terminal a text takes: a Japanese letter takes two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def in_language(said: Any, lang: str) -> Any:
    """Say a sentence in a language, ``"en"`` or ``"ja"``; one in English stays a sentence that can be translated."""
    return said if lang == "en" else translate(said, LANGUAGES[lang])
