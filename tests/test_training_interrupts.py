"""Ctrl-C while a network is being trained, and training in another thread."""

import signal
import threading

import numpy as np

from minigrad.optim import SGD
from minigrad.training import fit
from tests.training_by_hand import T, X, by_hand, line, sum_of_squares


class Interrupting(SGD):
    """Presses Ctrl-C between the updates of the first and the second parameter."""

    def __init__(self, params, lr, at):
        super().__init__(params, lr)
        self.left = 2 * at

    def _update(self, w, g, eta, buf, state):
        super()._update(w, g, eta, buf, state)
        self.left -= 1
        if self.left == 1:
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_within_a_step_takes_effect_after_it():
    model = line()
    W, b, curve = by_hand(model, 3, None, 0.01)
    optimizer = Interrupting(model.parameters(), 0.01, at=3)
    history = fit(model, sum_of_squares, optimizer, (X, T), 10, progress=False)
    assert history.interrupted
    np.testing.assert_allclose(model.W.data, W)
    np.testing.assert_allclose(model.b.data, b)
    np.testing.assert_allclose(history.loss, curve[:2])  # the third epoch did not finish
    assert len(history.seconds) == 2


def test_ctrl_c_outside_of_a_step_takes_effect_at_once():
    calls = []

    def model(x):
        calls.append(x)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
            calls.append("went on")
        return layer(x)

    layer = line()
    W, b, curve = by_hand(layer, 2, None, 0.01)
    history = fit(model, sum_of_squares, SGD(layer.parameters(), 0.01), (X, T), 10, progress=False)
    assert history.interrupted
    assert len(calls) == 3
    np.testing.assert_allclose(layer.W.data, W)
    np.testing.assert_allclose(layer.b.data, b)
    np.testing.assert_allclose(history.loss, curve)


def test_ctrl_c_works_as_before_afterwards():
    model = line()
    fit(model, sum_of_squares, SGD(model.parameters(), 0.01), (X, T), 1, progress=False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_users_own_stays_in_force():
    pressed = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        model = line()
        history = fit(model, sum_of_squares, Interrupting(model.parameters(), 0.01, at=1), (X, T), 3, progress=False)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert pressed == [signal.SIGINT]
    assert len(history.loss) == 3
    assert not history.interrupted


def test_training_in_another_thread():
    model, histories = line(), []
    optimizer = SGD(model.parameters(), 0.01)

    def work():
        histories.append(fit(model, sum_of_squares, optimizer, (X, T), 2, progress=False))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(histories[0].loss) == 2
