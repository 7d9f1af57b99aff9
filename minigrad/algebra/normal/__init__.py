"""Normal forms: whether two expressions are one function, however each is written.

``forms`` brings an expression to its form, a quotient of polynomials (``quotients``) whose ``atoms`` are exponentials,
logarithms, sums, steps and what nothing is known of. ``recognize`` is who asks.
"""
