"""What every test finds."""

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
