"""The compiler: a whole training step, traced once, planned, and written as straight-line NumPy or machine code.

``api`` has ``compile``, ``bound`` calls that are prepared, ``described`` what a compiled function says of itself;
``variant`` is one trace as code, ``entry`` the way into it at each call, ``entry_end`` what that does afterwards,
``leaves`` what of the arguments is passed, ``likeness`` what tells a call from that of the trace, ``record`` what a
traced call did, or why it cannot be traced, ``results`` what it returns, ``puts`` what it puts into
containers among its arguments, ``varying`` which numbers from outside are its
inputs, ``epochs`` the loop over batches. A call may be an operation in its caller's record: ``tape`` is what it repeats
then, ``differentiable`` the operation; a result whose gradient the function took itself is ``spent``; ``watched`` gives
what it writes another array where others hold it. Python's garbage collector rests meanwhile (``collecting``).
``compiled_card`` shows one in a notebook. ``shortcuts`` lead calls straight to their code, and ``verify`` compares some
with the function itself; what a trace computes without any algebra is a ``reference``. ``trace`` writes down,
``lowered`` is the form that backends get; ``shortened`` traces few turns of a loop, and has all of them computed.
``passes`` rewrite and plan, ``rolling`` makes loops of what repeats, ``blocking`` computes large matrices that are
needed for a while alone some rows at a time, and a ``backend`` writes code: ``numpy``, ``native`` and ``cuda`` are
three, which ``load`` finds by name. ``refusals`` say what a backend is not written for, and ``blas`` which products are
left to it. It imports ``algebra`` and what is below, not ``structure``.
"""
