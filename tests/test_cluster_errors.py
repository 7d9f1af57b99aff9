"""What is wrong with a cluster or its data is said before any training; later it costs a worker, and nothing else."""

from functools import partial

import numpy as np
import pytest

from minigrad import losses
from minigrad.cluster import blocks as blocks_module
from minigrad.cluster import crew as crew_module
from minigrad.cluster.blocks import Block, choose_size, find_rows
from minigrad.training.clustered import gather_crew
from tests.test_cluster import Cluster, T, Watch, X, compare, network, train


class Elsewhere(Cluster):
    """A cluster of which one worker sees other files than the rest do."""

    def __init__(self, worker, change, *workers):
        super().__init__(*workers)
        self.other, self.change = worker, change

    def submit(self, make, actor, pure, workers, allow_other_workers):
        called = super().submit(make, actor, pure, workers, allow_other_workers)
        if workers != [self.other]:
            return called
        actor = called.result()
        take = actor.holder.take

        def changed(worker, blocks, below):
            return take(worker, {number: self.change(block) for number, block in blocks.items()}, below)

        actor.holder.take = changed
        return type(called)(lambda: actor)


def fail(error):
    raise error


def missing(block):
    gone = partial(fail, FileNotFoundError(2, "No such file or directory", "X.npy"))
    return Block(block.rows, block.nbytes, gone, gone, block.form)


def wider(block):
    def load(given):
        x, t = given()
        return np.hstack([x, x]), t

    return Block(block.rows, block.nbytes, partial(load, block.load), partial(load, block.load_first), block.form)


def halved(block):
    def load(given):
        x, t = given()
        return x, t.astype(np.float32)

    return Block(block.rows, block.nbytes, partial(load, block.load), partial(load, block.load_first), block.form)


FAULTS = [
    (missing, r"the worker b cannot read its rows \(.*X.npy.*\); it must see the data by the same name"),
    (
        wider,
        r"the worker b finds rows of X of shape \(8,\) and float64 where they are of shape \(4,\) and float64 here",
    ),
    (
        halved,
        r"the worker b finds rows of T of shape \(3,\) and float32 where they are of shape \(3,\) and float64 here",
    ),
]


@pytest.mark.parametrize(("change", "said"), FAULTS)
def test_a_worker_that_sees_other_data_is_an_error_before_any_training(change, said):
    client = Elsewhere("b", change, *"abc")
    model = network()
    before = [p.data.copy() for p in model.parameters()]
    with pytest.raises(RuntimeError, match=said):
        train(client)
    assert not client.count("step")
    for p, q in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, q)


def joining(client, worker):
    return [Watch(on_epoch_end=lambda training: client.workers.append(worker) if training.epoch == 2 else None)]


@pytest.mark.parametrize(("change", "said"), FAULTS)
def test_one_that_joins_and_sees_other_data_is_left_out(change, said):
    client = Elsewhere("b", change, "a")
    with pytest.warns(UserWarning, match=said + ".* The training goes on without it") as warned:
        found = train(client, callbacks=joining(client, "b"))
    compare(found, train(), 1e-10)
    assert ("step", "b") not in client.calls
    assert len(warned) == 1


def test_one_that_joins_with_another_version_is_left_out():
    client = Cluster("a")
    client.others = {"b": {"NumPy": "1.26.0"}}
    with pytest.warns(UserWarning, match=r"the worker b runs NumPy 1.26.0, .* Install the same. The training goes on"):
        found = train(client, callbacks=joining(client, "b"))
    compare(found, train(), 1e-10)
    assert all(worker == "a" for _, worker in client.calls)


def test_a_worker_that_never_begins_is_passed_over(monkeypatch):
    """Its scheduler waits for it to come back: the call of its actor ends by time."""
    client = Cluster(*"ab")
    submit = client.submit

    def submitting(make, workers, **more):
        return Mute() if workers == ["b"] else submit(make, workers=workers, **more)

    monkeypatch.setattr(client, "submit", submitting)
    compare(train(client, epochs=2), train(epochs=2), 1e-10)
    assert all(worker == "a" for _, worker in client.calls)


class Mute:
    def result(self, timeout=None):
        assert timeout == crew_module.PATIENCE
        raise TimeoutError


def test_a_scheduler_that_is_gone_within_a_training():
    client = Cluster("a")

    def gone():
        raise OSError("Timed out trying to connect")

    def end(name, worker):
        if client.count("step") == 3:
            client.nthreads = gone
            raise OSError("gone")

    client.before_call = end
    with pytest.raises(RuntimeError, match=r"scheduler cannot be reached any more \(Timed out.*The parameters are as"):
        train(client)


def test_a_client_that_is_closed():
    client = Cluster("a")
    client.status = "closed"
    with pytest.raises(RuntimeError, match="the client is closed, since its scheduler is gone"):
        train(client)
    assert not client.calls


def test_a_client_that_is_asynchronous():
    client = Cluster("a")
    client.asynchronous = True
    with pytest.raises(ValueError, match=r"the client is asynchronous, and fit waits; make one by Client\("):
        train(client)
    assert not client.calls


MIB = 2**20


@pytest.mark.parametrize(
    ("batch_size", "limits", "size"),
    [
        (None, [None, None], 125_000),  # an eighth: four blocks for each of two
        (None, [100 * MIB, 100 * MIB], 125_000),
        (None, [20 * MIB, 100 * MIB], 2 * MIB // 24),  # a tenth of the smaller memory
        (50_000, [20 * MIB, 20 * MIB], 25_000),
        (500_000, [20 * MIB, 20 * MIB], 83_334),  # three for each of two, of which one alone would be 5.7 MiB
    ],
)
def test_blocks_fit_into_memory(batch_size, limits, size, tmp_path):
    np.save(tmp_path / "X.npy", np.zeros((1_000_000, 2)))
    np.save(tmp_path / "T.npy", np.zeros((1_000_000, 1)))
    assert choose_size(find_rows((tmp_path / "X.npy", tmp_path / "T.npy")), batch_size, limits) == size


def test_what_no_worker_can_hold_is_refused():
    client = Cluster(*"ab")
    client.versions = {"memory": 6000}
    with pytest.raises(
        ValueError, match=r"data are arrays of 0 MiB, and 2 workers of 0 MiB each cannot .* Write files"
    ):
        train(client)
    rows = find_rows((X, T))
    with pytest.raises(ValueError, match=r"a row is 0 MiB, and a worker may have 0 MiB in all. Give workers more"):
        choose_size(type(rows)(rows.count, rows.width, rows.part, rows.form), 230, [60, 60])
    assert not client.calls


@pytest.mark.parametrize("batch_size", [60, 100, 230])
def test_gradients_of_a_batch_that_no_worker_can_keep_are_added_up(batch_size, tmp_path, monkeypatch):
    """Of several blocks for each worker in a step, of files: the losses are those of batches of one block each."""
    monkeypatch.setattr(blocks_module, "SHARE", 0)  # nothing is kept
    for name, x in (("X", X), ("T", T)):
        np.save(tmp_path / f"{name}.npy", x)
    data = find_rows((tmp_path / "X.npy", tmp_path / "T.npy"))
    client, batches, dealt = Cluster(*"ab"), 0, []
    client.versions = {"memory": 100 * data.width}  # a block is ten rows
    model = network()
    blocks = gather_crew(
        client, model, losses.softmax_cross_entropy, (tmp_path / "X.npy", tmp_path / "T.npy"), batch_size, False
    )
    assert max(block.rows for block in blocks.crew.blocks) <= 10
    for numbers, rows in blocks.deal(np.random.default_rng(0)):
        assert batch_size <= rows < batch_size + 20 or batches == len(blocks) - 1
        batches, dealt = batches + 1, dealt + numbers
        _, E = blocks.backpropagate(numbers, rows)
        x, t = (np.concatenate(parts) for parts in zip(*(blocks.crew.blocks[n].load() for n in numbers), strict=True))
        assert len(x) == rows
        wanted = network()
        loss = losses.softmax_cross_entropy(wanted(x), t)
        loss.backward()
        np.testing.assert_allclose(E.item(), loss.item(), rtol=1e-12)
        for p, q in zip(model.parameters(), wanted.parameters(), strict=True):
            np.testing.assert_allclose(p.grad.data, q.grad.data, rtol=1e-10, atol=1e-12)
    assert sorted(dealt) == list(range(len(blocks.crew.blocks)))
