"""Reinforcement by policy gradient: a walker on a line of six places learns to go to the right end, step by step.

REINFORCE estimates the gradient of the return from episodes. Here the exact one is known: the value of each place
solves a linear system, v = (I − γP)⁻¹ r, differentiated as it stands; and the best policy is found in a third way.
"""

import numpy as np

from minigrad import grad, log_softmax, softmax

places, discount, slip = 6, 0.9, 0.2
MOVES = np.zeros((2, places, places))  # left, right: the chance to come from one place to another
for i in range(places - 1):  # the last place is the goal, where it stays
    MOVES[0, i, max(i - 1, 0)], MOVES[1, i, i + 1] = 1, 1
MOVES = (1 - slip) * MOVES + slip * MOVES[::-1]  # the ground is slippery
MOVES[:, -1, -1] = 1
reward = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0]) * (1 - discount)


def value(theta):
    """The expected return from place 0, exactly."""
    going = np.einsum("ia,aij->ij", softmax(theta), MOVES)
    return np.linalg.solve(np.eye(places) - discount * going, reward)[0]


def estimate(theta, episodes, rng, length=60):
    """REINFORCE: ∇ Σ log π(action) · (what came after it), averaged over episodes drawn all at once."""
    chances, at = np.exp(log_softmax(theta)), np.zeros(episodes, int)
    went, took = [], []
    for _ in range(length):
        action = (rng.random(episodes) < chances[at, 1]).astype(int)
        went.append(at)
        took.append(action)
        at = (rng.random(episodes)[:, None] > np.cumsum(MOVES[action, at], axis=1)).sum(axis=1)
    went, took = np.array(went), np.array(took)
    got = reward[went] * discount ** np.arange(length)[:, None]
    later = np.cumsum(got[::-1], axis=0)[::-1]
    return grad(lambda z: np.sum(log_softmax(z)[went, took] * later) / episodes)(theta)


rng, theta = np.random.default_rng(0), np.zeros((places, 2))
exact, found = grad(value)(theta), estimate(theta, 20000, rng)
print(f"the estimate is off by {np.linalg.norm(found - exact) / np.linalg.norm(exact):.0%} of the exact gradient")

for _ in range(150):
    theta = theta + 20 * estimate(theta, 100, rng)
best = np.zeros(places)
for _ in range(500):  # value iteration, which knows of no gradient
    best = np.max(reward + discount * MOVES @ best, axis=0)
print(
    f"return at first {value(np.zeros((places, 2))):.3f}, learned {value(theta):.3f}, the best there is {best[0]:.3f}"
)
print("it learned to go right:", value(theta) > 0.95 * best[0])
