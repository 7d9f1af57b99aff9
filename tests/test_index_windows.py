"""Lines by indices of convolutions, pooling, rows made of images, and assignment, as a book has them."""

import numpy as np
import pytest

from minigrad import Tensor, derive, losses, nn, relu
from minigrad.algebra.graph import evaluate
from minigrad.data import one_hot
from minigrad.derivation import equations
from minigrad.derivation.reasons import symbol_terms
from minigrad.nn import functional as F
from tests.index_reading import says_the_value

TIES = "    (elements that tie for the largest share)"
OUTSIDE = "    (terms with an index outside of its axis are left out)"


def of(name, *shape):
    n = int(np.prod(shape))  # no two alike, and sums are exact, so that what is the largest is so by any order
    order = np.random.default_rng(sum(map(ord, name)) + len(shape)).permutation(n)
    values = (order - n // 2).reshape(shape) / 16
    return Tensor(values, requires_grad=True, name=name)


def image(*size, channels=3):
    return of("x", 2, channels, *size)


def filled(x):
    """Change a copy in place: one row, some rows, every second."""
    y = x * 1.0
    y[1] = 2 * y[0]
    y[2:4] += x[:2]
    y[1::2] *= 3
    return y


def whole_maps(x):
    return nn.GlobalMaxPool()(x) * nn.GlobalAvgPool()(x)


def padded_by_hand(x):
    y = np.pad(x, ((1, 1), (0, 2)))
    return np.tril(y[::-1]) * np.roll(y, 2, axis=1)


FUNCTIONS = {
    "conv1d": lambda: F.conv1d(image(8), of("w", 4, 3, 3), of("b", 4)),
    "conv2d padded": lambda: F.conv2d(image(5, 6), of("w", 4, 3, 3, 2), of("b", 4), padding=1),
    "conv3d by 2": lambda: F.conv3d(image(5, 3, 4), of("w", 2, 3, 2, 1, 2), of("b", 2), stride=2),
    "conv1d dilated": lambda: F.conv1d(image(9), of("w", 4, 3, 3), of("b", 4), padding=2, dilation=2),
    "conv1d by 2, dilated by 3": lambda: F.conv1d(image(12), of("w", 4, 3, 3), of("b", 4), stride=2, dilation=3),
    "one position": lambda: F.conv1d(image(1), of("w", 4, 3, 3), of("b", 4), padding=1),
    "depthwise": lambda: F.conv2d(image(4, 4), of("w", 3, 1, 3, 3), of("b", 3), groups=3),
    "depthwise twice": lambda: F.conv1d(image(5), of("w", 6, 1, 3), of("b", 6), groups=3),
    "groups": lambda: F.conv1d(image(5, channels=6), of("w", 4, 3, 3), of("b", 4), groups=2),
    "transposed": lambda: F.conv_transpose1d(image(4), of("w", 3, 4, 3), of("b", 4), stride=2, padding=1),
    "transposed dilated": lambda: F.conv_transpose1d(image(4), of("w", 3, 2, 3), of("b", 2), stride=2, dilation=2),
    "transposed groups": lambda: F.conv_transpose1d(image(4, channels=4), of("w", 4, 3, 3), of("b", 6), groups=2),
    "max pooling": lambda: F.max_pool2d(image(4, 6), 2),
    "max pooling overlapping": lambda: F.max_pool1d(image(7), 3, 2, 1),
    "max pooling of relu": lambda: F.max_pool1d(abs(F.conv1d(image(6), of("w", 2, 3, 3), of("b", 2))), 2),
    "mean pooling": lambda: F.avg_pool2d(image(4, 4), 2),
    "mean pooling padded": lambda: F.avg_pool1d(image(6), 3, 1, 1),
    "mean pooling of what is there": lambda: F.avg_pool1d(image(6), 3, 1, 1, False),
    "whole maps": lambda: whole_maps(image(3, 2)),
    "rows of images": lambda: np.tanh(image(2, 3).reshape(2, -1)) @ of("V", 18, 4),
    "images of rows": lambda: F.conv1d((of("X", 2, 5) @ of("V", 5, 12)).reshape(2, 3, 4), of("w", 2, 3, 2)),
    "other rows": lambda: image(4).reshape(4, 6) * of("w", 6),
    "assignment": lambda: filled(of("x", 5, 3)),
    "padded, rolled, cut": lambda: padded_by_hand(of("x", 3, 4)),
    "joined": lambda: np.concatenate([of("a", 2, 3), np.tanh(of("b", 1, 3)), of("c", 2, 3)]) * of("w", 5, 1),
    "stacked": lambda: np.stack([of("a", 3), of("b", 3)], 1) @ of("w", 2),
}


@pytest.mark.parametrize("called", FUNCTIONS)
def test_every_line_says_its_value(called, monkeypatch):
    for room in (equations, symbol_terms):  # a line that has no index form is written as a whole: not here
        monkeypatch.setattr(room, "NoIndexForm", ZeroDivisionError)
    derivation = derive((FUNCTIONS[called]() ** 2).sum(), fold=False, forward=True)
    for line in derivation:
        says_the_value(line.node, derivation.graph.values)
        (value,) = evaluate([line.node], derivation.graph.values)
        np.testing.assert_allclose(np.broadcast_to(value, line.value.shape), line.value, rtol=1e-6, atol=1e-9)
    assert "=" in derivation.to_text("index")


def lines(called, forward=True):
    return derive((FUNCTIONS[called]() ** 2).sum(), forward=forward).to_text("index").splitlines()


def test_a_convolution_is_a_sum_over_channels_and_kernel():
    assert lines("conv2d padded") == [
        "u_cij = Σ_dpq w_cdpq x_{d,i+p−1,j+q−1} + b_c" + OUTSIDE,
        "y_cij = u_cij²",
        "E = Σ_ncij y_ncij",
        "δ_cij = ∂E/∂u_cij = 2 u_cij",
        "∂E/∂x_cij = Σ_dpq w_dcpq δ_{d,i−p+1,j−q+1}" + OUTSIDE,
        "∂E/∂w_cdpq = Σₙᵢⱼ δ_ncij x_{n,d,i+p−1,j+q−1}" + OUTSIDE,
        "∂E/∂b_c = Σₙᵢⱼ δ_ncij",
    ]


@pytest.mark.parametrize(
    ("called", "wanted"),
    [
        ("conv1d", ["u_ci = Σ_dp w_cdp x_{d,i+p} + b_c", "∂E/∂w_cdp = Σₙᵢ δ_nci x_{n,d,i+p}"]),
        ("conv3d by 2", ["u_cijk = Σ_dpr w_cdpr x_{d,2i+p,2j,2k+r} + b_c"]),
        ("conv1d dilated", ["u_ci = Σ_dp w_cdp x_{d,i+2p−2} + b_c" + OUTSIDE]),
        ("conv1d by 2, dilated by 3", ["∂E/∂x_ci = Σ_{d,j,p: 2j+3p=i} w_dcp δ_dj"]),
        ("depthwise", ["u_cij = Σ_pq w_cpq x_{c,i+p,j+q} + b_c", "∂E/∂w_cpq = Σₙᵢⱼ δ_ncij x_{n,c,i+p,j+q}"]),
        ("depthwise twice", ["u_{2g+c,i} = Σₚ w_{2g+c,p} x_{g,i+p} + b_{2g+c}"]),
        ("groups", ["u_{2g+c,i} = Σ_dp w_{2g+c,d,p} x_{3g+d,i+p} + b_{2g+c}"]),
        ("transposed", ["u_ci = Σ_dj w_{d,c,i−2j+1} x_dj + b_c" + OUTSIDE]),
        ("max pooling", ["E = Σ_ncij (max_{pq} x_{n,c,2i+p,2j+q})²"]),
        ("mean pooling", ["∂E/∂x_cij = Σ_{k,l: 0≤i−2k<2, 0≤j−2l<2} 0.5((Σ_pq x_{c,2k+p,2l+q}) / 4)"]),
        ("mean pooling padded", ["E = Σ_nci ((Σₚ x_{n,c,i+p−1}) / 3)²" + OUTSIDE]),
        ("rows of images", ["uᵢ = Σᵣₛₚ tanh(xᵣₛₚ) v_{6r+3s+p,i}"]),
        ("joined", ["v⁽²⁾ₗⱼ = {aₗⱼ if l < 2; tanh(bⱼ) if l = 2; c_{l−3,j} otherwise}", "∂E/∂cₖⱼ = ∂E/∂v⁽²⁾_{k+3,j}"]),
    ],
)
def test_lines_are_those_of_a_book(called, wanted):
    found = lines(called)
    assert [line for line in found if line in wanted] == wanted, "\n".join(found)


def test_assignment_is_written_by_cases():
    assert lines("assignment") == [
        "v⁽⁴⁾ᵢⱼ = {2 x₀ⱼ if i = 1; xᵢⱼ otherwise}",
        "v⁽⁷⁾ₖⱼ = v⁽⁴⁾_{k+2,j} + xₖⱼ",
        "v⁽⁸⁾ᵢⱼ = {v⁽⁷⁾_{i−2,j} if 2 ≤ i < 4; v⁽⁴⁾ᵢⱼ otherwise}",
        "v⁽¹¹⁾ᵢⱼ = {3 v⁽⁸⁾_{2⌊i/2⌋+1,j} if 1 ≤ i < 4, i mod 2 = 1; v⁽⁸⁾ᵢⱼ otherwise}",
        "E = Σᵣₛ v⁽¹¹⁾ᵣₛ²",
        "∂E/∂v⁽¹¹⁾ᵢⱼ = 2 v⁽¹¹⁾ᵢⱼ",
        "∂E/∂v⁽⁸⁾ᵢⱼ = {3 ∂E/∂v⁽¹¹⁾_{2⌊i/2⌋+1,j} if 1 ≤ i < 4, i mod 2 = 1; ∂E/∂v⁽¹¹⁾ᵢⱼ otherwise}",
        "∂E/∂v⁽⁷⁾ₖⱼ = ∂E/∂v⁽⁸⁾_{k+2,j}",
        "∂E/∂v⁽⁴⁾ᵢⱼ = {∂E/∂v⁽⁷⁾_{i−2,j} if 2 ≤ i < 4; ∂E/∂v⁽⁸⁾ᵢⱼ otherwise}",
        "∂E/∂xᵢⱼ = {∂E/∂v⁽⁷⁾ᵢⱼ if i < 2; 0 otherwise} + {0 if i = 1; ∂E/∂v⁽⁴⁾ᵢⱼ otherwise}"
        " + {2 ∂E/∂v⁽⁴⁾₁ⱼ if i = 0; 0 otherwise}",
    ]


def test_a_small_network_of_convolution_pooling_and_a_layer():
    x, V = Tensor(image(6, 6).array, name="x"), of("V", 36, 5)
    h = F.max_pool2d(relu(F.conv2d(x, of("w", 4, 3, 3, 3), of("b", 4), padding=1)), 2)
    T = Tensor(one_hot([1, 2], 5), name="T")
    derivation = derive(losses.softmax_cross_entropy(h.reshape(2, -1) @ V, T), forward=True)
    assert derivation.to_text("index").splitlines() == [
        "u⁽¹⁾_cij = Σ_dpq w_cdpq x_{d,i+p−1,j+q−1} + b_c" + OUTSIDE,
        "y⁽¹⁾_cij = relu(u⁽¹⁾_cij)",
        "y⁽²⁾ₖ = u⁽²⁾ₖ = Σ_cij (max_{pq} y⁽¹⁾_{c,2i+p,2j+q})v_{9c+3i+j,k}",
        "E = −Σₙₖ tₙₖ(y⁽²⁾ₙₖ − log(Σᵣ exp(y⁽²⁾ₙᵣ)))",
        "δ⁽²⁾ₖ = ∂E/∂u⁽²⁾ₖ = exp(y⁽²⁾ₖ) / (Σᵣ exp(y⁽²⁾ᵣ)) − tₖ    (Σ T = 1 along axis -1)",
        "∂E/∂v_{9c+3i+j,k} = Σₙ (max_{pq} y⁽¹⁾_{n,c,2i+p,2j+q})δ⁽²⁾ₙₖ",
        "∂E/∂y_cij = Σ_{k,l: 0≤i−2k<2, 0≤j−2l<2} (y⁽¹⁾_cij = max_{pq} y⁽¹⁾_{c,2k+p,2l+q})Σᵣ δ⁽²⁾ᵣ v_{9c+3k+l,r}" + TIES,
        "δ⁽¹⁾_cij = ∂E/∂u⁽¹⁾_cij = ∂E/∂y_cij(u_cij > 0)",
        "∂E/∂w_cdpq = Σₙᵢⱼ δ⁽¹⁾_ncij x_{n,d,i+p−1,j+q−1}" + OUTSIDE,
        "∂E/∂b_c = Σₙᵢⱼ δ⁽¹⁾_ncij",
    ]


def test_latex_and_mathml_write_what_stands_below_a_sign_and_cases():
    pooled = derive((FUNCTIONS["mean pooling padded"]() ** 2).sum(), forward=True)
    assert pooled.to_latex("index").splitlines()[1] == (
        r"  E &= \sum_{nci} {\left( \frac{\sum_{p} x_{n,c,i+p-1}}{3} \right)}^{2} && "
        r"\text{(terms with an index outside of its axis are left out)} \\"
    )
    largest = derive((FUNCTIONS["max pooling"]() ** 2).sum(), forward=True)
    assert r"\max_{pq} x_{n,c,2i+p,2j+q}" in largest.to_latex("index")
    assert r"\sum_{k,l:\,0\le i-2k<2, 0\le j-2l<2}" in largest.to_latex("index")
    assert "<munder><mo>max</mo><mrow><mi>p</mi><mi>q</mi></mrow></munder>" in largest.to_mathml("index")[0]
    written = derive((FUNCTIONS["assignment"]() ** 2).sum(), forward=True)
    assert r"\begin{cases} 2 x_{0j} & \text{if } i = 1 \\ x_{ij} & \text{otherwise} \end{cases}" in written.to_latex(
        "index"
    )
    assert written.to_mathml("index")[0].count("<mtr>") == 2


@pytest.mark.parametrize(
    ("f", "index"),
    [
        (lambda x, w: np.convolve(x, w, "valid"), ["∂E/∂xᵢ = Σᵣ ∂E/∂v_{i+r} wᵣ", "∂E/∂wⱼ = Σᵣ ∂E/∂v_{j+r} xᵣ"]),
        (lambda x, w: np.cumsum(x) * w[0], ["Σ_{r: 0≤r−i<4}"]),
    ],
)
def test_what_runs_along_an_axis_has_indices(f, index):
    x, w = (Tensor(np.arange(1.0, n + 1), requires_grad=True, name=name) for n, name in ((4, "x"), (2, "w")))
    written = derive((f(x, w) ** 2).sum()).to_text("index")
    assert all(line in written for line in index)
