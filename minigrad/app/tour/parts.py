"""Parts of the tour's page that several sections have: a network's work, and rows of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape

from minigrad.app.tour.words import Words
from minigrad.app.tour.work import Work
from minigrad.derivation.documents import opening
from minigrad.derivation.line import Line
from minigrad.derivation.reasons.step_documents import table

NOTATIONS = ("matrix", "index")


def write_work(work: Work, title: str, words: Words) -> str:
    """Write the derivation, in each notation, beside the picture."""
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


def write_code(work: Work, words: Words) -> str:
    """Write the NumPy code, in a part of its own."""
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


def write_row(
    pictures: Mapping[str, str], names: Iterable[str], alt: Callable[[str], str], say: Callable[[str], str],
    before: str,
) -> str:  # fmt: skip
    """Write plots side by side, those that there are, each with what is said of it."""
    parts = "".join(
        f"<figure>{write_plot(pictures, name, alt(name))}<figcaption>{say(name)}</figcaption></figure>"
        for name in names
        if name in pictures
    )
    return f'{before}<div class="row">{parts}</div>' if parts else ""


def write_plot(pictures: Mapping[str, str], name: str, alt: str) -> str:
    """Write one plot."""
    light = pictures[name]
    return _image(light, alt, light.replace(".svg", "-dark.svg"), "plot")


def _image(light: str, alt: str, dark: str, kind: str = "graph") -> str:
    """Write a picture that is another one on dark paper."""
    source = f'<source srcset="{dark}" media="(prefers-color-scheme: dark)">'
    return f'<picture class="{kind}">{source}<img src="{light}" alt="{escape(alt)}" loading="lazy"></picture>'
