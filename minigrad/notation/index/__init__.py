"""Index notation, δⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ.

``axes`` says what runs along an axis (in the words of ``along``), ``windows`` of operations with a kernel, ``running``
of convolutions of rows and of what adds up along an axis, ``choices`` of those that take each element from one of
several places, by ``conditions``; ``lookups`` has arrays of places, w at π(i), j, ``written`` what is put there;
``fourier`` has transforms;
``position`` is where on an axis that is, 2i + p − 1.
``classes`` puts axes together that run along, ``letters`` calls them, ``terms`` writes elements, each as ``build`` has
it of its operands.
"""
