// What the page of a cue editor knows of the captions, and the edits it has on their way to Python.

const CUE_LATE = 2000; // after which it is said that Python has not answered

/** A number of things: "1 problem", "2 problems". */
const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** The captions as the page knows them: rows that stay the same object while they are edited. */
class CueBook {
  constructor() {
    Object.assign(this, { rows: [], places: new Map(), revision: null, wrong: 0, told: 0, curable: 0 });
  }

  row(told, known) {
    const [id, start, end, text, speaker] = told;
    const row = known || { marks: [], pending: 0, version: 0 };
    return Object.assign(row, { id, start, end, text, speaker });
  }

  /** Take all rows, or put those of a change in the place of others; `ack` is the last edit done. */
  take({ rows, marks, revision, first, removed }, ack = 0) {
    const known = new Map(this.rows.map((row) => [row.id, row]));
    const whole = first === undefined;
    const fresh = rows.map((told) => {
      const row = known.get(told[0]);
      // What was changed here since is on its way to Python: its answer will have it.
      if (row && !whole && row.pending > ack) return row;
      if (row) row.pending = 0;
      return this.row(told, row);
    });
    if (whole) {
      this.rows = fresh;
      fresh.forEach((row) => (row.marks = []));
    } else {
      this.rows.splice(first, removed, ...fresh);
    }
    this.places = new Map(this.rows.map((row, place) => [row.id, place]));
    for (const [id, told] of marks) {
      const row = this.rows[this.places.get(id)];
      if (row) Object.assign(row, { marks: told, version: row.version + 1 });
    }
    this.revision = revision;
    const sum = (of) => this.rows.reduce((all, row) => all + of(row), 0);
    this.wrong = sum((row) => row.marks.length > 0);
    this.told = sum((row) => row.marks.length);
    this.curable = sum((row) => row.marks.filter(([, , fixable]) => fixable).length);
  }
}

/**
 * The line on which edits go to Python: numbered, and remembered until they are answered.
 *
 * `page` is this view's name, `open` the edits that were not answered yet, `waiting` a line for what
 * a person should know: a kernel that runs a cell answers at the end of it.
 */
function createCueWire(port) {
  const page = Math.random().toString(36).slice(2);
  const open = new Map(); // by number: what was done, and what to do when it is answered
  const waiting = h("div", { className: "wb-cue-waiting", hidden: true });
  waiting.setAttribute("role", "status");
  const note = (text) => {
    waiting.textContent = text;
    waiting.hidden = !text;
  };
  let seq = 0;
  let late = 0;
  port.signal.addEventListener("abort", () => clearTimeout(late));

  /** Tell an edit. `rows` show it already: what is older of them in an answer does not count. */
  function edit(op, told = {}, { rows = [], then } = {}) {
    seq += 1;
    rows.forEach((one) => (one.pending = seq));
    open.set(seq, { op, then });
    port.send("edit", { page, seq, op, ...told });
    waiting.after(port.status);
    note("");
    if (open.size > 1) return;
    late = setTimeout(() => note("Python is busy: what you edit is kept here until it answers."), CUE_LATE);
  }
  /** Forget an edit and all before it; what was asked of it is returned. */
  function answered(number) {
    const { op, then } = open.get(number) || {};
    for (const key of [...open.keys()]) if (key <= number) open.delete(key);
    if (!open.size) {
      clearTimeout(late);
      note("");
    }
    return { op, then };
  }
  return { page, open, waiting, note, edit, answered, sync: () => port.send("sync", { page }) };
}
