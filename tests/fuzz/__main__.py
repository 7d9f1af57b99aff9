"""The command: programs, one after another, for as long as one likes."""

from __future__ import annotations

import argparse
import time

from minigrad import compile
from tests.fuzz.assigning import check_assignments
from tests.fuzz.check import BACKENDS, NATIVE, check
from tests.fuzz.layouts import check_layouts
from tests.fuzz.states import check_states
from tests.fuzz.steps import check_steps


def main(arguments: list[str] | None = None) -> int:
    """Run for some time; give 1 if something was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Look for programs whose code does not do as they do"
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--native-every", type=int, default=20, help="native code is compiled for one program of so many"
    )
    parser.add_argument("--keep-going", action="store_true", help="print every failure, and go on")
    parser.add_argument("--tell-every", type=int, default=0, help="say how far it is after so many programs")
    options = parser.parse_args(arguments)
    started, seed, failures = time.monotonic(), options.seed, 0
    compiled = 0
    while time.monotonic() - started < options.seconds:
        native = options.native_every and seed % options.native_every == 0
        compiled += bool(native)
        found = check(seed, BACKENDS if native else BACKENDS[:-1])
        found = found or check_assignments(seed, compiled=seed % 4 == 0) or check_layouts(seed)
        found = found or (check_states(seed, {"numpy": compile}) if seed % 20 == 7 else None)
        found = found or (check_steps(seed, {"numpy": compile}) if seed % 5 == 3 else None)
        if found is not None:
            failures += 1
            print(found, "\n", flush=True)
            if not options.keep_going:
                break
        seed += 1
        if options.tell_every and (seed - options.seed) % options.tell_every == 0:
            print(f"{time.monotonic() - started:.0f} s: next is seed {seed}; {failures} failed", flush=True)
    print(f"{seed - options.seed} programs from seed {options.seed}, {compiled} compiled; {failures} failed")
    print("as native code:", dict(NATIVE.most_common()))
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
