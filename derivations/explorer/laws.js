// The predicted laws, in closed form; each with where it holds.

/** Constants of the laws by their names on the command line; NaN where a law does not exist. */
function constants({ exponent: a, dimension: d, source }, rate) {
  const b = a + 2 * source, trace = powerSum(a, d), energy = powerSum(b, d);
  const exists = a > 0 && b > 1;
  const exponent = exists ? (b - 1) / a : NaN;
  const names = { a, B: source, d, gamma: exponent, Z: trace, N: energy };
  const law = { escape_rate: rate, window_start: LAWS.start(names), window_end: LAWS.end(names) };
  law.summary_exponent = exponent;
  law.overlap_prefactor = LAWS.overlap(names);
  law.energy_prefactor = LAWS.energy(names);
  law.loss_prefactor = LAWS.loss(names);
  law.convergence_exponent = 1 / exponent;
  law.convergence_prefactor = Math.max(law.overlap_prefactor, law.energy_prefactor);
  const power = exists ? (1 - 2 * source) / a : NaN, logarithmic = 2 * source === 1;
  law.recovered_exponent = power;
  law.recovered_prefactor = logarithmic ? NaN : LAWS.recovered(names);
  law.recovered_constant = logarithmic || !exists ? NaN : LAWS.rest(names);
  law.plateau_height = Number.isFinite(d) ? powerSum(2 * source, d) / d * trace / energy : source === 0 ? 1 : NaN;
  return law;
}

/** Whether the laws of convergence hold at a time: well after the first mode is learnt, well before the last. */
function inWindow(law, t) {
  return t > 2 * law.window_start && t < 0.1 * law.window_end;
}

/** Curves of the laws, which start from s = `size`² and u = `overlap`: functions of time, NaN outside their window. */
function laws(law, { dimension, size }, overlap) {
  const within = (value_of) => (t) => (inWindow(law, t) ? value_of(t) : NaN);
  const small = (value_of) => (t) => { const value = value_of(t); return value < 0.3 ? value : NaN; };
  const power = (prefactor) => small(within((t) => prefactor * t ** -law.summary_exponent));
  const recovered = (t) => law.recovered_prefactor * t ** law.recovered_exponent + law.recovered_constant;
  const positive = (value_of) => (t) => { const value = value_of(t); return value > 0 ? value : NaN; };
  return {
    u: small((t) => overlap * Math.exp(law.escape_rate * t)),
    s: small((t) => size * size * Math.exp(2 * law.escape_rate * t)),
    one_minus_u: power(law.overlap_prefactor),
    one_minus_s: power(law.energy_prefactor),
    loss: power(law.loss_prefactor),
    mse: positive(within((t) => (Number.isFinite(dimension) ? law.plateau_height - recovered(t) / dimension : NaN))),
    recovered: positive(within(recovered)),
  };
}
