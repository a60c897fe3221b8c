// One chart: axes, phases, curves, laws and a reading line, as SVG in pixels.

const MARGIN = { left: 54, right: 14, top: 26, bottom: 40 };
const SVG = 'http://www.w3.org/2000/svg';
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function element(name, attributes, parent, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

/** 10 with a superscript exponent. */
function powerOfTen(exponent) {
  if (exponent === 0) return '1';
  if (exponent === 1) return '10';
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[digit]).join('');
  return `10${exponent < 0 ? '⁻' : ''}${digits}`;
}

/** A number for people: four digits, powers of ten where they are shorter. */
function readable(value) {
  if (Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  const exponent = Math.floor(Math.log10(Math.abs(value)) + 1e-12);
  if (exponent >= -3 && exponent < 5) return String(Number(value.toPrecision(4)));
  const [digits, power] = value.toExponential(3).split('e');
  const mantissa = String(Number(digits));
  return mantissa === '1' ? powerOfTen(Number(power)) : `${mantissa} × ${powerOfTen(Number(power))}`;
}

/** The map of an axis onto [0, 1], with its ticks [value, label]. */
function axis(kind, low, high, room) {
  if (kind === 'log') {
    const first = Math.log10(low), span = Math.log10(high) - first;
    const ticks = [];
    const stride = Math.max(1, Math.ceil(span / room));
    for (let e = Math.ceil(first - 1e-9); e <= first + span + 1e-9; e++) {
      if (e % stride === 0) ticks.push([10 ** e, powerOfTen(e)]);
    }
    if (ticks.length < 2) { // less than a decade or so
      const step = Math.max(1, Math.round(span / 0.3 / room));
      [1, 2, 3, 5, 7].filter((_, k) => k % step === 0).forEach((digit) => {
        for (let e = Math.floor(first); e <= first + span; e++) {
          const value = digit * 10 ** e;
          if (value >= low && value <= high && !ticks.some(([tick]) => tick === value)) ticks.push([value, readable(value)]);
        }
      });
    }
    return { place: (value) => (Math.log10(value) - first) / span, value: (x) => 10 ** (first + x * span), ticks };
  }
  const rough = (high - low) / room, base = 10 ** Math.floor(Math.log10(rough));
  const step = base * [1, 2, 5, 10].find((factor) => factor * base >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push([k * step, readable(Number((k * step).toPrecision(12)))]);
  return { place: (value) => (value - low) / (high - low), value: (x) => low + x * (high - low), ticks };
}

/** SVG path of points, broken where a value is not drawn; far values are clamped, so that lines keep their slope. */
function path(xs, ys, x, y) {
  let text = '', pen = false;
  xs.forEach((time, k) => {
    const at = y.place(ys[k]);
    if (!Number.isFinite(at) || Number.isNaN(ys[k])) { pen = false; return; }
    text += `${pen ? 'L' : 'M'}${x.pixel(time).toFixed(1)} ${Math.max(-9e3, Math.min(9e3, y.pixel(ys[k]))).toFixed(1)}`;
    pen = true;
  });
  return text;
}

/** Draw a chart into `svg`; returns its axes, for reading.
 *
 * `curves` are {name, colour, values} and `laws` {name, values} at `times`; `marks` [label, time]; `bands` [label, from, to]. */
function drawChart(svg, { times, curves, laws, marks, bands, kinds, domain, title, unit }) {
  const width = svg.clientWidth || 600, height = svg.clientHeight || 260;
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren();
  element('title', {}, svg, title);
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const x = axis(kinds.x, times[0], times[times.length - 1], Math.max(3, Math.floor(inner.width / 75)));
  const y = axis(kinds.y, ...domain, Math.max(3, Math.floor(inner.height / 34)));
  x.pixel = (value) => MARGIN.left + inner.width * x.place(value);
  y.pixel = (value) => MARGIN.top + inner.height * (1 - y.place(value));
  const clip = `clip-${svg.id}`;
  const box = { x: MARGIN.left, y: MARGIN.top, width: inner.width, height: inner.height };
  element('rect', box, element('clipPath', { id: clip }, element('defs', {}, svg)));

  bands.forEach(([label, from, to], index) => {
    const left = Math.max(MARGIN.left, from > 0 || kinds.x !== 'log' ? x.pixel(from) : MARGIN.left);
    const right = Math.min(MARGIN.left + inner.width, x.pixel(to));
    if (!(right > left)) return;
    element('rect', { x: left, y: MARGIN.top, width: right - left, height: inner.height, class: `band band-${index}` }, svg);
    const text = [label, label.split(' ')[0]].find((words) => 6.4 * words.length < right - left);
    if (text) element('text', { x: (left + right) / 2, y: MARGIN.top - 9, class: 'phase' }, svg, text);
  });
  const ticks = element('g', { class: 'ticks', 'aria-hidden': 'true' }, svg);
  y.ticks.forEach(([value, label]) => {
    const at = y.pixel(value);
    element('line', { x1: MARGIN.left, x2: MARGIN.left + inner.width, y1: at, y2: at, class: 'grid' }, ticks);
    element('text', { x: MARGIN.left - 8, y: at + 4, class: 'y' }, ticks, label);
  });
  x.ticks.forEach(([value, label]) => {
    const at = x.pixel(value);
    element('line', { x1: at, x2: at, y1: MARGIN.top + inner.height, y2: MARGIN.top + inner.height + 5, class: 'tick' }, ticks);
    element('text', { x: at, y: MARGIN.top + inner.height + 19, class: 'x' }, ticks, label);
  });
  element('text', { x: MARGIN.left + inner.width, y: height - 5, class: 'unit' }, ticks, unit);
  element('path', { d: `M${MARGIN.left} ${MARGIN.top}V${MARGIN.top + inner.height}H${MARGIN.left + inner.width}`, class: 'frame' }, svg);

  const plot = element('g', { 'clip-path': `url(#${clip})` }, svg);
  const edges = [-Infinity, -Infinity, -Infinity]; // where the labels of each row end
  marks.forEach(([label, time]) => {
    const at = x.pixel(time);
    if (!(at >= MARGIN.left && at <= MARGIN.left + inner.width)) return;
    element('line', { x1: at, x2: at, y1: MARGIN.top, y2: MARGIN.top + inner.height, class: 'mark' }, plot);
    const right = at + 26 < MARGIN.left + inner.width, start = right ? at + 3 : at - 26;
    const row = Math.max(0, edges.findIndex((edge) => edge < start));
    element('text', { x: right ? at + 3 : at - 3, y: MARGIN.top + inner.height - 6 - 15 * row, class: right ? 'mark' : 'mark end' }, plot, label);
    edges[row] = start + 26;
  });
  curves.forEach(({ name, colour, values }) => element('path', { d: path(times, values, x, y), class: 'curve', 'data-curve': name, style: `stroke: var(--${colour})` }, plot));
  laws.forEach(({ name, values }) => element('path', { d: path(times, values, x, y), class: 'law', 'data-law': name }, plot));
  element('g', { class: 'reading' }, plot);
  return { x, y, inner, svg, curves };
}

/** Mark a time and the values of the curves there. */
function readChart({ x, y, inner, svg, curves }, time, values) {
  const group = svg.querySelector('.reading');
  group.replaceChildren();
  const at = x.pixel(time);
  element('line', { x1: at, x2: at, y1: MARGIN.top, y2: MARGIN.top + inner.height }, group);
  curves.forEach(({ name, colour }) => {
    const height = y.pixel(values[name]);
    if (Number.isFinite(height)) element('circle', { cx: at, cy: height, r: 4, style: `fill: var(--${colour})` }, group);
  });
}
