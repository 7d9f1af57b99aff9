"""Training on workers that are processes of their own, by Dask; one is killed in the middle of an epoch."""

import os
import signal
import threading
from importlib import import_module

import numpy as np
import pytest

from minigrad import losses
from tests.test_cluster import Watch, compare, train

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own, of what it is built on


@pytest.fixture
def client():
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.mark.parametrize("compile", [False, True])
def test_two_processes_do_what_one_does(client, compile):
    compare(train(client, compile=compile), train(), 1e-10)


def test_a_worker_that_is_killed_within_a_step(client):
    """By SIGKILL, while it computes: nothing is counted twice."""

    def slow(y, t):
        import_module("time").sleep(0.05)
        return losses.softmax_cross_entropy(y, t)

    wanted = train(client, 60, loss=slow, epochs=3)
    pid = next(iter(client.run(os.getpid).values()))

    def kill(training):
        if (training.epoch, training.batch) == (2, 2):
            threading.Timer(0.03, os.kill, (pid, signal.SIGKILL)).start()

    compare(train(client, 60, loss=slow, epochs=3, callbacks=[Watch(on_batch_begin=kill)]), wanted, 1e-12)
    assert pid not in client.run(os.getpid).values()


def test_a_worker_that_is_added(client):
    wanted = train(client, epochs=6)
    grow = Watch(on_epoch_end=lambda training: client.cluster.scale(3) if training.epoch == 1 else None)
    compare(train(client, epochs=6, callbacks=[grow]), wanted, 1e-12)
    assert np.isfinite(wanted[0].loss).all()
