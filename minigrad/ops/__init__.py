"""The differentiable operations, grouped as NumPy groups them."""
