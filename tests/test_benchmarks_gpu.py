"""The benchmark of GPUs on a stand-in for one: what it would call wrong, and that each part of it runs."""

from unittest.mock import patch

import pytest

from benchmarks import gpu
from benchmarks.workloads import WORKLOADS
from tests.fake_gpu import COMPILER, FakeDevice, on_fake
from tests.other_array import OtherArray

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
ROWS = [row for row in gpu.ROWS if str(row).startswith(("MatMul", "tanh", "Sum", "Sort"))]


class Doubling(FakeDevice):
    """One whose products are twice what they should be."""

    def multiply(self, gemm, a, b, c, workspace):
        kind = type(gemm)
        super().multiply(kind(**{**vars(gemm), "alpha": 2 * gemm.alpha}), a, b, c, workspace)


def library(device):
    return gpu.Library(OtherArray, on_fake(device), lambda: None)


def test_all_is_right():
    assert len(ROWS) > 20
    assert list(gpu.check_rows(library(FakeDevice()), ROWS)) == []
    assert list(gpu.check_networks(library(FakeDevice()), [WORKLOADS["W1"], WORKLOADS["W3"]])) == []


def test_what_is_wrong_is_named():
    wrong = list(gpu.check_rows(library(Doubling()), ROWS))
    assert wrong
    assert all(line.startswith("MatMul") and "off by" in line for line in wrong)
    assert len(wrong) < len(ROWS)
    assert [line.split(":")[0] for line in gpu.check_networks(library(Doubling()), [WORKLOADS["W2"]])] == [
        "W2 float32", "W2 float64",
    ]  # fmt: skip


def test_the_table(capsys):
    with patch.object(gpu, "installed", lambda name: False), patch.dict(gpu.CALLS, W2=1):
        assert gpu.main(["--no-rows", "--networks", "W2"], library(FakeDevice())) == 0
    said = capsys.readouterr().out
    assert "5 networks are trained in 2 dtypes, 0 of them wrong" in said
    head, line = said.splitlines()[-2:]
    assert head.split("  ")[0] == "µs a step"
    assert all(name in head for name in ("plain CuPy", "eager", "captured", "products alone", "bar"))
    assert [float(x) > 0 for x in line.split()[1:]] == [True] * 5
