"""What the code of a function says of a ``for`` that runs: whether the loop hands on what it makes but by variables."""

from __future__ import annotations

import dis
from types import FrameType

KEEPING = ("LIST_APPEND", "SET_ADD", "MAP_ADD")


def keeps_what_it_yields(frame: FrameType) -> bool:
    """Say whether a frame takes the next of what it goes over for anything but a ``for`` statement.

    A list that is made of its turns lies where no variable leads to: behind the iterators of all loops within it.
    """
    code = [x for x in dis.get_instructions(frame.f_code) if x.opname not in ("CACHE", "EXTENDED_ARG")]
    start = max((x for x in code if x.offset <= frame.f_lasti), key=lambda x: x.offset)  # Python 3.12 is behind it
    if start.opname != "FOR_ITER" or not isinstance(start.argval, int):
        return True
    inside: list[int] = []  # where the loops within end
    for x in code:
        if not start.offset < x.offset < start.argval:
            continue
        inside = [end for end in inside if x.offset < end]
        if x.opname == "FOR_ITER":
            inside.append(x.argval)
        elif x.opname == "YIELD_VALUE" or (x.opname in KEEPING and (x.arg or 0) > len(inside) + 1):
            return True
    return False
