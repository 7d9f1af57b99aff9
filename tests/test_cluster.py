"""Training on a cluster: a stand-in of Dask's client, whose workers fail when they are told to."""

import asyncio
import copy
import inspect
import tracemalloc
from contextlib import nullcontext
from contextvars import ContextVar
from functools import partial

import numpy as np
import pytest

from minigrad import callbacks, fit, losses, nn, optim
from minigrad.app import fitting
from minigrad.app.cli import main
from minigrad.cluster import crew as crew_module
from minigrad.cluster.blocks import find_rows
from minigrad.cluster.crew import Crew
from minigrad.cluster.holder import Holder
from minigrad.cluster.messages import Ask, Sums, add_in_pairs
from minigrad.cluster.workers import describe_worker
from minigrad.engine.messages.errors import ShapeError

rng = np.random.default_rng(0)
X, T = rng.normal(size=(230, 4)), np.eye(3)[rng.integers(0, 3, 230)]


class Called:
    """What a call of an actor gives, here or where another actor awaits it: its result, or an error of Dask's."""

    def __init__(self, give):
        self.give = give

    def __await__(self):
        given = self.give()
        return (yield from given.__await__()) if inspect.iscoroutine(given) else given

    def result(self, timeout=None):
        async def wait():
            return await self

        return asyncio.run(wait())


LEVEL = ContextVar("level", default=0)  # how many actors have called one another to get here


async def below(level, running):
    """Await what an actor does, at a level; it calls others at the next one."""
    before = LEVEL.set(level)
    try:
        return await running
    finally:
        LEVEL.reset(before)


class Actor:
    """A holder on a worker: it is called while its worker is there."""

    def __init__(self, client, worker, holder):
        self.client, self.worker, self.holder = client, worker, holder

    def __deepcopy__(self, memo):
        return self

    def __getattr__(self, name):
        def call(*arguments):
            self.client.calls.append((name, self.worker))
            level = LEVEL.get() + 1
            self.client.deepest = max(self.client.deepest, level)
            self.client.direct += [name] * (level == 1)
            if self.client.before_call:
                self.client.before_call(name, self.worker)

            def give():
                if self.worker not in self.client.workers:
                    raise OSError("Unable to contact Actor's worker")
                return below(level, getattr(self.holder, name)(*arguments))

            return Called(give)

        return call


class Cluster:
    """A client whose workers live here; ``before_call`` may end one, or start another."""

    class scheduler:
        address = "tcp://here:1"

    def __init__(self, *workers):
        self.workers, self.calls, self.before_call = list(workers), [], None
        self.others = {}  # what single workers run
        self.versions, self.deepest, self.direct = {}, 0, []

    def nthreads(self):
        return dict.fromkeys(self.workers, 1)

    def run(self, f, workers=None, on_error="raise"):
        return {
            worker: f(None) | self.versions | self.others.get(worker, {})
            for worker in self.workers
            if workers is None or worker in workers
        }

    def sync(self, f, *arguments):
        return asyncio.run(f(*arguments))

    def submit(self, make, actor, pure, workers, allow_other_workers):
        assert (actor, pure, allow_other_workers) == (True, False, False)
        (worker,) = workers
        return Called(lambda: Actor(self, worker, copy.deepcopy(make)()))  # as it is sent

    def count(self, name):
        return sum(called == name for called, _ in self.calls)

    def count_from_client(self, name):
        return self.direct.count(name)


def network():
    return nn.Sequential(nn.Linear(4, 5, rng=0), np.tanh, nn.Linear(5, 3, rng=1))


def train(client=None, batch_size=None, loss=losses.softmax_cross_entropy, data=(X, T), epochs=5, **more):
    model = network()
    rule = optim.Adam(model.parameters(), lr=0.05)
    history = fit(model, loss, rule, data, epochs, batch_size, progress=False, rng=0, client=client, **more)
    return history, [p.data for p in model.parameters()]


def compare(found, wanted, tolerance):
    np.testing.assert_allclose(found[0].loss, wanted[0].loss, rtol=tolerance)
    for p, q in zip(found[1], wanted[1], strict=True):
        np.testing.assert_allclose(p, q, rtol=tolerance, atol=tolerance)


MEAN = partial(losses.softmax_cross_entropy, reduction="mean")


@pytest.mark.parametrize("loss", [losses.softmax_cross_entropy, MEAN], ids=["sum", "mean"])
@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("workers", ["a", "ab", "abcde"])
def test_it_is_the_training_of_one_process(workers, compile, loss):
    compare(train(Cluster(*workers), compile=compile, loss=loss), train(loss=loss), 1e-10)


def test_a_step_is_one_call_of_each_worker():
    client = Cluster(*"abc")
    train(client, epochs=7)
    assert client.count("step") == 7 * 3  # and as many answers: 2k messages
    assert client.count("take") == 3


def test_mini_batches_are_blocks_of_each_worker():
    """Ten batches of 24 rows or fewer, of 8 from each of three workers, each block once an epoch."""
    client, seen = Cluster(*"abc"), []
    history, _ = train(
        client, 24, epochs=2, callbacks=[Watch(on_batch_end=lambda training: seen.append(training.batch))]
    )
    assert seen == 2 * list(range(1, 11))
    assert history.loss[1] < history.loss[0]
    compare(train(Cluster(*"abc"), 24), train(Cluster(*"abc"), 24), 0)


class Watch:
    def __init__(self, **moments):
        vars(self).update(moments)


class Ending:
    """End a worker at its n-th step, before it answers."""

    def __init__(self, client, worker, at, start=()):
        self.client, self.worker, self.left, self.start = client, worker, at, start

    def __call__(self, name, worker):
        self.left -= name == "step" and worker == self.worker
        if self.left == 0 and self.worker in self.client.workers:
            self.client.workers.remove(self.worker)
            self.client.workers.extend(self.start)


@pytest.mark.parametrize("batch_size", [None, 30])
@pytest.mark.parametrize("start", [(), ("d",)], ids=["alone", "another begins"])
@pytest.mark.parametrize("at", [1, 2, 4])
def test_a_worker_that_is_lost_counts_once(at, start, batch_size):
    wanted = train(Cluster(*"abc"), batch_size)
    client = Cluster(*"abc")
    client.before_call = Ending(client, "b", at, start)
    compare(train(client, batch_size), wanted, 1e-12)
    assert "b" not in client.workers


def test_all_workers_but_one_may_be_lost():
    client = Cluster(*"abc")
    endings = [Ending(client, "a", 2), Ending(client, "c", 2)]
    client.before_call = lambda name, worker: [ending(name, worker) for ending in endings]
    compare(train(client), train(), 1e-10)
    assert client.workers == ["b"]


def test_a_worker_that_is_added_gets_a_share():
    client = Cluster("a")
    added = Watch(on_epoch_end=lambda training: client.workers.append("b") if training.epoch == 2 else None)
    compare(train(client, callbacks=[added]), train(), 1e-10)
    assert ("step", "b") in client.calls


def test_without_workers_it_says_how_one_is_started(monkeypatch):
    monkeypatch.setattr(crew_module, "PATIENCE", 0)
    client = Cluster("a")
    client.before_call = Ending(client, "a", 3)
    with pytest.raises(
        RuntimeError, match=r"no worker for 0 s. The parameters are as they were.*dask worker tcp://here:1"
    ):
        train(client)


def test_workers_that_never_answer_are_given_up(monkeypatch):
    monkeypatch.setattr(crew_module, "GRACE", -1)
    client = Cluster("a")

    def fail(name, worker):
        if name == "step":
            raise OSError("mute")

    client.before_call = fail
    with pytest.raises(RuntimeError, match="10 times no worker answered"):
        train(client)


def test_a_worker_that_was_cut_off_is_asked_again(monkeypatch):
    monkeypatch.setattr(crew_module, "GRACE", -1)
    client = Cluster("a")

    def fail_once(name, worker):
        if name == "step" and client.count("step") == 2:
            raise OSError("cut off")

    client.before_call = fail_once
    compare(train(client), train(Cluster("a")), 0)


def test_shares_are_even_and_blocks_stay():
    crew = Crew(Cluster(*"abcd"), find_rows((X, T)).cut(10), partial(Holder, network(), MEAN, None))
    before = dict(crew.owners)
    counts = sorted(list(before.values()).count(worker) for worker in "abcd")
    assert counts == [5, 6, 6, 6]
    crew.client.workers.remove("d")
    crew.follow_workers()
    kept = [number for number, owner in before.items() if owner != "d"]
    assert all(crew.owners[number] == before[number] for number in kept)
    assert sorted(list(crew.owners.values()).count(worker) for worker in "abc") == [7, 8, 8]


def test_sums_are_added_in_pairs():
    sums = add_in_pairs([Sums(float(n), 1, [np.full(2, float(n)), None]) for n in range(7)])
    assert (sums.E, sums.rows, sums.gradients[1]) == (21.0, 7, None)
    np.testing.assert_array_equal(sums.gradients[0], 21.0)


def test_large_blocks_are_read_anew(monkeypatch):
    """Of more than a share of a worker's memory none stays, and one is there at a time."""
    client = Cluster("a", "b")
    client.versions = {"memory": 100}
    crew = Crew(client, find_rows((X, T)).cut(50), partial(Holder, network(), MEAN, None))
    crew.add_up([p.data for p in network().parameters()], range(5), True)
    assert all(not actor.holder.read for actor in crew.holders.values())
    client.versions = {"memory": 10**6}
    crew = Crew(client, find_rows((X, T)).cut(50), partial(Holder, network(), MEAN, None))
    crew.add_up([p.data for p in network().parameters()], range(5), True)
    assert sum(len(actor.holder.read) for actor in crew.holders.values()) == 5


def test_one_block_is_in_memory_at_a_time(tmp_path):
    """Of ten blocks of files, each 1.6 MB: the most that is held is one, and a fifth more."""
    wide = np.random.default_rng(0).normal(size=(10_000, 200))
    np.save(tmp_path / "X.npy", wide)
    np.save(tmp_path / "T.npy", wide[:, :1])
    blocks = find_rows((tmp_path / "X.npy", tmp_path / "T.npy")).cut(1000)
    holder = Holder(nn.Sequential(nn.Linear(200, 1, rng=0)), losses.squared_error, None, keep=False)
    asyncio.run(holder.take("a", dict(enumerate(blocks)), {}))
    ask = Ask([p.data.copy() for p in holder.params], {"a": None}, False)
    tracemalloc.start()
    answer = asyncio.run(holder.step(ask))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (answer.sums.rows, len(answer.done)) == (10_000, 10)
    assert most < 1.2 * blocks[0].nbytes


@pytest.fixture
def files(tmp_path):
    """The data in files: two .npy, and a Zarr group where that is installed."""
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "T.npy", T)
    return tmp_path


def test_rows_of_npy_files(files):
    compare(train(Cluster(*"ab"), 60, data=(files / "X.npy", files / "T.npy")), train(Cluster(*"ab"), 60), 0)


def test_rows_of_a_zarr_group(tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(tmp_path / "d.zarr", mode="w")
    group["X"], group["T"] = X, T
    compare(train(Cluster(*"ab"), 60, data=tmp_path / "d.zarr"), train(Cluster(*"ab"), 60), 0)
    zarr.open_group(tmp_path / "e.zarr", mode="w")["X"] = X
    with pytest.raises(ValueError, match=r"must have arrays X and T; it has \['X'\]"):
        find_rows(tmp_path / "e.zarr")


def test_it_goes_on_from_a_checkpoint(tmp_path):
    path = tmp_path / "training.npz"
    wanted = train(Cluster(*"ab"), 60, epochs=6)
    train(Cluster(*"ab"), 60, epochs=3, callbacks=[callbacks.ModelCheckpoint(path)])
    compare(train(Cluster(*"ab"), 60, epochs=6, callbacks=[callbacks.ModelCheckpoint(path)], resume=path), wanted, 0)


def test_validation_is_measured_here():
    history, _ = train(Cluster(*"ab"), validation=(X[:50], T[:50]))
    wanted, _ = train(validation=(X[:50], T[:50]))
    np.testing.assert_allclose(history.validation_loss, wanted.validation_loss, rtol=1e-10)
    assert history.validation_accuracy == wanted.validation_accuracy


def test_what_a_users_function_raises_on_a_worker_is_raised_here():
    def loss(y, t):
        if len(t) > 16:
            raise ArithmeticError("of the user's")
        return losses.softmax_cross_entropy(y, t)

    with pytest.raises(ArithmeticError, match="of the user's"):
        train(Cluster(*"ab"), loss=loss)


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"client": "tcp://…"}, TypeError, r"client must be a distributed.Client, not .*write Client\("),
        ({"metrics": [len]}, ValueError, "metrics needs outputs and targets, which stay on the workers"),
        ({"class_weight": "balanced"}, ValueError, "class_weight needs outputs"),
        ({"data": [X]}, TypeError, r"which a cluster does not take. Give \(X, T\) as arrays"),
        ({"data": (X, T[1:])}, ValueError, r"X and T must hold the same samples.*\(230, 4\), \(229, 3\)"),
        ({"data": "no.zarr"}, FileNotFoundError, "there is no 'no.zarr'; workers must see it by this name, too"),
        ({"data": (X[:, 1:], T)}, ShapeError, "wanted an input of 4 columns"),
        ({"data": (X.astype("U"), T)}, TypeError, "wanted numbers"),
    ],
)
def test_bad_input_is_an_error_before_anything_is_sent(more, error, said):
    client = Cluster(*"ab")
    with pytest.raises(error, match=said):
        train(**{"client": client} | more)
    assert not client.calls


def test_workers_of_another_version_are_refused():
    client = Cluster(*"ab")
    client.versions = {"minigrad": "0.0.1"}
    with pytest.raises(RuntimeError, match=r"the worker a runs minigrad 0.0.1, and this process .* Install the same"):
        train(client)
    assert describe_worker(None)["memory"] is None


def test_a_cluster_without_workers_or_without_answer():
    with pytest.raises(RuntimeError, match=r"has no workers. Start some: dask worker tcp://here:1"):
        train(Cluster())
    client = Cluster("a")
    client.run = lambda f: (_ for _ in ()).throw(TimeoutError("no answer"))
    with pytest.raises(RuntimeError, match=r"cannot be asked what they run \(no answer\)"):
        train(client)


BUILD = """
import numpy as np
from minigrad import losses, nn, optim


def build():
    model = nn.Sequential(nn.Linear(4, 5, rng=0), np.tanh, nn.Linear(5, 3, rng=1))
    return model, losses.softmax_cross_entropy, optim.Adam(model.parameters(), lr=0.05)


def alone():
    return build()[0]
"""


@pytest.fixture
def built(files, monkeypatch):
    monkeypatch.chdir(files)
    (files / "model.py").write_text(BUILD)
    return "model.py:build"


def test_the_command_trains_here(built, capsys):
    assert main(["train", built, "--data", "X.npy", "T.npy", "--epochs", "3", "-o", "net.npz"]) == 0
    said = capsys.readouterr().out.splitlines()
    losses_said = [float(line.split()[3]) for line in said]
    np.testing.assert_allclose(losses_said, train(epochs=3)[0].loss, rtol=1e-5)
    assert main(["train", built, "--data", "X.npy", "T.npy", "--epochs", "5", "--resume", "net.npz"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_command_trains_on_a_cluster(built, capsys, monkeypatch):
    client = Cluster(*"ab")
    monkeypatch.setattr(fitting, "_connected", lambda address: nullcontext(client))
    assert main(["train", built, "--data", "X.npy", "T.npy", "--epochs", "2", "--scheduler", "tcp://here:1"]) == 0
    assert client.count("step") == 4
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model.py:build", "--data", "no.npy", "T.npy"], "there is no 'no.npy'"),
        (["model.py:alone", "--data", "X.npy", "T.npy"], "alone returns a Sequential; wanted (model, loss, optimizer)"),
        (["model.py:buidl", "--data", "X.npy", "T.npy"], "Did you mean build?"),
        (["model.py:build", "--data", "X.npy", "T.npy", "-o", "no/net.npz"], "the folder 'no' does not exist"),
        (
            ["model.py:build", "--data", "X.npy", "X.npy", "T.npy"],
            "--data takes X.npy and T.npy, or one Zarr group or Parquet file, not 3",
        ),
    ],
)
def test_bad_input_of_the_command(arguments, said, built, capsys):
    assert main(["train", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_scheduler_that_is_not_there(built, capsys, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(fitting, "TIMEOUT", 0.3)
    arguments = ["--data", "X.npy", "T.npy", "--scheduler", "tcp://127.0.0.1:9"]
    assert main(["train", built, *arguments]) == 2
    assert "the scheduler tcp://127.0.0.1:9 cannot be reached" in capsys.readouterr().err
