"""What arrays of other libraries have and a Tensor has not: the names are there to say what to write instead."""

from __future__ import annotations

from inspect import getattr_static
from typing import Any, NoReturn

from minigrad.engine.messages.errors import describe

_ITSELF = "Arrays stay where they are, in NumPy: go on without it"
_LEAF = "with no_grad(): w *= 2 writes a leaf in place; for a new tensor write w = w * 2"


class Absent:
    """A name that is not there: asking for it, as ``hasattr`` does, is the AttributeError that says what is meant.

    A ``__getattr__`` would be asked for each slot that a result leaves empty, too.
    """

    def __init__(self, meant: str) -> None:
        self.meant = meant

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, x: Any, kind: type | None = None) -> NoReturn:
        owner = kind.__name__ if x is None and kind is not None else type(x).__name__
        which = "" if x is None else f" ({describe(x)})"
        raise AttributeError(f"{owner!r} object{which} has no attribute {self.name!r}. {self.meant}.", name=self.name)


class OtherHabits:
    """The names, of PyTorch's tensors mostly; a class that has one of them itself comes first."""

    __slots__ = ()

    numpy = Absent("The array is .data")
    clone = Absent("The array's copy is .data.copy(); a tensor need not be copied, since no operation changes it")
    cpu, cuda, to, contiguous = Absent(_ITSELF), Absent(_ITSELF), Absent(_ITSELF), Absent(_ITSELF)
    device = Absent("The array is .data, and lies where NumPy, or whatever library made it, has put it")
    block_until_ready = Absent("Each operation has been computed when it returns: go on without it")
    requires_grad_ = Absent("Write w.requires_grad = True")
    detach_ = Absent("Write w = w.detach()")
    zero_grad, zero_ = (Absent("Write w.grad = None, or optimizer.zero_grad() for all parameters") for _ in range(2))
    add_, sub_, mul_, div_ = (Absent(f"In place: {_LEAF}") for _ in range(4))
    fill_, copy_ = (Absent("Write w.data = np.full_like(w.data, 2.0), or another array of its shape") for _ in range(2))
    at = Absent("Write np.where(condition, new, w), or join parts with np.concatenate")
    is_leaf = Absent("A leaf is what you have made yourself: x.op is None")
    grad_fn = Absent("The operation that made it is .op, and its operands .inputs; derive(E) writes them all")
    register_hook = Absent(
        "y.retain_grad() keeps the gradient of a result, y.grad, for you to look at after backward()"
    )
    view = Absent("Write w.reshape(2, 3); for the bytes as another dtype w.data.view(dtype)")
    norm = Absent("Write np.linalg.norm(w)")
    data_ptr = Absent("The address is w.data.ctypes.data")
    zeros, ones, randn = (Absent("Write Tensor(np.zeros(3)), of whatever array") for _ in range(3))
    view_as = Absent("Write w.reshape(other.shape)")
    unsqueeze = Absent("Write w[:, None] for a new axis")
    permute, t = Absent("Write w.transpose(1, 0)"), Absent("Write w.T")
    expand = Absent("Write np.broadcast_to(w, shape)")
    dim, numel, nelement = Absent("Write w.ndim"), Absent("Write w.size"), Absent("Write w.size")
    clamp = Absent("Write np.clip(w, low, high)")
    mm, bmm, matmul = Absent("Write a @ b"), Absent("Write a @ b"), Absent("Write a @ b")
    float, double = Absent("Write w.astype(np.float32)"), Absent("Write w.astype(np.float64)")
    long, type = Absent("Write w.data.astype(int), which has no gradient"), Absent("Write w.astype(np.float32)")
    exp, log, sqrt, tanh = (Absent("Functions are NumPy's: write np.exp(w), np.log(w), …") for _ in range(4))
    pow, abs = Absent("Write w ** 2"), Absent("Write abs(w)")
    relu, sigmoid = Absent("Write minigrad.relu(w)"), Absent("Write minigrad.sigmoid(w)")
    softmax, log_softmax = (Absent("Write minigrad.softmax(w), or log_softmax(w)") for _ in range(2))
    split = Absent("Write np.split(w, n)")
    derive, draw = Absent("Write minigrad.derive(E), of a loss E"), Absent("Write minigrad.draw(E), of a loss E")
    masked_fill = Absent("Write np.where(mask, value, w)")
    gather = Absent("Write w[np.arange(len(w)), index]")
    chunk = Absent("Write w[:n] and w[n:]")

    # NumPy's own, which write into the array or tell of its memory.
    itemset, setfield = Absent("Write w[i] = value"), Absent("Write w[...] = values")
    resize = Absent("NumPy's method works in place. Write np.resize(w, shape)")
    searchsorted = Absent("It gives places, which no gradient flows through: w.data.searchsorted(values)")
    tobytes, tofile, dump, dumps = (Absent("Of the bare values, w.data; minigrad.save keeps tensors") for _ in range(4))
    flags, strides, base, ctypes = (Absent("Of the memory that the array lies in: ask w.data for it") for _ in range(4))
    byteswap, getfield, setflags, to_device = (Absent("Of the bare values, w.data, as of any array") for _ in range(4))

    def __dir__(self) -> list[str]:
        """Leave those out that are not there."""
        return [name for name in super().__dir__() if not isinstance(getattr_static(self, name, None), Absent)]
