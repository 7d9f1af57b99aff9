"""Messages: what was wanted, what came, and what to do.

``errors`` has the words for what went wrong in an operation, ``ways`` the ways out of it, ``named_arguments`` names
what a function was given, and ``pairs`` warns of broadcasting that few mean. ``arguments`` looks at a user's numbers,
counts and calls, ``paths`` at the names of files that are to be written. ``absent`` tells what a name that is not there
means, ``habits`` what those of PyTorch's tensors are here, ``other_names`` those of arguments, and ``uncalled`` is a
method without its brackets.
"""
