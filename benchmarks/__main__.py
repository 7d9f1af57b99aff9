"""`python -m benchmarks`: measure, print a report, and keep it as benchmarks.json and benchmarks.md."""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import digits, imports, machine
from benchmarks.columns import RIVALS, installed, versions
from benchmarks.report import markdown
from benchmarks.workloads import DTYPES, WORKLOADS

PARTS = (
    *WORKLOADS,
    *(
        "loaded",
        "networks",
        "loops",
        "digits",
        "functions",
        "compile",
        "chain",
        "checkpoint",
        "derive",
        "draw",
        "import",
    ),
)


@dataclass(frozen=True)
class Effort:
    """How long to measure: seconds and rounds for each step and dtype, rounds for what else there is."""

    seconds: float
    rounds: int
    shortest: float
    chain_rounds: int
    derive_rounds: int
    import_rounds: int


FULL = Effort(seconds=14, rounds=9, shortest=0.02, chain_rounds=7, derive_rounds=9, import_rounds=21)
QUICK = Effort(seconds=1, rounds=3, shortest=0.01, chain_rounds=1, derive_rounds=3, import_rounds=5)


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description="What minigrad costs beside doing it by hand.")
    parser.add_argument("--quick", action="store_true", help="a rough figure of everything, in well under a minute")
    parser.add_argument("--only", type=_some_of(PARTS), default=PARTS, help=f"comma-separated, of {', '.join(PARTS)}")
    parser.add_argument(
        "--rivals", type=_some_of(RIVALS), default=(), help=f"comma-separated, of {', '.join(RIVALS)}; default: none"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", help="folder for the report")
    given = parser.parse_args(argv)
    missing = [name for name in given.rivals if not installed(name)]
    if missing:
        parser.error(f"--rivals: not installed: {', '.join(missing)}; try  pip install {' '.join(missing)}")
    return given


def measure(parts: tuple[str, ...], rivals: tuple[str, ...], effort: Effort) -> dict[str, Any]:
    """Measure the parts, each in processes of its own."""
    about = machine.about() | versions((*filter(installed, ("numba", "scipy")), *rivals))
    results: dict[str, Any] = {"about": about, "steps": {}} | dict.fromkeys(PARTS[len(WORKLOADS) :])
    for part in parts:
        print(f"measuring {WORKLOADS.get(part, part)} …", file=sys.stderr)
        if part == "import":
            results["import"] = imports.measure(effort.import_rounds)
        elif part == "digits":
            results[part] = digits.measure()
        elif part in ("networks", "loops", "loaded"):
            results[part] = _by_worker(effort, threads=2, task=part, rivals=rivals)
        elif part in ("functions", "compile", "chain", "checkpoint", "derive", "draw"):
            results[part] = _by_worker(effort, threads=1, task=part, rivals=rivals)
        else:
            threads = WORKLOADS[part].threads
            results["steps"][part] = {
                dtype: _by_worker(effort, threads, task=part, dtype=dtype, rivals=rivals) for dtype in DTYPES
            }
    return results


def _by_worker(effort: Effort, threads: int, **task: Any) -> Any:
    return json.loads(machine.run(["-m", "benchmarks.worker", json.dumps(task | asdict(effort))], threads))


def main(argv: list[str] | None = None) -> None:
    """Measure, write the two files, print the report."""
    given = arguments(argv)
    given.out.mkdir(parents=True, exist_ok=True)
    results = measure(given.only, given.rivals, QUICK if given.quick else FULL)
    text = markdown(results)
    (given.out / "benchmarks.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (given.out / "benchmarks.md").write_text(text, encoding="utf-8")
    print(text)


def _some_of(known: tuple[str, ...]) -> Any:
    """Make a reader of comma-separated names."""

    def read(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(known)}")
        return names

    return read


if __name__ == "__main__":
    main()
