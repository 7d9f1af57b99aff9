"""A picture of your own network, written in NumPy: values on top, gradients below, and what the chain rule multiplies.

Writes network.svg, which any browser shows, and network.html, a page that goes through it one operation at a time.
"""

import sys
from pathlib import Path

import numpy as np

from minigrad import Tensor, draw, stepper

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
rng = np.random.default_rng(0)
x = Tensor(rng.normal(size=(4, 2)), name="x")
t = Tensor(rng.normal(size=(4, 1)), name="t")
W1 = Tensor(rng.normal(size=(2, 3)), requires_grad=True, name="W1")
b1 = Tensor(np.zeros(3), requires_grad=True, name="b1")
W2 = Tensor(rng.normal(size=(3, 1)), requires_grad=True, name="W2")


def swish(u):
    """An activation function that is nobody's block: u σ(u)."""
    return u / (1 + np.exp(-u))


E = 0.5 * ((swish(x @ W1 + b1) @ W2 - t) ** 2).sum()

drawing = draw(E, folder / "network.svg")
print(drawing.how)
for box in drawing.scene.boxes:
    if box.formula:
        print(f"{box.heading} = {box.formula}")
stepper(E, folder / "network.html")
