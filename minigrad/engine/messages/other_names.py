"""What other libraries call an argument or a function that has another name here, or none: what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minigrad.engine.messages.absent import find_close
from minigrad.engine.messages.errors import describe, made_at

_AXIS = "{} is called axis, as in NumPy"
_GRAPH = "A function is recorded as it runs: write the loop, or the choice, in Python"
_DRAWS = "Draws are NumPy's: write rng = np.random.default_rng(seed), and give it as rng="
_PAUSED = "Write with no_grad(): …, or @no_grad above a function; else all is recorded"

ARGUMENTS = {
    "dim": _AXIS,
    "dims": _AXIS,
    "dim0": "Write w.swapaxes(0, 1), or w.T",
    "descending": "The order is ascending, as in NumPy: write -np.sort(-w)",
    "start_dim": "For {} write w.reshape(len(w), -1)",
    "keepdim": "{} is called keepdims, as in NumPy",
    "unbiased": "For {} write ddof=1 or ddof=0, as in NumPy",
    "p": "{} is called rate",
    "in_features": "{} is called inputs",
    "out_features": "{} is called outputs",
    "in_channels": "{} is called inputs",
    "out_channels": "{} is called outputs",
    "kernel_size": "{} is called kernel",
    "num_features": "{} is called channels",
    "normalized_shape": "{} is called shape",
    "input_size": "{} is called inputs",
    "hidden_size": "{} is called units",
    "num_layers": "One on the other they are nn.Sequential(nn.LSTM(inputs, units, 'all'), nn.LSTM(units, units))",
    "batch_first": "Without it, samples are the first axis, and steps the second",
    "return_sequences": "Write gives='all', or gives='last'",
    "num_embeddings": "{} is called count",
    "embedding_dim": "{} is called size",
    "embed_dim": "{} is called size",
    "num_heads": "{} is called heads",
    "learning_rate": "{} is called lr",
    "momentum": "optim.Momentum has {}: Momentum(params, lr, momentum=0.9)",
    "nesterov": "It is optim.Nesterov",
    "betas": "{} are called beta1 and beta2",
    "b1": "{} is called beta1",
    "b2": "{} is called beta2",
    "weight_decay": "optim.AdamW has {}; else add 0.5 * decay * (w**2).sum() to the loss",
    "alpha": "{} is called rho",
    "retain_graph": "Without it, a record lives as long as E does: E.backward() may be called again",
    "set_to_none": "It is always done",
    "device": "Without it, arrays lie where NumPy has put them",
    "amsgrad": "optim.Adamax and optim.NAdam are the variants that there are",
    "argnum": "{} is called argnums",
    "jit": "Every call of what compile gives is compiled",
    "validation_data": "{} is called validation",
    "validation_split": "Part the samples first, by minigrad.data.split, and give validation=(X, T)",
    "verbose": "Write progress=False for no bar",
    "shuffle": "The samples are dealt anew for each epoch; rng=0 deals them alike each time",
    "test_size": "{} is called test",
    "random_state": "{} is called rng",
    "max_norm": "{} is called most",
    "reduce": "Write reduction='sum', or 'mean'",
    "size_average": "Write reduction='sum', or 'mean'",
    "label_smoothing": "Smooth the targets: t * (1 - s) + s / classes",
    "activation": "Of MLP {} is called hidden; after other layers it stands as a layer: nn.Sequential(layer, np.tanh)",
    "nonlinearity": "Without it, a simple recurrent layer has tanh",
    "training": "Write model.train() and model.eval()",
    "format": "Write the picture to a file: draw(E).write('E.svg'), or 'E.png'",
    "filename": "Write the picture to a file: draw(E).write('E.svg'), or 'E.png'",
    "num_classes": "{} is called classes",
    "transform": "Apply it to X: the data are arrays",
    "end_dim": "For {} write w.reshape(len(w), -1)",
}

MODULE = {
    "jit": "It is minigrad.compile",
    "cluster": "It is imported by itself: import minigrad.cluster",
    "tensor": "Write minigrad.Tensor(data, requires_grad=True)",
    "from_numpy": "Write minigrad.Tensor(array, requires_grad=True)",
    "as_tensor": "Write minigrad.Tensor(data)",
    "parameter": "Write minigrad.Tensor(data, requires_grad=True)",
    "variable": "Write minigrad.Tensor(data, requires_grad=True)",
    "cat": "Write np.concatenate(tensors)",
    "manual_seed": _DRAWS,
    "seed": _DRAWS,
    "random": _DRAWS,
    "rand": _DRAWS,
    "randn": _DRAWS,
    "enable_grad": _PAUSED,
    "set_grad_enabled": _PAUSED,
    "inference_mode": _PAUSED,
    "lax": _GRAPH,
    "cond": _GRAPH,
    "scan": _GRAPH,
    "jacfwd": "It is minigrad.jacobian",
    "jacrev": "It is minigrad.jacobian",
    "checkpoint_sequential": "It is minigrad.checkpoint",
    "tree_map": "Functions take and give dicts, lists and tuples of arrays; write a comprehension",
    "tree_util": "Functions take and give dicts, lists and tuples of arrays; write a comprehension",
    "device_put": "Arrays lie where NumPy has put them",
    "cuda": "Arrays lie where NumPy has put them",
    "device": "Arrays lie where NumPy has put them",
    "is_tensor": "Write isinstance(x, minigrad.Tensor)",
    "module": "A layer is any callable; with parameters(), what it learns is found",
    "function": "Write @minigrad.custom_vjp, or minigrad.operation",
    "utils": "minigrad.data.batches deals batches, minigrad.optim.clip_norm clips gradients",
    "dataloader": "minigrad.data.batches deals batches; fit takes a DataLoader as it is",
    "earlystopping": "It is minigrad.callbacks.EarlyStopping",
}

OPTIMIZER = {
    "param_groups": "Its parameters are optimizer.params; make one for each group, and optim.Groups of these",
    "add_param_group": "Make an optimizer for each group of parameters, and optim.Groups of these",
    "lr_scheduler": "Give fit a schedule of minigrad.callbacks, or set optimizer.lr between steps",
    "learning_rate": "It is optimizer.lr",
    "minimize": "Write E.backward() and optimizer.step(), or minigrad.fit",
    "apply_gradients": "Write E.backward() and optimizer.step()",
    "update": "Write E.backward() and optimizer.step()",
    "init": "It has its running values from the start: optimizer.states",
    "state": "Its running values are optimizer.states",
    "parameters": "They are optimizer.params",
    "momentum": "optim.Momentum(params, lr, momentum=0.9) has one",
    "weight_decay": "optim.AdamW(params, lr, weight_decay=0.01) has one",
    "betas": "Those of Adam are beta1 and beta2",
    "defaults": "Its settings are attributes: optimizer.lr",
    "zero_gradients": "Write optimizer.zero_grad()",
    "backward": "The loss has it: E.backward()",
    "train": "Write minigrad.fit(model, loss, optimizer, (X, T), epochs)",
}


def say_argument(names: Iterable[str], known: Iterable[str]) -> str:
    """Say what is meant by the first of some names of arguments that are not ``known``, if that can be said."""
    known = list(known)
    other = [name for name in names if name not in known]
    said = next((ARGUMENTS[name].format(name) for name in other if name in ARGUMENTS), "")
    close = next((find_close(name, known, 0.5) for name in other), None)
    return f" {said}." if said else f" Did you mean {close}?" if close else ""


def refuse_settings(other: Sequence[Any], more: Mapping[str, Any]) -> TypeError:
    """Give the error for arguments that a Tensor is not made of."""
    if "dtype" in more:
        said = "the dtype is the array's: Tensor(np.asarray(data, dtype), requires_grad=True)"
    elif more:
        said = f"there is no argument {next(iter(more))!r}.{say_argument(more, ('requires_grad', 'name'))}"
    elif isinstance(other[0], bool):
        said = f"requires_grad is given by its name: Tensor(data, requires_grad={other[0]})"
    else:
        said = "the data are one array: Tensor([1.0, 2.0]), and of a shape Tensor(np.zeros((2, 3)))"
    return TypeError(f"Tensor: {said.rstrip('.')}.")


def refuse_arguments(called: str, x: Any, other: Mapping[str, Any]) -> TypeError:
    """Give the error for arguments of a method of a tensor that the method has not."""
    name = next(iter(other))
    place, said = made_at([x]), say_argument(other, ()) or " The arguments are those of NumPy's method."
    made = f" {place}." if place else ""
    return TypeError(f"{called} of {describe(x)}:{x.shape}: there is no argument {name!r}.{said}{made}")
