"""The table of laws of links in the book: what it holds, and that a wrong law is refused."""

import numpy as np
import pytest

from derivations.beyond.measured import link_laws
from derivations.beyond.telling.links import _laws


def test_rows_hold_the_laws_and_small_deviations():
    """Of z² + z/2 and z tanh z at a = 1.5, where γ = 1 - 1/a = 1/3."""
    first, second = _laws(quick=True).rows
    assert (first[0], first[1], first[2]) == ("z^2 + z/2", "1.5", "0.333333")
    assert second[0] == "z tanh(z)"
    for row in (first, second):
        assert float(row[3]) < 1e-6
        assert all(float(cell.split(", ")[1]) < 1e-5 for cell in row[4:])
    assert len({link for link, _ in link_laws.MODELS}) >= 8


def test_a_wrong_prefactor_is_refused(monkeypatch):
    right = link_laws.loss_prefactor
    monkeypatch.setattr(
        link_laws, "loss_prefactor", lambda *law, **flow: 1.0001 * np.float64(float(right(*law, **flow)))
    )
    monkeypatch.setattr(link_laws, "MODELS", link_laws.MODELS[:1])
    with pytest.raises(AssertionError, match="the laws of"):
        list(link_laws.comparisons(quick=True))
