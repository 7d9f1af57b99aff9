"""Which operand comes along an operation's lane, which operation carries a lane on, and what else it needs."""

from __future__ import annotations

from minigrad.picture.scene.parts import Box, Operation, Scene


class Lanes:
    """A scene as lanes: chains of operations, each the continuation of the operand that it comes from.

    ``main`` is the operand of each operation that comes along its lane, the one that took most operations to compute;
    ``side`` are inputs that nothing earlier needs, to be drawn beside it; ``depth`` counts the operations on the
    longest way to a box or an operation; ``spine`` holds what lies on the longest lane, which leads to the loss.
    """

    def __init__(self, scene: Scene) -> None:
        self.boxes = {box.id: box for box in scene.boxes}
        self.gradient: dict[str, Box] = {box.of: box for box in scene.boxes if box.of}
        self.made = {op.output: op for op in scene.operations}
        self.operations = scene.operations
        self.depth: dict[str, int] = {}
        self.main: dict[str, str] = {}
        self.home: dict[str, Operation] = {}  # of an input: the first operation that uses it
        self.users: dict[str, list[Operation]] = {}
        for op in scene.operations:
            for x in op.inputs:
                self.users.setdefault(x, []).append(op)
                if x not in self.made:
                    self.home.setdefault(x, op)
                    self.depth.setdefault(x, 0)
            if op.inputs:
                self.main[op.id] = max(op.inputs, key=self._rank)
            depth = 1 + max((self.depth[x] for x in op.inputs), default=0)
            self.depth[op.id] = self.depth[op.output] = depth
        self.side = {op.id: [x for x in op.inputs if self._beside(x, op)] for op in scene.operations}
        self.spine = self._spine(scene.loss.id)
        self.next = {x: self._continued(x) for x in self.users}

    def _rank(self, x: str) -> tuple[bool, int, bool]:
        return x in self.made, self.depth[x], self.boxes[x].kind != "parameter"

    def _beside(self, x: str, op: Operation) -> bool:
        return self.home.get(x) is op and x != self.main[op.id]

    def _spine(self, loss: str) -> set[str]:
        found: set[str] = set()
        x: str | None = loss
        while x is not None:
            found.add(x)
            op = self.made.get(x)
            if op is not None:
                found.add(op.id)
            x = self.main.get(op.id) if op else None
        return found

    def _continued(self, x: str) -> Operation | None:
        """Give the operation that carries on the lane of x."""
        on_lane = x in self.made or self.main[self.home[x].id] == x
        heirs = [op for op in self.users[x] if on_lane and self.main[op.id] == x]
        on_spine = [op for op in heirs if op.id in self.spine]
        return next(iter(on_spine or heirs), None)

    def on_lane(self, x: str) -> bool:
        """Say whether a box lies on a lane, rather than above it."""
        home = self.home.get(x)
        return home is None or x not in self.side[home.id]

    def chains(self) -> list[list[str]]:
        """Give the boxes of each lane in order, an input at its start among them; the spine comes first."""
        found: list[list[str]] = []
        place: dict[str, list[str]] = {}
        for op in self.operations:
            x = self.main.get(op.id)
            if x is not None and self.next[x] is op:
                if x not in place:
                    place[x] = [x]
                    found.append(place[x])
                place[x].append(op.output)
                place[op.output] = place[x]
            else:
                place[op.output] = [op.output]
                found.append(place[op.output])
        return sorted(found, key=lambda chain: chain[-1] not in self.spine)
