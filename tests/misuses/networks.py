"""Misuses of layers, losses, optimizers, data, fit, save and load."""

from tests.misuses import Misuse

SQUARES = "lambda y, t: ((y - t) ** 2).mean()"


def fit(arguments: str, error: type[BaseException], what: str, how: str, where: str = "fit") -> Misuse:
    """Give the row of a call of fit, without its progress bar."""
    return Misuse(f"fit({arguments}, progress=False)", error, what, where, how)


ROWS = [
    Misuse("model(np.ones((5, 3)))", ValueError, "(5, 3) | W₁", "Linear(4, 6) | made at setting.py:", "4 columns"),
    Misuse("model(X.T)", ValueError, "(4, 5) | W₁", "Linear(4, 6) | made at setting.py:", "x.T"),
    Misuse("model(np.ones((5, 2, 2)))", ValueError, "(5, 2, 2) | W₁", "Linear(4, 6)", "x.reshape(len(x), -1)"),
    Misuse("model(None)", TypeError, "not None | W₁", "Linear(4, 6)", "Give an array of numbers or a Tensor"),
    Misuse("model('X')", TypeError, "'X' | W₁", "Linear(4, 6)", "Give an array of numbers or a Tensor"),
    Misuse(
        "nn.Sequential(nn.Linear(4, 3), nn.Linear(4, 2))(X)", ValueError, "W₂ | (5, 3)", "Linear(4, 2)", "Linear(3, 2)"
    ),
    Misuse("model.data", AttributeError, "'data'", "MLP", "model.parameters() | .data"),
    Misuse("model.W1", AttributeError, "'W1'", "MLP", "model.parameters()"),
    Misuse("model.forward(X)", AttributeError, "'forward'", "MLP", "model(X)"),
    Misuse("model.fit(X, T)", AttributeError, "'fit'", "MLP", "minigrad.fit(model, loss, optimizer"),
    Misuse("model.zero_grad()", AttributeError, "'zero_grad'", "MLP", "optimizer.zero_grad()"),
    Misuse("model.state_dict()", AttributeError, "'state_dict'", "MLP", "minigrad.save(path, model)"),
    Misuse("nn.Linear(4)", TypeError, "'outputs'", "Linear:", "Write Linear(inputs, outputs"),
    Misuse("nn.Linear('4', 3)", TypeError, "inputs | '4'", "Linear:", "write inputs=4"),
    Misuse("nn.Linear(4, 3, rng='0')", TypeError, "rng | '0'", "Linear:", "integer seed"),
    Misuse("nn.Linear(4, 3, init='xavier')", TypeError, "init | 'xavier'", "Linear:", "minigrad.nn.xavier"),
    Misuse("nn.Linear(4, 3, ouputs=3)", TypeError, "'ouputs'", "Linear:", "Did you mean outputs?"),
    Misuse("nn.Sequential([nn.Linear(4, 3)])", TypeError, "layer 0 is a list", "Sequential:", "Sequential(*layers)"),
    Misuse("nn.Sequential(nn.Linear(4, 3), 'relu')", TypeError, "layer 1 | 'relu'", "Sequential:", "minigrad.relu"),
    Misuse("nn.Sequential(nn.Linear)", TypeError, "layer 0 is the class Linear", "Sequential:", "Linear(…)"),
    Misuse("nn.MLP(4, 3)", ValueError, "sizes | 4", "MLP:", "such as [2, 3, 1]"),
    Misuse("nn.MLP([4, 3], output='logits')", ValueError, "output | 'logits'", "MLP:", "'identity'"),
    Misuse("nn.MLP([4, '3'])", TypeError, "sizes[1] | '3'", "MLP:", "an integer"),
    Misuse("nn.Dropout('half')", TypeError, "rate | 'half'", "Dropout:", "must be a number"),
    Misuse("nn.Dropout(0.5)([1.0])", TypeError, "a list", "Dropout(0.5):", "np.array(x)"),
    Misuse(
        "losses.cross_entropy(y, labels)", ValueError, "y is (5, 3) | t holds int64", "cross_entropy: | setting.py:",
        "one_hot(t, 3) | softmax_cross_entropy",
    ),
    Misuse("losses.squared_error(y, labels)", ValueError, "t holds int64", "squared_error:", "one_hot(t, 3)"),
    Misuse("losses.squared_error(y[:, :1], target)", ValueError, "t is (5,)", "squared_error:", "t[:, None]"),
    Misuse("losses.squared_error(y, T.T)", ValueError, "t is (3, 5)", "squared_error:", "t.T"),
    Misuse("losses.squared_error([1.0], T)", TypeError, "y must be | a list", "squared_error:", "np.array(y)"),
    Misuse("losses.squared_error(y, T, 'avg')", ValueError, "reduction | 'avg'", "squared_error:", '"mean"'),
    Misuse("losses.cross_entropy(u, T)", RuntimeWarning, "y = matmul", "cross_entropy:", "softmax_cross_entropy(u, t)"),
    Misuse("losses.softmax_cross_entropy(y, T)", RuntimeWarning, "u comes from softmax", "softmax_cross", "'identity'"),
    Misuse("losses.cross_entropy(softmax(y), T)", RuntimeWarning, "comes from softmax", "cross_entropy:", "Leave one"),
    Misuse("losses.softmax_cross_entropy(u, labels * 1.0)", ValueError, "t holds float64", "softmax_", "t.astype(int)"),
    Misuse("losses.softmax_cross_entropy(u, labels + 1)", IndexError, "t holds | 1 to 3", "softmax_", "Subtract 1"),
    Misuse("losses.softmax_cross_entropy(u, labels[:3])", ValueError, "5 samples and t 3", "softmax_", "same rows"),
    Misuse("losses.softmax_cross_entropy(labels, u)", ValueError, "t = matmul", "softmax_", "(u, t)"),
    Misuse(
        "y = nn.Linear(4, 1)(X)\n((y - target) ** 2).mean().backward()", RuntimeWarning, "affine(ndarray, W, b):(5, 1)",
        "subtract: | made at before.py:", "t[:, None] | t[None, :]",
    ),
    Misuse(
        "y = sigmoid(nn.Linear(4, 1)(X))\n(T[:, 0] * np.log(y)).sum().backward()", RuntimeWarning, "log(sigmoid",
        "multiply:", "t[:, None] | t[None, :]",
    ),
    Misuse("optim.SGD(w, lr=0.1)", TypeError, "params", "not one Tensor", "write [w]"),
    Misuse("optim.SGD(model, lr=0.1)", TypeError, "params", "not MLP", "model.parameters()"),
    Misuse("optim.SGD([], lr=0.1)", ValueError, "params is empty", "params", "nothing to train"),
    Misuse("optim.SGD([n], lr=0.1)", TypeError, "params[0] (n) is int64", "params", "floating-point"),
    Misuse("optim.SGD([w, w], lr=0.1)", ValueError, "params[1] (w)", "params", "give it once"),
    Misuse("optim.SGD([w], lr='0.1')", TypeError, "lr | '0.1'", "must be a number", "write lr=0.1"),
    Misuse("optim.Momentum([w], momentum=1)", ValueError, "momentum", "not 1", "less than 1"),
    Misuse("optimizer.lr = '0.1'", TypeError, "lr | '0.1'", "must be a number", "write lr=0.1"),
    Misuse("optimizer.step()", RuntimeError, "no parameter has a gradient", "SGD.step:", "call backward() first"),
    Misuse("data.split(X, T[:3])", ValueError, "(5, 4), (3, 3)", "split:", "one per row"),
    Misuse("data.split(X, T, test=1.5)", ValueError, "test | 1.5", "split:", "between 0 and 1"),
    Misuse("data.batches(X, T, 0)", ValueError, "size | 0", "batches:", "1 or more"),
    Misuse("data.one_hot([0.5, 1])", TypeError, "labels | 0.5", "one_hot:", "np.unique"),
    Misuse("data.one_hot([0, 5], classes=3)", ValueError, "labels | 5", "one_hot:", "0 … 2"),
    Misuse("fit(X)", TypeError, "'loss' | model is a ndarray", "fit:", "Write fit(model, loss, optimizer, data"),
    fit("model, losses.cross_entropy, optimizer, X, 2", TypeError, "data | X stands alone", "data=(X, T)"),
    fit("model, losses.cross_entropy, optimizer, X, T, 2", TypeError, "data | X stands alone", "data=(X, T)"),
    fit("model, losses.cross_entropy, optimizer, (X, T[:3]), 2", ValueError, "data | (3, 3)", "one per row"),
    fit("model, losses.cross_entropy, optimizer, zip(X, T), 2", TypeError, "is a zip", "data=(X, T) | batch_size="),
    fit("model, losses.cross_entropy, optimizer, {'x': X, 't': T}, 2", TypeError, "is a dict", "data['x'], data['t']"),
    fit("model, losses.cross_entropy, optimizer, (x for x in X), 2", TypeError, "data is a generator", "data=(X, T)"),
    fit(
        "model, losses.cross_entropy, optimizer, (X, T), 2, validation={'x': X, 't': T}", TypeError,
        "validation is a dict", "(validation['x'], validation['t'])",
    ),
    fit(
        "model, losses.cross_entropy, optimizer, (X, T), 2, validation=0.2", TypeError, "validation is the float 0.2",
        "minigrad.data.split(X, T, test=0.2)",
    ),
    fit(
        "model, losses.cross_entropy, optimizer, (X, T), 2, validation=(X, labels)", ValueError, "validation | (5,)",
        "one_hot(t, 3)",
    ),
    fit(
        "model, losses.cross_entropy, optimizer, (X, T), 2, validation=(X[:, :3], T)", ValueError, "validation | W₁",
        "4 columns",
    ),
    fit(
        "model, losses.cross_entropy, optim.SGD(other.parameters(), lr=0.1), (X, T), 2", ValueError,
        "the optimizer's parameters, W₁", "SGD(model.parameters(), …)",
    ),
    fit("model, losses.cross_entropy, 'SGD', (X, T), 2", TypeError, "'SGD'", "optim.SGD(model.parameters()"),
    fit("model, losses.cross_entropy, optim.SGD, (X, T), 2", TypeError, "optimizer | class SGD", "optim.SGD(model.par"),
    fit("model, 'cross_entropy', optimizer, (X, T), 2", TypeError, "loss | str", "minigrad.losses.cross_entropy"),
    fit("losses.cross_entropy, model, optimizer, (X, T), 2", TypeError, "loss is a MLP", "fit(model, loss, optimizer,"),
    fit("model, losses.cross_entropy, optimizer, (X, T), '2'", TypeError, "epochs | '2'", "epochs=2"),
    fit("model, losses.cross_entropy, optimizer, (X, T), 2, batch_size=0", ValueError, "batch_size | 0", "1 or more"),
    fit("model, lambda y, t: (y - t) ** 2, optimizer, (X, T), 2", ValueError, "loss | (5, 3)", "sum() or mean()"),
    fit("model, lambda y, t: y.sum().item(), optimizer, (X, T), 2", TypeError, "loss | float", "without .item()"),
    fit("model, lambda y, t: y.sum().detach(), optimizer, (X, T), 2", ValueError, "the loss", ".detach()"),
    fit("model, losses.cross_entropy, optimizer, (X.astype(str), T), 2", TypeError, "X of data | <U", ".astype(float)"),
    fit("model, losses.cross_entropy, optimizer, (X, T), 2, rng='a'", TypeError, "rng | 'a'", "integer seed"),
    fit("model, losses.cross_entropy, optimizer, (X, T), 2, epoch=3", TypeError, "'epoch'", "Did you mean epochs?"),
    fit(f"regression, {SQUARES}, optim.SGD(regression.parameters(), lr=0.01), (X, target), 1", RuntimeWarning,
        "affine(ndarray, W₁, b₁)", "t[:, None]", "subtract:"),
    Misuse("save('m.npz', model)\nload('m.npz', nn.MLP([4, 5, 3]))", ValueError, "W₁: float64", "m.npz:", "(4, 5)"),
    Misuse("save('m.npz', model)\nload('m.npz', model, optimizer)", ValueError, "optimizer", "m.npz:", "without one"),
]  # fmt: skip
