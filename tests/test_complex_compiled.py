"""Complex numbers as code, as formulas and in derivations: what eager execution computes, by no rule of the reals."""

import numpy as np
import pytest

from minigrad import Tensor, compile, derive, grad, optim, trace
from minigrad.algebra.graph import evaluate
from minigrad.algebra.simplify import simplify
from minigrad.notation.formula import latex, plain, text

RNG = np.random.default_rng(3)
Z, W = (RNG.normal(size=3) + 1j * RNG.normal(size=3) for _ in "zw")
X = np.linspace(0.5, 2, 3)
UNARY = [
    *(np.exp, np.sin, np.tanh, np.negative, np.conj, np.square, np.sqrt, np.reciprocal, np.real, np.imag, np.abs),
    *(lambda z: np.log(np.exp(3j * z)), lambda z: np.abs(z) ** 2, lambda z: (2 - 1j) * z, lambda z: z * 1j + 0.5),
    *(lambda z: np.sqrt(z**2), lambda z: (z**0.5) ** 2, lambda z: np.where(np.real(z) > 0, z, 1j * z), np.angle),
    *(lambda z: z - (-z), lambda z: z / (2j * z), lambda z: np.exp(np.log(z)), lambda z: z.sum() / z),
]
BINARY = [np.add, np.subtract, np.multiply, np.divide, lambda a, b: np.vdot(a, b) * a, lambda a, b: a * b - b * a / 2]


def program(seed):
    """A function of complex z, w and real x: operations drawn at random, of operands drawn among what there is."""
    rng = np.random.default_rng(seed)
    steps = [(rng.integers(2), rng.integers(100), rng.integers(100, size=2)) for _ in range(6)]

    def run(z, w, x):
        values = [z, w, x]
        for binary, which, (i, j) in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(BINARY[which % len(BINARY)](a, b) if binary else UNARY[which % len(UNARY)](a))
        return sum((np.abs(y) ** 2).sum() for y in values[3:]) + np.real(values[-1] * z).sum()

    return run


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_are_compiled_and_simplified_to_equal_ones(seed):
    f = program(seed)
    step = grad(f, argnums=(0, 1, 2))
    with np.errstate(all="ignore"):
        wanted = [f(Z, W, X), *step(Z, W, X)]
        found = [compile(f, backend="numpy")(Z, W, X), *compile(step, backend="numpy")(Z, W, X)]
        graph = trace(f, Z, W, X)
        (short,) = evaluate(simplify(graph).outputs, graph.values)
    for y, w in zip([*found, short], [*wanted, wanted[0]], strict=True):
        assert np.asarray(y).dtype == np.asarray(w).dtype
        sure = np.isfinite(w)  # where it is not, canceling may have mended it
        largest = np.max(np.abs(w), initial=0, where=sure)
        np.testing.assert_allclose(np.asarray(y)[sure], np.asarray(w)[sure], rtol=1e-8, atol=1e-8 * largest)


def test_native_code_says_that_it_has_no_complex_numbers():
    pytest.importorskip("numba")
    step = compile(lambda z: (z * 2).real.sum(), backend="native")
    assert step(Z) == pytest.approx(2 * Z.real.sum())
    assert "a call between its loops: multiply: native code has no dtype complex128" in str(step.report())


def test_the_logarithm_of_an_exponential_is_left_alone():
    z = np.array([4j, 1 + 7j])
    np.testing.assert_allclose(compile(lambda z: np.log(np.exp(z)))(z), np.log(np.exp(z)))


@pytest.mark.parametrize(
    ("f", "written"),
    [
        (lambda z: (1 + 2j) * z, ("(1 + 2i) z", r"\left( 1 + 2i \right) z", "(1 + 2i) * z")),
        (lambda z: z - 1j, ("z − i", r"z - \mathrm{i}", "z - i")),
        (lambda z: np.conj(z) * -2.5j, ("−2.5i conj(z)", r"-2.5i \operatorname{conj}\left( z \right)", None)),
        (lambda z: np.fft.ifft(z), ("ℱ⁻¹(z)", r"{\mathcal{F}}^{-1}\left( z \right)", "F^(-1)(z)")),
    ],
)
def test_formulas(f, written):
    (output,) = simplify(trace(f, Tensor(Z, requires_grad=True, name="z"))).outputs
    for write, wanted in zip((text, latex, plain), written, strict=True):
        assert wanted is None or write(output) == wanted


def test_derivations_are_checked_along_both_parts():
    z = Tensor(Z, requires_grad=True, name="z")
    w = Tensor(X, requires_grad=True, name="w")
    lines = derive((np.abs(np.exp(1j * w * z) - 2) ** 2).sum())
    assert max(line.difference for line in lines.check()) < 1e-6
    assert "Re(" in str(lines)
    h = z
    for _ in range(6):
        h = np.tanh(h * W + w)
    folded = derive((np.abs(h) ** 2).sum())
    assert max(line.difference for line in folded.check()) < 1e-6


def test_a_complex_output_has_no_gradient_inside_code_either():
    with pytest.raises(TypeError, match=r"wanted a real value.*holomorphic_grad"):
        compile(grad(lambda z: (z * z).sum()))(Z)
    with pytest.raises(TypeError, match="wanted a real number"):
        compile(lambda z: z.sum().backward())(Tensor(Z, requires_grad=True))


def test_an_optimizer_wants_real_parameters():
    with pytest.raises(TypeError, match=r"z.*complex128"):
        optim.SGD([Tensor(Z, requires_grad=True, name="z")], lr=0.1)
