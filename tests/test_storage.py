"""Saving and loading: training goes on to the last bit, and no file, however damaged, is half loaded."""

import io
import json
import os
import zipfile

import numpy as np
import pytest

from minigrad import storage
from minigrad.engine.tensor import Tensor
from minigrad.nn import MLP, Dropout, Linear, Sequential
from minigrad.optim import SGD, Adadelta, AdaGrad, Adam, AdamW, Lion, Momentum, NAdam, RAdam, RMSProp
from minigrad.storage import CheckpointError, load, save
from minigrad.training import fit

draws = np.random.default_rng(0)
X, T = draws.normal(size=(20, 3)), draws.normal(size=(20, 2))

RULES = {
    "SGD": lambda params: SGD(params, 0.01),
    "Momentum": lambda params: Momentum(params, 0.01, 0.8),
    "AdaGrad": lambda params: AdaGrad(params, 0.03),
    "RMSProp": lambda params: RMSProp(params, 0.03, 0.95),
    "Adam": lambda params: Adam(params, 0.03, 0.8),
    "AdamW": lambda params: AdamW(params, 0.03, weight_decay=0.1),
    "RAdam": lambda params: RAdam(params, 0.03, beta2=0.9),
    "NAdam": lambda params: NAdam(params, 0.03),
    "Adadelta": lambda params: Adadelta(params),
    "Lion": lambda params: Lion(params, 0.01),
}


def loss(y, t):
    return 0.5 * ((y - t) ** 2).sum()


def network(seed=0, dtype=np.float64, units=4, generator=np.random.PCG64):
    dropout = Dropout(0.3, np.random.Generator(generator(seed + 1)))
    return Sequential(Linear(3, units, seed, dtype=dtype), np.tanh, dropout, Linear(units, 2, seed + 2, dtype=dtype))


def train(model, optimizer, epochs, rng):
    dtype = model.parameters()[0].dtype
    fit(model, loss, optimizer, (X.astype(dtype), T.astype(dtype)), epochs, 6, progress=False, rng=rng)


def everything(model, optimizer):
    """All that loading may change, copied."""
    return (
        [p.data.copy() for p in model.parameters()],
        [g.bit_generator.state for g in model.generators()],
        optimizer.state_dict(),
    )


@pytest.fixture
def trained(tmp_path):
    """A model and optimiser in the middle of training, and the file they were saved to."""
    model = network()
    optimizer = Adam(model.parameters(), 0.02)
    train(model, optimizer, 2, 0)
    save(tmp_path / "checkpoint", model, optimizer)
    return model, optimizer, tmp_path / "checkpoint"


@pytest.mark.parametrize("make", RULES.values(), ids=RULES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_training_goes_on_bit_for_bit(make, dtype, tmp_path):
    whole, first, second = network(0, dtype), network(0, dtype), network(50, dtype)
    whole_rule, first_rule, second_rule = (make(model.parameters()) for model in (whole, first, second))
    rng = np.random.default_rng(9)
    train(whole, whole_rule, 3, rng)
    whole_rule.lr = 0.005
    train(whole, whole_rule, 2, rng)

    rng = np.random.default_rng(9)
    train(first, first_rule, 3, rng)
    first_rule.lr = 0.005
    save(tmp_path / "half", first, first_rule)
    load(tmp_path / "half", second, second_rule)
    train(second, second_rule, 2, rng)
    np.testing.assert_equal(everything(second, second_rule), everything(whole, whole_rule))


@pytest.mark.parametrize("kind", [np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_any_bit_generator_goes_on(kind, tmp_path):
    model, fresh = network(generator=kind), network(7, generator=kind)
    model(X)
    save(tmp_path / "m", model)
    load(tmp_path / "m", fresh)
    for _ in range(3):
        np.testing.assert_array_equal(fresh(X).data, model(X).data)


def test_loading_writes_into_the_arrays(trained):
    model, _, path = trained
    fresh = network(5)
    arrays = [p.data for p in fresh.parameters()]
    load(path, fresh)
    for p, array, q in zip(fresh.parameters(), arrays, model.parameters(), strict=True):
        assert p.data is array
        np.testing.assert_array_equal(array, q.data)


def test_a_model_without_an_optimizer_or_generators(tmp_path):
    model, fresh = MLP([3, 4, 2], "tanh", rng=0), MLP([3, 4, 2], "tanh", rng=1)
    save(tmp_path / "m", model)
    load(tmp_path / "m", fresh)
    np.testing.assert_array_equal(fresh(X).data, model(X).data)


def test_special_values_survive(tmp_path):
    layer, fresh = Linear(2, 3), Linear(2, 3)
    layer.W.data = np.array([[np.nan, np.inf, -0.0], [5e-324, 1 / 3, -np.inf]])
    save(tmp_path / "m", layer)
    load(tmp_path / "m", fresh)
    assert fresh.W.data.tobytes() == layer.W.data.tobytes()


def test_the_name_is_used_as_it_stands(tmp_path, monkeypatch):
    for name in ("plain", "with.dots.txt", "重み.npz"):
        save(tmp_path / name, Linear(2, 2))
    monkeypatch.chdir(tmp_path)
    save("relative", Linear(2, 2))
    assert sorted(os.listdir(tmp_path)) == sorted(["plain", "with.dots.txt", "重み.npz", "relative"])
    load("relative", Linear(2, 2))


def test_a_link_goes_on_pointing_to_the_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    save(tmp_path / "link", Linear(2, 2))
    assert (tmp_path / "link").is_symlink()
    load(tmp_path / "file", Linear(2, 2))


def test_the_file_is_plain_npz(trained):
    model, _, path = trained
    with np.load(path, allow_pickle=False) as entries:
        np.testing.assert_array_equal(entries["parameter/0"], model.parameters()[0].data)
        header = json.loads(entries["header"].tobytes())
    assert header["format"] == "minigrad checkpoint"
    assert header["version"] == 1
    assert header["parameters"] == ["W₁", "b₁", "W₂", "b₂"]
    assert header["optimizer"]["rule"] == "Adam"


# Writing


def test_a_crash_while_writing_leaves_the_old_file(trained, monkeypatch):
    model, optimizer, path = trained
    before = path.read_bytes()

    def crash(file, **arrays):
        file.write(b"PK half a file")
        raise KeyboardInterrupt

    monkeypatch.setattr(storage.np, "savez", crash)
    with pytest.raises(KeyboardInterrupt):
        save(path, model, optimizer)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_name_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        save(tmp_path / "folder", Linear(2, 2))
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "nowhere" / "m", Linear(2, 2))
    assert os.listdir(tmp_path) == ["folder"]


def test_the_optimizer_must_be_the_models(tmp_path):
    with pytest.raises(ValueError, match="optimizer has parameters that are not the model's"):
        save(tmp_path / "m", Linear(2, 2), SGD(Linear(2, 2).parameters(), 0.1))
    assert not os.listdir(tmp_path)


# Reading


def refused(path, model, optimizer, message):
    """Loading fails with CheckpointError that names the file, and changes nothing."""
    before = everything(model, optimizer)
    with pytest.raises(CheckpointError, match=message) as caught:
        load(path, model, optimizer)
    assert str(path) in str(caught.value)
    np.testing.assert_equal(everything(model, optimizer), before)


def fresh():
    model = network(5)
    return model, Adam(model.parameters(), 0.5)


def test_a_missing_file_is_an_ordinary_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing", *fresh())


def test_a_file_cut_short_anywhere(trained):
    path, victim = trained[2], fresh()
    whole = path.read_bytes()
    for length in [*range(0, 64), *range(64, len(whole), 97), *range(len(whole) - 30, len(whole))]:
        path.write_bytes(whole[:length])
        refused(path, *victim, "not a minigrad checkpoint, or damaged")


def test_a_flipped_bit_is_noticed_or_harmless(trained):
    """Every byte that matters is under a checksum; those that do not, such as the time of day, change nothing."""
    model, optimizer, path = trained
    whole, expected = path.read_bytes(), everything(model, optimizer)
    noticed = 0
    for position in range(0, len(whole), 13):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 16]) + whole[position + 1 :])
        victim = fresh()
        before = everything(*victim)
        try:
            load(path, *victim)
        except CheckpointError:
            np.testing.assert_equal(everything(*victim), before)
            noticed += 1
        else:
            np.testing.assert_equal(everything(*victim), expected)
    assert noticed > len(whole) / 13 / 2


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x80\x04N.", bytes(1000)], ids=repr)
def test_a_file_of_another_kind(tmp_path, content):
    (tmp_path / "f").write_bytes(content)
    refused(tmp_path / "f", *fresh(), "not a minigrad checkpoint")


def test_an_npy_or_npz_of_somebody_elses(tmp_path):
    np.save(tmp_path / "f.npy", X)
    refused(tmp_path / "f.npy", *fresh(), "not a minigrad checkpoint")
    np.savez(tmp_path / "f.npz", X=X)
    refused(tmp_path / "f.npz", *fresh(), "not a minigrad checkpoint")
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("header", "{}")
    refused(tmp_path / "f.zip", *fresh(), "not a minigrad checkpoint")


class Bomb:
    """An object whose unpickling would be seen."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_pickles_are_never_opened(trained, monkeypatch):
    path = trained[2]
    monkeypatch.chdir(path.parent)
    with np.load(path) as entries:
        arrays = dict(entries)
    for name in arrays:
        np.savez(path.with_name("f.npz"), **arrays | {name: np.array([Bomb()], dtype=object)})
        refused(path.with_name("f.npz"), *fresh(), "not a minigrad checkpoint, or damaged")
    assert not os.path.exists("exploded")


def rewritten(path, **changes):
    """The checkpoint at `path` with another header."""
    with np.load(path) as entries:
        arrays = dict(entries)
    header = json.loads(arrays["header"].tobytes()) | changes
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path.write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "checkpoint version 2, not minigrad checkpoint version 1"),
        ({"format": "something else"}, "is something else version 1"),
        ({"parameters": ["W₁", "b₁", "W₂"]}, "the file has 3 parameters, the model 4"),
        ({"parameters": ["W₁", "b₁", "W₂", "b₂", "W₃"]}, "damaged"),
        ({"parameters": 3}, "damaged"),
        ({"generators": None}, "damaged"),
        ({"generators": [{}]}, "state of a None, the model draws with PCG64"),
        ({"generators": ["PCG64"]}, "damaged"),
        ({"optimizer": {"rule": "Adam"}}, "damaged"),
        ({"optimizer": {"rule": "Adam", "settings": {}, "state": []}}, "state is of Adam with "),
    ],
)
def test_a_header_that_does_not_fit(trained, changes, message):
    rewritten(trained[2], **changes)
    refused(trained[2], *fresh(), message)


def renamed():
    model = network()
    model.parameters()[2].name = "A"
    return model


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (network(units=5), r"W₁: float64 \(3, 4\) in the file is W₁: float64 \(3, 5\) in the model"),
        (network(dtype=np.float32), r"W₁: float64 \(3, 4\) in the file is W₁: float32 \(3, 4\) in the model"),
        (renamed(), r"W₂: float64 \(4, 2\) in the file is A: float64 \(4, 2\) in the model"),
        (Sequential(*network().layers[:3]), "the file has 4 parameters, the model 2"),
        (Sequential(*network().layers[:2], network().layers[3]), "the file has 1 random generators, the model 0"),
        (network(generator=np.random.MT19937), "the file has the state of a PCG64, the model draws with MT19937"),
    ],
)
def test_another_model(trained, model, message):
    refused(trained[2], model, Adam(model.parameters()), message)


def test_another_optimizer(trained):
    path = trained[2]
    model = network(5)
    refused(path, model, SGD(model.parameters(), 0.1), "the state is of Adam with .*, not of SGD")
    refused(path, model, Adam(model.parameters()[:2]), "the state is of 4 parameters, .* has 2")
    refused(path, model, Adam(model.parameters()[::-1]), "keeps .* for")


def test_an_optimizer_that_was_not_saved(tmp_path):
    model, optimizer = fresh()
    save(tmp_path / "m", model)
    refused(tmp_path / "m", model, optimizer, "saved without an optimizer")


def test_a_parameter_that_cannot_be_written(trained):
    """The last of them, so that the first are not written either."""
    model, optimizer = fresh()
    model.parameters()[-1].data.flags.writeable = False
    refused(trained[2], model, optimizer, "b₂ is read-only")


def test_a_checkpoint_needs_no_names(tmp_path):
    class Scale:
        def __init__(self, gain):
            self.gain = Tensor(gain, requires_grad=True)

        def parameters(self):
            return [self.gain]

    scale = Scale(1.0)
    save(tmp_path / "m", Scale(3.0))
    load(tmp_path / "m", scale)
    assert scale.gain.item() == 3
