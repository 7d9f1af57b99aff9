"""no_grad as a context variable: tasks, generators, decorators, nesting; what grad says of a value it cannot see."""

import asyncio
import contextlib
import contextvars
import gc
import pickle
import threading

import numpy as np
import pytest

from minigrad import Tensor, grad, no_grad, value_and_grad
from minigrad.compiler.api import compile
from minigrad.engine.blocks import in_force


@pytest.fixture
def w():
    return Tensor([1.0, 2.0], requires_grad=True)


def records(w):
    return (w * w).requires_grad


@pytest.fixture(autouse=True)
def nothing_left_in_force():
    """After each test operations are recorded again, without anybody's having to ask."""
    yield
    gc.collect()
    assert not in_force


def test_a_task_that_waits_within_no_grad_leaves_the_others_alone(w):
    seen = []

    async def predicts(entered, go):
        with no_grad():
            entered.set()
            await go.wait()
            seen.append(records(w))
        seen.append(records(w))

    async def trains(entered, go):
        await entered.wait()
        seen.append(records(w))
        go.set()

    async def main():
        events = asyncio.Event(), asyncio.Event()
        await asyncio.gather(predicts(*events), trains(*events))

    asyncio.run(main())
    assert seen == [True, False, True]


def test_tasks_and_threads_started_within_inherit_it(w):
    async def predict():
        await asyncio.sleep(0)
        return records(w)

    async def main():
        with no_grad():
            late = asyncio.create_task(predict())
            together = await asyncio.gather(predict(), predict())
            thread = await asyncio.to_thread(records, w)
        return together, thread, await late, await predict()

    assert asyncio.run(main()) == ([False, False], False, False, True)
    with no_grad():
        copy = contextvars.copy_context()
    assert not copy.run(records, w)
    assert records(w)
    del copy


def test_a_generator_suspended_within_takes_it_with_it(w):
    def predictions():
        with no_grad():
            for _ in range(3):
                yield records(w)
        yield records(w)

    generator = predictions()
    for inside in (False, False, False, True):
        assert next(generator) is inside
        assert records(w)
    abandoned = predictions()
    next(abandoned)
    del abandoned
    assert records(w)


def test_generators_may_end_in_any_order(w):
    block = no_grad()

    def predictions():
        with block:
            yield records(w)
            yield records(w)
        yield records(w)

    first, second = predictions(), predictions()
    assert [next(first), next(second), next(first), next(first), next(second)] == [False, False, False, True, False]
    with block:
        assert not next(second)  # it has left its own block, and is called within this one
        assert not records(w)
    first.close()
    second.close()
    assert records(w)


def test_an_asynchronous_generator_takes_it_with_it_too(w):
    async def predictions():
        with no_grad():
            yield records(w)
            await asyncio.sleep(0)
            yield records(w)

    async def main():
        return [(inside, records(w)) async for inside in predictions()]

    assert asyncio.run(main()) == [(False, True), (False, True)]


def test_a_context_manager_made_of_a_generator_hands_it_to_its_caller(w):
    @contextlib.contextmanager
    def evaluating():
        with no_grad():
            yield

    @contextlib.contextmanager
    def evaluating_twice():
        with evaluating():
            yield

    @contextlib.asynccontextmanager
    async def evaluating_async():
        with no_grad():
            yield

    async def main():
        async with evaluating_async():
            inside = records(w)
        return inside, records(w)

    for made in (evaluating, evaluating_twice):
        with made():
            assert not records(w)
        assert records(w)
    assert asyncio.run(main()) == (False, True)

    def predictions():
        with evaluating(), contextlib.ExitStack() as stack:
            yield records(w)
            stack.enter_context(no_grad())
            yield records(w)

    for inside in predictions():
        assert not inside
        assert records(w)


def test_a_generator_finished_in_another_thread_leaves_nothing_behind(w):
    def predictions():
        with no_grad():
            yield

    def run():
        context = contextvars.Context()
        generator = predictions()
        context.run(next, generator)
        assert context.run(records, w)
        generator.close()
        assert context.run(records, w)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert records(w)


def test_a_block_serves_twice_and_within_itself(w):
    block = no_grad()
    for _ in range(2):
        with block, block:
            assert not records(w)
        assert records(w)
    with block:
        with contextlib.suppress(ZeroDivisionError), block:
            raise ZeroDivisionError
        assert not records(w)


def test_functions_generators_and_coroutines_are_decorated_again_and_again(w):
    @no_grad()
    def predict():
        """Say so."""
        return records(w)

    @no_grad
    def bare():
        return records(w)

    @no_grad()
    def each():
        got = yield records(w)
        yield got, records(w)
        return 3

    @no_grad()
    async def later():
        await asyncio.sleep(0)
        return records(w)

    @no_grad()
    async def stream():
        got = yield records(w)
        with contextlib.suppress(KeyError):
            yield got, records(w)
        yield records(w)

    async def drive():
        made = stream()
        return [await made.asend(None), await made.asend(5), await made.athrow(KeyError()), await made.aclose()]

    assert (predict.__name__, predict.__doc__) == ("predict", "Say so.")
    for _ in range(2):
        assert (predict(), bare(), no_grad()(predict)()) == (False, False, False)
        generator = each()
        assert (next(generator), records(w)) == (False, True)
        assert (generator.send(7), records(w)) == ((7, False), True)
        with pytest.raises(StopIteration, match="3"):
            next(generator)
        assert (asyncio.run(later()), asyncio.run(drive())) == (False, [False, (5, False), False, None])
    assert records(w)


def test_methods_are_decorated():
    class Model:
        def __init__(self):
            self.w = Tensor(2.0, requires_grad=True)

        @no_grad()
        def predict(self, x):
            return self.w * x

    assert not Model().predict(2.0).requires_grad


def test_a_gradient_within_no_grad_records_and_leaves_no_graph(w):
    with no_grad():
        assert np.array_equal(grad(lambda x: (x**2).sum())(np.array([3.0])), [6])
        assert not grad(lambda x: (x * w).sum())(Tensor([1.0, 1.0])).requires_grad
        assert not records(w)


def test_two_tasks_differentiate_at_the_same_time():
    async def main():
        f = asyncio.to_thread(grad(grad(lambda x: x**3)), 2.0)
        g = asyncio.to_thread(grad(lambda x: x**2), 3.0)
        return [float(x) for x in await asyncio.gather(f, g)]

    assert asyncio.run(main()) == [12, 6]


# A value that does not depend on the argument

CUT = {
    "a truth value": lambda x: bool((x > 0).sum() > 0),
    "a truth value, as a tensor": lambda x: x.sum() > 0,
    "a whole number": lambda x: x.argmax(),
    "a plain number": lambda x: (x**2).sum().item(),
    "tensor": lambda x: (x.detach() ** 2).sum(),
}


@pytest.mark.parametrize("why", CUT)
def test_a_value_that_does_not_depend_on_the_argument_is_a_warning_that_says_why(why):
    f = CUT[why]
    with pytest.warns(UserWarning, match=r"grad of <lambda>.*argument 0.*" + why.partition(",")[0]) as caught:
        g = grad(f)(np.array([1.0, 2.0]))
    assert np.array_equal(g, [0, 0])
    assert [x.filename for x in caught] == [__file__]
    with pytest.warns(UserWarning, match="does not depend"):
        value_and_grad(f)(np.array([1.0, 2.0]))


def test_a_value_that_depends_on_none_of_several_arguments_is_a_warning_too():
    with pytest.warns(UserWarning, match="depend on arguments 0, 1"):
        grad(lambda a, b: a.item() * b.item(), argnums=(0, 1))(1.0, 2.0)
    w = Tensor(2.0, requires_grad=True)
    with pytest.warns(UserWarning, match="depend on argument 1"):
        grad(lambda a, b: a * w * b.item(), argnums=1)(1.0, 2.0)


def test_the_second_derivative_of_what_is_linear_is_no_warning():
    assert grad(grad(lambda x: 3 * x))(2.0) == 0
    assert grad(lambda x: 2 * grad(lambda c: 3 * c)(x))(2.0) == 0
    assert compile(grad(grad(lambda x: 3 * x)))(2.0) == 0


def test_grad_takes_what_tensor_takes():
    f = grad(lambda x: (x**2).sum())
    assert np.array_equal(f([1.0, 2.0]), [2, 4])
    assert np.array_equal(f(((1.0, 2), (3, 4))), [[2, 4], [6, 8]])
    assert np.array_equal(f(memoryview(np.array([1.0]))), [2])
    assert f(np.float32(2)).dtype == np.float32
    for wrong, message in [
        ([1, 2], "argument 0 is int64"),
        ("ab", "argument 0"),
        (None, "argument 0"),
        ([[1.0], ["a"]], r"argument 0\[1\]\[0\]"),
        ([], r"argument 0 is \[\]"),
    ]:
        with pytest.raises((TypeError, ValueError), match=r"grad of <lambda>.*" + message):
            f(wrong)


def test_no_grad_without_its_brackets_is_the_same_block(w):
    with no_grad:
        assert not (w * w).requires_grad
        with no_grad():
            pass
        assert not (w * w).requires_grad
    assert (w * w).requires_grad
    assert pickle.loads(pickle.dumps(no_grad)) is no_grad
