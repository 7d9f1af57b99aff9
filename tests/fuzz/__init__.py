"""Random programs over all operations, run in every way that there is.

``python -m tests.fuzz --seconds 60 --seed 0`` stops at the first seed at which two ways disagree, and prints the
smallest program that it finds to disagree still. ``draw`` makes a program of a seed, ``programs`` is what one is,
``check`` runs and compares, ``shrink`` makes it smaller; ``assigning`` does all of that for functions that assign in
place, of which there is one for each program, ``layouts`` for such of arrays in every order in memory, ``states`` for
what is changed between calls, for one program in 20, ``steps`` for steps of random actions, for one in 5, and ``loops``
for functions with loops, by a command of its own, as are ``calls``, of one function on operands of every kind that
``called`` draws, of which NumPy says what is right; ``__main__`` is the command.
"""
