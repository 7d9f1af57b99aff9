"""Threads that share a loop of native code: they sleep until there is one, and who comes last waits asleep, too.

OpenBLAS's threads look for work in a loop, and wait for each other in one: beside two busy processes on two processors
a product of matrices took eight times as long. Here a loop is cut into more pieces than there are threads, each of
which takes the next one that nobody has; a thread that the system gives no processor takes none, and what it was to be
woken for is called back. So a busy machine costs what it takes away. Needs semaphores of POSIX, and the extra
``native``.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from typing import Any

from minigrad.compiler.native.math import PLAIN, extending, ir, numba, pointeri64
from minigrad.extras import require

types: Any = require("numba.core.types", "native")

WORD = 8  # bytes
# Where is what, in words: each that threads write to has a line of the cache (or two, which some fetch at once) alone.
BEGUN, ENDED, NEXT, BUSY, FIXED = 0, 16, 32, 48, 64
HELPERS, THREADS, COUNT, PIECE, CAPTURED, WAIT, TRY, POST = range(FIXED, FIXED + 8)
SIZE = 80 * WORD

WORTH = 1 << 21  # multiplications of a piece, 20 µs: to be woken takes as long
FEWEST, EACH = 4, 8  # pieces of a loop, at least, and of a thread, at most: the last one is not waited for long


def count_threads() -> int:
    """Give the number of threads that share a loop: as BLAS has it, one for each processor, or what is asked for."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(name, "").isdigit():
            return max(1, int(os.environ[name]))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_pieces(work: int) -> int:
    """Give the number of pieces to cut a loop of so many multiplications into; 1 where that is not worth it."""
    threads = count_threads() if READY else 1
    pieces = min(work // WORTH, EACH * threads)
    return pieces if threads > 1 and pieces >= FEWEST else 1


def _allocate() -> int:
    """Give the address of words, with both semaphores at 0; 0 where there are no such semaphores.

    The memory is never given back: a thread may sleep there when Python has gone.
    """
    try:
        library = ctypes.CDLL(None)
        names = [getattr(library, f"sem_{name}") for name in ("wait", "trywait", "post", "init")]
        library.calloc.restype = ctypes.c_void_p
        at = -(-library.calloc(1, SIZE + 128) // 128) * 128
    except (OSError, AttributeError, TypeError):
        return 0
    if _reset(at, names[-1]):
        return 0
    words = _see(at)
    words[WAIT], words[TRY], words[POST] = (ctypes.cast(f, ctypes.c_void_p).value or 0 for f in names[:3])
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: _reset(at, names[-1]))
    return at


def _see(at: int) -> Any:
    """Give the words."""
    return (ctypes.c_int64 * (SIZE // WORD)).from_address(at)


def _reset(at: int, init: Any) -> int:
    """Let nobody be there, as in a process that has just been forked; say whether that has failed."""
    words = _see(at)
    words[HELPERS] = words[BUSY] = 0
    return any(init(ctypes.c_void_p(at + WORD * place), 0, 0) for place in (BEGUN, ENDED))


ADDRESS = _allocate()
READY = ADDRESS != 0
_starting = threading.Lock()


def start(make: Callable[[], Callable[[int, int], Any]], threads: int) -> None:
    """Let so many threads share loops, this one among them; ``make`` gives what each of the others runs for ever."""
    words = _see(ADDRESS)
    with _starting:
        help_out = make() if words[HELPERS] < threads - 1 else None
        while words[HELPERS] < threads - 1:
            words[HELPERS] += 1
            threading.Thread(target=help_out, args=(ADDRESS, words[HELPERS]), name="minigrad", daemon=True).start()


@extending.intrinsic
def add_to(typing: Any, address: Any, x: Any) -> Any:
    """Add to the word at an address, and give what it was, as one step among threads."""
    return _exchange("add")


@extending.intrinsic
def replace_by(typing: Any, address: Any, x: Any) -> Any:
    """Put another word at an address, and give what it was, as one step among threads."""
    return _exchange("xchg")


def _exchange(operation: str) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, x = arguments
        return builder.atomic_rmw(operation, builder.inttoptr(address, x.type.as_pointer()), x, "seq_cst")

    return types.intp(types.intp, types.intp), generate


@extending.intrinsic
def ask(typing: Any, function: Any, semaphore: Any) -> Any:
    """Call one of the three functions of semaphores, at an address: 0 says that it has done so."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, semaphore = arguments
        number = ir.IntType(32)
        kind = ir.FunctionType(number, [semaphore.type]).as_pointer()
        return builder.sext(builder.call(builder.inttoptr(address, kind), [semaphore]), semaphore.type)

    return types.intp(types.intp, types.intp), generate


@extending.intrinsic
def do_piece(typing: Any, piece: Any, captured: Any, i: Any, me: Any) -> Any:
    """Call piece i of a loop: a function at an address, of the address of what the loop names from outside, i and me.

    It is one of numba's, which would say whether it has raised something; none does.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, *given = arguments
        convention, kinds = context.call_conv, (types.intp,) * 3
        function = builder.inttoptr(address, convention.get_function_type(types.none, kinds).as_pointer())
        convention.call_function(builder, function, types.none, kinds, given)
        return context.get_dummy_value()

    return types.void(*(types.intp,) * 4), generate


@numba.njit(**PLAIN)
def do_pieces(crew: Any, me: Any) -> Any:
    """Do one piece after another, as long as there is one that nobody has."""
    words = pointeri64(crew)
    count, piece, captured = words[COUNT], words[PIECE], words[CAPTURED]
    i = add_to(crew + NEXT * WORD, 1)
    while i < count:
        do_piece(piece, captured, i, me)
        i = add_to(crew + NEXT * WORD, 1)


@numba.njit(**PLAIN)
def sleep_at(crew: Any, place: Any) -> Any:
    """Sleep until a semaphore lets one on; a signal wakes, too, and means nothing."""
    while ask(pointeri64(crew)[WAIT], crew + place * WORD) != 0:
        pass


@numba.njit(**PLAIN)
def help_for_ever(crew: Any, me: Any) -> Any:
    """Sleep until a loop is begun, take part in it, and say so; not in one with memory for fewer threads."""
    while True:
        sleep_at(crew, BEGUN)
        if me < pointeri64(crew)[THREADS]:
            do_pieces(crew, me)
        ask(pointeri64(crew)[POST], crew + ENDED * WORD)


@numba.njit(**(PLAIN | {"forceinline": False}))
def share_out(crew: Any, piece: Any, captured: Any, count: Any, threads: Any) -> Any:
    """Do all pieces of a loop, with whoever helps; alone where another thread has the crew.

    Each piece is told who does it, a number below that of the threads: this one is 0.

    Helpers that have not woken when all pieces are taken are not waited for: what would wake them is taken back.
    """
    words = pointeri64(crew)
    if words[HELPERS] == 0 or replace_by(crew + BUSY * WORD, 1) != 0:
        for i in range(count):
            do_piece(piece, captured, i, 0)
        return
    words[COUNT], words[PIECE], words[CAPTURED], words[THREADS] = count, piece, captured, threads
    replace_by(crew + NEXT * WORD, 0)
    asked = min(words[HELPERS], count - 1)
    for _ in range(asked):
        ask(words[POST], crew + BEGUN * WORD)
    do_pieces(crew, 0)
    while asked > 0 and ask(words[TRY], crew + BEGUN * WORD) == 0:
        asked -= 1
    for _ in range(asked):
        sleep_at(crew, ENDED)
    replace_by(crew + BUSY * WORD, 0)
