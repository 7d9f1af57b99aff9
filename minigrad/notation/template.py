"""What an operation says of its writing, ``{a} / ({b} + 1)``, taken apart: signs, words, brackets, powers, slots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from minigrad.ops.common.alphabet import LOWERED, RAISED

ROOTS = {"√": 2, "∛": 3}  # the sign of a root and its degree
PAIRS = {"(": ")", "[": "]", "⟨": "⟩", "‖": "‖", "|": "|", "⌊": "⌋", "⌈": "⌉"}

_TOKEN = re.compile(
    r"(?P<partial>∂\{\w+\}/∂\{\w+\})|"
    rf"\{{(?P<slot>\w+)\}}|(?P<sum>(?:(?:[Σ∏]|max|min)_\{{[^{{}}]*\}}|(?:max|min)[{''.join(LOWERED)}]+"
    rf"|[Σ∏](?:_[a-z]+|[{''.join(LOWERED)}]*)) ?)"
    rf"|(?P<raised>[{''.join(RAISED)}]+)"
    rf"|(?<=[}}‖])(?P<lowered>[{''.join(LOWERED)}]+)"
    r"|(?P<number>\d+(?:\.\d+)?|½)|(?P<slash> / )|(?P<caret> ?\^ ?)|(?P<word>\w+)|(?P<sign>[)\]⟩⌋⌉]| *[^\s\w{}] *| +)"
)


@dataclass(frozen=True)
class Part:
    """One part of a template: its kind, the characters it is written with, and what stands inside it.

    Kinds: ``slot`` (an operand), ``word``, ``number``, ``sign``, ``sum`` (Σ, ∏, max or min, with its index), ``fence``
    (brackets), ``root``, ``raised`` (what stands before, to a power), ``lowered`` (with an index), ``over`` (a
    fraction), ``partial`` (∂y/∂x).
    """

    kind: str
    written: str = ""
    inside: tuple[tuple[Part, ...], ...] = ()


@cache
def parse_template(template: str) -> tuple[Part, ...]:
    """Take a template apart: ``{a} / {b}`` is one fraction, ``√({x})`` one root, ``{x}ᵀ`` one power."""
    tokens = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _TOKEN.finditer(template)]
    return _sequence(iter(tokens), "")


@cache
def exposed_slots(template: str) -> frozenset[str]:
    """Name the operands that stand outside all brackets."""
    found: set[str] = set()
    waiting = list(parse_template(template))
    while waiting:
        part = waiting.pop()
        if part.kind == "slot":
            found.add(part.written)
        elif part.kind not in ("fence", "root"):
            waiting.extend(inner for inside in part.inside for inner in inside)
    return frozenset(found)


# How tightly an operand must bind to stand without brackets left and right of a sign that is inside brackets.
_NEEDED = {"+": (1, 1), "−": (1, 2), "⊙": (2, 2), "mod": (2, 3)}


@cache
def enclosed_slots(template: str) -> dict[str, int]:
    """Give the operands inside brackets, and how tightly each must bind to stand there without its own.

    ``log(1 + {x})``: as a sum; ``√({a}² + {b}²)``: as an atom; ``max({a}, {b})``: not at all.
    """
    found: dict[str, int] = {}
    waiting = [(parse_template(template), False)]
    while waiting:
        parts, enclosed = waiting.pop()
        told = [part for part in parts if part.written.strip()]
        for i, part in enumerate(told):
            before, after = (told[j].written.strip() if 0 <= j < len(told) else "" for j in (i - 1, i + 1))
            if part.kind == "slot" and enclosed:
                found[part.written] = max(_NEEDED.get(after, (0, 0))[0], _NEEDED.get(before, (0, 0))[1])
            elif part.kind in ("raised", "over") and enclosed:
                for inside, needed in zip(part.inside, (5, 4) if part.kind == "raised" else (2, 3), strict=False):
                    found |= {inner.written: needed for inner in inside if inner.kind == "slot"}
            elif part.kind != "slot":
                waiting += [(inside, enclosed or part.kind in ("fence", "root")) for inside in part.inside]
    return found


@cache
def indexed_slots(template: str) -> frozenset[str]:
    """Name the operands that an index stands at."""
    parts = parse_template(template)
    return frozenset(part.inside[0][0].written for part in parts if part.kind == "lowered")


@cache
def is_suffix(template: str) -> bool:
    """Say whether an operation stands behind its one operand: a power, a transpose, an index."""
    return parse_template(template)[0].kind in ("slot", "raised", "lowered") and len(exposed_slots(template)) == 1


@cache
def joins_by(template: str, sign: str) -> bool:
    """Say whether a sign stands between operands."""
    return any(part.kind == "sign" and part.written.strip() == sign for part in parse_template(template))


@cache
def short_sign(template: str) -> str:
    """Give the sign of an operation without its operands, or nothing if it has none: ``+``, ``∛``, ``|·|``, ``(·)²``.

    A function called by its name has that name, ``exp({x})`` gives ``exp``; in what else has one operand, a dot is put
    in its place: ``log(1 + {x})`` gives ``log(1 + ·)``.
    """
    match parse_template(template):
        case (Part("fence", "(", ((Part("slot"), *signs, Part("slot")),)),) | (Part("slot"), *signs, Part("slot")) if (
            all(part.kind in ("sign", "word") for part in signs)
        ):
            return "".join(part.written for part in signs).strip()
        case (Part("sign" | "sum", written), Part("slot")):
            return written.strip()
        case (Part("over", _, ((Part("slot"),), (Part("slot"),))),):
            return "÷"
        case (Part("root", written),):
            return written
        case (Part("raised", written, ((Part("slot"),),)),):
            return f"(·){written}"
        case (Part("fence", opening, ((Part("slot"),),)),):
            return f"{opening}·{PAIRS[opening]}"
        case (Part("word", written), Part("fence", "(", (inside,))) if all(p.kind in ("slot", "sign") for p in inside):
            return written.replace("_", " ")
    slots = re.findall(r"\{\w+\}", template)
    return template.replace(slots[0], "·") if len(slots) == 1 and not template.startswith(slots[0]) else ""


def _sequence(tokens: Iterator[tuple[str, str]], close: str) -> tuple[Part, ...]:
    """Read parts up to the closing bracket, or the end; templates are short, so that brackets may recurse."""
    parts: list[Part] = []
    for kind, written in tokens:
        bare = written.strip()
        if kind == "sign" and bare == close and close:
            break
        if kind == "sign" and bare in PAIRS:
            inside = _sequence(tokens, PAIRS[bare])
            root = bool(parts) and parts[-1].kind == "sign" and parts[-1].written in ROOTS
            parts.append(Part("root", parts.pop().written, (inside,)) if root else Part("fence", bare, (inside,)))
        elif kind == "partial":
            parts.append(Part(kind, written, tuple((Part("slot", name),) for name in re.findall(r"\w+", written))))
        elif kind in ("raised", "lowered") and parts:
            parts.append(Part(kind, written, ((parts.pop(),),)))
        elif kind == "caret" and parts:
            return (*parts[:-1], Part("raised", written, ((parts[-1],), _sequence(tokens, close))))
        elif kind == "slash" and len(parts) == 1:
            return (Part("over", written, (tuple(parts), _sequence(tokens, close))),)
        else:
            parts.append(Part("sign" if kind in ("slash", "caret", "raised") else kind, written))
    return tuple(parts)
