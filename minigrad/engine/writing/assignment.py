"""Assignment to elements of a tensor that is recorded, by ``x[i] = v`` or ``y *= 3``: differentiable.

In NumPy the memory changes, and all names and views of it with it. Here the tensor becomes the result of an operation,
``Assign``, on what it was; the base that it is a view of, and the other views of that, are computed anew from it. What
has read them before keeps what it read, for its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine.conversion import join_list
from minigrad.engine.messages.errors import describe, made_at, name_or
from minigrad.engine.operand import Operand, find_operands, map_operands, read_index
from minigrad.engine.recording import is_paused
from minigrad.engine.writing.chosen import Chosen
from minigrad.engine.writing.overwriting import Assigning, Overwriting
from minigrad.engine.writing.versions import keep_version, redirect, replace_operands
from minigrad.engine.writing.views import find_base, find_views, note_base
from minigrad.engine.writing.watch import VARIABLE, is_held
from minigrad.ops.base import Refused, placeholder
from minigrad.ops.indexing import Index, fill_template, split_key, split_mask
from minigrad.ops.places.assignment import Assign, AssignAt, replace_part
from minigrad.ops.shaping import BroadcastTo, Cast, fit_dtype


def assign_elements(t: Any, key: Any, value: Any) -> None:
    """Let t have a value at an index, ``t[key] = value``, for the gradient too.

    Raises ``TypeError`` for a leaf that requires a gradient, and for values that t's dtype cannot hold.
    """
    key = map_operands(key, read_index)
    if isinstance(value, list | tuple):
        value = join_list(value)
        _check_range(value, t)
    elif type(value) is int:
        _check_range(np.asarray(value), t)
    known = isinstance(key, int | slice | np.ndarray) or not any(True for _ in find_operands(key))
    if not known and (place := _find_masked_view(t, key, value)) is not None:
        assign_elements(*place, value)
        return
    if isinstance(value, Operand) and value.op is not None and _shows(value, t, key):
        return  # the second half of t[key] += …, whose first has changed t through the view
    _check_writable(t, f"{describe(t)}[…] = …")
    kind = value.dtype if hasattr(value, "dtype") else np.result_type(value)
    if not np.can_cast(kind, t.dtype, "same_kind") and not (kind.kind in "iub" and t.dtype.kind in "iub"):
        raise TypeError(
            f"{describe(t)}[…] = …: its elements are {t.dtype}, and the value's, which are {kind}, would be cut. "
            f"Make it of {kind} first, with .astype."
        )
    if isinstance(value, Chosen):
        chosen = value
        replace_elements_of(t, lambda old, whole, assign: _put_back(old, key, chosen.of(whole)), chosen.whole)
        return
    fitted = _fit_axes(value, _count_axes(key, t, known))
    write = _assigned if known else _assigned_where_computed
    replace_elements_of(t, lambda old, value, assign: write(old, key, value, assign), fitted)


def _check_range(value: Any, t: Any) -> None:
    """Raise what NumPy raises where a Python integer is none of t's dtype: −1, and 300, of a uint8."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "iu" and t.dtype.kind in "iu":
        np.array(value.tolist(), t.dtype)


def replace_elements_of(t: Any, make: Callable[[Any, Any, Assigning], Any], value: Any) -> None:
    """Let t have the elements of ``make(t, value, assign)``, of what both were; what looks at the same memory, too."""
    path = []  # from t to what it is a view of in the end: (operation, base)
    root = t
    while (found := find_base(root)) is not None:
        path.append((found[1], found[0]))
        root = found[0]
    _check_writable(root, f"{describe(t)}[…] = …")
    below = list(find_views(root))
    family = [root, *(view for view, _, _ in below)]
    read = [is_held(x.array, 1) for x in family]
    olds = {id(x): _copy_record(x) for x in family}
    spare = Overwriting(root, olds[id(root)], [(view, olds[id(view)]) for view, _, _ in below])

    def find_old(x: Any, array: Any) -> Any:
        return olds.get(id(x), x)

    def change(record: Any) -> None:
        replace_operands(record, find_old)
        spare.release(record)

    for old in olds.values():
        change(old)
    since = max(1, min(x.serial for x in family))
    try:
        if any(read):
            redirect([value], change, since)
        new = make(olds[id(t)], find_old(value, None), spare.assign)
        for op, base in path:
            new = replace_part(op, olds[id(base)], new, spare.assign)
        if new.level != root.level:
            raise TypeError(_refuse_lanes(root))
        if new.op is not None and new.op.views:
            new = Cast(new.dtype)(new)  # an array of its own
        if not (root.shape or root.has_data or isinstance(new.op, Assign)):
            new = Assign(...)(olds[id(root)], new)  # and where others give a scalar, an array without axes
    except BaseException:  # nothing has been assigned: what has read the tensors goes on with them
        now = {id(olds[id(x)]): x for x in family}

        def change_back(record: Any) -> None:
            replace_operands(record, lambda x, array: now.get(id(x), x))
            spare.give_back(record)

        redirect([value], change_back, since)
        raise
    in_place = new.array is root.array
    new.array = lay_out(new.array, root.array)
    _become(root, new, olds[id(root)], read[0] and not in_place)
    for (view, op, base), seen in zip(below, read[1:], strict=True):
        _become(view, base.apply(op, (base,)), olds[id(view)], seen)
        if view.op is None:
            note_base(view, base, op)


def _find_masked_view(t: Any, key: Any, value: Any) -> tuple[Any, Any] | None:
    """Give a view of t, and an index that begins with a mask there, if that is where the value goes: x[:, 0][mask].

    For x[mask, 0]; and, of a value without axes, x.T[mask] for x[:, mask].
    """
    mask, rest = split_mask(key)
    if rest:
        return t[rest], mask
    if mask is not None or np.ndim(value) or not isinstance(key, tuple):
        return None
    n = next(
        (i for i, part in enumerate(key) if isinstance(part, Operand) and part.dtype.kind == "b" and part.shape), 0
    )
    if not n or not all(isinstance(part, slice) and part == slice(None) for part in key[:n]):
        return None
    masked = range(n, n + key[n].ndim)
    return np.moveaxis(t, masked, range(len(masked))), (key[n], *key[:n], *key[n + 1 :])


def _put_back(old: Any, key: Any, chosen: Chosen) -> Any:
    """Give old with the elements that a mask has chosen, of another array or of what it was, where it holds."""
    return fit_dtype(chosen.put_into(old, key), old.dtype)


def _assigned(old: Any, key: Any, value: Any, assign: Assigning) -> Any:
    """Give old with a value at an index; of an index that names all elements in order, the value alone."""
    if isinstance(value, Operand) and _names_all(key):
        return Cast(old.dtype)(value if value.shape == old.shape else BroadcastTo(old.shape)(value))
    return assign(Assign(key), old, value)


def _assigned_where_computed(old: Any, key: Any, value: Any, assign: Assigning) -> Any:
    """Give old with a value where a mask holds, or at indices, that are not known yet, or differ from lane to lane."""
    if _is_mask(key, old):
        if np.ndim(value) > old.ndim - key.ndim:
            raise TypeError(
                f"{describe(old)}[mask] = …: how many elements the mask chooses is not known yet, or differs from lane "
                f"to lane, and the values, of shape {np.shape(value)}, are for so many. Write np.where(mask, v, x)."
            )
        condition = np.reshape(key, (*key.shape, *(1,) * (old.ndim - key.ndim)))
        return fit_dtype(np.where(condition, value, old), old.dtype)
    template, operands = split_key(key)
    return AssignAt(template)(old, value, *operands)


def _count_axes(key: Any, t: Any, known: bool) -> int:
    """Say how many axes t[key] has: for a mask that is not known those behind its own."""
    if not known and _is_mask(key, t):
        return int(t.ndim - key.ndim)
    try:
        if not known:
            template, operands = split_key(key)
            key = fill_template(template, [np.zeros(x.shape, np.intp) for x in operands])
        return placeholder(t.shape)[key].ndim
    except IndexError as error:
        return int(Refused("assign", error)(t))


def _fit_axes(value: Any, ndim: int) -> Any:
    """Leave out the axes of length 1 that a value has in front beyond those, as NumPy's assignment does."""
    shape = np.shape(value)
    more = len(shape) - ndim
    return np.reshape(value, shape[more:]) if more > 0 and set(shape[:more]) == {1} else value


def _names_all(key: Any) -> bool:
    """Say whether an index names all elements, in order."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is Ellipsis or (isinstance(part, slice) and part == slice(None)) for part in parts)


def _is_mask(key: Any, old: Any) -> bool:
    """Say whether an index is a mask whose values are not known yet, or differ from lane to lane."""
    unknown = isinstance(key, Operand) and not key.has_data
    return unknown and key.dtype.kind == "b" and key.shape == old.shape[: key.ndim]


def _shows(view: Any, t: Any, key: Any) -> bool:
    """Say whether a tensor is the view t[key] as it is now."""
    found = find_base(view)
    return found is not None and found[0] is t and found[1] == Index(key) and view.serial > t.serial


def _check_writable(t: Any, what: str) -> None:
    """Raise for what is not to change: a leaf that the user asks a gradient of, a recorded result inside no_grad."""
    if t.serial <= 0 or (t.op is None and t.born == VARIABLE):
        return
    if t.op is None and is_paused():
        raise TypeError(_refuse_lanes(t))
    if t.op is None:
        w = name_or(t, "w")
        raise TypeError(
            f"{what}: {describe(t)} requires a gradient, and is changed in place only inside no_grad(). To compute "
            f"with a changed copy write v = {w}.copy() first, and assign to v. {made_at((t,))}".rstrip()
        )
    if is_paused():
        raise TypeError(
            f"{what}: inside no_grad() this would change a recorded result, {describe(t)}, behind its record's back. "
            f"Write to a .detach().copy() of it."
        )


def _refuse_lanes(t: Any) -> str:
    return (
        f"{describe(t)}[…] = …: it is the same in all lanes of what vmap computes, and would be another in each. Make "
        f"it of what has lanes, as in y = np.zeros_like(x, shape=…)."
    )


def _copy_record(t: Any) -> Any:
    """Give what a tensor is now as another one, which nobody else has."""
    old = object.__new__(type(t))
    for kind in type(t).__mro__:
        for slot in kind.__dict__.get("__slots__", ()):
            if slot not in ("__weakref__", "history", "shown") and hasattr(t, slot):
                kind.__dict__[slot].__set__(old, kind.__dict__[slot].__get__(t))
    if t.op is None and find_base(t) is not None:
        old._a = old._b = None  # of a constant it was a view, which would hold what that becomes
    return old


def _become(t: Any, new: Any, old: Any, read: bool) -> None:
    """Let t be what has been computed anew; it is no leaf any more that a name belongs to."""
    keep_version(t, old, read)
    if t.op is None:
        t._name = None
    t.array, t.op, t.serial = new.array, new.op, new.serial
    if new.op is not None or new.serial:
        t._a, t._b, t._x, t._z = (getattr(new, slot, None) for slot in ("_a", "_b", "_x", "_z"))


def lay_out(array: Any, like: Any) -> Any:
    """Give an array in the order in memory that another has: what is a view of that is to be one of this."""
    if isinstance(array, np.generic) and isinstance(like, np.ndarray):
        return np.asarray(array)
    if not (isinstance(array, np.ndarray) and isinstance(like, np.ndarray)) or array.strides == like.strides:
        return array
    out = _empty_as(like)
    out[...] = array
    return out


def _empty_as(like: Any) -> Any:
    """Give an array that lies as another: with the order of its axes, and a gap between elements where that has one.

    By the gaps NumPy says whether a reshape is a view; how wide they are does not matter.
    """
    if like.flags.forc or 0 in like.strides or not like.size:
        return np.empty_like(like)
    width, strides, before = like.itemsize, list(like.strides), like.itemsize
    for axis in sorted(range(like.ndim), key=lambda i: abs(like.strides[i])):
        step = like.strides[axis]
        width *= 1 if abs(step) == before else 2
        strides[axis] = width if step > 0 else -width
        width, before = width * like.shape[axis], abs(step) * like.shape[axis]
    offset = sum(-s * (n - 1) for s, n in zip(strides, like.shape, strict=True) if s < 0)
    return np.ndarray(like.shape, like.dtype, np.empty(width, np.uint8), offset, strides)
