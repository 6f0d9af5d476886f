// The fields and buttons around the list of captions; what they do is told to `act`.

const CUE_ICONS = {
  split: "M9.6 7.6A4 4 0 1 0 7.6 9.6L10 12l-2.4 2.4a4 4 0 1 0 2 2L12 14l7 7h3v-1zM6 8a2 2 0 1 1 0-4 2 2 0 0 1 0 4zm0 12a2 2 0 1 1 0-4 2 2 0 0 1 0 4zM19 3l-6 6 2 2 7-7V3z",
  merge: "M2 11h5V7.5l4.5 4.5L7 16.5V13H2zm20 0h-5V7.5L12.5 12l4.5 4.5V13h5z",
  snap: "M4 4h2v16H4zm14 0h2v16h-2zM7 12l3.5-3.5V11h3V8.5L17 12l-3.5 3.5V13h-3v2.5z",
  rebreak: "M4 19h6v-2H4zM20 5H4v2h16zm-3 6H4v2h13.2a2 2 0 1 1 0 4H15v-2l-3 3 3 3v-2h2a4 4 0 1 0 0-8z",
  find: "M15.5 14h-.8l-.3-.3a6.5 6.5 0 1 0-.7.7l.3.3v.8l5 5 1.5-1.5zm-6 0a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9z",
  times: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 18a8 8 0 1 1 0-16 8 8 0 0 1 0 16zm.5-13H11v6l5.2 3.2.8-1.3-4.5-2.7z",
  preview: "M21 3H3a2 2 0 0 0-2 2v14c0 1.1.9 2 2 2h18a2 2 0 0 0 2-2V5a2 2 0 0 0-2-2zm0 16H3V5h18zM6 14h12v2H6z",
};

/** A field with a label in front of it. */
function labelled(text, field, props = {}) {
  field.classList.add("wb-field");
  field.setAttribute("aria-label", props.name || text);
  return h("label", { className: "wb-labelled" }, h("span", { textContent: text }), field);
}

/** The seconds that a person wrote, such as "1:02.5" or "62,5"; NaN for none. */
function secondsOf(text) {
  const match = /^\s*(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6}(?:[.,]\d{1,6})?)\s*$/.exec(text);
  if (!match) return NaN;
  const [, hours = 0, minutes = 0, seconds] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds.replace(",", "."));
}

/** Text as Python keeps it: one space between words, no empty lines. */
const tidy = (text) =>
  text
    .replace(/[ \t]+/g, " ")
    .replace(/ ?\n[ \n]*/g, "\n")
    .trimStart();

/**
 * The pane of the current caption: text, times, figures, problems, and what can be done.
 *
 * `act` has `typed(text)`, `left()`, `time(edge, seconds)`, `nudge(edge, by)`, `step(by)`, and one
 * function for each button.
 */
function createCuePane(act, { signal, language }) {
  const text = h("textarea", { className: "wb-cue-field wb-field", rows: 3, dir: "auto", lang: language });
  text.setAttribute("aria-label", "Text of the caption");
  text.spellcheck = true;
  const figures = h("span", { className: "wb-cue-figures" });
  const problems = h("ul", { className: "wb-cue-problems" });
  problems.setAttribute("aria-label", "Problems of the caption");
  const hint = h("span", { className: "wb-cue-hint", id: `wb-hint-${Math.random().toString(36).slice(2)}`, hidden: true });
  hint.setAttribute("role", "alert");
  /** Say beside a field why what was written in it is not taken; with an empty text, take that back. */
  function refuse(field, why) {
    for (const other of [times.start, times.end, by]) {
      other.removeAttribute("aria-invalid");
      other.removeAttribute("aria-describedby");
    }
    hint.textContent = why;
    hint.hidden = !why;
    if (!why) return;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", hint.id);
    field.parentElement.after(hint);
  }
  let current = null; // the caption that is shown
  const restore = (field) => (field.value = exact(current[field === times.start ? "start" : "end"]));
  const times = {};
  for (const edge of ["start", "end"]) {
    const field = h("input", { className: "wb-cue-time", type: "text", inputMode: "decimal" });
    times[edge] = field;
    const read = () => {
      const seconds = secondsOf(field.value);
      const why = Number.isNaN(seconds) ? "not a time: write 0:01.500" : act.time(edge, seconds);
      refuse(field, why);
      if (!Number.isNaN(seconds)) restore(field);
    };
    field.addEventListener("change", read, { signal });
    field.addEventListener(
      "keydown",
      (event) => {
        const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (way) act.nudge(edge, way * (event.shiftKey ? 0.1 : 0.01));
        else if (event.key === "Enter") read();
        else return;
        event.preventDefault();
        event.stopPropagation();
      },
      { signal },
    );
  }
  // -- the text ------------------------------------------------------------------------------
  text.addEventListener("input", () => act.typed(text.value), { signal });
  text.addEventListener("focus", () => act.entered(), { signal });
  text.addEventListener("blur", () => act.left(), { signal });
  const keys = {
    Enter: (e) => (e.ctrlKey || e.metaKey) && act.split(),
    Escape: () => act.list(),
    ArrowDown: (e) => e.altKey && act.step(1),
    ArrowUp: (e) => e.altKey && act.step(-1),
    " ": (e) => (e.ctrlKey || e.metaKey) && act.play(),
  };
  text.addEventListener(
    "keydown",
    (event) => {
      if (event.isComposing || !keys[event.key] || keys[event.key](event) === false) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  listen(text, "select keyup click", () => act.caret(text.selectionStart), signal);

  // -- the buttons ---------------------------------------------------------------------------
  const doing = (name, label, path, word = "") => {
    const node = button(label, { path, className: "wb-cue-quiet", onClick: (event) => act[name](event) });
    if (word) node.append(h("span", { className: "wb-cue-word", textContent: word }));
    return node;
  };
  const buttons = {
    play: doing("play", "Play this caption (Ctrl+Space)", ICONS.play, "Play"),
    loop: doing("loop", "Repeat this caption", TOOLS.loop, "Repeat"),
    split: doing("split", "Split at the caret or the playhead (Ctrl+Enter)", CUE_ICONS.split, "Split"),
    merge: doing("merge", "Merge the chosen ones, or this and the next", CUE_ICONS.merge, "Merge"),
    insert: doing("insert", "Insert a caption at the playhead", TUNER_ICONS.add, "Insert"),
    remove: doing("remove", "Delete the chosen captions", TUNER_ICONS.trash, "Delete"),
    snap: doing("snap", "Begin and end with the words that are heard", CUE_ICONS.snap, "Snap"),
    rebreak: doing("rebreak", "Break the lines anew", CUE_ICONS.rebreak, "Lines"),
    undo: doing("undo", "Undo (Ctrl+Z)", TUNER_ICONS.undo),
    redo: doing("redo", "Redo (Ctrl+Shift+Z)", TUNER_ICONS.redo),
    search: doing("search", "Find and replace (Ctrl+F)", CUE_ICONS.find),
    times: doing("times", "Move many at once", CUE_ICONS.times),
    preview: doing("preview", "Show it on the picture", CUE_ICONS.preview, "Preview"),
  };
  buttons.loop.setAttribute("aria-pressed", "false");
  buttons.preview.setAttribute("aria-pressed", "false");
  buttons.search.setAttribute("aria-expanded", "false");
  buttons.times.setAttribute("aria-expanded", "false");
  const by = h("input", { type: "number", step: "0.1", value: "0.5", className: "wb-cue-by" });
  const scope = h("select", {});
  for (const [value, label] of [["all", "All captions"], ["chosen", "The chosen"], ["from", "From here on"]]) {
    scope.append(h("option", { value, textContent: label }));
  }
  const shift = button("Shift captions by so many seconds", {
    text: "Shift",
    onClick: () => act.shift(Number(by.value), scope.value),
  });
  const image = h("img", { className: "wb-cue-picture", hidden: true, alt: "The caption on the picture" });
  const looks = h("select", { hidden: true });
  looks.addEventListener("change", () => act.look(looks.value), { signal });
  const look = labelled("Style", looks);

  const group = (name, role, ...parts) => named(h("div", { className: "wb-cue-group" }, ...parts), name, { role });
  const space = () => h("span", { className: "wb-cue-gap" });
  const b = buttons;
  const from = labelled("from", times.start, { name: "Start" });
  const to = labelled("to", times.end, { name: "End" });
  const edit = h("div", { className: "wb-cue-edit" }, text, group("Times", "group", from, to, hint, figures), problems);
  const side = h("div", { className: "wb-cue-side", hidden: true }, image, look);
  const element = h("div", { className: "wb-cue-pane" }, edit, side);
  const tools = group("Caption", "toolbar", b.play, b.loop, b.split, b.merge, b.insert, b.remove, b.snap, b.rebreak, space(), b.undo, b.redo, b.search, b.times, b.preview);
  tools.classList.add("wb-cue-tools");
  const shifts = group("Many captions", "group", scope, labelled("by", by, { name: "Shift by seconds" }), h("span", { className: "wb-muted", textContent: "seconds" }), shift);
  shifts.classList.add("wb-cue-row");
  shifts.hidden = true;
  scope.classList.add("wb-field");
  scope.setAttribute("aria-label", "Which captions to shift");
  look.hidden = true;

  /** Say how long and how fast it is: for each key, one text node. */
  function figure(row, limit) {
    const letters = [...row.text.replace(/\s+/g, "")].length;
    const pace = letters / Math.max(1e-3, row.end - row.start);
    const longest = Math.max(...row.text.split("\n").map((line) => [...line].length));
    const told = `${(row.end - row.start).toFixed(2)} s · ${pace.toFixed(1)} letters/s · ${longest} in a line`;
    if (figures.textContent !== told) figures.textContent = told;
    figures.classList.toggle("wb-wrong", limit > 0 && pace > limit);
  }
  function mark(row) {
    problems.replaceChildren(
      ...row.marks.map(([kind, told, fixable]) => {
        const item = h("li", {}, h("span", { textContent: told }));
        const name = `Fix: ${told}`;
        if (fixable) item.append(button(name, { text: "Fix", onClick: () => act.fix(kind) }));
        return item;
      }),
    );
  }
  /** Show a caption; `text` only where the person is not in the middle of typing it. */
  function show(row, { limit, typing = false } = {}) {
    const inputs = [text, times.start, times.end, b.play, b.loop, b.split, b.merge, b.remove, b.snap, b.rebreak];
    for (const input of inputs) input.disabled = !row;
    if (row?.id !== current?.id) refuse(text, "");
    current = row;
    if (!row) {
      text.value = times.start.value = times.end.value = figures.textContent = "";
      problems.replaceChildren();
      return;
    }
    if (!typing && text.value !== row.text) text.value = row.text;
    clocks(row);
    figure(row, limit);
    mark(row);
  }
  function clocks(row) {
    for (const edge of ["start", "end"]) {
      const told = exact(row[edge]);
      if (times[edge].value === told) continue;
      times[edge].value = told;
      if (times[edge].hasAttribute("aria-invalid")) refuse(times[edge], "");
    }
  }
  return { element, tools, shifts, by, side, text, times, buttons, image, look, looks, figure, clocks, show, refuse };
}

/** The preview of the current caption: drawn by Python when it is open and something changed. */
function createCuePicture(port, pane, { page, current }) {
  const { model, signal } = port;
  const { image, look, looks, side } = pane;
  const button = pane.buttons.preview;
  let url = "";
  let timer = 0;
  const drop = () => url && URL.revokeObjectURL(url);
  const draw = () => port.send("preview", { id: current(), ask: page });
  const soon = () => {
    if (looks.hidden || current() === null) return;
    clearTimeout(timer);
    timer = setTimeout(draw, 300);
  };
  const names = () => {
    const known = model.get("styles");
    looks.replaceChildren(...known.map((name) => h("option", { value: name, textContent: name })));
    looks.value = model.get("caption_style");
    soon();
  };
  port.watch(["styles", "caption_style"], names);
  port.on("preview", (message, buffers) => {
    if (message.ask !== page || looks.hidden) return;
    drop();
    url = URL.createObjectURL(new Blob(buffers, { type: "image/png" }));
    image.src = url;
    image.hidden = false;
  });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    drop();
  });
  names();
  return {
    soon,
    toggle: () => {
      const on = looks.hidden;
      button.setAttribute("aria-pressed", String(on));
      side.hidden = look.hidden = looks.hidden = !on;
      image.hidden = true;
      if (on) draw();
    },
  };
}
