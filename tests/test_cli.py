"""The command line, the tour and its page."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from minigrad import textbook
from minigrad.app.cli import main
from minigrad.app.tour.problems import MODES, OPTIMIZERS
from minigrad.derivation.lines import Derivation
from minigrad.notation.ops_table import operations


@pytest.fixture(scope="module")
def toured(tmp_path_factory):
    out = tmp_path_factory.mktemp("tour")
    assert main(["tour", "--quick", "--out", str(out), "--seed", "3"]) == 0
    return out


def test_the_tour_trains_every_problem_by_every_mode_and_rule(toured):
    found = json.loads((toured / "results.json").read_text("utf-8"))
    assert list(found["problems"]) == ["sine", "regions", "iris"]
    for problem in found["problems"].values():
        named = {(run["optimizer"], run["mode"]) for run in problem["runs"]}
        assert named == {(optimizer, mode) for optimizer in OPTIMIZERS for mode in MODES}
        assert all(np.isfinite(run["loss"]) for run in problem["runs"])
        assert set(problem["seconds"]) == set(MODES)
    assert max(run["accuracy"] for run in found["problems"]["iris"]["runs"]) > 0.9


def test_the_tours_gradients_are_the_textbooks(toured):
    found = json.loads((toured / "results.json").read_text("utf-8"))["problems"]
    for key, layers in (("sine", 2), ("regions", 2), ("iris", 3)):
        differences = [value for layer in found[key]["differences"] for value in layer.values()]
        assert len(differences) == 4 * layers
        assert max(differences) < 1e-12


def test_the_page_is_whole_and_needs_no_network(toured):
    page = (toured / "index.html").read_text("utf-8")
    assert not re.search(r"https?://", page)
    names = re.findall(r'(?:src|srcset|href)="([^"#]+)"', page)
    assert len(names) > 15
    assert all((toured / name).stat().st_size > 0 for name in names)
    for line in ("δ₃ = ∂E/∂U₃ = Y₃ − T", "∂E/∂W₃ = Y₂ᵀ δ₃", "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁"):
        assert f'alttext="{line}"' in page
        assert f"# {line}" in page


def test_the_tour_leads_with_the_work_and_checks_every_line(toured):
    problems = json.loads((toured / "results.json").read_text("utf-8"))["problems"]
    for key, lines in (("sine", 7), ("regions", 7), ("iris", 11)):
        found = problems[key]["derivation"]
        assert len(found) == lines
        assert all(line["engine"] < 1e-12 and line["numeric"] < 1e-8 for line in found)
        assert "Back through affine" in (toured / f"{key}-steps.html").read_text("utf-8")
    page = (toured / "index.html").read_text("utf-8")
    assert page.count("<details><summary aria-label=") == 2 * (7 + 7 + 11 + 11)
    assert page.count("the chain rule") > 20
    assert page.index("What came out of the graph") < page.index("Results on the test half")


def test_a_line_that_is_off_is_found(tmp_path, monkeypatch, capsys):
    honest = Derivation.check

    def wrong(self):
        first, *others = honest(self)
        return [first._replace(difference=1e-3), *others]

    monkeypatch.setattr(Derivation, "check", wrong)
    assert main(["tour", "--quick", "--out", str(tmp_path)]) == 1
    assert "the line of δ₂ is off by 1.0e-03, a defect" in capsys.readouterr().out


def test_written_code_that_is_off_is_found(tmp_path, monkeypatch, capsys):
    honest = Derivation.to_numpy
    monkeypatch.setattr(Derivation, "to_numpy", lambda self: honest(self).replace("δ2 = Y2 - T", "δ2 = T - Y2"))
    assert main(["tour", "--quick", "--out", str(tmp_path)]) == 1
    assert "the written code is off by" in capsys.readouterr().out


def test_a_wrong_gradient_is_found(tmp_path, monkeypatch, capsys):
    honest = textbook.Network.backward

    def wrong(self, T):
        found = honest(self, T)
        found.deltas[0][0, 0] += 1e-9
        return found

    monkeypatch.setattr(textbook.Network, "backward", wrong)
    assert main(["tour", "--quick", "--out", str(tmp_path)]) == 1
    assert "a gradient differs from the textbook's by" in capsys.readouterr().out


def test_the_tour_goes_on_without_its_extras(tmp_path, monkeypatch, capsys):
    for module in ("tqdm", "matplotlib"):
        monkeypatch.setitem(sys.modules, module, None)
    assert main(["tour", "--quick", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    page = (tmp_path / "index.html").read_text("utf-8")
    for package in ("matplotlib", "tqdm"):
        assert f"pip install {package}" in said
        assert f"pip install {package}" in page
    assert "AdaGrad, online" in said


def test_ops_lists_every_operation_with_its_derivative(capsys):
    assert main(["ops"]) == 0
    listed = capsys.readouterr().out
    assert all(re.search(rf"^{op.name} ", listed, re.MULTILINE) for op in operations())
    assert re.search(r"^tanh +y = tanh\(x\) +∂E/∂x = g ⊙ \(1 − y²\)$", listed, re.MULTILINE)
    assert re.search(r"^matmul +y = a b +∂E/∂a = g bᵀ   ∂E/∂b = aᵀ g$", listed, re.MULTILINE)
    assert re.search(r"^\d+ differentiable: .*`tanh`", listed, re.MULTILINE)
    assert re.search(r"`unpackbits`.*: no gradient flows through its result\.$", listed, re.MULTILINE)


def test_python_m_minigrad_is_the_same_program():
    run = subprocess.run([sys.executable, "-m", "minigrad", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("minigrad")


@pytest.mark.parametrize("arguments", [["tour", "--seed", "-1"], ["tour", "--seed", "x"], ["nothing"], []])
def test_bad_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["tour", "--out", str(tmp_path / "file")]) == 2
    assert "file" in capsys.readouterr().err


def test_ctrl_c(monkeypatch, capsys):
    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("minigrad.app.cli.tour", stopped)
    assert main(["tour"]) == 130
    assert "stopped" in capsys.readouterr().err


def test_a_derivation_is_folded_unless_it_is_told_not_to(tmp_path, capsys):
    file = tmp_path / "net.py"
    file.write_text(
        "import numpy as np\nfrom minigrad import Tensor\n\n\ndef loss():\n"
        "    W, h = Tensor(np.eye(3), requires_grad=True, name='W'), np.ones((2, 3))\n"
        "    for _ in range(5):\n        h = np.tanh(h @ W)\n    return (h * h).sum()\n",
        "utf-8",
    )
    assert main(["derive", f"{file}:loss"]) == 0
    assert "∂E/∂W = Σₜ hₜ₋₁ᵀ δₜ" in capsys.readouterr().out
    assert main(["derive", f"{file}:loss", "--unfold"]) == 0
    assert "Σₜ" not in capsys.readouterr().out


USER = """
import numpy as np
from minigrad import Tensor

w = Tensor(np.ones(3), requires_grad=True, name="w")
rate = 0.5


def loss():
    return (w * w).sum()


def ends():
    raise SystemExit(3)


def given(x):
    return x
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("derive net.py", "'net.py' names no function; write FILE.py:function; it has loss, ends, given"),
        ("derive net.py:", "'net.py:' names no function; write FILE.py:function; it has loss, ends, given"),
        ("derive net.txt:loss", "'net.txt:loss' names no function; write FILE.py:function"),
        ("derive nett.py:loss", "the file nett.py does not exist. Did you mean net.py?"),
        ("derive far/away.py:loss", "the file far/away.py does not exist"),
        ("derive folder", "folder is a folder; write FILE.py:function, for a file in it"),
        ("derive folder:loss", "folder is a folder; write FILE.py:function, for a file in it"),
        ("derive net.py:los", "net.py has no function 'los'. Did you mean loss?"),
        ("derive net.py:forward", "net.py has no function 'forward'; it has loss, ends, given"),
        ("derive net.py:rate", "'rate' in net.py is no function but of type float; write def rate(): …"),
        ("derive net.py:ends", "net.py:ends ended the program by SystemExit(3) before there was a loss"),
        ("derive net.py:given", "given needs x, and is called without arguments"),
        ("derive wrong.py:loss", "wrong.py is no Python, in line 2: '(' was never closed: return ("),
        ("derive bytes.py:loss", "bytes.py is no Python"),
        ("derive net.py:loss -o folder", "folder is a folder; name a file in it"),
        ("derive net.py:loss -o none/line.txt", "the folder 'none' does not exist; make it first"),
        ("draw net.py:loss -o none/graph.svg", "the folder 'none' does not exist; make it first"),
        ("draw net.py:loss -o graph.bmp", "'graph.bmp' names no format; end it in .svg"),
        ("draw net.py:loss -o folder", "'folder' names no format; end it in .svg"),
        ("stepper net.py:loss -o page.svg", "'page.svg' is no name for a page; end it in .html"),
        ("tour --out net.py", "net.py is a file, and the page needs a folder; give --out another name"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "net.py").write_text(USER, "utf-8")
    (tmp_path / "wrong.py").write_text("def loss():\n    return (\n", "utf-8")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    assert main(arguments.split()) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"minigrad {arguments.split()[0]}: {said}")
    assert (printed.err.count("\n"), printed.out) == (1, "")


def test_a_reader_that_has_read_enough_is_no_error():
    shown = subprocess.Popen([sys.executable, "-m", "minigrad", "ops"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert shown.stdout.readline()
    shown.stdout.close()
    assert (shown.wait(), shown.stderr.read()) == (0, b"")
    shown.stderr.close()


def test_a_derivation_in_japanese(tmp_path, capsys):
    (tmp_path / "model.py").write_text(
        "from minigrad import Tensor\n\n\ndef loss():\n    w = Tensor([1.0, 2.0], requires_grad=True, name='w')\n"
        "    return (w * w).sum()\n"
    )
    assert main(["derive", f"{tmp_path}/model.py:loss", "--steps", "--general", "--lang", "ja"]) == 0
    assert "2 w" in capsys.readouterr().out
    assert main(["derive", f"{tmp_path}/model.py:loss", "--format", "html", "--lang", "ja"]) == 0
    written = capsys.readouterr().out
    assert "導出" in written
    assert "Derivation" not in written
