"""The memory of a worker that is a process: its block, its parameters and a fifth more, however many data there are."""

import gc
from pathlib import Path

import numpy as np
import pytest

from minigrad import fit, losses, nn, optim

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # Dask's own, of what it is built on
    pytest.mark.skipif(
        not Path("/proc/self/clear_refs").exists(), reason="asks Linux for the most memory of a process"
    ),
]
MIB, WIDTH, LIMIT = 2**20, 200, 120
DATA = 10 * LIMIT  # MiB, in a file that has no blocks on the disk: it reads as zeros


def write(path, mib):
    rows = mib * MIB // (8 * WIDTH)
    for name, width in (("X", WIDTH), ("T", 1)):
        np.lib.format.open_memmap(path / f"{name}{mib}.npy", "w+", np.float64, (rows, width))
    return path / f"X{mib}.npy", path / f"T{mib}.npy"


def read_memory(dask_worker=None, most=False):
    """Give the bytes that a process has, or the most that it had since it was asked what it has."""
    gc.collect()
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    if not most:
        Path("/proc/self/clear_refs").write_text("5")
    return int(lines["VmHWM" if most else "VmRSS"].split()[0]) * 1024


def measure_training(limit, few, many):
    """Give the history of a training on one worker, and the most memory that it took beside what it had before."""
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with (
        distributed.LocalCluster(**options, memory_limit=limit * MIB) as cluster,
        distributed.Client(cluster) as client,
    ):
        for data in (few, many):  # the first one loads what a training needs
            (before,) = client.run(read_memory).values()
            model = nn.Sequential(nn.Linear(WIDTH, 1, rng=0))
            rule = optim.SGD(model.parameters(), lr=0.1)
            history = fit(model, losses.sigmoid_cross_entropy, rule, data, 1, progress=False, client=client)
        (most,) = client.run(read_memory, most=True).values()
    return history, most - before


def test_ten_times_more_data_than_a_worker_may_have(tmp_path):
    """A worker takes a block, the parameters and less than 20 % of these, with what a step leaves in the allocator."""
    history, taken = measure_training(LIMIT, write(tmp_path, 4), write(tmp_path, DATA))
    assert taken < 1.2 * (LIMIT * MIB / 10 + 8 * (WIDTH + 1))
    np.testing.assert_allclose(history.loss, np.log(2), rtol=1e-12)  # of zeros, with b = 0


def test_blocks_of_a_parquet_file(tmp_path):
    """Arrow reads ahead, and keeps what it has read, unless it is told otherwise."""
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    limit, paths = 320, (tmp_path / "few.parquet", tmp_path / "many.parquet")
    for path, mib in zip(paths, (4, 128), strict=True):
        columns = np.random.default_rng(0).normal(size=(WIDTH + 1, mib * MIB // (8 * (WIDTH + 1))))
        columns[-1] = columns[-1] > 0
        names = [f"x{i}" for i in range(WIDTH + 1)]
        parquet.write_table(pa.table(dict(zip(names, columns, strict=True))), path, row_group_size=10_000)
    _, taken = measure_training(limit, *paths)
    assert taken < 1.2 * (limit * MIB / 10 + 8 * (WIDTH + 1))
