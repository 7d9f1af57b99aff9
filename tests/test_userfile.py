"""derive, draw and stepper of a user's own function, from the command line."""

import pytest

from minigrad import derive
from minigrad.app.cli import main
from minigrad.app.userfile import loss_of

SOURCE = '''
import numpy as np
import neighbor
from minigrad import Tensor, no_grad


def loss():
    """A function whose variables name what they hold."""
    x, t = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[1.0], [0.0]])
    W = Tensor([[0.3], [-0.2]], requires_grad=True)
    b = Tensor([neighbor.BIAS], requires_grad=True)
    return ((x @ W + b - t) ** 2).sum() / 2


def needs(x, *, y, z=1):
    return x


def nothing():
    pass


def vector():
    return Tensor([1.0, 2.0], requires_grad=True) * 2


def unrecorded():
    with no_grad():
        return loss() * 1


def raises():
    return loss().unknown


number = 3
'''


@pytest.fixture
def own(tmp_path):
    (tmp_path / "neighbor.py").write_text("BIAS = 0.1\n", "utf-8")
    (tmp_path / "own.py").write_text(SOURCE, "utf-8")
    return tmp_path / "own.py"


def test_derive_prints_the_derivation_in_the_users_names(own, capsys):
    assert main(["derive", f"{own}:loss"]) == 0
    said = capsys.readouterr().out
    assert "∂E/∂W = xᵀ δ₁" in said
    assert "∂E/∂b = Σₙ δ₁" in said


def test_derive_draw_and_stepper_write_files(own, tmp_path, capsys):
    for command, name, inside in (
        ("derive", "own.txt", "∂E/∂W"),
        ("draw", "own.svg", "</svg>"),
        ("stepper", "own.html", "Back through affine"),
    ):
        out = tmp_path / name
        assert main([command, f"{own}:loss", "-o", str(out)]) == 0
        assert str(out) in capsys.readouterr().out
        assert inside in out.read_text("utf-8")


def test_unfold_shows_every_repeat_by_itself(tmp_path, capsys):
    (tmp_path / "deep.py").write_text(
        "import numpy as np\nfrom minigrad import Tensor\n"
        "def loss(h=1.0):\n"
        "    w = Tensor(0.5, requires_grad=True)\n"
        "    for _ in range(6):\n"
        "        h = np.tanh(h * w)\n"
        "    return h\n",
        "utf-8",
    )
    for command, suffix in (("draw", "svg"), ("stepper", "html")):
        out = tmp_path / f"deep.{suffix}"
        assert main([command, f"{tmp_path}/deep.py:loss", "-o", str(out), "--unfold"]) == 0
        assert out.read_text("utf-8").count(">tanh</text>") == 6
    assert str(out) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (":needs", "needs needs x, y, and is called without arguments"),
        (":nothing", "nothing returns None; wanted the loss, a scalar Tensor"),
        (":vector", "vector returns a Tensor of shape (2,); reduce it"),
        (":unrecorded", "without a record"),
        (":absent", "has no function 'absent'; it has loss, needs"),
        (":number", "'number' in"),
        (":raises", "return loss().unknown"),
        ("", "write FILE.py:function"),
        (":a b", "write FILE.py:function"),
    ],
)
def test_what_is_no_loss(own, capsys, function, said):
    assert main(["derive", f"{own}{function}"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("minigrad derive: ")
    assert said in error
    assert "userfile.py" not in error


def test_files_and_folders_that_do_not_exist(own, tmp_path, capsys):
    assert main(["draw", f"{tmp_path}/none.py:loss", "-o", "x.svg"]) == 2
    assert "none.py does not exist" in capsys.readouterr().err
    for command, suffix in (("draw", "svg"), ("stepper", "html"), ("derive", "txt")):
        assert main([command, f"{own}:loss", "-o", f"{tmp_path}/none/x.{suffix}"]) == 2
        assert capsys.readouterr().err.startswith(f"minigrad {command}: ")
    assert main(["draw", f"{own}:loss", "-o", f"{tmp_path}/x.gif"]) == 2
    assert "names no format" in capsys.readouterr().err


def test_a_file_that_does_not_run(tmp_path, capsys):
    (tmp_path / "broken.py").write_text("def loss(:\n", "utf-8")
    assert main(["derive", f"{tmp_path}/broken.py:loss"]) == 2
    assert "is no Python, in line 1: invalid syntax: def loss(:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--format", "latex"], r"\begin{aligned}"),
        (["--format", "markdown"], "| $"),
        (["--format", "html"], "<math"),
        (["--format", "numpy"], "import numpy as np"),
        (["--notation", "index"], "Σₙ"),
        (["--notation", "text"], "dE/dW"),
        (["--steps"], "∂E/∂W = δ₁ · ∂U₁/∂W    the chain rule\n      = xᵀ δ₁          U₁ = x W + b\n"),
        (["--steps", "--notation", "index"], "the chain rule"),
        (["--steps", "--notation", "text"], "dE/dW = delta1 . dU1/dW    the chain rule"),
        (["--steps", "--format", "html"], "<details><summary aria-label="),
        (["--steps", "--format", "latex"], r"&& \text{the chain rule}"),
        (["--steps", "--format", "markdown"], "$ | the chain rule |"),
        (["--forward"], "Y₁ = U₁ = x W + b\nE = "),
        (["--forward", "--format", "html"], 'alttext="Y₁ = U₁ = x W + b"'),
    ],
)
def test_derive_in_every_notation_and_format(own, capsys, options, expected):
    assert main(["derive", f"{own}:loss", *options]) == 0
    assert expected in capsys.readouterr().out


def test_derive_shows_the_general_form_of_a_users_layers(own, capsys):
    source = own.read_text("utf-8").replace("x @ W + b - t", "np.exp(x @ W + b) - t")
    own.write_text(source, "utf-8")
    assert main(["derive", f"{own}:loss", "--general"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("δ₁"))
    assert line == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ ∂Y₁/∂U₁ = ∂E/∂Y₁ ⊙ Y₁"
    assert main(["derive", f"{own}:loss", "--general", "--steps", "--notation", "index"]) == 0
    assert "δ = ∂E/∂u = ∂E/∂y · ∂y/∂u    the chain rule\n  = ∂E/∂y y" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["steps", "general", "forward"])
def test_what_is_for_reading_is_not_for_code(own, capsys, option):
    assert main(["derive", f"{own}:loss", "--format", "numpy", f"--{option}"]) == 2
    assert f"--{option} is for reading, and --format numpy is code" in capsys.readouterr().err


def test_an_option_that_does_not_exist(own, capsys):
    with pytest.raises(SystemExit):
        main(["derive", f"{own}:loss", "--format", "word"])
    assert "invalid choice: 'word'" in capsys.readouterr().err


def test_a_variable_on_the_way_does_not_hide_what_is_computed(tmp_path):
    """e = exp(u − max u) has a name in the user's function, and y = e / Σ e is softmax(u) all the same."""
    path = tmp_path / "mine.py"
    path.write_text(
        "import numpy as np\nfrom minigrad import Tensor\n\n\ndef loss():\n"
        "    X, T = np.ones((3, 2)), np.eye(2)[[0, 1, 1]]\n"
        "    W = Tensor(np.ones((2, 2)), requires_grad=True)\n"
        "    u = X @ W\n    e = np.exp(u - u.max(axis=1, keepdims=True))\n"
        "    y = e / e.sum(axis=1, keepdims=True)\n    return -(T * np.log(y)).sum()\n"
    )
    loss, names = loss_of(f"{path}:loss")
    derivation = derive(loss, names=names)
    assert str(derivation[0]) == "δ₁ = ∂E/∂u = y ⊙ Σₖ tₖ − T = y − T if Σ T = 1, as in this T"
    assert "e" in names
    assert "∂E/∂e" in str(derive(loss, names={"e": names["e"]}))  # where it is asked for, it is kept
