"""What the README shows is what its code prints, and the files that CONTRIBUTING speaks of are there."""

import re
from pathlib import Path

from tests.pages import run_blocks

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def section(title):
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_work_that_the_readme_shows():
    """Every block of Python is followed by what it prints."""
    shown, space = run_blocks(section("See its work"), "README.md")
    assert shown == 4
    assert f"`{space['derivation'].to_text('index').splitlines()[4]}`" in section("See its work")
    general = space["derivation"].showing(general=True).to_text("index").splitlines()[4].split(" = (Σᵣ δᵣ wⱼᵣ)(1")[0]
    assert f"`{general}`" in section("See its work")


def test_the_rest_of_the_code_runs():
    """One block after the other, as a reader enters them."""
    run_blocks(section("Use it").replace("history.plot()", "history"), "README.md")


def test_the_japanese_one_shows_what_its_code_prints():
    shown, _ = run_blocks((ROOT / "README.ja.md").read_text("utf-8"), "README.ja.md")
    assert shown == 2


def test_the_files_that_contributing_speaks_of_are_there():
    text = re.sub(r"```.*?```", "", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), flags=re.DOTALL)
    paths = set(re.findall(r"`([\w./]+/[\w./]*\w|\w+\.md)`", text))
    paths = {path for path in paths if not path.endswith(("scale.py", "_build"))}  # an example, and what is made
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists() and not (ROOT / "minigrad" / path).exists()] == []
