"""Callbacks and schedules against the same epochs written out in NumPy."""

import math
import signal

import numpy as np
import pytest

from minigrad import callbacks, data, losses, nn, optim
from minigrad.callbacks import CosineDecay, EarlyStopping, LearningRateScheduler, ReduceLROnPlateau, StepDecay, WarmUp
from minigrad.optim import SGD
from minigrad.training import DivergenceError, fit
from tests.training_by_hand import T, X, draws, line, sum_of_squares

X_TEST, T_TEST = draws.normal(size=(7, 3)), draws.normal(size=(7, 2))


def descend(model, rates, batch_size=None, rng=None):
    """Gradient descent with a rate for each update of each epoch; W, b and the test loss after each epoch."""
    W, b, states = model.W.data.copy(), model.b.data.copy(), []
    for epoch in rates:
        for (x, t), eta in zip(data.batches(X, T, batch_size, rng), epoch, strict=True):
            delta = x @ W + b - t
            W -= eta * x.T @ delta
            b -= eta * delta.sum(axis=0)
        states.append((W.copy(), b.copy(), 0.5 * ((X_TEST @ W + b - T_TEST) ** 2).sum() / 7))
    return states


def train(model, epochs, *given, batch_size=None, lr=0.02, rng=None, validation=(X_TEST, T_TEST), **more):
    optimizer = SGD(model.parameters(), lr)
    history = fit(
        model, sum_of_squares, optimizer, (X, T), epochs, batch_size,
        validation=validation, progress=False, rng=rng, callbacks=given, **more,
    )  # fmt: skip
    return history, optimizer


# Early stopping


@pytest.mark.parametrize("restore", [True, False])
@pytest.mark.parametrize("patience", [0, 2, 5])
def test_early_stopping_by_hand(restore, patience):
    states = descend(line(), [[0.02]] * 60)
    values = [state[2] for state in states]
    best, stop = 0, None
    for epoch, value in enumerate(values):
        if epoch and value < values[best]:
            best = epoch
        elif epoch and epoch - best >= patience:
            stop = epoch
            break
    assert stop is not None
    model, stopping = line(), EarlyStopping(patience=patience, restore_best_weights=restore)
    history, _ = train(model, 60, stopping)
    assert len(history.loss) == stop + 1
    assert stopping.best_epoch == best + 1
    np.testing.assert_allclose(stopping.best, values[best])
    W, b, _ = states[best if restore else stop]
    np.testing.assert_allclose(model.W.data, W)
    np.testing.assert_allclose(model.b.data, b)


def test_early_stopping_watches_what_is_to_rise_and_counts_only_real_gains():
    values = iter([0.5, 0.6, 0.61, 0.62, 0.7, 0.7, 0.7, 0.7, 0.7])
    stopping = EarlyStopping("score", patience=3, min_delta=0.05, mode="max")
    history, _ = train(line(), 20, stopping, metrics={"score": lambda y, t: next(values)}, validation=None)
    assert stopping.best == 0.7
    assert (stopping.best_epoch, len(history.loss)) == (5, 8)


def test_a_callback_begins_anew_with_each_training():
    stopping = EarlyStopping(patience=1)
    first, second = (train(line(), 60, stopping)[0].loss for _ in range(2))
    assert first == second


def test_best_weights_are_kept_with_buffers():
    norm = nn.BatchNorm(3)
    model = nn.Sequential(norm, line())
    seen = []
    stopping = EarlyStopping(patience=2)
    train(model, 40, stopping, lambda training: seen.append([b.data.copy() for b in norm.buffers()]))
    for buffer, wanted in zip(norm.buffers(), seen[stopping.best_epoch - 1], strict=True):
        np.testing.assert_array_equal(buffer.data, wanted)


# Schedules: t counts epochs; three batches an epoch

EPOCHS, BATCHES = 8, 3
SCHEDULES = {
    "steps": ([StepDecay(3, 0.5)], lambda e, k: 0.5 ** (e // 3)),
    "cosine": ([CosineDecay()], lambda e, k: 0.5 * (1 + math.cos(math.pi * (e + k / 3) / 8))),
    "short cosine": (
        [CosineDecay(4, lr_min=0.002)],
        lambda e, k: 0.1 + 0.45 * (1 + math.cos(math.pi * min(1, (e + k / 3) / 4))),
    ),
    "warm-up": ([WarmUp(2)], lambda e, k: min(1, (e + (k + 1) / 3) / 2)),
    "warm-up from a tenth": ([WarmUp(2, start=0.1)], lambda e, k: 0.1 + 0.9 * min(1, (e + (k + 1) / 3) / 2)),
    "warm-up, then cosine": (
        [WarmUp(2), CosineDecay()],
        lambda e, k: min(1, (e + (k + 1) / 3) / 2) * 0.5 * (1 + math.cos(math.pi * (e + k / 3) / 8)),
    ),
    "a function": ([LearningRateScheduler(lambda epoch, lr: lr / epoch)], lambda e, k: 1 / (e + 1)),
}


@pytest.mark.parametrize(("schedules", "factor"), SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("compile", [False, "numpy", "native"], ids=["eager", "numpy", "native"])
def test_schedules_by_hand(schedules, factor, compile):
    rates = [[0.02 * factor(e, k) for k in range(BATCHES)] for e in range(EPOCHS)]
    states = descend(line(), rates, 4, np.random.default_rng(3))
    model = line()
    history, optimizer = train(model, EPOCHS, *schedules, batch_size=4, rng=3, compile=compile)
    np.testing.assert_allclose(model.W.data, states[-1][0], rtol=1e-10)
    np.testing.assert_allclose(history.validation_loss, [state[2] for state in states], rtol=1e-10)
    np.testing.assert_allclose(history.lr, [epoch[-1] for epoch in rates], rtol=1e-14)
    assert optimizer.lr == 0.02  # as it was


def test_a_plateau_by_hand():
    """The test loss, rounded so that it rests now and then, drives the rate; the rate drives it."""
    model, rates, best, best_epoch, since, scale = line(), [], math.inf, 0, 0, 1.0
    W, b = model.W.data.copy(), model.b.data.copy()
    for epoch in range(1, 41):
        rates.append(max(0.02 * scale, 0.001))
        delta = X @ W + b - T
        W, b = W - rates[-1] * X.T @ delta, b - rates[-1] * delta.sum(axis=0)
        value = 0.5 * ((X_TEST @ W + b - T_TEST) ** 2).sum() / 7
        if best - value > 0.01:
            best, best_epoch = value, epoch
        elif epoch - max(best_epoch, since) >= 2:
            scale, since = scale * 0.3, epoch + 1
    reduced = ReduceLROnPlateau(factor=0.3, patience=2, min_delta=0.01, cooldown=1, lr_min=0.001)
    history, _ = train(line(), 40, reduced)
    np.testing.assert_allclose(history.lr, rates)
    assert len(set(rates)) > 2


# Callbacks of one's own


def test_moments_come_in_order_and_see_how_far_the_training_is():
    told = []

    class Telling:
        def __init__(self, name):
            self.name = name

        def tell(self, training, moment):
            told.append((self.name, moment, training.epoch, training.batch, training.batches))

    for moment in callbacks.base.MOMENTS:
        setattr(Telling, moment, lambda self, training, moment=moment: self.tell(training, moment))
    train(line(), 1, Telling("a"), batch_size=6)
    steps = [("train_begin", 0, 0), ("epoch_begin", 1, 0)]
    steps += [(f"batch_{end}", 1, batch) for batch in (1, 2) for end in ("begin", "end")]
    steps += [("epoch_end", 1, 2), ("train_end", 1, 2)]
    assert told == [("a", f"on_{moment}", epoch, batch, 2) for moment, epoch, batch in steps]


def test_a_function_is_called_after_each_epoch_and_may_stop():
    seen = []

    def watch(training):
        seen.append((training.epoch, training.latest("loss")))
        if training.epoch == 3:
            training.stop()

    history, _ = train(line(), 9, watch)
    assert seen == list(zip((1, 2, 3), history.loss, strict=True))
    assert not history.interrupted


def test_what_a_callback_raises_ends_the_training_in_order():
    model = nn.Sequential(line(), nn.Dropout(0.5, 0))
    optimizer = SGD(model.parameters(), 0.02)

    def fail(training):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fit(model, sum_of_squares, optimizer, (X, T), 3, progress=False, callbacks=[CosineDecay(), fail])
    assert optimizer.lr == 0.02
    assert not model.layers[1].training


def test_the_flow_of_gradients_is_measured_and_moves_nothing():
    def make():
        return nn.Sequential(nn.Linear(3, 4, 0), np.tanh, nn.Dropout(0.5, 3), nn.Linear(4, 2, 1))

    model, alone = make(), make()
    flow = callbacks.GradientFlow(sum_of_squares, X, T, every=2)
    history, _ = train(model, 5, flow, batch_size=4, rng=1)
    plain, _ = train(alone, 5, batch_size=4, rng=1)
    assert history.loss == plain.loss
    assert list(flow.sizes) == [0, 2, 4]
    fresh = make()
    fresh.eval()
    W1, b1, W2, b2 = (p.data for p in fresh.parameters())
    y = np.tanh(X @ W1 + b1)
    last = y @ W2 + b2 - T
    first = last @ W2.T * (1 - y**2)
    np.testing.assert_allclose(flow.sizes[0], [np.sqrt((d**2).mean()) for d in (first, last)])
    again = callbacks.GradientFlow(sum_of_squares, X, T)
    again.load_state_dict(flow.state_dict())
    assert again.sizes == flow.sizes


# Ctrl-C


def test_ctrl_c_leaves_the_best_weights():
    states = descend(line(), [[0.02]] * 60)
    values = [state[2] for state in states]
    best = values.index(min(values))

    def press(training):
        if training.epoch == best + 3:
            signal.raise_signal(signal.SIGINT)

    model = line()
    history, _ = train(model, 60, EarlyStopping(patience=50), press)
    assert history.interrupted
    assert len(history.loss) == best + 3  # the epoch was finished, and is in the history
    np.testing.assert_allclose(model.W.data, states[best][0])


def test_ctrl_c_waits_until_weights_are_whole():
    class Pressing(EarlyStopping):
        def on_train_end(self, training):
            signal.raise_signal(signal.SIGINT)
            super().on_train_end(training)

    model, wanted = line(), line()
    history, _ = train(model, 60, Pressing(patience=2))
    train(wanted, 60, EarlyStopping(patience=2))
    assert history.interrupted
    np.testing.assert_array_equal(model.W.data, wanted.W.data)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# Clipping


@pytest.mark.parametrize("compile", [False, "numpy", "native"], ids=["eager", "numpy", "native"])
@pytest.mark.parametrize(("norm", "value"), [(1.5, None), (None, 0.4), (1.0, 0.5)], ids=["norm", "value", "both"])
def test_clipping_by_hand(norm, value, compile):
    model = line()
    W, b = model.W.data.copy(), model.b.data.copy()
    for _ in range(12):
        delta = X @ W + b - T
        gradients = [X.T @ delta, delta.sum(axis=0)]
        if value is not None:
            gradients = [np.maximum(np.minimum(g, value), -value) for g in gradients]
        length = math.sqrt(sum((g**2).sum() for g in gradients))
        if norm is not None and length > norm:
            gradients = [g * (norm / length) for g in gradients]
        W, b = W - 0.02 * gradients[0], b - 0.02 * gradients[1]
    train(model, 12, clip_norm=norm, clip_value=value, compile=compile)
    np.testing.assert_allclose(model.W.data, W, rtol=1e-12)
    np.testing.assert_allclose(model.b.data, b, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_a_norm_is_that_of_all_gradients_at_any_size(dtype, size):
    from_3_4 = [nn.Linear(1, 1, 0, dtype=dtype).W for _ in range(2)]
    for p, g in zip(from_3_4, (3, 4), strict=True):
        p.grad = type(p)(np.full((1, 1), g * size, dtype))
    assert optim.clip_norm(from_3_4, 10 * size) == pytest.approx(5 * size, rel=1e-6)
    assert [p.grad.item() for p in from_3_4] == pytest.approx([3 * size, 4 * size])
    optim.clip_norm(from_3_4, size)
    assert [p.grad.item() for p in from_3_4] == pytest.approx([0.6 * size, 0.8 * size])
    assert from_3_4[0].grad.dtype == dtype
    huge = optim.clipping.measure_norm([np.array([3e200, 4e200])])
    assert huge == pytest.approx(5e200)
    assert optim.clipping.measure_norm([np.array([3e-200, 4e-200])]) == pytest.approx(5e-200)
    assert optim.clipping.measure_norm([np.zeros(3)]) == 0


def test_a_gradient_that_is_not_finite_is_told_before_it_is_clipped():
    model = line()
    with np.errstate(all="ignore"), pytest.raises(DivergenceError):
        fit(
            model, sum_of_squares, SGD(model.parameters(), 1e160), (X, T), 20, progress=False,
            clip_norm=1e300, clip_value=1e300,
        )  # fmt: skip


# Errors, before anything is trained

WRONG = [
    ([EarlyStopping], TypeError, r"callbacks\[0\] is the class EarlyStopping; make one"),
    ([3], TypeError, r"callbacks\[0\] is the int 3; a callback is a function of the training, or has some of"),
    ("stop", TypeError, "callbacks must be a list, not the str 'stop'"),
    ([EarlyStopping("score", mode="max")], ValueError, "'score' is not measured.*: loss, validation_loss"),
    ([EarlyStopping("val_loss")], ValueError, "'val_loss' is not measured; give monitor='validation_loss', or watch"),
    ([EarlyStopping("accuracy")], ValueError, "'accuracy' is not measured; the targets are no classes of the outputs"),
    ([lambda: None], TypeError, "is called with one argument, the training: too many positional arguments; write def"),
    ([EarlyStopping("validation_accuracy")], ValueError, "'validation_accuracy' is not measured"),
    ([type("Own", (), {"on_epoch_ended": print})()], TypeError, r"on_epoch_ended\(\), which is never.* on_epoch_end"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "error", "message"), WRONG)
def test_a_wrong_callback_is_told_before_the_first_epoch(given, error, message):
    model = line()
    before = model.W.data.copy()
    with pytest.raises(error, match=message):
        fit(
            model, sum_of_squares, SGD(model.parameters(), 0.1), (X, T), 3, validation=(X, T), progress=False,
            callbacks=given,
        )  # fmt: skip
    np.testing.assert_array_equal(model.W.data, before)


def test_a_model_without_parameters_cannot_be_saved(tmp_path):
    model = line()
    keeping = callbacks.ModelCheckpoint(tmp_path / "net.npz")
    with pytest.raises(TypeError, match=r"ModelCheckpoint: the model must have parameters\(\)"):
        fit(
            lambda x: model(x),
            sum_of_squares,
            SGD(model.parameters(), 0.1),
            (X, T),
            1,
            progress=False,
            callbacks=[keeping],
        )
    assert not list(tmp_path.iterdir())


def test_batches_that_are_not_counted_leave_the_rate_alone_within_an_epoch():
    def deal():
        return data.batches(X, T, 4)

    class Own:
        def on_batch_end(self, training):
            rates.append(training.optimizer.lr)

    model = line()
    rates = []
    history = fit(
        model, sum_of_squares, SGD(model.parameters(), 0.02), deal, 4, progress=False,
        callbacks=[CosineDecay(), Own()],
    )  # fmt: skip
    wanted = [0.01 * (1 + math.cos(math.pi * epoch / 4)) for epoch in range(4)]
    np.testing.assert_allclose(history.lr, wanted)
    np.testing.assert_allclose(rates, np.repeat(wanted, 3))


def test_no_validation_says_so():
    with pytest.raises(ValueError, match=r"'validation_loss' is not measured; give fit validation=\(X, T\), or watch"):
        train(line(), 3, EarlyStopping(), validation=None)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: EarlyStopping(patience=-1), ValueError, "EarlyStopping: patience must be 0 or more"),
        (lambda: EarlyStopping("score"), ValueError, "is 'score' to fall or to rise\\? Give mode='min' or mode='max'"),
        (lambda: EarlyStopping(mode="best"), ValueError, "mode must be one of 'auto', 'min', 'max', not 'best'"),
        (lambda: EarlyStopping(3), TypeError, "monitor must be a name"),
        (lambda: EarlyStopping(patienc=3), TypeError, "Did you mean patience"),
        (lambda: StepDecay(0), ValueError, "StepDecay: every must be 1 or more"),
        (lambda: StepDecay(3, 0), ValueError, "StepDecay: factor must be more than 0"),
        (lambda: CosineDecay(lr_min=-1), ValueError, "CosineDecay: lr_min must be a finite number, 0 or more"),
        (lambda: WarmUp(0), ValueError, "WarmUp: epochs must be more than 0"),
        (lambda: LearningRateScheduler(0.1), TypeError, "f must be a function of epoch and lr, not the float 0.1"),
        (lambda: ReduceLROnPlateau(factor=2), ValueError, "factor must be at least 0 and less than 1"),
        (lambda: callbacks.ModelCheckpoint(3), TypeError, "path must be the name of a file"),
        (lambda: callbacks.StepLR, AttributeError, r"It is callbacks.StepDecay\(every, factor\)"),
        (lambda: callbacks.EarlyStoping, AttributeError, "Did you mean EarlyStopping"),
        (lambda: optim.clip_grad_norm_, AttributeError, r"It is optim.clip_norm\(optimizer.params, most\)"),
        (lambda: optim.clip_norm(line().parameters(), 0), ValueError, "clip_norm: most must be more than 0"),
        (lambda: optim.clip_value(line().W, 1.0), TypeError, "params must be a list of Tensors.*optimizer.params"),
        (lambda: train(line(), 1, clip_norm=0), ValueError, "fit: clip_norm must be more than 0"),
        (lambda: train(line(), 1, clip_value="1"), TypeError, "clip_value must be a number.*write clip_value=1"),
    ],
)
def test_wrong_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


# All of it at once, on irises


def iris_run(compile):
    X, labels = data.iris()
    X, *_ = data.standardize(X)
    X, T, X_test, T_test = data.split(X, data.one_hot(labels, 3), test=0.5, rng=0)
    model = nn.MLP((4, 10, 3), "tanh", output="identity", rng=0)
    stopping = EarlyStopping(patience=8)
    history = fit(
        model,
        losses.softmax_cross_entropy,
        optim.Adam(model.parameters(), lr=0.02),
        (X, T),
        epochs=60,
        batch_size=16,
        validation=(X_test, T_test),
        progress=False,
        rng=0,
        compile=compile,
        callbacks=[stopping, WarmUp(3), CosineDecay()],
        clip_norm=1.0,
        class_weight={0: 1.0, 1: 2.0, 2: 2.0},
    )
    return model, history, stopping


@pytest.mark.parametrize("backend", [True, "native"])
def test_early_stopping_cosine_clipping_and_class_weights_eager_and_compiled(backend):
    model, history, stopping = iris_run(False)
    again, compiled, other = iris_run(backend)
    assert stopping.best_epoch == other.best_epoch
    assert len(history.loss) < 60
    assert max(history.validation_accuracy) > 0.93
    for name in ("loss", "accuracy", "validation_loss", "validation_accuracy", "lr"):
        np.testing.assert_allclose(history.values(name), compiled.values(name), rtol=1e-9)
    for p, q in zip(model.parameters(), again.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-8, atol=1e-12)
