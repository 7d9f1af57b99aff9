"""The raised and lowered characters that operations, names and indices are written with: x², W₁, ₙ."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

RAISED = dict(zip("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᵀᵗ", "+−0123456789ᵀt", strict=True))
HAT = "\u0302"  # of a letter: m̂
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ₙₖᵣᵢⱼₗₘₚₛₜₒᵤᵥₐₑₕₓ", "0123456789nkrijlmpstouvaehx", strict=True))
LOWERED_DIGITS = "".join(small for small, large in LOWERED.items() if large.isdigit())

_LOWER = str.maketrans({large: small for small, large in LOWERED.items()} | {"+": "₊", "−": "₋", "-": "₋"})
_RAISE = str.maketrans({large: small for small, large in RAISED.items() if large != "t"} | {"-": "⁻"})
_PLAIN = str.maketrans({small: LOWERED[small] for small in LOWERED_DIGITS})


def name_operands(n: int) -> str:
    """Give the letters that an operation of n operands is written with: x, or a, b, c …"""
    return "x" if n == 1 else "abcdefghijklmnopqrstuvwxyz"[:n]


def to_subscript(written: int | str) -> str:
    """Write a number or an index as a subscript, ₁₂, ₙⱼ, ₗ₊₁; behind a _ if it has a letter of which there is none.

    >>> "W" + to_subscript(12), "Y" + to_subscript("l+1"), "w" + to_subscript("iq"), "x" + to_subscript("i+p,q")
    ('W₁₂', 'Yₗ₊₁', 'w_iq', 'x_{i+p,q}')
    """
    small = str(written).translate(_LOWER)
    if not any(c in "⌊" or (c.isascii() and c.isalpha()) for c in small):
        return small
    return f"_{written}" if small.isalnum() else f"_{{{written}}}"


def plain_index(small: str) -> str:
    """Write such a subscript in ordinary letters."""
    bare = small[2:-1] if small.startswith("_{") else small.removeprefix("_")
    return "".join(LOWERED.get(c, c) for c in bare)


def to_superscript(number: int | str) -> str:
    """Write a whole number as a power: ⁻¹²."""
    return str(number).translate(_RAISE)


def plain_digits(name: str) -> str:
    """Write the subscript digits of a name as ordinary ones: W1."""
    return name.translate(_PLAIN)


def printable(name: str) -> str:
    r"""Write what cannot be seen, or stored as text, as Python escapes it: line breaks, controls, lone surrogates.

    >>> printable("a\nb")
    'a\\nb'
    """
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def plain_identifier(name: str) -> str:
    """Write a name with the characters of identifiers alone, as Python itself reads them: ﬁ and fi are one to it.

    >>> plain_identifier("learning rate₁"), plain_identifier("ﬁt")
    ('learning_rate1', 'fit')
    """
    composed = import_module("unicodedata").normalize("NFKC", plain_digits(name))  # of use to written code alone
    return "".join(c if f"a{c}".isidentifier() else "_" for c in composed)


def plain_word(name: Any) -> str:
    """Give the name of a function as a word that may stand in code, in a docstring and in a file's name."""
    return re.sub(r"[^\w.<>]", "_", str(name))
