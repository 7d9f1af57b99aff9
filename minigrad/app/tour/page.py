"""The tour's page: one HTML file beside its pictures, with nothing to fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

from minigrad.app.tour.chapter import Chapter
from minigrad.app.tour.problems import MODES, OPTIMIZERS
from minigrad.app.tour.runs import Run, best
from minigrad.app.tour.tables import swatch, table_differences, table_prices, table_results
from minigrad.app.tour.words import Words, find_words
from minigrad.app.tour.work import Work
from minigrad.derivation.documents import opening
from minigrad.derivation.lines import Line
from minigrad.derivation.step_documents import table

CSS = (Path(__file__).parent / "page.css").read_text("utf-8")
INSIDE = ("landscape", "flow", "weights", "confusion")
NOTATIONS = ("matrix", "index")


def page(chapters: Sequence[Chapter], notes: Sequence[str], seed: int, lang: str = "en") -> str:
    """Give the page as HTML text, in a language."""
    words = find_words(lang)
    worst, line = (max(x) for x in zip(*((c.worst, c.work.worst) for c in chapters), strict=True))
    links = " · ".join(f'<a href="#{key}">{words[key]}</a>' for key in (*(c.problem.key for c in chapters), "rules"))
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
        f'<div class="scroll">{"".join(f"<div>{line}</div>" for line in rule.formula().to_mathml())}</div></div>'
        for name, rule in OPTIMIZERS.items()
    )
    head = f"<h2>{words['rules']}</h2><p>{words['rules say']}</p>"
    return f'<section class="rules" id="rules">{head}<div>{cards}</div></section>'


def _section(chapter: Chapter, words: Words) -> str:
    problem, run = chapter.problem, best(chapter.runs)
    return f"""<section id="{problem.key}">
<h2>{escape(words[problem.key])} <small>{problem.layout}, {words[problem.kind]}</small></h2>
{_work(chapter.work, words[problem.key], words)}
<div class="work code">{_code(chapter.work, words)}{_learned(chapter, run, words)}</div>
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
    return f'<figure class="learned">{_plot(chapter, "learned", said)}<figcaption>{said}</figcaption></figure>'


def _work(work: Work, title: str, words: Words) -> str:
    tables = "".join(f'<div class="as-{notation}">{_derivation(work, notation, words)}</div>' for notation in NOTATIONS)
    picture = _image(work.picture, words["graph alt"].format(problem=title), work.dark)
    return f"""<div class="work">
<div><h3>{words["derivation"]}</h3>
{tables}</div>
<div><h3>{words["graph"]}</h3>
<p class="says">{words["graph says"]}</p>
<div class="wide" tabindex="0" role="group" aria-label="{words["scrolls"]}">
{picture}</div>
<p class="links"><a class="button" href="{work.page}">{words["step"]}</a>
<a href="{work.picture}">{words["alone"]}</a></p></div>
</div>"""


def _derivation(work: Work, notation: str, words: Words) -> str:
    """Write the lines in one notation, each with its steps, its shape and how far it is off."""
    equations = zip(work.derivation.to_mathml(notation), work.derivation.to_spoken(notation), strict=True)
    rows = "".join(
        f"<tr><th scope=row>{opening(seen, table(line.steps().rows(notation)), spoken)}{_facts(line, words)}</th>"
        f"<td>{_size(line.shape, words)}</td><td>{_share(found.engine)}</td><td>{_share(found.numeric)}</td></tr>"
        for line, (seen, spoken), found in zip(work.derivation, equations, work.differences, strict=True)
    )
    heads = "".join(f"<th scope=col>{words[head]}</th>" for head in ("line", "shape", "engine", "numeric"))
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{words["derivation"]}"><table class="derivation">'
        f"<caption>{words['derivation says']}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _code(work: Work, words: Words) -> str:
    return f"""<div><h3>{words["code"]}</h3>
<p class="links"><span>{words["code says"]}</span> <a href="{work.code}">{work.code}</a></p>
<pre tabindex="0" role="group" aria-label="{words["code scrolls"]}">{escape(_function(work.source))}</pre></div>"""


def _function(source: str) -> str:
    """Leave out what stands before the function: imports, and helpers such as softmax."""
    return source[source.index("def loss_and_gradients") :].rstrip()


def _facts(line: Line, words: Words) -> str:
    return "".join(f"<small>{words['as'].format(name=escape(fact.name))}</small>" for fact in line.facts)


def _share(x: float) -> str:
    return f"{x:.0e}" if x else "0"


def _size(shape: tuple[int, ...], words: Words) -> str:
    return "×".join(map(str, shape)) or words["scalar"]


def _curves(chapter: Chapter, words: Words) -> str:
    named = {mode: words["curve alt"].format(mode=words[mode]) for mode in MODES}
    return _row(chapter, MODES, lambda mode: named[mode], lambda mode: words[mode], f"<p>{words['curves']}</p>")


def _inside(chapter: Chapter, words: Words) -> str:
    """Show what became of the best network inside: its loss, its δ, its weights, what it takes for what."""
    say = words.__getitem__
    return _row(chapter, INSIDE, say, say, f"<h3>{words['inside']}</h3>")


def _row(
    chapter: Chapter, names: Iterable[str], alt: Callable[[str], str], say: Callable[[str], str],
    before: str,
) -> str:  # fmt: skip
    """Write plots side by side, those that there are, each with what is said of it."""
    parts = "".join(
        f"<figure>{_plot(chapter, name, alt(name))}<figcaption>{say(name)}</figcaption></figure>"
        for name in names
        if name in chapter.pictures
    )
    return f'{before}<div class="row">{parts}</div>' if parts else ""


def _plot(chapter: Chapter, name: str, alt: str) -> str:
    light = chapter.pictures[name]
    return _image(light, alt, light.replace(".svg", "-dark.svg"), "plot")


def _image(light: str, alt: str, dark: str, kind: str = "graph") -> str:
    """Write a picture that is another one on dark paper."""
    source = f'<source srcset="{dark}" media="(prefers-color-scheme: dark)">'
    return f'<picture class="{kind}">{source}<img src="{light}" alt="{escape(alt)}" loading="lazy"></picture>'
