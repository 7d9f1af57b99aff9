"""Whether operations are recorded: no_grad, and threads that record at the same time."""

import threading

import numpy as np
import pytest

from minigrad import Tensor, no_grad, relu


def leaf(data, **options):
    return Tensor(data, requires_grad=True, **options)


def in_thread(f):
    """What f gives in a thread of its own; an exception there is raised here."""
    outcome = []

    def run():
        try:
            outcome.append((f(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    ((value, error),) = outcome
    if error is not None:
        raise error
    return value


def test_no_grad_nests_and_ends_with_an_exception():
    x = leaf(2.0)
    with no_grad():
        with no_grad():
            assert not (x * x).requires_grad
        assert not (x * x).requires_grad
        assert leaf(1.0).requires_grad
    assert (x * x).requires_grad
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * x).requires_grad


def test_no_grad_decorates():
    @no_grad()
    def predict(x):
        return x * x

    x = leaf(2.0)
    assert [predict(x).requires_grad for _ in range(2)] == [False, False]
    assert (x * x).requires_grad


@pytest.mark.parametrize("call", [lambda x: x + x, lambda x: x.sum(), np.exp, lambda x: x @ x, lambda x: x[0], relu])
def test_no_grad_holds_for_every_way_to_compute(call):
    with no_grad():
        y = call(leaf([1.0, 2.0]))
    assert not y.requires_grad
    assert y.inputs == ()


def test_no_grad_is_a_threads_own_affair():
    x = leaf(2.0)
    with no_grad():
        assert in_thread(lambda: (x * x).requires_grad)
        assert not (x * x).requires_grad
    entered, checked = threading.Event(), threading.Event()

    def other():
        with no_grad():
            entered.set()
            assert checked.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    assert entered.wait(10)
    recorded = (x * x).requires_grad
    checked.set()
    thread.join()
    assert recorded


def test_backward_works_under_no_grad():
    x = leaf(3.0)
    y = x * x
    with no_grad():
        y.backward()
    assert x.grad.item() == 6


def test_threads_record_at_the_same_time():
    start = threading.Barrier(4)
    wrong = []

    def work(seed):
        x = leaf(np.random.default_rng(seed).uniform(0.5, 1, 3))
        start.wait(10)
        for _ in range(30):
            y = x
            for _ in range(20):
                y = np.sin(y) * x + y
            y.sum().backward()
            gradient, x.grad = x.grad.data, None
            wrong.append(not np.array_equal(gradient, expected[seed]))

    def gradient_of(seed):
        x = leaf(np.random.default_rng(seed).uniform(0.5, 1, 3))
        y = x
        for _ in range(20):
            y = np.sin(y) * x + y
        y.sum().backward()
        return x.grad.data

    expected = [gradient_of(seed) for seed in range(4)]
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrong) == 4 * 30
    assert not any(wrong)
