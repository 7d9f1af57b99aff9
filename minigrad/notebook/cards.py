"""A card: a title, facts beside it, and a body; and the tables in it. The colors are those of the notebook's theme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

# Every color is mixed from the text's own, so that a card is light or dark as the cell is, whoever draws that.
STYLE = """
.minigrad-card { color: inherit; font: 13px/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
  max-width: 100%; margin: .3em 0; --soft: color-mix(in srgb, currentColor 68%, transparent);
  --line: color-mix(in srgb, currentColor 20%, transparent); --blue: color-mix(in srgb, #0b84d0 80%, currentColor);
  --orange: color-mix(in srgb, #d9640f 80%, currentColor); --green: color-mix(in srgb, #0a8f6a 80%, currentColor); }
.minigrad-card .head { display: flex; flex-wrap: wrap; gap: .1em 1em; align-items: baseline; margin-bottom: .35em; }
.minigrad-card .title { font-size: 1.15em; font-weight: 650; overflow-wrap: anywhere; }
.minigrad-card .facts { color: var(--soft); overflow-wrap: anywhere; }
.minigrad-card .parts { display: flex; flex-wrap: wrap; gap: .6em 2.4em; align-items: flex-start; }
.minigrad-card .part { min-width: 0; max-width: 100%; }
.minigrad-card .name { color: var(--soft); margin-bottom: .15em; }
.minigrad-card .name.gradient { color: var(--orange); }
.minigrad-card .scroll { overflow-x: auto; max-width: 100%; }
.minigrad-card table { border-collapse: collapse; margin: 0; border: none; font-size: 1em; }
.minigrad-card :is(td, th) { text-align: start; vertical-align: baseline; padding: .15em 1.3em .15em 0; border: none;
  background: none; color: inherit; white-space: nowrap; max-width: 34em; overflow: hidden; text-overflow: ellipsis; }
.minigrad-card thead th { font-size: .88em; font-weight: 600; color: var(--soft); }
.minigrad-card tbody tr { border-top: 1px solid var(--line); background: none; }
.minigrad-card tfoot tr { border-top: 2px solid var(--line); font-weight: 600; }
.minigrad-card :is(td, th).number { text-align: end; font-variant-numeric: tabular-nums; }
.minigrad-card :is(td, th).long { white-space: normal; min-width: 12em; }
.minigrad-card :is(pre, code), .minigrad-card table.grid { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas,
  "DejaVu Sans Mono", monospace; color: inherit; background: none; }
.minigrad-card pre { margin: .2em 0; overflow: auto; max-height: 32em; }
.minigrad-card summary { cursor: pointer; width: fit-content; }
.minigrad-card table.grid { border-inline: 1.5px solid var(--soft); border-radius: 4px; }
.minigrad-card table.grid tr { border: none; }
.minigrad-card table.grid td { text-align: end; padding: .1em .55em; white-space: pre; max-width: none;
  background: color-mix(in srgb, var(--tone, transparent) var(--much, 0%), transparent); }
.minigrad-card .plus { --tone: #0b84d0; } .minigrad-card .minus { --tone: #d9640f; }
.minigrad-card .good { color: var(--green); } .minigrad-card .bad { color: var(--orange); font-weight: 600; }
.minigrad-card svg.chart { display: block; width: 33em; max-width: 100%; height: auto; overflow: visible; }
""".strip()


def card(title: str, facts: Iterable[str], *parts: str) -> str:
    """Write a card; ``title`` and ``facts`` are text, ``parts`` are HTML, side by side where there is room."""
    said = "".join(f'<span class="facts">{escape(fact)}</span>' for fact in facts if fact)
    body = f'<div class="parts">{"".join(parts)}</div>' if parts else ""
    return (
        f"<style>{STYLE}</style>"
        f'<div class="minigrad-card"><div class="head"><span class="title">{escape(title)}</span>{said}</div>'
        f"{body}</div>"
    )


def part(name: str, body: str, kind: str = "") -> str:
    """Write a part of a card's body, HTML, below its name; the ``gradient``'s has the gradients' color."""
    named = f'<div class="name {kind}">{escape(name)}</div>' if name else ""
    return f'<div class="part">{named}<div class="scroll">{body}</div></div>'


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], kinds: Sequence[str] = (), foot: Sequence[str] = ()
) -> str:
    """Write a table of cells that are HTML; ``kinds`` has a class for each column: number, long, or none."""
    kinds = [*kinds, *[""] * (len(head) - len(kinds))]

    def row(cells: Sequence[str], tag: str = "td") -> str:
        marks = (f' class="{kind}"' if kind else "" for kind in kinds)
        return "".join(f"<{tag}{mark}>{cell}</{tag}>" for mark, cell in zip(marks, cells, strict=True))

    top = "".join(
        f'<th scope="col"{f" class={kind}" if kind == "number" else ""}>{escape(name)}</th>'
        for name, kind in zip(head, kinds, strict=True)
    )
    last = f"<tfoot><tr>{row(foot)}</tr></tfoot>" if foot else ""
    body = "".join(f"<tr>{row(cells)}</tr>" for cells in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody>{last}</table>"


def code(text: str, summary: str = "") -> str:
    """Write code; with a ``summary``, it is seen when that is opened."""
    shown = f"<pre>{escape(text)}</pre>"
    return f"<details><summary>{escape(summary)}</summary>{shown}</details>" if summary else shown
