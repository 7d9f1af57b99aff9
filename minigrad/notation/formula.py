"""From an expression to text, LaTeX and MathML: one walk, one place for brackets, and a writer for each format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigrad.engine.node import Node
from minigrad.notation.matrix import matrix_term
from minigrad.notation.symbols import Symbol
from minigrad.notation.term import same_terms, write_term
from minigrad.notation.writers.ascii import ASCII
from minigrad.notation.writers.latex import LATEX
from minigrad.notation.writers.mathml import MATHML
from minigrad.notation.writers.text import TEXT


def text(expression: Any, names: Mapping[Node, Symbol] | None = None, expand: Node | None = None) -> str:
    """Write an expression as one line of text, with the brackets that it needs and no others.

    A Node in ``names`` is written by its name, unless it is the one to ``expand``.

    >>> x = Node(name="x")
    >>> text(2 * (1 - x**2))
    '2 (1 − x²)'
    """
    return write_term(matrix_term(expression, names or {}, expand), TEXT)


def same_formula(a: Any, b: Any, names: Mapping[Node, Symbol]) -> bool:
    """Say whether two expressions are one formula, whatever of their shapes is not written.

    >>> x = Node(name="x", shape=(3,))
    >>> same_formula(x.sum(0), x.sum(), {}), same_formula(x + 1, 1 + x, {})
    (True, False)
    """
    return same_terms(matrix_term(a, names), matrix_term(b, names))


def plain(expression: Any, names: Mapping[Node, Symbol] | None = None, expand: Node | None = None) -> str:
    """Write an expression as one line of ASCII.

    >>> plain(2 * (1 - Node(name="x") ** 2))
    '2 * (1 - x^2)'
    """
    return write_term(matrix_term(expression, names or {}, expand), ASCII)


def latex(expression: Any, names: Mapping[Node, Symbol] | None = None, expand: Node | None = None) -> str:
    r"""Write an expression in LaTeX, for math mode.

    >>> latex(1 / Node(name="x"))
    '\\frac{1}{x}'
    """
    return write_term(matrix_term(expression, names or {}, expand), LATEX)


def mathml(expression: Any, names: Mapping[Node, Symbol] | None = None, expand: Node | None = None) -> str:
    """Write an expression as a ``<math>`` element.

    >>> mathml(Node(name="x"))
    '<math><mi>x</mi></math>'
    """
    return f"<math>{write_term(matrix_term(expression, names or {}, expand), MATHML)}</math>"
