"""Names that a user looks for where they are not: what is meant, and where it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


def absent(owner: str, name: str, meant: Mapping[str, str], known: Iterable[str] = ()) -> AttributeError:
    """Give the error for a name that an object or a module has not.

    ``meant`` says what to write for names of other libraries' or of other rooms'; ``known`` are its own names, of which
    a close one may be meant.
    """
    way = meant.get(name) or meant.get(name.lower())
    if way is None:
        close = get_close_matches(name.lower(), {other.lower() for other in known if not other.startswith("_")}, 1, 0.7)
        way = next((f"Did you mean {other}?" for other in known if close and other.lower() == close[0]), "")
    return AttributeError(f"{owner} has no attribute {name!r}{f'. {way}' if way else ''}", name=name)
