"""The logarithm and the exponential function undo each other."""

from __future__ import annotations

from typing import Any

from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.elementwise import exp, log
from minigrad.ops.reduction import LogSoftmax, Softmax, log_softmax, softmax


@on(log)
def log_of_softmax(node: Node) -> Any:
    """log(softmax(u)) = log_softmax(u), which does not underflow."""
    match node:
        case Node(op, (Node(Softmax() as inner, (u,)),)) if op == log and not isinstance(inner, LogSoftmax):
            return log_softmax(u, inner.axis)
    return None


@on(exp, log)
def exp_of_log(node: Node) -> Any:
    """exp(log_softmax(u)) = softmax(u), exp(log(x)) = x and log(exp(x)) = x."""
    match node:
        case Node(op, (Node(LogSoftmax() as inner, (u,)),)) if op == exp:
            return softmax(u, inner.axis)
        case Node(op, (Node(inner, (x,)),)) if (op == exp and inner == log) or (op == log and inner == exp):
            return x
    return None
