"""Functions of forms: sums, products, exp, log, roots, steps and choices, as quotients of polynomials of atoms."""

from __future__ import annotations

from collections.abc import Callable
from math import exp as exp_of
from math import log as log_of

from minigrad.algebra.normal import quotients
from minigrad.algebra.normal.atoms import Atoms
from minigrad.algebra.normal.quotients import ONE, UNIT, Quotient, TooLarge, of_atom, of_number

MOST_IN_EXP = 300.0  # a number in an exponent whose exponential is computed
MOST_STEPS = 3  # of which a function is taken apart, into eight cases


class Functions:
    """What functions make of forms; ``atoms`` are those that the forms are made of."""

    def __init__(self) -> None:
        self.atoms = Atoms()

    def add(self, a: Quotient, b: Quotient) -> Quotient:
        """a + b."""
        return quotients.add(a, b, self.atoms.fold)

    def subtract(self, a: Quotient, b: Quotient) -> Quotient:
        """a − b."""
        return quotients.add(a, quotients.scale(b, -1.0), self.atoms.fold)

    def multiply(self, a: Quotient, b: Quotient) -> Quotient:
        """a b."""
        return quotients.multiply(a, b, self.atoms.fold)

    def divide(self, a: Quotient, b: Quotient) -> Quotient:
        """a / b."""
        return self.multiply(a, self._by_cases(quotients.inverse, b))

    def _by_cases(self, rule: Callable[[Quotient], Quotient], a: Quotient) -> Quotient:
        """f(a) = [d > 0] f(a where d > 0) + (1 − [d > 0]) f(a elsewhere), so that no function has a step inside."""
        steps = [atom for atom in a.atoms if self.atoms.kind(atom) == "step"]
        if not steps:
            return rule(a)
        if len(steps) > MOST_STEPS:
            raise TooLarge
        step = min(steps)
        low, high = (self._by_cases(rule, quotients.with_value(a, step, value)) for value in (0, 1))
        return self.add(low, self.multiply(of_atom(step), self.subtract(high, low)))

    def root(self, a: Quotient) -> Quotient:
        """√a."""
        return self.atoms.made("root", quotients.rounded(a))

    def normal(self, a: Quotient) -> Quotient:
        """Φ(a) = 1 − Φ(−a)."""
        a = quotients.rounded(a)
        negative = bool(a.above) and a.above[min(a.above, key=quotients.rank)] < 0
        found = self.atoms.made("normal", quotients.scale(a, -1.0) if negative else a)
        return self.subtract(of_number(1.0), found) if negative else found

    def erf(self, a: Quotient) -> Quotient:
        """erf(a) = 2 Φ(√2 a) − 1."""
        return self.subtract(quotients.scale(self.normal(quotients.scale(a, 2**0.5)), 2.0), of_number(1.0))

    def power(self, a: Quotient, n: float) -> Quotient | None:
        """aⁿ, for small whole n and ±½; None for others."""
        if abs(n) == 0.5:
            return self.root(a) if n > 0 else self.divide(of_number(1.0), self.root(a))
        if n != int(n) or abs(n) > 4:
            return None
        total = of_number(1.0)
        for _ in range(abs(int(n))):
            total = self.multiply(total, a)
        return self.divide(of_number(1.0), total) if n < 0 else total

    def exp(self, a: Quotient) -> Quotient:
        """exp(c m + d) = exp(m)ᶜ exp(d)."""
        return self._by_cases(self._exp, a)

    def log(self, a: Quotient) -> Quotient:
        """ln (exp(m)ᶜ a / b) = c m + ln a − ln b, where a or b is positive."""
        return self._by_cases(self._log, a)

    def _exp(self, a: Quotient) -> Quotient:
        if a.below != ONE:
            return self.atoms.made("exp of quotient", a)
        number = a.above.get(UNIT, 0.0)
        kept = abs(number) > MOST_IN_EXP  # exp(−10⁹), of what a mask hides, would be 0
        powers = frozenset((self.atoms.exponential(m), c) for m, c in a.above.items() if m or kept)
        return Quotient({powers: 1.0 if kept else exp_of(number)}, ONE)

    def _log(self, a: Quotient) -> Quotient:
        if not a.above:
            raise TooLarge
        if a.below != ONE and (self.atoms.is_positive(a.above) or self.atoms.is_positive(a.below)):
            return self.subtract(self._log(Quotient(a.above, ONE)), self._log(Quotient(a.below, ONE)))
        shared = frozenset((x, power) for x, power in quotients.common(a.above) if self.atoms.kind(x) == "exp")
        found = Quotient({self.atoms.parts(x): power for x, power in shared}, ONE)
        rest = quotients.over(a, shared)
        if rest.below == ONE and len(rest.above) == 1:
            ((m, c),) = rest.above.items()
            if c > 0 and not m:
                return self.add(found, of_number(log_of(c)))
            if c == 1 and len(m) == 1 and self.atoms.is_positive({m: 1.0}):
                ((x, power),) = m
                return self.add(found, quotients.scale(self.atoms.made("log", of_atom(x)), power))
        return self.add(found, self.atoms.made("log", rest))

    def step(self, d: Quotient) -> Quotient:
        """[d > 0] = 1 − [−d > 0], for whatever d is not 0 at."""
        if not d.above:
            return of_number(0.0)
        if d.below != ONE:
            return self.atoms.made("step", d)
        first = d.above[min(d.above, key=quotients.rank)]
        if not any(d.above):
            return of_number(float(first > 0))
        power = self._of_exponential(d)
        if power is not None:
            return power
        step = self.atoms.made("step", quotients.scale(d, 1 / first))
        return step if first > 0 else self.subtract(of_number(1.0), step)

    def _of_exponential(self, d: Quotient) -> Quotient | None:
        """[a exp(m) − b > 0] = [m − ln(b / a) > 0], for numbers a and b of one sign; None of what is no such thing."""
        rest = [m for m in d.above if m != UNIT]
        if len(d.above) != 2 or len(rest) != 1 or any(self.atoms.kind(atom) != "exp" for atom, _ in rest[0]):
            return None
        a, b = d.above[rest[0]], -d.above[UNIT]
        if a * b <= 0:
            return None
        m = Quotient({self.atoms.parts(atom): power for atom, power in rest[0]}, ONE)
        step = self.step(self.subtract(m, of_number(log_of(b / a))))
        return step if a > 0 else self.subtract(of_number(1.0), step)

    def greater(self, a: Quotient, b: Quotient) -> Quotient:
        """[a > b] = [a − b > 0]."""
        return self.step(self.subtract(a, b))

    def maximum(self, a: Quotient, b: Quotient) -> Quotient:
        """max(a, b) = b + (a − b) [a > b]."""
        d = self.subtract(a, b)
        return self.add(b, self.multiply(d, self.step(d)))

    def where(self, c: Quotient, a: Quotient, b: Quotient) -> Quotient:
        """Choose a where c is 1, b where it is 0: b + c (a − b)."""
        return self.add(b, self.multiply(c, self.subtract(a, b)))
