// The captions under the waveform: what is in sight can be dragged, whole or by an edge.

const CUE_LEAST = 0.02; // seconds that a caption lasts at least
const CUE_MOST = 150; // regions in sight: with more, only the current one is drawn
const CUE_REST = 250; // milliseconds without a key after which a moved edge is told
const CUE_NEAR = 6; // pixels within which an edge is drawn to a word or the playhead

/** From where to where an edge of a caption may go by itself, and how it meets its neighbours. */
function edgeRange(rows, place, edge, event = {}) {
  const row = rows[place];
  const before = rows[place - 1];
  const after = rows[place + 1];
  const mine = edge === "start" ? [0, row.end - CUE_LEAST] : [row.start + CUE_LEAST, Infinity];
  if (event.altKey) return [...mine, "overlap"];
  if (event.shiftKey) return [...mine, "push"];
  const touching =
    edge === "start"
      ? before && Math.abs(before.end - row.start) < 2e-3
      : after && Math.abs(after.start - row.end) < 2e-3;
  if (edge === "start") {
    const wall = before ? (touching ? before.start + CUE_LEAST : before.end) : 0;
    return [Math.min(wall, row.start), mine[1], touching ? "roll" : "stop"];
  }
  const wall = after ? (touching ? after.end - CUE_LEAST : after.start) : Infinity;
  return [mine[0], Math.max(wall, row.end), touching ? "roll" : "stop"];
}

/** Why an edge cannot be at a time that was written; empty where it can. */
function edgeRefusal(rows, place, edge, seconds) {
  const [low, high, neighbours] = edgeRange(rows, place, edge);
  const roll = neighbours === "roll";
  const begins = edge === "start";
  if (seconds > high + 1e-3) {
    const where = begins ? "just before it ends" : roll ? "just before the next ends" : "where the next begins";
    return `at most ${exact(high)}, ${where}`;
  }
  if (seconds < low - 1e-3) {
    const where = !begins ? "just after it begins" : roll ? "just after the one before begins" : "where the one before ends";
    return `at least ${exact(low)}, ${where}`;
  }
  return "";
}

/** How far a caption may move whole without standing over another. */
function bodyRange(rows, place, event) {
  const row = rows[place];
  if (event.altKey || event.shiftKey) return [-row.start, Infinity, event.altKey ? "overlap" : "push"];
  const before = rows[place - 1]?.end ?? 0;
  const after = rows[place + 1]?.start ?? Infinity;
  return [Math.min(0, before - row.start), Math.max(0, after - row.end), "refuse"];
}

/**
 * A strip with a region for each caption in sight of `wave`.
 *
 * `onSelect(place)`, `onDrag(place)` while something is dragged (the row has its new times),
 * `onMove(place, {start?, end?, neighbours})` and `onShift(place, by, against)` when it is let go,
 * `onNudge(place, edge, by)` for the keys. `stops` are times that edges are drawn to.
 */
class CueRegions {
  constructor({ signal, wave, onSelect, onDrag, onMove, onShift, onNudge }) {
    Object.assign(this, { wave, onSelect, onDrag, onMove, onShift, onNudge });
    Object.assign(this, { rows: [], current: -1, stops: [], version: 0, places: new Map() });
    this.nodes = new Map();
    this.element = h("div", { className: "wb-regions" });
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Captions over time: drag them or their edges");
    this.element.addEventListener("pointerdown", (event) => this.grab(event), { signal });
    this.element.addEventListener("keydown", (event) => this.key(event), { signal });
    // The strip follows whatever the waveform shows.
    const paint = wave.paint.bind(wave);
    wave.paint = () => {
      paint();
      this.draw();
    };
    this.signal = signal;
  }

  set(values) {
    Object.assign(this, values);
    this.version++;
    if (this.wave.peaks.length) this.wave.cues = this.rows; // as bands behind the sound
    this.wave.draw();
  }

  /** Draw one region again, if it is in sight. */
  touch(place) {
    const node = this.nodes.get(this.rows[place]?.id);
    if (node) this.put(node, place);
    this.wave.draw();
  }

  inSight() {
    const { left, span } = this.wave;
    const found = [];
    // An early caption may reach far: a few are looked at that begin before what is in sight.
    let i = Math.max(0, lastBegun(this.rows, left) - 8);
    for (; i < this.rows.length && this.rows[i].start < left + span; i++) {
      if (this.rows[i].end > left) found.push(i);
      if (found.length > CUE_MOST) return this.current >= 0 ? [this.current] : [];
    }
    return found;
  }

  draw() {
    const { left, span } = this.wave;
    const width = this.wave.canvas.clientWidth;
    const key = [left, span, width, this.version, this.current].join();
    if (key === this.drawn || !width) return;
    this.drawn = key;
    const wanted = new Map(this.inSight().map((place) => [this.rows[place].id, place]));
    for (const [id, node] of this.nodes) {
      if (wanted.has(id)) continue;
      if (node === this.held) continue;
      node.remove();
      this.nodes.delete(id);
    }
    for (const [id, place] of wanted) {
      if (!this.nodes.has(id)) {
        this.nodes.set(id, this.make(id));
        this.element.append(this.nodes.get(id));
      }
      this.put(this.nodes.get(id), place);
    }
  }

  make(id) {
    const edge = (name) => {
      const node = h("span", { className: `wb-edge wb-edge-${name}` });
      node.dataset.edge = name;
      node.setAttribute("role", "slider");
      return node;
    };
    const text = h("span", { className: "wb-region-text", dir: "auto" });
    const node = h("div", { className: "wb-region" }, edge("start"), text, edge("end"));
    node.dataset.id = id;
    return node;
  }

  put(node, place) {
    const row = this.rows[place];
    const { left, span } = this.wave;
    const width = this.wave.canvas.clientWidth;
    const x = (time) => ((time - left) / span) * width;
    const from = Math.max(-20, x(row.start));
    const to = Math.min(width + 20, x(row.end));
    node.style.left = `${from.toFixed(1)}px`;
    node.style.width = `${Math.max(2, to - from - 1).toFixed(1)}px`;
    const on = place === this.current;
    const state = [row.text, row.start, row.end, row.marks.length, on, place].join("\0");
    if (node.state === state) return;
    node.state = state;
    node.children[1].textContent = inLine(row.text);
    node.classList.toggle("wb-on", on);
    node.classList.toggle("wb-wrong", row.marks.length > 0);
    for (const edge of [node.children[0], node.children[2]]) {
      const { edge: name } = edge.dataset;
      edge.tabIndex = on ? 0 : -1; // one caption's edges are enough to tab through
      edge.setAttribute("aria-label", `${name === "start" ? "Start" : "End"} of caption ${place + 1}`);
      edge.setAttribute("aria-valuemin", "0");
      edge.setAttribute("aria-valuenow", row[name].toFixed(3));
      edge.setAttribute("aria-valuetext", exact(row[name]));
    }
  }

  key(event) {
    const { edge } = event.target.dataset;
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!edge || !way || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const node = event.target.closest(".wb-region");
    this.onNudge(this.places.get(Number(node.dataset.id)), edge, way * (event.shiftKey ? 0.1 : 0.01));
  }

  grab(event) {
    const node = event.target.closest(".wb-region");
    if (!node || event.button) return;
    const place = this.places.get(Number(node.dataset.id));
    if (place === undefined) return;
    event.preventDefault();
    const row = this.rows[place];
    const { edge } = event.target.dataset;
    this.onSelect(place);
    if (edge) event.target.focus({ preventScroll: true });
    const { start, end } = row;
    const at = event.clientX;
    const second = this.wave.canvas.clientWidth / this.wave.span; // pixels
    this.held = node;
    let moved = false;
    let how = "";
    const ending = new AbortController();
    const signal = AbortSignal.any([this.signal, ending.signal]);
    const follow = (move) => {
      if (!moved && Math.abs(move.clientX - at) < 3) return;
      moved = true;
      const by = (move.clientX - at) / second;
      if (edge) {
        row.start = start; // the range is that of where it was
        row.end = end;
        const [low, high, neighbours] = edgeRange(this.rows, place, edge, move);
        const wanted = this.drawnTo(row[edge] + by, CUE_NEAR / second, move);
        row[edge] = Math.max(low, Math.min(high, wanted));
        how = neighbours;
      } else {
        row.start = start;
        row.end = end;
        const [low, high, against] = bodyRange(this.rows, place, move);
        const step = Math.max(low, Math.min(high, this.drawnTo(start + by, CUE_NEAR / second, move) - start));
        row.start = start + step;
        row.end = end + step;
        how = against;
      }
      this.onDrag(place);
    };
    const end_ = (last) => {
      ending.abort();
      this.held = null;
      if (!moved) return;
      const now = { start: row.start, end: row.end };
      if (last.type !== "pointerup") {
        Object.assign(row, { start, end });
        this.onDrag(place);
      } else if (edge) {
        this.onMove(place, { [edge]: now[edge], neighbours: how });
      } else if (now.start !== start) {
        this.onShift(place, now.start - start, how);
      }
    };
    document.addEventListener("pointermove", follow, { signal });
    document.addEventListener("pointerup", end_, { signal });
    document.addEventListener("pointercancel", end_, { signal });
  }

  /** The word's edge or the playhead that is near a time, or the time itself; not with Ctrl. */
  drawnTo(time, near, event) {
    if (event.ctrlKey) return time;
    let best = time;
    let least = near;
    const look = (stop) => {
      const away = Math.abs(stop - time);
      if (away < least) [best, least] = [stop, away];
    };
    look(this.wave.time);
    const i = lastBegun(this.stops, time);
    for (const stop of this.stops.slice(Math.max(0, i - 2), i + 3)) {
      look(stop.start);
      look(stop.end);
    }
    return best;
  }
}

/** Edges moved by keys: shown for each key, told to Python when the keys rest. */
function createCueNudge({ book, edit, signal, onNudge, visit }) {
  let moving = null; // {id, edge, range, visit}
  let rest = 0;
  signal.addEventListener("abort", () => clearTimeout(rest));
  function settle() {
    clearTimeout(rest);
    if (!moving) return;
    const { id, edge, range, visit: name } = moving;
    moving = null;
    const one = book.rows[book.places.get(id)];
    const told = one && { id, [edge]: one[edge], neighbours: range[2], visit: name };
    if (one) edit("move", told, { rows: [one] });
  }
  function nudge(place, edge, by) {
    const one = book.rows[place];
    if (!one) return;
    if (moving && (moving.id !== one.id || moving.edge !== edge)) settle();
    const range = edgeRange(book.rows, place, edge);
    // Of edges that touch only this one moves until Python answers: the range is the first one's.
    moving ||= { id: one.id, edge, range, visit: `n${visit()}${edge}` };
    const to = Math.round((one[edge] + by) * 1000) / 1000;
    one[edge] = Math.max(moving.range[0], Math.min(moving.range[1], to));
    onNudge(place);
    clearTimeout(rest);
    rest = setTimeout(settle, CUE_REST);
  }
  return { nudge, settle };
}
