"""Transforms: functions of functions.

``functional`` has the gradient, ``products`` those of Jacobians and Hessians with vectors; ``evaluation`` is one call
of a function that is differentiated, ``trees`` are the dicts, lists and dataclasses of arrays that it takes and gives.
``mapping`` has vmap, whose function computes with ``batched`` Tensors of ``lanes``; ``jacobians`` are whole matrices,
of Hessians too, by one sweep over lanes. ``recomputation`` has checkpoint, whose recording is ``frugal`` and leaves
``marks``; ``custom`` has custom_vjp and primitive, whose calls are recorded by ``own_rules``; such ``calls`` are one
operation each; ``own_operations`` makes an operation of a function and its derivatives.
"""
