"""A worksheet of your own network: lines of its backward pass left blank, answers judged, and the slip in them named.

Writes worksheet.html and answers.html to print, and exercise.html, which asks and checks in a browser, offline.
"""

import sys
from pathlib import Path

import numpy as np

from minigrad import Tensor, derive, exercise, losses

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
X = Tensor([[0.5, -1.0], [1.0, 0.3], [-0.4, 0.8]], name="X")
T = Tensor([[1.0], [0.0], [1.0]], name="T")
W1 = Tensor([[0.2, -0.4, 0.1], [0.7, 0.3, -0.6]], requires_grad=True, name="W1")
W2 = Tensor([[0.5], [-0.3], [0.8]], requires_grad=True, name="W2")
E = losses.squared_error(np.tanh(X @ W1) @ W2, T)

sheet = derive(E).exercise(blanks=["delta1", "dW1"], title="A hidden layer of three")
(folder / "worksheet.html").write_text(sheet.to_html(), encoding="utf-8")
(folder / "answers.html").write_text(sheet.to_html(answers=True), encoding="utf-8")

learner = exercise(sheet)
learner.page(folder / "exercise.html")

# What a learner does, in plain NumPy: the derivative of tanh is forgotten first.
g = learner.given
dY1 = (g["Y2"] - g["T"]) @ g["W2"].T
print(learner.check(delta1=dY1))
print(learner.check(delta1=dY1 * (1 - g["Y1"] ** 2)))

# By finite differences, which know nothing of any rule, the last answer is right.
dW1 = g["X"].T @ (dY1 * (1 - g["Y1"] ** 2))
h, at = 1e-6, (0, 2)
moved = [g["W1"] + sign * h * (np.indices((2, 3)) == np.reshape(at, (2, 1, 1))).all(axis=0) for sign in (1, -1)]
slope = np.subtract(*(0.5 * ((np.tanh(g["X"] @ W) @ g["W2"] - g["T"]) ** 2).sum() for W in moved)) / (2 * h)
print("as finite differences say:", bool(np.isclose(dW1[at], slope)))
print(learner.check(dW1=dW1))
