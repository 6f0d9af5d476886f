// Captions over the waveform: see workbench/widgets/cue_editor.py for the state and the messages.
// Python has the captions. The page shows an edit at once, tells Python, and is told what became.

const CUE_BEHIND = 1000; // milliseconds that a change may come after Python has counted it
const CUE_PAUSE = 700; // milliseconds without a key after which what was typed is told

function mountCueEditor(model, el) {
  const port = connect(model, el);
  const { signal } = port;
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
  const { page, open, waiting, note, edit, answered, sync } = createCueWire(port);

  // -- what is typed -------------------------------------------------------------------------
  let pause = 0;
  function typed(text) {
    const one = row();
    if (!one) return;
    if (draft?.id !== one.id) draft = { id: one.id, sent: one.text, visit: `t${visits}` };
    draft.text = one.text = text;
    pane.buttons.undo.disabled = false;
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
  const { nudge, settle } = createCueNudge({
    book,
    edit,
    signal,
    onNudge: (place) => dragged(place),
    visit: () => visits,
  });
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
      sound.leave();
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
    // What can be done no more loses the focus, and the notebook would take the keys.
    if (document.activeElement?.disabled && el.contains(document.activeElement)) list.element.focus();
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
      if (Math.abs(one[edge] - seconds) < 5e-4) return "";
      const why = edgeRefusal(book.rows, at(), edge, seconds);
      if (why) return why;
      const [low, high, neighbours] = edgeRange(book.rows, at(), edge);
      one[edge] = Math.max(low, Math.min(high, seconds));
      dragged(at());
      move(at(), { [edge]: one[edge], neighbours });
      return "";
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
      edit("fix all", {}, { then: () => note(book.told ? `${counted(book.told, "problem")} left, to be set right by hand.` : "No problem is left.") });
    },
    undo: () => back("undo"),
    redo: () => back("redo"),
    shift: (by, scope) => {
      leave();
      pane.refuse(pane.by, Number.isFinite(by) && by ? "" : "not a number of seconds: write 0.5, or -0.5 for earlier");
      if (!Number.isFinite(by) || !by) return;
      const which = { all: {}, chosen: { ids: chosenIds() }, from: { from: current } }[scope];
      edit("shift", { by, ...which });
    },
    play: () => hear(row()),
    loop: () => {
      const on = sound.repeat();
      pane.buttons.loop.setAttribute("aria-pressed", String(on));
      if (on) hear(row());
    },
    search: () => {
      unfold(bar.search, pane.buttons.search, bar.search.hidden);
      if (bar.search.hidden) list.element.focus();
      else bar.seek();
    },
    times: () => {
      unfold(pane.shifts, pane.buttons.times, pane.shifts.hidden);
      if (!pane.shifts.hidden) pane.by.focus();
    },
    preview: () => picture.toggle(),
    look: (name) => port.send("look", { name }),
    find: (asked) => finder.find(asked),
    next: (way) => finder.next(way),
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
      bar.saved("");
      bar.file.append(port.status); // what goes wrong is told where it was asked for
      port.send("save", { path, overwrite });
    },
    keep: () => bar.taken(null),
  };
  function unfold(part, node, on) {
    part.hidden = !on;
    node.setAttribute("aria-expanded", String(on));
  }
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
  const media = model.get("media");
  const clip = media?.uid ? media : null;
  const sound = createCueSound(clip, port, book);
  const { wave, seek, hear, tracks } = sound;
  wave.canvas.addEventListener("pointerdown", () => (caret = null), { signal });
  signal.addEventListener("abort", () => clearTimeout(pause));

  // -- finding, drawing, filtering -----------------------------------------------------------
  function filtered() {
    const wrong = (place) => book.rows[place].marks.length > 0;
    const view = only === "all" ? null : [...book.rows.keys()].filter(wrong);
    list.set({ rows: book.rows, view, places: book.places });
    bar.count(book.rows.length, book.wrong, book.curable);
  }

  // -- the parts -----------------------------------------------------------------------------
  const list = new CueList({
    signal,
    uid: page,
    tags: model.get("tags"),
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
  pane.buttons.play.hidden = pane.buttons.loop.hidden = !clip;
  const picture = createCuePicture(port, pane, { page, current: () => current });
  const bar = createCueBar(act, { signal });
  const finder = createCueFinder(port, book, {
    at,
    count: (text) => (bar.found.textContent = text),
    go: (place, start, end) => {
      select(place, false, { go: false });
      pane.text.setSelectionRange(start, end);
    },
  });
  wave.canvas.after(regions.element);
  const told = [pane.shifts, waiting, port.status]; // what is told stands in sight, not below it all
  const notes = h("ul", { className: "wb-cue-notes" }, ...model.get("notes").map((one) => h("li", { textContent: one })));
  named(notes, "Notes");
  el.replaceChildren(port.hide, sound.element, notes, pane.tools, bar.search, ...told, bar.head, list.element, pane.element, bar.file);
  el.classList.add("wb-cues");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Caption editor");
  wireCueKeys(el, { back, problem: act.problem, look: () => (bar.search.hidden ? act.search() : bar.seek()) }, signal);

  // -- from Python ---------------------------------------------------------------------------
  function refresh(first, { scroll = false, typing = false } = {}) {
    if (!book.places.has(current)) {
      const near = book.rows[Math.min(first, book.rows.length - 1)];
      current = anchor = near ? near.id : null;
      draft = null;
    }
    sound.reach();
    filtered();
    regions.set({ rows: book.rows, places: book.places, current: at() });
    shown({ scroll, typing });
    tracks(0, book.rows.length);
    picture.soon();
  }
  port.on("all", (message) => {
    const mine = !message.page || message.page === page;
    if (!mine && message.revision === book.revision && !message.denied) return;
    const first = book.revision === null;
    if (message.page === page && message.seq) answered(message.seq);
    if (message.page === page && message.lost) {
      note(`${message.lost} of your edits did not arrive: what is shown is what there is.`);
    }
    draft = null;
    book.take(message);
    if (first || !book.places.has(current)) current = anchor = message.selected ?? null;
    refresh(0, { scroll: true });
    if (first) sound.open();
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
  let behind = 0;
  port.watch("revision", () => {
    // The change itself follows as a message; where it does not, all of it is asked for, once.
    clearTimeout(behind);
    behind = setTimeout(() => {
      if (book.revision !== null && model.get("revision") > book.revision) sync();
    }, CUE_BEHIND);
  });
  signal.addEventListener("abort", () => clearTimeout(behind));
  port.on("select", (message) => {
    const place = book.places.get(message.id);
    if (place !== undefined && message.id !== current) select(place);
  });
  port.on("taken", (message) => bar.taken(message));
  port.on("saved", (message) => {
    bar.taken(null);
    bar.saved(message.text);
  });
  const file = () => (bar.path.value = model.get("path"));
  port.watch("path", file);
  port.watch(["undoable", "redoable", "unsaved"], () => buttons());
  file();
  pane.show(undefined);
  buttons();
  bar.count(0, 0, 0);
  port.send("hello");
  sync();
  return () => {
    leave();
    settle();
    port.close();
  };
}

export default { render: remounting(mountCueEditor, []) };
