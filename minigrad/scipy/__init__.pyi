"""minigrad.scipy, of SciPy 1.17 for type checkers; written by ``python -m tests.generated``."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy
from minigrad.scipy import integrate as integrate
from minigrad.scipy import linalg as linalg
from minigrad.scipy import signal as signal
from minigrad.scipy import special as special
from minigrad.scipy import stats as stats
