"""Common: what operations are made with.

``alphabet`` has the raised and lowered characters that operations and names are written with; ``frozen`` says when two
of them are one, and ``copies`` how they are copied and pickled. ``dtypes`` says what dtype an elementwise operation
gives, ``lanes`` how one is applied to many operands at once, ``lane_indices`` at indices that differ, ``choices`` how
an extreme passes on its gradient.
``dlpack`` takes arrays of libraries that do not speak NumPy's protocols, and ``libraries`` has what is done in another
way, and what is moved, for arrays of other libraries than NumPy, which are never made NumPy's; ``unit`` is the
gradient 1 that a walk begins with. ``wrong`` says
what is no operand; ``late`` are modules that are imported when something of them is first asked for.
"""
