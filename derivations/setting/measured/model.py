"""Section: the model, its loss, gradient, Hessian and critical points (P1, P2)."""

import numpy as np
import sympy

from derivations.press.evidence import Check, Comparison, Formula, Section
from derivations.setting import statements as setting
from numerics.arrays import Array
from numerics.generated import phase_retrieval as generated
from theory.symbolic import critical_points, gradient, hessian, phase_retrieval


def section(quick: bool) -> Section:
    """The loss and its geometry, derived from Gaussian moments."""
    return Section(
        title="The model and its landscape",
        text=(
            r"Inputs $x \sim N(0, Q)$, labels $(w^* \cdot x)^2$, student $(w \cdot x)^2$. The population "
            "loss is the expectation of a polynomial in two jointly Gaussian variables, so it depends "
            r"on $w$ only through $s = w^\top Q w$ and $u = w^\top Q w^*$; $s_* = w^{*\top} Q w^*$. "
            "Loss, drift, gradient and Hessian are derived from those moments; none is typed in."
        ),
        formulas=_formulas(),
        comparisons=_simulated(np.random.default_rng(2025)),
        checks=[*_symbolic(), _classification()],
    )


def _formulas() -> list[Formula]:
    return [
        Formula("P1", setting.loss()),
        Formula("P2", setting.loss_gradient()),
        Formula("P2", setting.curvature()),
        Formula("P3", setting.flow()),
    ]


def _symbolic() -> list[Check]:
    """The derived loss, gradient and Hessian against the paper's."""
    model = phase_retrieval()
    s, u, t = sympy.symbols("s u t")
    slope, curvature = gradient(model), hessian(model)
    derived_and_printed = {
        ("loss", "P1"): ([model.loss], [3 * s**2 + 3 * t**2 - 4 * u**2 - 2 * s * t]),
        ("gradient", "P2"): ([slope.student, slope.teacher], [12 * s - 4 * t, -8 * u]),
        ("Hessian", "P2"): (list(curvature.coefficients), [12 * s - 4 * t, 24, 0, -8]),
    }
    return [
        Check(
            f"derived {name} equals the paper's",
            source,
            all(sympy.expand(left - right) == 0 for left, right in zip(derived, printed, strict=True)),
            "symbolic identity",
        )
        for (name, source), (derived, printed) in derived_and_printed.items()
    ]


def _classification() -> Check:
    """0 is a maximum, ±w* are minima, every other critical point is a saddle."""
    kinds = {
        "saddle set" if point.multiple is None else str(point.multiple): point.kind
        for point in critical_points(phase_retrieval())
    }
    expected = {"-1": "minimum", "0": "maximum", "1": "minimum", "saddle set": "saddle"}
    return Check(
        "critical points 0, ±w*, {u = 0, s = s*/3} and their type",
        "P2",
        kinds == expected,
        "second-order test",
    )


def _simulated(rng: np.random.Generator) -> list[Comparison]:
    """Monte Carlo of the loss and of ∂L/∂w along w*, against the generated code.

    The tolerance is five standard errors.
    """
    eigenvalues = np.array([0.6, 0.3, 0.1])
    student, teacher = np.array([0.5, -0.7, 1.1]), np.array([1.0, 0.8, -0.6])
    inputs = rng.standard_normal((400_000, 3)) * np.sqrt(eigenvalues)
    output, along = inputs @ student, inputs @ teacher
    error = output**2 - along**2
    energy = np.array([[eigenvalues @ teacher**2]])
    x = np.array([eigenvalues @ student**2, eigenvalues @ (student * teacher)])
    gain, force = generated.drift(x, energy)
    slope = -float(gain[0, 0] * x[1] + force[0, 0] * energy[0, 0])
    return [
        _monte_carlo("loss, Monte Carlo", "P1", float(generated.loss(x, energy)), error**2),
        _monte_carlo("⟨∇L, w*⟩, Monte Carlo", "P2", slope, 4.0 * error * output * along),
    ]


def _monte_carlo(name: str, source: str, predicted: float, samples: Array) -> Comparison:
    spread = float(samples.std() / np.sqrt(len(samples)))
    return Comparison(name, source, predicted, float(samples.mean()), 5.0 * spread / abs(predicted))
