"""Random sequences of calls and changes, by code and eagerly."""

import numpy as np
import pytest

from minigrad import Tensor
from tests.compiling import as_code, each_backend, running
from tests.fuzz import states, steps


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 32])  # the last found a mistake once
def test_code_is_in_the_state_of_the_model_whatever_is_changed(seed):
    assert states.check_states(seed, {"numpy": lambda f: as_code(f, "numpy")}) is None


@each_backend
def test_steps_of_random_actions_are_those_of_the_model(backend):
    with running(backend):
        for seed in range(40 if backend == "numpy" else 10):
            assert steps.check_steps(seed, {backend: lambda f: as_code(f, backend)}) is None


def test_a_gradient_that_code_loses_is_found():
    def forgetful(f):
        def step(x):
            result = f(x)
            f.__self__.w.grad = None
            return result

        return step

    assert any(steps.check_steps(seed, {"forgetful": forgetful}) for seed in range(40))


def test_a_change_that_code_does_not_see_is_found():
    forgetful = states.World.forward

    def forward(self, x, t):
        return forgetful(self, x, t) * (1.0 if self.is_code else 1.001)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(states.World, "forward", forward)
        assert "returned" in str(states.check_states(1, {"numpy": lambda f: as_code(f, "numpy")}))


@each_backend
def test_a_loss_that_was_traced_beside_gradients_is_called_without(backend):
    """Its record held the gradients that parameters came with, whether the function looks at them or not."""
    w, x = Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 5.0])
    with running(backend):
        plain = as_code(lambda x: (w * x).sum(), backend)
        reading = as_code(lambda x: (w * x).sum() + (0 if w.grad is None else (w.grad * w * 0 + w.grad).sum()), backend)
        for code, more in ((plain, 0), (reading, 2)):
            for grad in (np.ones(2), None, np.ones(2), None):
                w.grad = None if grad is None else Tensor(grad)
                E = code(x)
                assert E.item() == 13 + (0 if grad is None else more)
                w.grad = None
                E.backward()
                np.testing.assert_array_equal(w.grad.data, x)
