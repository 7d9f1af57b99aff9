"""The messages of errors, word for word: what was wanted, what came, where it was made, and what to do."""

import importlib
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, sigmoid, value_and_grad
from minigrad.engine.messages.errors import ShapeError, describe
from minigrad.ops.base import Op
from minigrad.ops.linalg import affine


def leaf(name, *shape):
    return Tensor(np.zeros(shape), requires_grad=True, name=name)


HERE = f"test_errors.py:{leaf.__code__.co_firstlineno + 1}"


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            lambda: leaf("x", 3, 4) @ leaf("W1", 2, 4),
            "matmul: inner sizes differ, x:(3, 4) @ W1:(2, 4); x was made at HERE; W1 was made at HERE. "
            "Did you mean W1.T?",
        ),
        (
            lambda: leaf("x", 4, 3) @ leaf("W1", 4, 2),
            "matmul: inner sizes differ, x:(4, 3) @ W1:(4, 2); x was made at HERE; W1 was made at HERE. "
            "Did you mean x.T?",
        ),
        (
            lambda: leaf("x", 3, 4) @ leaf("w", 3),
            "matmul: inner sizes differ, x:(3, 4) @ w:(3,); x was made at HERE; w was made at HERE. Did you mean x.T?",
        ),
        (
            lambda: leaf("x", 3, 4) @ leaf("W1", 5, 6),
            "matmul: inner sizes differ, x:(3, 4) @ W1:(5, 6); x was made at HERE; W1 was made at HERE.",
        ),
        (
            lambda: leaf("x", 5, 3, 4) @ leaf("k", 5, 3, 4),
            "matmul: inner sizes differ, x:(5, 3, 4) @ k:(5, 3, 4); x was made at HERE; k was made at HERE. "
            "Did you mean np.swapaxes(k, -1, -2)?",
        ),
        (
            lambda: leaf("x", 5, 3, 4) @ leaf("k", 2, 4, 3),
            "matmul: the shapes do not broadcast together, x:(5, 3, 4) @ k:(2, 4, 3); x was made at HERE; "
            "k was made at HERE.",
        ),
        (
            lambda: leaf("x", 3) @ leaf("s"),
            "matmul: a product with a scalar is written *, x:(3,) @ s:(); x was made at HERE; s was made at HERE. "
            "Write * for a product with a scalar.",
        ),
        (
            lambda: sigmoid(leaf("x", 3, 4) @ leaf("W1", 4, 5)) @ leaf("W2", 4, 2),
            "matmul: inner sizes differ, sigmoid(matmul(x, W1)):(3, 5) @ W2:(4, 2); x was made at HERE; "
            "W1 was made at HERE; W2 was made at HERE.",
        ),
        (
            lambda: np.zeros((3, 4)) @ leaf("W1", 5, 4),
            "matmul: inner sizes differ, ndarray:(3, 4) @ W1:(5, 4); W1 was made at HERE. Did you mean W1.T?",
        ),
        (
            lambda: leaf("x", 3, 4) + leaf("t", 4, 3),
            "add: the shapes do not broadcast together, x:(3, 4) + t:(4, 3); x was made at HERE; t was made at HERE. "
            "Did you mean t.T?",
        ),
        (
            lambda: leaf("y", 3, 4) - leaf("t", 3),
            "subtract: the shapes do not broadcast together, y:(3, 4) − t:(3,); y was made at HERE; "
            "t was made at HERE. To give one value to each row, write t[:, None].",
        ),
        (
            lambda: np.where(np.zeros(3) > 0, leaf("y", 4), 0.0),
            "where: the shapes do not broadcast together, where(ndarray:(3,), y:(4,), 0.0:()); y was made at HERE.",
        ),
        (
            lambda: affine(leaf("x", 3, 4), leaf("W1", 2, 4), leaf("b1", 2)),
            "affine: inner sizes differ, x:(3, 4) W1:(2, 4) + b1:(2,); x was made at HERE; W1 was made at HERE; "
            "b1 was made at HERE. Did you mean W1.T?",
        ),
        (
            lambda: affine(leaf("x", 3, 4), leaf("W1", 4, 2), leaf("b1", 3)),
            "affine: the shapes do not broadcast together, x:(3, 4) W1:(4, 2) + b1:(3,); x was made at HERE; "
            "W1 was made at HERE; b1 was made at HERE. b1 must have shape (2,), one value for each column of W1.",
        ),
        (
            lambda: affine(leaf("x", 1, 4), leaf("W1", 4, 2), leaf("b1", 3, 2)),
            "affine: b of shape (3, 2) does not fit into (1, 2), x:(1, 4) W1:(4, 2) + b1:(3, 2); x was made at HERE; "
            "W1 was made at HERE; b1 was made at HERE. b1 must have shape (2,), one value for each column of W1.",
        ),
        (
            lambda: leaf("x", 3, 4).reshape(5, 2),
            "reshape(to=(5, 2)): cannot reshape array of size 12 into shape (5,2), reshape(x:(3, 4)); "
            "x was made at HERE. There are 12 elements; -1 stands for the length that is left.",
        ),
        (
            lambda: leaf("x", 3, 4).transpose(0, 1, 2),
            "transpose(axes=(0, 1, 2)): axes don't match array, x:(3, 4)ᵀ; x was made at HERE. "
            "There are the axes 0 and 1, or -1 for the last.",
        ),
        (
            lambda: np.broadcast_to(leaf("x", 3, 4), (3, 5)),
            "broadcast_to(to=(3, 5)): the shapes do not broadcast together, broadcast_to(x:(3, 4)); "
            "x was made at HERE.",
        ),
        (
            lambda: leaf("x", 3, 4).sum(axis=2),
            "sum(axis=2, keepdims=False): axis 2 is out of bounds for array of dimension 2, Σ x:(3, 4); "
            "x was made at HERE. There are the axes 0 and 1, or -1 for the last.",
        ),
        (
            lambda: np.concatenate([leaf("x", 2, 3), leaf("z", 2, 4)]),
            "concatenate(axis=0): all the input array dimensions except for the concatenation axis must match "
            "exactly, but along dimension 1, the array at index 0 has size 3 and the array at index 1 has size 4, "
            "concatenate(x:(2, 3), z:(2, 4)); x was made at HERE; z was made at HERE.",
        ),
        (
            lambda: np.stack([leaf("x", 2, 3), leaf("z", 2, 4)]),
            "stack(axis=0): all input arrays must have the same shape, stack(x:(2, 3), z:(2, 4)); x was made at HERE; "
            "z was made at HERE.",
        ),
        (
            lambda: np.vdot(leaf("x", 2, 3), leaf("z", 3, 3)),
            "vdot: wanted two operands of one shape, ⟨x:(2, 3), z:(3, 3)⟩; x was made at HERE; z was made at HERE.",
        ),
    ],
)
def test_shapes_that_do_not_fit(run, message):
    with pytest.raises(ShapeError) as caught:
        run()
    assert str(caught.value) == message.replace("HERE", HERE)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (
            lambda: leaf("x", 3, 4)[5],
            IndexError,
            "index(key=5): index 5 is out of bounds for axis 0 with size 3, x:(3, 4)[5]; x was made at HERE. "
            "Give -3 to 2.",
        ),
        (
            lambda: leaf("x", 3)[0, 1],
            IndexError,
            "index(key=(0, 1)): too many indices for array: array is 1-dimensional, but 2 were indexed, "
            "x:(3,)[(0, 1)]; x was made at HERE. It has 1 axis to index, of lengths (3,).",
        ),
        (
            lambda: leaf("x", 3, 4).squeeze(0),
            ValueError,
            "squeeze(axis=0): cannot select an axis to squeeze out which has size not equal to one, x:(3, 4); x was "
            "made at HERE. No axis has length 1.",
        ),
        (
            lambda: np.expand_dims(leaf("x", 3), 5),
            ValueError,
            "expand_dims(axis=5): axis 5 is out of bounds for array of dimension 2, x:(3,); x was made at HERE. "
            "The new axis may be 0 to 1, or -1 for the last.",
        ),
        (
            lambda: np.swapaxes(leaf("x", 3, 4), 0, 2),
            ValueError,
            "swapaxes(axis1=0, axis2=2): axis 2 is out of bounds for array of dimension 2, x:(3, 4); x was made at "
            "HERE. There are the axes 0 and 1, or -1 for the last.",
        ),
        (
            lambda: leaf("x", 3).mean("a"),
            TypeError,
            "sum(axis='a', keepdims=False): 'str' object cannot be interpreted as an integer, Σ x:(3,); x was made at "
            "HERE. There is axis 0 alone, or -1.",
        ),
        (
            lambda: leaf("x", 3).astype("roman"),
            TypeError,
            "astype('roman'): data type 'roman' not understood, x:(3,); x was made at HERE. Give a floating-point "
            "type, such as np.float32 or np.float64.",
        ),
        (
            lambda: np.dot(leaf("x", 3), np.ones((2, 4, 3))),
            ValueError,
            "dot: axes (0,) of the first and (1,) of the second differ in length, x:(3,), ndarray:(2, 4, 3); x was "
            "made at HERE.",
        ),
        (
            lambda: (leaf("x", 3) * np.full(3, 1j)).sum().backward(),
            TypeError,
            "backward: wanted a real number, and sum(multiply(x, ndarray)) is complex128. Take its .real, or np.abs of "
            "it; or, where f is holomorphic, minigrad.holomorphic_grad(f) for f′.",
        ),
        (
            lambda: leaf("x", 3) * "a",
            TypeError,
            "multiply: wanted a tensor, an array or a number, not 'a'.",
        ),
        (
            lambda: leaf("x", 3) @ [leaf("y", 3)],
            TypeError,
            "matmul: the list holds tensors. Join them with np.stack, which keeps their gradients.",
        ),
        (
            lambda: np.exp(leaf("x", 3), out=np.zeros(3)),
            TypeError,
            "np.exp: out= does not work with a tensor, x, because an operation is recorded and its result is a new "
            "tensor. Leave it out, give a tensor to write into, as v = v + x for v += x of an array v, or compute on "
            ".data.",
        ),
        (
            lambda: np.linalg.qr(leaf("x", 3, 3), mode="raw"),
            TypeError,
            "np.linalg.qr, for tensors, here x: the argument mode='raw' has no derivative here; there are 'reduced', "
            "'complete' and 'r'. Leave it out, or use .data.",
        ),
        (
            lambda: np.asarray(leaf("x", 3)),
            TypeError,
            "x requires a gradient, and an array made of it would lose it; x was made at HERE. For the bare values "
            "take .data; to join tensors use np.stack([…]) instead of np.array([…]), to fill a shape with one "
            "np.broadcast_to(x, shape) instead of np.full(shape, x), for A.dot(x) A @ x, and for y[i] = x a tensor y, "
            "np.zeros_like(x). With `import minigrad.numpy as np` all of these, np.r_ and np.ndenumerate take tensors.",
        ),
        (
            lambda: leaf("x", 3).__setitem__(0, 1.0),
            TypeError,
            "x[…] = …: x requires a gradient, and is changed in place only inside no_grad(). To compute with a changed "
            "copy write v = x.copy() first, and assign to v. x was made at HERE",
        ),
        (
            lambda: leaf("x", 3).backward(),
            ValueError,
            "backward: wanted a scalar, and x has shape (3,). Reduce it, with .sum() say, or give "
            "gradient=∂E/∂(this tensor) of that shape.",
        ),
        (
            lambda: leaf("x").detach().backward(),
            ValueError,
            "backward: no gradient flows to x. It was computed from no tensor with requires_grad=True, or inside "
            "no_grad().",
        ),
        (
            lambda: Tensor([1, 2], requires_grad=True, name="n"),
            TypeError,
            "requires_grad: n holds int64, and only floating-point and complex tensors have gradients. Convert it "
            "first, with .astype(float).",
        ),
    ],
)
def test_other_errors(run, error, message):
    with pytest.raises(error) as caught:
        run()
    assert str(caught.value) == message.replace("HERE", HERE)


@pytest.mark.parametrize(
    "run",
    [
        lambda: leaf("x", 3) @ 2.0,
        lambda: 2.0 @ leaf("x", 3),
        lambda: np.matmul(leaf("x", 3), 2),
    ],
)
def test_a_matrix_product_with_a_number(run):
    with pytest.raises(ShapeError, match=r"matmul: a product with a scalar is written \*"):
        run()


@pytest.mark.parametrize(
    "run",
    [
        lambda: leaf("x", 3, 4).mean(axis=2),
        lambda: np.concatenate([leaf("x", 3, 4), np.zeros((3, 3)), np.zeros((3, 3))]),
        lambda: np.concatenate([leaf("x", 3, 4), leaf("z", 3, 4)], axis=2),
        lambda: leaf("x", 3, 4) @ [[1.0, 2.0]],
        lambda: leaf("x", 3, 4).max(axis=(0, 0)),
        lambda: leaf("x", 3, 4)[np.zeros((4, 3), bool)],
    ],
)
def test_the_tensor_and_its_place_are_named(run):
    """Whatever the error: which tensor it was, and the line that made it."""
    with pytest.raises((ValueError, IndexError)) as caught:
        run()
    assert "x:(3, 4)" in str(caught.value)
    assert HERE in str(caught.value)


@pytest.mark.parametrize(
    "run", [lambda: leaf("x", 3, 4) @ np.zeros((2, 4)), lambda: leaf("x", 3, 4) + np.zeros((4, 3))]
)
def test_advice_does_not_name_what_the_user_did_not_write(run):
    """No variable is called ndarray."""
    with pytest.raises(ShapeError) as caught:
        run()
    assert "ndarray.T" not in str(caught.value)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_rules_for_shapes_hold_for_every_dtype(kind):
    """b is added into the product's buffer where their dtypes agree, and must not grow it where they do not."""
    with pytest.raises(ShapeError, match=r"affine: b of shape \(3, 2\) does not fit into \(1, 2\)"):
        affine(leaf("x", 1, 4), leaf("W1", 4, 2), np.zeros((3, 2), kind))
    with pytest.raises(ShapeError, match="affine"):
        affine(leaf("x", 4), leaf("w1", 4), np.zeros(3, kind))


def test_a_failed_operation_leaves_everything_as_it_was():
    x, W = leaf("x", 3, 4), leaf("W", 2, 4)
    y = x * 2
    with pytest.raises(ShapeError):
        y @ W
    (y @ W.T).sum().backward()
    np.testing.assert_array_equal(W.grad.data, np.zeros((2, 4)))


def test_numpys_own_error_is_the_cause():
    with pytest.raises(ShapeError) as caught:
        leaf("x", 3) + leaf("y", 4)
    assert "operands could not be broadcast together" in str(caught.value.__cause__)


def test_names_of_results_show_how_they_were_made_but_not_how_deep():
    x = leaf("x", 2)
    assert describe(x) == "x"
    assert describe(x * 2) == "multiply(x, 2)"
    assert describe(sigmoid(x * 2 + 1)) == "sigmoid(add(multiply(…), 1))"
    assert describe(Tensor([1.0])) == "tensor"
    assert (describe(2.5), describe(np.zeros(2)), describe([1])) == ("2.5", "ndarray", "list")


def test_names_with_braces_are_only_names():
    with pytest.raises(ShapeError, match=r"\{x\}:\(3, 4\) @ \{W\}:\(2, 4\).* Did you mean \{W\}\.T\?"):
        leaf("{x}", 3, 4) @ leaf("{W}", 2, 4)


class Nonsense(Op):
    name, letters, text = "nonsense", "x", "nonsense({x})"

    def forward(self, x):
        raise ZeroDivisionError("a defect, not bad input")

    def shape(self, *shapes):
        return shapes[0]


def test_other_exceptions_pass_as_they_are():
    with pytest.raises(ZeroDivisionError, match="a defect"):
        Nonsense()(leaf("x", 3))


@dataclass
class Weights:
    W1: Any
    b: Any


def fit_line(p, x):
    return ((x @ p["W1"] + p["b"]) ** 2).sum()


ARGUMENTS = {
    "p['W1']": (fit_line, {"W1": np.ones((3, 4)), "b": np.zeros(4)}),
    "q[0]": (lambda q, x: (x @ q[0]).sum(), [np.ones((3, 4))]),
    "w.W1": (lambda w, x: (x @ w.W1).sum(), Weights(np.ones((3, 4)), np.zeros(4))),
    "p['l'][1]['W1']": (lambda p, x: (x @ p["l"][1]["W1"]).sum(), {"l": [1.0, {"W1": np.ones((3, 4))}]}),
    "more[0]": (lambda *more: (more[1] @ more[0]).sum(), np.ones((3, 4))),
}


@pytest.mark.parametrize("transform", [value_and_grad, lambda f: compile(value_and_grad(f)), compile])
@pytest.mark.parametrize("path", ARGUMENTS)
def test_arguments_are_called_what_the_function_calls_them(path, transform):
    f, p = ARGUMENTS[path]
    x = "more[1]" if path == "more[0]" else "x"
    with pytest.raises(ShapeError, match=re.escape(f"inner sizes differ, {x}:(2, 5) @ {path}:(3, 4)")):
        transform(f)(p, np.ones((2, 5)))


def test_an_argument_of_a_method_is_not_called_self():
    class Model:
        def loss(self, weights, x):
            return (x @ weights).sum()

    with pytest.raises(ShapeError, match=r"x:\(2, 5\) @ weights:\(3, 4\)"):
        grad(Model().loss)(np.ones((3, 4)), np.ones((2, 5)))


def test_a_library_that_makes_an_array_of_a_tensor_is_named(tmp_path, monkeypatch):
    """As pandas does in ``series * w``, where the tensor is not asked."""
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "framed.py").write_text(
        "import numpy as np\n\n\ndef times(series, w):\n    return series * np.asarray(w)\n"
    )
    monkeypatch.syspath_prepend(installed)
    framed = importlib.import_module("framed")
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    with pytest.raises(TypeError, match=r"^framed makes an array of w, .*np\.asarray\(…\) or \.to_numpy\(\).*\.data"):
        framed.times(np.ones(2), w)
    with pytest.raises(TypeError, match=r"^w requires a gradient, and an array made of it would lose it"):
        np.asarray(w)
