"""What every test finds."""

from collections import Counter

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    """Compiled code is kept apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("native")))
        yield


@pytest.fixture(params=["numpy", "native"])
def backend_itself(request):
    """A backend as users have it: machine code, not interpreted."""
    if request.param == "native":
        pytest.importorskip("numba")
    return request.param


def pytest_addoption(parser):
    parser.addoption("--few", type=int, metavar="N", help="run at most N of the cases of each test")


def pytest_collection_modifyitems(config, items):
    """Leave out cases of tests that have many, for a run that only asks which lines are reached."""
    few = config.getoption("--few")
    if few:
        counts = Counter()
        kept, left = [], []
        for item in items:
            counts[item.nodeid.partition("[")[0]] += 1
            (kept if counts[item.nodeid.partition("[")[0]] <= few else left).append(item)
        items[:] = kept
        config.hook.pytest_deselected(items=left)
