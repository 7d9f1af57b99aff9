"""Training on processes of their own, by Dask: one is killed in the middle of an epoch, others are cut off or added."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from minigrad import losses
from minigrad.cluster import crew as crew_module
from tests.test_cluster import Watch, compare, train

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own, of what it is built on
ROOT = Path(__file__).parent.parent
CUT_OFF = 10  # seconds


@pytest.fixture
def client():
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


@contextmanager
def process(*command):
    """Run a command of Dask's as a process, and end it."""
    words = [sys.executable, "-m", "dask", *map(str, command)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__WORKER__PROFILE__INTERVAL": "1ms"}
    running = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def apart(tmp_path):
    """A scheduler and two workers, each a process that was started by itself; and what starts one more."""
    file = tmp_path / "scheduler.json"
    worker = ("worker", "--scheduler-file", file, "--nthreads", 1, "--no-nanny", "--no-dashboard")
    with (
        process("scheduler", "--scheduler-file", file, "--port", 0, "--no-dashboard") as scheduler,
        process(*worker),
        process(*worker),
        distributed.Client(scheduler_file=file, timeout=60) as client,
    ):
        client.wait_for_workers(2, timeout=60)
        yield client, scheduler, lambda: process(*worker)


@pytest.mark.parametrize("compile", [False, True])
def test_two_processes_do_what_one_does(client, compile):
    compare(train(client, compile=compile), train(), 1e-10)


def slow(y, t):
    import_module("time").sleep(0.05)
    return losses.softmax_cross_entropy(y, t)


def test_a_worker_that_is_killed_within_a_step(client):
    """By SIGKILL, while it computes: nothing is counted twice."""
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


def test_the_scheduler_is_cut_off_and_then_a_worker_is_killed_and_another_begins(apart, tmp_path):
    """Each in the middle of an epoch. Meanwhile Dask looks into what workers do a thousand times a second."""
    client, scheduler, start = apart
    seen = tmp_path / "seen"

    def noting(y, t):
        with open(seen, "a") as file:
            file.write(f"{os.getpid()}\n")
        return losses.softmax_cross_entropy(y, t)

    wanted = train(client, 60, loss=noting, epochs=6)
    first = sorted(client.run(os.getpid).values())
    added = []

    def disturb(training):
        moment = training.epoch, training.batch
        if moment == (2, 2):
            os.kill(scheduler.pid, signal.SIGSTOP)
            threading.Timer(CUT_OFF, os.kill, (scheduler.pid, signal.SIGCONT)).start()
        if moment == (3, 2):
            os.kill(first[0], signal.SIGKILL)
        if moment == (4, 2):
            added.append(start())
            added[0].__enter__()
            client.wait_for_workers(2, timeout=60)

    try:
        found = train(client, 60, loss=noting, epochs=6, callbacks=[Watch(on_batch_begin=disturb)])
        now = set(client.run(os.getpid).values())
    finally:
        for other in added:
            other.__exit__(None, None, None)
    compare(found, wanted, 1e-12)
    assert {first[1]} < now
    assert first[0] not in now
    assert now <= set(map(int, seen.read_text().split()))  # the one that was added has computed, too


def count_messages(dask_worker):
    """Count what a worker is asked for a step from now on."""
    dask_worker.counted = 0
    execute = dask_worker.handlers["actor_execute"]

    async def counting(*args, function=None, **more):
        dask_worker.counted += function == "step"
        return await execute(*args, function=function, **more)

    dask_worker.handlers["actor_execute"] = counting


WATCHED = []  # whether Dask looks into the thread that computes


def watched(y, t):
    workers = distributed.worker.Worker._instances
    WATCHED.append(any(threading.get_ident() in worker.active_threads for worker in workers))
    return losses.softmax_cross_entropy(y, t)


def test_a_tree_of_workers_of_dask(monkeypatch):
    """Five, of which each calls two at most: a message to each and one from each, in each step.

    What looks into a thread holds its frames, and with them what is traced; that would seem to be kept by the loss.
    """
    monkeypatch.setattr(crew_module, "FAN", 2)
    options = {"n_workers": 5, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        client.run(count_messages)
        compare(train(client, epochs=6, loss=watched), train(epochs=6), 1e-10)
        assert WATCHED
        assert not any(WATCHED)
        counted = client.run(lambda dask_worker: dask_worker.counted)
        assert list(counted.values()) == 5 * [6]


def test_workers_of_a_tree_are_killed(monkeypatch):
    """Of four, of which the first two are called from here: one that another calls, and then one that calls others.

    Who calls one that is lost would wait for it for ever, if it were by an actor of Dask's.
    """
    monkeypatch.setattr(crew_module, "FAN", 2)
    options = {"n_workers": 4, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        workers = sorted(client.nthreads())
        pids = client.run(os.getpid)
        lost = {2: pids[workers[3]], 4: pids[workers[0]]}

        def kill(training):
            if training.epoch in lost:
                threading.Timer(0.03, os.kill, (lost[training.epoch], signal.SIGKILL)).start()

        found = train(client, loss=slow, epochs=6, callbacks=[Watch(on_batch_begin=kill)])
        compare(found, train(epochs=6), 1e-12)
        assert not set(lost.values()) & set(client.run(os.getpid).values())
