"""Tensors and backward: an array that remembers how it was made, and the gradients of what was made of it.

E = ½ Σ (x w + b − t)² for three samples. By hand: δ = x w + b − t, ∂E/∂w = Σ x δ and ∂E/∂b = Σ δ.
"""

import numpy as np

from minigrad import Tensor, no_grad

x = np.array([1.0, 2.0, 3.0])
t = np.array([2.0, 4.0, 6.5])
w = Tensor(1.5, requires_grad=True, name="w")
b = Tensor(0.0, requires_grad=True, name="b")

y = x * w + b  # NumPy's own syntax; each operation is recorded, since w and b require gradients
E = 0.5 * ((y - t) ** 2).sum()
E.backward()  # walks the record backwards, and leaves ∂E/∂w in w.grad

delta = x * 1.5 - t
print("E     =", E.item())
print("∂E/∂w =", w.grad.item(), " by hand:", np.sum(x * delta))
print("∂E/∂b =", b.grad.item(), " by hand:", np.sum(delta))

with no_grad():  # what is computed here is not recorded
    print("recorded:", y.requires_grad, " in no_grad:", (x * w).requires_grad)

w.grad = b.grad = None  # gradients add up until they are set to None
F = np.exp(w) + w * b
F.backward(create_graph=True)  # so that the gradient can be differentiated in turn
slope, w.grad, b.grad = w.grad, None, None
slope.backward()
print("∂²F/∂w²  =", w.grad.item(), " by hand:", np.exp(1.5))
print("∂²F/∂w∂b =", b.grad.item(), " by hand: 1.0")
