"""The NumPy backend: ``fit`` rewrites for it, ``source`` writes straight-line code.

``backend`` is the way in, ``calls`` the registry of how each operation is called, ``memory`` says where results go and
``names`` what they are called, ``resume`` has the lines that an interrupt may not part.
"""
