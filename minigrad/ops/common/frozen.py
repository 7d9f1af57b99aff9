"""Frozen: what is the same if its fields are, as operations are: it compares, hashes, prints and pickles by them."""

from __future__ import annotations

from functools import cached_property
from pickle import PicklingError
from typing import Any, ClassVar, Self

from minigrad.ops.common.late import Late

copies = Late("minigrad.ops.common.copies")


class Frozen:
    """Something that is set once, of ``fields`` and a ``name``; without fields each one is itself alone."""

    name: str
    fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **more: Any) -> None:
        """Let what has no fields compare and hash as any object does, by C: compiling asks a hundred times for one."""
        super().__init_subclass__(**more)
        base: Any = Frozen if cls.fields else object
        for method in ("__eq__", "__hash__"):
            own, wanted = getattr(cls, method), getattr(base, method)
            if own is not wanted and own in (getattr(object, method), getattr(Frozen, method)):
                setattr(cls, method, wanted)

    def _key(self) -> tuple[Any, ...]:
        return tuple([getattr(self, field) for field in self.fields])

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and bool(self.fields) and self._own_key == other._own_key

    def __hash__(self) -> int:
        return self._own_hash

    @cached_property
    def _own_key(self) -> tuple[Any, ...]:
        return self._key()

    @cached_property
    def _own_hash(self) -> int:
        return hash((type(self), *self._own_key))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self  # so that a copied model's operations are those that backends, rules and notation know

    def __reduce__(self) -> Any:
        if self.fields:
            return type(self), tuple(getattr(self, field) for field in self.fields)
        found = copies.find_variable(self, self.__module__)
        if found is not None:
            return copies.fetch_variable, found
        if getattr(self, "__dict__", None):
            raise PicklingError(
                f"{self.name}: an operation without fields is pickled by the variable of a module that holds it, and "
                f"none does. Give it one, at the top level of a file, or name in `fields` what it is made of."
            )
        return type(self), ()

    def __repr__(self) -> str:
        fields = ", ".join(f"{field}={getattr(self, field)!r}" for field in self.fields)
        return f"{self.name}({fields})" if fields else self.name
