"""Each claim that is false or not sharp has a picture, and the picture itself decides."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy
from commandline import invoke

from derivations.adjudication import drawn
from derivations.court import Verdict
from derivations.court.picture import Picture, Said, at_least, at_most
from derivations.court.pictures import picture_of
from derivations.court.statement import BrokenStepError
from derivations.court.table import Drawn
from derivations.press.tex import words
from derivations.register import claims, drawings

CLAIMS = {name: item for name, item in claims().items() if item.verdict in (Verdict.FALSE, Verdict.NOT_SHARP)}
DRAWINGS = drawings()
PICTURED = [name for name, item in CLAIMS.items() if not item.unpictured]
UNPICTURED = {"F6/exponents"}
"""Claims without a quantity; each says why itself."""


def test_every_claim_has_a_picture_or_says_why_not():
    assert {name for name, item in claims().items() if item.unpictured} == UNPICTURED
    assert set(DRAWINGS) == set(PICTURED)
    assert len({Drawn(name, "", b"", b"").name for name in PICTURED}) == len(PICTURED)


@pytest.mark.parametrize("name", PICTURED)
def test_the_picture_decides(name):
    shown = picture_of(CLAIMS[name])
    assert shown.faults(CLAIMS[name].verdict) == []
    assert len(shown.measured) >= 5
    assert shown.caption
    assert not set("$?") & set(words(shown.caption))
    swapped = replace(shown, printed=shown.ours, ours=shown.printed)
    assert swapped.faults(CLAIMS[name].verdict) != []


class Read(dict):
    """Constants, and the names of those that were read."""

    def __init__(self, constants):
        super().__init__(constants)
        self.names = set()

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize(
    "name",
    ["P2/saddle", "P8", "P10/growth", "P11/duhamel", "Lem9/kernel", "Lem14/flow", "P16/late", "T5/D.17"],
)
def test_a_picture_is_drawn_from_the_constants_of_the_correction(name):
    item = CLAIMS[name]
    ours = Read(item.correction.constants)
    DRAWINGS[name](item.constants, ours)
    assert ours.names
    for constant in ours.names:
        wrong = replace(item, correction=item.correction.changed(constant, sympy.Rational(11, 10)))
        assert picture_of(wrong).faults(item.verdict) != [], constant


X = np.linspace(1.0, 2.0, 9)


def shown(measured, printed, ours, scale="linear"):
    return Picture("$y$", measured, printed, ours, "exact", 1e-6, "A test.", X, "$x$", yscale=scale)


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize(
    ("printed", "ours", "found"),
    [
        (Said("", X), Said("", X**2), []),
        (Said("", 1.001 * X**2), Said("", X**2), ["of the axis off the paper's"]),
        (Said("", X), Said("", 1.001 * X**2), ["ours is missed by 0.00"]),
        (at_most("", X), Said("", X**2), []),
        (at_least("", X), Said("", X**2), ["0 of the axis off the paper's"]),
        (at_least("", X**3), at_most("", X**2), []),
        (at_most("", X), at_most("", 0.9 * X**2), ["ours is missed by 0.1"]),
    ],
)
def test_a_false_statement_is_left_and_ours_is_not(scale, printed, ours, found):
    faults = shown(X**2, printed, ours, scale).faults(Verdict.FALSE)
    assert len(faults) == len(found)
    assert all(words in fault for words, fault in zip(found, faults, strict=True))


@pytest.mark.parametrize(
    ("printed", "ours", "found"),
    [
        (at_most("", X**3), Said("", X**2), []),
        (at_most("", X), Said("", X**2), ["the paper's is missed"]),
        (at_most("", 1.001 * X**2), Said("", X**2), ["ours is nearer by 0.0"]),
        (at_most("", 2 * X**3), at_most("", 9 * X**3), ["ours is nearer by -0"]),
    ],
)
def test_a_loose_statement_is_obeyed_from_afar(printed, ours, found):
    faults = shown(X**2, printed, ours).faults(Verdict.NOT_SHARP)
    assert len(faults) == len(found)
    assert all(words in fault for words, fault in zip(found, faults, strict=True))


def test_a_bound_shades_what_it_forbids_and_rings_the_counterexample():
    bound, law = shown(X**2, at_most("$x$", X), Said("$x^2$", X**2)), shown(X**2, Said("", X), Said("", X**2))
    forbidden, *_, counterexample = bound.panel().curves
    assert counterexample.label == "counterexample"
    assert (counterexample.x, counterexample.y) == (2.0, 4.0)
    assert np.all(forbidden.band[1] > bound.measured.max())
    assert all(curve.band is None for curve in law.panel().curves)
    about = replace(bound, over=None)
    assert np.all(about.panel().curves[0].band[1] < X.min())  # a bound above what is measured is allowed


def test_values_must_be_finite_and_positive_on_a_logarithmic_axis():
    with pytest.raises(ValueError, match="must be finite"):
        shown(X, Said("", np.full(9, np.nan)), Said("", X))
    with pytest.raises(ValueError, match="positive"):
        shown(X, Said("", -X), Said("", X), "log")


def test_drawings_are_the_same_every_time_and_hold_their_curves():
    shown = picture_of(CLAIMS["T1"])
    first, second = drawn("T1"), Drawn("T1", shown.caption, *shown.encode("svg", "pdf"))
    assert first == second
    assert first.name == "audit-T1"
    root = ElementTree.fromstring(first.svg)
    assert first.caption in "".join(root.itertext())
    assert first.pdf.startswith(b"%PDF")
    assert drawn("P1") is None


def test_the_command_draws_into_a_folder(tmp_path):
    folder = tmp_path / "made" / "pictures"
    words = ["audit", "T1/escape", "P1", "--quick"]
    plain, drawing = (invoke(*words, *more) for more in ([], ["--plot", str(folder)]))
    assert (drawing.exit_code, drawing.output) == (plain.exit_code, plain.output) == (0, plain.output)
    assert sorted(path.name for path in folder.iterdir()) == ["audit-T1-escape.pdf", "audit-T1-escape.svg"]
    blocked = invoke(*words, "--plot", str(folder / "audit-T1-escape.svg" / "x"))
    assert blocked.exit_code == 2
    assert "cannot be made" in blocked.stderr


@pytest.mark.parametrize("name", PICTURED)
def test_no_number_of_a_label_can_change_unnoticed(name):
    for statement in picture_of(CLAIMS[name]).statements:
        assert statement.checked
        for changed in statement.nudged():
            with pytest.raises(BrokenStepError):
                print(changed.latex, changed.checked)
