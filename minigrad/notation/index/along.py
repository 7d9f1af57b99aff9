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

    ``free`` are those that no input has for an axis, with how many places they run over and the letters that books
    give them, in order of liking: (label, size, letters). A sum may be of the places alone
    ``where`` one equals another, or is in a range from 0 on.
    """

    inputs: tuple[tuple[Label, ...], ...]
    bound: tuple[str, ...] = ()
    free: tuple[tuple[str, int, str], ...] = ()
    where: tuple[tuple[Moved, Label | range], ...] = ()


class NoIndexForm(Exception):
    """An operation that rearranges elements in a way that no index says."""
