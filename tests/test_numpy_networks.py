"""Models as people write them in NumPy: every reader of their graphs reads them, and all agree."""

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, draw, softmax, stepper

X = np.random.default_rng(0).normal(size=(6, 4))
T = np.eye(3)[[0, 1, 2, 0, 1, 2]]


def learned(name, *shape):
    values = np.random.default_rng(sum(map(ord, name))).normal(size=shape) / 2
    return Tensor(values, requires_grad=True, name=name)


def σ(u):
    return 1 / (1 + np.exp(-u))


def gated_unit():
    a = X @ learned("W", 4, 5)
    return ((a * σ(a) * (X @ learned("V", 4, 5)) @ learned("O", 5, 3) - T) ** 2).mean()


def mixture_density():
    mu, s, a = X @ learned("mu", 4, 2), np.exp(X @ learned("ls", 4, 2)), X @ learned("pi", 4, 2)
    log = a - np.log(np.exp(a).sum(1, keepdims=True)) - 0.5 * ((X[:, :1] - mu) / s) ** 2 - np.log(s)
    return -np.log(np.exp(log).sum(1)).mean()


def contrastive():
    z = X @ learned("W", 4, 3)
    z = z / np.sqrt((z**2).sum(1, keepdims=True))
    e = np.exp(z @ z.T / 0.5)
    return -np.log(np.diagonal(e / e.sum(1, keepdims=True))).mean()


def autoencoder_of_distributions():
    h = np.tanh(X @ learned("We", 4, 5))
    m, v = h @ learned("Wm", 5, 2), h @ learned("Wv", 5, 2)
    x = (m + np.exp(0.5 * v) * X[:, :2]) @ learned("Wd", 2, 4)
    return 0.5 * ((x - X) ** 2).sum() - 0.5 * (1 + v - m**2 - np.exp(v)).sum()


def gated_recurrent_unit():
    w = {name: learned(name, 4, 3) for name in ("Wz", "Wr", "Wh")}
    u = {name: learned(name, 3, 3) for name in ("Uz", "Ur", "Uh")}
    h = np.zeros((2, 3))
    for t in range(5):
        x = X[2 * (t % 3) : 2 * (t % 3) + 2]
        z, r = σ(x @ w["Wz"] + h @ u["Uz"]), σ(x @ w["Wr"] + h @ u["Ur"])
        h = (1 - z) * h + z * np.tanh(x @ w["Wh"] + (r * h) @ u["Uh"])
    return (h**2).sum()


def graph_network():
    A = np.eye(6) + np.diag(np.ones(5), 1)
    return ((A @ np.maximum(A @ X @ learned("W1", 4, 5), 0) @ learned("W2", 5, 3) - T) ** 2).sum()


def graph_attention():
    h, a = X @ learned("W", 4, 3), learned("a", 6)
    e = (h @ a[:3])[:, None] + (h @ a[3:])[None]
    e = np.exp(np.where(e > 0, e, 0.2 * e))
    return ((e / e.sum(1, keepdims=True) @ h - T) ** 2).sum()


def kalman_filter():
    q, x, p, total = learned("q"), 0.0, 1.0, 0.0
    for y in X[:5, 0]:
        p = p + np.exp(q)
        k, e = p / (p + 1), y - x
        total = total + 0.5 * e**2 / (p + 1) + 0.5 * np.log(p + 1)
        x, p = x + k * e, (1 - k) * p
    return total


def gaussian_process():
    d = ((X[:, None] - X[None]) ** 2).sum(2)
    K = np.exp(learned("s")) * np.exp(-0.5 * d / np.exp(learned("l"))) + 0.1 * np.eye(6)
    return 0.5 * X[:, 0] @ np.linalg.solve(K, X[:, 0]) + 0.5 * np.linalg.slogdet(K)[1]


def attention_of_two_heads():
    def heads(name):
        return (X @ learned(name, 4, 4)).reshape(6, 2, 2).transpose(1, 0, 2)

    a = softmax(heads("Wq") @ heads("Wk").swapaxes(1, 2) / 2**0.5)
    return ((a @ heads("Wv")).transpose(1, 0, 2).reshape(6, 4) ** 2).sum()


MODELS = [
    *(gated_unit, mixture_density, contrastive, autoencoder_of_distributions, gated_recurrent_unit, graph_network),
    *(graph_attention, kalman_filter, gaussian_process, attention_of_two_heads),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_reader_reads_a_model_and_all_agree(model):
    loss = model()
    derivation = derive(loss, forward=True)
    assert derivation.check().first is None
    for notation in ("matrix", "index", "text"):
        assert derivation.to_text(notation)
        assert derivation.to_latex(notation).startswith(r"\begin{aligned}")
    assert derivation.to_text(steps=True)
    loss.backward()
    leaves = {t.name: t.grad for t in derivation._nodes if t.op is None and t.requires_grad}
    assert compare(loss, {f"d{name}": g for name, g in leaves.items()})
    space = {}
    exec(derivation.to_numpy(), space)
    E, gradients = space["loss_and_gradients"](*derivation.graph.values.values())
    np.testing.assert_allclose(E, loss.data)
    assert len(gradients) == len(leaves)
    found, wanted = ([float(np.linalg.norm(x)) for x in some.values()] for some in (gradients, leaves))
    np.testing.assert_allclose(sorted(found), sorted(wanted), rtol=1e-7)
    assert draw(loss).source
    assert stepper(loss)
