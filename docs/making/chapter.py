"""What the chapter shows: formulas, pictures and numbers, in English and Japanese, all of them made by the library."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import import_module
from typing import Any

import numpy as np

from making import figures, networks
from making.chapter_words import WORDS
from making.equations import Lines, write_both, write_equations, write_local_derivative, write_switch
from minigrad import derive, draw_matrices, losses, optim, plot, textbook
from minigrad.ops import elementwise
from minigrad.ops.common.alphabet import to_superscript
from minigrad.ops.networks import activations

SMALL = 1e-6  # what a line may differ by: rounding in finite differences is a tenth of it


def switch(lang: str = "en") -> str:
    """The switch between matrix and index notation."""
    return write_switch(lang)


@cache
def read_lines(problem: str) -> Lines:
    """The derivations of a batch and of one sample, each line of which has been checked."""
    batch, sample = networks.make_loss(problem, networks.SAMPLES), networks.make_loss(problem)
    both = derive(batch), derive(sample, given=networks.given_facts(sample))
    for derivation in both:
        hold_true(derivation)
    return Lines(*both)


def hold_true(derivation: Any) -> None:
    """Raise AssertionError unless every line is the engine's and that of finite differences: then no page is built."""
    first = derivation.check().first
    if first is not None:
        raise AssertionError(f"{first.symbol} differs by {first.difference:.1e}")


def lines(problem: str, symbols: str = "", lang: str = "en", steps: bool = True) -> str:
    """Lines of a derivation in both notations; `symbols` names them, with spaces between, by default all."""
    return read_lines(problem).write(*symbols.split(), lang=lang, steps=steps)


def general(symbols: str) -> str:
    """The general form of lines, before any activation function is put in."""
    return read_lines("general").write_first_step(*symbols.split())


def activation(name: str) -> str:
    """An activation function, its definition and its derivative, which are compared with its values and differences."""
    op = getattr(elementwise, name, None) or getattr(activations, name)
    u, h = np.linspace(-2, 2, 8), 1e-6
    slope = (op.forward(u + h) - op.forward(u - h)) / (2 * h)
    off = max(np.abs(op.derivatives[0](op.forward(u), u) - slope).max(), np.abs(op.definition(u) - op.forward(u)).max())
    if off > SMALL:
        raise AssertionError(f"the definition of {name}, or its derivative, differs by {off:.1e}")
    return write_local_derivative(op)


def update(rule: str, in_one: bool = False, eps: bool = True) -> str:
    """The formula of an update rule alone, read from its code and checked against its steps."""
    return write_equations(read_formula(rule, in_one, eps).to_mathml())


def read_formula(rule: str, in_one: bool = False, eps: bool = True) -> Any:
    """Read a rule's formula, and hold it to the rule's own steps."""
    formula = getattr(optim, rule).formula(in_one=in_one, **({} if eps else {"eps": 0}))
    off = formula.check()
    if off > SMALL:
        raise AssertionError(f"{rule}.formula() differs by {off:.1e} from its steps")
    return formula


def valley() -> str:
    """The loss that all update rules are sent down."""
    E, w1, w2 = networks.make_valley()
    derivation = derive(E(), [w1, w2], forward=True)
    hold_true(derivation)
    return write_equations(derivation.to_mathml())


def rule(name: str, lang: str = "en") -> str:
    """An update rule: its formula, its path through the valley, and the code that it is."""
    words, without = WORDS[lang], "eps" in getattr(optim, name).settings
    formulas = [read_formula(name, in_one=name == "Momentum", eps=not without)]
    if name == "Momentum":
        formulas.append(read_formula(name))
    equations = "".join(write_equations(formula.to_mathml()) for formula in formulas)
    E, w1, w2 = networks.make_valley()
    path = plot.descend(E, w1, w2, networks.make_rule(name, [w1, w2]), networks.STEPS)
    end = path[-1][0] ** 2 / 20 + path[-1][1] ** 2
    symbols = {"lr": "η", "momentum": "α", "rho": "ρ"}
    settings = ", ".join(f"{symbols[key]} = {value:g}" for key, value in networks.RULES[name].items())
    says = words["path"].format(name=name, settings=settings, steps=networks.STEPS, E=write_number(end))
    picture = figures.show_plot(lambda theme: figures.draw_path(name, theme), says)
    return f'<div class="rule"><div>{equations}</div>{picture}<div class="code">{show_source(name)}</div></div>'


def race(lang: str = "en") -> str:
    """All update rules in the valley: what each keeps, and how far down it is after some steps."""
    rows = []
    for name in networks.RULES:
        E, w1, w2 = networks.make_valley()
        optimizer = networks.make_rule(name, [w1, w2])
        path = plot.descend(E, w1, w2, optimizer, 100)
        kept = [key for key, value in optimizer.states[0].items() if value.dtype == w1.dtype]
        symbols = [getattr(optim, name).symbols.get(key, key) for key in kept]
        heights = [write_number(path[step][0] ** 2 / 20 + path[step][1] ** 2) for step in (10, 30, 100)]
        rows.append((name, ", ".join(symbols) or "–", *heights))
    return write_table(WORDS[lang]["race"], rows, WORDS[lang]["raced"])


def write_number(x: float) -> str:
    """A number to two digits, with a power of ten where it is small."""
    mantissa, _, power = f"{x:.2g}".partition("e")
    return f"{mantissa} · 10{to_superscript(int(power))}" if power else mantissa


def show_source(name: str) -> str:
    """The code of an update rule: what it begins with, and how it moves."""
    cls = getattr(optim, name)
    parts = [cls._start] * ("_start" in vars(cls)) + [cls._move]
    bodies = [textwrap.indent(textwrap.dedent(inspect.getsource(part)), "    ") for part in parts]
    code = f"class {name}(Optimizer):\n" + "\n".join(bodies)
    return highlight(code.rstrip())


def highlight(code: str) -> str:
    """Python code with Sphinx's colors, where there is what Sphinx has them from."""
    try:
        pygments, formatters, lexers = map(import_module, ("pygments", "pygments.formatters", "pygments.lexers"))
    except ImportError:
        return f"<pre>{escape(code)}</pre>"
    inside = pygments.highlight(code, lexers.PythonLexer(), formatters.HtmlFormatter(nowrap=True))
    return f'<div class="highlight-python notranslate"><div class="highlight"><pre>{inside}</pre></div></div>'


def learned_by_heart(lang: str = "en") -> str:
    """Training and test data: a network that is too large, and what it makes of either."""
    run = networks.train_by_heart()
    validation = [x for x in run.history.validation_loss if x is not None]
    best = int(np.argmin(validation))
    says = WORDS[lang]["heart"].format(
        epochs=len(validation), train=f"{run.final('train'):.4f}", test=f"{run.final('test'):.2f}", best=best + 1,
        best_test=f"{validation[best]:.3f}",
    )  # fmt: skip
    return figures.show_plot(lambda theme: figures.draw_by_heart(lang, theme), says)


def modes(lang: str = "en") -> str:
    """Batch, mini-batch and online learning: what each costs, and what it comes to."""
    words, runs = WORDS[lang], {mode: networks.train_mode(mode) for mode in networks.MODES}
    n = len(runs["batch"].train[0])
    rows = [
        (
            words["names"][mode],
            str(networks.MODES[mode] or n),
            str(-(-n // (networks.MODES[mode] or n))),
            f"{1e3 * networks.measure_epoch(run):.2g} ms",
            f"{run.final('test'):.2g}",
        )
        for mode, run in runs.items()
    ]
    heads = [head.format(epochs=networks.EPOCHS) for head in words["mode"]]
    picture = figures.show_plot(lambda theme: figures.draw_modes(lang, theme), words["modes"])
    return write_table(heads, rows, words["measured"].format(n=n)) + picture


def losses_of_guesses(lang: str = "en") -> str:
    """Both losses of some outputs y for one target t."""
    t = np.array([0.0, 1.0, 0.0])
    rows = []
    for y in ([0.05, 0.9, 0.05], [0.2, 0.6, 0.2], [0.6, 0.3, 0.1]):
        found = (losses.squared_error(np.array(y), t), losses.cross_entropy(np.array(y), t))
        rows.append((f"({', '.join(f'{x:g}' for x in y)})", *(f"{float(E):.3f}" for E in found)))
    return write_table(("y", "½ Σ (y − t)²", "−Σ t log y"), rows, WORDS[lang]["guesses"])


def neuron(loss: str) -> str:
    """The loss of one linear neuron and its gradient: the delta rule, or Hebb's."""
    recorded, w = networks.make_neuron(loss)
    derivation = derive(recorded, [w], forward=True)
    hold_true(derivation)
    every = [*derivation.forward_lines, *derivation]
    chosen = [i for i, line in enumerate(every) if "y" in line.names or line.symbol[0] in "δ∂"]
    both = ([derivation.to_mathml(notation)[i] for i in chosen] for notation in ("matrix", "index"))
    return write_both(*map(write_equations, both))


def matrices(way: str = "forward", lang: str = "en") -> str:
    """A layer's equations as matrices, forward or backward, of a network that classifies several samples."""
    derivation = derive(networks.make_loss("classification", networks.SAMPLES))
    hold_true(derivation)
    symbols = {"forward": ["U₁", "Y₁", "U₂", "Y₂"], "backward": [line.symbol for line in derivation]}[way]
    picture = draw_matrices(derivation, lines=symbols)
    says = WORDS[lang][way]
    forward = derivation.showing(forward=way == "forward")
    every = [*derivation.forward_lines, *derivation] if way == "forward" else list(derivation)
    chosen = [i for i, line in enumerate(every) if line.symbol in symbols]
    both = ([forward.to_mathml(notation)[i] for i in chosen] for notation in ("matrix", "index"))
    formulas = write_both(*map(write_equations, both))
    return (
        f'<figure class="plain"><div class="picture" role="group" aria-label="{escape(says)}" tabindex="0">'
        f"{picture.svg(title=says)}</div>"
        f"<figcaption>{escape(says)}</figcaption></figure>{formulas}"
    )


def graph(problem: str, lang: str = "en") -> str:
    """The backward graph of a batch, with its numbers."""
    return figures.show_plot(lambda theme: figures.draw_graph(problem, lang, theme), WORDS[lang]["graph"], "plain wide")


def checked(problem: str, lang: str = "en") -> str:
    """How far each line of several samples' loss is from the engine, from differences, and from δ by hand."""
    loss = networks.make_loss(problem, networks.SAMPLES)
    derivation = derive(loss)
    by_hand = compute_by_hand(problem, derivation)
    rows = []
    for line, found in zip(derivation, derivation.check(), strict=True):
        value = np.asarray(line.value)
        hand = np.max(np.abs(value - by_hand[line.symbol])) / (1 + np.max(np.abs(value)))
        if not max(found.difference, hand) <= SMALL:
            raise AssertionError(f"{line.symbol}: {found}, by hand {hand:.1e}")
        rows.append((line.symbol, *(f"{x:.0e}" if x else "0" for x in (found.engine, found.numeric, hand))))
    return write_table(WORDS[lang]["checked"], rows, WORDS[lang]["check"])


def compute_by_hand(problem: str, derivation: Any) -> dict[str, Any]:
    """Give every δ and gradient by ``minigrad.textbook``, which imports nothing of the library."""
    known = {x.name: derivation.graph.values[x] for x in derivation.graph.inputs.values()}
    network = textbook.Network(networks.SIZES, problem, rng=0)  # type: ignore[arg-type]
    network.weights, network.biases = ([known[f"{letter}{i}"] for i in (1, 2)] for letter in "Wb")
    network.forward(known["Y0"])
    found = network.backward(known["T"])
    named = {"δ": found.deltas, "∂E/∂W": found.weights, "∂E/∂b": found.biases}
    values = {f"{symbol}{'₁₂'[i]}": arrays[i] for symbol, arrays in named.items() for i in (0, 1)}
    return values | {"∂E/∂Y₀": found.inputs[0], "∂E/∂Y₁": found.inputs[1]}


def write_table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Give numbers as a table that scrolls if it is wide."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' if cell else "<td></td>" for cell in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    said = escape(caption)
    return (
        f'<div class="measured" role="group" aria-label="{said}" tabindex="0"><table><caption>{said}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
