"""A training that goes on from a file is the one that did not stop, to the last bit; another's file is told."""

import json
import signal
import zipfile

import numpy as np
import pytest

from minigrad import data, load, losses, nn, optim, save
from minigrad.callbacks import CosineDecay, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, WarmUp
from minigrad.metrics import confusion_matrix
from minigrad.storage import CheckpointError
from minigrad.training import fit
from tests.training_by_hand import draws

X = draws.normal(size=(40, 4))
T = data.one_hot((X[:, 0] + X[:, 1] ** 2 > 1).astype(int) + (X[:, 2] > 0.5), 3)
X_TEST, T_TEST = X[:15] + 0.3, T[:15]


def make(seed=0):
    model = nn.Sequential(
        nn.Linear(4, 8, rng=seed), np.tanh, nn.BatchNorm(8), nn.Dropout(0.2, 7), nn.Linear(8, 3, rng=1)
    )
    return model, optim.Adam(model.parameters(), 0.03)


def train(model, optimizer, epochs, path, *more, resume=None, rng=None, compile=False, given=None):
    given = given or [EarlyStopping(patience=6), ReduceLROnPlateau(patience=2), WarmUp(3), CosineDecay(20)]
    return fit(
        model, losses.softmax_cross_entropy, optimizer, (X, T), epochs, 8, (X_TEST, T_TEST), False, rng,
        callbacks=[ModelCheckpoint(path), *given, *more], resume=resume, metrics=[confusion_matrix], compile=compile,
    )  # fmt: skip


def same(history, other):
    for name in ("loss", "accuracy", "validation_loss", "validation_accuracy", "lr"):
        assert history.values(name) == other.values(name)
    np.testing.assert_array_equal(history.metrics["confusion_matrix"], other.metrics["confusion_matrix"])


@pytest.mark.parametrize("compile", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("stop", [1, 4, 9])
def test_a_training_goes_on_as_if_it_had_not_stopped(tmp_path, stop, compile):
    whole, optimizer = make()
    history = train(whole, optimizer, 16, tmp_path / "whole.npz", rng=5, compile=compile)

    def press(training):
        if training.epoch == stop:
            signal.raise_signal(signal.SIGINT)

    first, own = make()
    path = tmp_path / "part.npz"
    assert train(first, own, 16, path, press, rng=5, compile=compile).interrupted
    model, again = make(seed=9)  # another process begins with other weights, and another order of the samples
    resumed = train(model, again, 16, path, resume=path, rng=99, compile=compile)
    same(history, resumed)
    assert not resumed.interrupted
    for p, q in zip([*whole.parameters(), *whole.buffers()], [*model.parameters(), *model.buffers()], strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    for mine, other in zip(again.states, optimizer.states, strict=True):
        np.testing.assert_equal(mine, other)
    assert again.lr == optimizer.lr == 0.03


def test_a_training_that_was_ended_stays_ended_with_its_best_weights(tmp_path):
    path = tmp_path / "net.npz"
    model, optimizer = make()
    history = train(model, optimizer, 200, path, rng=5, given=[EarlyStopping(patience=3)])
    assert len(history.loss) < 200
    again, other = make(seed=9)
    same(history, train(again, other, 200, path, resume=path, given=[EarlyStopping(patience=3)]))
    for p, q in zip(model.parameters(), again.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_a_file_may_be_named_after_what_it_holds_and_is_a_model_of_its_own(tmp_path):
    model, optimizer = make()
    best = ModelCheckpoint(str(tmp_path / "best.npz"), save_best_only=True)
    every = ModelCheckpoint(str(tmp_path / "net-{epoch:02}-{loss:.3f}.npz"), every=3)
    weights = []

    def watch(training):
        weights.append([p.data.copy() for p in model.parameters()])

    history = fit(
        model, losses.softmax_cross_entropy, optimizer, (X, T), 7, 8, (X_TEST, T_TEST), progress=False, rng=5,
        callbacks=[best, every, watch],
    )  # fmt: skip
    names = [f"net-{epoch:02}-{history.loss[epoch - 1]:.3f}.npz" for epoch in (3, 6)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.npz", *names]
    fresh, _ = make(seed=9)
    for name, epoch in (("best.npz", best.best_epoch), (names[1], 6)):
        load(tmp_path / name, fresh)
        for p, wanted in zip(fresh.parameters(), weights[epoch - 1], strict=True):
            np.testing.assert_array_equal(p.data, wanted)


def test_what_does_not_fit_is_told_and_changes_nothing(tmp_path):
    path, plain = tmp_path / "net.npz", tmp_path / "plain.npz"
    model, optimizer = make()
    train(model, optimizer, 2, path, rng=5)
    save(plain, model, optimizer)
    other, own = make(seed=9)
    before = [p.data.copy() for p in other.parameters()]
    for file, given, error, message in (
        (plain, None, CheckpointError, "holds a model, and no training that could go on"),
        (
            path,
            [EarlyStopping()],
            CheckpointError,
            "saved with the callbacks .*Plateau.* is to go on with",
        ),
        (tmp_path / "none.npz", None, FileNotFoundError, "none.npz"),
    ):
        with pytest.raises(error, match=message):
            train(other, own, 4, tmp_path / "new.npz", resume=file, given=given)
        for p, wanted in zip(other.parameters(), before, strict=True):
            np.testing.assert_array_equal(p.data, wanted)
    with pytest.raises(ValueError, match=r"path '.*' names 'epok'; it may name epoch, loss"):
        train(other, own, 1, str(tmp_path / "{epok}.npz"))
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*missing'"):
        train(other, own, 1, tmp_path / "missing" / "net.npz")


@pytest.mark.parametrize(
    "damage",
    [
        lambda notes: notes.update(history=3),
        lambda notes: notes.pop("lr"),
        lambda notes: notes.update(lr="fast"),
        lambda notes: notes["history"]["loss"].pop(),
        lambda notes: notes.update(generator={"bit_generator": "PCG64"}),
        lambda notes: notes["callbacks"][0].pop("kind"),
    ],
)
def test_damaged_notes_are_told_and_change_nothing(tmp_path, damage):
    path, damaged = tmp_path / "net.npz", tmp_path / "damaged.npz"
    train(*make(), 2, path, rng=5)
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(arrays["header"].tobytes())
    damage(header["notes"])
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(damaged, **arrays)
    assert zipfile.is_zipfile(damaged)
    model, optimizer = make(seed=9)
    before = model.parameters()[0].data.copy()
    with pytest.raises(CheckpointError):
        train(model, optimizer, 4, path, resume=damaged)
    np.testing.assert_array_equal(model.parameters()[0].data, before)
