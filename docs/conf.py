"""What Sphinx is told: ``python -m sphinx -W docs docs/_build`` builds the site, every warning an error.

Nothing is fetched, at build or by a reader: fonts are the reader's own, formulas are MathML, and pictures are part of
the page.
"""

import sys
from pathlib import Path

import minigrad

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "_ext")]  # ``making`` makes what pages show; ``made`` and its like put it in
sys.path.append(str(HERE.parent))  # ``benchmarks`` writes the report of a stored run

project = "minigrad"
author = "The minigrad team"
copyright = author
release = version = minigrad.__version__
html_title = f"minigrad {version}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "access", "courses", "docstrings", "made", "offline", "tongue"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_member_order = "bysource"

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_search_summary = False  # it would be fetched, which pages opened as files may not
highlight_language = "none"  # of a block without a language, which is what code prints
pygments_style, pygments_dark_style = "a11y-light", "github-dark"  # whose letters stand out by 4.5 : 1
