"""What compiled code may take at most, × the manual step: (float32, float64) for each workload."""

Pair = tuple[float, float]

COMPILED: dict[str, Pair] = {
    "W1": (0.45, 0.45),
    "W2": (0.55, 0.55),
    "W3": (0.93, 0.93),
    "W4": (0.93, 0.93),
    "W5": (0.95, 0.70),
}
NATIVE: dict[str, Pair] = {
    "W1": (0.05, 0.05),
    "W2": (0.13, 0.13),
    "W3": (0.80, 0.86),
    "W4": (0.82, 0.78),
    "W5": (0.89, 0.67),
}
IN_ONE_CALL: dict[str, Pair] = {"W1": (0.003, 0.003), "W2": (0.12, 0.12)}

# native / the BLAS products alone, where the products are most of the step
ABOVE_FLOOR = {"W3": 1.1, "W4": 1.1, "W5": 1.1}

# The functions beyond networks, in seconds: compiled, native
FUNCTIONS: dict[str, Pair] = {
    "Rosenbrock's gradient, 1000-d": (7e-6, 2e-6),
    "Rosenbrock's Hessian-vector product, 1000-d": (10e-6, 3e-6),
    "Weibull likelihood of 1000, value and gradient": (60e-6, 60e-6),
    "Weibull likelihood of 1000, Hessian": (80e-6, 80e-6),
    "tanh⁽⁵⁾ of a number": (2e-6, 2e-6),
    "W10: Gaussian process, n = 200": (1.7e-3, 1.5e-3),
}

# Networks that are no MLPs, in seconds: compiled, native
NETWORKS: dict[str, Pair] = {
    "W6: convolutions, 64 × 28 × 28": (12e-3, 5e-3),
    "W7: transformer block, 16 × 64 × 128": (16e-3, 10e-3),
}

# Loops over time, in seconds: compiled, native
LOOPS: dict[str, Pair] = {
    "W8: recurrent network, 100 steps": (3500e-6, 1600e-6),
    "W9: Kalman filter, 100 steps": (1500e-6, 40e-6),
    "W11: pendulum, 1 000 steps": (float("inf"), 500e-6),
}

CHECKPOINT = 1.3  # × the memory that JAX's scan of checkpointed scans takes
LOADED = 1.2  # × JAX's step, where other processes keep all processors busy

DIGITS = (20.0, 0.98)  # seconds of W12, and the accuracy on digits that it has not seen

# Compiling: seconds; memory × the hand-optimized code's; bytes a call takes beyond its result (Python's numbers and
# frames, where an array of a step's would be kilobytes)
TRACE, COLD, CACHED, MEMORY, CALL = 0.1, 5.0, 0.3, 1.05, 1024
