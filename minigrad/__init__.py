"""minigrad: automatic differentiation on NumPy that shows its work.

The rooms, from the ground up: ``ops`` are the operations, ``engine`` records and differentiates them; ``nn``,
``losses``, ``optim``, ``data``, ``training`` and ``storage`` are what networks are made, trained and kept with;
``callbacks`` stop, save and steer a training, ``metrics`` say what a classifier is worth. ``notation`` writes formulas,
``algebra`` shortens them, ``structure`` reads a graph as a textbook would; ``derivation`` and ``picture`` show it,
``cluster`` trains on Dask's workers, ``plot`` draws losses and trainings, ``exercises`` leave the way back to a
learner, and ``compiler`` makes code of a graph. ``app`` is the command line, ``textbook`` the independent witness,
``numpy`` has NumPy's names, ``scipy`` SciPy's and ``autograd`` those of HIPS autograd's operators, ``notebook`` has
what notebooks show, ``extras`` loads what is optional, ``files`` appear whole or not at all, ``fonts`` have Japanese
letters or not, and ``interrupts`` waits for a safe moment.

Something is wrong: a label, in ``picture`` (what a value is called, in ``structure``); a δ, in ``ops`` (its value),
``algebra`` (its formula) or ``derivation`` (its line); a slow step, in ``engine`` or, compiled, in ``compiler``; a
message, in ``engine`` or where it is raised.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minigrad.engine.recording import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.ops.elementwise import relu, sigmoid
from minigrad.ops.reduction import log_softmax, softmax

if TYPE_CHECKING:
    from minigrad import callbacks, data, losses, metrics, nn, optim, plot, textbook
    from minigrad.algebra.facts import sums_to_one
    from minigrad.algebra.simplify import simplify
    from minigrad.algebra.trace import trace
    from minigrad.autograd import elementwise_grad, flatten, make_jvp, make_vjp
    from minigrad.compiler.api import compile
    from minigrad.derivation.comparing.compare import compare
    from minigrad.derivation.derive import derive
    from minigrad.derivation.matrices import draw_matrices
    from minigrad.engine.debugging.debug import debug
    from minigrad.engine.debugging.explain_zero import why_zero
    from minigrad.engine.debugging.gradcheck import gradcheck
    from minigrad.engine.debugging.memory import memory_report
    from minigrad.engine.steps import steps
    from minigrad.engine.taken import from_dlpack
    from minigrad.engine.transforms.custom import custom_vjp, defjvp, defvjp, primitive
    from minigrad.engine.transforms.functional import grad, holomorphic_grad, value_and_grad
    from minigrad.engine.transforms.jacobians import hessian, jacobian
    from minigrad.engine.transforms.mapping import vmap
    from minigrad.engine.transforms.own_operations import operation
    from minigrad.engine.transforms.products import hessian_vector_product, hvp, jvp, stop_gradient, vjp
    from minigrad.engine.transforms.recomputation import checkpoint
    from minigrad.exercises.attempt import exercise
    from minigrad.ops.networks.activations import elu, gelu, leaky_relu, logsigmoid, silu, softplus
    from minigrad.picture.draw import draw
    from minigrad.picture.stepper.page import stepper
    from minigrad.scipy.objective import scipy_objective
    from minigrad.storage import load, save
    from minigrad.training import fit

__version__ = "0.1.0"  # semantic: what breaks a user's code raises the first number, or the second while the first is 0

__all__ = [
    "Tensor",
    "callbacks",
    "checkpoint",
    "compare",
    "compile",
    "custom_vjp",
    "data",
    "debug",
    "defjvp",
    "defvjp",
    "derive",
    "draw",
    "draw_matrices",
    "elementwise_grad",
    "elu",
    "exercise",
    "fit",
    "flatten",
    "from_dlpack",
    "gelu",
    "grad",
    "gradcheck",
    "hessian",
    "hessian_vector_product",
    "holomorphic_grad",
    "hvp",
    "jacobian",
    "jvp",
    "leaky_relu",
    "load",
    "log_softmax",
    "logsigmoid",
    "losses",
    "make_jvp",
    "make_vjp",
    "memory_report",
    "metrics",
    "nn",
    "no_grad",
    "operation",
    "optim",
    "plot",
    "primitive",
    "relu",
    "save",
    "scipy_objective",
    "sigmoid",
    "silu",
    "simplify",
    "softmax",
    "softplus",
    "stepper",
    "steps",
    "stop_gradient",
    "sums_to_one",
    "textbook",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
    "why_zero",
]

# What is not of a Tensor itself is imported when it is first asked for: each room, what looks at a recorded graph,
# files, whose zipfile alone takes as long as all that a Tensor needs, and functions of functions.
_ROOMS = ("autograd", "callbacks", "data", "losses", "metrics", "nn", "numpy", "optim", "plot", "scipy", "textbook")
_LATE = {
    "checkpoint": "engine.transforms.recomputation",
    "compare": "derivation.comparing.compare",
    "compile": "compiler.api",
    "custom_vjp": "engine.transforms.custom",
    "debug": "engine.debugging.debug",
    "defjvp": "engine.transforms.custom",
    "defvjp": "engine.transforms.custom",
    "derive": "derivation.derive",
    "draw": "picture.draw",
    "draw_matrices": "derivation.matrices",
    "elementwise_grad": "autograd",
    "elu": "ops.networks.activations",
    "exercise": "exercises.attempt",
    "fit": "training",
    "flatten": "autograd",
    "from_dlpack": "engine.taken",
    "gelu": "ops.networks.activations",
    "grad": "engine.transforms.functional",
    "gradcheck": "engine.debugging.gradcheck",
    "hessian": "engine.transforms.jacobians",
    "hessian_vector_product": "engine.transforms.products",
    "holomorphic_grad": "engine.transforms.functional",
    "hvp": "engine.transforms.products",
    "jacobian": "engine.transforms.jacobians",
    "jvp": "engine.transforms.products",
    "leaky_relu": "ops.networks.activations",
    "load": "storage",
    "logsigmoid": "ops.networks.activations",
    "make_jvp": "autograd",
    "make_vjp": "autograd",
    "memory_report": "engine.debugging.memory",
    "operation": "engine.transforms.own_operations",
    "primitive": "engine.transforms.custom",
    "save": "storage",
    "scipy_objective": "scipy.objective",
    "silu": "ops.networks.activations",
    "simplify": "algebra.simplify",
    "softplus": "ops.networks.activations",
    "stepper": "picture.stepper.page",
    "steps": "engine.steps",
    "stop_gradient": "engine.transforms.products",
    "sums_to_one": "algebra.facts",
    "trace": "algebra.trace",
    "value_and_grad": "engine.transforms.functional",
    "vjp": "engine.transforms.products",
    "vmap": "engine.transforms.mapping",
    "why_zero": "engine.debugging.explain_zero",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"minigrad.{name}")
    if name not in _LATE:
        rooms = {room: import_module(f"minigrad.{room}") for room in ("nn", "losses", "optim", "data", "textbook")}
        meant = {
            other.lower(): f"It is minigrad.{room}.{other}"
            for room, module in rooms.items()
            for other, x in vars(module).items()
            if callable(x) and getattr(x, "__module__", "").startswith(module.__name__) and other[0] != "_"
        }
        numpys = {name: f"It is NumPy's: write np.{name}"} if hasattr(import_module("numpy"), name) else {}
        activations = import_module("minigrad.engine.protocols.formulas").say_activations()
        words = numpys | meant | import_module("minigrad.engine.messages.other_names").MODULE | activations
        error = import_module("minigrad.engine.messages.absent").absent
        raise error(f"module {__name__!r}", name, words, __all__)
    value = globals()[name] = getattr(import_module(f"minigrad.{_LATE[name]}"), name)
    return value
