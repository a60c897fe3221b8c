"""The equations of a model, and how they are written: Unicode, LaTeX, Markdown, MathML, SymPy strings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import sympy
from sympy.printing.pretty.pretty import PrettyPrinter, prettyForm

from derivations.press.typeset import mathml
from theory.symbolic import (
    ConstrainedModel,
    HeavyBallModel,
    Hierarchy,
    Model,
    ModelError,
    TrainedModel,
    gradient,
    hessian,
    hierarchy,
)
from theory.symbolic.constrained import named_multipliers
from theory.symbolic.discrete import online_sgd
from theory.symbolic.gradient_noise import gradient_covariance
from theory.symbolic.hierarchy import AnyFlow
from theory.symbolic.known import VARIABLES
from theory.symbolic.notation import broken, latex
from theory.symbolic.pairs import pair_derivative, pair_function
from theory.symbolic.trained import named_velocities

WIDEST = 16
"""Students or teachers of which every overlap is a symbol."""


UNITS = {"P": "two students", "R": "a student and a teacher"}


@dataclass(frozen=True)
class Equation:
    """``name`` = ``value``: the name as a key and as LaTeX, the value exact, and what it is."""

    key: str
    left: str
    value: sympy.Expr
    meaning: str


def equations(model: AnyFlow) -> Iterator[Equation]:
    """Yield loss, drift, gradient and Hessian (one student, one teacher) and the tower for symbolic order k.

    Of a model with a constraint there are the multipliers, of one whose weights learn their velocities, and
    no gradient and Hessian, which are the loss's at fixed weights.

    >>> from theory.symbolic import phase_retrieval
    >>> [equation.key for equation in equations(phase_retrieval())][:3]
    ['loss', 'A', 'B']
    """
    flow = _flow(model)
    if isinstance(model, HeavyBallModel):
        yield from _moving(model, flow)
        return
    if is_wide(model):
        yield from _pair_functions(model if isinstance(model, Model) else model.model)
        if isinstance(model, TrainedModel):
            meaning = "velocity of weight j; P and R of the pairs of units, c* the teachers' weights"
            yield Equation("da_j", r"\dot a_j", _any_velocity(model), meaning)
        if isinstance(model, ConstrainedModel):
            yield Equation("mu_j", r"\mu_j", _any_multiplier(model), f"multiplier of student j: {flow}")
        return
    yield from _gradient(model, flow)
    if isinstance(model, ConstrainedModel):
        for number, (left, value) in enumerate(named_multipliers(model)):
            key = "mu" if model.students == 1 else f"mu{number + 1}"
            yield Equation(key, left, value, f"multiplier of {model.constraint}; s(n) is of order n")
    elif isinstance(model, TrainedModel):
        for weight, (left, value) in zip(model.weights, named_velocities(model), strict=True):
            yield Equation(f"d{weight}", left, value, "velocity of a weight: -r dL/da")
    elif model.students == model.teachers == 1:
        yield from _landscape(model)
    try:
        yield from _tower(hierarchy(model))
    except ModelError:
        return


def _gradient(model: AnyFlow, flow: str) -> Iterator[Equation]:
    """Loss and drift."""
    yield Equation("loss", "L", model.loss, "population loss E[(student - teacher)²]")
    yield from _entries("A", "A", model.A, f"drift: {flow}")
    yield from _entries("B", "B", model.B, f"drift: {flow}")


def _moving(model: HeavyBallModel, flow: str) -> Iterator[Equation]:
    """Loss and drift of a heavy ball, and the tower of its statistics."""
    if is_wide(model.model):
        yield from _pair_functions(model.model)
        return
    yield from _gradient(model.model, flow)
    tower = hierarchy(model)
    for entry in tower.entries:
        name = latex(entry.function(model.overlaps))
        matrix = tower.S if entry.name == "S" else tower.U
        meaning = "of order k: S = W Q^k W^T, U = W Q^k W*^T, C = W Q^k V^T, E = V Q^k V^T, P = V Q^k W*^T"
        value = matrix[entry.row, entry.column]
        yield Equation(f"d{entry.symbol(model.overlaps)}", rf"\frac{{d}}{{d\tau}} {name}", value, meaning)


def sgd_equations(model: Model) -> Iterator[Equation]:
    """Yield the mean step of online SGD for symbolic order k, and of one student the gradient's covariance.

    Raises :class:`~theory.symbolic.ModelError` for links that are no polynomials, and for wide networks.

    >>> from theory.symbolic import phase_retrieval
    >>> [equation.key for equation in sgd_equations(phase_retrieval())]
    ['step s', 'step u', 'noise V', 'noise C_S', 'noise C_U', 'noise C_T']
    """
    if is_wide(model):
        raise ModelError(f"{model.name} has more than {WIDEST} units: its mean step is not written out")
    step = online_sgd(hierarchy(model))
    single = model.students == model.teachers == 1
    for entry in step.hierarchy.entries:
        index = "" if single else f"{entry.row + 1}{entry.column + 1}"
        name = entry.name.lower() if single else entry.name
        left = rf"E[\Delta {name}{{}}^{{(k)}}{f'_{{{index}}}' if index else ''}]"
        meaning = "mean change in a step eta of online SGD on m inputs, label noise sigma2; D(n) = tr Q^n"
        yield Equation(f"step {name}{index}", left, step.expression(entry), meaning)
    if single:
        forms = ("Q", "QwwQ", "(QwvQ + QvwQ)/2", "QvvQ")
        names = ("V", "C_S", "C_U", "C_T")
        for name, form, value in zip(names, forms, gradient_covariance(model), strict=True):
            meaning = f"coefficient of {form} in the covariance of one input's gradient, v = w*"
            yield Equation(f"noise {name}", name, value, meaning)


def is_wide(model: AnyFlow) -> bool:
    """Whether the overlaps of a model are too many to be written out."""
    return max(model.students, model.teachers) > WIDEST


def _flow(model: AnyFlow) -> str:
    """The flow in words."""
    flow = "dW/dt = A W Q + B W* Q"
    if isinstance(model, HeavyBallModel):
        return f"dW/dt = V, dV/dt = A W Q + B W* Q - {model.friction} V"
    if not isinstance(model, ConstrainedModel):
        return flow
    return f"{flow} + diag(mu) W{' Q' if model.constraint.power else ''}"


def _any_velocity(model: TrainedModel) -> sympy.Expr:
    """ȧ_j for any j, in the matrices of the averages, here ``P`` and ``R``."""
    j, k, m = sympy.symbols("j k m", integer=True)
    P, R, a, c = map(sympy.IndexedBase, ("P", "R", "a", "c^*"))
    own = sympy.Sum(a[k] * P[j, k], (k, 1, model.students))
    taught = sympy.Sum(c[m] * R[j, m], (m, 1, model.teachers))
    return -2 * model.train_rate * (own - taught)


def _any_multiplier(model: ConstrainedModel) -> sympy.Expr:
    """μ_j for any j, in the matrices A, B and S^(n), U^(n), here ``Sn`` and ``Un``."""
    if not model.constraint.keeps_norm:
        return model.multipliers[0]
    r = model.constraint.power
    j, k, m = sympy.symbols("j k m", integer=True)
    A, B, S, U, norm = map(sympy.IndexedBase, ("A", "B", f"S{1 + r}", f"U{1 + r}", f"S{2 * r}"))
    own = sympy.Sum(A[j, k] * S[k, j], (k, 1, model.students))
    taught = sympy.Sum(B[j, m] * U[j, m], (m, 1, model.teachers))
    return -(own + taught) / norm[j, j]


def _pair_functions(model: Model) -> Iterator[Equation]:
    """P of students, R of a student and a teacher, and the derivatives that the drift is made of:

    A_jj = −2 c_j [c_j (dP/ds)(s, s, s) + 2 Σ_{k≠j} c_k P_a(jk) − 2 Σ_m c*_m R_a(jm)], A_jk = −2 c_j c_k
    P_c(jk) and B_jm = 2 c_j c*_m R_c(jm).
    """
    a, _, c = VARIABLES
    students, teachers = (list(dict.fromkeys(links)) for links in (model.student_links, model.teacher_links))
    pairs = [("P", f, g) for f, g in product(students, repeat=2)]
    pairs += [("R", f, g) for f, g in product(students, teachers)]
    alike = len(students) == len(teachers) == 1
    for letter, first, second in pairs:
        pair, units = pair_function(first, second), UNITS[letter]
        name = letter if alike else f"{letter}[{first}, {second}]"
        left = letter if alike else rf"{letter}_{{{latex(first)},\,{latex(second)}}}"
        yield Equation(name, left, pair.doit(), f"E[f(X) g(Y)] of {units}: Var X = a, Var Y = b, Cov = c")
        for symbol in (a, c):
            slope = pair_derivative(first, second, symbol).doit()
            partial = f"{letter}_{symbol}" if alike else rf"\partial_{symbol} {left}"
            yield Equation(f"{name}_{symbol}", partial, slope, f"d{name}/d{symbol}")


def _landscape(model: Model) -> Iterator[Equation]:
    """Gradient and Hessian by their coefficients: [x] f is the coefficient of x in f, v stands for w*."""
    slope, curvature = gradient(model), hessian(model)
    for name, vector, value in (("Qw", "Qw", slope.student), ("Qv", "Qw^*", slope.teacher)):
        yield Equation(
            f"gradient {name}", rf"[{vector}]\,\nabla L", value, f"coefficient of {vector} in the gradient"
        )
    forms = (
        ("Q", "Q"),
        ("QwwQ", r"Qw(Qw)^\top"),
        ("QwvQ + QvwQ", r"Qw(Qw^*)^\top + Qw^*(Qw)^\top"),
        ("QvvQ", r"Qw^*(Qw^*)^\top"),
    )
    for (name, form), value in zip(forms, curvature.coefficients, strict=True):
        meaning = f"coefficient of {name} in the Hessian, v = w*"
        yield Equation(f"hessian {name}", rf"[{form}]\,\nabla^2 L", value, meaning)


def _tower(tower: Hierarchy) -> Iterator[Equation]:
    """The derivatives of the statistics of order k; of the symmetric S^(k) the upper triangle."""
    single = len(tower.S) == len(tower.U) == 1
    for name, matrix in (("S", tower.S), ("U", tower.U)):
        symbol = name.lower() if single else name
        entries = _entries(f"d{symbol}", rf"\dot {symbol}{{}}^{{(k)}}", matrix, "statistics of order k")
        positions = product(range(matrix.rows), range(matrix.cols))
        for (row, column), equation in zip(positions, entries, strict=True):
            if name == "U" or row <= column:
                yield equation


def _entries(key: str, left: str, matrix: sympy.MatrixBase, meaning: str) -> Iterator[Equation]:
    """One equation for every entry; a 1 × 1 matrix is its entry."""
    for row, column in product(range(matrix.rows), range(matrix.cols)):
        index = "" if len(matrix) == 1 else f"{row + 1}{column + 1}"
        subscript = f"_{{{index}}}" if index else ""
        yield Equation(f"{key}{index}", f"{left}{subscript}", matrix[row, column], meaning)


def as_text(contents: Sequence[Equation]) -> str:
    """Unicode in two dimensions, for a terminal."""
    return "\n\n".join(_pretty(equation) for equation in contents)


def _pretty(equation: Equation) -> str:
    """``key = value``, the value's lines centred on the sign of equality."""
    value = PrettyPrinter({"use_unicode": True, "wrap_line": False})._print(equation.value)
    return str(prettyForm(*value.left(f"{equation.key} = ")))


def as_latex(contents: Sequence[Equation]) -> str:
    """A LaTeX ``align*`` for each equation, long ones broken over lines, the meaning as a comment."""
    return "\n".join(
        f"% {equation.meaning}\n\\begin{{align*}}\n{broken(equation.left, equation.value)}\n\\end{{align*}}"
        for equation in contents
    )


def as_markdown(contents: Sequence[Equation]) -> str:
    """Markdown with display formulas."""
    return "\n\n".join(
        f"**{equation.key}** ({equation.meaning})\n\n"
        f"$$\n\\begin{{aligned}}\n{broken(equation.left, equation.value)}\n\\end{{aligned}}\n$$"
        for equation in contents
    )


def as_mathml(contents: Sequence[Equation]) -> str:
    """One MathML element a line."""
    return "\n".join(mathml(f"{equation.left} = {latex(equation.value)}") for equation in contents)


def as_strings(contents: Sequence[Equation]) -> str:
    """``key = value`` a line, values readable by SymPy."""
    return "\n".join(f"{equation.key} = {equation.value}" for equation in contents)


FORMATS: dict[str, Callable[[Sequence[Equation]], str]] = {
    "text": as_text,
    "latex": as_latex,
    "markdown": as_markdown,
    "mathml": as_mathml,
    "sympy": as_strings,
}
