"""The LaTeX that notebooks show of models and their towers."""

import pytest

from theory.symbolic import hierarchy, phase_retrieval, quadratic_network
from theory.symbolic.overlaps import matrix_symbols

MODELS = {"one student": phase_retrieval(), "network": quadratic_network(2, 2)}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_equations_are_complete_and_balanced(model):
    for shown, count in (
        (model._repr_latex_(), 1 + model.students * (model.students + 1) // 2 + len(model.B)),
        (hierarchy(model)._repr_latex_(), model.students * (model.students + 1) // 2 + len(model.B)),
    ):
        assert shown.startswith("$$\\begin{aligned}\n")
        assert shown.endswith("\n\\end{aligned}$$")
        assert shown.count(" &= ") == count
        assert shown.count("{") == shown.count("}")


def test_the_paper_s_letters():
    assert "L &= 3 s^{2} - 2 s s_* + 3 s_*^{2} - 4 u^{2}" in phase_retrieval()._repr_latex_()
    assert r"\dot s{}^{(k)} &= - 24 s s^{(k + 1)}" in hierarchy(phase_retrieval())._repr_latex_()
    assert r"\dot u{}^{(2)} &=" in hierarchy(phase_retrieval(), 2)._repr_latex_()


@pytest.mark.parametrize(("size", "last"), [(1, "W"), (2, "W22"), (9, "W99"), (10, "W10_10"), (11, "W11_11")])
def test_indices_of_two_digits_are_kept_apart(size, last):
    names = [str(symbol) for symbol in matrix_symbols("W", size, size)]
    assert names[-1] == last
    assert len(set(names)) == size**2
    assert all(("_" in name) == (size > 9) for name in names)
