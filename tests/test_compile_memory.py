"""The planner of memory, for NumPy's calls and native loops alike: held against a plain account of who lives when."""

import numpy as np
import pytest

from minigrad.compiler.passes.memory import Step, plan_memory
from minigrad.engine.node import Node


def array(*shape, dtype=np.float64):
    return Node(name="x", shape=shape, dtype=dtype, table={})


def random_steps(seed):
    """Steps that each store up to two arrays and read some of those before, and what is read when all have run."""
    rng = np.random.default_rng(seed)
    known, steps = [array(3)], []
    for _ in range(30):
        size = int(rng.choice([0, 1, 3, 64, 1000]))
        stores = [array(size, dtype=rng.choice([np.float64, np.float32])) for _ in range(rng.integers(3))]
        reads = [known[i] for i in rng.integers(len(known), size=rng.integers(4))]
        steps.append(Step(stores, reads, [x for x in reads if rng.random() < 0.5]))
        known += stores
    return steps, [known[i] for i in rng.integers(len(known), size=3)]


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("alignment", [1, 64])
def test_no_two_arrays_that_live_at_once_share_memory(seed, alignment):
    steps, kept = random_steps(seed)
    memory = plan_memory(steps, kept, alignment)
    begins = {x: i for i, step in enumerate(steps) for x in step.stores}
    ends = {x: max([i, *(j for j, step in enumerate(steps) if set(step.reads) & {x})]) for x, i in begins.items()}
    ends.update({x: len(steps) for x in kept if x in begins})
    assert set(memory) == set(begins)
    for x in begins:
        assert memory[x].nbytes >= x.size * x.dtype.itemsize
        assert memory[x].nbytes % alignment == 0
        for y in begins:
            if x is not y and memory[x] is memory[y] and begins[x] <= begins[y]:
                over = set(steps[begins[y]].over) & {x}  # y may be written over x where x is read for the last time
                over = over and (x.shape, x.dtype) == (y.shape, y.dtype)
                assert ends[x] < begins[y] or (over and ends[x] == begins[y])


def test_a_chain_needs_two_pieces_and_one_where_it_may_be_written_over():
    nodes = [array(100) for _ in range(6)]
    pairs = list(zip([None, *nodes], nodes, strict=False))
    apart = [Step([y], [] if x is None else [x]) for x, y in pairs]
    over = [Step([y], [] if x is None else [x], [] if x is None else [x]) for x, y in pairs]
    assert len(set(map(id, plan_memory(apart, nodes[-1:]).values()))) == 2
    assert len(set(map(id, plan_memory(over, nodes[-1:]).values()))) == 1


def test_what_a_step_reads_is_free_after_it_although_it_stores_nothing():
    """As the addition to a parameter does, which is written where that lies."""
    x, y = array(100), array(100)
    memory = plan_memory([Step([x], []), Step([], [x], [x]), Step([y], [])], [y])
    assert memory[x] is memory[y]
