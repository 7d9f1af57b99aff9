"""Rules: one equation each, stated in its docstring as our own writer writes it, and tested as that equation.

A rule takes a Node and gives an equal expression, or None where it does not apply. Rules only go downhill: towards
fewer operations, or as many in a settled order. ``constants`` computes numbers; ``identities`` are of 0, 1 and a number
with itself; ``signs`` of signs and of numbers in front; ``sums`` of Σ; ``shaping`` of what only moves elements;
``choices`` of where; ``logarithms`` of exp and log; ``parts`` of complex numbers; ``facts`` makes a rule of what a user
claims. ``algebra.simplify`` lists them in the order in which they are tried; ``spellings`` are those of ``respell``.
"""
