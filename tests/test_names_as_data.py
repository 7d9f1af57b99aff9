"""A name is data: whatever is in it, no code comes of it, no tag, no command, and nothing that cannot be stored."""

import ast
import csv
import io
import json
import re
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest

from minigrad import Tensor, compile, data, derive, draw, fit, grad, load, nn, optim, save, stepper, vmap
from minigrad.losses import cross_entropy, squared_error
from minigrad.ops.base import Elementwise
from minigrad.ops.common.alphabet import plain_word, printable

HOSTILE = [
    "a\nimport os\nraise SystemExit",
    "a\r\nraise SystemExit",
    "a\x0braise SystemExit\x0c\x1c\x85b",
    "a\u2028raise SystemExit\u2029",
    'x"""\nraise SystemExit\n"""',
    "x'''\nraise SystemExit#",
    "'); raise SystemExit #",
    "\\",
    "\\\n",
    "*/ raise SystemExit /*",
    "// --> ]]> <!--",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "&amp;&#60;&nope;",
    "\ud800",
    "W\udfff₁",
    "\x00\x01\x1b[31m",
    "\u202eabc\u2066",
    "{0.__class__}{x}%s%(x)s",
    r"\input{/etc/passwd}\end{aligned}",
    "a%b#c$d_e^f~g",
    "a|b`c`*d*[e](f)",
    "def", "class", "E", "np", "None", "__import__", "1", "₁", "12", "_1", "δ", "1a", " ", "  x ", "'", '"', "W₁ₙ⁽²⁾",
    "∂E/∂W", "ﬁ", "µ", "𝐖",
    "", "x" * 3000,
]  # fmt: skip
named = pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:30])
X = np.random.default_rng(0).normal(size=(4, 3))
T = np.eye(2)[[0, 1, 1, 0]]


def network(name, other="V"):
    draws = np.random.default_rng(1)
    W = Tensor(draws.normal(size=(3, 5)), requires_grad=True, name=name)
    V = Tensor(draws.normal(size=(5, 2)), requires_grad=True, name=other)
    x, t = Tensor(X, name=f"{name}x"), Tensor(T, name=f"t{name}")
    y = np.tanh(x @ W) @ V
    y = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    return W, V, cross_entropy(y, t)


def stored(written):
    """The text as it comes back from a file: no lone surrogate, no control character but the line break."""
    assert written.encode("utf-8").decode("utf-8") == written
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e\u2066]", written) == []
    return written


def run(source):
    """Execute a module that must import numpy alone and define functions."""
    stored(source)
    for node in ast.parse(source).body:
        assert isinstance(node, ast.Import | ast.FunctionDef | ast.Expr | ast.Assign | ast.ImportFrom), ast.dump(node)
        if isinstance(node, ast.Import):
            assert [alias.name for alias in node.names] == ["numpy"]
    exec(compile_python(source), namespace := {})
    return namespace


def compile_python(source):
    return __builtins__["compile"](source, "generated", "exec")


@named
def test_code_written_for_numpy_computes(name):
    W, V, E = network(name)
    E.backward()
    derivation = derive(E)
    found = run(derivation.to_numpy())["loss_and_gradients"]
    values = {id(t): t.data for t in (W, V)}
    arguments = [x if x is not None else None for x in argument_values(found, values)]
    loss, gradients = found(*arguments)
    np.testing.assert_allclose(loss, E.item())
    got = sorted(gradients.values(), key=np.size)
    np.testing.assert_allclose(got[0], V.grad.data)
    np.testing.assert_allclose(got[1], W.grad.data)


def argument_values(function, values):
    """The arrays for a function's arguments, by their shapes in its docstring."""
    by_shape = {(4, 3): X, (4, 2): T} | {a.shape: a for a in values.values()}
    shapes = re.findall(r"^ *\S+: (\(.*\))$", function.__doc__, re.MULTILINE)  # dedented from Python 3.13 on
    assert len(shapes) == function.__code__.co_argcount
    return [by_shape[ast.literal_eval(shape)] for shape in shapes]


@named
def test_compiled_code_and_its_module_compute(name, tmp_path):
    W, V, _ = network(name)

    def f(x):
        return (np.tanh(x @ W) @ V).sum()

    f.__name__ = f.__qualname__ = name
    step = compile(f)
    with_numbers = step(X)
    expected = (np.tanh(X @ W.data) @ V.data).sum()
    np.testing.assert_allclose(np.asarray(getattr(with_numbers, "data", with_numbers)), expected)
    stored(step.source)
    step.export(tmp_path / "module.py")
    text = (tmp_path / "module.py").read_text("utf-8")
    assert "make" in run(text)
    assert ast.get_docstring(ast.parse(text)).splitlines()[0] == f"{plain_word(name)}, as code."


class Tags(HTMLParser):
    """The tags, attributes and entities that a browser would see."""

    def __init__(self):
        super().__init__()
        self.found, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.attributes |= {key for key, _ in attrs}


def tags(html):
    parser = Tags()
    parser.feed(stored(html))
    return parser.found, parser.attributes


@pytest.fixture(scope="module")
def plain_tags():
    E = network("W")[2]
    return {notation: tags(derive(E).to_html(notation)) for notation in ("matrix", "index")}


@named
def test_html_has_the_tags_of_a_plain_name(name, plain_tags):
    derivation = derive(network(name)[2])
    for notation, (found, attributes) in plain_tags.items():
        got, keys = tags(derivation.to_html(notation))
        assert got <= found | {"msub", "msup", "msubsup", "mfrac", "mn", "mi", "mo"}
        assert keys <= attributes
    for formula in derivation.to_mathml():
        ET.fromstring(formula.replace("&nbsp;", " "))


@named
def test_text_latex_and_markdown(name):
    derivation = derive(network(name)[2])
    text, ascii_only = stored(derivation.to_text()), stored(derivation.to_text("text"))
    assert len(text.splitlines()) == len(derive(network("W")[2]).to_text().splitlines())
    assert ascii_only.isascii()
    for latex in (stored(derivation.to_latex()), stored(derivation.to_latex("index"))):
        assert_balanced(latex)
    markdown = stored(derivation.to_markdown())
    for row in markdown.splitlines():
        assert len(re.findall(r"(?<!\\)\|", row)) == 4
        assert "<" not in row
        assert re.findall(r"(?<!\\)`", row) == []
        assert len(re.findall(r"(?<!\\)\$", row)) in (0, 2)


def assert_balanced(latex):
    """Brackets fit, no command is there that we do not write, nothing is a comment."""
    assert latex.count(r"\begin") == latex.count(r"\end") == 1
    assert r"\input" not in latex
    assert re.findall(r"(?<!\\)[%#$~]", latex) == []
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", latex):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0


@named
def test_pictures_are_wellformed(name, tmp_path):
    drawing = draw(network(name)[2], names={f"{name}z": network(name)[0]})
    drawing.write(tmp_path / "a.svg")
    root = ET.fromstring(stored((tmp_path / "a.svg").read_text("utf-8")))
    assert "script" not in {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not any(key.startswith("on") for element in root.iter() for key in element.attrib)
    stored(drawing.source)
    assert stored(drawing.svg()).count("<svg") == 1
    drawing.write(tmp_path / "a.dot")
    subprocess.run(["dot", "-Tsvg", "-o", tmp_path / "b.svg", tmp_path / "a.dot"], check=True, timeout=60)
    ET.parse(tmp_path / "b.svg")


@named
def test_the_stepper_is_one_page_with_one_script(name, tmp_path):
    stepper(network(name)[2], tmp_path / "page.html")
    page = stored((tmp_path / "page.html").read_text("utf-8"))
    plain = tmp_path / "plain.html"
    stepper(network("W")[2], plain)
    assert page.lower().count("<script") == plain.read_text("utf-8").lower().count("<script")
    assert page.lower().count("</script") == plain.read_text("utf-8").lower().count("</script")
    assert "<img src=x" not in page
    for content in re.findall(r"<script[^>]*json[^>]*>(.*?)</script>", page, re.DOTALL):
        json.loads(content)


@named
def test_an_error_is_one_line(name):
    W, V, _ = network(name)
    with pytest.raises(ValueError, match="matmul") as caught:
        _ = V @ W
    stored(str(caught.value))
    assert len(str(caught.value).splitlines()) == 1


def refusals(name):
    """Errors of each room that name a tensor, a function, a column or a metric."""
    W = Tensor(np.ones((3, 2)), requires_grad=True, name=name)
    model, other = nn.Linear(3, 2, rng=0), nn.Linear(2, 2, rng=0)
    model.W.name = name
    optimizer = optim.SGD(model.parameters(), 0.1)

    def f(x):
        return x

    f.__name__ = f.__qualname__ = name
    metrics = {name: lambda y, t: 1.0}
    history = fit(model, squared_error, optimizer, (X, T), 1, progress=False, metrics=metrics)
    table = io.StringIO()
    csv.writer(table).writerows([[name, "t"], [1, 2], [3, 4]])
    yield lambda: optim.SGD([W, W], 0.1)
    yield lambda: optim.Groups(optim.SGD([W], 0.1), optim.SGD([W], 0.1))
    yield lambda: optim.SGD([W * 1.0, W], 0.1)
    yield lambda: W.__setitem__(0, 1.0)
    yield lambda: grad(f)(X)
    yield lambda: vmap(f)(1.0)
    yield lambda: derive((W * W).sum(), wrt=[Tensor(X, requires_grad=True, name=name)])
    yield lambda: derive((W * W).sum(), wrt=W)
    yield lambda: model(np.ones((2, 7)))
    yield lambda: other.load_state_dict(model.state_dict())
    yield lambda: fit(other, squared_error, optimizer, (X[:, :2], T), 1, progress=False)
    yield lambda: history.values("nothing")
    yield lambda: data.read_csv(io.StringIO(table.getvalue()), "another")


@pytest.mark.parametrize("name", [x for x in HOSTILE if not x.isprintable()], ids=lambda name: ascii(name)[:30])
def test_errors_of_every_room_are_one_line(name):
    for refused in refusals(name):
        with pytest.raises((ValueError, TypeError, KeyError)) as caught:
            refused()
        assert stored(str(caught.value)).isprintable()


@pytest.mark.parametrize("name", ["\ud800", "\x00\x1b[31m", "\u202eabc"])
def test_the_card_of_a_tensor_can_be_stored(name):
    stored(Tensor(np.ones(2), requires_grad=True, name=name)._repr_html_())


def test_a_name_that_is_no_text_is_refused_by_safetensors(tmp_path):
    pytest.importorskip("safetensors")
    model = nn.Linear(3, 2, rng=0)
    model.W.name = "W\udfff"
    with pytest.raises(ValueError, match=r"the name W\\udfff is half a character.*Save it as .npz"):
        save(tmp_path / "m.safetensors", model)
    assert list(tmp_path.iterdir()) == []


@named
def test_a_checkpoint_keeps_a_name_as_it_is(name, tmp_path):
    class Model:
        def __init__(self):
            self.W = network(name)[0]

        def parameters(self):
            return [self.W]

    model = Model()
    save(tmp_path / "m", model)
    load(tmp_path / "m", model)
    assert model.W.name == name


@named
def test_an_operation_of_any_name(name):
    def make(text):
        return Elementwise(name, lambda x: x * x, lambda y, x: 2 * x, text=text, definition=lambda x: x * x)

    if not name.isprintable():
        with pytest.raises(ValueError, match="name and text are written in one line"):
            make("{x}²")
        return
    with pytest.raises(ValueError, match="name and text are written in one line"):
        make("{x}²\n")
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    derivation = derive(make("{x}²")(w).sum())
    assert tags(derivation.to_html())[0] <= {"style", "div", "table", "caption", "thead", "tbody", "tr", "th", "td"} | {
        *("math", "mstyle", "mrow", "mfrac", "mi", "mn", "mo", "msup", "msub", "mtext", "details", "summary")
    }
    assert_balanced(derivation.to_latex())


@pytest.mark.parametrize("name", [1, 2.5, b"W", ["W"], ("a",), np.float64(1), object(), Tensor([1.0]), True])
def test_a_name_that_is_no_string_is_refused_when_it_is_set(name):
    with pytest.raises(TypeError, match=rf"a name is a string or None, not {type(name).__name__}"):
        Tensor([1.0], name=name)
    t = Tensor([1.0], name="t")
    with pytest.raises(TypeError, match="a name is a string or None"):
        t.name = name
    assert t.name == "t"
    t.name = None
    assert t.name is None


def test_names_that_python_takes_for_one_stay_apart():
    """Python reads ﬁ as fi, 𝐖 as W, µ as μ: two arguments of one name."""
    for a, b in (("ﬁ", "fi"), ("𝐖", "W"), ("µ", "μ"), ("a b", "a_b"), ("ªx", "ax")):
        W, V, E = network(a, b)
        E.backward()
        function = run(derive(E).to_numpy())["loss_and_gradients"]
        _, gradients = function(*argument_values(function, {0: W.data, 1: V.data}))
        np.testing.assert_allclose(sorted(gradients.values(), key=np.size)[1], W.grad.data)
        step = compile(lambda x, W=W, V=V: (np.tanh(x @ W) @ V).sum())
        np.testing.assert_allclose(step(X).data, (np.tanh(X @ W.data) @ V.data).sum())


def test_what_is_printable_stays_and_what_is_not_stays_apart():
    for name in ("W₁", "∂E/∂W", "重み", "a b", "\\n", "é"):
        assert printable(name) == name
    assert len({printable(name) for name in HOSTILE}) == len(HOSTILE)
    assert all(printable(name).isprintable() for name in HOSTILE)
