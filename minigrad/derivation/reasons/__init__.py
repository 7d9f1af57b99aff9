"""Reasons: how a line of a derivation came, from the chain rule, one equation a step.

``ways`` finds it, ``laws`` says by what, ``steps`` is what a reader gets; ``symbol_terms`` and ``step_documents`` write
it.
"""
