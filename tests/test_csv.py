"""data.read_csv against the cells as they stand in the text, and what it says of those that cannot be read."""

import io

import numpy as np
import pytest

from minigrad import data

FLOWERS = """\
length,width,species,weight
5.1,3.5,setosa,1e-1
7.0,"3.2",versicolor, 0.3
6.3, 3.3 ,virginica,.5

4.9,3.0,setosa,-2
"""


def read(text, *given, **more):
    return data.read_csv(io.StringIO(text), *given, **more)


def test_numbers_and_classes():
    X, T, features, classes = read(FLOWERS, "species")
    np.testing.assert_array_equal(X, [[5.1, 3.5, 0.1], [7, 3.2, 0.3], [6.3, 3.3, 0.5], [4.9, 3, -2]])
    np.testing.assert_array_equal(T, [0, 1, 2, 0])
    assert (X.dtype, T.dtype) == (np.float64, np.int64)
    assert features == ("length", "width", "weight")
    assert classes == ("setosa", "versicolor", "virginica")
    assert data.one_hot(T, len(classes)).shape == (4, 3)


def test_the_last_column_is_the_target_and_numbers_are_a_column():
    table = read(FLOWERS, features=["width", 0])
    np.testing.assert_array_equal(table.T, [[0.1], [0.3], [0.5], [-2]])
    np.testing.assert_array_equal(table.X, [[3.5, 5.1], [3.2, 7], [3.3, 6.3], [3, 4.9]])
    assert (table.features, table.classes) == (("width", "length"), ())


def test_several_targets_none_and_numbers_that_are_classes():
    table = read(FLOWERS, ["weight", "width"], [0])
    np.testing.assert_array_equal(table.T, [[0.1, 3.5], [0.3, 3.2], [0.5, 3.3], [-2, 3]])
    assert read(FLOWERS, None, ["length"]).T is None
    table = read("x,k\n1,10\n2,9\n3,10\n", classes=True)
    np.testing.assert_array_equal(table.T, [1, 0, 1])
    assert table.classes == ("9", "10")


def test_files_delimiters_and_marks_of_excel(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes("\ufeffa;b\n1;2\n3;4\n".encode())
    for given in (path, str(path)):
        table = data.read_csv(given, delimiter=";")
        assert table.features == ("a",)
        np.testing.assert_array_equal(table.X, [[1], [3]])
    np.testing.assert_array_equal(read("1,2\n3,4\n", header=False).T, [[2], [4]])


def test_irises_are_those_of_the_library():
    X, labels = data.iris()
    text = "\n".join([",".join(["a", "b", "c", "d", "kind"]), *(
        ",".join([*map(repr, row), data.IRIS_CLASSES[label]]) for row, label in zip(X.tolist(), labels, strict=True)
    )])  # fmt: skip
    table = read(text)
    np.testing.assert_array_equal(table.X, X)
    np.testing.assert_array_equal(table.T, labels)


HOLES = "a,b\n1,2\n,3\n4,NA\n5,6\n"


def test_missing_values():
    np.testing.assert_array_equal(read(HOLES, missing="drop").X, [[1], [5]])
    table = read(HOLES, missing="nan")
    np.testing.assert_array_equal(table.X, [[1], [np.nan], [4], [5]])
    np.testing.assert_array_equal(table.T, [[2], [3], [np.nan], [6]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: read(HOLES),
            ValueError,
            "line 3 has no value in the column 'a'; missing='drop' leaves",
        ),
        (
            lambda: read(FLOWERS, "weight"),
            ValueError,
            "line 2 has 'setosa' in the column 'species', which is no",
        ),
        (lambda: read(FLOWERS, "spezies"), ValueError, "no column is called 'spezies'; did you mean 'species'"),
        (lambda: read(FLOWERS, 4), ValueError, "there is no column 4; there are 4, from 0 up"),
        (lambda: read(FLOWERS, 1.5), TypeError, "target: a column is a name or a number, not the float 1.5"),
        (lambda: read(FLOWERS, "species", ["species"]), ValueError, "'species' is among the features and the targets"),
        (lambda: read(FLOWERS, "species", classes=False), ValueError, "in the column 'species'.*; classes=True makes"),
        (
            lambda: read(FLOWERS, ["species", "weight"]),
            ValueError,
            "target 'species' holds classes; they can be",
        ),
        (lambda: read("1,2\n3,4\n"), ValueError, "line 1 holds numbers alone, 1, 2, no names; give header=False"),
        (lambda: read("a,a\n3,4\n"), ValueError, "two columns are called 'a'"),
        (
            lambda: read("a,b\n3;4\n"),
            ValueError,
            "line 2 has 1 cells, and there are 2 columns; is the delimiter",
        ),
        (lambda: read("a\n3\n"), ValueError, "no column is left for X; the columns are a"),
        (lambda: read(""), ValueError, "the file has no lines"),
        (lambda: read("a,b\n"), ValueError, "below the names there are no lines"),
        (lambda: read("a,b\n,1\n", missing="drop"), ValueError, "no line is left without a missing value"),
        (lambda: read("a,b\n1,x\n1,?\n", missing="nan"), ValueError, "line 3 has no class in the column 'b'"),
        (lambda: read(FLOWERS, missing="skip"), ValueError, "missing must be 'raise', 'drop' or 'nan', not 'skip'"),
        (lambda: data.read_csv(3), TypeError, "path must be the name of a file, or an open one, not the int 3"),
        (lambda: data.read_csv("nowhere.csv"), FileNotFoundError, "nowhere.csv"),
        (lambda: data.load_csv, AttributeError, r"It is data.read_csv\(path, target\)"),
    ],
)
def test_what_cannot_be_read_is_told(call, error, message):
    with pytest.raises(error, match=message):
        call()
