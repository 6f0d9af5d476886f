// The waveform of a clip, with what lies over it.

/** A waveform with cue bands, a time line and a playhead: click, drag or use the keys to seek. */
class Waveform {
  constructor({ signal, onSeek, label, height }) {
    Object.assign(this, { onSeek, height, peaks: new Int8Array(0), cues: [], duration: 0 });
    Object.assign(this, { time: 0, zoom: 1, left: 0, hover: null, textAt: () => "" });
    const canvas = h("canvas", { className: "wb-wave", tabIndex: 0 });
    canvas.setAttribute("role", "slider");
    canvas.setAttribute("aria-label", label);
    canvas.setAttribute("aria-valuemin", "0");
    canvas.style.height = `${height}px`;
    this.canvas = canvas;

    const listen = (name, handler) => canvas.addEventListener(name, handler, { signal });
    let held = false;
    listen("pointerdown", (event) => {
      held = true;
      canvas.setPointerCapture(event.pointerId);
      this.onSeek(this.timeAt(event));
    });
    listen("pointermove", (event) => {
      this.hover = this.timeAt(event);
      if (held) this.onSeek(this.hover);
      this.draw();
    });
    listen("pointerup", () => (held = false));
    listen("pointercancel", () => (held = false));
    listen("pointerleave", () => {
      this.hover = null;
      this.draw();
    });
    const onWheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? 1.25 : 0.8, this.timeAt(event));
    };
    canvas.addEventListener("wheel", onWheel, { signal, passive: false });

    const redraw = () => this.draw();
    const size = new ResizeObserver(redraw);
    size.observe(canvas);
    const theme = new MutationObserver(redraw); // JupyterLab names its theme on the body
    theme.observe(document.body, { attributes: true });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
    signal.addEventListener("abort", () => {
      size.disconnect();
      theme.disconnect();
    });
  }

  get span() {
    return (this.duration || 1) / this.zoom;
  }

  timeAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const time = this.left + ((event.clientX - box.left) / box.width) * this.span;
    return Math.min(this.duration, Math.max(0, time));
  }

  zoomBy(factor, around = this.time) {
    const share = (around - this.left) / this.span;
    this.zoom = Math.min(Math.max(1, this.duration * 4), Math.max(1, this.zoom * factor));
    this.scrollTo(around - share * this.span);
  }

  scrollTo(left) {
    this.left = Math.max(0, Math.min(left, this.duration - this.span));
    this.draw();
  }

  set(values) {
    Object.assign(this, values);
    this.outline = null;
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

  draw() {
    if (this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      this.paint();
    });
  }

  /** The bars as one path, kept until the view of the waveform changes. */
  bars(width, middle) {
    const key = [width, this.left, this.zoom, middle].join();
    if (this.outline?.key === key) return this.outline.path;
    const path = new Path2D();
    const columns = this.peaks.length / 2;
    const loudest = this.peaks.reduce((most, v) => Math.max(most, Math.abs(v)), 32);
    const columnAt = (x) => ((this.left + (x / width) * this.span) / this.duration) * columns;
    for (let x = 0; columns && x < width; x += 3) {
      const last = Math.min(columns, Math.max(columnAt(x + 3), Math.floor(columnAt(x)) + 1));
      let low = 0;
      let high = 0;
      for (let k = Math.max(0, Math.floor(columnAt(x))); k < last; k++) {
        low = Math.min(low, this.peaks[2 * k]);
        high = Math.max(high, this.peaks[2 * k + 1]);
      }
      const up = Math.max(0.75, (high / loudest) * middle);
      const down = Math.max(0.75, (-low / loudest) * middle);
      path.roundRect(x + 0.5, middle - up, 2, up + down, 1);
    }
    this.outline = { key, path };
    return path;
  }

  paint() {
    const width = this.canvas.clientWidth;
    if (!width) return;
    const ratio = window.devicePixelRatio || 1;
    const size = [Math.round(width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== size[0] || this.canvas.height !== size[1]) {
      [this.canvas.width, this.canvas.height] = size;
    }
    const css = getComputedStyle(this.canvas);
    const colour = (name) => css.getPropertyValue(`--wb-${name}`).trim();
    const g = this.canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, this.height);
    const floor = this.height - 16;
    const x = (time) => ((time - this.left) / this.span) * width;
    const playhead = x(this.time);

    g.font = `10px ${css.fontFamily}`;
    const active = indexAt(this.cues, this.time);
    this.cues.forEach((cue, i) => {
      if (cue.end < this.left || cue.start > this.left + this.span) return;
      g.fillStyle = colour(i === active ? "cue-on" : "cue");
      g.beginPath();
      g.roundRect(x(cue.start), 0, Math.max(1, x(cue.end) - x(cue.start) - 1), floor, 3);
      g.fill();
      if (this.peaks.length) return;
      g.save(); // where there is no waveform, there is room for what is said
      g.clip();
      g.fillStyle = colour("ink");
      g.fillText(cue.text.replace(/\s+/g, " "), x(cue.start) + 6, floor / 2 + 4);
      g.restore();
    });

    const bars = this.bars(width, floor / 2);
    g.fillStyle = colour("wave");
    g.fill(bars);
    g.save();
    g.beginPath();
    g.rect(0, 0, playhead, floor);
    g.clip();
    g.fillStyle = colour("accent");
    g.fill(bars);
    g.restore();

    g.fillStyle = colour("muted");
    const steps = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];
    const step = steps.find((s) => (s / this.span) * width > 64) || 3600;
    const end = Math.min(this.duration, this.left + this.span);
    for (let i = Math.ceil(this.left / step); this.duration && i * step <= end; i++) {
      const at = x(i * step);
      g.fillRect(at, floor + 2, 1, 4);
      if (at < width - 34) g.fillText(clock(i * step), at + 4, this.height - 3);
    }

    g.fillStyle = colour("accent");
    g.fillRect(Math.min(playhead, width - 2), 0, 2, floor);
    if (this.hover === null) return;
    const at = x(this.hover);
    const text = this.textAt(this.hover);
    const label = `${clock(this.hover)}${text ? `  ${text}` : ""}`;
    const wide = g.measureText(label).width + 10;
    g.fillStyle = colour("ink");
    g.fillRect(at, 0, 1, floor);
    const from = Math.max(0, Math.min(at + 4, width - wide));
    g.beginPath();
    g.roundRect(from, 1, wide, 16, 4);
    g.fill();
    g.fillStyle = colour("paper");
    g.fillText(label, from + 5, 12.5);
  }
}
