"""What a small step is on a GPU, written without one: its kernels, and its products."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import Tensor, compile, losses, nn, optim
from minigrad.compiler.cuda.backend import CudaBackend
from minigrad.compiler.cuda.device import CupyDevice


class OnPaper(CupyDevice):
    """The GPU of a step that is written, and never called: its arrays are NumPy's."""

    def __init__(self) -> None:
        """Look for no GPU."""

    def takes(self, x: Any) -> bool:
        """Take NumPy's."""
        return isinstance(x, np.ndarray)

    def locate(self, array: Any) -> int:
        """Give its address on the host."""
        return int(array.ctypes.data)

    def count_free(self) -> int:
        """Have enough."""
        return 1 << 40

    def allocate(self, nbytes: int) -> Any:
        """Allocate on the host."""
        return np.empty(nbytes, np.uint8)

    def view(self, memory: Any, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        """Give an array of that shape."""
        return np.empty(shape, dtype)

    def make_flag(self) -> tuple[Any, int]:
        """Give an array that nobody writes to."""
        return np.zeros(2, np.int64), 0

    def load(self, source: str, exact: bool) -> Callable[[str], Any]:
        """Compile nothing."""
        return lambda name: name


def write_small_step() -> Any:
    """A training step of a small network, as the backend writes it."""
    model = nn.MLP((4, 5, 3), output="identity", rng=0, dtype=np.float32)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step(x: Any, t: Any) -> Tensor:
        E = losses.softmax_cross_entropy(model(x), t)
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        return E

    code = compile(step, backend=CudaBackend(OnPaper))
    code.bind(np.ones((8, 4), np.float32), np.ones((8, 3), np.float32))
    return code


def show_step() -> str:
    """Its kernels, and the order of all that is one graph."""
    source = write_small_step().source
    return f"```c\n{source[source.index('KERNEL k0(') :].strip()}\n```\n"
