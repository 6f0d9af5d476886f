// The waveform of a clip, with what lies over it and under it.

const DEEP = 120; // pixels of the spectrum

/**
 * A waveform with captions, a selection, a time line and a playhead, and under it the spectrum.
 *
 * `onSeek(time)` hears where a person goes, `onSelect(selection, done)` what they choose (null for
 * nothing; `done` when the pointer is let go), `onView()` that another part is in view. Nothing can
 * be chosen without `onSelect`.
 */
class Waveform {
  constructor({ signal, onSeek, onSelect, onView, label, height, lane = false }) {
    Object.assign(this, { onSeek, onSelect, onView, base: height, lane });
    Object.assign(this, { peaks: new Int8Array(0), cues: [], duration: 0, detail: null });
    Object.assign(this, { time: 0, zoom: 1, left: 0, hover: null, pointed: null, textAt: () => "" });
    Object.assign(this, { selection: null, selecting: false, spectrum: null, colours: null });
    const canvas = h("canvas", { className: "wb-wave", tabIndex: 0 });
    canvas.setAttribute("role", "slider");
    canvas.setAttribute("aria-label", label);
    canvas.setAttribute("aria-valuemin", "0");
    this.canvas = canvas;
    this.resize();
    wireGestures(this, signal);

    const redraw = () => {
      this.colours = null;
      this.draw();
    };
    const size = new ResizeObserver(redraw);
    size.observe(canvas);
    const theme = new MutationObserver(redraw); // JupyterLab names its theme on the body
    theme.observe(document.body, { attributes: true });
    for (const wish of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(wish).addEventListener("change", redraw, { signal });
    }
    signal.addEventListener("abort", () => {
      size.disconnect();
      theme.disconnect();
    });
  }

  // -- where things are ------------------------------------------------------------------------

  get height() {
    return this.base + (this.spectrum ? DEEP + 6 : 0);
  }

  /** Where the waveform ends and what is under it begins, in pixels from the top. */
  get floor() {
    return this.base - AXIS;
  }

  /** The height of the captions' lane: only a waveform needs one, else there is room for text. */
  get roof() {
    return this.lane && this.cues.length && this.peaks.length ? LANE : 0;
  }

  get span() {
    return (this.duration || 1) / this.zoom;
  }

  get closest() {
    return Math.max(1, this.duration * 4); // a quarter of a second fills the width
  }

  timeAt(event) {
    const box = this.canvas.getBoundingClientRect();
    if (!box.width) return this.time; // nothing is seen of it, as in a folded output
    const time = this.left + ((event.clientX - box.left) / box.width) * this.span;
    return Math.min(this.duration, Math.max(0, time));
  }

  /** The pixels of a time from the left. */
  placeOf(time) {
    return ((time - this.left) / this.span) * this.canvas.clientWidth;
  }

  resize() {
    this.canvas.style.height = `${this.height}px`;
    this.draw();
  }

  // -- the view ----------------------------------------------------------------------------------

  zoomBy(factor, around = this.time) {
    const share = (around - this.left) / this.span;
    this.zoom = Math.min(this.closest, Math.max(1, this.zoom * factor));
    this.scrollTo(around - share * this.span);
  }

  scrollTo(left) {
    this.left = Math.max(0, Math.min(left, this.duration - this.span));
    this.draw();
    this.onView?.();
  }

  /** Bring a part into view, with a margin. */
  show(start, end) {
    const margin = (end - start) * 0.1;
    this.zoom = Math.min(this.closest, Math.max(1, this.duration / (end - start + 2 * margin || 1)));
    this.scrollTo(start - margin);
  }

  /** Bring all of it into view. */
  fit() {
    this.zoom = 1;
    this.scrollTo(0);
  }

  set(values) {
    Object.assign(this, values);
    if ("peaks" in values) this.detail = null;
    this.outline = null;
    this.loudest = 0;
    this.canvas.setAttribute("aria-valuemax", this.duration.toFixed(1));
    this.draw();
  }

  seek(time) {
    this.time = time;
    if (time < this.left || time > this.left + this.span) this.scrollTo(time - this.span * 0.1);
    this.canvas.setAttribute("aria-valuenow", time.toFixed(1));
    this.canvas.setAttribute("aria-valuetext", `${clock(time)} of ${clock(this.duration)}`);
    this.draw();
  }

  /** Choose a part as a person does; null chooses nothing. */
  choose(selection, done = true) {
    if (!this.onSelect) return;
    this.selection = selection;
    this.draw();
    this.onSelect(selection, done);
  }

  draw() {
    if (this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      this.paint();
    });
  }

  // -- drawing -----------------------------------------------------------------------------------

  /** The bars as one path, kept until the view of the waveform changes. */
  bars(width, top, floor) {
    const { left, span, detail, peaks, duration } = this;
    const close = detail && left >= detail.start - 1e-6 && left + span <= detail.end + 1e-6;
    const key = [width, left, span, top, floor, close].join();
    if (this.outline?.key === key) return this.outline.path;
    this.loudest ||= loudestOf(peaks);
    const middle = (top + floor) / 2;
    const view = { left, span, width, middle, reach: (floor - top) / 2, loudest: this.loudest };
    const path = barsOf(close ? detail : { peaks, start: 0, end: duration || 1 }, view);
    this.outline = { key, path };
    return path;
  }

  paint() {
    const width = this.canvas.clientWidth;
    if (!width) return;
    const { floor, roof } = this;
    const colours = (this.colours ||= coloursOf(this.canvas));
    const g = brush(this.canvas, width, this.height);
    g.font = `10px ${colours.font}`;
    const foot = this.height - AXIS; // where the spectrum ends, or the waveform without one
    const x = (time) => this.placeOf(time);
    const playhead = x(this.time);

    this.paintCues(g, x, roof, floor, colours);
    if (this.spectrum) this.paintSpectrum(g, x, width, floor + 4, colours);
    if (this.selection) this.paintSelection(g, x, foot, colours);
    const bars = this.bars(width, roof ? roof + 2 : 0, floor);
    g.fillStyle = colours.wave;
    g.fill(bars);
    g.save();
    g.beginPath();
    g.rect(0, 0, playhead, floor);
    g.clip();
    g.fillStyle = colours.accent;
    g.fill(bars);
    g.restore();
    drawTimes(g, { ...this, span: this.span, width }, foot, colours);
    g.fillStyle = colours.accent;
    g.fillRect(Math.min(playhead, width - 2), 0, 2, foot);
    if (this.hover !== null) this.paintHover(g, x, width, foot, colours);
  }

  paintCues(g, x, roof, floor, colours) {
    const active = indexAt(this.cues, this.time);
    const last = lastBegun(this.cues, this.left + this.span);
    let first = Math.max(0, lastBegun(this.cues, this.left));
    while (first > 0 && this.cues[first - 1].end > this.left) first--;
    for (let i = first; i <= last; i++) {
      const cue = this.cues[i];
      const from = x(cue.start);
      const wide = Math.max(1, x(cue.end) - from - 1);
      g.fillStyle = colours[i === active ? "cue-on" : "cue"];
      g.beginPath();
      g.roundRect(from, 0, wide, floor, 3);
      g.fill();
      if (roof && wide > 2) {
        g.beginPath(); // the lane leads to the start of its caption
        g.roundRect(from, 0, wide, roof, 3);
        g.fill();
      }
      if (wide < 24 || (this.peaks.length && !roof)) continue;
      g.save();
      g.beginPath();
      g.rect(from, 0, wide - 3, floor);
      g.clip();
      g.fillStyle = colours.ink;
      const start = Math.max(from, 0) + 5;
      g.fillText(cue.text.replace(/\s+/g, " "), start, roof ? roof - 4.5 : floor / 2 + 4);
      g.restore();
    }
  }

  paintSelection(g, x, foot, colours) {
    const [from, to] = this.selection.map(x);
    g.fillStyle = colours.select;
    g.fillRect(from, 0, Math.max(1, to - from), foot);
    g.fillStyle = colours.accent;
    for (const [edge, side] of [[from, -1], [to, 1]]) {
      g.fillRect(edge - 0.75, 0, 1.5, foot);
      g.beginPath();
      g.roundRect(edge - (side < 0 ? 5 : 0), this.floor / 2 - 9, 5, 18, 2);
      g.fill();
    }
  }

  paintSpectrum(g, x, width, top, colours) {
    const { pictures, text } = this.spectrum;
    g.save();
    g.beginPath();
    g.roundRect(0, top, width, DEEP, 4);
    g.clip();
    g.fillStyle = colours.line;
    g.fillRect(0, top, width, DEEP);
    for (const { image, start, end } of pictures) {
      g.drawImage(image, x(start), top, x(end) - x(start), DEEP);
    }
    g.restore();
    if (text) {
      g.fillStyle = colours.ink;
      g.fillText(text, 10, top + DEEP / 2 + 3);
      return;
    }
    g.font = `9px ${colours.font}`; // at the right, where the playhead comes last
    for (const hertz of [500, 1000, 2000, 4000]) {
      const at = top + (1 - melShare(hertz)) * DEEP;
      g.fillStyle = "rgb(255 255 255 / 0.28)"; // the picture has its own colours in every theme
      g.fillRect(0, at, width, 1);
      g.fillStyle = "rgb(255 255 255 / 0.8)";
      g.fillText(hertz < 1000 ? `${hertz} Hz` : `${hertz / 1000} kHz`, width - 32, at - 2);
    }
    g.font = `10px ${colours.font}`;
  }

  paintHover(g, x, width, foot, colours) {
    const at = x(this.hover);
    const text = this.pointed?.text.replace(/\s+/g, " ") || this.textAt(this.hover);
    g.fillStyle = colours.ink;
    g.fillRect(at, 0, 1, foot);
    const label = `${clock(this.hover)}${text ? `  ${text}` : ""}`;
    drawLabel(g, label, at, this.roof ? this.roof + 2 : 1, width, colours);
  }
}

/** Where a pitch stands between 40 and 8,000 Hz on the mel scale: see widgets/spectrum.py. */
function melShare(hertz) {
  const mel = (f) => Math.log10(1 + f / 700);
  return (mel(hertz) - mel(40)) / (mel(8000) - mel(40));
}
