"""Algebra: expressions that are rewritten into shorter ones of the same value.

``trace`` turns a record or a function into a ``graph``, ``widen`` its data into floats; ``simplify`` is the way in to
everything that shortens one: it applies ``rules``, one equation each, by ``rewrite``, and shortens sums of products by
``polynomial``, each in its ``region``. ``recognize`` finds the operation whose definition was written by hand, by
``normal`` forms (``definitions`` reads what there is to find, ``operands`` what of), and ``class_numbers`` what a
one-hot T would choose.
``numbers`` says which expressions are numbers, ``facts`` are what a user claims of an input (Σ T = 1), ``form`` is the
order in which a textbook writes, ``form_values`` that of values on the way to E, ``form_parts`` joins what was taken
apart, ``form_choices`` what is given by cases, ``composites`` are made of another operation.
``respell`` has one spelling of what people write in several, and ``ties`` the larger of two that never tie. It imports
``notation`` and what is below.
"""
