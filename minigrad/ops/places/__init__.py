"""Places: what moves elements, finds where they are, and puts some in the place of others.

``moving`` moves them in ways that have a notation of their own, ``sorting`` by size, ``sliding`` one row along another,
``own_memory`` to memory of their own; ``assignment`` puts some in the place of others, and ``positions`` says where
they are.
"""
