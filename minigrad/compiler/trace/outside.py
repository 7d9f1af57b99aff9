"""What a function names outside itself, as its bytecode says: the links to all that it and what it calls can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.compiler.trace.behind import follow_later
from minigrad.compiler.trace.finder import PLAIN, OutsideFinder
from minigrad.compiler.trace.foreign import is_foreign, is_settled
from minigrad.compiler.trace.links import MISSING, Current, Link, Perhaps
from minigrad.compiler.trace.methods import Kind, LayerKind
from minigrad.compiler.trace.variables import Absent


def find_links(f: Any, args: Sequence[Any] = (), objects: Sequence[Any] = ()) -> list[Link]:
    """Give the links from a function to what it reads: variables, attributes and items of them, in reading order.

    Functions, methods and callable objects of the user's own that it names are followed, and the ``objects`` among its
    arguments, ``args`` those that it has by position; libraries are not. Of what reaches a function by its arguments or
    from a loop, as in ``for layer in layers``, those attributes count, of all objects that are met, which the code
    names. Containers of arrays among the arguments are no places outside: what is in them may be another at each call.
    """
    found = _follow(f, args, objects)
    links = [x for x in found.links.values() if x.seen is not MISSING or isinstance(x, Perhaps | Absent | Current)]
    for link in links:
        link.which = found.asks_which
    return [link for link in links if isinstance(link, LayerKind) or not is_settled(link.seen)]


def asks_for_types(f: Any, args: Sequence[Any] = (), objects: Sequence[Any] = ()) -> bool:
    """Say whether a function, or one of the user's own that it calls, names isinstance or type: see ``verify``."""
    return _follow(f, args, objects).asks


def _follow(f: Any, args: Sequence[Any], objects: Sequence[Any]) -> OutsideFinder:
    """Follow a function and the objects that it is given."""
    given, finder = {id(x) for x in objects}, OutsideFinder()
    finder.follow(f, tuple(x if id(x) in given and not isinstance(x, PLAIN) else MISSING for x in args))
    for x in objects:
        finder.follow(x)
    finder.try_names()
    if follow_later(finder):
        finder.try_names()
    for x in [*finder.objects.values()] if finder.asks else ():  # of which class is each?
        if not isinstance(x, type) and not is_foreign(type(x)):
            finder.add(Kind(x, "__class__", f"the class of a {type(x).__name__}"))
    return finder
