"""Misuses of newcomers: a call that lacks its brackets or has too many, arguments in others' places, None, text."""

from tests.misuses import Misuse

FIT = "fit(model, losses.cross_entropy, optimizer, (X, T), 1, progress=False, "


def wrong(code: str, what: str, where: str, how: str, error: type[BaseException] = TypeError) -> Misuse:
    """Give the row of a wrong argument."""
    return Misuse(code, error, what, where, how)


def absent(code: str, what: str, where: str, how: str) -> Misuse:
    """Give the row of a name that there is not."""
    return Misuse(code, AttributeError, f"'{what}'", where, how)


ROWS = [
    wrong("nn.Sequential(nn.Linear(4, 3), relu())", "an operand", "relu:", "a layer is relu itself"),
    wrong("model.train(False)", "too many", "MLP.train:", "Write MLP.train()"),
    wrong("optimizer.step(E)", "a Tensor", "SGD.step:", "optimizer.step()"),
    wrong("model[0]", "model.layers[0]", "MLP:", "model.layers[0]"),
    wrong("model.layers[0].W = X", "a ndarray", "Linear: W", "layer.W.data = array"),
    wrong("optim.SGD([X], lr=0.1)", "params[0] is ndarray", "SGD:", "Tensor(data, requires_grad=True)"),
    wrong("optim.clip_norm(model.parameters(), max_norm=1.0)", "'most'", "clip_norm:", "max_norm is called most"),
    wrong("losses.cross_entropy(y)", "'t'", "cross_entropy:", "cross_entropy(y, t,"),
    wrong("losses.cross_entropy(y, T, reduce=False)", "'reduce'", "cross_entropy:", "reduction='sum'"),
    wrong("losses.cross_entropy(y, None)", "not None", "cross_entropy: t", "cross_entropy(outputs, t)"),
    wrong("losses.huber(y, 'cat')", "'cat'", "huber: t", "huber(outputs, t)"),
    wrong("losses.softmax_cross_entropy(u, None)", "not None", "softmax_cross_entropy: t", "(outputs, t)"),
    wrong("Tensor([1, 2], dtype='float32')", "dtype", "Tensor:", "Tensor(np.asarray(data, dtype)"),
    wrong("Tensor([1.0], device='cpu')", "'device'", "Tensor:", "where NumPy has put them"),
    wrong("Tensor([1.0], True)", "requires_grad", "Tensor:", "requires_grad=True"),
    wrong("Tensor(2, 3)", "one array", "Tensor:", "np.zeros((2, 3))"),
    wrong("Tensor(None)", "NoneType", "Tensor:", "Is a return missing"),
    wrong("Tensor({'a': 1.0})", "a dict", "Tensor:", "one by one"),
    wrong("Tensor(x for x in [1.0])", "a generator", "Tensor:", "list(…)"),
    wrong("Tensor('1.0')", "str", "Tensor:", "float(…)"),
    wrong("Tensor([[1.0], [1.0, 2.0]])", "a list", "Tensor:", "rows must be of one length", ValueError),
    wrong("w.grad = np.ones(3)", "not ndarray", "grad of w", "Tensor(np.asarray(g))"),
    wrong("~w", "w:(3,)", "invert: | w was made at setting.py:", "x > 0"),
    wrong("round(w, 'a')", "'a'", "round: decimals", "np.round(x, 2)"),
    wrong("range(n)", "n is int64 (3,)", "one integer", "int(x.item())"),
    wrong("np.concatenate(W, W)", "the axis", "concatenate:", "one list"),
    wrong("np.stack(W, W)", "the axis", "stack:", "one list"),
    wrong("grad(lambda x: x.sum(), argnum=0)", "'argnum'", "grad:", "argnum is called argnums"),
    wrong("grad(lambda x: print(x.shape))(X)", "NoneType", "grad of <lambda>:", "Is a return missing?"),
    wrong("grad(lambda x: (x.sum(), 1))(X)", "tuple", "grad of <lambda>:", "has_aux=True"),
    wrong("grad(np.sum)()", "0 were given", "grad of sum:", "Call what it gives", ValueError),
    wrong("jvp(np.sin)", "'primals'", "jvp:", "jvp(f, primals, tangents"),
    wrong("gradcheck(lambda x: x)", "the arrays", "gradcheck:", "gradcheck(f, w.data)"),
    wrong("trace(lambda x: x)", "arrays", "trace:", "trace(f, X, W)"),
    wrong("compile(np.sum, jit=True)", "'jit'", "compile:", "Every call"),
    wrong("draw(E, format='png')", "'format'", "draw:", "draw(E).write('E.svg')"),
    wrong(FIT + "resume=True)", "not True", "fit: resume", "resume=path"),
    wrong(FIT + "validation_split=0.2)", "'validation_split'", "fit:", "minigrad.data.split"),
    wrong(FIT + "shuffle=True)", "'shuffle'", "fit:", "dealt anew for each epoch"),
    wrong(FIT + "verbose=0)", "'verbose'", "fit:", "progress=False"),
    wrong("data.split((X, T), 0.2)", "X is a pair", "split:", "split(X, T)"),
    wrong("data.split(X, T, test_size=0.2)", "'test_size'", "split:", "test_size is called test"),
    wrong("data.iris(True)", "too many", "iris:", "Write iris()"),
    wrong("minigrad.metrics.accuracy(y)", "'t'", "accuracy:", "accuracy(y, t,"),
    wrong("save('m.npz', model, other)", "a MLP", "save: optimizer", "save(path, model, optimizer)"),
    wrong("nn.init.he(4, 3)", "the int 4", "he:", "he((4, 3))"),
    wrong("nn.Linear(4, 3, activation='relu')", "'activation'", "Linear:", "nn.Sequential(layer, np.tanh)"),
    wrong("nn.Conv2d(1, 2, 3, stride=0)", "not 0", "Conv2d: stride", "1 or more", ValueError),
    wrong("nn.BatchNorm(4)(X[:, :3])", "(5, 3)", "BatchNorm(4):", "the 4 channels", ValueError),
    wrong("nn.Embedding(3, 4)(np.array([-4]))", "-4", "Embedding(3, 4):", "Number from 0 up", IndexError),
    wrong("nn.MultiHeadAttention(5, 2)", "5", "MultiHeadAttention:", "make it a multiple", ValueError),
    wrong("minigrad.scipy.integrate.odeint(3, w, X[0])", "the int 3", "odeint: func", "comes first"),
    wrong("losses.squared_error(y, model)", "a MLP", "squared_error: t", "(outputs, t)"),
    wrong("model.load_state_dict(model)", "a MLP", "MLP.load_state_dict:", "state_dict()"),
    wrong("optimizer.load_state_dict({})", "a dict", "SGD.load_state_dict:", "state_dict()", ValueError),
    wrong("optim.SGD(model.state_dict(), 0.1)", "a dict", "SGD: params", "model.parameters()"),
    wrong("nn.MLP([4, 3], hidden=[relu])", "a list", "MLP: hidden", "np.tanh"),
    wrong("nn.MaxPool2d(0)", "not 0", "MaxPool2d: kernel", "1 or more", ValueError),
    wrong("data.one_hot(None)", "not None", "one_hot: labels", "class numbers"),
    wrong("data.one_hot(labels, 2)", "labels", "one_hot:", "classes=3", ValueError),
    wrong("data.split(X, T, rng='a')", "'a'", "split: rng", "an integer seed"),
    wrong("memory_report(3)", "the int 3", "memory_report:", "a loss"),
    wrong("why_zero(E, X)", "a ndarray", "why_zero:", "why_zero(E, W)"),
    wrong("minigrad.scipy.special.softmax(w, dim=0)", "'dim'", "softmax:", "dim is called axis"),
    absent("W.split(2)", "split", "(W)", "np.split(w, n)"),
    absent("optimizer.momentum", "momentum", "'SGD' object", "optim.Momentum"),
    absent("model.apply(print)", "apply", "'MLP' object", "model.layers"),
    absent("model.requires_grad_(False)", "requires_grad_", "'MLP' object", "nn.freeze(layer)"),
    absent("nn.ModuleList([])", "ModuleList", "'minigrad.nn'", "nn.Sequential(*layers)"),
    absent("nn.functional.linear(X, W)", "linear", "'minigrad.nn.functional'", "x @ W + b"),
    absent("nn.functional.cross_entropy(u, T)", "cross_entropy", "nn.functional'", "minigrad.losses"),
    absent("callbacks.TensorBoard('logs')", "TensorBoard", "'minigrad.callbacks'", "history.plot()"),
    absent("data.mnist()", "mnist", "'minigrad.data'", "data.digits()"),
    absent("minigrad.scipy.optimize.minimize(E, w)", "optimize", "'minigrad.scipy'", "minigrad.scipy_objective"),
    absent("minigrad.scipy.stats.normal(w)", "normal", "'minigrad.scipy.stats'", "stats.norm"),
    absent("E.derive()", "derive", "'Tensor' object", "minigrad.derive(E)"),
    absent("derive(E).to_tex()", "to_tex", "'Derivation' object", "to_text"),
    absent("draw(E).save('E.png')", "save", "'Drawing' object", "draw(E).write('E.svg')"),
]
