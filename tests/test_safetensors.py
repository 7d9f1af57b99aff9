"""Files of safetensors: written, read again, read by PyTorch and by the library itself, written by others."""

import json
import random
import struct

import numpy as np
import pytest

from minigrad import Tensor, callbacks, fit, load, losses, nn, optim, save
from minigrad.storage import CheckpointError
from tests.other_array import OtherArray

safe = pytest.importorskip("safetensors.numpy")
rng = np.random.default_rng(0)
X, T = rng.normal(size=(12, 4)), np.eye(3)[rng.integers(0, 3, 12)]


def network(rng=0, dtype=np.float64):
    return nn.Sequential(
        nn.Linear(4, 5, rng=rng, dtype=dtype), nn.BatchNorm(5, dtype=dtype), nn.Dropout(0.2, rng=1), np.tanh,
        nn.Linear(5, 3, rng=rng, dtype=dtype),
    )  # fmt: skip


def train(model, optimizer, epochs=2, **more):
    return fit(model, losses.softmax_cross_entropy, optimizer, (X, T), epochs, 5, progress=False, rng=3, **more)


def states_of(model):
    return {name: np.array(x) for name, x in model.state_dict().items()}


def write_raw(path, entries):
    """A file by the format's definition: the length of the header, the header, the bytes."""
    header, data = {}, b""
    for name, (dtype, shape, content) in entries.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_a_training_goes_on_as_from_an_npz(tmp_path):
    ended = []
    for suffix in ("npz", "safetensors"):
        model = network()
        optimizer = optim.Adam(model.parameters(), lr=0.05)
        train(model, optimizer)
        save(tmp_path / f"net.{suffix}", model, optimizer)
        again = network(rng=7)
        other = optim.Adam(again.parameters())
        load(tmp_path / f"net.{suffix}", again, other)
        train(again, other)
        ended.append(states_of(again))
    assert all(np.array_equal(ended[0][name], ended[1][name]) for name in ended[0])


def test_the_library_reads_it_by_name(tmp_path):
    """Also arrays that do not lie in order, of which the library would write the bytes as they lie."""
    model = network()
    first = model.parameters()[0]
    first.data = np.asfortranarray(first.data)
    save(tmp_path / "net.safetensors", model)
    found = safe.load_file(tmp_path / "net.safetensors")
    assert found.keys() == model.state_dict().keys()
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(found[name], x)


def test_pytorch_reads_it(tmp_path):
    torch = pytest.importorskip("torch")
    model = network(dtype=np.float32)
    save(tmp_path / "net.safetensors", model)
    found = pytest.importorskip("safetensors.torch").load_file(tmp_path / "net.safetensors")
    for name, x in model.state_dict().items():
        assert torch.equal(found[name], torch.from_numpy(x))


def test_anothers_file_is_taken_by_its_names(tmp_path):
    model, wanted = network(), network(rng=5)
    safe.save_file({name: x + 1 for name, x in wanted.state_dict().items()}, tmp_path / "theirs.safetensors")
    load(tmp_path / "theirs.safetensors", model)
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x, wanted.state_dict()[name] + 1)


def test_a_training_is_kept_in_it(tmp_path):
    path = tmp_path / "training.safetensors"
    whole = network()
    train(whole, optim.Adam(whole.parameters()), 4)
    model = network()
    early = callbacks.EarlyStopping(monitor="loss")
    train(model, optim.Adam(model.parameters()), 2, callbacks=[early, callbacks.ModelCheckpoint(path)])
    again = network(rng=9)
    more = {"callbacks": [callbacks.EarlyStopping(monitor="loss"), callbacks.ModelCheckpoint(path)], "resume": path}
    history = train(again, optim.Adam(again.parameters()), 4, **more)
    assert len(history.loss) == 4
    assert all(np.array_equal(x, whole.state_dict()[name]) for name, x in again.state_dict().items())


def test_arrays_of_another_library_are_brought(tmp_path):
    model = nn.Sequential(nn.Linear(4, 3, rng=0))
    for p in model.parameters():
        p.data = OtherArray(p.data)
    save(tmp_path / "net.safetensors", model)
    plain = nn.Sequential(nn.Linear(4, 3, rng=1))
    load(tmp_path / "net.safetensors", plain)
    np.testing.assert_array_equal(plain.parameters()[0].data, model.parameters()[0].data.get())


BYTES = np.arange(6, dtype=np.float64).tobytes()
WRONG = {
    "cut": (lambda path: path.write_bytes(b"abc"), "not a minigrad checkpoint, or damaged"),
    "an npz": (lambda path: save_as_npz(path), "not a minigrad checkpoint, or damaged"),
    "another shape": (lambda path: write_raw(path, {"W": ("F64", [3, 2], BYTES)}), r"W: float64 \(3, 2\) in the file"),
    "another dtype": (lambda path: write_raw(path, {"W": ("F32", [2, 3], BYTES[:24])}), "W: float32"),
    "bfloat16": (lambda path: write_raw(path, {"W": ("BF16", [2, 3], BYTES[:12])}), "W is BF16.*to float32"),
    "another name": (lambda path: write_raw(path, {"U": ("F64", [2, 3], BYTES)}), "lacks W and has U, which the model"),
    "more": (lambda path: write_raw(path, {x: ("F64", [2, 3], BYTES) for x in "UW"}), "has U, which the model has not"),
    "overlapping": (lambda path: write_overlapping(path), "not a minigrad checkpoint, or damaged"),
}


def save_as_npz(path):
    with path.open("wb") as file:
        np.savez(file, W=np.ones(3))


def write_overlapping(path):
    text = json.dumps({x: {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48]} for x in "UW"}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + BYTES)


class OneMatrix:
    def __init__(self, W):
        self.W = Tensor(W, requires_grad=True, name="W")

    def parameters(self):
        return [self.W]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_changes_nothing(name, tmp_path):
    write, message = WRONG[name]
    path = tmp_path / "wrong.safetensors"
    write(path)
    model = OneMatrix(np.zeros((2, 3)))
    with pytest.raises(CheckpointError, match=rf"wrong\.safetensors: .*{message}"):
        load(path, model)
    np.testing.assert_array_equal(model.W.data, 0)


def test_no_flipped_bit_is_taken_for_what_was_written(tmp_path):
    """The format has no checksums of its own: a flip in an array, or in the text of the optimizer, was loaded."""
    path, model = tmp_path / "net.safetensors", network()
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    train(model, optimizer)
    save(path, model, optimizer)
    whole, expected = path.read_bytes(), (states_of(model), optimizer.state_dict())
    start = 8 + int.from_bytes(whole[:8], "little")
    dice, refused = random.Random(2), {True: 0, False: 0}
    for _ in range(300):
        content, at = bytearray(whole), dice.choice([dice.randrange(start), dice.randrange(start, len(whole))])
        content[at] ^= 1 << dice.randrange(8)
        path.write_bytes(content)
        victim = network(rng=7)
        other = optim.Adam(victim.parameters())
        before = states_of(victim), other.state_dict()
        try:
            load(path, victim, other)
        except CheckpointError:
            refused[at < start] += 1
            np.testing.assert_equal((states_of(victim), other.state_dict()), before)
        else:
            np.testing.assert_equal((states_of(victim), other.state_dict()), expected)
    assert all(count > 100 for count in refused.values())


def test_an_array_that_another_program_changed_beside_our_text(tmp_path):
    path, model = tmp_path / "net.safetensors", OneMatrix(np.ones((2, 3)))
    save(path, model)
    with pytest.importorskip("safetensors").safe_open(path, "np") as file:
        metadata = file.metadata()
    safe.save_file({"W": np.zeros((2, 3))}, path, metadata)
    with pytest.raises(CheckpointError, match=r"damaged: W is not as it was written.*leave out the metadata"):
        load(path, model)
    safe.save_file({"W": np.zeros((2, 3))}, path)
    load(path, model)
    np.testing.assert_array_equal(model.W.data, 0)


def test_a_file_without_an_optimizer(tmp_path):
    model = OneMatrix(np.zeros((2, 3)))
    write_raw(tmp_path / "theirs.safetensors", {"W": ("F64", [2, 3], BYTES)})
    with pytest.raises(CheckpointError, match="saved without an optimizer"):
        load(tmp_path / "theirs.safetensors", model, optim.SGD(model.parameters(), lr=0.1))


def test_a_dtype_that_it_has_not(tmp_path):
    with pytest.raises(ValueError, match=r"save: W is complex128, which safetensors has no type for. Save it as .npz"):
        save(tmp_path / "net.safetensors", OneMatrix(np.zeros((2, 3), complex)))
    assert not list(tmp_path.iterdir())


def test_it_is_an_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r"pip install safetensors"):
        save(tmp_path / "net.safetensors", OneMatrix(np.zeros((2, 3))))
