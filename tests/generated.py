"""Files that are written by what they tell of: ``python -m tests.generated`` writes them anew."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from minigrad.app.operations import document_operations
from tests.stubs import write_stub

ROOT = Path(__file__).parent.parent
STUBS = {"__init__": np, "linalg": np.linalg, "fft": np.fft, "random": np.random}


def generated_files():
    """The path and the text of each."""
    stubs = {ROOT / "minigrad" / "numpy" / f"{name}.pyi": write_stub(module) for name, module in STUBS.items()}
    if find_spec("scipy") is not None:
        written = import_module("tests.scipy_stubs").scipy_stubs()  # which asks SciPy for its names
        stubs |= {ROOT / "minigrad" / "scipy" / f"{name}.pyi": text for name, text in written.items()}
    return stubs | {ROOT / "docs" / "operations.md": document_operations()}


if __name__ == "__main__":
    for path, text in generated_files().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
