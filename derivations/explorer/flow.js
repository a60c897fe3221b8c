// The gradient flow, its modes eliminated. In units of the teacher a mode obeys ẏ = λ (A y + F): y = w/w* at
// the origin; y = w/w* − 1 past the escape, so that what is left keeps its relative accuracy. A and F depend
// on two statistics alone, Σ μ y² and Σ μ y. Given them at the nodes of a Radau IIA step every mode is
// linear, so Newton's method runs on these few numbers.

const T = [[1]]; // the teacher's energy s*
const TOLERANCE = 3e-9, NEWTON = 1e-10, SMALLEST = 1e-30, GROWTH = 4, MAX_STEPS = 3000, SLOW = 1e-5;

const ORIGIN = {
  centred: true,
  drift: (x) => { const { A, B } = drift(x, T); return [A[0][0], B[0][0]]; },
  slopes: (x) => { const { dA, dB } = drift_jacobian(x, T); return [dA[0][0], dB[0][0]]; },
  observe: (x) => ({ s: x[0], u: x[1], loss: loss(x, T), deficits: deficits(x, T) }),
};
const TEACHER = {
  centred: false,
  drift: (y) => { const { A, C } = residual_drift(y, T); return [A[0][0], C[0][0]]; },
  slopes: (y) => { const { dA, dC } = residual_drift_jacobian(y, T); return [dA[0][0], dC[0][0]]; },
  observe: (y) => {
    const [s, u] = statistics(y, T);
    return { s, u, loss: residual_loss(y, T), deficits: residual_deficits(y, T) };
  },
};

/** Solve from t = 0 to `until`: steps with the statistics, ‖w − w*‖² and what is recovered as polynomials. */
function solveFlow(problem, until) {
  const flow = {
    problem, chart: ORIGIN, time: 0, steps: [],
    y: Float64Array.from(problem.start), c: Float64Array.from(problem.start),
    buffer: new Float64Array(S * S + 4 * S),
  };
  flow.state = totals(flow, flow.y, flow.c);
  let width = firstWidth(flow);
  while (flow.time < until) {
    if (flow.steps.length >= MAX_STEPS) throw new Error(`no end after ${MAX_STEPS} steps, at t = ${flow.time}`);
    width = advance(flow, width);
    enterTeacher(flow);
  }
  return { problem, until, steps: flow.steps };
}

/** Σ μ y², Σ μ y, ‖w − w*‖² and Σ (w*)² − (w − w*)² of a state. */
function totals({ problem: { masses, squares, unlisted }, chart }, y, c) {
  let square = 0, cross = 0, away = 0, recovered = 0;
  for (let i = 0; i < y.length; i++) {
    const residual = chart.centred ? c[i] - 1 : y[i];
    square += masses[i] * y[i] * y[i];
    cross += masses[i] * y[i];
    away += squares[i] * residual * residual;
    recovered += squares[i] * c[i] * (1 - residual);
  }
  return [square, cross, away + unlisted, recovered];
}

/** A fraction of the shortest time scale. */
function firstWidth({ problem, chart, state }) {
  const [gain, force] = chart.drift(state);
  const slope = Math.max(...chart.slopes(state)[1].map(Math.abs));
  return 0.5 / (Math.max(...problem.eigenvalues) * (Math.abs(gain) + Math.abs(force) + slope));
}

/** Change to the teacher's chart once the loss is below its barrier at u = 0 and u > 1/2. */
function enterTeacher(flow) {
  if (!flow.chart.centred || flow.state[1] < 0.5 || loss(flow.state, T) >= barrier(T)) return;
  flow.chart = TEACHER;
  flow.c = flow.y;
  flow.y = flow.c.map((entry) => entry - 1);
  flow.state = totals(flow, flow.y, flow.c);
}

/** Take one accepted step; return the width of the next. */
function advance(flow, width) {
  for (;;) {
    if (flow.time + width === flow.time) throw new Error(`the step size vanished at t = ${flow.time}`);
    const step = attempt(flow, width);
    if (!step) { width *= 0.25; continue; }
    const error = truncation(step.series);
    const factor = Math.min(GROWTH, Math.max(0.1, 0.9 * (TOLERANCE / Math.max(error, 1e-300)) ** (1 / (S + 2))));
    if (error > 10 * TOLERANCE) { width *= Math.min(factor, 0.5); continue; }
    flow.steps.push({ start: flow.time, width, chart: flow.chart, series: step.series.map(chebyshev), nodes: step.series });
    flow.time += width;
    flow.y = step.y;
    flow.c = step.c;
    flow.state = step.series.map((values) => values[S]);
    return width * factor;
  }
}

/** Chebyshev coefficients of the polynomial with these values at 0 and the nodes. */
function chebyshev(values) {
  return TO_CHEBYSHEV.map((row) => row.reduce((sum, entry, k) => sum + entry * values[k], 0));
}

/** The size of the coefficients left out, relative to each series, by geometric decay of the last pairs. */
function truncation(series) {
  let worst = 0;
  series.forEach((values, kind) => {
    const size = Math.max(SMALLEST, ...values.map(Math.abs));
    const c = chebyshev(values).map(Math.abs);
    const before = Math.max(c[S - 3], c[S - 2]), last = Math.max(c[S - 1], c[S]);
    const error = last * Math.min(1, last / (before || 1)) / size;
    worst = Math.max(worst, kind < 2 ? error : 0.01 * error);
  });
  return worst;
}

/** Values at the nodes that the last step's polynomials predict. */
function guess(flow, width) {
  const last = flow.steps[flow.steps.length - 1];
  return [0, 1].map((kind) => NODES_AT.map((node) => (last && last.chart === flow.chart
    ? evaluate(last.series[kind], 1 + node * width / last.width) : flow.state[kind])));
}

/** The polynomial of these Chebyshev coefficients at x in [0, 1] (Clenshaw). */
function evaluate(coefficients, x) {
  const z = 2 * x - 1;
  let next = 0, after = 0;
  for (let k = coefficients.length - 1; k > 0; k--) {
    [next, after] = [coefficients[k] + 2 * z * next - after, next];
  }
  return coefficients[0] + z * next - after;
}

/** One implicit step: the series at 0 and the nodes, and the state at the end; null without convergence. */
function attempt(flow, width) {
  const { chart } = flow;
  const X = guess(flow, width);
  let factors = null;
  for (let iteration = 0; iteration < 12; iteration++) {
    const at = NODES_AT.map((_, m) => [X[0][m], X[1][m]]);
    const drifts = at.map(chart.drift), slopes = at.map(chart.slopes);
    if (!drifts.every((pair) => pair.every(Number.isFinite))) return null;
    const gain = Float64Array.from(drifts, (pair) => pair[0]), force = Float64Array.from(drifts, (pair) => pair[1]);
    const fresh = iteration % 4 === 0; // in between, the derivatives of some iterations ago serve
    const sums = sweep(flow, width, gain, force, fresh);
    if (fresh) factors = jacobian(sums, slopes, X);
    const change = solveLinear(factors, [...X[0].map((x, m) => sums.square[m] - x), ...X[1].map((x, m) => sums.cross[m] - x)]);
    let size = 0;
    for (const kind of [0, 1]) {
      const unit = Math.max(SMALLEST, ...X[kind].map(Math.abs));
      for (let m = 0; m < S; m++) {
        X[kind][m] += change[kind * S + m];
        size = Math.max(size, Math.abs(change[kind * S + m]) / unit);
      }
    }
    if (!Number.isFinite(size) || size > 1e6) return null;
    if (size <= NEWTON) return finish(flow, width, gain, force);
  }
  return null;
}

/** Invert M = 𝒜⁻¹ − z diag(A) of one mode into `inverse` (S × S, by rows), without pivots: the diagonal grows with z. */
function invert(inverse, z, gain) {
  for (let k = 0; k < S * S; k++) inverse[k] = INVERSE[k];
  for (let m = 0; m < S; m++) inverse[m * S + m] -= z * gain[m];
  for (let p = 0; p < S; p++) {
    const pivot = 1 / inverse[p * S + p];
    inverse[p * S + p] = 1;
    for (let k = 0; k < S; k++) inverse[p * S + k] *= pivot;
    for (let r = 0; r < S; r++) {
      if (r === p) continue;
      const factor = inverse[r * S + p];
      inverse[r * S + p] = 0;
      for (let k = 0; k < S; k++) inverse[r * S + k] -= factor * inverse[p * S + k];
    }
  }
}

/** Solve M Y = right for one mode, in place, without pivots. */
function eliminate(matrix, z, gain, right) {
  for (let k = 0; k < S * S; k++) matrix[k] = INVERSE[k];
  for (let m = 0; m < S; m++) matrix[m * S + m] -= z * gain[m];
  for (let p = 0; p < S; p++) {
    const pivot = 1 / matrix[p * S + p];
    for (let r = p + 1; r < S; r++) {
      const factor = matrix[r * S + p] * pivot;
      for (let k = p + 1; k < S; k++) matrix[r * S + k] -= factor * matrix[p * S + k];
      right[r] -= factor * right[p];
    }
  }
  for (let p = S - 1; p >= 0; p--) {
    let value = right[p];
    for (let k = p + 1; k < S; k++) value -= matrix[p * S + k] * right[k];
    right[p] = value / matrix[p * S + p];
  }
}

/** The first two coefficients in z of the modes' values at the nodes, Y = y + z (P y + R) + z² (P₂ y + R₂) + …. */
function expansion(gain, force) {
  const apply = (values) => MATRIX.map((row) => row.reduce((sum, entry, m) => sum + entry * values[m], 0));
  const P = apply(gain), R = apply(force);
  return { P, R, P2: apply(P.map((value, m) => gain[m] * value)), R2: apply(R.map((value, m) => gain[m] * value)) };
}

/** The z below which a mode moves so little in a step that its expansion serves. */
function slowest(gain) {
  return SLOW / Math.max(1, ...gain.map(Math.abs));
}

/** Statistics at the nodes for given A, F, and the sums of which their derivatives consist.
 *
 * With K = M⁻¹ z, dY^l = Σ_m K_lm (Y^m dA^m + dF^m), so d Σμ Y² = 2 Σ μ Y^l K (…) and d Σμ Y = Σ μ K (…).
 * Slow modes enter by five moments of μ, y and z. Without `full`, the statistics alone. */
function sweep({ problem: { eigenvalues, masses }, y, buffer }, width, gain, force, full) {
  const inverse = buffer.subarray(0, S * S), Y = buffer.subarray(S * S, S * S + S);
  const right = buffer.subarray(S * S + S, S * S + 2 * S);
  const square = new Float64Array(S), cross = new Float64Array(S);
  const parts = new Float64Array(4 * S * S);
  const slow = slowest(gain);
  let rest = 0, overlap = 0, moment2 = 0, moment1 = 0, moment0 = 0;
  for (let i = 0; i < y.length; i++) {
    const z = width * eigenvalues[i], mass = masses[i], begin = y[i];
    if (z < slow) {
      rest += mass * begin * begin;
      overlap += mass * begin;
      moment2 += mass * z * begin * begin;
      moment1 += mass * z * begin;
      moment0 += mass * z;
      continue;
    }
    for (let m = 0; m < S; m++) right[m] = ONES[m] * begin + z * force[m];
    if (!full) {
      eliminate(inverse, z, gain, right);
      for (let l = 0; l < S; l++) {
        square[l] += mass * right[l] * right[l];
        cross[l] += mass * right[l];
      }
      continue;
    }
    invert(inverse, z, gain);
    for (let l = 0; l < S; l++) {
      let value = 0;
      for (let m = 0; m < S; m++) value += inverse[l * S + m] * right[m];
      Y[l] = value;
      square[l] += mass * value * value;
      cross[l] += mass * value;
    }
    for (let l = 0, at = 0; l < S; l++) {
      const weight = mass * z, own = 2 * weight * Y[l];
      for (let m = 0; m < S; m++, at += 4) {
        const kernel = inverse[l * S + m], pushed = kernel * Y[m];
        parts[at] += own * pushed;
        parts[at + 1] += own * kernel;
        parts[at + 2] += weight * pushed;
        parts[at + 3] += weight * kernel;
      }
    }
  }
  const { P, R } = expansion(gain, force);
  for (let l = 0, at = 0; l < S; l++) {
    square[l] += rest + 2 * (moment2 * P[l] + moment1 * R[l]);
    cross[l] += overlap + moment1 * P[l] + moment0 * R[l];
    for (let m = 0; m < S; m++, at += 4) {
      parts[at] += 2 * moment2 * MATRIX[l][m];
      parts[at + 1] += 2 * moment1 * MATRIX[l][m];
      parts[at + 2] += moment1 * MATRIX[l][m];
      parts[at + 3] += moment0 * MATRIX[l][m];
    }
  }
  return { square, cross, parts };
}

/** 1 − dG/dX, each statistic in its own unit, with the units. */
function jacobian({ parts }, slopes, X) {
  const units = X.map((row) => Math.max(SMALLEST, ...row.map(Math.abs)));
  const matrix = Array.from({ length: 2 * S }, () => new Float64Array(2 * S));
  for (let l = 0; l < S; l++) {
    for (let m = 0; m < S; m++) {
      const at = 4 * (l * S + m);
      for (const b of [0, 1]) {
        const gain = slopes[m][0][b] * units[b], force = slopes[m][1][b] * units[b];
        matrix[l][b * S + m] = -(parts[at] * gain + parts[at + 1] * force) / units[0];
        matrix[S + l][b * S + m] = -(parts[at + 2] * gain + parts[at + 3] * force) / units[1];
      }
    }
  }
  for (let k = 0; k < 2 * S; k++) matrix[k][k] += 1;
  return { matrix, units };
}

/** Solve by elimination with partial pivoting. */
function solveLinear({ matrix, units }, residual) {
  const n = residual.length;
  const rows = matrix.map((row, k) => Float64Array.of(...row, residual[k] / units[k < S ? 0 : 1]));
  for (let p = 0; p < n; p++) {
    let best = p;
    for (let r = p + 1; r < n; r++) if (Math.abs(rows[r][p]) > Math.abs(rows[best][p])) best = r;
    [rows[p], rows[best]] = [rows[best], rows[p]];
    for (let r = p + 1; r < n; r++) {
      const factor = rows[r][p] / rows[p][p];
      if (factor !== 0) for (let k = p; k <= n; k++) rows[r][k] -= factor * rows[p][k];
    }
  }
  const x = new Float64Array(n);
  for (let p = n - 1; p >= 0; p--) {
    let value = rows[p][n];
    for (let k = p + 1; k < n; k++) value -= rows[p][k] * x[k];
    x[p] = value / rows[p][p];
  }
  return x.map((value, k) => value * units[k < S ? 0 : 1]);
}

/** The series of a converged step and the state at its end. In the teacher's chart w itself is carried along,
 * since 1 + y would lose what slow modes have learnt. */
function finish(flow, width, gain, force) {
  const { chart, buffer, problem: { eigenvalues, masses, squares, unlisted } } = flow;
  const matrix = buffer.subarray(0, S * S), slow = slowest(gain);
  const deviation = buffer.subarray(S * S, S * S + S), student = buffer.subarray(S * S + S, S * S + 2 * S);
  const pull = force.map((value, m) => (chart.centred ? value : value - gain[m]));
  const own = expansion(gain, force), others = expansion(gain, pull);
  const series = flow.state.map((value, kind) => Array.from({ length: S + 1 }, (_, m) => (m ? (kind === 2 ? unlisted : 0) : value)));
  const [square, cross, away, recovered] = series;
  const y = new Float64Array(flow.y.length), c = new Float64Array(flow.y.length);
  for (let i = 0; i < y.length; i++) {
    const z = width * eigenvalues[i], mass = masses[i], size = squares[i];
    propagate(deviation, z, flow.y[i], force, own);
    if (chart.centred) student.set(deviation); else propagate(student, z, flow.c[i], pull, others);
    for (let l = 0; l < S; l++) {
      const residual = chart.centred ? deviation[l] - 1 : deviation[l];
      square[l + 1] += mass * deviation[l] * deviation[l];
      cross[l + 1] += mass * deviation[l];
      away[l + 1] += size * residual * residual;
      recovered[l + 1] += size * student[l] * (1 - residual);
    }
    y[i] = deviation[S - 1];
    c[i] = student[S - 1];
  }
  return { series, y, c };

  /** The values of a mode at the nodes. */
  function propagate(values, z, begin, forcing, { P, R, P2, R2 }) {
    if (z < slow) {
      for (let l = 0; l < S; l++) values[l] = begin + z * (P[l] * begin + R[l] + z * (P2[l] * begin + R2[l]));
      return;
    }
    for (let m = 0; m < S; m++) values[m] = ONES[m] * begin + z * forcing[m];
    eliminate(matrix, z, gain, values);
  }
}

/** u, s, 1 − u, 1 − s, loss, mse (NaN at d = ∞) and recovered at a time. */
function observe(run, time) {
  let low = 0, high = run.steps.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (run.steps[middle].start <= time) low = middle; else high = middle - 1;
  }
  const step = run.steps[low];
  return observed(run, step, (time - step.start) / step.width);
}

function observed({ problem }, step, x) {
  const [square, cross, away, recovered] = step.series.map((row) => evaluate(row, x));
  const { s, u, loss, deficits } = step.chart.observe([square, cross]);
  const mse = Number.isFinite(problem.dimension) ? away / problem.dimension : NaN;
  return { t: step.start + x * step.width, u, s, one_minus_u: deficits[0][0], one_minus_s: deficits[1][0], loss, mse, recovered };
}

const DELTA = 0.1, EPSILON = 0.05;

/** T1: first u = δ. T1': last rise of s through 1/3. T2: u and s within ε of 1 from then on. NaN if not by `until`. */
function phases(run) {
  const reached = (value) => (time) => value(observe(run, time));
  const escape = reached(({ u }) => u - DELTA), rise = reached(({ s }) => s - 1 / 3);
  const near = reached(({ one_minus_u, one_minus_s }) => EPSILON - Math.max(Math.abs(one_minus_u), Math.abs(one_minus_s)));
  return { t1: crossing(run, escape, false), t1_prime: crossing(run, rise, true), t2: crossing(run, near, true) };
}

/** The first or last time up to the end at which a value rises through 0; 0 if it never is below, else NaN. */
function crossing(run, value, last) {
  const times = run.steps.flatMap(({ start, width }) => [0, ...NODES_AT].map((node) => start + node * width))
    .filter((time, k, all) => time < run.until && time !== all[k - 1]);
  times.push(run.until);
  const above = times.map((time) => value(time) >= 0);
  if (last && !above[above.length - 1]) return NaN;
  let found = -1;
  for (let k = 1; k < times.length && (last || found < 0); k++) if (!above[k - 1] && above[k]) found = k;
  if (found < 0 || (!last && above[0])) return above[0] ? 0 : NaN;
  let low = times[found - 1], high = times[found];
  for (let k = 0; k < 80 && low < high; k++) {
    const middle = 0.5 * (low + high);
    if (value(middle) >= 0) high = middle; else low = middle;
  }
  return high;
}
