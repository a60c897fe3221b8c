// The page: a view is a few numbers, kept in the address; every change is computed anew.

const DEFAULTS = { a: 2, d: Infinity, B: 0, eps: 0.001, until: 1e6, x: 'log', y: 'log' };
const POINTS = 360;
const NUMBERS = {
  a: { least: 0, most: 10, name: 'a' },
  d: { least: 1, most: 1e30, name: 'd', whole: true, infinite: true },
  B: { least: -2, most: 4, name: 'B' },
  eps: { least: 1e-9, most: 1, name: 'the size of the start' },
  until: { least: 1, most: 1e24, name: 'the last time' },
};
const SLIDERS = { // [from the slider's position, to it]
  a: [(x) => round(x), (a) => a],
  d: [(x) => (x > 12 ? Infinity : Math.round(Number((10 ** x).toPrecision(2)))), (d) => (d === Infinity ? 12.25 : Math.log10(d))],
  B: [(x) => round(x), (B) => B],
  eps: [(x) => Number((10 ** x).toPrecision(2)), Math.log10],
  until: [(x) => Number((10 ** x).toPrecision(2)), Math.log10],
};
const CHARTS = {
  growth: { names: ['u', 's'], title: 'Overlap u and energy s over time', linear: [0, 1.1] },
  rest: { names: ['one_minus_u', 'one_minus_s', 'loss'], title: '1 − u, 1 − s and the loss over time', linear: [0, 3.1] },
  recovery: { names: ['mse'], title: 'Mean squared error over time' },
};
const LABELS = { u: 'u', s: 's', one_minus_u: '1 − u', one_minus_s: '1 − s', loss: 'loss L', mse: 'MSE', recovered: 'recovered' };
const COLOURS = { u: 'blue', s: 'orange', one_minus_u: 'blue', one_minus_s: 'orange', loss: 'green', mse: 'purple', recovered: 'purple' };
const CONSTANTS = [
  ['escape_rate', 'ρ', 'u ~ u(0) e^(ρt) while s ≪ 1/3'],
  ['summary_exponent', 'γ', '1 − u, 1 − s, L ~ C t^(−γ)'],
  ['overlap_prefactor', 'C of 1 − u', ''],
  ['energy_prefactor', 'C of 1 − s', ''],
  ['loss_prefactor', 'C of L', ''],
  ['convergence_exponent', 'κ', 'T2(ε) ~ (C/ε)^κ'],
  ['convergence_prefactor', 'C of T2', ''],
  ['recovered_exponent', 'p', 'recovered ~ C t^p + K'],
  ['recovered_prefactor', 'C of recovered', ''],
  ['recovered_constant', 'K', ''],
  ['plateau_height', 'plateau', 'the MSE before any mode is learnt'],
  ['window_start', '1/(8λ₁)', 'the laws of convergence set in'],
  ['window_end', '1/(8λ_d)', 'the last mode is learnt: exponential decay from here'],
];

const $ = (id) => document.getElementById(id);
let view = { ...DEFAULTS }, shown = null, reading = null, waiting = false;

/** A number as the command line reads it. */
function plain(value) {
  if (value === Infinity) return 'inf';
  const short = value.toExponential().replace('+', '');
  return short.length < String(value).length ? short : String(value);
}

/** The number that a text writes, or an error that says what is allowed. */
function parse(key, text) {
  const { least, most, name, whole, infinite } = NUMBERS[key];
  const word = text.trim().toLowerCase();
  if (infinite && (word === 'inf' || word === '∞')) return Infinity;
  const value = word === '' ? NaN : Number(word);
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new Error(`${name} must be ${whole ? 'a whole number' : 'a number'} from ${plain(least)} to ${plain(most)}${infinite ? ', or inf' : ''}`);
}

/** The view in an address, with defaults where it says nothing that can be read. */
function fromHash(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const read = { ...DEFAULTS };
  for (const key of Object.keys(NUMBERS)) {
    try { if (given.has(key)) read[key] = parse(key, given.get(key)); } catch { /* the default stays */ }
  }
  for (const key of ['x', 'y']) if (['log', 'linear'].includes(given.get(key))) read[key] = given.get(key);
  return read;
}

function toHash() {
  return `#${Object.entries(view).map(([key, value]) => `${key}=${typeof value === 'number' ? plain(value) : value}`).join('&')}`;
}

function request() {
  return { exponent: view.a, dimension: view.d, source: view.B, size: view.eps };
}

/** The commands that compute the same numbers. */
function commands() {
  const law = `--exponent ${plain(view.a)} --dimension ${plain(view.d)} --teacher ${view.B === 0 ? 'flat' : `source:${plain(view.B)}`}`;
  return [`phase-retrieval solve ${law} --init escape:${plain(view.eps)} --until ${plain(view.until)}`, `phase-retrieval constants ${law}`];
}

/** Compute the view: the run, its phases, the laws, and all of them at the times drawn. */
function compute() {
  const began = performance.now();
  const problem = powerLaw(request(), view.until);
  const run = solveFlow(problem, view.until);
  const law = constants(request(), problem.rate);
  const predicted = laws(law, request(), problem.overlap);
  const first = Math.min(0.01 / problem.eigenvalues[0], 0.01 * view.until);
  const along = Array.from({ length: POINTS }, (_, k) => k / (POINTS - 1));
  const times = along.map((x) => (view.x === 'log' ? first * (view.until / first) ** x : view.until * x));
  times[POINTS - 1] = view.until;
  const values = times.map((time) => observe(run, time));
  return { run, law, predicted, times, values, phases: phases(run), took: performance.now() - began };
}

function draw() {
  const { run, phases: { t1, t1_prime, t2 }, times, values, predicted } = shown;
  const marks = [['T1', t1], ['T1′', t1_prime], ['T2', t2]].filter(([, time]) => time > 0);
  const until = (time) => (Number.isNaN(time) ? view.until : time);
  const bands = [['I escape', 0, until(t1)], ['II convergence', t1, until(t2)], ['III spectral tail', t2, view.until]];
  const kinds = { x: view.x, y: view.y };
  shown.charts = Object.entries(CHARTS).map(([id, chart]) => {
    const names = id === 'recovery' && view.d === Infinity ? ['recovered'] : chart.names;
    const curves = names.map((name) => ({ name, colour: COLOURS[name], values: values.map((row) => row[name]) }));
    const dashed = names.map((name) => ({ name, values: times.map(predicted[name]) }));
    const title = names[0] === 'recovered' ? 'What is recovered over time' : chart.title;
    const domain = view.y === 'log' ? logDomain(id, curves) : chart.linear || linearDomain(curves);
    const drawn = drawChart($(id), { times, curves, laws: dashed, marks, bands, kinds, domain, title, unit: 'time t' });
    return { ...drawn, id, names };
  });
  $('recovery-title').textContent = view.d === Infinity ? 'Recovery: Σ (w*ᵢ)² − (wᵢ − w*ᵢ)²' : 'Recovery: mean squared error';
  $('recovery-key').textContent = LABELS[view.d === Infinity ? 'recovered' : 'mse'];
  $('work').textContent = `${run.problem.eigenvalues.length} modes, ${run.steps.length} steps, ${Math.round(shown.took)} ms`;
}

/** The range of a logarithmic axis: sixteen decades at most. */
function logDomain(id, curves) {
  const all = curves.flatMap(({ values }) => values).filter((value) => value > 0);
  const high = Math.max(...all, 1e-300) * 1.6;
  return [Math.max(Math.min(...all) / 1.6, high * 1e-16), id === 'growth' ? Math.max(high, 2) : high];
}

function linearDomain(curves) {
  const all = curves.flatMap(({ values }) => values).filter(Number.isFinite);
  return [Math.min(0, ...all), Math.max(...all) * 1.05 || 1];
}

/** The time of the reading slider's position. */
function readingTime() {
  const { times } = shown, last = times[POINTS - 1], x = Number($('reading').value) / 1000;
  return view.x === 'log' ? Math.min(last, times[0] * (last / times[0]) ** x) : last * x;
}

function phaseAt(time) {
  const { t1, t2 } = shown.phases;
  if (time >= t2) return 'III, spectral tail';
  return time >= t1 ? 'II, convergence' : 'I, escape';
}

/** A value of the flow for people; below 1e-20 of where it starts its digits are not the solver's. */
function shownValue(values, name) {
  const start = name === 'mse' ? shown.law.plateau_height : 1;
  const small = ['one_minus_u', 'one_minus_s', 'loss', 'mse'].includes(name) && Math.abs(values[name]) < 1e-20 * start;
  return small ? `< ${readable(1e-20 * start)}` : readable(values[name]);
}

/** Show the values at the reading time. */
function read() {
  const time = readingTime(), values = observe(shown.run, time);
  shown.charts.forEach((chart) => readChart(chart, time, values));
  $('reading-time').textContent = readable(time);
  $('reading').setAttribute('aria-valuetext', `t = ${readable(time)}, phase ${phaseAt(time)}, u = ${readable(values.u)}, s = ${readable(values.s)}`);
  $('reading-phase').textContent = `phase ${phaseAt(time)}`;
  for (const name of Object.keys(LABELS)) {
    $(`value-${name}`).textContent = shownValue(values, name);
    $(`law-${name}`).textContent = readable(shown.predicted[name](time));
  }
  return values;
}

/** Values next to the pointer. */
function hover(event, chart) {
  const box = chart.svg.getBoundingClientRect();
  const across = (event.clientX - box.left - MARGIN.left) / chart.inner.width;
  $('reading').value = String(1000 * Math.min(1, Math.max(0, across)));
  const values = read(), tip = $('tip');
  tip.replaceChildren(...[['t', $('reading-time').textContent], ...chart.names.map((name) => [LABELS[name], shownValue(values, name)])].map(([name, value]) => {
    const line = document.createElement('div'), label = document.createElement('span'), number = document.createElement('b');
    label.textContent = name; number.textContent = value;
    line.append(label, number);
    return line;
  }));
  tip.hidden = false;
  const left = event.clientX + 16 + tip.offsetWidth > innerWidth ? event.clientX - 16 - tip.offsetWidth : event.clientX + 16;
  tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, event.clientY - tip.offsetHeight - 12)}px)`;
}

function showConstants() {
  for (const [name] of CONSTANTS) $(`constant-${name}`).textContent = Number.isFinite(shown.law[name]) ? readableLong(shown.law[name]) : '–';
  const { t1, t1_prime, t2 } = shown.phases;
  for (const [id, time] of [['t1', t1], ['t1_prime', t1_prime], ['t2', t2]]) $(id).textContent = Number.isNaN(time) ? 'not reached' : readableLong(time);
  const predicted = (shown.law.convergence_prefactor / EPSILON) ** shown.law.convergence_exponent;
  $('t2-law').textContent = inWindow(shown.law, predicted) ? `; the law gives ${readableLong(predicted)}` : '';
}

function readableLong(value) {
  return Math.abs(value) >= 1e-4 && Math.abs(value) < 1e7 ? String(Number(value.toPrecision(7))) : readable(Number(value.toPrecision(5)));
}

/** Compute and show the view; say what is wrong where it cannot be. */
function update() {
  waiting = false;
  const reason = obstacle(request());
  let failure = reason;
  if (!reason) {
    try { shown = compute(); } catch (error) { failure = error.message; }
  }
  complain(failure);
  const [solve, constants_] = commands();
  $('command-solve').textContent = solve;
  $('command-constants').textContent = constants_;
  $('link').href = toHash();
  try { history.replaceState(null, '', toHash()); } catch { /* the link still carries the view */ }
  if (failure) return;
  draw();
  showConstants();
  read();
}

function complain(message) {
  $('problem').textContent = message ? `Not drawn: ${message}.` : '';
  $('results').classList.toggle('stale', Boolean(message));
}

function later() {
  if (!waiting) { waiting = true; requestAnimationFrame(update); }
}

/** Put the view into the controls; the one that is being typed in stays as it is. */
function showControls(except) {
  for (const key of Object.keys(NUMBERS)) {
    const number = $(key), slider = $(`${key}-slider`);
    if (number !== except) { number.value = plain(view[key]); number.removeAttribute('aria-invalid'); }
    if (slider !== except) slider.value = String(SLIDERS[key][1](view[key]));
    slider.setAttribute('aria-valuetext', plain(view[key]));
  }
  for (const key of ['x', 'y']) document.querySelector(`input[name="${key}"][value="${view[key]}"]`).checked = true;
}

function copy(text, button) {
  const done = () => { $('copied').textContent = `copied: ${text}`; button.textContent = 'Copied'; setTimeout(() => { button.textContent = 'Copy'; }, 1500); };
  const fallback = () => {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    button.focus();
    done();
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, fallback); else fallback();
}

function connect() {
  for (const key of Object.keys(NUMBERS)) {
    const number = $(key), slider = $(`${key}-slider`);
    slider.addEventListener('input', () => {
      view[key] = SLIDERS[key][0](Number(slider.value));
      showControls(slider);
      later();
    });
    number.addEventListener('input', () => {
      try {
        view[key] = parse(key, number.value);
        number.removeAttribute('aria-invalid');
        showControls(number);
        later();
      } catch (error) {
        number.setAttribute('aria-invalid', 'true');
        complain(error.message);
      }
    });
  }
  for (const key of ['x', 'y']) {
    document.querySelectorAll(`input[name="${key}"]`).forEach((choice) => choice.addEventListener('change', () => { view[key] = choice.value; later(); }));
  }
  $('reset').addEventListener('click', () => { view = { ...DEFAULTS }; showControls(); later(); });
  $('controls').addEventListener('submit', (event) => event.preventDefault());
  $('reading').addEventListener('input', () => shown && read());
  for (const id of Object.keys(CHARTS)) {
    const at = (event) => { if (shown) hover(event, shown.charts.find((chart) => chart.id === id)); };
    $(id).addEventListener('pointermove', at);
    $(id).addEventListener('pointerdown', at);
    $(id).addEventListener('pointerleave', () => { $('tip').hidden = true; });
  }
  document.querySelectorAll('button[data-copy]').forEach((button) => button.addEventListener('click', () => copy($(button.dataset.copy).textContent, button)));
  addEventListener('hashchange', () => { view = fromHash(location.hash); showControls(); later(); });
  new ResizeObserver(() => { if (shown) { draw(); read(); } }).observe($('results'));
}

for (const [name, symbol, meaning] of CONSTANTS) {
  const row = $('constants').insertRow();
  row.insertCell().textContent = symbol;
  const cell = row.insertCell();
  cell.id = `constant-${name}`;
  cell.className = 'number';
  row.insertCell().textContent = meaning;
}
for (const [name, label] of Object.entries(LABELS)) {
  const row = $('values').insertRow();
  row.insertCell().textContent = label;
  for (const kind of ['value', 'law']) {
    const cell = row.insertCell();
    cell.id = `${kind}-${name}`;
    cell.className = 'number';
  }
}
view = fromHash(location.hash);
connect();
showControls();
update();
