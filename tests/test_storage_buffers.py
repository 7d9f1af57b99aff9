"""Buffers, what layers keep and no gradient moves: saved, loaded, copied; a batch that fails does not move them."""

import copy
import io
import json
import pickle

import numpy as np
import pytest

import minigrad
from minigrad.engine.recording import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.nn import BatchNorm, Linear, Sequential
from minigrad.optim import SGD, Adam
from minigrad.storage import CheckpointError, load, save
from minigrad.training import DivergenceError, fit

draws = np.random.default_rng(0)
X, T = draws.normal(2, 3, (20, 3)), draws.normal(size=(20, 2))


def loss(y, t):
    return 0.5 * ((y - t) ** 2).sum()


def network(seed=0):
    return Sequential(BatchNorm(3), Linear(3, 4, seed), Sequential(BatchNorm(4), np.tanh), Linear(4, 2, seed + 1))


def trained(seed=0, epochs=3, compile=False):
    model = network(seed)
    fit(model, loss, SGD(model.parameters(), 0.01), (X, T), epochs, 5, progress=False, rng=0, compile=compile)
    return model


def state(model):
    return [x.data.copy() for x in (*model.parameters(), *model.buffers())]


def refused(path, model, message):
    """Loading fails with CheckpointError, and changes neither parameters nor buffers."""
    before = state(model)
    with pytest.raises(CheckpointError, match=message):
        load(path, model)
    np.testing.assert_equal(state(model), before)


def rewritten(path, arrays=(), **changes):
    """The checkpoint at `path` with other arrays, and another header; a key whose value is ... is left out."""
    with np.load(path) as entries:
        kept = dict(entries) | dict(arrays)
    header = json.loads(kept["header"].tobytes()) | changes
    header = {key: value for key, value in header.items() if value is not ...}
    kept["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(buffer := io.BytesIO(), **{name: x for name, x in kept.items() if x is not ...})
    path.write_bytes(buffer.getvalue())


class Counting:
    """A layer of a user's own: it counts its batches, under a name, and has no parameters."""

    def __init__(self, count=0):
        self.count = Tensor(np.array(count), name="count")

    def __call__(self, x):
        with no_grad():
            self.count += 1
        return x

    def parameters(self):
        return []

    def buffers(self):
        return [self.count]


def test_each_buffer_once():
    norm, counting = BatchNorm(3), Counting()
    model = Sequential(norm, Sequential(counting, norm), np.tanh, counting)
    assert [id(b) for b in model.buffers()] == [id(b) for b in (norm.running_mean, norm.running_var, counting.count)]
    assert not Sequential(Linear(2, 2), np.tanh).buffers()


def test_a_loaded_model_predicts_the_same(tmp_path):
    model, other = trained(), network(7)
    arrays = [b.data for b in other.buffers()]
    save(tmp_path / "m", model)
    load(tmp_path / "m", other)
    other.eval()
    np.testing.assert_array_equal(other(X).data, model(X).data)
    for b, array, saved in zip(other.buffers(), arrays, model.buffers(), strict=True):
        assert b.data is array
        np.testing.assert_array_equal(array, saved.data)


@pytest.mark.parametrize("compile", [False, True])
def test_training_goes_on_bit_for_bit(tmp_path, compile):
    def train(model, optimizer, rng):
        fit(model, loss, optimizer, (X, T), 2, 5, progress=False, rng=rng, compile=compile)

    whole, half = network(), network(7)
    rule, half_rule, rng = Adam(whole.parameters()), Adam(half.parameters()), np.random.default_rng(3)
    train(whole, rule, rng)
    save(tmp_path / "half", whole, rule)
    load(tmp_path / "half", half, half_rule)
    dealt = copy.deepcopy(rng)
    train(whole, rule, rng)
    train(half, half_rule, dealt)
    np.testing.assert_equal(state(half), state(whole))


def test_compiled_training_moves_the_averages():
    """As the formula has it: after one batch of all, a tenth of the way from 0 and 1 to the batch's."""
    model = network()
    fit(model, loss, SGD(model.parameters(), 0.01), (X, T), 1, progress=False, compile=True)
    np.testing.assert_allclose(model.buffers()[0].data, X.mean(0) / 10)
    np.testing.assert_allclose(model.buffers()[1].data, 0.9 + X.var(0, ddof=1) / 10)
    np.testing.assert_allclose(state(trained(compile=True))[-1], state(trained())[-1])


def test_a_compiled_function_sees_what_was_loaded(tmp_path):
    model, other = trained(), trained(7)
    save(tmp_path / "m", model)
    predict = minigrad.compile(lambda x: other(x))
    predict(X)
    load(tmp_path / "m", other)
    np.testing.assert_allclose(predict(X).data, model(X).data)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_keep_buffers_of_their_own(copied):
    model = trained()
    kept, other = state(model), copied(model)
    np.testing.assert_equal(state(other), kept)
    other.train()
    other(X + 5)
    np.testing.assert_equal(state(model), kept)
    assert not np.allclose(other.buffers()[0].data, kept[-4])


def test_a_shallow_copy_shares_them():
    norm = BatchNorm(3)
    assert all(a is b for a, b in zip(copy.copy(norm).buffers(), norm.buffers(), strict=True))


# Files that do not fit


def test_a_file_without_the_key_is_of_a_model_without_buffers(tmp_path):
    path, plain = tmp_path / "m", Linear(3, 2, 0)
    save(path, plain)
    rewritten(path, buffers=...)
    other = Linear(3, 2, 1)
    load(path, other)
    np.testing.assert_array_equal(other.W.data, plain.W.data)
    save(path, trained())
    rewritten(path, buffers=...)
    refused(path, network(7), r"the file has 0 buffers \(such as running averages\), the model 4")


def test_a_model_with_other_buffers(tmp_path):
    path = tmp_path / "m"
    save(path, Sequential(Linear(3, 2, 0), Counting(3)))
    refused(path, Sequential(Linear(3, 2, 1)), "the file has 1 buffers .*, the model 0")
    refused(path, Sequential(Linear(3, 2, 1), Counting(0.0)), r"count: int64 \(\) in the file is count: float64 \(\)")
    refused(path, Sequential(Linear(3, 2, 1), Counting([0, 0])), r"int64 \(\) in the file is count: int64 \(2,\)")
    refused(path, Sequential(Linear(3, 2, 1), Counting(), Counting()), "the file has 1 buffers .*, the model 2")
    model = Sequential(Linear(3, 2, 1), Counting())
    load(path, model)
    assert model.layers[1].count.item() == 3


@pytest.mark.parametrize(
    ("arrays", "changes", "message"),
    [
        ({"buffer/1": np.ones(4)}, {}, r"buffer/1: float64 \(4,\) in the file is buffer/1: float64 \(3,\) in the"),
        ({"buffer/3": np.ones(4, np.float32)}, {}, r"buffer/3: float32 \(4,\) in the file is buffer/3: float64 \(4,\)"),
        ({"buffer/3": ...}, {}, "damaged"),
        ({"buffer/3": np.array([None] * 4)}, {}, "damaged"),
        ({}, {"buffers": None}, "damaged"),
        ({}, {"buffers": 4}, "damaged"),
        ({}, {"buffers": [None] * 5}, "damaged"),
        ({}, {"buffers": [None] * 3}, "the file has 3 buffers .*, the model 4"),
        ({}, {"buffers": ["a", None, None, None]}, r"a: float64 \(3,\) in the file is buffer/0: float64 \(3,\) in the"),
    ],
)
def test_buffers_that_do_not_fit(tmp_path, arrays, changes, message):
    path = tmp_path / "m"
    save(path, trained())
    rewritten(path, arrays, **changes)
    refused(path, network(7), message)


def test_a_bit_flipped_in_a_buffer(tmp_path):
    """At the last of them, when all else has been read."""
    path, model = tmp_path / "m", trained()
    save(path, model)
    whole, elements = path.read_bytes(), model.buffers()[-1].data.tobytes()
    at = whole.index(elements)
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    refused(path, network(7), "damaged")


def test_a_buffer_that_cannot_be_written(tmp_path):
    save(tmp_path / "m", trained())
    model = network(7)
    model.buffers()[-1].data.flags.writeable = False
    refused(tmp_path / "m", model, "the array of buffer/3 is read-only; give it a copy")


# Batches that come to nothing


@pytest.mark.parametrize("compile", [False, True])
def test_a_batch_that_diverges_moves_no_averages(compile):
    model, wrong = trained(), X.copy()
    wrong[3, 1] = np.inf
    before = state(model)
    with np.errstate(all="ignore"), pytest.raises(DivergenceError):
        fit(model, loss, SGD(model.parameters(), 0.01), (wrong, T), 1, progress=False, compile=compile)
    np.testing.assert_equal(state(model), before)


def test_a_batch_that_is_interrupted_moves_no_averages():
    model = trained()
    before = state(model)

    def interrupted(y, t):
        raise KeyboardInterrupt

    assert fit(model, interrupted, SGD(model.parameters(), 0.01), (X, T), 1, progress=False).interrupted
    np.testing.assert_equal(state(model), before)
