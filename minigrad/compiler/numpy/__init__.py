"""The NumPy backend: ``fit`` rewrites for it, ``source`` writes straight-line code, ``calls`` says how each
operation is called.
"""
