"""The compiler: a whole training step, traced once, planned, and written as straight-line NumPy or machine code.

``api`` has ``compile``, and ``described`` what a compiled function says of itself, in a notebook by ``compiled_card``;
``variant`` is one trace as code, ``calls`` all that happens at a call of it. ``trace`` writes down what the function
does, ``record`` what a traced call did, or why it cannot be traced, ``varying`` which numbers from outside are its
inputs; what a trace computes without any algebra is a ``reference``. ``epochs`` is the loop over batches, and
``shortened`` traces few turns of a loop and has all of them computed. A call may be an operation in its caller's
record: ``tape`` is what it repeats then, ``differentiable`` the operation.

``lowered`` is the form that backends get. ``passes`` rewrite and plan, ``rolling`` makes loops of what repeats,
``unrolled`` says of what else why it is none, ``blocking`` computes large matrices that are needed for a while alone
some rows at a time, and a ``backend`` writes code: ``numpy``, ``native`` and ``cuda`` are three, which ``load`` finds
by name. ``repeating`` has update rules that very many parameters share be loops over those. ``refusals`` say what a
backend is not written for, and ``blas`` which products are left to it. It imports ``algebra`` and what is below, not
``structure``.
"""
