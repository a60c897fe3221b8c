"""Random weights of a teacher–student model, and the overlaps that they have."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import sympy

from theory.symbolic import Model

Array = np.ndarray


def random_weights(model: Model, dimension: int = 3, seed: int = 0) -> tuple[Array, Array, Array]:
    """Return W (K × d), W* (M × d) and a positive-definite Q (d × d), of order one."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(dimension, dimension))
    W = rng.normal(size=(model.students, dimension)) / np.sqrt(dimension)
    teacher = rng.normal(size=(model.teachers, dimension)) / np.sqrt(dimension)
    return W, teacher, root @ root.T / dimension + np.eye(dimension) / 2


def overlap_values(model: Model, W: Array, teacher: Array, Q: Array) -> dict[sympy.Symbol, float]:
    """Return the value of every overlap symbol."""
    names = model.overlaps
    blocks = ((names.S, W @ Q @ W.T), (names.U, W @ Q @ teacher.T), (names.T, teacher @ Q @ teacher.T))
    return {
        name: value for matrix, array in blocks for name, value in zip(matrix, array.ravel(), strict=True)
    }


def evaluate(expression: sympy.Expr | sympy.MatrixBase, values: dict[sympy.Symbol, float]) -> Array:
    """Return an expression, or a matrix of them, at these values."""
    return np.array(_function(expression, tuple(values))(*values.values()), dtype=float)


@cache
def _function(expression: sympy.Expr, names: tuple[sympy.Symbol, ...]) -> Callable[..., Any]:
    return sympy.lambdify(names, expression)


def flow(model: Model, W: Array, teacher: Array, Q: Array) -> Array:
    """Return dW/dt = A W Q + B W* Q (K × d)."""
    values = overlap_values(model, W, teacher, Q)
    A, B = (evaluate(matrix, values) for matrix in model.drift)
    velocity: Array = A @ W @ Q + B @ teacher @ Q
    return velocity


def loss(model: Model, W: Array, teacher: Array, Q: Array) -> float:
    """Return the model's loss at these weights."""
    return float(evaluate(model.loss, overlap_values(model, W, teacher, Q)))
