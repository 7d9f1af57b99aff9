"""Data sets and batching, against Fisher's own tables, counting, and a watch on memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import data
from minigrad.textbook import Network

few = settings(max_examples=50, deadline=None)
sizes = st.none() | st.integers(1, 30)
seeds = st.none() | st.integers(0, 2**32 - 1)


def numbered(n):
    """Samples that say which they are, X (n, 2) and T (n,)."""
    return np.stack([np.arange(n), -np.arange(n)], axis=1), np.arange(n) * 10


@few
@given(st.integers(1, 25), sizes, seeds)
def test_an_epoch_has_every_sample_once_in_batches_of_the_size(n, size, seed):
    X, T = numbered(n)
    epoch = list(data.batches(X, T, size, rng=seed))
    wanted = min(size or n, n)
    assert [len(x) for x, _ in epoch[:-1]] == [wanted] * (len(epoch) - 1)
    assert 1 <= len(epoch[-1][0]) <= wanted
    seen = np.concatenate([x for x, _ in epoch])
    np.testing.assert_array_equal(seen[np.argsort(seen[:, 0])], X)
    for x, t in epoch:
        np.testing.assert_array_equal(t, x[:, 0] * 10)


def test_batches_without_rng_are_views_in_order():
    X, T = numbered(10)
    epoch = list(data.batches(X, T, 4))
    np.testing.assert_array_equal(np.concatenate([x for x, _ in epoch]), X)
    assert all(np.shares_memory(x, X) and np.shares_memory(t, T) for x, t in epoch)


def test_batches_are_dealt_by_the_seed_and_anew_by_a_generator():
    X, T = numbered(100)

    def deal(rng):
        return [t.tolist() for _, t in data.batches(X, T, 10, rng)]

    generator = np.random.default_rng(3)
    first = deal(generator)
    assert first == deal(3)
    assert first != deal(generator)
    assert first != deal(4)
    assert [t for batch in first for t in batch] != T.tolist()
    assert all(batch == sorted(batch) for batch in first)


@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize("size", [1, 32, 5000])
def test_memmap_is_never_copied_whole(tmp_path, seed, size):
    n, width = 4096, 128
    X = np.memmap(tmp_path / "X.dat", np.float64, "w+", shape=(n, width))
    X[:] = np.arange(n)[:, np.newaxis]
    T = np.arange(n)
    seen = []
    tracemalloc.start()
    for x, t in data.batches(X, T, size, rng=seed):
        assert (x[:, 0] == t).all()
        seen.append(len(t))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(seen) == n
    assert peak < X.nbytes / 8


@few
@given(st.integers(2, 40), st.integers(1, 39), st.integers(0, 99))
def test_split_parts_the_samples(n, count, seed):
    X, T = numbered(n)
    if count >= n:
        with pytest.raises(ValueError, match=f"test={count} of {n} samples leaves {count} to test and {n - count}"):
            data.split(X, T, count)
        return
    X_train, T_train, X_test, T_test = data.split(X, T, count, rng=seed)
    assert len(X_test) == len(T_test) == count
    assert sorted([*X_train[:, 0], *X_test[:, 0]]) == list(range(n))
    np.testing.assert_array_equal(T_train, X_train[:, 0] * 10)
    np.testing.assert_array_equal(T_test, X_test[:, 0] * 10)


def test_split_takes_a_fraction_shuffles_by_the_seed_and_copies():
    X, T = numbered(50)
    parts = data.split(X, T, 0.314, rng=1)
    assert [len(part) for part in parts] == [34, 34, 16, 16]
    for part, again in zip(parts, data.split(X, T, np.float32(0.314), rng=np.random.default_rng(1)), strict=True):
        np.testing.assert_array_equal(part, again)
    assert parts[1].tolist() != sorted(parts[1].tolist())
    assert parts[3].tolist() != data.split(X, T, 0.314, rng=2)[3].tolist()
    assert not any(np.shares_memory(part, whole) for part in parts for whole in (X, T))


def test_one_hot():
    assert data.one_hot([2, 0, 1]).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert data.one_hot([0, 0], classes=3, dtype=np.float32).dtype == np.float32
    assert data.one_hot(np.array([], dtype=int), classes=3).shape == (0, 3)
    labels = np.random.default_rng(0).integers(0, 5, 40)
    np.testing.assert_array_equal(data.one_hot(labels, 5), np.eye(5)[labels])


def test_standardize_and_scale_the_test_set_alike():
    rng = np.random.default_rng(0)
    X, X_test = rng.normal(5, 3, (40, 3)), rng.normal(5, 3, (10, 3))
    Z, mean, std = data.standardize(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose((Z**2).mean(axis=0), 1, rtol=1e-13)
    Z_test, mean_test, std_test = data.standardize(X_test, mean, std)
    np.testing.assert_allclose(Z_test * std + mean, X_test, rtol=1e-13)
    np.testing.assert_array_equal([mean_test, std_test], [mean, std])
    assert {a.dtype for a in data.standardize(X.astype(np.float32))} == {np.dtype(np.float32)}


def test_a_constant_column_standardizes_to_zero():
    X = np.array([[0.1, 1.0], [0.1, 1.0], [0.1, 2.0]])
    assert X[:, 0].std() != 0  # rounding: why asking for std == 0 would not do
    Z, mean, std = data.standardize(X)
    assert Z[:, 0].tolist() == [0, 0, 0]
    assert (mean[0], std[0]) == (0.1, 1)
    assert data.standardize([[5.0]], [3.0], [0.0])[0].tolist() == [[2.0]]


def test_iris_has_the_means_and_sums_of_squares_that_fisher_printed():
    """Fisher (1936): the means of all three species, and Table III, pooled within setosa and versicolor (cm²)."""
    X, labels = data.iris()
    assert (X.shape, X.dtype, labels.shape) == ((150, 4), np.float64, (150,))
    assert (len(data.IRIS_FEATURES), np.bincount(labels).tolist()) == (4, [50, 50, 50])
    means = {
        "setosa": [5.006, 3.428, 1.462, 0.246],
        "versicolor": [5.936, 2.770, 4.260, 1.326],
        "virginica": [6.588, 2.974, 5.552, 2.026],
    }
    for label, species in enumerate(data.IRIS_CLASSES):
        np.testing.assert_allclose(X[labels == label].mean(axis=0), means[species], rtol=1e-14)
    deviations = (X - X.reshape(3, 50, 4).mean(axis=1)[labels])[labels < 2]
    table_iii = [
        [19.1434, 9.0356, 9.7634, 3.2394],
        [9.0356, 11.8658, 4.6232, 2.4746],
        [9.7634, 4.6232, 12.2978, 3.8794],
        [3.2394, 2.4746, 3.8794, 2.4604],
    ]
    np.testing.assert_allclose(deviations.T @ deviations, table_iii, rtol=1e-12)


def test_iris_35_and_38_are_fishers_not_the_altered_ones():
    X, _ = data.iris()
    assert X[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert X[37].tolist() == [4.9, 3.6, 1.4, 0.1]
    X[:] = 0
    assert data.iris()[0].min() == 0.1


def test_digits_are_those_that_the_repository_counts():
    """The file optdigits.names: 1 797 for testing, so many of each class; and the first 0 of them."""
    X, labels = data.digits()
    assert (X.shape, X.dtype, labels.dtype) == ((1797, 1, 8, 8), np.float64, np.int64)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (X.min(), X.max()) == (0, 1)
    assert (16 * X[0, 0, :3]).tolist() == [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
    ]
    assert labels[:3].tolist() == [0, 1, 2]
    X[:] = 0
    assert data.digits()[0].max() == 1


def test_sine_is_one_period():
    X, T = data.sine(8)
    assert X.ravel().tolist() == [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75]
    half = np.sqrt(0.5)
    np.testing.assert_allclose(T.ravel(), [0, -half, -1, -half, 0, half, 1, half], atol=1e-15)
    X, noisy = data.sine(1000, noise=0.2, rng=0)
    assert (noisy - np.sin(np.pi * X)).std() == pytest.approx(0.2, rel=0.1)
    np.testing.assert_array_equal(noisy, data.sine(1000, noise=0.2, rng=0)[1])


def test_two_regions_lie_above_and_below_the_sine():
    X, labels = data.two_regions(500, rng=0)
    assert (X.shape, labels.shape) == ((500, 2), (500,))
    assert (np.abs(X) <= 1).all()
    assert [label == (x2 > 0.5 * np.sin(np.pi * x1)) for (x1, x2), label in zip(X, labels, strict=True)] == [True] * 500
    assert 150 < labels.sum() < 350
    np.testing.assert_array_equal(X, data.two_regions(500, rng=0)[0])


def test_sine_trains_the_1_3_1_network():
    X, T = data.sine()
    network = Network((1, 3, 1), rng=0)
    losses = [network.step(X, T, lr=0.01) for _ in range(2000)]
    assert losses[-1] < losses[0] / 20


def test_iris_trains_a_classifier_that_generalizes():
    X, labels = data.iris()
    X_train, labels_train, X_test, labels_test = data.split(X, labels, 0.5, rng=0)
    Z_train, mean, std = data.standardize(X_train)
    network, rng = Network((4, 8, 3), "classification", rng=0), np.random.default_rng(0)
    for _ in range(60):
        for x, t in data.batches(Z_train, data.one_hot(labels_train), 8, rng):
            network.step(x, t, lr=0.1)
    predicted = network.forward(data.standardize(X_test, mean, std)[0]).argmax(axis=1)
    assert (predicted == labels_test).mean() > 0.9


X3, T3 = numbered(3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: data.batches(X3, T3[:2], 1), ValueError, r"the same samples.*\(3, 2\), \(2,\)"),
        (lambda: data.batches(X3, 1.0, 1), ValueError, r"the same samples.*\(3, 2\), \(\)"),
        (lambda: data.batches(X3[:0], T3[:0], 1), ValueError, "there are no samples"),
        (lambda: data.batches(X3, T3, 0), ValueError, "size must be 1 or more, got 0"),
        (lambda: data.batches(X3, T3, 2.0), TypeError, "size must be an integer, got 2.0"),
        (lambda: data.batches(X3, T3, True), TypeError, "size must be an integer, got True"),
        (lambda: data.batches(X3, T3, 1, rng="seed"), TypeError, "seed"),
        (lambda: data.split(X3, T3[:2]), ValueError, "split: X and T must hold the same samples"),
        (lambda: data.split(X3, T3, 1.0), ValueError, "between 0 and 1, got 1.0; a count is an int"),
        (lambda: data.split(X3, T3, float("nan")), ValueError, "between 0 and 1, got nan"),
        (lambda: data.split(X3, T3, 0.01), ValueError, "leaves 0 to test and 3 to train on"),
        (lambda: data.split(X3, T3, 3), ValueError, "leaves 3 to test and 0 to train on"),
        (lambda: data.split(X3, T3, "half"), TypeError, "test must be an integer, got 'half'"),
        (lambda: data.one_hot([0, -1, 2, -7]), ValueError, r"lie in 0 … 2, got -1, -7; number them from 0 up$"),
        (lambda: data.one_hot([-1]), ValueError, "got -1"),
        (lambda: data.one_hot([0, 3, 1], classes=3), ValueError, r"lie in 0 … 2, got 3; give classes=4$"),
        (lambda: data.one_hot([9] * 7, classes=3), ValueError, "got 9, 9, 9, 9, 9, …"),
        (lambda: data.one_hot([0.0, 1.5, 2.0]), TypeError, r"must be integers, got float64 1\.5;"),
        (lambda: data.one_hot([0.0, 1.0]), TypeError, r"must be integers, got float64 0\.0, 1\.0;"),
        (lambda: data.one_hot([0.0, np.inf, np.nan]), TypeError, "must be integers, got float64 nan;"),
        (lambda: data.one_hot(["a", "b"]), TypeError, "'a', 'b'; np.unique"),
        (lambda: data.one_hot([[0], [1]]), ValueError, r"labels must be \(samples,\), got shape \(2, 1\)"),
        (lambda: data.one_hot([0], classes=0), ValueError, "classes must be 1 or more, got 0"),
        (lambda: data.one_hot(T3[:0]), ValueError, "no labels to count"),
        (lambda: data.standardize(X3[:0]), ValueError, r"one sample or more, got shape \(0, 2\)"),
        (lambda: data.standardize(3.0), ValueError, r"got shape \(\)"),
        (lambda: data.standardize(["a"]), TypeError, "real numbers, got dtype <U1"),
        (lambda: data.standardize(X3, mean=[0, 0]), ValueError, "both mean and std"),
        (lambda: data.standardize(X3, [0], [1]), ValueError, r"mean must have .* one sample, \(2,\), got \(1,\)"),
        (lambda: data.standardize(X3, [0, 0], [1, -1]), ValueError, "std must not be negative, got -1"),
        (lambda: data.sine(0), ValueError, "n must be 1 or more, got 0"),
        (lambda: data.sine(8, noise=-1), ValueError, "noise is a standard deviation.*got -1"),
        (lambda: data.two_regions(1.5), TypeError, "n must be an integer, got 1.5"),
    ],
)
def test_bad_input_is_refused_at_the_call(call, error, message):
    with pytest.raises(error, match=message):
        call()
