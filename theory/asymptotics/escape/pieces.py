"""An orbit followed step by step, as far as it is asked for: on each step u and s are polynomials."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from mpmath import mp, mpf


class Piece(ABC):
    """``u`` and ``s`` on one step, as polynomials in a variable that ends at ``end``."""

    first: ClassVar[mpf]
    begin: mpf
    end: mpf

    @abstractmethod
    def values(self, energy: bool, x: mpf) -> tuple[mpf, mpf]:
        """U, or the ``energy`` s, and its derivative by the variable."""

    @abstractmethod
    def elapsed(self, x: mpf) -> mpf:
        """The time since ``begin``."""

    @abstractmethod
    def pace(self, x: mpf) -> mpf:
        """The derivative of the time by the variable."""

    def place(self, level: mpf, energy: bool) -> tuple[mpf, mpf]:
        """The time at which u, or the ``energy`` s, is at ``level``, and its slope in time there.

        By Newton's method from the middle, on a step at whose end the level has been passed.
        """
        x = (self.first + self.end) / 2
        while True:
            value, slope = self.values(energy, x)
            step = (level - value) / slope
            x += step
            if abs(step) <= mpf(2) ** (-mp.prec // 2):
                value, slope = self.values(energy, x)
                return self.begin + self.elapsed(x + (level - value) / slope), slope / self.pace(x)


class Orbit(ABC):
    """An orbit at the precision of the call, up to the ``time`` that its ``pieces`` reach; ``one`` is 1 in
    fixed-point arithmetic.
    """

    def __init__(self, time: mpf) -> None:
        self.prec, self.one, self.time = mp.prec, 1 << mp.prec, time
        self.pieces: list[Piece] = []

    @abstractmethod
    def step(self) -> None:
        """Follow the orbit for another piece."""

    def crossing(self, level: mpf, energy: bool, latest: mpf) -> tuple[mpf, mpf] | None:
        """The time at which u, or the ``energy`` s, reaches ``level``, and its slope there.

        None if it has not by the time ``latest``.
        """
        with mp.workprec(self.prec):
            number = 0
            while True:
                if number == len(self.pieces):
                    if self.time > latest:
                        return None
                    self.step()
                piece = self.pieces[number]
                if piece.values(energy, piece.end)[0] >= level:
                    return piece.place(level, energy)
                number += 1
