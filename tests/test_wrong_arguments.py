"""Every public function and class, handed what it does not take: one sentence of ours, before any work.

The valid calls below say what is allowed; each of their arguments is replaced in turn by what is not.
"""

import enum
import importlib
import inspect
import linecache
import math
import traceback
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy
from mpmath import mpf

import numerics
from numerics import precise
from numerics.descent import draw_samples
from numerics.generated import phase_retrieval, phase_retrieval_noise
from numerics.solver.step import CollocationStep
from theory import asymptotics as laws
from theory import symbolic
from theory.asymptotics.numbers.field import FLOATS
from theory.symbolic import closures
from theory.symbolic.hierarchy import MODE

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (
    "theory.symbolic",
    "theory.symbolic.closures",
    "theory.asymptotics",
    "numerics",
    "numerics.descent",
    "numerics.precise",
)
NONSENSE = (None, "text", 3.5, [], object(), True, {})

MODEL = symbolic.phase_retrieval()
NETWORK = symbolic.quadratic_network(2, 2)
TOWER = symbolic.hierarchy(MODEL)
PROBLEM = numerics.Problem([0.6, 0.3, 0.1], [1.0, -1.0, 1.0], [0.2, 0.1, 0.3])
INDEPENDENT = symbolic.IndependentModel(MODEL, (sympy.S.Zero, sympy.IndexedBase("kappa4")[MODE]))
POSITIVE = numerics.Problem([0.6, 0.3, 0.1], [1.0, 1.0, 1.0], [0.2, 0.1, 0.3])
RUN = numerics.solve(PROBLEM, 1.0)
LAW = laws.PowerLaw(2, "inf")
LEVELS = laws.PowerLaw(2, 20)
MEASURE = symbolic.SpectralMeasure([2, 1], [[1, 1]], [[1, 2]])
IDENTITY = sympy.ImmutableMatrix.eye(1)
TIMES = np.geomspace(1.0, 1e4, 30)


def tell(fraction):
    """Listen to progress, or weigh modes."""
    return fraction


A, B, C = sympy.symbols("a b c")

VALID = {
    "average": A * B + 2 * C**2,
    "band": False,
    "alpha": 1.5,
    "batch": 2,
    "blocks": 1,
    "centre": False,
    "centred": True,
    "check": False,
    "checkpoint": "run.npz",
    "closure": closures.Truncation(order=2),
    "constraint": "sphere",
    "corrections": [1.0],
    "count": 2,
    "covariance": IDENTITY,
    "cumulants": (sympy.S.One,),
    "digits": 5,
    "dimension": 20.0,
    "eigenvalue": 1.0,
    "eigenvalues": [2, 1],
    "energy": 1,
    "exponent": 1.5,
    "field": FLOATS,
    "first": 1,
    "floor": False,
    "flow": laws.SQUARE,
    "freedom": sympy.Integer(5),
    "folder": "sweep",
    "function": tell,
    "gamma": Fraction(1, 2),
    "grid": {"exponent": 1.5, "dimension": 5, "until": 1.0},
    "hierarchy": TOWER,
    "horizon": 10.0,
    "index": 2,
    "init": "sphere",
    "kind": "phases",
    "label": "a run",
    "labelled": RUN.at([0.5, 1.0]).dataset(),
    "last": 10.0,
    "law": LEVELS,
    "decay": 0.5,
    "largest": 0.01,
    "protocol": numerics.DescentProtocol(0.01, 40, noise_variance=0.1),
    "level": 0.1,
    "link": symbolic.Z**2,
    "measure": MEASURE,
    "mixture": IDENTITY,
    "model": MODEL,
    "multiple": sympy.S.One,
    "name": "generated",
    "names": ["escape_rate"],
    "nodes": 4,
    "noise": sympy.S.Zero,
    "normalised": False,
    "noise_variance": 0.1,
    "now": mpf("0.01"),
    "order": 2,
    "path": "run.json",
    "points": 3,
    "polynomial": sympy.Symbol("x"),
    "power": 1,
    "powers": (2,),
    "probability": 0.5,
    "problem": PROBLEM,
    "problems": [PROBLEM],
    "progress": tell,
    "quantity": "energy",
    "rate": 6.0,
    "reach": 10.0,
    "run": RUN.at([0.5, 1.0]),
    "runs": [RUN.at([0.5, 1.0]).dataset()],
    "s": Fraction(2),
    "samples": draw_samples(PROBLEM, 4),
    "seed": 0,
    "seeds": (0,),
    "spectrum": LEVELS,
    "start": 1e-3,
    "step": 0.01,
    "step_size": 0.01,
    "steps": 3,
    "stepwise": False,
    "strength": 1.0,
    "strengths": np.array([1.0, 0.5]),
    "students": 2,
    "system": closures.close(TOWER, closures.Truncation(order=2)),
    "tail_mean_square": 1.0,
    "tau": 0.1,
    "teacher": "flat",
    "teacher_link": symbolic.Z**2,
    "teacher_weights": [1.0],
    "teachers": 2,
    "terms": 3,
    "text": "z**2",
    "time": 2.0,
    "trace": 1.0,
    "times": TIMES,
    "tolerance": 1e-12,
    "twice": mpf("0.001"),
    "unlearnt": 0.1,
    "until": 1.0,
    "values": TIMES**-0.5,
    "variables": [sympy.Symbol("x")],
    "weights": [1.0],
    "workers": 1,
}
"""A valid argument for each name of a parameter."""

OWN = {
    "heavy_ball": {"friction": 0.5},
    "descend": {"momentum": 0.5},
    "descend_network": {"momentum": 0.5},
    "hierarchy": {"order": sympy.Symbol("k")},
    "escape_time_quantile": {"dimension": 20},
    "half_growth": {"dimension": 20},
    "sgd_escape_time_quantile": {"dimension": 20},
    "sgd_tuned_step": {"samples": 1e4},
    "sgd_tuned_loss": {"samples": 1e4},
    "isotropic_gram": {"start": 0.1 * np.eye(2)},
    "spare_loss_prefactor": {"eigenvalues": [1.0, 0.5, 0.2], "teachers": [[0.0, 0.0, 1.0]]},
    "from_covariance": {"covariance": np.eye(2), "teacher": [1.0, 1.0], "init": [0.1, 0.1]},
    "from_samples": {"samples": np.eye(2), "teacher": [1.0, 1.0], "init": [0.1, 0.1]},
    "sweep": {"depth": [1.0]},
    "solve": {"steps": [CollocationStep()]},
    "independent_flow": {"inputs": INDEPENDENT, "cumulants": {"kappa4": np.ones(3)}},
    "input_cumulants": {"inputs": "laplace", "order": 4},
    "compare_data": {"samples": np.random.default_rng(0).standard_normal((30, 4)), "until": 1.0},
    "sample_escape": {"samples": 5, "problem": POSITIVE},
    "predict_samples": {"samples": 5, "problem": POSITIVE},
    "predict_sgd": {"noise": phase_retrieval_noise},
    "online_sgd_network": {"model": MODEL, "inputs": None},
    "predict_sgd_network": {"model": MODEL},
    "shared_sgd_network": {"model": MODEL, "inputs": None},
}
"""Where a function means something else by it."""

MADE = (
    *(MODEL, TOWER, MEASURE, LAW, PROBLEM, RUN, RUN.at([0.5]), RUN.overlaps([0.5]), RUN.limit, RUN.phases()),
    *(RUN.modes([0.5]), RUN.statistics(2, [0.5])),
    *(VALID["samples"], VALID["system"], VALID["closure"]),
    symbolic.normalised(MODEL),
    symbolic.complex_phase_retrieval(),
    symbolic.EllipticalModel("t", symbolic.Z**2, symbolic.Z**2, radial_moments=(sympy.S(2), sympy.S(9))),
    symbolic.critical_points(MODEL)[1],
    symbolic.escape(symbolic.Z**2),
    symbolic.sphere_escape(symbolic.Z**2),
    symbolic.constrained(MODEL, "sphere"),
    symbolic.trained(MODEL, 1),
    symbolic.heavy_ball(MODEL, 1),
    symbolic.gradient(MODEL),
    symbolic.hessian(MODEL),
    symbolic.linearise(MODEL)[1],
    symbolic.network_hessian(NETWORK),
    symbolic.linearise_network(NETWORK),
    symbolic.PowerSum((2, 0), sympy.S.One),
    symbolic.IndependentModel(MODEL, (sympy.S.One, sympy.S.One)),
    symbolic.Enlargement((), ()),
    symbolic.Statistic("S", 0, 0, sympy.S.One),
    symbolic.gradient_descent(TOWER),
    symbolic.residual_flow(MODEL),
    MODEL.overlaps,
    closures.CharacteristicPolynomial([2, 1]),
    closures.DuhamelVolterra(),
    closures.GeometricExtrapolation(order=2),
    closures.Rule(order=2, next_order=lambda x: x[:, -1]),
    closures.GaussQuadrature(MEASURE, blocks=1),
    closures.GaussQuadrature(MEASURE, blocks=1).close(TOWER),
    closures.close(TOWER, closures.DuhamelVolterra()),
    closures.Response(symbolic.Statistic("S", 0, 0, sympy.S.One)),
    laws.escape_rate(LEVELS),
    laws.slow_limit(0.1),
    laws.expansion(LAW, 5),
    laws.Given([2, 1], [1, 1]),
    LEVELS.levels()[0],
    laws.SQUARE,
    laws.saddle_growth(laws.PowerLaw("0.7", 20), 2.0),
    numerics.fit_power_law(TIMES, VALID["values"]),
    numerics.LogarithmFit(1.0, 0.1, 1.0, 0.1),
    numerics.empirical_flow(VALID["samples"], [0.5]),
    numerics.online_sgd(PROBLEM, 0.01, 3),
    numerics.sample_escape(POSITIVE, 5),
    numerics.compare_data(np.random.default_rng(0).standard_normal((30, 4)), 1.0),
    numerics.independent_flow(PROBLEM, [0.5], INDEPENDENT, cumulants={"kappa4": np.ones(3)}),
    numerics.predict_samples(POSITIVE, [0.5, 1e3], 5),
    numerics.predict_sgd(PROBLEM, 0.01, 3),
    numerics.DescentProtocol(0.01, 3),
    numerics.online_sgd_network(PROBLEM, 0.01, 3, model=MODEL),
    numerics.predict_sgd_network(PROBLEM, 0.01, 3, model=MODEL),
    numerics.tune_sgd(PROBLEM, VALID["protocol"], 0.01),
    precise.ExactProblem([2, 1], [1, 1], [1, 1]),
    precise.solve_precisely(PROBLEM, [0.5], 12),
)
"""One of each class: what it holds is what it can be made of."""

OPTIONAL = {"multiple", "value", "radius", "reason", "reported"}
"""Fields that may be None where the one made here is not."""

OF_ANY_FIELD = {"Level": {"eigenvalue", "mass"}, "PreciseSolution": {"teacher_energy"}}
"""Numbers of whichever arithmetic is at work: floats, balls, mpmath's."""

SIGNED = {"power"}
FROM_ZERO = {"seed", "index"}


def public():
    """The public functions and classes by name, each once; errors, choices and protocols make nothing."""
    found = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        for name in module.__all__:
            item = getattr(module, name)
            made_elsewhere = isinstance(item, type) and (
                issubclass(item, BaseException | enum.Enum) or getattr(item, "_is_protocol", False)
            )
            if callable(item) and not made_elsewhere:
                found[f"{item.__module__}.{name}"] = item
    return found


def valid(function):
    """Valid arguments by name."""
    parameters = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    made = next((item for item in MADE if type(item) is function), None)
    if made is not None:
        return {name: getattr(made, name) for name in parameters}
    own = OWN.get(function.__name__, {})
    if function.__module__.startswith("numerics"):
        own = {"model": phase_retrieval} | own
    return {name: own.get(name, VALID.get(name)) for name in parameters}


FILLED = {("solve", "steps"), ("network", "weights"), ("network", "teacher_weights")}
"""Lists that must hold something."""


def allowed(function, name, value, like):
    """Whether an argument may well be ``value`` where it may be ``like``."""
    optional = name in OPTIONAL or inspect.signature(function).parameters[name].default is None
    if value is None or (isinstance(value, str) and name in OPTIONAL):
        return optional or like is None
    if isinstance(like, bool):
        return isinstance(value, bool)
    if isinstance(value, float):
        return isinstance(like, float | Fraction | mpf | np.ndarray | np.floating | sympy.Expr)
    if isinstance(value, list):
        listed = isinstance(like, list | tuple | np.ndarray)
        return listed and (function.__name__, name) not in FILLED
    return isinstance(value, str | dict) and isinstance(like, type(value))


def refusal(function, arguments, name, value):
    """What is wrong with how a function refuses ``value`` for the argument ``name``, None if nothing is."""
    first, *rest = (arguments | {name: value}).items()
    try:
        function(first[1], **dict(rest))
    except (TypeError, ValueError) as error:
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        text, file = str(error), Path(frame.f_code.co_filename)
        if not (
            file.is_relative_to(ROOT) and linecache.getline(str(file), line).strip().startswith("raise ")
        ):
            return f"{type(error).__name__} that is not ours: {text}"
        if not any(word in text for word in (name, name.replace("_", " "), name.rpartition("_")[2])):
            return f"{name} is not named: {text}"
        return f"more than a line: {text}" if "\n" in text or len(text) > 300 else None
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "accepted"


FUNCTIONS = public()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nonsense_is_refused_in_one_sentence(name):
    function = FUNCTIONS[name]
    arguments = valid(function)
    wrong = [
        (argument, value)
        for argument, like in arguments.items()
        if argument not in OF_ANY_FIELD.get(function.__name__, ())
        for value in NONSENSE
        if not allowed(function, argument, value, like)
    ]
    told = [(argument, value, refusal(function, arguments, argument, value)) for argument, value in wrong]
    assert wrong or not arguments
    assert [fault for fault in told if fault[2]] == []


@pytest.mark.parametrize("name", [name for name, item in FUNCTIONS.items() if not isinstance(item, type)])
def test_numbers_out_of_range_are_refused_in_one_sentence(name):
    """No number is nan; what is counted is at least 1, and what names a draw or an order at least 0."""
    function = FUNCTIONS[name]
    arguments = valid(function)
    wrong = []
    for argument, like in arguments.items():
        if isinstance(like, float | Fraction | mpf):
            wrong.append((argument, math.nan))
        elif isinstance(like, int) and not isinstance(like, bool) and argument not in SIGNED:
            wrong += [(argument, -1)] if argument in FROM_ZERO else [(argument, -1), (argument, 0)]
    told = [(argument, value, refusal(function, arguments, argument, value)) for argument, value in wrong]
    assert [fault for fault in told if fault[2]] == []
