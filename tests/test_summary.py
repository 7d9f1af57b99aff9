"""model.summary(): shapes and counts by hand, as text and in a notebook, and no trace left."""

import numpy as np
import pytest

from minigrad import nn, relu
from minigrad.nn.summary import write_bytes

TEXT = """\
MLP
   layer          output  learns          parameters
────────────────────────────────────────────────────
   input          N×4
1  Linear(4, 25)  N×25    W₁ 4×25, b₁ 25         125
2  sigmoid        N×25
3  Linear(25, 3)  N×3     W₂ 25×3, b₂ 3           78
4  softmax        N×3
────────────────────────────────────────────────────
   all                    1.62 kB                203"""


def test_a_table_of_layers():
    table = nn.MLP((4, 25, 3)).summary()
    assert str(table) == repr(table) == TEXT
    assert table.parameters == 4 * 25 + 25 + 25 * 3 + 3
    assert table.size == 8 * 203
    assert [row.count for row in table.rows] == [125, 0, 78, 0]
    html = table._repr_html_()
    assert "W₁ 4×25, b₁ 25" in html
    assert "203 parameters" in html


def test_a_convolutional_net():
    last = nn.Linear(6 * 12 * 12, 10)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5), relu, nn.MaxPool2d(2), nn.BatchNorm(6), nn.Flatten(), nn.Dropout(0.5), last
    )  # fmt: skip
    assert [row.output for row in model.summary().rows] == [None] * 7
    table = model.summary((1, 28, 28))
    assert [row.output for row in table.rows] == [
        (6, 24, 24), (6, 24, 24), (6, 12, 12), (6, 12, 12), (864,), (864,), (10,)
    ]  # fmt: skip
    assert table.parameters == 6 * 25 + 6 + 12 + 8640 + 10 == sum(p.size for p in model.parameters())


def test_a_shape_that_layers_before_hide_is_not_guessed():
    model = nn.Sequential(lambda x: x[:, 2:], nn.Linear(3, 2))
    assert [row.output for row in model.summary().rows] == [None, None]
    assert [row.output for row in model.summary(5).rows] == [(3,), (2,)]


def test_a_shared_layer_counts_once():
    shared = nn.Linear(3, 3, dtype=np.float32)
    table = nn.Sequential(shared, np.tanh, nn.Sequential(shared, np.tanh)).summary()
    assert [(row.count, row.shared) for row in table.rows] == [(12, False), (0, False), (0, True), (0, False)]
    assert (table.parameters, table.size) == (12, 48)
    assert "shared" in str(table)
    assert nn.Linear(3, 2).summary().rows[0].output == (2,)


def test_no_trace_is_left():
    model = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm(5), nn.Dropout(0.5, 0))
    model.train()
    before = [b.data.copy() for b in model.buffers()], [g.bit_generator.state for g in model.generators()]
    model.summary()
    np.testing.assert_equal([b.data for b in model.buffers()], before[0])
    assert [g.bit_generator.state for g in model.generators()] == before[1]
    assert model.layers[1].training
    assert all(p.grad is None for p in model.parameters())


def test_what_does_not_fit_is_told():
    model = nn.MLP((4, 25, 3))
    with pytest.raises(ValueError, match="4 columns"):
        model.summary(5)
    with pytest.raises(ValueError, match=r"input_shape must be the shape of one sample, such as \(3, 32, 32\)"):
        model.summary(())
    with pytest.raises(TypeError, match=r"not a ndarray; of samples X that is X.shape\[1:\], here \(3, 8\)"):
        model.summary(np.ones((5, 3, 8)))
    with pytest.raises(ValueError, match=r"input_shape\[1\] must be 1 or more"):
        model.summary((3, 0))


@pytest.mark.parametrize(("size", "text"), [(8, "8 bytes"), (1624, "1.62 kB"), (2.5e6, "2.5 MB"), (3e9, "3 GB")])
def test_bytes(size, text):
    assert write_bytes(size) == text
