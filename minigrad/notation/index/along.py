"""What is said of the axes of an operation's inputs: which runs along with one of the output, which is summed over."""

from __future__ import annotations

from typing import Any, NamedTuple

Label = Any  # an axis of the output (an int), one summed over ("r"), a place made of these (Moved), or none (length 1)


class Moved(NamedTuple):
    """A place made of others, Σ times ⌊label / per⌋ + offset; ``inside`` if it is never outside of its axis.

    ``parts`` are (times, label, per); a label may be such a place itself.
    """

    parts: tuple[tuple[int, Label, int], ...] = ()
    offset: int = 0
    inside: bool = False


class Along(NamedTuple):
    """For each input the label of each of its axes, and the labels that are summed over.

    ``sizes`` has how many places those run over that no input has for an axis; a sum may be of the places alone
    ``where`` one equals another.
    """

    inputs: tuple[tuple[Label, ...], ...]
    bound: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()
    where: tuple[tuple[Moved, Label], ...] = ()


class NoIndexForm(Exception):
    """An operation that rearranges elements in a way that no index says."""
