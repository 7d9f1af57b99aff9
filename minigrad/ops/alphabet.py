"""The raised and lowered characters that operations, names and indices are written with: x², W₁, ₙ."""

from __future__ import annotations

RAISED = dict(zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ", "−0123456789ᵀ", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ₙₖᵣᵢⱼₗₘₚₛₜₒᵤᵥₐₑₕₓ", "0123456789nkrijlmpstouvaehx", strict=True))
LOWERED_DIGITS = "".join(small for small, large in LOWERED.items() if large.isdigit())

_LOWER = str.maketrans({large: small for small, large in LOWERED.items()} | {"+": "₊", "−": "₋", "-": "₋"})
_RAISE = str.maketrans({large: small for small, large in RAISED.items()} | {"-": "⁻"})
_PLAIN = str.maketrans({small: LOWERED[small] for small in LOWERED_DIGITS})


def to_subscript(written: int | str) -> str:
    """Write a number or an index as a subscript, ₁₂, ₙⱼ, ₗ₊₁; behind a _ if it has a letter of which there is none.

    >>> "W" + to_subscript(12), "Y" + to_subscript("l+1"), "w" + to_subscript("iq")
    ('W₁₂', 'Yₗ₊₁', 'w_iq')
    """
    small = str(written).translate(_LOWER)
    return f"_{written}" if any(c.isascii() and c.isalpha() for c in small) else small


def plain_index(small: str) -> str:
    """Write such a subscript in ordinary letters."""
    return "".join(LOWERED.get(c, c) for c in small.removeprefix("_"))


def to_superscript(number: int | str) -> str:
    """Write a whole number as a power: ⁻¹²."""
    return str(number).translate(_RAISE)


def plain_digits(name: str) -> str:
    """Write the subscript digits of a name as ordinary ones: W1."""
    return name.translate(_PLAIN)
