"""The cost of the engine: the same training step by hand, by minigrad and by others. Run `python -m benchmarks -h`."""
