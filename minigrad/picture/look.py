"""The colors of a picture, on light and on dark paper; and how a page changes one into the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

KINDS = ("data", "parameter", "value", "gradient", "loss")


@dataclass(frozen=True)
class Look:
    """The colors of one kind of paper; ``lines`` and ``tints`` are those of the kinds of boxes, in their order.

    Two that are alike on light paper are alike on dark, so that a page can change each color by itself.
    """

    paper: str
    ink: str
    title: str
    gray: str
    pale: str
    operation: str
    on_operation: str
    upstream: str
    local: str
    frame: str
    ground: str  # of a frame
    line: tuple[str, ...]
    tint: tuple[str, ...]

    @property
    def lines(self) -> dict[str, str]:
        """The color of a box's edge, by its kind, and of the arrows of that kind."""
        return dict(zip(KINDS, self.line, strict=True))

    @property
    def tints(self) -> dict[str, str]:
        """The color that a box is filled with, by its kind."""
        return dict(zip(KINDS, self.tint, strict=True))

    def colors(self) -> Iterator[str]:
        """Give all colors, in an order that is the same for each look."""
        yield from (self.paper, self.ink, self.title, self.gray, self.pale, self.operation, self.on_operation)
        yield from (self.upstream, self.local, self.frame, self.ground, *self.line, *self.tint)


# Lines and tints stay apart under simulated deuteranopia; text has a contrast of 4.5 or more on what is below it.
LIGHT = Look(
    "#FFFFFF", "#222222", "#333333", "#555555", "#9A9A9A", "#2F4B66", "#FDFDFD", "#A34700", "#005A8D", "#C3CAD2",
    "#F7F8FA",
    ("#6B6B6B", "#00694D", "#0072B2", "#D55E00", "#222222"),
    ("#EDEDED", "#B9E0D2", "#D6E8F4", "#FBDFCB", "#FFFFFF"),
)  # fmt: skip
DARK = Look(
    "#14171A", "#ECEEF1", "#D5DAE0", "#AEB6C0", "#7F8892", "#B7CCE0", "#10202C", "#FFB07A", "#86C8F5", "#3D4650",
    "#1B2025",
    ("#9BA2AA", "#3FBF98", "#4DB2EE", "#F28C3E", "#ECEEF1"),
    ("#2C3136", "#123F33", "#12364E", "#4D2B12", "#14171A"),
)  # fmt: skip
LOOKS = {"light": LIGHT, "dark": DARK}

# Of html, then of body: what notebooks say, and pages that Sphinx's Furo has dressed.
_SAID_DARK = (
    *("html[theme=dark]", "html[data-theme=dark]"),
    *("body[data-jp-theme-light=false]", "body.vscode-dark", "body[data-theme=dark]"),
)
_SAID_LIGHT = (
    *("html[theme=light]", "html[data-theme=light]"),
    *("body[data-jp-theme-light=true]", "body.vscode-light", "body[data-theme=light]"),
)


def adapt(scope: str) -> str:
    """Write the CSS by which light pictures within ``scope`` are dark where the page is.

    A page that says which it is, as notebooks do, is believed; of another, the reader's preference counts. What is
    light by itself stays so: the colors of the boxes come from attributes, which every rule of a style sheet overrides.
    """
    pairs = dict(zip(LIGHT.colors(), DARK.colors(), strict=True))
    rules = [
        f'{scope} [{place}="{light}" i] {{ {place}: var(--p{i}, {light}) }}'
        for i, light in enumerate(pairs)
        for place in ("fill", "stroke")
    ]
    dark = " ".join(f"--p{i}: {color};" for i, color in enumerate(pairs.values()))
    said, wished = _where_dark(scope)
    return "\n".join(
        [*rules, f"{said} {{ {dark} }}", f"@media (prefers-color-scheme: dark) {{ {wished} {{ {dark} }} }}"]
    )


def adapt_scheme(scope: str) -> str:
    """Write the CSS by which ``scope`` has a dark color scheme where the page is dark, as ``adapt`` finds that out.

    What is within takes its colors by ``light-dark()``.
    """
    said, wished = _where_dark(scope)
    dark = "{ color-scheme: dark }"
    return f"{said} {dark}\n@media (prefers-color-scheme: dark) {{ {wished} {dark} }}"


def _where_dark(scope: str) -> tuple[str, str]:
    """Give the selectors of a scope in a page that says it is dark, and in one that does not say it is light."""
    said = ", ".join(f"{place} {scope}" for place in _SAID_DARK)
    return said, f":root:not({', '.join(_SAID_LIGHT[:2])}):not(:has({', '.join(_SAID_LIGHT[2:])})) {scope}"
