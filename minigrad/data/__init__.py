"""Small data sets, and what is done to data before a network sees it: plain NumPy, one sample per row.

X holds the inputs, (samples, …), and T the targets, (samples, …). ``rng`` is a ``numpy.random.Generator``, an
integer seed, or None for fresh randomness unless a function says otherwise.

``csv_files`` reads tables of text; tables of pandas' are arrays where arrays are wanted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from operator import index
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from minigrad.engine.claims import declared_one_hot, is_one_hot
from minigrad.engine.messages.absent import absent
from minigrad.engine.messages.arguments import check_generator, shown, with_usage
from minigrad.ops.common.libraries import index_other, is_other

if TYPE_CHECKING:
    from minigrad.data.csv_files import Table, read_csv

__all__ = [
    "IRIS_CLASSES",
    "IRIS_FEATURES",
    "Rng",
    "Table",
    "batches",
    "digits",
    "iris",
    "one_hot",
    "read_csv",
    "sine",
    "split",
    "standardize",
    "two_regions",
]

Array = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rng: TypeAlias = "np.random.Generator | int | None"

IRIS_FEATURES = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
IRIS_CLASSES = ("setosa", "versicolor", "virginica")
_MEANT = {
    **dict.fromkeys(
        ("dataloader", "dataset", "tensordataset"), "Write for x, t in data.batches(X, T, batch_size, rng)"
    ),
    **dict.fromkeys(("train_test_split", "random_split"), "It is data.split(X, T, test=0.5)"),
    **dict.fromkeys(("to_categorical", "onehotencoder"), "It is data.one_hot(labels)"),
    **dict.fromkeys(("loadtxt", "genfromtxt", "load_csv", "from_csv"), "It is data.read_csv(path, target)"),
    **dict.fromkeys(
        ("mnist", "load_digits", "load_mnist", "fashion_mnist", "cifar10"), "data.digits() is 8 × 8 pictures of digits"
    ),
    **dict.fromkeys(("csv", "read", "load"), "It is data.read_csv(path, target)"),
    **dict.fromkeys(("load_iris",), "It is data.iris()"),
    **dict.fromkeys(("make_moons", "make_circles", "make_blobs"), "Made samples are data.two_regions(n), data.sine(n)"),
    **dict.fromkeys(("normalize", "standardscaler"), "It is data.standardize(X)"),
}


def __getattr__(name: str) -> Any:
    if name in ("Table", "read_csv"):  # loaded with the first table, since few trainings need them
        value = globals()[name] = getattr(import_module("minigrad.data.csv_files"), name)
        return value
    raise absent("module 'minigrad.data'", name, _MEANT, __all__)


@with_usage
def split(X: ArrayLike, T: ArrayLike, test: float | int = 0.5, rng: Rng = None) -> tuple[Array, Array, Array, Array]:
    """Shuffle the samples and part them: (X_train, T_train, X_test, T_test), all of them copies.

    ``test`` is how many samples the test set gets: a float is a fraction between 0 and 1, rounded to whole samples;
    an integer is a count. Neither part may come out empty.
    """
    X, T = _paired("split", X, T)
    n = len(X)
    if isinstance(test, float | np.floating):
        if not 0 < test < 1:
            raise ValueError(f"split: a fraction test must lie between 0 and 1, got {test}; a count is an int")
        count = round(float(test) * n)
    else:
        count = _integer("split", "test", test)
    if not 0 < count < n:
        raise ValueError(f"split: test={test} of {n} samples leaves {count} to test and {n - count} to train on")
    order = check_generator("split", rng).permutation(n)
    train, chosen = order[count:], order[:count]
    return _take(X, train), _rows(T, train), _take(X, chosen), _rows(T, chosen)


@with_usage
def batches(
    X: ArrayLike, T: ArrayLike, batch_size: int | None = None, rng: Rng = None
) -> Iterator[tuple[Array, Array]]:
    """One epoch of (X_batch, T_batch), every sample exactly once; the last batch may be smaller.

    ``batch_size`` None (or ≥ the number of samples) is batch learning, 1 is online learning, between them mini-batch.

    ``rng`` None goes through the samples in order. Otherwise they are dealt to the batches at random; give every
    epoch the same Generator, since the same integer seed deals the same batches again. Within a batch the rows keep
    their stored order: E sums over a batch, so their order means nothing, and a file is read in one direction.

    Arrays may be ``numpy.memmap`` larger than memory: only a vector of sample numbers is shuffled, and one batch
    gathered at a time. Batches are copies where shuffled and views of X and T where in order, so do not write to them.
    Arguments are checked, and the epoch is dealt, when ``batches`` is called.
    """
    X, T = _paired("batches", X, T)
    n = len(X)
    size = n if batch_size is None else _positive("batches", "batch_size", batch_size)
    rng = None if rng is None else np.random.default_rng(rng)
    order = None if rng is None or size >= n else rng.permutation(n)
    return _gather(X, T, size, order)


def _rows(T: Array, rows: Any) -> Array:
    return declared_one_hot(T[rows]) if is_one_hot(T) else _take(T, rows)


def _take(X: Any, rows: Any) -> Any:
    """Give rows, also of another library's array, which may take no numbers of the host's."""
    return index_other(X, rows) if is_other(X) else X[rows]


def _gather(X: Array, T: Array, size: int, order: Integers | None) -> Iterator[tuple[Array, Array]]:
    for start in range(0, len(X), size):
        part = slice(start, start + size)
        rows = part if order is None else np.sort(order[part])
        yield _take(X, rows), _rows(T, rows)


@with_usage
def one_hot(labels: ArrayLike, classes: int | None = None, dtype: DTypeLike = np.float64) -> Array:
    """t_k = 1 where k is the sample's label, else 0: labels (samples,) from 0 up, to (samples, classes).

    ``classes`` is the largest label + 1 unless given; give it where a batch may lack the last class. A derivation
    knows of these rows that they sum to 1, of views of them, and of what is made of a Tensor of them by astype, copy,
    rows, reshape or np.concatenate; of a copy that NumPy makes of the array itself it supposes it, so give the dtype
    here.
    """
    if labels is None or isinstance(labels, str):
        raise TypeError(f"one_hot: labels must be an array of class numbers, not {shown(labels)}")
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"one_hot: labels must be (samples,), got shape {labels.shape}; labels.ravel() flattens them")
    if labels.dtype.kind not in "iu":
        fractions = labels[labels != np.rint(labels)] if labels.dtype.kind == "f" else labels[:0]
        raise TypeError(
            f"one_hot: labels must be integers, got {labels.dtype} {_some(fractions if len(fractions) else labels)}; "
            "np.unique(labels, return_inverse=True)[1] numbers labels of any kind"
        )
    if classes is None:
        if not len(labels):
            raise ValueError("one_hot: there are no labels to count the classes of; give classes=")
        classes = max(int(labels.max()) + 1, 1)
    classes = _positive("one_hot", "classes", classes)
    outside = labels[(labels < 0) | (labels >= classes)]
    if len(outside):
        more = f"; give classes={int(labels.max()) + 1}" if labels.min() >= 0 else "; number them from 0 up"
        raise ValueError(f"one_hot: labels must lie in 0 … {classes - 1}, got {_some(outside)}{more}")
    is_class: Array = labels[:, np.newaxis] == np.arange(classes)
    return declared_one_hot(is_class.astype(dtype))


@with_usage
def standardize(
    X: ArrayLike, mean: ArrayLike | None = None, std: ArrayLike | None = None
) -> tuple[Array, Array, Array]:
    """z = (x − mean) / std for each column: (Z, mean, std), so that Z has mean 0 and standard deviation 1.

    Without ``mean`` and ``std`` they are X's own. The test set is scaled by those of the training set::

        Z_train, mean, std = standardize(X_train)
        Z_test, _, _ = standardize(X_test, mean, std)

    std is the population's (divided by n), and 1 for a column that does not vary, whose z is then 0.
    """
    X = np.asarray(X)
    if X.ndim < 1 or not len(X):
        raise ValueError(f"standardize: X must be (samples, …) with one sample or more, got shape {X.shape}")
    if X.dtype.kind not in "fiub":
        raise TypeError(f"standardize: X must hold real numbers, got dtype {X.dtype}")
    if (mean is None) != (std is None):
        raise ValueError("standardize: give both mean and std, as another call returned them, or neither")
    if mean is None or std is None:
        # Asked of the values: rounding leaves a constant column such as 0.1, 0.1, 0.1 a std of 1e-17 instead of 0.
        constant = X.max(axis=0) == X.min(axis=0)
        mean = np.where(constant, X[0], X.mean(axis=0))
        std = np.where(constant, 1, X.std(axis=0))
    mean, std = np.asarray(mean), np.asarray(std)
    for name, value in (("mean", mean), ("std", std)):
        if value.shape != X.shape[1:]:
            raise ValueError(f"standardize: {name} must have the shape of one sample, {X.shape[1:]}, got {value.shape}")
    if (std < 0).any():
        raise ValueError(f"standardize: std must not be negative, got {_some(std[std < 0])}")
    std = np.where(std == 0, 1, std)
    return (X - mean) / std, mean, std


@with_usage
def iris() -> tuple[Floats, Integers]:
    """Fisher's irises, 50 of each species: X (150, 4) in cm, columns ``IRIS_FEATURES``, and labels (150,).

    Label k is the species ``IRIS_CLASSES[k]``. Source: Fisher, R. A. (1936), "The use of multiple measurements in
    taxonomic problems", Annals of Eugenics 7:179–188; data by E. Anderson. The values are Fisher's: the copy in
    the UCI repository differs from his paper in the 35th and the 38th flower.
    """
    with open(os.path.join(os.path.dirname(__file__), os.pardir, "datasets", "iris.csv"), encoding="utf-8") as file:
        table = np.loadtxt(file, delimiter=",", converters={4: IRIS_CLASSES.index})
    return table[:, :4].copy(), table[:, 4].astype(np.int64)


@with_usage
def digits() -> tuple[Floats, Integers]:
    """Handwritten digits, 1 797 images: X (1797, 1, 8, 8) between 0, paper, and 1, ink, and labels (1797,).

    Each of the 8×8 numbers is the share of ink, in sixteenths, in a block of 4×4 points of a form that was scanned; 13
    people wrote them. Source: E. Alpaydin and C. Kaynak (1998), "Optical Recognition of Handwritten Digits", the UCI
    repository's test set, doi:10.24432/C50P49, CC BY 4.0.
    """
    with np.load(os.path.join(os.path.dirname(__file__), os.pardir, "datasets", "digits.npz")) as file:
        return file["images"][:, np.newaxis] / 16, file["labels"].astype(np.int64)


@with_usage
def sine(n: int = 64, noise: float = 0.0, rng: Rng = None) -> tuple[Floats, Floats]:
    """One period of a sine curve, for regression: X (n, 1) evenly spaced in [−1, 1), T = sin(πX) (n, 1).

    ``noise`` is the standard deviation of the normal noise added to T; ``rng`` is its source.
    """
    n = _positive("sine", "n", n)
    if not 0 <= noise < np.inf:
        raise ValueError(f"sine: noise is a standard deviation, a finite number, 0 or more; got {noise}")
    X = np.linspace(-1, 1, n, endpoint=False)[:, np.newaxis]
    return X, np.sin(np.pi * X) + noise * np.random.default_rng(rng).normal(size=X.shape)


@with_usage
def two_regions(n: int = 400, rng: Rng = None) -> tuple[Floats, Integers]:
    """A plane cut in two by a sine curve, for classification: X (n, 2) uniform in [−1, 1)², labels (n,).

    The label is 1 above the curve, where x₂ > ½ sin(πx₁), and 0 elsewhere.
    """
    n = _positive("two_regions", "n", n)
    X = np.random.default_rng(rng).uniform(-1, 1, size=(n, 2))
    return X, (X[:, 1] > np.sin(np.pi * X[:, 0]) / 2).astype(np.int64)


def _paired(caller: str, X: Any, T: Any) -> tuple[Array, Array]:
    if isinstance(X, tuple) and len(X) == 2:
        raise TypeError(f"{caller}: X is a pair; give X and T one by one: {caller}(X, T)")
    X, T = (x if is_other(x) else np.asarray(x) for x in (X, T))
    if X.ndim < 1 or T.ndim < 1 or len(X) != len(T):
        raise ValueError(f"{caller}: X and T must hold the same samples, one per row; got shapes {X.shape}, {T.shape}")
    if not len(X):
        raise ValueError(f"{caller}: there are no samples; X has shape {X.shape}")
    return X, T


def _integer(caller: str, name: str, value: Any) -> int:
    if isinstance(value, bool | np.bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{caller}: {name} must be an integer, got {value!r}")
    return index(value)


def _positive(caller: str, name: str, value: Any) -> int:
    number = _integer(caller, name, value)
    if number < 1:
        raise ValueError(f"{caller}: {name} must be 1 or more, got {number}")
    return number


def _some(values: Array) -> str:
    """The first few values, for an error message."""
    return ", ".join(map(repr, values[:5].tolist())) + (", …" if len(values) > 5 else "")
