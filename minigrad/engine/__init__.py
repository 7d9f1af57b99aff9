"""The engine: a Tensor records operations, and one reverse walk differentiates them.

Here is what a Tensor is: ``tensor`` (an array that records), ``node`` (an expression that does) and ``operand`` (the
syntax that both share), with the arrays' ``methods``. ``backward`` is the walk, as the mathematics has it, and
``reach`` says which elements it comes to; ``record`` is what a Tensor stores, with the same walk tuned to that;
``stand_ins`` are what a gradient's records hold in place of its leaf, and ``listening`` shows gradients as they are
found. ``recording`` switches recording off, by ``blocks`` that know their context; ``claims`` remembers what is known
of an array, ``comparison`` what a mask was made by. ``conversion`` is what comes into a Tensor and goes out of it,
``numbers`` which arrays it takes, ``taken`` is one in the memory of another library's array, ``copies`` is what
Python's ``copy`` makes. ``cells`` stand for arrays that an update rule writes in place, ``steps`` are the numbers of a
loop's turns, and ``tensor_card`` shows a tensor in a notebook.

In folders: ``protocols``, which of NumPy's and SciPy's functions are which operation; ``writing``, what is written in
place, and who sees it; ``transforms``, functions of functions: grad, jacobian, vmap, checkpoint; ``debugging``, where a
gradient goes wrong; ``messages``, the words for what went wrong. It imports ``ops`` and nothing above.
"""
