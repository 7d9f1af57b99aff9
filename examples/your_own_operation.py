"""Your own operation: its value, its local derivative and its notation, in one place; everything else follows.

Here softplus(x) = ln(1 + eˣ), whose derivative is σ(x). It can be differentiated any number of times, derived, drawn
and compiled, since its derivative is written in operations that can.
"""

import numpy as np

import minigrad
from minigrad import Tensor, derive, grad, gradcheck, sigmoid
from minigrad.ops.base import Elementwise

softplus = Elementwise(
    "softplus",
    lambda x: np.logaddexp(0, x),  # the value, on arrays
    lambda y, x: sigmoid(x),  # ∂y/∂x, by y and x; the walk multiplies by the gradient that comes in
    text="softplus({x})",
)

print("softplus(0.5)   =", softplus(np.array(0.5)))
print("its derivative  =", grad(softplus)(0.5), " by hand:", 1 / (1 + np.exp(-0.5)))
print("the second one  =", grad(grad(softplus))(0.5))
gradcheck(lambda x: softplus(x).sum(), np.linspace(-3, 3, 7))  # raises where the rule is wrong

x = Tensor([[0.2, -0.4], [1.0, 0.3]], name="x")
W = Tensor([[1.0, -1.0], [0.5, 2.0]], requires_grad=True, name="W")
E = softplus(x @ W).sum()
print(derive(E))


@minigrad.compile
def loss(v):
    """Give the sum, as code that was traced once."""
    return softplus(v).sum()


print("compiled:", loss(np.array([0.5, 1.0])), " eager:", softplus(np.array([0.5, 1.0])).sum())
