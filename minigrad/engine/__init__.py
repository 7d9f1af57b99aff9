"""The engine: a Tensor records operations, and one reverse walk differentiates them.

The syntax that Tensor and Node share is in ``operand`` and which NumPy functions it takes in ``numpy_protocol``;
``tensor`` records with data and ``node`` without; ``backward`` is the walk and ``functional`` the transforms built
on it; ``recording`` switches recording off, ``errors`` words what went wrong, ``claims`` remembers what is known of
an array, ``gradcheck`` checks a gradient against finite differences. It imports ``ops`` and nothing above.
"""
