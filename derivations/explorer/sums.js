// Sums over the modes i = 1 … d ≤ ∞, and the special functions of the predicted laws.

const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730];

/** Σ i^-s over i = first … last ≤ ∞ by Euler and Maclaurin's formula, to rounding for first ≥ 30. */
function powerTail(s, first, last) {
  const finite = Number.isFinite(last);
  if (!finite && s <= 1) return Infinity;
  const stretch = Math.log(last / first);
  const integral = s === 1 ? stretch
    : first ** (1 - s) * (finite ? -Math.expm1((1 - s) * stretch) : 1) / (s - 1);
  let total = integral + (first ** -s + (finite ? last ** -s : 0)) / 2;
  let rising = 1;
  BERNOULLI.forEach((number, index) => {
    const order = 2 * index + 1;
    rising *= index ? (s + order - 2) * (s + order - 1) / ((order + 1) * order) : s / 2;
    total += number * rising * (first ** (-s - order) - (finite ? last ** (-s - order) : 0));
  });
  return total;
}

/** Σ i^-s over i = 1 … last ≤ ∞. */
function powerSum(s, last) {
  const listed = Math.min(last, 30);
  let total = last > 30 ? powerTail(s, 31, last) : 0;
  for (let i = listed; i >= 1; i--) total += i ** -s;
  return total;
}

/** Riemann's zeta function for s ≠ 1, continued below 1. */
function zeta(s) {
  let total = 31 ** (1 - s) / (s - 1) + 31 ** -s / 2;
  let rising = 1;
  BERNOULLI.forEach((number, index) => {
    const order = 2 * index + 1;
    rising *= index ? (s + order - 2) * (s + order - 1) / ((order + 1) * order) : s / 2;
    total += number * rising * 31 ** (-s - order);
  });
  for (let i = 30; i >= 1; i--) total += i ** -s;
  return total;
}

const LANCZOS = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7];

/** The gamma function (Lanczos). */
function gamma(x) {
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const z = x - 1;
  const base = z + 7.5;
  const series = LANCZOS.reduce((sum, term, k) => (k ? sum + term / (z + k) : term));
  return Math.sqrt(2 * Math.PI) * base ** (z + 0.5) * Math.exp(-base) * series;
}

/** The m-point Gauss rule of the sum over 0, 1, …, count − 1: [points, weights]. */
function gram(count, m) {
  if (count <= m) {
    const all = Array.from({ length: count }, (_, k) => k);
    return [all, all.map(() => 1)];
  }
  const jacobi = Array.from({ length: m }, () => new Float64Array(m));
  for (let k = 1; k < m; k++) {
    const ratio = k / count;
    jacobi[k][k - 1] = jacobi[k - 1][k] = 0.5 * k * Math.sqrt((1 - ratio * ratio) / (4 * k * k - 1));
  }
  const [roots, first] = eigen(jacobi);
  return [roots.map((root) => 0.5 * (count - 1) + count * root), first.map((entry) => count * entry * entry)];
}

/** Eigenvalues of a small symmetric matrix, and the first entries of its eigenvectors (Jacobi's rotations). */
function eigen(matrix) {
  const n = matrix.length;
  const first = Array.from({ length: n }, (_, k) => (k ? 0 : 1));
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const entry = matrix[p][q];
        off = Math.max(off, Math.abs(entry));
        if (Math.abs(entry) < 1e-18) continue;
        const angle = 0.5 * Math.atan2(2 * entry, matrix[q][q] - matrix[p][p]);
        const c = Math.cos(angle), s = Math.sin(angle);
        for (let k = 0; k < n; k++) {
          const a = matrix[k][p], b = matrix[k][q];
          matrix[k][p] = c * a - s * b;
          matrix[k][q] = s * a + c * b;
        }
        for (let k = 0; k < n; k++) {
          const a = matrix[p][k], b = matrix[q][k];
          matrix[p][k] = c * a - s * b;
          matrix[q][k] = s * a + c * b;
        }
        const a = first[p], b = first[q];
        first[p] = c * a - s * b;
        first[q] = s * a + c * b;
      }
    }
    if (off < 1e-17) break;
  }
  return [matrix.map((row, k) => row[k]), first];
}

const NODES = 7, EDGE_NODES = 12; // the last modes decay alone in the end
const FROZEN = 1e-6;

/** Indices and weights with Σ_{i≤d} f(i) ≈ Σ_k weights[k] f(indices[k]) for functions of λ_i t, t ≤ horizon.
 *
 * Indices are split into geometric bins, each with the Gauss rule of its integers; those beyond
 * λ · horizon = 1e-6 move so little that one term serves them, by two moments of λ (w*)²; `unlisted` is
 * what that term leaves of their Σ i^-2B. */
function indexRule(a, source, d, horizon) {
  const moving = Math.max(100, Math.ceil((horizon / FROZEN) ** (1 / a)));
  const last = Math.min(d, moving);
  const ratio = 2 ** Math.min(1, 2 / a);
  const indices = [], weights = [];
  const end = last + 1; // last itself beyond 2^53
  let start = 1;
  while (start < end) {
    const stop = Math.min(Math.ceil(start * ratio), end);
    const [points, own] = gram(stop - start, 4 * stop > d ? EDGE_NODES : NODES);
    points.forEach((point, k) => { indices.push(start + point); weights.push(own[k]); });
    start = stop;
  }
  let unlisted = 0;
  if (last < d) {
    const power = a + 2 * source;
    const mass = powerTail(power, start, d);
    const index = (powerTail(power + a, start, d) / mass) ** (-1 / a);
    indices.push(index);
    weights.push(mass * index ** power);
    unlisted = powerTail(2 * source, start, d) - mass * index ** a;
  }
  return { indices, weights, unlisted };
}
