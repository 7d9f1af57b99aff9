"""The rules of algebra, one file a family, one function a rule, its equation in the docstring."""
