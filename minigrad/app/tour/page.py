"""The tour's page: one HTML file beside its pictures, with nothing to fetch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from minigrad.app.tour.chapter import Chapter
from minigrad.app.tour.digits import SIZES, Digits
from minigrad.app.tour.parts import NOTATIONS, write_code, write_plot, write_row, write_work
from minigrad.app.tour.problems import MODES, OPTIMIZERS
from minigrad.app.tour.runs import Run, best
from minigrad.app.tour.tables import swatch, table_differences, table_prices, table_results
from minigrad.app.tour.words import Words, find_words

CSS = (Path(__file__).parent / "page.css").read_text("utf-8")
INSIDE = ("landscape", "flow", "weights", "confusion")


def page(chapters: Sequence[Chapter], digits: Digits, notes: Sequence[str], seed: int, lang: str = "en") -> str:
    """Give the page as HTML text, in a language."""
    words = find_words(lang)
    worst = max(digits.worst, *(c.worst for c in chapters))
    line = max(digits.work.worst, *(c.work.worst for c in chapters))
    links = " · ".join(
        f'<a href="#{key}">{words[key]}</a>' for key in (*(c.problem.key for c in chapters), "digits", "rules")
    )
    warnings = "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
    signs = "".join(f"<dt>{sign}</dt><dd>{words[f'sign {sign}']}</dd>" for sign in ("X", "δ", "⊙", "Σ"))
    return f"""<!DOCTYPE html>
<html lang="{words["lang"]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{words["page"]}</title>
<style>{CSS}</style>
</head>
<body>
<header><h1>{words["title"]}</h1><nav>{links}</nav></header>
<main>
<p class="lead">{words["lead"]}</p>
<p>{words["networks"]}</p>
<p>{words["checked"].format(line=f"{line:.0e}", worst=f"{worst:.1e}")}</p>
<details class="signs" open><summary>{words["signs"]}</summary><dl>{signs}</dl></details>
{warnings}
{_switch(words)}
{"".join(_section(chapter, words) for chapter in chapters)}
{_digits(digits, words)}
{_rules(words)}
</main>
<footer>{words["footer"].format(seed=seed)} <a href="results.json">results.json</a></footer>
</body>
</html>
"""


def _switch(words: Words) -> str:
    """Write the switch between notations: two buttons, of which a rule of the style sheet knows which is on."""
    buttons = "".join(
        f'<label><input type="radio" name="notation" id="by-{notation}"{" checked" * (notation == "matrix")}>'
        f"<span>{words[notation]}</span></label>"
        for notation in NOTATIONS
    )
    return f'<fieldset class="switch"><legend>{words["notation"]}</legend>{buttons}</fieldset>'


def _rules(words: Words) -> str:
    """Write the update rules, each as it is read from its code."""
    cards = "".join(
        f"<div><h3>{swatch(name)}{name}</h3><p>{words[name]}</p>"
        f'<div class="scroll" tabindex="0" role="group" aria-label="{name}">'
        f"{''.join(f'<div>{line}</div>' for line in rule.formula().to_mathml())}</div></div>"
        for name, rule in OPTIMIZERS.items()
    )
    head = f"<h2>{words['rules']}</h2><p>{words['rules say']}</p>"
    return f'<section class="rules" id="rules">{head}<div>{cards}</div></section>'


def _section(chapter: Chapter, words: Words) -> str:
    problem, run = chapter.problem, best(chapter.runs)
    return f"""<section id="{problem.key}">
<h2>{escape(words[problem.key])} <small>{problem.layout}, {words[problem.kind]}</small></h2>
{write_work(chapter.work, words[problem.key], words)}
<div class="work code">{write_code(chapter.work, words)}{_learned(chapter, run, words)}</div>
<h3>{words["results"]}</h3>
<p class="says">{words["results say"]}</p>
{table_results(chapter, words)}
{_curves(chapter, words)}
{_inside(chapter, words)}
<div class="pair"><div><h3>{words["compared"]}</h3>{table_differences(chapter, words)}</div>
<div><h3>{words["prices"]}</h3>{table_prices(chapter, words)}</div></div>
</section>
"""


def _learned(chapter: Chapter, run: Run, words: Words) -> str:
    if "learned" not in chapter.pictures:
        return ""
    said = words["best"].format(optimizer=run.optimizer, mode=words[run.mode], lr=f"{run.lr:g}")
    picture = write_plot(chapter.pictures, "learned", said)
    return f'<figure class="learned">{picture}<figcaption>{said}</figcaption></figure>'


def _curves(chapter: Chapter, words: Words) -> str:
    named = {mode: words["curve alt"].format(mode=words[mode]) for mode in MODES}
    return write_row(
        chapter.pictures, MODES, lambda mode: named[mode], lambda mode: words[mode], f"<p>{words['curves']}</p>"
    )


def _inside(chapter: Chapter, words: Words) -> str:
    """Show what became of the best network inside: its loss, its δ, its weights, what it takes for what."""
    say = words.__getitem__
    return write_row(chapter.pictures, INSIDE, say, say, f"<h3>{words['inside']}</h3>")


def _digits(digits: Digits, words: Words) -> str:
    """Write the section of the network that reads digits: its work, its filters, what they see, what it misread."""
    says = words["digits say"].format(
        train=digits.train, test=digits.test, accuracy=f"{digits.accuracy:.1%}", off=f"{digits.by_hand:.0e}"
    )
    say = {name: words[name].format(label=digits.label) for name in ("filters", "sees", "read")}.__getitem__
    return f"""<section id="digits">
<h2>{words["digits"]} <small>{SIZES}, {words["classification"]}</small></h2>
<p class="says">{says}</p>
{write_work(digits.work, words["digits"], words)}
{write_row(digits.pictures, ("filters", "sees", "read"), say, say, "")}
<div class="work code">{write_code(digits.work, words)}</div>
</section>
"""
