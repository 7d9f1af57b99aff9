"""Term: something to be written, of whatever notation; and the one walk that writes it and places its brackets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from minigrad.notation.symbols import Symbol, split_name
from minigrad.notation.template import (
    Part,
    enclosed_slots,
    exposed_slots,
    indexed_slots,
    is_suffix,
    joins_by,
    parse_template,
)
from minigrad.notation.writers.text import Writer
from minigrad.ops.arithmetic import add, multiply, negative, subtract
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import Sum

ATOM = 5
HALF = "½"
CASES = ("cases", "inside")  # x0 if c0, x1 if c1, …, the last otherwise; inside: x0 where an index is on its axis
_QUOTIENTS = ("divide", "divide_or_zero")
_SUMS = ("sum", "prod", "max_over", "min_over")


@dataclass(eq=False, slots=True)
class Term:
    """An operation's template with a Term for each operand; or, without operands, a symbol or a number.

    ``binds`` says how tightly, as an Op's does; ``kind`` is the operation's name, on which some brackets depend.
    ``name`` is what a symbol is written from. A ``note`` is what has to be said beside a formula that it is in.
    """

    template: str
    parts: dict[str, Term] = field(default_factory=dict)
    binds: int = ATOM
    kind: str = ""
    name: Symbol | None = None
    note: str = ""


def symbol_term(name: Symbol) -> Term:
    """Give the Term of a name: W₁, ∂E/∂W₁, x."""
    return Term(str(name), kind="symbol", name=name)


def number_term(written: str, binds: int = ATOM) -> Term:
    """Give the Term of a number; a negative one binds as a sign does, a complex one, 1 + 2i, as a sum."""
    return Term(written, kind="number", binds=min(binds, 3) if written.startswith("−") else binds)


def before_sum(factor: Term, x: Term) -> Term:
    """Give the factor of something; 0.5 before a Σ is ½, as in E = ½ Σ (y − t)²."""
    return number_term(HALF) if factor.kind == "number" and factor.template == "0.5" and x.kind == Sum.name else factor


def sum_term(term: Term, over: str) -> Term:
    """Give the Term of a sum over an index: Σₜ Hₜ₋₁ᵀ δₜ; without an index the Term itself."""
    return Term(f"Σ{to_subscript(over)} {{x}}", {"x": term}, Sum.binds, Sum.name) if over else term


def add_terms(terms: Sequence[Term]) -> Term:
    """Give the Term of a sum."""
    total = terms[0]
    for term in terms[1:]:
        total = Term(add.text, {"a": total, "b": term}, add.binds, add.name)
    return total


def write_term(term: Term, writer: Writer, strict: bool = False) -> str:
    """Write a Term, operands first, without recursion: an expression may be as deep as a network.

    A minus that a formula begins with stands for all of a product or quotient, −t / y. If ``strict``, it applies to
    the one factor behind it, and −(t / y) has brackets, as code needs them: a truth value has no sign.
    """
    term = term if strict else _open_first(term)
    written: dict[int, str] = {}
    stack = [term]
    while stack:
        top = stack[-1]
        missing = [part for part in top.parts.values() if id(part) not in written]
        stack.extend(missing)
        if not missing:
            stack.pop()
            if id(top) not in written:
                written[id(top)] = _one(top, written, writer)
    return written[id(term)]


def _open_first(term: Term) -> Term:
    """Give a formula so that the minus that it begins with has no brackets behind it: −t / y + λ w."""
    way = [term]
    while way[-1].kind in (add.name, subtract.name):
        way.append(next(iter(way[-1].parts.values())))
    first = way.pop()
    (x, *_) = first.parts.values() or (first,)
    if first.kind != negative.name or x.kind not in (multiply.name, matmul.name, *_QUOTIENTS, *_SUMS):
        return term
    opened = Term(first.template, first.parts, add.binds if way else 0, "sign")
    for outer in reversed(way):
        letter = next(iter(outer.parts))
        opened = Term(outer.template, {**outer.parts, letter: opened}, outer.binds, outer.kind, outer.name, outer.note)
    return opened


def same_terms(a: Term, b: Term) -> bool:
    """Say whether two Terms are the same operations on the same symbols and numbers."""
    seen: set[tuple[int, int]] = set()
    stack = [(a, b)]
    while stack:
        x, y = stack.pop()
        if x is y or (id(x), id(y)) in seen:
            continue
        seen.add((id(x), id(y)))
        if (x.template, x.kind, x.name, x.parts.keys()) != (y.template, y.kind, y.name, y.parts.keys()):
            return False
        stack.extend((x.parts[letter], y.parts[letter]) for letter in x.parts)
    return True


def find_notes(terms: Iterable[Term]) -> list[str]:
    """Give what has to be said beside formulas, each once."""
    found: dict[str, None] = {}
    seen: set[int] = set()
    stack = list(terms)
    while stack:
        term = stack.pop()
        if id(term) not in seen:
            seen.add(id(term))
            if term.note:
                found.setdefault(term.note)
            stack.extend(term.parts.values())
    return list(found)


def _one(term: Term, written: dict[int, str], writer: Writer) -> str:
    if term.kind == "symbol":
        return writer.symbol(term.name or term.template)
    if term.kind == "number":
        return writer.half() if term.template == HALF else writer.number(term.template)
    if term.kind in CASES:
        values = [(letter, written[id(part)]) for letter, part in term.parts.items()]
        conditions = {letter[1:]: inner for letter, inner in values if letter[0] == "c"}
        return writer.cases([(inner, conditions.get(letter[1:], "")) for letter, inner in values if letter[0] == "x"])
    return _row(parse_template(term.template), term, written, writer)


def _row(parts: tuple[Part, ...], term: Term, written: dict[int, str], writer: Writer, boxed: bool = False) -> str:
    """Write the parts of a template side by side; ``boxed`` ones stand where the writer's layout needs no brackets."""
    pieces = []
    for i, part in enumerate(parts):
        lone = boxed and len(parts) == 1 and not writer.linear
        pieces.append(_part(part, term, written, writer, lone, called=i > 0 and parts[i - 1].kind == "word"))
    return writer.row(pieces)


def _part(part: Part, term: Term, written: dict[int, str], writer: Writer, lone: bool, called: bool) -> str:
    match part.kind:
        case "slot":
            x = term.parts[part.written]
            inner = written[id(x)]
            position = list(term.parts).index(part.written)
            if lone or not needs_brackets(term, part.written, position, x):
                return inner
            upright = not writer.linear and x.kind in _QUOTIENTS and part_stands_free(term)
            return inner if upright else writer.fence("(", inner)
        case "fence":
            inner = _row(part.inside[0], term, written, writer)
            return writer.call(inner) if called and part.written == "(" else writer.fence(part.written, inner)
        case "root":
            return writer.root(part.written, _row(part.inside[0], term, written, writer, boxed=True))
        case "over":
            above, below = (_row(inside, term, written, writer, boxed=True) for inside in part.inside)
            return writer.over(above, below)
        case "partial":
            return writer.partial(*(_row(inside, term, written, writer) for inside in part.inside))
        case "raised":
            base = _row(part.inside[0], term, written, writer)
            power = _power(part.inside[1], term, written, writer) if len(part.inside) > 1 else ""
            return writer.raised(base, part.written, power, _name_alone(part.inside[0], term))
        case "lowered":
            return writer.lowered(_row(part.inside[0], term, written, writer), part.written)
        case "sum":
            return writer.sum(part.written)
        case "word":
            return writer.word(part.written)
        case "number":
            return writer.number(part.written)
    return writer.sign(part.written) if part.written.strip() else writer.beside(term.kind == "multiply")


def _power(parts: tuple[Part, ...], term: Term, written: dict[int, str], writer: Writer) -> str:
    """Write an exponent, whose own brackets, as those of (1/3), a raised position makes needless."""
    raised = not writer.linear and len(parts) == 1 and parts[0].kind == "fence" and parts[0].written == "("
    return _row(parts[0].inside[0] if raised else parts, term, written, writer, boxed=True)


def _name_alone(parts: tuple[Part, ...], term: Term) -> Symbol | None:
    """Give the name that parts of a template are written as, if it is one without brackets."""
    if len(parts) != 1 or parts[0].kind != "slot":
        return None
    letter = parts[0].written
    x = term.parts[letter]
    return None if needs_brackets(term, letter, list(term.parts).index(letter), x) else x.name


def part_stands_free(term: Term) -> bool:
    """Say whether a fraction with a bar may stand in this operation without brackets."""
    return term.kind in ("add", "subtract", "multiply", "negative", "matmul")


def needs_brackets(term: Term, letter: str, position: int, x: Term) -> bool:
    """Compare how tightly operation and operand bind; to the right of some signs an equal needs brackets too."""
    if letter not in exposed_slots(term.template):
        needed = enclosed_slots(term.template).get(letter, 0)
        return x.binds < needed or (needed > 0 and _begins_with_sign(x))
    if is_suffix(term.template) or letter in indexed_slots(term.template):  # only an atom needs none
        return x.binds < ATOM or (x.name is not None and split_name(x.name).gradient)
    if position == 0 and len(term.parts) == 2 and term.binds > 1 and _ends_in_sum(x):
        return True
    if term.kind == "multiply" and x.kind in _QUOTIENTS and not joins_by(term.template, "⊙"):  # (a / b) c
        return True
    if (position > 0 < term.binds or term.kind == "negative") and _begins_with_sign(x):  # a + (−2 b), −(−x), but u > −1
        return True
    if position > 0 and term.kind == "multiply" and _first(x).kind == _first(term).kind == "number" != x.kind:
        return True  # 2 (3 x)
    if position > 0 and term.binds == 2 and x.kind in _QUOTIENTS:
        return True
    if term.kind == "negative" and x.kind in _SUMS:  # −Σ a is −(Σ a)
        return False
    if x.binds == term.binds and position > 0:
        return term.kind in ("subtract", "power", *_QUOTIENTS)
    return x.binds < term.binds


def _ends_in_sum(x: Term) -> bool:
    """Say whether what stands to the right of x could be taken to belong under its Σ or ∏."""
    while x.kind in ("multiply", "negative"):
        x = list(x.parts.values())[-1]
    return x.kind in _SUMS


def _begins_with_sign(x: Term) -> bool:
    """Say whether the first that is written of x is a minus."""
    x = _first(x)
    return x.kind == "negative" or (x.kind == "number" and x.binds < ATOM)


def _first(x: Term) -> Term:
    """Give the first factor of a product."""
    while x.kind in ("multiply", "matmul", *_QUOTIENTS):
        x = next(iter(x.parts.values()))
    return x
