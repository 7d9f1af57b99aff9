"""What users of PyTorch, JAX and Keras write: names and arguments that are called otherwise here, or are not needed."""

from tests.misuses import Misuse


def argument(code: str, what: str, where: str, how: str) -> Misuse:
    """Give the row of an argument that there is not."""
    return Misuse(code, TypeError, what, where, how)


def name(code: str, what: str, where: str, how: str) -> Misuse:
    """Give the row of a name that there is not."""
    return Misuse(code, AttributeError, f"'{what}'", where, how)


ROWS = [
    argument("w.sum(dim=0)", "'dim' | w:(3,)", "sum of | w was made at setting.py:", "axis"),
    argument("W.sum(axis=0, keepdim=True)", "'keepdim' | W:(4, 3)", "sum of", "keepdims"),
    argument("W.mean(dim=1)", "'dim' | W:(4, 3)", "mean of | W was made at setting.py:", "axis"),
    argument("W.max(dim=1)", "'dim' | W:(4, 3)", "max of", "axis"),
    argument("W.var(dim=1)", "'dim' | W:(4, 3)", "var of", "axis"),
    argument("W.std(unbiased=False)", "'unbiased' | W:(4, 3)", "std of", "ddof=0"),
    argument("W.cumsum(dim=0)", "'dim' | W:(4, 3)", "cumsum of", "axis"),
    argument("W.squeeze(dim=0)", "'dim' | W:(4, 3)", "squeeze of", "axis"),
    argument("W.flatten(start_dim=1)", "'start_dim' | W:(4, 3)", "flatten of", "w.reshape(len(w), -1)"),
    argument("W.sum(axes=0)", "'axes' | W:(4, 3)", "sum of", "NumPy's method"),
    argument("minigrad.numpy.sum(W, dim=1)", "'dim'", "np.sum:", "dim is called axis"),
    argument("minigrad.numpy.concatenate([W, W], dim=1)", "'dim'", "np.concatenate:", "dim is called axis"),
    argument("total = 0.0; total += E.item", "item is a method", "item", "item()"),
    argument("print(f'{E.item:.3f}')", "item is a method", "item", "item()"),
    argument("np.mean([E.item, E.item])", "item is a method", "item", "item()"),
    argument("E.item < 0.1", "item is a method", "item", "item()"),
    argument("w * E.item", "item itself", "multiply:", "item(…)"),
    argument("w + W.mean", "mean itself", "add:", "mean(…)"),
    argument("softmax(W, dim=1)", "'dim'", "softmax:", "calls it axis"),
    argument("minigrad.log_softmax(W, dim=1)", "'dim'", "log_softmax:", "calls it axis"),
    argument("E.backward(retain_graph=True)", "'retain_graph'", "backward of", "may be called again"),
    argument("nn.Dropout(p=0.5)", "'rate'", "Dropout:", "p is called rate | Dropout(rate"),
    argument("nn.Linear(in_features=4, out_features=3)", "'inputs'", "Linear:", "in_features is called inputs"),
    argument("nn.Conv2d(1, 2, kernel_size=3)", "'kernel'", "Conv2d:", "kernel_size is called kernel"),
    argument("optim.SGD(model.parameters(), lr=0.1, momentum=0.9)", "'momentum'", "SGD:", "optim.Momentum"),
    argument("optim.SGD(model.parameters(), 0.1, 0.9)", "too many | lr is the float 0.1", "SGD:", "SGD(params, lr)"),
    argument("optim.SGD(model.parameters(), learning_rate=0.1)", "'lr'", "SGD:", "learning_rate is called lr"),
    argument("optim.Adam(model.parameters(), betas=(0.9, 0.99))", "'betas'", "Adam:", "beta1 and beta2"),
    argument("optim.Adam(model.parameters(), weight_decay=0.1)", "'weight_decay'", "Adam:", "optim.AdamW"),
    argument("optim.Adam(lr=0.1)", "'params'", "Adam:", "Adam(params, lr=0.001"),
    argument("optim.Adam(0.1)", "not float", "params", "they come first | model.parameters()"),
    argument("optimizer.zero_grad(set_to_none=True)", "'set_to_none'", "SGD.zero_grad:", "always"),
    name("optimizer.param_groups", "param_groups", "'SGD' object", "optimizer.params | optim.Groups"),
    name("optimizer.minimize(E)", "minimize", "'SGD' object", "optimizer.step()"),
    name("w.norm()", "norm", "(w)", "np.linalg.norm(w)"),
    name("w.view(-1)", "view", "(w)", "w.reshape("),
    name("w.detach().numpy()", "numpy", "(w)", ".data"),
    name("Tensor.zeros(3)", "zeros", "'Tensor' object", "Tensor(np.zeros(3))"),
    name("minigrad.numpy.asarray(w).at[0].set(1)", "at", "(w)", "np.where("),
    name("minigrad.jit(lambda x: x)", "jit", "'minigrad'", "minigrad.compile"),
    name("minigrad.manual_seed(0)", "manual_seed", "'minigrad'", "np.random.default_rng(seed) | rng="),
    name("minigrad.random.PRNGKey(0)", "random", "'minigrad'", "np.random.default_rng(seed)"),
    name("minigrad.tensor([1.0])", "tensor", "'minigrad'", "minigrad.Tensor("),
    name("minigrad.from_numpy(X)", "from_numpy", "'minigrad'", "minigrad.Tensor("),
    name("minigrad.zeros(3)", "zeros", "'minigrad'", "np.zeros"),
    name("minigrad.exp(w)", "exp", "'minigrad'", "np.exp"),
    name("minigrad.cat([w, w])", "cat", "'minigrad'", "np.concatenate"),
    name("minigrad.enable_grad()", "enable_grad", "'minigrad'", "with no_grad()"),
    name("minigrad.lax.scan(None)", "lax", "'minigrad'", "write the loop"),
    name("minigrad.jacrev(lambda x: x)", "jacrev", "'minigrad'", "minigrad.jacobian"),
    name("nn.BCELoss()", "BCELoss", "'minigrad.nn'", "losses.binary_cross_entropy(y, t)"),
    name("nn.LSTMCell(3, 4)", "LSTMCell", "'minigrad.nn'", "nn.LSTM(inputs, units).step(x, state)"),
    name("nn.DepthwiseConv2d(3, 4)", "DepthwiseConv2d", "'minigrad.nn'", "groups=n"),
    argument("nn.LSTM(3, hidden_size=4)", "'units'", "LSTM:", "hidden_size is called units"),
    argument("nn.GRU(3, 4, num_layers=2)", "'num_layers'", "GRU:", "nn.Sequential"),
    argument("nn.GRU(3, 4, batch_first=True)", "'batch_first'", "GRU:", "samples are the first axis"),
    argument(
        "nn.Embedding(num_embeddings=3, embedding_dim=4)", "'count'", "Embedding:", "num_embeddings is called count"
    ),
    argument("nn.MultiHeadAttention(embed_dim=4, num_heads=2)", "'size'", "Attention:", "embed_dim is called size"),
    name("nn.init.xavier_uniform_(w)", "xavier_uniform_", "'minigrad.nn.init'", "init=minigrad.nn.he"),
    name("data.DataLoader(X)", "DataLoader", "'minigrad.data'", "data.batches("),
    name("data.train_test_split(X, T)", "train_test_split", "'minigrad.data'", "data.split("),
]
