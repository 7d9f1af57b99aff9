"""Assignment in place, ``x[i] = v``, ``x[i] += v``, ``y *= 3``, through views: NumPy's values, and their gradients."""

import gc
import tracemalloc

import numpy as np
import pytest

from minigrad import Tensor, checkpoint, compile, derive, grad, jacobian, memory_report, no_grad, value_and_grad, vmap
from minigrad.engine.node import Node
from minigrad.engine.writing.views import find_base
from tests.composed_samples import COMPOSED_SAMPLES
from tests.fuzz import assigning, layouts
from tests.fuzz.assigning import X, slopes
from tests.samples import SAMPLES


def recurrence(x):
    y = np.zeros_like(x)
    for i in range(4):
        y[i] = x[i] * (y[i - 1] if i else 1.0)
    return np.sum(y**2)


def through_a_view(x):
    y = x[:2]
    y *= 3
    return (x**2).sum()


def readers_of_before(x):
    before = (x**3).sum()
    x[1:] += x[:-1]
    between = (x**2).sum()
    x[:] = x[::-1] * x[0]
    return before + between * x[1]


def views_of_views(x):
    m = np.reshape(x * 1.0, (2, 2))
    t = m.T
    t[0] = m[1] * 2
    column = m[:, 1]
    column *= t[1]
    return np.sum(m * t) + np.sum(column**2)


def by_lists_and_masks(x):
    y = x * 2
    y[[0, 0, 2]] = x[[1, 2, 3]]
    y[y > 1.5] = x[0]
    y[np.array([True, False, True, False])] += 1
    y[1:3] = [x[0], 0.5]
    y[[]] = 3.0
    return np.sum(np.concatenate([[0.5], y, [2.0]]) ** 2)


def of_columns(x):
    m = np.outer(x, x)
    m[:, 0] = x**2
    m[1:3, 1:3] *= m[0, 0]
    m[..., -1] -= 1
    m[None, 0] = x[::-1]
    return np.sum(np.sin(m))


def of_scalars(x):
    s = x[0] * x[1]
    y, z = np.atleast_1d(s), np.reshape(x[2], (1, 1))
    y[0] *= x[3]
    z[0] = y
    return s * np.sum(y) + np.sum(z) * x[2]


def by_functions(x):
    y = x * 1.0
    np.copyto(y, x * x, where=np.array([True, False, True, False]))
    np.put(y, [0, -1], x[1:3])
    np.place(y, np.array([0, 1, 1, 0]), [2.0, 3.0])
    np.putmask(y, np.array([False, True, False, False]), x * x)
    np.add.at(y, [0, 0, 3], x[1:])
    np.subtract.at(y, 1, x[0])
    m = np.reshape(x * 1.0, (2, 2))
    np.fill_diagonal(m, y[:2])
    np.put_along_axis(m, np.array([[1], [0]]), np.reshape(y[2:], (2, 1)), 1)
    return np.sum(y**3) + np.sum(m**3)


FUNCTIONS = [
    *(recurrence, through_a_view, readers_of_before, views_of_views, by_lists_and_masks, of_columns),
    *(of_scalars, by_functions),
]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_a_function_that_assigns_is_differentiated_as_it_stands(f):
    x, wanted = X.copy(), slopes(f)
    value, gradient = value_and_grad(f)(x)
    np.testing.assert_array_equal(x, X)  # the gradient's caller keeps the argument
    np.testing.assert_allclose(value, f(X.copy()), rtol=1e-14)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-7, atol=1e-8)
    second = slopes(lambda x: (grad(f)(x) * X).sum())
    np.testing.assert_allclose(grad(lambda x: (grad(f)(x) * X).sum())(X), second, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(jacobian(f)(X), wanted, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(vmap(grad(f))(np.stack([2 * X, X]))[1], gradient, rtol=1e-12)
    for backend in ("numpy", "native"):
        np.testing.assert_allclose(compile(grad(f), backend=backend)(X), gradient, rtol=1e-12)
    np.testing.assert_allclose(grad(compile(lambda x: f(np.copy(x))))(X), gradient, rtol=1e-12)
    np.testing.assert_allclose(grad(checkpoint(lambda x: f(np.copy(x))))(X), gradient, rtol=1e-12)


@pytest.mark.parametrize("seed", range(60))
def test_random_functions_that_assign(seed):
    assert assigning.check_assignments(seed, compiled=seed % 6 == 0) is None


@pytest.mark.parametrize("seed", [*range(12), 423, 479, 606, 607, 58002431, 58100621])  # these six found a mistake once
def test_random_assignments_to_arrays_that_lie_in_every_way(seed):
    assert layouts.check_layouts(seed) is None


def test_the_fuzzer_finds_an_assignment_that_is_lost(monkeypatch):
    monkeypatch.setattr(Tensor, "__setitem__", lambda self, key, value: None)
    found = next(filter(None, map(assigning.check_assignments, range(20))))
    assert 2 <= len(found.splitlines()) <= 8


def several(y):
    return list(y) if isinstance(y, list | tuple) else [y]


def find_root(t):
    while (found := find_base(t)) is not None:
        t = found[0]
    return t


@pytest.mark.filterwarnings("ignore:future versions will not create:FutureWarning")
@pytest.mark.parametrize("row", [row for row in (*SAMPLES, *COMPOSED_SAMPLES) if row.shapes], ids=str)
def test_what_numpy_copies_is_no_view_and_what_it_shows_is_one(row):
    """Of a result that can be written to: whether its first operand would change with it."""
    arrays = row.arrays()
    with np.errstate(all="ignore"):
        wanted = several(row.numpy(*arrays))
        for requires_grad in (True, False):
            leaves = [Tensor(np.array(x), requires_grad=requires_grad) for x in arrays]
            for y, w in zip(several(row.call(*leaves)), wanted, strict=True):
                if not (isinstance(y, Tensor) and isinstance(w, np.ndarray) and w.size and w.flags.writeable):
                    continue
                shown = find_root(y) is leaves[0] if requires_grad else np.shares_memory(y.array, leaves[0].array)
                assert shown == np.shares_memory(w, arrays[0]), row


def test_a_buffer_of_constants_takes_what_is_recorded():
    w = Tensor([2.0, 3.0], requires_grad=True)
    buffer = Tensor(np.zeros((2, 2)))
    row = buffer[1]
    buffer[0] = w
    row[0] = w[1] ** 2
    assert buffer.requires_grad
    assert row.requires_grad
    (buffer**2).sum().backward()
    np.testing.assert_allclose(w.grad.data, [4, 6 + 4 * 27])
    given = np.zeros(2)
    t = Tensor(given)
    t[0] = w[0]
    np.testing.assert_array_equal(given, 0)  # an array of the user's can hold no record


def test_gradients_come_to_what_was_read():
    w = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = np.exp(w)
    z = y[:2]
    first = (z * y[1]).sum()
    y[0] = 5.0
    z *= 2
    second = (y * w).sum()
    second.backward()
    e = np.exp([1.0, 2.0, 3.0])
    np.testing.assert_allclose(w.grad.data, [10, 2 * e[1] * (1 + 2), e[2] * (1 + 3)])
    w.grad = None
    first.backward()
    np.testing.assert_allclose(w.grad.data, [e[0] * e[1], e[0] * e[1] + 2 * e[1] ** 2, 0])


def test_no_nan_comes_back_from_what_was_overwritten():
    def f(x):
        y = np.sqrt(x)
        y[x <= 0] = 0.0
        return y.sum()

    with np.errstate(invalid="ignore", divide="ignore"):
        np.testing.assert_array_equal(grad(f)(np.array([4.0, 0.0, -1.0])), [0.25, 0, 0])


def test_a_formula_says_so():
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    y = np.exp(w)
    y[0] = 3.0
    derivation = derive((y**2).sum())
    derivation.check()
    assert derivation.to_text().splitlines()[-1].startswith("∂E/∂w = ")
    y = w * 2
    y[:] = w * w
    assert derive(y.sum()).to_text().splitlines()[-1] == "∂E/∂w = 2 w"


@pytest.mark.parametrize(
    ("assign", "error", "message"),
    [
        (lambda w, y: w.__setitem__(0, 1.0), TypeError, r"w\[…\] = …: w requires a gradient.*test_assignment\.py:"),
        (lambda w, y: w[:1].__imul__(2), TypeError, r"index\(w\).*w requires a gradient.*v = w\.copy\(\)"),
        (lambda w, y: y.__setitem__(0, np.ones(3)), ValueError, r"assign.*do not broadcast.*w was made at"),
        (lambda w, y: y.__setitem__(7, 1.0), IndexError, "index 7 is out of bounds"),
        (lambda w, y: y.__setitem__(0, 1j), TypeError, "complex128, would be cut"),
        (
            lambda w, y: Tensor(np.zeros(2, int)).__setitem__(0, w[0]),
            TypeError,
            r"int64.*float64, would be cut.*astype",
        ),
        (lambda w, y: y.__setitem__(0, None), TypeError, "not None"),
        (lambda w, y: (y * 1j).imag.__setitem__(0, 1.0), TypeError, r"imag of a tensor is not assigned to.*1j \* b"),
        (lambda w, y: np.broadcast_to(y, (2, 2)).__setitem__(0, 1.0), ValueError, "read-only"),
        (lambda w, y: np.zeros(2).__setitem__(0, w[0]), ValueError, "array element"),
    ],
)
def test_what_cannot_be_assigned(assign, error, message):
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    with pytest.raises(error, match=message):
        assign(w, w * 2)
    np.testing.assert_array_equal(w.data, [1, 2])


def test_an_assignment_that_fails_leaves_all_as_it_was():
    def f(x):
        y = x * x
        z = y[1:]
        for bad in (
            lambda: y.__setitem__(0, z * y[:2]),
            lambda: z.__iadd__(np.outer(y, z)),
            lambda: x.__imul__(1j * y),
        ):
            with pytest.raises((TypeError, ValueError)):
                bad()
        kept = (z * x[1:]).sum()
        y[0] = z[0]
        return kept + (y**3).sum()

    def by_hand(x):
        y = x * x
        return (y[1:] * x[1:]).sum() + 2 * y[1] ** 3 + y[2] ** 3 + y[3] ** 3

    np.testing.assert_allclose(grad(f)(X.copy()), slopes(by_hand), rtol=1e-7, atol=1e-8)


def test_inside_no_grad_a_result_is_not_changed_behind_its_record():
    y = Tensor([1.0, 2.0], requires_grad=True) * 2
    with no_grad(), pytest.raises(TypeError, match="behind its record's back"):
        y[0] = 1.0


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("indices", [(np.array(1), np.array(-1)), (np.array([1, 1, 3]), np.array([2, 3, 2]))])
def test_indices_that_are_arguments_name_what_is_assigned_to(indices, backend):
    """Of elements that are named twice the last counts, in value and gradient."""

    def f(x, i):
        y = np.copy(x)
        y[i] = x[i] ** 2 * np.arange(1.0, 1 + np.size(i)).reshape(np.shape(i))
        y[i] += 0.5
        return (y**3).sum()

    step, lanes = compile(value_and_grad(f), backend=backend), vmap(grad(f))
    for i in indices:
        value, gradient = step(X, i)
        np.testing.assert_allclose(value, f(X, i))
        np.testing.assert_allclose(gradient, slopes(lambda x, i=i: f(x, i)), rtol=1e-6, atol=1e-8)
    rows = lanes(np.stack([X, X]), np.stack(indices))
    np.testing.assert_allclose(rows, [grad(f)(X, i) for i in indices], rtol=1e-13)
    with pytest.raises(IndexError, match=r"out of bounds"):
        step(X, indices[0] * 0 + 9)


@pytest.mark.parametrize("take", [Tensor.detach, lambda y: y.data])
def test_what_was_taken_before_an_assignment_keeps_the_elements_of_then(take):
    """In every way in which y may change: by an element, through a view, as a whole; asked again it has new ones."""
    for change in (lambda y: y.__setitem__(1, 9.0), lambda y: y[1:].__setitem__(..., 9.0), lambda y: y.__imul__(2)):
        y = Tensor(X, requires_grad=True) * 2
        rows = [(take(y), y), (take(part := y[1:]), part)]
        kept = [np.array(taken) for taken, _ in rows]
        change(y)
        for (taken, of), before in zip(rows, kept, strict=True):
            np.testing.assert_array_equal(taken, before)
            np.testing.assert_array_equal(take(of), of.data)
            assert not np.array_equal(of.data, before)


def test_no_warning_comes_of_what_a_mask_does_not_choose():
    """Nor a NaN, into the gradient: √, log and 1/√(1 − x²) see ½ there."""

    def f(x):
        y = np.zeros_like(x)
        y[x > 0] = np.sqrt(x[x > 0]) / np.log(x[x > 0] + 1) ** 0.5
        return (y**2).sum() + np.mean(np.arccos(x[np.abs(x) < 0.95]))

    with np.errstate(all="raise"):
        for way in (grad, lambda f: compile(grad(f)), lambda f: lambda x: vmap(grad(f))(x[None])[0]):
            np.testing.assert_allclose(way(f)(X), slopes(f), rtol=1e-6, atol=1e-8)


def test_indices_must_be_whole_numbers():
    def f(x, i):
        y = np.copy(x)
        y[i] = 1.0
        return y

    with pytest.raises(IndexError, match="whole numbers, not of float64"):
        compile(f)(X, np.array([1.0]))
    with pytest.raises(TypeError, match="a mask beside other indices"):
        compile(lambda x, m: f(np.outer(x, x), (m, np.argmax(x))))(X, X > 0)


def test_a_loop_that_writes_over_a_buffer_holds_no_past():
    """Each turn's record is freed with the next, without the collector."""
    w = Tensor([1.0, 2.0], requires_grad=True)
    buffer = Tensor(np.zeros(2)) + w * 0
    gc.collect()
    gc.disable()
    try:
        counts = []
        for i in range(12):
            buffer[...] = w * float(i)
            E = (buffer**2).sum()
            E.backward()
            counts.append(sum(type(x) is Tensor for x in gc.get_objects()))
    finally:
        gc.enable()
    assert max(counts[6:]) <= max(counts[:6])


def trajectory(x, turns):
    y = Tensor(np.zeros((turns, x.size)))
    y[0] = x
    for t in range(turns - 1):
        y[t + 1] = y[t] + 0.1 * np.sin(y[t]) * x
    return y


def test_a_loop_that_fills_an_array_holds_it_once():
    """And each turn's record what that has read, which comes to the array once more; not a copy of it for each turn."""

    def held(turns):
        tracemalloc.start()
        y = trajectory(Tensor(np.linspace(0.1, 1, 50), requires_grad=True) * 1, turns)
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size / y.array.nbytes

    assert held(200) < 1.3 * held(50)


def test_what_has_been_written_over_is_there_for_those_who_look():
    w = Tensor(np.array([0.5, -1.0]), requires_grad=True, name="w")
    y = trajectory(w * 1, 4)
    E = (y**2).sum()
    values = derive(E).graph.values
    for node, value in values.items():
        if node.op is not None and all(x in values for x in node.inputs if isinstance(x, Node)):
            known = [values[x] if isinstance(x, Node) else x for x in node.inputs]
            np.testing.assert_allclose(value, node.op.forward(*known), rtol=1e-12)
    derive(E).check()
    assert memory_report(E).bytes > y.array.nbytes


def test_what_reads_all_of_it_keeps_it():
    w = Tensor(np.array([0.5, -1.0, 2.0]), requires_grad=True)
    y = Tensor(np.zeros(3))
    y[0] = w[0] ** 2
    total = (y * w).sum()
    y[1] = w[1] * y[0]
    kept, named = y * y, y[:2]
    y[0] = 3.0
    (total + kept.sum() + (named * w[:2]).sum()).backward()
    a, b, _ = w.data
    by_hand = [3 * a**2 + 4 * a**3 + 4 * a**3 * b**2 + 3 + 2 * a * b**2, 2 * b * a**4 + 2 * b * a**2, 0]
    np.testing.assert_allclose(w.grad.data, by_hand)


def by_masks_with_values(x):
    m = np.outer(x, x)
    m[m < 0] *= x[0]
    m[x > 0] += x
    m[m > 0.5] = np.sin(m[m > 0.5])
    return np.sum(np.sin(m) * np.arange(16).reshape(4, 4))


def lists_into_constants(x):
    y = np.zeros_like(x, shape=(3, 2))
    y[:] = [[x[0], 1.0], [2.0, x[1]], [x[2], x[3]]]
    y[0] = (x[1], x[2] * 2)
    return np.sum(y**2)


def diagonals_are_views(x):
    m = np.outer(x, x)
    diagonals = np.diagonal(m), m[1:].diagonal(), np.diag(m, 2), np.linalg.diagonal(m[:2], offset=-1)
    m[0] = x**2
    m[:, 2] *= x[0]
    return sum(np.sum(np.sin(d)) for d in diagonals)


@pytest.mark.parametrize("f", [by_masks_with_values, lists_into_constants, diagonals_are_views])
def test_a_gradient_comes_through_what_numpy_does(f):
    value, gradient = value_and_grad(f)(X.copy())
    np.testing.assert_allclose(value, f(X.copy()), rtol=1e-14)
    np.testing.assert_allclose(gradient, slopes(f), rtol=1e-7, atol=1e-8)


def test_a_mask_that_is_not_known_takes_no_values_one_by_one():
    """NumPy gives the first of them to the first place that the mask chooses, and so on; not each to its own place."""

    def f(x):
        m = np.outer(x, x + 1)
        m[m > 0.5] = x
        return m

    for call in (lambda: compile(f)(X), lambda: vmap(f)(np.stack([X, X]))):
        with pytest.raises(TypeError, match=r"how many elements the mask chooses.*np\.where\(mask, v, x\)"):
            call()


@pytest.mark.parametrize("way", [grad, lambda f: compile(grad(f)), lambda f: lambda x: vmap(grad(f))(x[None])[0]])
def test_windows_see_what_is_assigned_later(way):
    """To the array that they are of, and through other views of it; NumPy lets nobody write to them."""

    def f(x):
        y = np.outer(x, x + 1)
        windows = np.lib.stride_tricks.sliding_window_view(y, (2, 3))
        before = (windows**2).sum()
        y[1, 2] = x[0]
        y.T[0] *= 3
        return before + (windows * np.cos(np.arange(36.0)).reshape(windows.shape)).sum()

    np.testing.assert_allclose(way(f)(X.copy()), slopes(f), rtol=1e-7, atol=1e-8)
    windows = np.lib.stride_tricks.sliding_window_view(Tensor(X, requires_grad=True) * 2, 2)
    with pytest.raises(ValueError, match="read-only"):
        windows[0] = 1.0


def test_an_index_from_outside_is_read_at_each_call_of_compiled_code():
    i = Tensor(np.array([0, 1]))
    read = compile(lambda x: x[i] * 2)
    np.testing.assert_array_equal(read(X), X[[0, 1]] * 2)
    i.data = np.array([3, 3])
    np.testing.assert_array_equal(read(X), X[[3, 3]] * 2)


@pytest.mark.parametrize("assign", [lambda y, x: y.__setitem__(0, x[1]), lambda y, x: y[:1].__iadd__(x[1])])
def test_what_all_lanes_share_is_not_made_another_in_each(assign):
    shared = Tensor(np.zeros(2))

    def f(x):
        assign(shared, x)
        return shared.sum()

    for mapped in (vmap(f), vmap(grad(f)), vmap(no_grad()(f))):
        with pytest.raises(TypeError, match=r"same in all lanes.*np\.zeros_like\(x, shape=…\)"):
            mapped(np.ones((3, 2)))
        np.testing.assert_array_equal(shared.data, [0, 0])


def test_a_diagonal_is_for_reading_alone():
    m = Tensor(np.ones((2, 2)), requires_grad=True) * 2
    for x in (m, m.detach()):
        with pytest.raises(ValueError, match="read-only"):
            np.diagonal(x)[0] = 3.0


def test_a_tensor_that_a_compiled_function_makes_begins_anew_in_each_call():
    def f(x):
        y = Tensor(np.zeros(4))
        seen = y[1:]
        y[0] += x[1]
        y[1:] += x[0] * seen[0] + x[1:]
        seen *= 2
        return (y * x).sum() + seen.sum()

    for g in (compile(f), compile(grad(f))):
        wanted = f(X) if g.__wrapped__ is f else grad(f)(X)
        for _ in range(3):
            np.testing.assert_allclose(np.asarray(g(X)), np.asarray(wanted), rtol=1e-12)


def test_a_compiled_function_sees_its_assignments_to_what_is_outside_through_views():
    def make():
        outside = Tensor(np.zeros(4))

        def f(x):
            seen = outside[1:]
            outside[1] += x[0]
            return seen.sum() + outside[1]

        return f, outside

    (f, eager), (g, compiled) = make(), make()
    g = compile(g)
    for _ in range(3):
        np.testing.assert_allclose(g(X).data, f(X).data)
        np.testing.assert_allclose(compiled.data, eager.data)


def test_what_a_compiled_function_would_not_change_is_refused():
    outside = Tensor(np.zeros(4))
    view = outside[1:]

    def through_a_view(x):
        outside[0] = x[0]
        part = outside[:2]
        part[1] = x[1]
        return (outside * x).sum()

    def beside_a_view(x):
        outside[1] = x[1]
        return outside.sum() + view.sum()

    for f, message in ((through_a_view, "writes into the array"), (beside_a_view, "looks at the same memory")):
        with pytest.raises(TypeError, match=message):
            compile(f)(X)
    with pytest.raises(TypeError, match=r"np\.nonzero of a value that is only known"):
        compile(lambda x: x * np.nonzero(outside))(X)
    largest = compile(lambda x: x * np.argmax(outside))
    for i in (2, 1):
        outside.data = np.eye(4)[i]
        np.testing.assert_array_equal(largest(X), X * i)


def test_a_buffer_that_is_assigned_itself_is_what_it_was():
    def f(x):
        y = Tensor(np.zeros(4))
        z, part = y, y[1:]
        y += x
        y *= z
        z[::-1] = y
        part += y[:3]
        y[...] = np.stack([y[0], *part])
        return (y * z).sum()

    np.testing.assert_allclose(np.asarray(compile(f)(X)), f(X).data, rtol=1e-12)
    np.testing.assert_allclose(grad(f)(X), slopes(lambda x: f(x).item()), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(compile(grad(f))(X), grad(f)(X), rtol=1e-12)


def test_an_array_without_axes_stays_one():
    def f(x, make=Tensor):
        y = make(np.zeros(()))
        y += x[0]
        s = y
        s += 1
        y[...] = y * x[1]
        part = y[...]
        part *= x[2]
        return s + y * part

    np.testing.assert_allclose(f(X).item(), f(X, np.asarray))
    np.testing.assert_allclose(grad(f)(X), slopes(lambda x: f(x, np.asarray)), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("source", [np.ones(3), Tensor(np.ones(3)), 1.5, [1.0, 2.0, 3.0]])
def test_copyto_casts_as_far_as_it_is_told(source):
    whole = Tensor(np.zeros(3, int))
    with pytest.raises(TypeError, match="according to the rule 'same_kind'"):
        np.copyto(whole, source)
    np.copyto(whole, source, casting="unsafe")
    assert whole.array[0] == 1
    np.copyto(whole, 3)
    small = Tensor(np.zeros(3, np.float32))
    np.copyto(small, source)
    assert small.dtype == np.float32


def test_a_view_of_a_buffer_of_constants_is_freed_without_the_collector():
    w = Tensor([1.0, 2.0], requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            buffer = Tensor(np.zeros(2))
            part = buffer[1:]
            part[0] = w[0]
            buffer[0] = part[0]
            buffer.sum().backward()
            del buffer, part
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_has_read_an_array_is_not_looked_through_at_each_assignment():
    w = Tensor(np.ones(3), requires_grad=True)
    y = Tensor(np.zeros((50, 3)))
    y[0] = w
    for i in range(49):
        y[i + 1] = y[i] * 0.5 + y[i, ::-1] + y[[i]]
    assert len(y.shown) < 10


def test_a_copy_of_a_scalar_is_an_array_in_compiled_functions_too():
    def f(x):
        y = np.copy(x[0])
        line = y.ravel()
        line += np.sin(line)
        return np.cos(y) * x[1] + line[0]

    np.testing.assert_allclose(grad(f)(X.copy()), slopes(f), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(compile(grad(f))(X), grad(f)(X.copy()), rtol=1e-12)


def through_no_axes(x):
    y = Tensor(np.zeros(()))
    y += x[0]
    z, r = y[...], np.reshape(y, (1,))
    z += x[2]
    r[0] *= x[3]
    return y * z


def test_an_array_without_axes_is_one_in_compiled_functions_too():
    wanted = slopes(lambda x: ((x[0] + x[2]) * x[3]) ** 2)
    np.testing.assert_allclose(grad(through_no_axes)(X), wanted, rtol=1e-7)
    np.testing.assert_allclose(compile(grad(through_no_axes))(X), wanted, rtol=1e-7)


def change_all(x):
    x -= 1.0


def change_row(x):
    x[0] += 1.0


def change_some(x):
    x[x < 0.8] *= 2.0


@pytest.mark.parametrize("change", [change_all, change_row, change_some])
@pytest.mark.parametrize("turned", [np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1], np.s_[:, ::2], np.s_[::-2]])
def test_what_is_written_into_goes_on_lying_as_it_did(turned, change):
    """Whether a ravel is a view, which sees what is written later, depends on the order in memory."""

    def f(x):
        change(x)
        part = x[turned]
        line, other = part.ravel(), x.ravel()
        part *= 2
        x += 0.5
        return np.sum(line * line) + np.sum(other**3)

    values = np.random.default_rng(0).normal(size=(4, 6))[turned]

    def make(change=0.0):
        x = np.zeros((4, 6))[turned]  # which lies so
        x[...] = values + change
        return x

    wanted = np.zeros(values.shape)
    for at in np.ndindex(*values.shape):
        step = np.zeros(values.shape)
        step[at] = 1e-6
        wanted[at] = (f(make(step)) - f(make(-step))) / 2e-6
    np.testing.assert_allclose(grad(f)(make()), wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(compile(grad(f))(make()), grad(f)(make()), rtol=1e-12)
