"""Calls: the way from a call of a compiled function into its code, and what is done afterwards.

``entry`` is the way in, ``entry_checks`` what it looks at and ``entry_end`` the way out; ``shortcuts`` lead calls
straight to their code, and ``bound`` calls are prepared. ``leaves`` says what of the arguments is passed, ``likeness``
what tells a call from that of the trace, ``counting`` which integers are others time and again, ``results`` what it
returns, ``puts`` what it puts into containers among its arguments. ``watched`` gives what it writes another array where
others hold it; a result whose gradient the function took itself is ``spent``. Python's garbage collector rests
meanwhile (``collecting``), and ``verify`` compares some calls with the function itself.
"""
