"""The logarithm and the exponential function undo each other, and quotients of sines are tangents."""

from __future__ import annotations

from typing import Any

from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import divide
from minigrad.ops.elements.trigonometric import cos, cosh, sin, sinh, tan
from minigrad.ops.elementwise import exp, log, tanh
from minigrad.ops.parts import is_complex
from minigrad.ops.reduction import LogSoftmax, Softmax, log_softmax, softmax


@on(log)
def log_of_softmax(node: Node) -> Any:
    """log(softmax(u)) = log_softmax(u), which does not underflow; of a complex u it may differ by 2πi."""
    match node.inputs:
        case (Node(Softmax() as inner, (u,)),) if not (isinstance(inner, LogSoftmax) or is_complex(u)):
            return log_softmax(u, inner.axis)
    return None


@on(exp)
def exp_of_log_softmax(node: Node) -> Any:
    """exp(log_softmax(u)) = softmax(u)."""
    match node.inputs:
        case (Node(LogSoftmax() as inner, (u,)),):
            return softmax(u, inner.axis)
    return None


@on(exp)
def exp_of_log(node: Node) -> Any:
    """exp(log(x)) = x."""
    (y,) = node.inputs
    return y.inputs[0] if isinstance(y, Node) and y.op == log else None


@on(log)
def log_of_exp(node: Node) -> Any:
    """log(exp(x)) = x, of a real x: of a complex one it is x + 2πi k for some k."""
    (y,) = node.inputs
    return y.inputs[0] if isinstance(y, Node) and y.op == exp and not is_complex(y) else None


@on(divide)
def tangent_of_quotient(node: Node) -> Any:
    """sinh(x) / cosh(x) = tanh(x), which does not overflow, and sin(x) / cos(x) = tan(x); x of no integers."""
    match node.inputs:
        case (Node(f, (x,)), Node(g, (y,))) if x is y and isinstance(x, Node) and x.dtype == node.dtype:
            return tanh(x) if (f, g) == (sinh, cosh) else tan(x) if (f, g) == (sin, cos) else None
    return None
