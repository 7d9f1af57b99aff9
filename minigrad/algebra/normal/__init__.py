"""Normal forms: whether two expressions are one function, however each is written.

``forms`` brings an expression to its form, a quotient of polynomials (``quotients``) whose ``atoms`` are exponentials,
logarithms, roots, sums, steps and what nothing is known of. ``functions`` has what exp and its like make of forms,
``axes`` which reshapes leave one as it is. ``recognize`` is who asks.
"""
