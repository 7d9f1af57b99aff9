"""The course of exercises as pages of their own, beside the site's: ``course-en.html``, ``course-ja.html``."""

from pathlib import Path

from sphinx.application import Sphinx

from minigrad.derivation.wording import LANGUAGES
from minigrad.exercises.course import COURSE
from minigrad.exercises.page import write_page


def write_courses(app: Sphinx, failure: Exception | None) -> None:
    """Write the course in each language, once a site that has the page about it is built."""
    if failure is None and app.builder.format == "html" and "exercises" in app.env.found_docs:
        for lang in LANGUAGES:
            lessons = [(lesson.key, lesson.worksheet(lang=lang), lesson.about) for lesson in COURSE]
            write_page(lessons, Path(app.outdir) / f"course-{lang}.html", lang)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write them when the rest is finished."""
    app.connect("build-finished", write_courses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
