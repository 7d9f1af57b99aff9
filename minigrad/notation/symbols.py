"""A symbol taken apart: the letter, what stands raised and lowered at it, and whether it is a gradient."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from minigrad.ops.common.alphabet import LOWERED, RAISED, to_subscript

_NAME = re.compile(
    rf"(?P<gradient>∂E/∂)?(?P<base>.+?)(?P<kind>(?<=[^\W_])_[a-zA-Z]+)?(?P<above>⁽[{''.join(RAISED)}]+⁾)?(?P<below>_?\d+|[{''.join(LOWERED)}]+)?",
    re.DOTALL,
)
GREEK = {"δ": "delta", "σ": "sigma", "γ": "gamma", "β": "beta", "α": "alpha", "ε": "epsilon", "λ": "lambda",
          "μ": "mu", "θ": "theta", "η": "eta", "φ": "phi", "ρ": "rho", "π": "pi", "τ": "tau", "ω": "omega",
          "κ": "kappa", "ν": "nu", "ξ": "xi", "Φ": "Phi", "ψ": "psi", "Γ": "Gamma", "Δ": "Delta"}  # fmt: skip


class Name(NamedTuple):
    """A symbol taken apart: is it ∂E/∂ of the rest; the letter or word; what stands raised (a layer) and lowered."""

    gradient: bool
    base: str
    above: str
    below: str


class At(NamedTuple):
    """Which of many: a letter moved by a whole number, t − 1; without a letter the number itself."""

    letter: str
    offset: int

    def __str__(self) -> str:
        if not self.letter or not self.offset:
            return self.letter or str(self.offset)
        return f"{self.letter}{'+' if self.offset > 0 else '−'}{abs(self.offset)}"


class Indexed(NamedTuple):
    """The symbol of one of many, Hₜ₋₁, of an element, δⱼ, or of both, hₜ₋₁,ⱼ.

    ``name`` is what all have, as δ⁽²⁾ or ∂E/∂H; ``labels`` are the indices of the element.

    >>> str(Indexed("∂E/∂H", At("t", -1))), str(Indexed("w", None, "iq")), str(Indexed("x", None, "n,2i+p"))
    ('∂E/∂Hₜ₋₁', 'w_iq', 'x_{n,2i+p}')
    """

    name: str
    at: At | None
    labels: str = ""

    @property
    def below(self) -> str:
        """Everything that stands lowered."""
        return ",".join(filter(None, (str(self.at) if self.at else "", self.labels)))

    def __str__(self) -> str:
        moved = not self.labels.isalnum() and self.labels
        return self.name + (f"_{{{self.below}}}" if moved else to_subscript(self.below))


Symbol = str | Indexed


def pretty_name(name: str) -> str:
    """Write the digits at the end of a name as a subscript: W₁."""
    return re.sub(r"(?<=\D)\d+$", lambda digits: to_subscript(digits[0]), name)


@lru_cache(maxsize=1024)
def split_name(name: Symbol) -> Name:
    """Take a symbol apart: ``∂E/∂W₁`` is (True, W, "", 1), ``δ⁽²⁾ₙⱼ`` is (False, δ, 2, nj)."""
    if isinstance(name, Indexed):
        rest = split_name(name.name)
        return rest._replace(below=",".join(filter(None, (rest.below, name.below.replace("−", "-")))))
    match = _NAME.fullmatch(name)
    if match is None:
        return Name(False, name, "", "")
    above = "".join(RAISED[c] for c in (match["above"] or "")[1:-1])
    base, kind = match["base"], (match["kind"] or "")[1:]
    if kind and len(base) > 1:  # learning_rate is a word; W_q is a W
        base, kind = f"{base}_{kind}", ""
    below = "".join(LOWERED.get(c, c) for c in (match["below"] or "").removeprefix("_"))
    return Name(bool(match["gradient"]), base, above, ",".join(filter(None, (kind, below))))
