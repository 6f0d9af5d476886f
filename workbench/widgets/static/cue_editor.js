// Captions over the waveform: see workbench/widgets/cue_editor.py for the state and the messages.
// Python has the captions. The page shows an edit at once, tells Python, and is told what became.

const CUE_PAUSE = 700; // milliseconds without a key after which what was typed is told
const CUE_REST = 250; // the same for the keys that move an edge
const CUE_LATE = 2000; // after which it is said that Python has not answered
const CUE_VIEW = 30; // seconds of the waveform in sight at first

/** The captions as the page knows them: rows that stay the same object while they are edited. */
class CueBook {
  constructor() {
    Object.assign(this, { rows: [], places: new Map(), revision: null, wrong: 0 });
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
    this.wrong = this.rows.reduce((sum, row) => sum + (row.marks.length > 0), 0);
  }
}

function mountCueEditor(model, el) {
  const port = connect(model, el);
  const { signal } = port;
  const page = Math.random().toString(36).slice(2);
  const book = new CueBook();
  let current = null; // the number of the caption that is being edited
  let anchor = null; // the other end of those that are chosen
  let draft = null; // {id, text, sent, visit}: what is typed and not told yet
  let visits = 0;
  let caret = null; // {id, at}: where a split falls, until the playhead is moved
  let only = "all";
  const at = () => book.places.get(current) ?? -1;
  const row = () => book.rows[at()];

  // -- to Python -----------------------------------------------------------------------------
  let seq = 0;
  const open = new Map(); // edits that were not answered: what to do then
  let late = 0;
  const waiting = h("span", { className: "wb-muted wb-cue-waiting", hidden: true });
  waiting.setAttribute("role", "status");
  waiting.textContent = "Python is busy: what you edit is kept here until it answers.";
  function edit(op, told = {}, { rows = [], then } = {}) {
    seq += 1;
    rows.forEach((one) => (one.pending = seq));
    open.set(seq, { op, then });
    port.send("edit", { page, seq, op, ...told });
    if (open.size === 1) late = setTimeout(() => (waiting.hidden = false), CUE_LATE);
  }
  function answered(number) {
    const { op, then } = open.get(number) || {};
    for (const key of [...open.keys()]) if (key <= number) open.delete(key);
    if (!open.size) {
      clearTimeout(late);
      waiting.hidden = true;
    }
    return { op, then };
  }
  const sync = () => port.send("sync", { page });

  // -- what is typed -------------------------------------------------------------------------
  let pause = 0;
  function typed(text) {
    const one = row();
    if (!one) return;
    if (draft?.id !== one.id) draft = { id: one.id, sent: one.text, visit: `t${visits}` };
    draft.text = one.text = text;
    list.touch(at());
    regions.touch(at());
    pane.figure(one, limit());
    clearTimeout(pause);
    pause = setTimeout(commit, CUE_PAUSE);
  }
  function commit() {
    clearTimeout(pause);
    if (!draft || draft.text === undefined || draft.text === draft.sent) return;
    const one = book.rows[book.places.get(draft.id)];
    if (!one) return;
    draft.sent = draft.text;
    edit("retype", { id: one.id, text: draft.text, visit: draft.visit }, { rows: [one] });
    tracks(at());
  }
  function leave() {
    commit();
    draft = null;
    visits += 1;
  }

  // -- edges by key --------------------------------------------------------------------------
  let moving = null; // {id, edges, neighbours, visit}
  let rest = 0;
  function nudge(place, edge, by) {
    const one = book.rows[place];
    if (!one) return;
    if (moving && (moving.id !== one.id || moving.edge !== edge)) settle();
    const [low, high, neighbours] = moving?.range || edgeRange(book.rows, place, edge);
    moving ||= { id: one.id, edge, range: [low, high, neighbours], visit: `n${visits}${edge}` };
    const to = Math.round((one[edge] + by) * 1000) / 1000;
    one[edge] = Math.max(low, Math.min(high, to));
    dragged(place);
    clearTimeout(rest);
    rest = setTimeout(settle, CUE_REST);
  }
  function settle() {
    clearTimeout(rest);
    if (!moving) return;
    const { id, edge, range, visit } = moving;
    moving = null;
    const one = book.rows[book.places.get(id)];
    if (one) edit("move", { id, [edge]: one[edge], neighbours: range[2], visit }, { rows: [one] });
  }
  function dragged(place) {
    list.touch(place);
    regions.touch(place);
    if (place !== at()) return;
    pane.clocks(book.rows[place]);
    pane.figure(book.rows[place], limit());
  }
  function move(place, told) {
    leave();
    const one = book.rows[place];
    edit("move", { id: one.id, ...told }, { rows: [one] });
  }

  // -- choosing ------------------------------------------------------------------------------
  const chosen = () => {
    const [a, b] = [at(), book.places.get(anchor) ?? at()];
    return [Math.min(a, b), Math.max(a, b)];
  };
  const chosenIds = () => book.rows.slice(chosen()[0], chosen()[1] + 1).map((one) => one.id);
  function select(place, extend = false, { go = true } = {}) {
    const one = book.rows[place];
    if (!one) return;
    if (one.id !== current) {
      settle();
      leave();
      caret = null;
      port.send("select", { id: one.id });
    }
    current = one.id;
    if (!extend) anchor = one.id;
    if (go) {
      looping.range = null;
      seek(one.start);
    }
    shown({ scroll: true });
  }
  /** Show the current caption everywhere, after anything that may have changed it. */
  function shown({ scroll = false, typing = false } = {}) {
    list.choose(at(), chosen(), { scroll });
    if (regions.current !== at()) regions.set({ current: at() });
    pane.show(row(), { limit: limit(), typing });
    buttons();
  }
  const limit = () => model.get("speed_limit");
  function buttons() {
    const { undo, redo, merge, snap } = pane.buttons;
    const back = model.get("undoable");
    const forth = model.get("redoable");
    undo.disabled = !back && !open.size && !draft;
    redo.disabled = !forth;
    undo.title = back ? `Undo: ${back} (Ctrl+Z)` : "Undo (Ctrl+Z)";
    redo.title = forth ? `Redo: ${forth} (Ctrl+Shift+Z)` : "Redo (Ctrl+Shift+Z)";
    merge.disabled = chosen()[0] === chosen()[1] && at() + 1 >= book.rows.length;
    snap.disabled = !clip?.words?.length || !row();
    bar.save.classList.toggle("wb-main", model.get("unsaved"));
  }

  // -- what the buttons do -------------------------------------------------------------------
  const after = (place) => () => select(Math.min(place, book.rows.length - 1), false, { go: false });
  const simple = (op) => () => {
    leave();
    edit(op, { id: current });
  };
  const act = {
    typed,
    entered: () => (visits += 1),
    left: leave,
    caret: (place) => (caret = { id: current, at: place }),
    time: (edge, seconds) => {
      const one = row();
      if (!one || Math.abs(one[edge] - seconds) < 5e-4) return pane.clocks(one);
      const [low, high, neighbours] = edgeRange(book.rows, at(), edge);
      one[edge] = Math.max(low, Math.min(high, seconds));
      dragged(at());
      return move(at(), { [edge]: one[edge], neighbours });
    },
    nudge: (edge, by) => nudge(at(), edge, by),
    step: (by) => list.step(by),
    list: () => list.element.focus(),
    split: () => {
      const one = row();
      const place = at();
      const told = {};
      if (caret?.id === current) {
        const letter = [...tidy(pane.text.value.slice(0, caret.at))].length;
        if (letter > 0 && letter < [...tidy(pane.text.value)].length) told.letter = letter;
      } else if (wave.time > one.start + CUE_LEAST && wave.time < one.end - CUE_LEAST) {
        told.at = wave.time;
      }
      leave();
      caret = null;
      edit("split", { id: one.id, ...told }, { then: after(place + 1) });
    },
    merge: () => {
      const ids = chosenIds();
      const [first] = chosen();
      leave();
      edit("merge", ids.length > 1 ? { ids } : { id: ids[0] }, { then: after(first) });
    },
    insert: () => {
      leave();
      const one = row();
      const free = !book.rows.some((r) => r.start <= wave.time + CUE_LEAST && r.end > wave.time);
      const start = free || !one ? wave.time : one.end;
      edit("insert", { start }, { then: () => enter(start) });
    },
    remove: () => {
      const ids = chosenIds();
      const [first] = chosen();
      if (!ids.length) return;
      draft = null;
      edit("delete", { ids }, { then: after(first) });
    },
    snap: simple("snap"),
    rebreak: simple("rebreak"),
    fix: (kind) => {
      leave();
      edit("fix", { id: current, problem: kind });
    },
    fixAll: () => {
      leave();
      edit("fix all");
    },
    undo: () => back("undo"),
    redo: () => back("redo"),
    shift: (by, scope) => {
      leave();
      if (!Number.isFinite(by) || !by) return;
      const which = { all: {}, chosen: { ids: chosenIds() }, from: { from: current } }[scope];
      edit("shift", { by, ...which });
    },
    play: () => hear(row()),
    loop: () => {
      looping.on = !looping.on;
      pane.buttons.loop.setAttribute("aria-pressed", String(looping.on));
      if (looping.on) hear(row());
    },
    preview: () => {
      const on = pane.image.hidden && pane.look.hidden;
      pane.buttons.preview.setAttribute("aria-pressed", String(on));
      pane.look.hidden = pane.looks.hidden = !on;
      pane.image.hidden = true;
      if (on) draw();
    },
    look: (name) => port.send("look", { name }),
    find: (asked) => {
      finding = { ...asked, ask: Math.random(), places: [], i: -1 };
      port.send("find", { ask: finding.ask, text: asked.text, case: asked.case, words: asked.words });
    },
    next: (way) => match(way),
    replace: (asked, all) => {
      leave();
      if (!asked.text.trim()) return;
      const told = { old: asked.text, new: asked.change, case: asked.case, whole_words: asked.words };
      edit("substitute", all ? told : { ...told, id: current }, { then: () => bar.ask() });
    },
    filter: (value) => {
      only = value;
      filtered();
    },
    problem: () => {
      const places = book.rows.keys();
      const wrong = [...places].filter((place) => book.rows[place].marks.length);
      if (wrong.length) select(wrong.find((place) => place > at()) ?? wrong[0]);
    },
    save: (path, overwrite = false) => {
      leave();
      bar.taken(null);
      port.send("save", { path, overwrite });
    },
    keep: () => bar.taken(null),
  };
  function back(op) {
    leave();
    settle();
    edit(op, {}, { then: ({ first }) => first !== undefined && reveal(first) });
  }
  function reveal(first) {
    if (book.rows.length) select(Math.min(first, book.rows.length - 1), false, { go: false });
  }
  function enter(start) {
    const place = lastBegun(book.rows, start + 1e-3);
    select(Math.max(0, place), false, { go: false });
    pane.text.focus();
  }

  // -- sound and time ------------------------------------------------------------------------
  const told = model.get("media");
  const clip = told?.uid ? { ...told, words: told.words, cues: [] } : null;
  // The transcript would be the captions twice; the words are for edges to be drawn to.
  const player = clip && createPlayer({ ...clip, words: [], notes: [], breaks: [] }, port, {});
  const wave = player ? player.wave : new Waveform({ signal, onSeek: (t) => seek(t), label: "Position", height: 60 });
  const strip = player ? player.element : h("div", { className: "wb-player" }, wave.canvas);
  const seek = (time) => (player ? player.seek(time) : wave.seek(time));
  wave.textAt = (time) => inLine(book.rows[indexAt(book.rows, time)]?.text || "");
  if (player) wave.canvas.addEventListener("pointerdown", () => (caret = null), { signal });
  const looping = { on: false, range: null };
  let frame = 0;
  function hear(one) {
    if (!player || !one) return;
    looping.range = one;
    player.seek(one.start);
    player.play();
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(watchEnd);
  }
  function watchEnd() {
    const { range } = looping;
    if (!range) return;
    if (player.media.currentTime >= range.end - 0.01) {
      if (!looping.on) {
        looping.range = null;
        player.pause();
        return;
      }
      player.seek(range.start);
    }
    frame = requestAnimationFrame(watchEnd);
  }
  signal.addEventListener("abort", () => [pause, rest, late, redraw].forEach(clearTimeout) || cancelAnimationFrame(frame));

  // A video shows the captions as they are edited, drawn by the browser.
  const track = clip?.kind === "video" && player.media.addTextTrack("captions", "Captions", clip.language || "und");
  const shownCues = new Map();
  if (track) track.mode = clip.captioned ? "disabled" : "showing";
  function tracks(first = 0, last = first + 1) {
    if (!track || typeof VTTCue === "undefined") return;
    for (const one of book.rows.slice(first, last)) {
      const old = shownCues.get(one.id);
      const plain = one.text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
      if (old && old.text === plain && old.startTime === one.start && old.endTime === one.end) continue;
      if (old) track.removeCue(old);
      const made = new VTTCue(one.start, one.end, plain);
      track.addCue(made);
      shownCues.set(one.id, made);
    }
    for (const [id, old] of shownCues) {
      if (book.places.has(id)) continue;
      track.removeCue(old);
      shownCues.delete(id);
    }
  }

  // -- finding, drawing, filtering -----------------------------------------------------------
  let finding = null;
  function match(way) {
    const { places } = finding || { places: [] };
    if (!places.length) return;
    finding.i = (finding.i + way + places.length) % places.length;
    const [id, start, end] = places[finding.i];
    const place = book.places.get(id);
    bar.found.textContent = `${finding.i + 1} of ${places.length}`;
    if (place === undefined) return;
    select(place, false, { go: false });
    const units = (count) => [...row().text].slice(0, count).join("").length;
    pane.text.setSelectionRange(units(start), units(end));
  }
  let redraw = 0;
  const draw = () => port.send("preview", { id: current, ask: page });
  const soon = () => {
    if (pane.looks.hidden || current === null) return;
    clearTimeout(redraw);
    redraw = setTimeout(draw, 300);
  };
  function filtered() {
    const wrong = (place) => book.rows[place].marks.length > 0;
    const view = only === "all" ? null : [...book.rows.keys()].filter(wrong);
    list.set({ rows: book.rows, view, places: book.places });
    bar.count(book.rows.length, book.wrong);
  }

  // -- the parts -----------------------------------------------------------------------------
  const list = new CueList({
    signal,
    uid: page,
    onSelect: select,
    onEnter: () => pane.text.focus(),
    onDelete: () => act.remove(),
  });
  const regions = new CueRegions({
    signal,
    wave,
    onSelect: (place) => select(place, false, { go: false }),
    onDrag: dragged,
    onMove: move,
    onNudge: nudge,
    onShift: (place, by, against) => {
      leave();
      const one = book.rows[place];
      edit("shift", { id: one.id, by, against }, { rows: [one] });
    },
  });
  regions.stops = clip?.words || [];
  const pane = createCuePane(act, { signal, language: model.get("language") });
  const bar = createCueBar(act, { signal });
  wave.canvas.after(regions.element);
  el.replaceChildren(port.hide, strip, bar.element, list.element, pane.element, waiting, port.status);
  el.classList.add("wb-cues");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Caption editor");
  const keys = { z: (e) => back(e.shiftKey ? "redo" : "undo"), y: () => back("redo") };
  el.addEventListener(
    "keydown",
    (event) => {
      const field = event.target.matches("input");
      const key = event.key.toLowerCase();
      if (event.key === "F8") act.problem();
      else if ((event.ctrlKey || event.metaKey) && !event.altKey && keys[key] && !field) keys[key](event);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );

  // -- from Python ---------------------------------------------------------------------------
  function refresh(first, { scroll = false, typing = false } = {}) {
    if (!book.places.has(current)) {
      const near = book.rows[Math.min(first, book.rows.length - 1)];
      current = anchor = near ? near.id : null;
      draft = null;
    }
    if (!player) wave.duration = Math.max(1, ...book.rows.slice(-20).map((one) => one.end)) + 5;
    filtered();
    regions.set({ rows: book.rows, places: book.places, current: at() });
    shown({ scroll, typing });
    tracks(0, book.rows.length);
    soon();
  }
  port.on("all", (message) => {
    const mine = !message.page || message.page === page;
    if (!mine && message.revision === book.revision && !message.denied) return;
    const first = book.revision === null;
    if (message.page === page && message.seq) answered(message.seq);
    draft = null;
    book.take(message);
    if (first || !book.places.has(current)) current = anchor = message.selected ?? null;
    if (first && wave.duration > CUE_VIEW) wave.zoomBy(wave.duration / CUE_VIEW, 0);
    refresh(0, { scroll: true });
    el.dataset.ready = "true";
  });
  port.on("changed", (message) => {
    if (book.revision === null) return;
    if (message.was !== book.revision) {
      if (message.page === page) answered(message.seq);
      if (message.revision > book.revision) sync();
      return;
    }
    const mine = message.page === page;
    const { op, then } = mine ? answered(message.seq) : {};
    const typing = document.activeElement === pane.text && draft !== null && (!mine || op === "retype");
    book.take(message, mine ? message.seq : 0);
    const one = draft && book.rows[book.places.get(draft.id)];
    if (one && typing) one.text = draft.text;
    refresh(message.first, { typing });
    then?.(message);
  });
  port.watch("revision", () => {
    // The change itself follows as a message; where it does not, all of it is asked for.
    setTimeout(() => !signal.aborted && book.revision !== null && model.get("revision") > book.revision && sync(), 1000);
  });
  port.on("select", (message) => {
    const place = book.places.get(message.id);
    if (place !== undefined && message.id !== current) select(place);
  });
  port.on("found", (message) => {
    if (message.ask !== finding?.ask) return;
    finding.places = message.places;
    const count = message.places.length;
    bar.found.textContent = finding.text.trim() ? `${count} found` : "";
    // From here on, not from the beginning.
    finding.i = message.places.findIndex(([id]) => book.places.get(id) >= at()) - 1;
  });
  let picture = "";
  port.on("preview", (message, buffers) => {
    if (message.ask !== page || pane.looks.hidden) return;
    if (picture) URL.revokeObjectURL(picture);
    picture = URL.createObjectURL(new Blob(buffers, { type: "image/png" }));
    pane.image.src = picture;
    pane.image.hidden = false;
  });
  signal.addEventListener("abort", () => picture && URL.revokeObjectURL(picture));
  port.on("taken", (message) => bar.taken(message));
  port.on("saved", () => bar.taken(null));
  const names = () => {
    const style = model.get("caption_style");
    pane.looks.replaceChildren(
      ...model.get("styles").map((name) => h("option", { value: name, textContent: name })),
    );
    pane.looks.value = style;
    soon();
  };
  port.watch(["styles", "caption_style"], names);
  const file = () => (bar.path.value = model.get("path"));
  port.watch("path", file);
  port.watch(["undoable", "redoable", "unsaved"], () => buttons());
  names();
  file();
  pane.show(undefined);
  buttons();
  bar.count(0, 0);
  port.send("hello");
  sync();
  return () => {
    leave();
    settle();
    port.close();
  };
}

export default { render: remounting(mountCueEditor, []) };
