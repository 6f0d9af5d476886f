// How a waveform is drawn: pure drawing, with the colours of the page.

const AXIS = 16; // pixels of the time line
const LANE = 15; // pixels of the captions' lane above a waveform
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];

/** The colours of a waveform where it stands, and its font. */
function coloursOf(element) {
  const css = getComputedStyle(element);
  const names = "wave accent cue cue-on ink paper muted line select".split(" ");
  const found = Object.fromEntries(names.map((name) => [name, css.getPropertyValue(`--wb-${name}`).trim()]));
  return { ...found, font: css.fontFamily };
}

/** Give a canvas the pixels of its box, and return what draws on it in those of the page. */
function brush(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const size = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}

/** The loudest value of an outline, a whisper's at least. */
function loudestOf(peaks) {
  let most = 32;
  for (const value of peaks) most = Math.max(most, Math.abs(value));
  return most;
}

/**
 * The bars of an outline as one path. `peaks` last from `start` to `end` seconds, the view from
 * `left` on for `span`; the bars stand around `middle`, at most `reach` high.
 */
function barsOf({ peaks, start, end }, { left, span, width, middle, reach, loudest }) {
  const path = new Path2D();
  const columns = peaks.length / 2;
  const columnAt = (x) => ((left + (x / width) * span - start) / (end - start)) * columns;
  for (let x = 0; columns && x < width; x += 3) {
    const first = Math.floor(columnAt(x));
    if (first >= columns) break;
    const last = Math.min(columns, Math.max(columnAt(x + 3), first + 1));
    let low = 0;
    let high = 0;
    for (let k = Math.max(0, first); k < last; k++) {
      low = Math.min(low, peaks[2 * k]);
      high = Math.max(high, peaks[2 * k + 1]);
    }
    const up = Math.max(0.75, (high / loudest) * reach);
    const down = Math.max(0.75, (-low / loudest) * reach);
    path.roundRect(x + 0.5, middle - up, 2, up + down, 1);
  }
  return path;
}

/** Seconds as a label of the time line: as fine as its step. */
function tickLabel(seconds, step) {
  if (step < 0.1) return `${clock(seconds).slice(0, -2)}.${(seconds % 1).toFixed(2).slice(2)}`;
  return step < 1 ? clock(seconds) : clock(seconds).slice(0, -2);
}

/** The time line at the bottom of a view. */
function drawTimes(g, { left, span, width, duration }, top, colours) {
  const x = (time) => ((time - left) / span) * width;
  const step = STEPS.find((s) => (s / span) * width > 64) || 3600;
  const end = Math.min(duration, left + span) + 1e-6;
  g.fillStyle = colours.muted;
  for (let i = Math.ceil(left / step - 1e-9); duration && i * step <= end; i++) {
    const at = x(i * step);
    g.fillRect(at, top + 2, 1, 4);
    if (at < width - 34) g.fillText(tickLabel(i * step, step), at + 4, top + AXIS - 3);
  }
}

/** A label on ink, kept within the width. */
function drawLabel(g, text, at, top, width, colours) {
  let shown = text;
  while (shown.length > 8 && g.measureText(shown).width > width - 12) shown = `${shown.slice(0, -6).trimEnd()}…`;
  const wide = g.measureText(shown).width + 10;
  const from = Math.max(0, Math.min(at + 4, width - wide));
  g.fillStyle = colours.ink;
  g.beginPath();
  g.roundRect(from, top, wide, 16, 4);
  g.fill();
  g.fillStyle = colours.paper;
  g.fillText(shown, from + 5, top + 11.5);
}
