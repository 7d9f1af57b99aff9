"""How a step's messages go: straight to workers, by way of the scheduler, and past those that stand still."""

import asyncio
import os
import signal
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from minigrad import Tensor, losses
from minigrad.cluster.blocks import find_rows
from minigrad.cluster.calls import call_all
from minigrad.cluster.holder import Holder
from minigrad.cluster.messages import Ask
from tests.test_cluster import Cluster, T, Watch, X, compare, train
from tests.test_cluster_processes import slow

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own, of what it is built on


@pytest.fixture
def cluster():
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        yield cluster


def count_calls(monkeypatch, cluster):
    """Count the calls of holders that the scheduler passes on, and all that workers are asked for."""
    counted = {"proxied": 0, "steps": 0}
    proxy = cluster.scheduler.handlers["proxy"]

    async def passing(*args, msg=None, **more):
        counted["proxied"] += msg["op"] == "actor_execute"
        return await proxy(*args, msg=msg, **more)

    monkeypatch.setitem(cluster.scheduler.handlers, "proxy", passing)
    for worker in cluster.workers.values():
        execute = worker.handlers["actor_execute"]

        async def executing(*args, execute=execute, function=None, **more):
            counted["steps"] += function == "step"
            return await execute(*args, function=function, **more)

        monkeypatch.setitem(worker.handlers, "actor_execute", executing)
    return counted


@pytest.mark.parametrize("straight", [None, True, False])
def test_messages_pass_through_the_scheduler_only_where_they_are_told_to(cluster, straight, monkeypatch):
    """In a step one to each worker and one back; a worker's ``take`` is one more, before the first."""
    with distributed.Client(cluster, direct_to_workers=straight) as client:
        counted = count_calls(monkeypatch, cluster)
        compare(train(client, epochs=5), train(epochs=5), 1e-10)
    assert counted == {"steps": 2 * 5, "proxied": 2 * 6 if straight is False else 0}


def test_a_worker_that_is_not_reached_straight_is_called_by_the_scheduler(cluster, monkeypatch):
    with distributed.Client(cluster) as client:
        counted = count_calls(monkeypatch, cluster)
        out_of_reach = sorted(client.nthreads())[0]
        usual = client.rpc

        def reach(address):
            return SimpleNamespace(actor_attribute=fail) if address == out_of_reach else usual(address)

        async def fail(**message):
            raise OSError("no route")

        with monkeypatch.context() as patched:
            patched.setattr(client, "rpc", reach)
            compare(train(client, epochs=5), train(epochs=5), 1e-10)
    assert counted == {"steps": 2 * 5, "proxied": 6}


def test_another_client_may_be_made_meanwhile(cluster):
    """Dask's own actors are of the client that was made last; the first one lets them go, then."""
    with distributed.Client(cluster) as client, distributed.Client(cluster):
        compare(train(client), train(), 1e-10)


def test_a_worker_that_stands_still_and_is_given_up_by_the_scheduler():
    """Its connection does not break, so that an answer would be waited for without end."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        wanted = train(epochs=3)
        address, pid = next(iter(client.run(os.getpid).items()))

        def stop():
            os.kill(pid, signal.SIGSTOP)
            cluster.sync(cluster.scheduler.remove_worker, address=address, stimulus_id="gone")

        def begin(training):
            if training.epoch == 2:
                threading.Timer(0.02, stop).start()

        try:
            found = train(client, loss=slow, epochs=3, callbacks=[Watch(on_batch_begin=begin)])
        finally:
            os.kill(pid, signal.SIGKILL)
        compare(found, wanted, 1e-12)


def test_answers_come_in_the_order_of_calls():
    """Whoever answers first: sums of floats depend on it."""

    class Answering:
        def __init__(self, name, before, after):
            self.name, self.before, self.after = name, before, after

        async def step(self):
            if self.before:
                await self.before.wait()
            self.after.set()
            if self.name == "b":
                raise OSError("lost")
            return self.name

    last, middle, first = (asyncio.Event() for _ in range(3))
    holders = {"a": Answering("a", middle, last), "b": Answering("b", first, middle), "c": Answering("c", None, first)}
    came, lost = call_all(Cluster(), holders, "step", dict.fromkeys("abc", ()))
    assert list(came.items()) == [("a", "a"), ("c", "c")]
    assert repr(lost) == "{'b': OSError('lost')}"


class Keeping:
    """A model that keeps what its weights were when they were last used without code."""

    def __init__(self):
        self.w, self.kept = Tensor(np.ones(4), requires_grad=True, name="w"), None

    def __call__(self, x):
        return x @ self.w[:, None]

    def parameters(self):
        return [self.w]


@pytest.mark.parametrize("backend", ["numpy", None])
def test_parameters_are_written_where_they_lie_unless_they_are_held(backend):
    """The code is bound to their array, which stays; who has come to hold that keeps what it has."""
    model = Keeping()
    holder = Holder(model, losses.squared_error, backend, True)
    asyncio.run(holder.take("a", dict(enumerate(find_rows((X, T[:, :1])).cut(230))), {}))

    def step(w):
        answer = asyncio.run(holder.step(Ask([np.full(4, w)], {"a": None}, False)))
        assert answer.error is None
        np.testing.assert_allclose(answer.sums.gradients[0], X.T @ (w * X.sum(1) - T[:, 0]), rtol=1e-12)
        return answer

    step(1.0)
    step(2.0)
    array = id(model.w.array)
    step(3.0)
    if backend:
        assert id(model.w.array) == array
    kept = model.w.array
    step(4.0)
    np.testing.assert_array_equal(kept, 3.0)
    step(5.0)
    np.testing.assert_array_equal(kept, 3.0)
