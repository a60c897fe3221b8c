"""The LaTeX that notebooks show of models and their towers."""

import pytest

from theory.symbolic import hierarchy, phase_retrieval, quadratic_network

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
