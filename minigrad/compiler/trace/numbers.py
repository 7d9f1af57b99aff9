"""Numbers outside a function that have been others once, as an annealed weight is: its code reads them at each call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from minigrad.compiler.trace.contents import Contents
from minigrad.compiler.trace.links import Item, Key, Link
from minigrad.compiler.trace.sources import Reading
from minigrad.compiler.trace.traced import Traced, TraceError
from minigrad.compiler.trace.tracer import Tracer


def split_numbers(links: Sequence[Link], keys: frozenset[Key]) -> tuple[list[Link], list[Link]]:
    """Give the links that lead to numbers with these keys, and all others, which look past those numbers."""
    numbers = [link for link in links if link.key in keys and is_number(link)]
    others = [link for link in links if not any(link is number for number in numbers)]
    for link in others:
        if isinstance(link, Contents):
            link.look_past({number.name for number in numbers if _is_item_of(number, link)})
    return numbers, others


def find_changed(links: Sequence[Link]) -> frozenset[Key]:
    """Give the keys of numbers that are others now, if nothing else has changed that the links lead to."""
    changed = [link for link in links if not link.holds()]
    numbers = [link for link in changed if is_number(link)]
    for link in changed:
        names = {number.name for number in numbers if _is_item_of(number, link)}
        if not is_number(link) and not (isinstance(link, Contents) and link.holds_past(names)):
            return frozenset()
    return frozenset(link.key for link in numbers)


def is_number(link: Link) -> bool:
    """Say whether there is a float, and was one."""
    return type(link.seen) is float and type(link.read()) is float


def _is_item_of(number: Link, link: Link) -> bool:
    return isinstance(number, Item) and number.owner is link.owner and isinstance(link.owner, dict)


@contextmanager
def reading_anew(numbers: Sequence[Link], tracer: Tracer) -> Iterator[None]:
    """Let a function that is traced find inputs where these numbers are."""
    found = [(link, Traced(tracer, tracer.input(Reading(link), link.seen), plain=True)) for link in numbers]
    written = None
    try:
        for link, number in found:
            link.put(number)
        yield
        written = next((link for link, number in found if link.read() is not number), None)
    finally:
        for link, _ in found:
            link.put(link.seen)
    if written is not None:
        raise TraceError(f"compile: the function changes {written.called}, which the compiled code would not do.")
