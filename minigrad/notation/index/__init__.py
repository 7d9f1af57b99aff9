"""Index notation, δⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ: ``axes`` says what runs along an axis, ``letters`` calls it,
``terms`` writes it.
"""
