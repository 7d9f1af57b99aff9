"""The command line: ``minigrad tour`` and ``minigrad ops``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from minigrad.graph.catalogue import rows
from minigrad.tour.guide import tour


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all went well, 1 if the tour found a wrong gradient, 2 for bad input, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "ops":
            print(operations())
            return 0
        return tour(arguments.out, arguments.seed, arguments.quick)
    except KeyboardInterrupt:
        print("minigrad: stopped", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"minigrad {arguments.command}: {error.strerror}: {error.filename}", file=sys.stderr)
        return 2


def operations() -> str:
    """Write a table of every differentiable operation with its local derivatives; g is ∂E/∂y."""
    table = rows()
    name, formula = (max(len(row[i]) for row in table) for i in (0, 1))
    lines = [f"{row[0]:{name}}  {row[1]:{formula}}  {'   '.join(row[2])}" for row in table]
    return "\n".join([*lines, "", "g = ∂E/∂y. Where an operand was broadcast, its gradient is summed over the copies."])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="minigrad", description="Backpropagation that shows its work.")
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True)
    touring = commands.add_parser("tour", help="train three networks, compare every gradient, write a page")
    touring.add_argument("--out", type=Path, default=Path("tour"), help="folder for the page (default: tour)")
    touring.add_argument("--seed", type=_seed, default=0, help="of all random choices (default: 0)")
    touring.add_argument("--quick", action="store_true", help="train for a tenth of the epochs")
    commands.add_parser("ops", help="list every differentiable operation with its local derivative")
    return parser


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number, 0 or more, not {text!r}")
    return int(text)


def _version() -> str:
    try:
        return f"minigrad {version('minigrad')}"
    except PackageNotFoundError:
        return "minigrad, not installed"
