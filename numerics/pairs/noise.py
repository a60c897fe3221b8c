r"""The covariance of one sample's gradient for one student and one teacher with any link.

With ``e = f(z) − g(z*)``, label noise of variance σ² and ``h = 4 (e² + σ²) f'(z)²`` the gradient has, by
Stein's lemma, ``E[g gᵀ] = V Q + Q [H_11 w wᵀ + H_12 (w w*ᵀ + w* wᵀ) + H_22 w* w*ᵀ] Q`` where V = E h and H is
the mean of the second derivatives of h. The functions are those of a module of
:mod:`theory.symbolic.gradient_noise`, less the square of the mean: (V, a, b, c) with a = H_11 − A²,
b = 2H_12 − 2AB, c = H_22 − B².

A smooth link has ``h = Σ_n p_n(z) r_n(z*)`` with three terms, and with orthonormal Hermite coefficients α of
p(√s x) and β of r(√t x)

    E[p^(i)(z) r^(j)(z*)] = s^(−i/2) t^(−j/2) Σ_k √((k + i)! (k + j)!)/k! α_{k+i} β_{k+j} (u/√(st))^k.

A link that is linear on either side of 0 has integrals over the angle alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.quadrature.gauss import gauss
from theory.expected import Only

ORDERS = 160
REACH, STEP = 14.0, 0.08  # of the trapezium rule for the coefficients
ANGLES = 16  # Gauss nodes between two kinks
LEAST = 1e-300

KnownNoise = Annotated[
    Any, Only("a generated module of a noise", lambda noise: hasattr(noise, "gradient_noise"))
]
"""The gradient noise of a model, such as :mod:`numerics.generated.phase_retrieval_noise`."""

Function = Callable[[Array], Array]


def gradient_noise_of(
    model: RightHandSides, student_link: Any, teacher_link: Any
) -> "SeriesNoise | RayNoise":
    """The gradient noise of ``model``, one student with ``student_link`` and one teacher, of weights 1.

    Raises ValueError for a link with a kink that is not linear on either side of it.
    """
    import sympy

    from theory.symbolic.links import Z, has_kink, numpy_function

    links = [sympy.sympify(link) for link in (student_link, teacher_link)]
    values = [numpy_function(link) for link in links]
    if not any(map(has_kink, links)):
        return SeriesNoise(model, values[0], numpy_function(sympy.diff(links[0], Z)), values[1])
    slopes = []
    for link, value in zip(links, values, strict=True):
        at = value(np.array([1.0, -1.0, 2.0, -3.0, 0.0]))
        if not np.allclose(at, [at[0], at[1], 2 * at[0], 3 * at[1], 0.0], rtol=1e-12, atol=1e-12):
            raise ValueError(
                f"the gradient noise of {link} is not known: its kink is not that of relu or abs"
            )
        slopes.append((float(at[0]), -float(at[1])))
    return RayNoise(model, *slopes)


class _Noise:
    """What is common: the means of h and of its second derivatives, less the square of the mean gradient."""

    model: RightHandSides

    def gradient_noise(self, x: Array, T: Array) -> tuple[Array, Array]:
        """(V, a, b, c) of inputs and of labels (4, …) at x = (s, u)."""
        gain, force = (part[0, 0] for part in self.model.drift(x, T))
        inputs, labels = self.means(x, float(T[0, 0]))
        mean = np.stack([0.0 * gain, gain**2, 2.0 * gain * force, force**2])
        return inputs - mean, labels

    def gradient_noise_jacobian(self, x: Array, T: Array) -> tuple[Array, Array]:
        """The derivatives of :meth:`gradient_noise` by s and u (4, 2, …), of the means by differences."""
        # relative change of a statistic in a difference quotient
        scale, t = 1e-6 * np.maximum(np.abs(x[0]), LEAST), float(T[0, 0])
        here, found = self.means(x, t), []
        for place in range(2):
            step = np.zeros_like(x)
            step[place] = -scale
            found.append([(b - a) / scale for a, b in zip(self.means(x + step, t), here, strict=True)])
        inputs, labels = (np.stack([part[kind] for part in found], axis=1) for kind in range(2))
        gain, force = (part[0, 0] for part in self.model.drift(x, T))
        by_gain, by_force = (part[0, 0] for part in self.model.drift_jacobian(x, T))
        mean = [
            0.0 * by_gain,
            2.0 * gain * by_gain,
            2.0 * (force * by_gain + gain * by_force),
            2.0 * force * by_force,
        ]
        return inputs - np.stack(mean), labels

    def means(self, x: Array, t: float) -> tuple[Array, Array]:
        """V, H_11, 2H_12 and H_22 of inputs and of labels (4, …)."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class SeriesNoise(_Noise):
    """Of smooth links f with derivative f' and g, by Hermite series."""

    model: RightHandSides
    link: Function
    slope: Function
    teacher: Function

    @lru_cache(maxsize=4)  # noqa: B019
    def _taught(self, t: float) -> Array:
        """The coefficients β (4, ORDERS) of 4, −8g, 4g² and 4, at z* of variance t."""
        x, weighted = _hermite()
        values = np.asarray(self.teacher(np.sqrt(t) * x), dtype=float)
        return np.stack([4.0 + 0.0 * values, -8.0 * values, 4.0 * values**2, 4.0 + 0.0 * values]) @ weighted

    def _own(self, s: Array) -> Array:
        """The coefficients α (4, …, ORDERS) of f²f'², f f'², f'² and f'², at z of variances ``s`` (…)."""
        x, weighted = _hermite()
        z = np.sqrt(s)[..., None] * x
        value, square = (np.asarray(function(z), dtype=float) for function in (self.link, self.slope))
        square = square**2
        found = np.stack([value**2 * square, value * square, square]) @ weighted
        return found[[0, 1, 2, 2]]

    def means(self, x: Array, t: float) -> tuple[Array, Array]:
        """V, H_11, 2H_12 and H_22 of inputs and of labels (4, …)."""
        s = np.maximum(x[0], LEAST)
        ratio = np.clip(x[1] / np.sqrt(s * t), -1.0, 1.0)
        powers = ratio[..., None] ** np.arange(ORDERS)
        own, taught = self._own(s), self._taught(t)
        taught = taught.reshape(4, *(1,) * np.ndim(s), ORDERS)
        parts = np.stack(
            [
                _mean(own, taught, powers, 0, 0),
                _mean(own, taught, powers, 2, 0) / s,
                2.0 * _mean(own, taught, powers, 1, 1) / np.sqrt(s * t),
                _mean(own, taught, powers, 0, 2) / t,
            ]
        )
        return parts[:, :3].sum(axis=1), parts[:, 3]

    def error(self, s: float, t: float) -> float:
        """What the series leaves out at these variances and u = √(st), relative to the sum of its terms."""
        sizes = np.abs(self._own(np.array(s)) * self._taught(t))[:3]
        # last terms of the series, which tell what it leaves out
        return float(sizes[:, -8:].sum() / sizes.sum())


@dataclass(frozen=True, eq=False)
class RayNoise(_Noise):
    """Of links with slopes (right of 0, left of 0), by integrals over the angle in the plane of (z, z*)."""

    model: RightHandSides
    own: tuple[float, float]
    taught: tuple[float, float]

    @cached_property
    def _rule(self) -> tuple[Array, Array]:
        rule = gauss(ANGLES)
        return rule.nodes, rule.weights

    def means(self, x: Array, t: float) -> tuple[Array, Array]:
        """V, H_11, 2H_12 and H_22 of inputs and of labels (4, …).

        With z* = √t cos φ r and z = ρ z*/√t + √c sin φ r, r² has the means 2 and, squared, 8; H is
        E[h (ξξᵀ − Σ⁻¹)] with ξ = Σ⁻¹(z, z*).
        """
        across, down = x[1] / np.sqrt(t), x[0] - x[1] ** 2 / t
        depth = np.sqrt(np.maximum(down, LEAST))
        kink = np.arctan2(across, -depth)  # where z = 0
        ends = np.sort(
            np.mod(np.stack([kink, kink + np.pi, 0 * kink + 0.5 * np.pi, 0 * kink + 1.5 * np.pi]), 2 * np.pi),
            axis=0,
        )
        widths = np.diff(np.concatenate([ends, ends[:1] + 2 * np.pi]), axis=0)
        nodes, weights = self._rule
        angle = (ends[..., None] + widths[..., None] * nodes).reshape(4, *x.shape[1:], ANGLES)
        mass = widths[..., None] * weights / (2 * np.pi)
        cos, sin = np.cos(angle), np.sin(angle)
        z, star = across[..., None] * cos + depth[..., None] * sin, np.sqrt(t) * cos
        slope = np.where(z > 0, *self.own)
        error = slope * z - np.where(star > 0, *self.taught) * star
        first, second = (
            sin / depth[..., None],
            cos / np.sqrt(t) - (across / np.sqrt(t) / depth)[..., None] * sin,
        )
        inverse = (
            1 / depth[..., None] ** 2,
            -(across / np.sqrt(t))[..., None] / depth[..., None] ** 2,
            (1 / t + (across**2 / t)[..., None] / depth[..., None] ** 2),
        )
        products = first * first, first * second, second * second

        def moments(h: Array, r2: float, r4: float) -> Array:
            """Those of r^n h with the means ``r2`` of r^n and ``r4`` of r^(n + 2)."""
            parts = [
                r2 * h,
                *(h * (r4 * pair - r2 * part) for pair, part in zip(products, inverse, strict=True)),
            ]
            found = np.stack([(mass * part).sum(axis=(0, -1)) for part in parts])
            found[2] *= 2.0
            return found

        return moments(4.0 * (error * slope) ** 2, 2.0, 8.0), moments(4.0 * slope**2, 1.0, 2.0)

    def error(self, s: float, t: float) -> float:
        """Nothing but rounding."""
        return 0.0


@lru_cache(maxsize=1)
def _hermite() -> tuple[Array, Array]:
    """Nodes x, and the orthonormal Hermite polynomials there times weights, (nodes, ORDERS)."""
    x = np.arange(-REACH, REACH + 0.5 * STEP, STEP)
    functions = [np.exp(-(x**2) / 4) / (2 * np.pi) ** 0.25]  # times √density: bounded
    functions.append(x * functions[0])
    for k in range(1, ORDERS - 1):
        functions.append((x * functions[k] - np.sqrt(k) * functions[k - 1]) / np.sqrt(k + 1))
    root = np.exp(-(x**2) / 4) / (2 * np.pi) ** 0.25
    return x, STEP * root[:, None] * np.stack(functions, axis=1)


def _mean(own: Array, taught: Array, powers: Array, i: int, j: int) -> Array:
    """Σ_k √((k + i)! (k + j)!)/k! α_{k+i} β_{k+j} ρ^k."""
    k = np.arange(ORDERS - max(i, j))
    rise = np.sqrt(_rising(k, i) * _rising(k, j))
    return (own[..., i : i + len(k)] * (rise * taught[..., j : j + len(k)]) * powers[..., : len(k)]).sum(
        axis=-1
    )


def _rising(k: Array, count: int) -> Array:
    """(k + 1) … (k + count)."""
    return np.prod([k + 1.0 + n for n in range(count)], axis=0) if count else np.ones(len(k))
