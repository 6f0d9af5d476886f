// The captions as a list of which only the rows in sight exist.

const CUE_ROW = 30; // pixels; the style sheet has it too
const CUE_AROUND = 4; // rows beyond either end of what is in sight

/** Seconds as "m:ss.mmm". */
function exact(seconds) {
  const whole = Math.max(0, Math.round(seconds * 1000));
  const rest = String(whole % 60000).padStart(5, "0");
  return `${Math.floor(whole / 60000)}:${rest.slice(0, 2)}.${rest.slice(2)}`;
}

/** A text on one line. */
const inLine = (text) => text.replace(/\s*\n\s*/g, " ⏎ ");

/**
 * A list box of `rows` ({id, start, end, text, marks}), or of those whose places are in `view`.
 * `tags` are kinds of problems in plain words.
 *
 * `onSelect(place, extend)` when a row is chosen, `onEnter` and `onDelete` for these keys.
 */
class CueList {
  constructor({ signal, uid, tags, onSelect, onEnter, onDelete }) {
    Object.assign(this, { uid, tags, onSelect, rows: [], view: null, current: -1, chosen: [0, -1] });
    this.nodes = new Map(); // by the number of the caption
    this.space = h("div", { className: "wb-cue-space" });
    this.element = h("div", { className: "wb-cue-list", tabIndex: 0 }, this.space);
    this.element.setAttribute("role", "listbox");
    this.element.setAttribute("aria-label", "Captions");
    this.element.setAttribute("aria-multiselectable", "true");
    this.element.addEventListener("scroll", () => this.draw(), { signal, passive: true });
    this.element.addEventListener(
      "click",
      (event) => {
        const node = event.target.closest(".wb-cue");
        if (node) onSelect(this.places.get(Number(node.dataset.id)), event.shiftKey);
      },
      { signal },
    );
    const page = () => Math.max(1, Math.floor(this.element.clientHeight / CUE_ROW) - 1);
    const steps = {
      ArrowUp: () => -1,
      ArrowDown: () => 1,
      PageUp: () => -page(),
      PageDown: page,
      Home: () => -Infinity,
      End: () => Infinity,
    };
    const onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (steps[event.key]) this.step(steps[event.key](), event.shiftKey);
      else if (event.key === "Enter") onEnter();
      else if (event.key === "Delete") onDelete();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    this.element.addEventListener("keydown", onKey, { signal });
    const size = new ResizeObserver(() => this.draw());
    size.observe(this.element);
    signal.addEventListener("abort", () => size.disconnect());
    this.places = new Map();
  }

  get length() {
    return this.view ? this.view.length : this.rows.length;
  }

  place(position) {
    return this.view ? this.view[position] : position;
  }

  position(place) {
    if (!this.view) return place;
    const found = this.view.indexOf(place);
    return found;
  }

  /** Choose the row that is so many rows on. */
  step(by, extend = false) {
    if (!this.length) return;
    const at = this.view ? this.view.findLastIndex((p) => p <= this.current) : this.current;
    const to = Math.max(0, Math.min(this.length - 1, at + by));
    this.onSelect(this.place(to), extend);
  }

  /** Show other rows, or other ones of them. */
  set({ rows = this.rows, view = this.view, places = this.places }) {
    Object.assign(this, { rows, view, places });
    this.space.style.height = `${this.length * CUE_ROW}px`;
    this.draw();
  }

  /** Mark the current row and those chosen with it, and bring it into sight. */
  choose(current, chosen, { scroll = true } = {}) {
    Object.assign(this, { current, chosen });
    const at = this.position(current);
    if (scroll && at >= 0) {
      const top = at * CUE_ROW;
      const { scrollTop, clientHeight } = this.element;
      // Only the list scrolls: scrollIntoView would move the notebook.
      if (top < scrollTop) this.element.scrollTop = top;
      else if (top + CUE_ROW > scrollTop + clientHeight)
        this.element.scrollTop = top + CUE_ROW - clientHeight;
    }
    this.draw();
  }

  /** Draw the row of one caption again, if it is in sight: what happens for each key. */
  touch(place) {
    const node = this.nodes.get(this.rows[place]?.id);
    if (node) this.fill(node, place);
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / CUE_ROW) - CUE_AROUND);
    const last = Math.min(this.length, Math.ceil((scrollTop + clientHeight) / CUE_ROW) + CUE_AROUND);
    const wanted = new Map();
    for (let i = first; i < last; i++) wanted.set(this.rows[this.place(i)].id, i);
    const spare = [];
    for (const [id, node] of this.nodes) {
      if (wanted.has(id)) continue;
      this.nodes.delete(id);
      spare.push(node);
    }
    for (const [id, position] of wanted) {
      let node = this.nodes.get(id);
      if (!node) {
        node = spare.pop() || this.make();
        this.nodes.set(id, node);
      }
      node.style.transform = `translateY(${position * CUE_ROW}px)`;
      node.setAttribute("aria-posinset", position + 1);
      node.setAttribute("aria-setsize", this.length);
      this.fill(node, this.place(position));
    }
    spare.forEach((node) => node.remove());
    const active = this.nodes.get(this.rows[this.current]?.id);
    if (active) this.element.setAttribute("aria-activedescendant", active.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  make() {
    const parts = ["number", "start", "end", "text", "marks"];
    const node = h("div", { className: "wb-cue" });
    node.setAttribute("role", "option");
    node.parts = Object.fromEntries(parts.map((p) => [p, h("span", { className: `wb-cue-${p}` })]));
    node.parts.text.dir = "auto";
    node.append(...Object.values(node.parts));
    this.space.append(node);
    return node;
  }

  fill(node, place) {
    const row = this.rows[place];
    const on = place === this.current;
    const also = place >= this.chosen[0] && place <= this.chosen[1];
    const state = [row.id, place, row.start, row.end, row.text, row.version, on, also].join("\0");
    if (node.state === state) return;
    node.state = state;
    node.id = `wb-cue-${this.uid}-${row.id}`;
    node.dataset.id = row.id;
    node.parts.number.textContent = place + 1;
    node.parts.start.textContent = exact(row.start);
    node.parts.end.textContent = exact(row.end);
    node.parts.text.textContent = inLine(row.text);
    const wrong = row.marks.map(([kind]) => this.tags[kind] || kind);
    if (node.wrong !== wrong.join()) {
      node.wrong = wrong.join();
      node.parts.marks.replaceChildren(...wrong.map((tag) => h("span", { className: "wb-cue-tag", textContent: tag })));
    }
    node.title = row.marks.map(([, text]) => text).join("\n");
    node.classList.toggle("wb-on", on);
    node.classList.toggle("wb-also", also && !on);
    node.classList.toggle("wb-wrong", row.marks.length > 0);
    node.setAttribute("aria-selected", String(on || also));
  }
}
