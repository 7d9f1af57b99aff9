"""Every sentence that the source can say in another language: the templates that it gives to ``say``."""

import ast

from tests.architecture import MODULES, parsed


def templates(room):
    """The templates in a room's modules, each with a module that has it; a call without a literal one fails."""
    found = {}
    for module, path in MODULES.items():
        if not module.startswith(f"minigrad.{room}.") or module == "minigrad.derivation.wording":
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "say":
                assert isinstance(node.args[0], ast.Constant), f"{module}, line {node.lineno}: no literal template"
                found.setdefault(node.args[0].value, module)
    return found
