"""Your own operation: its value, its local derivative and its notation, in one place; everything else follows.

Here softplus(x) = ln(1 + eˣ), whose derivative is σ(x). It can be differentiated any number of times, derived, drawn
and compiled, since its derivative is written in operations that can.
"""

import numpy as np

import minigrad
from minigrad import Tensor, derive, grad, operation, sigmoid


@operation(lambda y, x: sigmoid(x), text="softplus({x})")  # ∂y/∂x by y and x, which the chain rule multiplies by ∂E/∂y
def softplus(x):
    """Give the value, of arrays."""
    return np.logaddexp(0, x)


print("softplus(0.5)   =", softplus(np.array(0.5)))
print("its derivative  =", grad(softplus)(0.5), " by hand:", 1 / (1 + np.exp(-0.5)))
print("the second one  =", grad(grad(softplus))(0.5))
softplus.check(np.linspace(-3, 3, 7))  # raises where it is wrong, to second order

x = Tensor([[0.2, -0.4], [1.0, 0.3]], name="x")
W = Tensor([[1.0, -1.0], [0.5, 2.0]], requires_grad=True, name="W")
E = softplus(x @ W).sum()
print(derive(E))


@minigrad.compile
def loss(v):
    """Give the sum, as code that was traced once."""
    return softplus(v).sum()


print("compiled:", loss(np.array([0.5, 1.0])), " eager:", softplus(np.array([0.5, 1.0])).sum())
