"""The compiler: a whole training step, traced once, planned, and written as straight-line NumPy or machine code.

``api`` has ``compile``; ``variant`` is one trace as code, ``entry`` the way into it at each call, ``record`` what a
traced call did, ``epochs`` the loop over batches and ``resume`` what survives an interrupt. ``trace`` writes down,
``passes`` rewrite and plan, and the folders ``numpy`` and ``native`` write code. It imports ``algebra`` and what is
below, not ``structure``.
"""
