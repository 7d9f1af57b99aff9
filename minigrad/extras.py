"""The one place by which modules that minigrad does without are loaded."""

from importlib import import_module
from types import ModuleType

# The packages of each extra of pyproject.toml. They are named one by one in messages, since that is true however
# minigrad was installed: what is called minigrad on the index of packages is another project.
PACKAGES = {
    "plot": "matplotlib",
    "png": "resvg-py",
    "pdf": "typst",
    "progress": "tqdm",
    "native": "numba scipy",
    "cuda": "cupy-cuda13x",
    "cluster": "dask distributed zarr pyarrow",
    "safetensors": "safetensors",
}


def require(module: str, extra: str) -> ModuleType:
    """Give the module, or raise ImportError with the command that installs it: `extra` is the extra that brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{module} could not be imported ({error}); install it with:  pip install {PACKAGES[extra]}", name=module
        ) from error
