"""The textbook's network with its derivation: δ = y − t comes out of softmax, log and a sum.

Nothing here knows the result. The loss is recorded, its gradient simplified, and each line checked against finite
differences and against the engine's own backward pass.
"""

from minigrad import Tensor, compare, data, derive, losses, nn

X, labels = data.iris()
X, T = Tensor(X[::30], name="X"), Tensor(data.one_hot(labels[::30], 3), name="T")
model = nn.MLP((4, 5, 3), hidden="sigmoid", output="softmax", rng=0)
E = losses.cross_entropy(model(X), T)

derivation = derive(E)  # T is one-hot, so that Σ T = 1 is known, and said beside the line that needs it
print(derivation)
print()
print("as the book has it:")
print(derivation.to_text("index"))
print()
print("how the first line came:")
print(derivation[0].steps())
print()
worst = max(line.difference for line in derivation.check())
print("every line agrees with finite differences:", worst < 1e-6)

# A reader who forgot σ′ writes δ₁ = δ₂ W₂ᵀ. compare names the slip.
print(compare(E, {"delta1": derivation[3].value}))
