"""Update rules that very many parameters share, which code applies in a loop over them: one text instead of thousands.

A trace has such an update as one operation (``trace.repeated``). ``part`` takes those out of what is lowered, where a
backend writes such loops and nothing else reads the new values, and has all others written out; ``rule`` lowers what
the loop does to one parameter, once. ``numpy.repeats`` writes it, and ``native.rules``.
"""
