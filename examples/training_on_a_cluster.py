"""Training on two workers of Dask, one of which is killed on the way: to the last draw of dropout as in one process.

Needs the extra `cluster`. On machines of their own, workers are started by `dask worker`; all else stays as it is here.
"""

import os
import signal
import tempfile
from pathlib import Path

import numpy as np
from distributed import Client, LocalCluster

from minigrad import fit, losses, nn, optim

folder = Path(tempfile.gettempdir()) / "rows_of_a_cluster"


def write():
    """Points of the plane, 1 in a ring and 0 beside it, in files, of which each worker reads its rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8_000, 2))
    r = np.hypot(X[:, :1], X[:, 1:])
    folder.mkdir(exist_ok=True)
    np.save(folder / "X.npy", X)
    np.save(folder / "T.npy", ((r > 1.0) & (r < 2.0)).astype(float))
    return folder / "X.npy", folder / "T.npy"


def train(data, **more):
    """Train a network with dropout by gradients of all rows; give it and its history."""
    model = nn.Sequential(
        nn.Linear(2, 32, rng=0),
        np.tanh,
        nn.Dropout(0.1, rng=1),
        nn.Linear(32, 16, rng=2),
        np.tanh,
        nn.Linear(16, 1, rng=3),
    )
    rule = optim.Adam(model.parameters(), lr=0.05)
    return model, fit(model, losses.sigmoid_cross_entropy, rule, data, epochs=60, progress=False, **more)


if __name__ == "__main__":
    paths = write()
    X, T = map(np.load, paths)
    alone, wanted = train((X, T))
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        first, *_ = client.run(os.getpid).values()

        def kill_one(training):
            """Kill a worker: what it had to do goes to the other, with the same parameters."""
            if training.epoch == 10:
                os.kill(first, signal.SIGKILL)

        model, history = train(paths, client=client, callbacks=[kill_one])
    print("each epoch's is that of one process:", np.allclose(history.loss, wanted.loss, rtol=1e-10))
    far = max(abs(p.data - q.data).max() for p, q in zip(model.parameters(), alone.parameters(), strict=True))
    print("so are the parameters:", bool(far < 1e-9))
    print(f"{np.mean((model(X).data > 0) == T):.0%} of the points are right")
