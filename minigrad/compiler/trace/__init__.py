"""Tracing: ``tracer`` writes down what a function does to ``traced`` values, and an update ``rule`` to the engine's
cells; their contents come from ``sources``. What a traced value cannot do, ``traced`` says, ``indices`` what it is
as an index; ``truths`` are those of Python's numbers, ``checks`` say which arrays are none; ``augment`` is what
``+=`` does to one, ``write_back`` what is written into arguments, ``lying`` says what is a view of them, and
``sharing`` which arrays may share memory; ``updating`` reads the rule of an optimizer, which very many parameters
have ``repeated``. What the function reads outside itself is found ``outside``, as far as nothing ``foreign`` reads
it, by a ``finder``, as ``links`` to ``variables``, to ``methods``, to what is ``behind`` an object and to its
``contents``, to what Python and NumPy have ``told``, some of them to ``numbers`` that its code reads anew; ``asking``
is where its code asks what something is; ``imports`` are of the modules that its code imports, ``writes`` what it
changes there, and ``differences`` between two traces of one call are refused, as are changes of the ``containers``
that it is given; arrays that it ``made`` and that are equal are one. Of loops few ``turns`` are traced:
``turn_number`` is their t, ``loop_code`` and ``python_state`` say whether they are alike; ``loop_log`` notes what
all turns do. Who is ``alive`` of what was traced is known, and what
Jacobians leave out in ``haste``.
"""
