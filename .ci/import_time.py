"""Prints how long ``import minigrad`` takes by itself, and how long NumPy's import takes: the fastest of seven."""

import subprocess
import sys
import time

import minigrad


def seconds(code: str) -> float:
    """Of a fresh Python that runs this."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begun


def fastest(code: str) -> float:
    """Of seven, in milliseconds: what disturbs only makes it slower."""
    return 1000 * min(seconds(code) for _ in range(7))


assert "site-packages" in str(minigrad.__file__), f"{minigrad.__file__} is not what was installed"
python, numpy, ours = fastest(""), fastest("import numpy"), fastest("import minigrad")
print(
    f"release: {sys.argv[1]} on Python {sys.version.split()[0]}: minigrad {minigrad.__version__} is imported in "
    f"{ours - numpy:.0f} ms after NumPy's {numpy - python:.0f} ms"
)
