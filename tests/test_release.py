"""What is released: one version, said the same everywhere, and no word that would install another project."""

import re
from pathlib import Path

import minigrad

ROOT = Path(__file__).parent.parent
SEMANTIC = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?"  # https://semver.org, 2.0.0


def test_the_version_is_semantic_and_the_same_in_the_citation():
    assert re.fullmatch(SEMANTIC, minigrad.__version__)
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert cited[1] == minigrad.__version__


def test_the_version_has_its_part_in_the_changelog():
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(
        rf"^(## {re.escape(minigrad.__version__)}\b|Since {re.escape(minigrad.__version__)}\.$)", changes, re.MULTILINE
    )


def test_nothing_suggests_the_other_minigrad():
    """`minigrad` on the index of packages is another project: pip would fetch that."""
    folders = [ROOT / name for name in ("minigrad", "docs", "examples", "tests", "benchmarks")]
    paths = {*ROOT.glob("*.*"), *(path for folder in folders for path in folder.rglob("*.*"))} - {Path(__file__)}
    found = [
        f"{path.name}: {line.strip()}"
        for path in paths
        if path.suffix in (".py", ".md", ".toml", ".ipynb", ".cff") and "_build" not in path.parts
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"\bpip install [^#&;|]*\bminigrad(?![-/.])|\bminigrad\[[a-z]+[\],]", line)
    ]
    assert found == []
