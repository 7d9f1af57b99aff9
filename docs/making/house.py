"""The house's map, read from the source: which room imports which, and what each is for."""

import ast
import re
from html import escape
from pathlib import Path

import minigrad
from making.showing import show_picture

HOUSE = Path(minigrad.__file__).parent
WIDTH, HEIGHT, GAP = 118, 44, 14


def show_statement(name: str, file: str) -> str:
    """Give the statement that makes a name in a file of the library, as it stands there."""
    source = (HOUSE / file).read_text("utf-8")
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return f"```python\n{ast.get_source_segment(source, statement)}\n```"
    raise ValueError(f"{file} makes no {name}")


def find_rooms() -> dict[str, set[str]]:
    """Give what each room imports of the others; what only types import counts, too."""
    paths: dict[str, list[Path]] = {}
    for path in HOUSE.rglob("*.py"):
        room = path.relative_to(HOUSE).parts[0].removesuffix(".py")
        if not room.startswith("_"):
            paths.setdefault(room, []).append(path)
    found = {}
    for room, files in paths.items():
        imported = {name for path in files for name in re.findall(r"minigrad\.(\w+)", path.read_text("utf-8"))}
        found[room] = {name for name in imported & paths.keys() if _imports(files, name)} - {room}
    return found


def _imports(files: list[Path], room: str) -> bool:
    """Whether one of the files imports a room: at its top, or where it is first needed."""
    at_once = rf"^\s*(from minigrad(\.{room}\b| import .*\b{room}\b)|import minigrad\.{room}\b)"
    wanted = re.compile(rf"{at_once}|import_module\(\"minigrad\.{room}\b", re.MULTILINE)
    return any(wanted.search(path.read_text("utf-8")) for path in files)


def find_floors(rooms: dict[str, set[str]]) -> list[list[str]]:
    """Give the rooms by floors: each stands on the floor above the highest that it imports."""
    floor: dict[str, int] = {}
    while len(floor) < len(rooms):
        ready = [room for room in rooms if room not in floor and rooms[room] <= floor.keys()]
        if not ready:
            raise ValueError(f"rooms import each other in a circle: {sorted(rooms.keys() - floor.keys())}")
        floor |= {room: 1 + max((floor[below] for below in rooms[room]), default=-1) for room in ready}
    return [sorted(room for room in rooms if floor[room] == level) for level in range(1 + max(floor.values()))]


def draw_house() -> str:
    """Draw the rooms on their floors."""
    floors = find_floors(find_rooms())
    width = max(len(floor) for floor in floors) * (WIDTH + GAP) + GAP
    height = len(floors) * (HEIGHT + GAP) + GAP
    boxes = []
    for level, floor in enumerate(reversed(floors)):
        y = GAP + level * (HEIGHT + GAP)
        left = (width - len(floor) * (WIDTH + GAP) + GAP) / 2
        for place, room in enumerate(floor):
            x = left + place * (WIDTH + GAP)
            boxes.append(
                f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
                f'<text x="{x + WIDTH / 2}" y="{y + HEIGHT / 2 + 5}" text-anchor="middle" font-size="15" '
                f'font-family="sans-serif">{escape(room)}</text>'
            )
    svg = f'<svg class="house" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{"".join(boxes)}</svg>'
    return show_picture(svg, "The rooms of the library; each imports only what lies below it.")


def list_rooms() -> str:
    """Give a table of the rooms, the highest first: what each is, and which rooms it imports."""
    rooms = find_rooms()
    lines = ["| room | what it is | imports |", "|---|---|---|"]
    for floor in reversed(find_floors(rooms)):
        for room in floor:
            path = HOUSE / room / "__init__.py" if (HOUSE / room).is_dir() else HOUSE / f"{room}.py"
            says = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0].replace("\n", " ")
            says = re.sub(r"``(.+?)``", r"`\1`", re.split(r"(?<=[.;]) ", says)[0]).replace("|", "\\|").rstrip(";")
            lines.append(f"| `{room}` | {says} | {', '.join(f'`{below}`' for below in sorted(rooms[room]))} |")
    return "\n".join(lines)
