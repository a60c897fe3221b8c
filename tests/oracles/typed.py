"""Values of formulas as they are typed in docstrings: the LaTeX of sums, products, powers and functions.

It shares no code with the printer, so that a typed formula is compared with the number it stands for.
"""

import re

from mpmath import mp

FUNCTIONS = {r"\Gamma": mp.gamma, r"\zeta": mp.zeta, r"\log": mp.log, r"\sin": mp.sin, r"\sqrt": mp.sqrt}
FRACTIONS = (r"\frac", r"\tfrac")


def typed_value(formula, names):
    r"""The number of a formula whose ``names``, in LaTeX, have values.

    >>> print(typed_value(r"C_f (\tfrac13 + 2^{-\gamma-1})", {"C_f": 6, r"\gamma": 1}))
    3.5
    >>> print(typed_value(r"\Gamma(1 - 1/a)\,\beta^{1/a}", {"a": 2, r"\beta": 9}))
    5.31736155271655
    """
    return _Reader(formula, names).read()


class _Reader:
    def __init__(self, formula, names):
        self.names = {re.sub(r"\s", "", name): value for name, value in names.items()}
        text = re.sub(r"\\[,;!]|\\(left|right|Big|big)\b|\s+(?![A-Za-z])", "", formula)
        self.text = re.sub(r"\s+", " ", text)
        self.place = 0

    def read(self):
        value = self.total()
        if self.rest.strip():
            raise ValueError(f"cannot read {self.rest!r}")
        return mp.mpf(value)

    @property
    def rest(self):
        return self.text[self.place :].lstrip()

    def take(self, *words):
        """The first of the words that comes next, or None; it is passed."""
        for word in words:
            if self.rest.startswith(word) and not (word[-1].isalpha() and self._goes_on(word)):
                self.place = len(self.text) - len(self.rest) + len(word)
                return word
        return None

    def _goes_on(self, word):
        """Whether a command is only the beginning of what comes next."""
        return word.startswith("\\") and self.rest[len(word) : len(word) + 1].isalpha()

    def total(self):
        sign = -1 if self.take("-") else 1
        value = sign * self.product()
        while sign := self.take("+", "-"):
            value += self.product() * (1 if sign == "+" else -1)
        return value

    def product(self):
        value = self.power()
        while self.rest and self.rest[0] not in "+-)}]|,=":
            if self.take("/"):
                value = value / self.power()
            else:
                self.take(r"\cdot")
                value = value * self.power()
        return value

    def power(self):
        base = self.atom()
        return mp.mpf(base) ** self.argument() if self.take("^") else base

    def atom(self):
        if name := self.take(*sorted(self.names, key=len, reverse=True)):
            return mp.mpf(self.names[name])
        if self.take("("):
            return self._until(")")
        if self.take("|"):
            return abs(self._until("|"))
        if self.take(*FRACTIONS):
            above = self.argument()
            return above / self.argument()
        if function := self.take(*FUNCTIONS):
            return FUNCTIONS[function](self.argument() if self.rest[0] in "{\\" else self.atom())
        if self.take(r"\pi"):
            return +mp.pi
        number = re.match(r"\d+(\.\d+)?", self.rest)
        if not number:
            raise ValueError(f"cannot read {self.rest!r}")
        self.take(number[0])
        return mp.mpf(number[0])

    def argument(self):
        """What a command takes: braces, or one digit or name."""
        if self.take("{"):
            return self._until("}")
        if digit := self.take(*"0123456789"):
            return mp.mpf(digit)
        return self.atom()

    def _until(self, end):
        value = self.total()
        if not self.take(end):
            raise ValueError(f"{end} is missing before {self.rest!r}")
        return value
