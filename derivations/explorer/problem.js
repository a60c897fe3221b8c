// The reduced power-law problem: λ_i = i^-a / H, (w*_i)² ∝ i^-2B, tr Q = 1, ‖w*‖_Q = 1.

/** Why a view cannot be computed, or null. */
function obstacle({ exponent, dimension, source }) {
  if (Number.isFinite(dimension)) return null;
  if (exponent <= 1) return `at dimension inf the exponent a must exceed 1; it is ${exponent}`;
  if (exponent + 2 * source <= 1) return `at dimension inf a + 2B must exceed 1; it is ${round(exponent + 2 * source)}`;
  return null;
}

function round(value) {
  return Number(value.toPrecision(12));
}

/** Modes for times up to `until`: eigenvalues, masses μ = λ (w*)², squares (w*)², and the start c = w/w*. */
function powerLaw({ exponent: a, dimension: d, source, size }, until) {
  const horizon = Math.max(until, 10) * Math.max(1, size * size);
  const { indices, weights, unlisted } = indexRule(a, source, d, horizon);
  const normaliser = powerSum(a, d), energy = powerSum(a + 2 * source, d);
  const eigenvalues = Float64Array.from(indices, (i) => i ** -a / normaliser);
  const masses = Float64Array.from(indices, (i, k) => weights[k] * i ** (-a - 2 * source) / energy);
  const squares = masses.map((mass, k) => mass / eigenvalues[k]);
  const escape = escapeDirection(eigenvalues, masses);
  const start = escape.direction.map((entry) => size * entry);
  const scale = normaliser / energy;
  return {
    eigenvalues, masses, squares, start, rate: escape.rate, dimension: d, overlap: start.reduce((sum, c, k) => sum + masses[k] * c, 0),
    unlisted: Number.isFinite(d) ? scale * unlisted : 0,
  };
}

/** The escape rate ρ at w = 0 and the direction w/w* with s = 1, u > 0.
 *
 * Near 0 the flow is ẇ = Λ (A₀ w + B₁ u w*): ρ is the root above A₀ λ_1 of 1 = B₁ Σ λ μ/(ρ − A₀ λ). */
function escapeDirection(eigenvalues, masses) {
  const rest = [0, 0];
  const decay = drift(rest, T)['A'][0][0], feedback = drift_jacobian(rest, T)['dB'][0][0][1];
  const top = Math.max(...eigenvalues);
  const gaps = eigenvalues.map((value) => decay * (top - value));
  const strengths = eigenvalues.map((value, k) => feedback * value * masses[k]);
  let shift = strengths.reduce((sum, strength, k) => (gaps[k] === 0 ? sum + strength : sum), 0);
  for (;;) { // the sum is convex and decreasing: Newton's method climbs to the root from the left
    let value = -1, slope = 0;
    for (let k = 0; k < gaps.length; k++) {
      const term = strengths[k] / (shift + gaps[k]);
      value += term;
      slope += term / (shift + gaps[k]);
    }
    if (value <= 4e-16 * shift * slope) break;
    shift += value / slope;
  }
  const direction = eigenvalues.map((value, k) => value / (shift + gaps[k]));
  let energy = 0;
  for (let k = 0; k < direction.length; k++) energy += masses[k] * direction[k] ** 2;
  return { rate: decay * top + shift, direction: direction.map((entry) => entry / Math.sqrt(energy)) };
}
