"""What every test finds."""

import shutil
from collections import Counter

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


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


@pytest.fixture(scope="module")
def browser():
    """A browser without a window; the tests of a page are left out where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium here; .ci/run says so too")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit_page(browser):
    """Open a page; afterwards, nothing may have been complained of, and nothing asked of a network."""
    trouble, contexts = [], []

    def opened(path, fragment="", **options):
        context = browser.new_context(
            **{"reduced_motion": "reduce", "viewport": {"width": 1280, "height": 900}} | options
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: trouble.append(message.text))
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("request", lambda asked: trouble.append(asked.url) if asked.url.startswith(("http", "ws")) else None)
        tab.goto(path.as_uri() + fragment)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert not trouble


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
