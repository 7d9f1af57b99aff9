"""Notation: an expression as text, LaTeX, MathML or Python.

``formula`` is the way in, and ``alike`` for the many lines of a long program. An expression becomes a Term (``matrix``
for matrices, ``index`` for indices, ``python`` for code, with the ``helpers`` that it calls), and ``term`` places the
brackets; ``writers`` know the formats, ``template`` what an Op's ``text`` says, ``symbols`` how a name is spelled,
``keys`` how an index between brackets, and ``signs`` which signs Python has. ``chain`` has ∂y/∂x and the product of the
chain rule, to be written, ``running`` the sum of terms that differ in an index alone. ``ops_table`` lists every
operation with its derivatives. It imports ``engine`` and ``ops``.
"""
