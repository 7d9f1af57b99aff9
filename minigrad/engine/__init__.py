"""The engine: a Tensor records operations, and one reverse walk differentiates them.

Ways in: ``tensor`` (an array that records), ``node`` (an expression that does) and ``functional`` (the gradient of a
function). ``operand`` is the syntax that both share, ``whole_operators`` that of whole numbers, ``methods`` the arrays'
methods, and ``numpy_protocol`` says which of NumPy's functions are which operation, ``scipy_protocol`` which of
SciPy's, ``kinds`` those of shapes and dtypes alone, ``ufuncs`` how a ufunc is called with arguments and by its methods.
``backward`` is the walk, as the mathematics has it; ``record`` is what a Tensor stores, with the same walk tuned to
that. ``stand_ins`` are what a gradient's records hold in place of its leaf. ``taken`` is one in the memory of another
library's array, ``conversion`` what comes into a Tensor and goes out of it, ``numbers`` which arrays it takes,
``outputs`` a tensor that a result is written into, ``inplace`` writes into one as NumPy does, ``assignment`` so that a
gradient flows through it, ``overwriting`` in the same memory, ``aliases`` and ``views`` say who would see that,
``versions`` what has been read before; ``watch`` finds an array that has changed since forward. ``tensor_card`` shows a
tensor in a notebook, ``chosen`` is what a mask chooses that is not known yet. ``errors`` and ``ways`` have the words
for what went wrong, ``named_arguments`` those for what a function was given, ``refusals`` those for a function that is
no operation, and ``recipes`` what to write instead, ``recording`` switches recording off, by ``blocks`` that know their
context, ``steps`` are the numbers of a loop's turns, ``comparison`` is what a mask remembers of its making, ``claims``
remembers what is known of an array, ``cells`` stand for arrays that an update rule writes in place, ``arguments`` looks
at numbers, counts and calls of a user's, ``absent`` tells what a name that is not there means, ``habits`` are those of
PyTorch's tensors and ``other_names`` those of arguments, ``uncalled`` is a method without its brackets, ``formulas``
what has a name elsewhere and is a line here, ``pairs`` warns of broadcasting that few mean, ``gradcheck`` compares a
gradient with finite differences. ``paths`` looks at the names of files that are to be written. It imports ``ops`` and
nothing above.

Functions of functions: ``functional`` has the gradient, ``products`` those of Jacobians and Hessians with vectors;
``evaluation`` is one call of a function that is differentiated, ``trees`` are the dicts, lists and dataclasses of
arrays that it takes and gives. ``mapping`` has vmap, whose function computes with ``batched`` Tensors of ``lanes``;
``jacobians`` are whole matrices, of Hessians too, by one sweep over lanes. ``recomputation`` has checkpoint, whose
recording is ``frugal``; ``custom`` has custom_vjp and primitive, whose calls are recorded by ``own_rules``; such
``calls`` are one operation each; ``own_operations`` makes an operation of a function and its derivatives.

Where a gradient goes wrong: ``debug`` looks at each operation and each walk back, ``nonfinite`` words what made a NaN
or an infinity, ``explain_zero`` says why a gradient is zero, ``memory`` what a record
holds, ``lines`` remembers where what is debugged was computed; ``listening`` shows gradients as
they are found.
"""
