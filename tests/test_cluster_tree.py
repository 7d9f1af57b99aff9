"""Sums of many workers go up a tree: who calls whom, how many messages that takes, and what the loss of one does."""

import string

import numpy as np
import pytest

from minigrad.cluster import crew as crew_module
from tests.test_cluster import MEAN, Cluster, Ending, T, X, compare, train

MANY = string.ascii_lowercase[:15]


@pytest.fixture(autouse=True)
def two_each(monkeypatch):
    """Nobody calls more than two others."""
    monkeypatch.setattr(crew_module, "FAN", 2)


@pytest.mark.parametrize("workers", [1, 2, 3, 6, 7, 15])
@pytest.mark.parametrize("loss", [None, MEAN], ids=["sum", "mean"])
def test_it_is_the_training_of_one_process(workers, loss):
    more = {} if loss is None else {"loss": loss}
    compare(train(Cluster(*MANY[:workers]), **more), train(**more), 1e-10)


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 15])
def test_a_step_takes_two_messages_a_worker(workers):
    """One call of each and its answer: 2k, whoever calls; the client calls two."""
    client = Cluster(*MANY[:workers])
    train(client, epochs=4)
    called = [worker for name, worker in client.calls if name == "step"]
    assert sorted(called) == sorted(4 * MANY[:workers])
    assert 2 * len(called) <= 4 * (2 * workers + 2)
    assert client.count_from_client("step") == 4 * min(workers, 2)


def test_the_depth_grows_as_the_logarithm():
    """By two each: 2, 4 and 8 workers on three levels, and the fifteenth on a fourth."""
    client = Cluster(*MANY)
    train(client, epochs=1)
    assert client.deepest == 4


@pytest.mark.parametrize("lost", ["a", "b", "c", "g", "n"])
@pytest.mark.parametrize("at", [1, 3])
def test_a_worker_that_is_lost_counts_once(lost, at):
    """One that others are called by, or one at the end."""
    wanted = train(Cluster(*MANY))
    client = Cluster(*MANY)
    client.before_call = Ending(client, lost, at)
    compare(train(client), wanted, 1e-12)
    assert lost not in client.workers


def test_half_of_the_workers_are_lost_at_once_and_others_begin():
    wanted = train(Cluster(*MANY))
    client = Cluster(*MANY)
    endings = [Ending(client, worker, 2, [worker.upper()]) for worker in MANY[::2]]
    client.before_call = lambda name, worker: [ending(name, worker) for ending in endings]
    compare(train(client), wanted, 1e-12)
    assert ("step", "A") in client.calls


def test_mini_batches_ask_those_alone_who_have_a_block():
    """Of five workers, in batches of which the last one has fewer blocks than there are workers."""
    client = Cluster(*MANY[:5])
    train(client, 40, epochs=2)
    blocks, batches = -(-230 // 8), -(-29 // 5)
    assert client.count("take") == 5
    assert 2 * (blocks - 1) <= client.count("step") <= 2 * 5 * batches


def test_what_a_users_function_raises_below_is_raised_here():
    client = Cluster(*MANY)

    def loss(y, t):
        if len(t) < 4:  # the last of all blocks
            raise ArithmeticError("of the user's")
        return MEAN(y, t)

    rows = (X[:226], T[:226])
    with pytest.raises(ArithmeticError, match="of the user's"):
        train(client, 5 * 15, loss=loss, data=rows)
    assert np.isfinite(train(Cluster(*MANY), 4 * 15, data=rows)[0].loss).all()
