"""Accuracy and confusion, counted one sample at a time."""

import numpy as np
import pytest

from minigrad import metrics
from minigrad.engine.tensor import Tensor

rng = np.random.default_rng(5)


@pytest.mark.parametrize("kind", ["labels", "one-hot", "tensor"])
def test_several_classes_by_hand(kind):
    y, labels = rng.normal(size=(40, 4)), rng.integers(0, 4, 40)
    counts = np.zeros((4, 4), int)
    for row, label in zip(y, labels, strict=True):
        counts[label, max(range(4), key=row.__getitem__)] += 1
    t = np.eye(4)[labels] if kind == "one-hot" else labels
    y = Tensor(y, requires_grad=True) if kind == "tensor" else y
    np.testing.assert_array_equal(metrics.confusion_matrix(y, t), counts)
    assert metrics.accuracy(y, t) == np.trace(counts) / 40


@pytest.mark.parametrize("shapes", [((40, 1), (40, 1)), ((40, 1), (40,)), ((40,), (40,))], ids=str)
@pytest.mark.parametrize("threshold", [0.5, 0.0])
@pytest.mark.parametrize("dtype", [float, int, bool])
def test_one_output_tells_two_classes_apart(shapes, threshold, dtype):
    y, t = rng.normal(size=shapes[0]), rng.integers(0, 2, shapes[1]).astype(dtype)
    pairs = [(int(a > threshold), int(b)) for a, b in zip(y.ravel(), t.ravel(), strict=True)]
    counts = [[sum(pair == (guess, true) for pair in pairs) for guess in (0, 1)] for true in (0, 1)]
    np.testing.assert_array_equal(metrics.confusion_matrix(y, t, threshold=threshold), counts)
    assert metrics.accuracy(y, t, threshold) == sum(a == b for a, b in pairs) / 40


def test_a_sequence_has_a_class_at_each_place():
    y, t = rng.normal(size=(3, 5, 4)), rng.integers(0, 4, (3, 5))
    assert metrics.accuracy(y, t) == np.mean([y[i, j].argmax() == t[i, j] for i in range(3) for j in range(5)])


@pytest.mark.parametrize(
    ("y", "t", "error", "message"),
    [
        (
            rng.normal(size=(4, 3)),
            rng.normal(size=(4, 3)),
            ValueError,
            r"no classes of y, which is \(4, 3\); t is float64",
        ),
        (rng.normal(size=(4, 1)), np.array([0, 1, 2, 1]), ValueError, "where y has one column, 0 or 1 for each"),
        (
            rng.normal(size=(4, 3)),
            np.array([0, -1, 2, 1]),
            ValueError,
            "class numbers must be 0 or more, and there is -1",
        ),
        (
            rng.normal(size=(4, 3)),
            np.array([0, 3, 2, 1]),
            ValueError,
            "there is a class 3, and 3 classes are numbered 0",
        ),
        (rng.normal(size=(4, 3)), np.array(list("abca")), TypeError, "must hold real numbers, not float64 and <U1"),
        (np.ones((0, 3)), np.ones(0, int), ValueError, r"there are no samples; y has shape \(0, 3\)"),
    ],
)
def test_what_is_no_class_is_told_so(y, t, error, message):
    with pytest.raises(error, match=message):
        metrics.confusion_matrix(y, t)


def test_what_is_a_line_of_numpy_is_said():
    C = np.array([[3, 1], [2, 4]])
    for name, wanted in (("precision", [3 / 5, 4 / 5]), ("recall", [3 / 4, 4 / 6]), ("f1_score", [6 / 9, 8 / 11])):
        with pytest.raises(AttributeError, match=r"of C = metrics\.confusion_matrix\(y, t\)") as caught:
            getattr(metrics, name)
        formula = str(caught.value).partition("Write ")[2].partition(", of C")[0]
        np.testing.assert_allclose(eval(formula, {"np": np, "C": C}), wanted)
