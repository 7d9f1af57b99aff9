"""Derivations of networks that are more than a chain of layers: golden strings, each line checked numerically.

The names are those of the functions' own variables.
"""

import pytest

from tests.derived_networks import NETWORKS


@pytest.mark.parametrize("name", NETWORKS)
def test_the_lines_of_a_network_are_a_textbooks_and_true(name):
    derived, lines = NETWORKS[name]
    derivation = derived()
    assert str(derivation).splitlines() == [line.strip() for line in lines.strip().splitlines()]
    differences = derivation.check()
    assert [d.symbol for d in differences] == [line.symbol for line in derivation]
    assert max(d.engine for d in differences) < 1e-12
    assert max(d.numeric for d in differences) < 1e-7
