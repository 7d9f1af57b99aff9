"""Misuses of arrays of other libraries."""

from tests.misuses import Misuse

MADE = "from tests.other_array import OtherArray, PlainArray\n"
ROWS = [
    Misuse(
        MADE + "Tensor(OtherArray(X)) @ W",
        TypeError,
        "W is an array of NumPy's",
        "matmul: | beside one of tests",
        "Put both in one place | asarray(",
    ),
    Misuse(MADE + "model(OtherArray(X))", TypeError, "W₁ is an array of NumPy's", "affine: | beside one", "asarray("),
    Misuse(MADE + "W @ OtherArray(X)", ValueError, "W:(4, 3)", "matmul: inner sizes | setting.py:", "@"),
    Misuse(MADE + "compile(np.tanh)(OtherArray(X))", TypeError, "a OtherArray", "compile: an argument", ".get()"),
    Misuse(
        MADE + "Tensor(PlainArray(X, device=2))",
        TypeError,
        "the array of tests",
        "Tensor: | lies on a GPU",
        "cupy.from_dlpack(x) | to the host",
    ),
    Misuse(
        MADE + "grad(np.sum)(PlainArray(X, device=2))", TypeError, "argument 0", "grad of sum:", "cupy.from_dlpack(x)"
    ),
    Misuse(
        MADE + "w + PlainArray(X[0], requires_grad=True)", TypeError, "records a gradient", "add:", "Give x.detach()"
    ),
    Misuse(
        MADE + "Tensor(PlainArray(X, dtype='bfloat16'))",
        TypeError,
        "no numbers like bfloat16",
        "Tensor:",
        "to float32 say",
    ),
    Misuse("np.from_dlpack(w)", BufferError, "w requires a gradient", "dlpack:", "t.detach()"),
    Misuse("from_dlpack([1.0, 2.0])", TypeError, "a list", "from_dlpack:", "write Tensor(x)"),
    Misuse(MADE + "from_dlpack(PlainArray(X, device=8))", TypeError, "DLPack's kind 8", "from_dlpack:", "to the host"),
]
