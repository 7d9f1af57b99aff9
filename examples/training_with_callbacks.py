"""One call of fit: early stopping, a cosine after a warm-up, clipping and class weights, by the engine and as code."""

import os
import tempfile

import numpy as np

from minigrad import callbacks, data, fit, losses, metrics, nn, optim

flowers, labels = data.iris()
X, y, X_test, y_test = data.split(flowers, labels, test=0.5, rng=0)
X, mean, std = data.standardize(X)
X_test, *_ = data.standardize(X_test, mean, std)
file = os.path.join(tempfile.mkdtemp(), "irises.npz")


def make():
    """A network and its rule, the same ones each time."""
    model = nn.MLP((4, 16, 3), hidden="tanh", output="identity", rng=0)
    return model, optim.Adam(model.parameters(), lr=0.02)


def train(model, rule, epochs=100, **more):
    """Train it, and say where it was best."""
    stopping = callbacks.EarlyStopping(patience=10)
    schedules = [callbacks.WarmUp(3), callbacks.CosineDecay(100)]
    history = fit(
        model, losses.softmax_cross_entropy, rule, (X, y), epochs, batch_size=16, validation=(X_test, y_test),
        progress=False, rng=0, callbacks=[stopping, *schedules, callbacks.ModelCheckpoint(file)], clip_norm=1.0,
        class_weight={0: 1.0, 1: 2.0, 2: 2.0}, **more,
    )  # fmt: skip
    return history, stopping


model, rule = make()
print(model.summary())
history, stopping = train(model, rule)
print(f"stopped after {len(history.loss)} epochs, the best was {stopping.best_epoch}: {stopping.best:.3f}")
print(f"{metrics.accuracy(model(X_test), y_test):.1%} of the test data")
print(metrics.confusion_matrix(model(X_test), y_test))

compiled, stopped = train(*make(), compile=True)
same = np.allclose(history.loss, compiled.loss, rtol=1e-9) and stopping.best_epoch == stopped.best_epoch
print("as code it is the same:", same)

train(*make(), epochs=7)  # as if the power had failed
resumed, _ = train(*make(), resume=file)
print("what goes on from its file is the same, to the last bit:", resumed.loss == history.loss)
