"""What the table of closure errors shows, on a finite and on a power-law spectrum.

The reference is the flow of all modes; at t = 1 to 3 the run escapes, which
amplifies DOP853's own error to 1e-10.
"""

import math
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import pytest

from derivations.beyond.closure_table import Row, closure_table, finite_spectrum, power_law_spectrum
from theory.symbolic import Hierarchy, closures

TIMES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
ORDERS = (4, 8, 16)
INTEGRATION = 1e-9
GAUSS, GEOMETRIC, TRUNCATION = "Gauss quadrature", "geometric extrapolation", "truncation"


@cache
def errors(spectrum: str) -> dict[tuple[str, int], tuple[float, ...]]:
    measure = finite_spectrum() if spectrum == "finite" else power_law_spectrum()
    rows: list[Row] = closure_table(measure, ORDERS, TIMES)
    return {(row.closure, row.order): row.errors for row in rows}


def test_exact_closures_stay_at_rounding_for_all_times() -> None:
    """Three distinct eigenvalues, each with at most two directions that matter: four blocks hold them all."""
    table = errors("finite")
    assert max(table["characteristic polynomial", 3]) < INTEGRATION
    assert max(table[GAUSS, 8]) < INTEGRATION
    assert max(table[GAUSS, 4]) > 1e-5


def test_quadrature_converges_on_a_power_law_and_never_blows_up() -> None:
    table = errors("power law")
    assert max(table[GAUSS, 16]) < INTEGRATION
    for low, high in zip(table[GAUSS, 4][3:], table[GAUSS, 8][3:], strict=True):
        assert high < 0.1 * low
    assert max(table[GAUSS, 4]) < 0.1


@pytest.mark.parametrize("spectrum", ["finite", "power law"])
def test_truncation_blows_up_at_every_order_and_is_accurate_before(spectrum: str) -> None:
    table = errors(spectrum)
    for order in ORDERS:
        assert math.isinf(table[TRUNCATION, order][-1])
    early = [table[TRUNCATION, order][1] for order in ORDERS]
    assert early[0] > 1e2 * early[1] > 1e4 * early[2]
    assert early[2] < 1e-11


@pytest.mark.parametrize("spectrum", ["finite", "power law"])
@pytest.mark.parametrize("order", [4, 8])
def test_extrapolation_beats_truncation_early_and_fails_late(spectrum: str, order: int) -> None:
    table = errors(spectrum)
    assert table[GEOMETRIC, order][1] < 1e-2 * table[TRUNCATION, order][1]
    assert table[GEOMETRIC, order][-1] > 1


def test_characteristic_polynomial_is_left_out_where_it_cannot_serve() -> None:
    assert not any(name == "characteristic polynomial" for name, _ in errors("power law"))


def test_rounding_drowns_the_exact_closure_of_many_eigenvalues() -> None:
    """Six eigenvalues i^-2 are fine at t = 30, twelve are not: the identity is exact, arithmetic is not."""
    few, many = (
        next(row for row in closure_table(power_law_spectrum(modes), [], TIMES)).errors for modes in (6, 12)
    )
    assert max(few) < INTEGRATION
    assert many[0] < INTEGRATION
    assert many[-1] > 1e-6


def test_every_closure_is_measured_or_exact(monkeypatch) -> None:
    """The integral equations are exact, and solved against the flow elsewhere; a rule is one's own."""
    measured = set()

    def recorded(tower: Hierarchy, closure: closures.Closure) -> object:
        measured.add(type(closure))
        return closures.close(tower, closure)

    monkeypatch.setattr("derivations.beyond.closure_table.close", recorded)
    closure_table(finite_spectrum(), [4], [0.1])
    modules = [import_module(f"{closures.__name__}.{item.name}") for item in iter_modules(closures.__path__)]
    found = {item for module in modules for item in vars(module).values() if _closes(item)}
    assert found - measured == {closures.DuhamelVolterra, closures.Rule}
    assert {item.__name__ for item in found} <= set(closures.__all__)


def _closes(item: object) -> bool:
    return isinstance(item, type) and "close" in vars(item) and item is not closures.Closure
