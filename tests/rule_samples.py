"""What each rule of the algebra applies to: one expression for its equation, and others of the same rule."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from minigrad import log_softmax, softmax
from minigrad.algebra import form, form_choices, form_parts, form_values
from minigrad.algebra.rules import choices, constants, identities, logarithms, parts, shaping, signs, spellings, sums
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide_or_zero
from minigrad.ops.elementwise import identity
from minigrad.ops.indexing import Scatter


@dataclass
class Sample:
    """What a rule applies to: an expression of letters, and which letters of the equation are numbers in it.

    ``sister`` is one of another form, with no equation of its own: the other side, another operation.
    """

    rule: Any
    build: Callable[[Any], Any]
    letters: dict[str, str] = field(default_factory=dict)
    sister: bool = False

    @property
    def name(self):
        return self.rule.__qualname__.replace(".<locals>.rule", "")

    def nodes(self, dtype=np.float64, other=None):
        """The expression, and values of its inputs: x and y vectors, a and b matrices, s a scalar.

        ``other`` is the dtype of every second input of a kind, y and b for example.
        """
        table: dict[Any, Any] = {}
        shapes = {"x": (3,), "y": (3,), "t": (3,), "u": (2, 3), "a": (2, 2), "b": (2, 2), "c": (2, 2), "T": (2, 3)}
        shapes |= {"s": (), "one": (1,), "none": (0,), "λ": (), "W": (2, 2), "X": (2, 2), "cube": (2, 3, 2)}
        kinds = dict.fromkeys("ybsλWu", other or dtype)
        inputs = {
            name: Node(name=name, shape=shape, dtype=kinds.get(name, dtype), table=table)
            for name, shape in shapes.items()
        }
        inputs["k"] = Node(name="k", shape=(2, 2), dtype=np.bool_, table=table)
        inputs["δ"] = Node(name="δ", shape=(2, 2), dtype=dtype, table=table)
        return self.build(SimpleNamespace(**inputs)), inputs


def copies(node, c, shape=(3,)):
    """A number that was broadcast."""
    return np.broadcast_to(number(node, c), shape)


def number(node, c):
    """A number that is a Node."""
    return Node(value=np.asarray(c, node.dtype), dtype=node.dtype, table=node.table)


def direction(x, c):
    """The norm of x, a number of times, by the direction of x."""
    norm = np.linalg.norm(x)
    return (norm if c == 1 else c * norm) * divide_or_zero(x, norm)


def scattered(x, key, length, size):
    """The first elements of x at a place in zeros."""
    return x.apply(Scatter(key, (length,)), (x[:size] if size < 3 else x,))


def nested_choice(v):
    """A choice of two choices by another condition."""
    return np.where(v.k, np.where(v.a > v.b, 0, v.c), np.where(v.a > v.b, 0, v.W))


class Gradients:
    """The Nodes that stand for a gradient: those called δ."""

    def __contains__(self, node):
        return node.name == "δ"


def samples():
    one = Sample
    yield one(constants.compute_constant, lambda v: add(number(v.x, 2), number(v.x, 3)))
    yield one(constants.compute_constant, lambda v: np.exp(copies(v.x, 2)), sister=True)
    yield one(constants.compute_constant, lambda v: copies(v.x, 2).sum(), sister=True)
    yield one(constants.move_copies, lambda v: copies(v.x, 2, (2, 3)).reshape(6), {"c": "2"})
    yield one(constants.move_copies, lambda v: copies(v.x, 2, (2, 3)).T, sister=True)
    yield one(constants.move_copies, lambda v: copies(v.x, 2, (2, 3))[1, :2], sister=True)
    yield one(constants.broadcast_operand, lambda v: np.broadcast_to(v.x, (2, 3)) * v.u, {"a": "x", "b": "u"})
    yield one(constants.broadcast_operand, lambda v: np.maximum(v.u, np.broadcast_to(v.x, (2, 3))), sister=True)
    yield one(constants.broadcast_operand, lambda v: np.exp(np.broadcast_to(v.x, (2, 3))), sister=True)

    yield one(choices.choose_copies, lambda v: np.where(v.k, np.broadcast_to(v.s, (2, 2)), v.a), {"c": "k", "x": "a"})
    yield one(choices.choose_copies, lambda v: np.where(v.k, v.a, copies(v.a, 2, (2, 2))), sister=True)
    yield one(choices.choose_number, lambda v: np.where(v.k, 2.0, 0.0), {"c": "k", "n": "2"})
    yield one(choices.choose_number, lambda v: np.where(v.k, -2.0, 0), sister=True)
    yield one(choices.multiply_by_choice, lambda v: v.a * np.where(v.k, 1.0, 0.0), {"c": "k", "x": "a"})
    yield one(choices.multiply_by_choice, lambda v: 3 * np.where(v.k, 1.0, 0.0), sister=True)

    yield one(choices.chosen_within, lambda v: np.tanh(np.minimum(v.a, v.c)) * (v.a < v.c), {"f": "tanh", "b": "c"})
    yield one(choices.chosen_within, lambda v: (v.a >= 1.0) * np.exp(np.maximum(v.a, 1.0)), sister=True)
    yield one(choices.smaller_of_two, lambda v: v.c + (v.a - v.c) * (v.a < v.c), {"b": "c"})
    yield one(choices.smaller_of_two, lambda v: (v.a <= 2.0) * (v.a - 2.0) + 2.0, sister=True)

    yield one(identities.add_zero, lambda v: add(v.x, 0.0))
    yield one(identities.add_zero, lambda v: copies(v.x, 0) + v.x, sister=True)
    yield one(identities.subtract_zero, lambda v: v.x - 0.0)
    yield one(identities.subtract_zero, lambda v: v.s - copies(v.s, 0), sister=True)
    yield one(identities.subtract_from_zero, lambda v: 0.0 - v.x)
    yield one(identities.subtract_from_zero, lambda v: copies(v.x, 0) - v.s, sister=True)
    yield one(identities.multiply_by_one, lambda v: 1.0 * v.x)
    yield one(identities.multiply_by_one, lambda v: v.s * copies(v.x, 1), sister=True)
    yield one(identities.divide_by_one, lambda v: v.x / 1.0)
    yield one(identities.multiply_by_zero, lambda v: 0.0 * v.s, {"x": "s"})
    yield one(identities.multiply_by_zero, lambda v: v.x * 0.0, sister=True)
    yield one(parts.part_of_real, lambda v: np.real(v.x))
    yield one(parts.part_of_real, lambda v: np.conj(v.x), sister=True)
    yield one(parts.conjugate_twice, lambda v: np.conj(np.conj(v.x)))
    yield one(identities.add_to_itself, lambda v: v.x + v.x)
    yield one(identities.multiply_by_reciprocal, lambda v: v.a * (1.0 / v.b))
    yield one(identities.multiply_by_reciprocal, lambda v: (1.0 / v.u) * v.x, sister=True)

    yield one(shaping.transpose_twice, lambda v: v.u.T.T, {"x": "u"})
    yield one(shaping.transpose_twice, lambda v: v.cube.transpose((1, 2, 0)).transpose((2, 0, 1)), sister=True)
    yield one(shaping.leave_unchanged, lambda v: v.u.reshape((2, 3)), {"x": "u"})
    yield one(shaping.leave_unchanged, lambda v: np.broadcast_to(v.x, (3,)), sister=True)
    yield one(shaping.leave_unchanged, lambda v: v.x.astype(v.x.dtype), sister=True)
    yield one(shaping.leave_unchanged, lambda v: identity(v.x), sister=True)
    yield one(shaping.reshape_twice, lambda v: v.u.reshape(6).reshape((3, 2)), {"x": "u"})
    yield one(shaping.reshape_twice, lambda v: np.broadcast_to(np.broadcast_to(v.s, (3,)), (2, 3)), sister=True)
    yield one(shaping.number_before_reshape, lambda v: (3.0 * v.u).reshape((3, 2)), {"c": "3", "x": "u"})
    yield one(shaping.number_before_reshape, lambda v: (0.5 * v.u / v.u).reshape((3, 2)), sister=True)
    yield one(shaping.reshape_below, lambda v: (2.0 / v.u).reshape((3, 2)), {"c": "2", "x": "u"})
    yield one(shaping.transposed_product, lambda v: (v.a.T @ v.b).T)
    yield one(shaping.transposed_product, lambda v: (v.a @ v.b.T).T, sister=True)

    yield one(signs.two_signs, lambda v: np.negative(-v.x))
    yield one(signs.sign_of_difference, lambda v: -(v.a - v.b))
    yield one(signs.sign_of_factor, lambda v: -(v.c * (v.a - v.b)))
    yield one(signs.sign_of_factor, lambda v: -(v.c @ (v.a - v.b)), sister=True)
    yield one(signs.sign_of_factor, lambda v: -(v.c / (v.a - v.b)), sister=True)
    yield one(signs.sign_of_factor, lambda v: -((v.a - v.b) / v.c), sister=True)
    yield one(signs.sign_of_factor, lambda v: -(v.a - v.b).T, sister=True)
    yield one(signs.sign_of_factor, lambda v: -(v.x - v.y).sum(), sister=True)
    yield one(signs.add_negative, lambda v: v.a + (-v.b))
    yield one(signs.add_negative, lambda v: (-v.a) + v.b, sister=True)
    yield one(signs.subtract_negative, lambda v: v.a - (-v.b))
    yield one(signs.subtract_from_negative, lambda v: (-v.a) - v.b)
    yield one(signs.add_negative_multiple, lambda v: v.a + -2.0 * v.b, {"c": "2"})
    yield one(signs.add_negative_multiple, lambda v: -2 * v.a + v.b, sister=True)
    yield one(signs.subtract_negative_multiple, lambda v: v.a - -2.0 * v.b, {"c": "2"})
    yield one(signs.negative_number, lambda v: v.a + -2.0, {"c": "2"})
    yield one(signs.negative_number, lambda v: copies(v.x, -2) + v.x, sister=True)
    yield one(signs.negative_number, lambda v: v.a - -2.0, sister=True)
    yield one(signs.sign_in_product, lambda v: -v.a * v.b)
    yield one(signs.sign_in_product, lambda v: v.a / -v.b, sister=True)
    yield one(signs.sign_in_product, lambda v: v.a @ -v.b, sister=True)
    yield one(signs.sign_in_product, lambda v: (-v.u).sum(0), sister=True)
    yield one(signs.sign_in_product, lambda v: (-v.u).reshape(6), sister=True)
    yield one(signs.minus_one_times, lambda v: -1.0 * v.x)
    yield one(signs.minus_one_times, lambda v: -1 * v.x, sister=True)
    yield one(signs.common_number, lambda v: 2.0 * v.a + 2.0 * v.b, {"c": "2"})
    yield one(signs.common_number, lambda v: 2 * v.a - 2 * v.b, sister=True)
    yield one(signs.sign_of_multiple, lambda v: -(2.0 * v.a), {"c": "2"})
    yield one(signs.number_first, lambda v: v.x * 2.0, {"c": "2"})
    yield one(signs.number_first, lambda v: v.x * copies(v.x, 2), sister=True)
    yield one(signs.number_times_multiple, lambda v: 2.0 * (3.0 * v.x))
    yield one(signs.number_times_multiple, lambda v: 200 * (2 * v.x), sister=True)

    yield one(
        form_parts.parts_together,
        lambda v: scattered(v.x, slice(2), 5, 2) + scattered(v.y, slice(2, None), 5, 3),
        {"a": "x[:2]", "b": "y"},
    )
    yield one(
        form_parts.parts_together,
        lambda v: v.x.sum() + scattered(v.x, slice(1, 3), 3, 2) - scattered(v.y, slice(1), 3, 1),
        sister=True,
    )
    yield one(form_values.add_negative_behind, lambda v: v.a + (-v.b))
    yield one(form_values.number_before_sum, lambda v: (2.0 * v.x).sum(), {"c": "2"})
    yield one(form_values.number_before_sum, lambda v: (v.u / 2.0).sum(0), sister=True)
    yield one(form_values.number_times_quotient, lambda v: 2.0 * (v.a / 6.0), {"c": "2", "n": "6", "m": "3"})
    yield one(form_values.number_times_quotient, lambda v: -0.3 * (v.a / 6.0), sister=True)
    yield one(form_values.quotient_of_multiple, lambda v: 2.0 * v.a / 6.0, {"c": "2", "n": "6", "m": "3"})
    yield one(form_values.quotient_of_multiple, lambda v: 0.3 * v.a / 2.0, sister=True)

    yield one(sums.sum_of_product, lambda v: (2.0 * v.x).sum(), {"c": "2"})
    yield one(sums.sum_of_product, lambda v: (2 * v.x).sum(), sister=True)
    yield one(sums.sum_of_product, lambda v: (v.s * v.u).sum(0), sister=True)
    yield one(sums.sum_of_product, lambda v: (v.u / v.s).sum(1, keepdims=True), sister=True)
    yield one(sums.sum_of_product, lambda v: (v.u * v.x).sum(0), sister=True)
    yield one(sums.axes_of_sum, lambda v: v.u.sum(-1), {"x": "u"})
    yield one(sums.axes_of_sum, lambda v: v.u.sum((0, 1)), sister=True)
    yield one(sums.sum_of_copies, lambda v: copies(v.x, 2).sum(), {"n c": "6", "c": "2"})
    yield one(sums.sum_of_copies, lambda v: copies(v.x, 2, (2, 3)).sum(1), sister=True)
    yield one(sums.sum_of_one, lambda v: v.one.sum(0, keepdims=True), {"x": "one"})
    yield one(sums.sum_of_one, lambda v: v.one.sum(), sister=True)
    yield one(sums.sum_of_sum, lambda v: v.u.sum(1).sum(), {"x": "u"})
    yield one(sums.sum_of_sum, lambda v: v.cube.sum(2).sum(0), sister=True)
    yield one(sums.sum_of_transpose, lambda v: v.u.T.sum(), {"x": "u"})
    yield one(sums.sum_of_transpose, lambda v: v.u.T.sum(0), sister=True)
    yield one(sums.sum_of_deviations, lambda v: (v.x - v.x.sum() / 3).sum(), {"n": "3"})
    yield one(sums.sum_of_deviations, lambda v: (v.u.sum(0) / 2 - v.u).sum(0), sister=True)
    yield one(sums.sum_of_deviations, lambda v: (v.u - v.u.sum(1, keepdims=True) / 3).sum(), sister=True)
    yield one(sums.sum_of_broadcast, lambda v: np.broadcast_to(v.x, (2, 3)).sum(), {"n": "2"})
    yield one(sums.sum_over_copies, lambda v: np.broadcast_to(v.x, (2, 3)).sum(0), {"n": "2"})
    yield one(sums.sum_over_copies, lambda v: np.broadcast_to(v.s, (2, 3)).sum(), sister=True)

    yield one(logarithms.log_of_softmax, lambda v: np.log(softmax(v.u)))
    yield one(logarithms.exp_of_log_softmax, lambda v: np.exp(log_softmax(v.u, axis=0)))
    yield one(logarithms.exp_of_log, lambda v: np.exp(np.log(v.x)))
    yield one(logarithms.log_of_exp, lambda v: np.log(np.exp(v.x)))

    yield one(form.quotient_of_mean([4]), lambda v: 0.25 * v.x, {"c": "0.25", "N": "4"})
    yield one(form.quotient_of_mean([12]), lambda v: -0.25 * v.x, sister=True)
    yield one(form.as_fraction, lambda v: (2 / 3) * v.x, {"c": "0.666667", "p": "2", "q": "3"})
    yield one(form.as_fraction, lambda v: (-1 / 3) * v.x, sister=True)
    yield one(form.number_before_product, lambda v: (2.0 * v.a) @ v.b, {"c": "2"})
    yield one(form.number_before_product, lambda v: v.a @ (2.0 * v.b), sister=True)
    yield one(form.number_before_product, lambda v: (2.0 * v.u).T, sister=True)
    yield one(form.fraction_before_product, lambda v: (v.a / 2.0) @ v.b, {"n": "2"})
    yield one(form.fraction_before_product, lambda v: (v.u / 2.0).T, sister=True)
    yield one(form.factor_above_fraction, lambda v: v.a * (v.b / v.c))
    yield one(form.fraction_times_factor, lambda v: v.a / v.c * v.b)
    yield one(logarithms.tangent_of_quotient, lambda v: np.sinh(v.x) / np.cosh(v.x))
    yield one(logarithms.tangent_of_quotient, lambda v: np.sin(v.x) / np.cos(v.x), sister=True)
    between = {"c": "k"}
    yield one(form_choices.choose_between, lambda v: v.k * v.a + np.where(v.k, 0, 1) * v.b, between)
    yield one(form_choices.choose_between, lambda v: np.where(v.k, 0, 1) * v.b / 2 - v.k * (v.a - v.b), sister=True)
    yield one(form_choices.choose_between, lambda v: np.where(v.k, 0, v.a) + 0.9 * np.where(v.k, v.b, 0), sister=True)
    yield one(form_choices.sign_of_truth, lambda v: (-1.0 * v.k) * v.a, {"c": "k", "x": "a"})
    yield one(form.squared_denominator, lambda v: v.a / v.b / v.b)
    yield one(form.one_denominator, lambda v: v.a / 2.0 / v.c, {"n": "2"})
    yield one(
        form_choices.one_choice,
        lambda v: np.where(v.k, v.a, 0) + np.where(v.k, 0, v.a) * v.b,
        {"c": "k", "x": "b"},
    )
    yield one(form_choices.one_choice, lambda v: 0.1 * np.where(v.k, 0, v.a) + np.where(v.k, v.a, 0), sister=True)
    yield one(identities.norm_times_direction, lambda v: direction(v.x, 1))
    yield one(identities.norm_times_direction, lambda v: direction(v.x, 3.0), sister=True)
    yield one(identities.sign_over_size, lambda v: v.y * np.sign(v.x) / abs(v.x), {"c": "y"})
    yield one(identities.sign_over_size, lambda v: np.sign(v.x) / abs(v.x), sister=True)
    yield one(identities.square_of_size, lambda v: abs(v.x) ** 2)
    yield one(identities.square_of_size, lambda v: np.square(abs(v.x)), sister=True)
    yield one(form.number_before_factor, lambda v: v.a * (2.0 * v.b), {"c": "2"})
    yield one(form.factor_above_fraction, lambda v: v.a * (0.5 / v.c), sister=True)
    yield one(form_choices.choice_of_choices, nested_choice, {"c": "k", "d": "a > b", "a": "c", "b": "W"})
    yield one(form_choices.sign_of_truth, lambda v: (-1.0 * v.k) / v.a, sister=True)
    yield one(form_choices.choose_between, lambda v: v.c + v.k * v.a - np.where(v.k, 0, 1) * v.b, sister=True)
    yield one(form_choices.choose_between, lambda v: v.k / v.a + np.where(v.k, 0, 1) / v.b, sister=True)
    yield one(spellings.product_with_itself, lambda v: v.a * v.a)
    yield one(spellings.index_of_all, lambda v: v.x[:, None])
    yield one(spellings.index_of_all, lambda v: v.u[:, :], sister=True)
    yield one(spellings.part_of_joined, lambda v: np.stack([v.a, v.b])[1])
    yield one(spellings.part_of_joined, lambda v: np.stack([v.x, v.y], axis=1)[..., -2], sister=True)
    yield one(spellings.part_of_joined, lambda v: np.concatenate([v.a, v.b], axis=1)[:1, 2:], sister=True)
    yield one(spellings.part_of_joined, lambda v: np.concatenate([v.x, v.y])[4], sister=True)
    yield one(spellings.axes_of_reduction, lambda v: v.u.sum(1).reshape((2, 1)))
    yield one(spellings.axes_of_reduction, lambda v: v.u.max(0).reshape((1, 3)), sister=True)
    yield one(spellings.reshape_of_function, lambda v: np.sqrt(v.x).reshape((3, 1)))
    yield one(spellings.reshape_of_function, lambda v: (v.x + 2.0).reshape((3, 1)), sister=True)
    yield one(form.number_times_fraction, lambda v: 2.0 * (3.0 * v.a / v.b))
    yield one(form.number_times_fraction, lambda v: 2.0 * (0.5 * v.a / v.b), sister=True)
    yield one(spellings.product_of_rows, lambda v: v.a.reshape(4) @ v.b.reshape(4))
    yield one(spellings.product_of_rows, lambda v: (0.5 * v.a.reshape(4)) @ v.a.reshape(4), sister=True)
    yield one(spellings.product_of_rows, lambda v: v.a.reshape((1, 4)) @ v.b.reshape((4, 1)), sister=True)
    yield one(spellings.trace_of_product, lambda v: np.trace(v.a @ v.b))
    yield one(spellings.trace_of_product, lambda v: np.trace(v.a.T @ v.b), sister=True)
    yield one(spellings.sum_by_ones, lambda v: np.sin(v.u) @ np.ones(3), {"a": "sin(u)", "ones": "array(3,)"})
    yield one(spellings.sum_by_ones, lambda v: np.sin(v.u) @ np.ones((3, 1)), sister=True)
    yield one(spellings.transpose_of_function, lambda v: (v.a.T * v.b).T)
    yield one(spellings.transpose_of_function, lambda v: (v.u.T / v.u.sum(1)).T, sister=True)
    yield one(spellings.log_of_one_less, lambda v: np.log1p(-v.x))
    yield one(form.gradient_first(Gradients()), lambda v: v.λ * v.W + v.X.T @ v.δ)


SAMPLES = list(samples())
