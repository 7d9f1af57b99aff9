"""The directive ``made``: what a function of ``docs/making`` gives when the site is built is put into the page.

    ```{made} making.gallery:draw_network width=600
    ```

calls ``draw_network(width=600)``. What begins with ``<`` is HTML; anything else is Markdown, as if it stood there. A
function that fails ends the build with the page, the line and the reason, so that nothing shown can be out of date.
"""

import ast
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective


class MakingError(SphinxError):
    """What a page asks to be made cannot be."""

    category = "Nothing was made"


class Made(SphinxDirective):
    """The directive itself; its one argument is ``module:function key=value …``."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Give the nodes of what the function gives."""
        wanted = self.arguments[0]
        try:
            function, arguments = find_function(wanted)
            self.env.note_dependency(str(Path(function.__code__.co_filename)))
            made = function(**arguments)
            if not isinstance(made, str):
                raise TypeError(f"it gave {type(made).__name__}, not str")
        except Exception as error:
            where = f"{self.env.docname}, line {self.lineno}"
            raise MakingError(f"{where}: {wanted}: {type(error).__name__}: {error}") from error
        if made.lstrip().startswith("<"):
            return [nodes.raw("", made, format="html")]
        return self.parse_text_to_nodes(made)  # headings are the page's own


def find_function(wanted: str) -> tuple[Any, dict[str, Any]]:
    """Read ``module:function key=value …``: the function, and its arguments. A value that is no literal is a string."""
    name, *pairs = shlex.split(wanted)
    module, colon, function = name.partition(":")
    if not colon or not all("=" in pair for pair in pairs):
        raise ValueError("made is followed by module:function, and then by key=value for each argument")
    return getattr(import_module(module), function), {
        key: read_literal(value) for key, _, value in (pair.partition("=") for pair in pairs)
    }


def read_literal(value: str) -> Any:
    """Give 3 for "3", True for "True", and what is no literal as it is."""
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("made", Made)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
