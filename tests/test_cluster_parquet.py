"""Rows of Parquet files on a cluster: the same training, and nothing read that is not needed."""

import shutil

import numpy as np
import pytest

from minigrad.app.cli import main
from minigrad.cluster import Parquet
from minigrad.cluster.blocks import find_rows
from tests.test_cluster import BUILD, Cluster, T, X, compare, train

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

NAMES = ["x0", "x1", "x2", "x3", "t0", "t1", "t2"]
TARGETS = NAMES[4:]
WATCHED = pa.proxy_memory_pool(pa.default_memory_pool())


def write(path, columns, **more):
    parquet.write_table(pa.table(columns), path, **more)
    return path


def columns(rows=slice(None)):
    return dict(zip(NAMES, np.column_stack([X, T])[rows].T, strict=True))


@pytest.fixture
def file(tmp_path):
    """All 230 rows in groups of 37, so that blocks begin and end within groups."""
    return write(tmp_path / "d.parquet", columns(), row_group_size=37)


def test_rows_of_a_parquet_file(file):
    compare(train(Cluster(*"ab"), 60, data=Parquet(file, TARGETS)), train(Cluster(*"ab"), 60), 0)


def test_rows_of_a_folder_of_files(tmp_path):
    for i, rows in enumerate((slice(0, 90), slice(90, 91), slice(91, 230))):
        write(tmp_path / f"part{i}.parquet", columns(rows), row_group_size=50)
    found = Parquet(tmp_path, TARGETS)
    compare(train(Cluster(*"ab"), 60, data=found), train(Cluster(*"ab"), 60), 0)
    for x, wanted in zip(found.read(), (X, T), strict=True):
        np.testing.assert_array_equal(x, wanted)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (36, 38), (37, 74), (5, 229), (229, 230)])
def test_any_rows_are_those_of_the_array(file, start, stop):
    x, t = find_rows(Parquet(file, TARGETS)).part(start, stop)()
    np.testing.assert_array_equal(x, X[start:stop])
    np.testing.assert_array_equal(t, T[start:stop])


def test_the_last_column_is_the_target_and_whole_numbers_are_classes(tmp_path):
    path = write(tmp_path / "d.parquet", {"a": X[:, 0].astype("f4"), "b": np.arange(230, dtype="i2"), "c": T.argmax(1)})
    x, t = find_rows(path).first(230)
    assert (x.dtype, x.shape, t.dtype, t.shape) == (np.float32, (230, 2), np.int64, (230,))
    np.testing.assert_array_equal(x[:, 1], np.arange(230))
    x, t = Parquet(path, "a", ["c"]).read()
    assert (x.dtype, x.shape, t.dtype, t.shape) == (np.int64, (230, 1), np.float32, (230, 1))


def damage(path, into, wanted):
    """Copy a file with noise in the place of each column of each group but for those wanted."""
    shutil.copy(path, into)
    metadata = parquet.ParquetFile(path).metadata
    with open(into, "r+b") as file:
        for group in range(metadata.num_row_groups):
            for i in range(metadata.num_columns):
                column = metadata.row_group(group).column(i)
                if not wanted(group, column.path_in_schema):
                    pages = (column.dictionary_page_offset, column.data_page_offset)
                    file.seek(min(page for page in pages if page is not None))
                    file.write(b"\xff" * column.total_compressed_size)
    return into


def test_only_the_columns_and_groups_that_are_needed_are_read(file, tmp_path):
    """Rows 80 to 100 are in the third group of 37: all else may be damaged, and no other may be."""
    few = damage(file, tmp_path / "few.parquet", lambda group, name: group == 2 and name in ("x1", "t2"))
    rows = find_rows(Parquet(few, "t2", ["x1"]))
    x, t = rows.part(80, 100)()
    np.testing.assert_array_equal(x, X[80:100, 1:2])
    np.testing.assert_array_equal(t, T[80:100, 2:3])
    with pytest.raises((OSError, ValueError)):
        rows.part(70, 100)()


def test_a_group_is_decoded_a_few_rows_at_a_time(tmp_path):
    """Of one group of 200 000 rows, a block of a tenth: Arrow's own memory never has as much as a quarter of it."""
    wide = {f"x{i}": np.random.default_rng(i).normal(size=200_000) for i in range(8)}
    path = write(tmp_path / "d.parquet", wide, row_group_size=200_000, compression="none", use_dictionary=False)
    usual = pa.default_memory_pool()
    pa.set_memory_pool(WATCHED)
    try:
        x, t = Parquet(path).open().read(90_000, 110_000)
    finally:
        pa.set_memory_pool(usual)
    np.testing.assert_array_equal(x[:, 3], wide["x3"][90_000:110_000])
    assert (x.shape, t.shape) == ((20_000, 7), (20_000, 1))
    assert 0 < WATCHED.max_memory() < 200_000 * 8 * 8 / 4


@pytest.mark.parametrize(
    ("target", "features", "error", "said"),
    [
        ("t9", None, ValueError, "target: no column is called 't9'; did you mean 't2'"),
        (7, None, ValueError, "target: there is no column 7; there are 7, from 0 up"),
        (1.5, None, TypeError, "target: a column is a name or a number, not the float 1.5"),
        ("t0", ["x0", "t0"], ValueError, "the column 't0' is among the features and the targets"),
        ("t0", [], ValueError, "no column is left for X"),
    ],
)
def test_columns_that_are_not_there(target, features, error, said, file):
    with pytest.raises(error, match=said):
        find_rows(Parquet(file, target, features))


def test_what_is_no_number_or_missing_is_an_error_before_anything_is_sent(tmp_path):
    client = Cluster(*"ab")
    gone = X[:, 0].tolist()
    gone[200] = None
    for i, (column, error, said) in enumerate(
        [
            (["text"] * 230, TypeError, "the column 'a' of .*holds string, not numbers; leave it out of features"),
            (gone, ValueError, "the column 'a' of .* has values missing; fill them in"),
        ]
    ):
        path = write(tmp_path / f"{i}.parquet", {"a": column, "t": T[:, 0]})
        with pytest.raises(error, match=said):
            train(client, data=path)
    unsaid = write(tmp_path / "unsaid.parquet", {"a": gone, "t": T[:, 0]}, write_statistics=False)
    with pytest.raises(ValueError, match="has values missing"):
        find_rows(unsaid).part(0, 230)()
    (tmp_path / "no.parquet").write_text("none")
    with pytest.raises(ValueError, match=r"no.parquet cannot be read as a Parquet file"):
        find_rows(tmp_path / "no.parquet")
    with pytest.raises(FileNotFoundError, match="there is no"):
        find_rows(tmp_path / "none.parquet")
    assert not client.calls


def test_files_of_a_folder_that_differ(tmp_path):
    write(tmp_path / "a.parquet", {"x": X[:, 0], "t": T[:, 0]})
    write(tmp_path / "b.parquet", {"x": X[:, 0].astype("f4"), "t": T[:, 0]})
    with pytest.raises(ValueError, match=r"the column 'x' of .*b.parquet is of float32, and of float64 elsewhere"):
        find_rows(tmp_path)
    write(tmp_path / "b.parquet", {"z": X[:, 0], "t": T[:, 0]})
    with pytest.raises(ValueError, match=r"b.parquet has no column 'x', which other files of its folder have"):
        find_rows(tmp_path)


def test_the_command_reads_parquet(file, monkeypatch, capsys):
    monkeypatch.chdir(file.parent)
    (file.parent / "model.py").write_text(BUILD)
    targets = [word for name in TARGETS for word in ("--target", name)]
    assert main(["train", "model.py:build", "--data", "d.parquet", *targets, "--epochs", "3"]) == 0
    said = [float(line.split()[3]) for line in capsys.readouterr().out.splitlines()]
    np.testing.assert_allclose(said, train(epochs=3)[0].loss, rtol=1e-5)
    assert main(["train", "model.py:build", "--data", "X.npy", "T.npy", "--target", "t0"]) == 2
    assert "--target names columns of a Parquet file, and X.npy and T.npy is none" in capsys.readouterr().err
