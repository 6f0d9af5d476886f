// The rows around the list: what is listed, find and replace, save.

/** The rows: `head` says what is listed, `search` finds and replaces, `file` saves. */
function createCueBar(act, { signal }) {
  const field = (label, type = "text") => {
    const node = h("input", { type, className: "wb-field", placeholder: label });
    node.setAttribute("aria-label", label);
    return node;
  };
  const flag = (label, text) => {
    const node = button(label, { text });
    node.setAttribute("aria-pressed", "false");
    node.addEventListener("click", () => {
      node.setAttribute("aria-pressed", String(node.getAttribute("aria-pressed") === "false"));
      look();
    }, { signal });
    return node;
  };
  const find = field("Find");
  const change = field("Replace by");
  const kase = flag("Capital letters count", "Aa");
  const words = flag("Whole words only", "W");
  const found = h("span", { className: "wb-muted wb-cue-found" });
  found.setAttribute("role", "status");
  const asked = () => ({
    text: find.value,
    change: change.value,
    case: kase.getAttribute("aria-pressed") === "true",
    words: words.getAttribute("aria-pressed") === "true",
  });
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    timer = setTimeout(() => act.find(asked()), 120);
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  find.addEventListener("input", look, { signal });
  find.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      act.next(event.shiftKey ? -1 : 1);
    },
    { signal },
  );
  const filter = h("select", { className: "wb-field" });
  filter.setAttribute("aria-label", "Which captions are listed");
  filter.append(h("option", { value: "all" }), h("option", { value: "wrong" }));
  filter.addEventListener("change", () => act.filter(filter.value), { signal });
  const quiet = "wb-cue-quiet";
  const next = button("Go to the next problem (F8)", { text: "Next problem", className: quiet, onClick: () => act.problem() });
  const fix = button("Fix all that has an obvious cure", { text: "Fix all", className: quiet, onClick: () => act.fixAll() });
  const path = field("File: .srt, .vtt, .ass or .ttml");
  path.classList.add("wb-cue-path");
  const save = button("Save the captions", { path: TUNER_ICONS.keep, text: "Save", className: "wb-cue-save", onClick: () => act.save(path.value) });
  path.addEventListener("keydown", (event) => event.key === "Enter" && act.save(path.value), { signal });
  const saved = h("p", { className: "wb-cue-saved wb-muted", hidden: true });
  saved.setAttribute("role", "status");
  const conflict = h("div", { className: "wb-cue-conflict", hidden: true });
  conflict.setAttribute("role", "alert");

  const head = h("div", { className: "wb-cue-group wb-cue-head" }, filter, h("span", { className: "wb-cue-gap" }), next, fix);
  const search = h(
    "div",
    { className: "wb-cue-group wb-cue-row", hidden: true },
    find,
    kase,
    words,
    button("Previous match", { text: "‹", onClick: () => act.next(-1) }),
    button("Next match", { text: "›", onClick: () => act.next(1) }),
    found,
    change,
    button("Replace in this caption", { text: "Replace", onClick: () => act.replace(asked(), false) }),
    button("Replace in all captions", { text: "All", onClick: () => act.replace(asked(), true) }),
  );
  search.setAttribute("role", "search");
  search.setAttribute("aria-label", "Find and replace");
  search.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      act.search();
    },
    { signal },
  );
  const file = h("div", { className: "wb-cue-file" }, h("div", { className: "wb-cue-group" }, path, save), saved, conflict);
  return {
    head,
    search,
    file,
    found,
    path,
    filter,
    fix,
    next,
    save,
    /** Begin to find: the row is there, and what stands in it is chosen. */
    seek() {
      find.focus();
      find.select();
    },
    ask: look,
    count(all, wrong, curable) {
      filter.options[0].textContent = `All captions (${all})`;
      filter.options[1].textContent = `With problems (${wrong})`;
      next.disabled = !wrong;
      fix.disabled = !curable;
      fix.title = curable ? fix.getAttribute("aria-label") : "no problem here has an obvious cure";
    },
    /** Say what was written; nothing, before it is. */
    saved(text) {
      saved.textContent = text;
      saved.hidden = !text;
    },
    taken(message) {
      conflict.hidden = !message;
      if (!message) return;
      const replace = button("Replace the file", {
        text: "Replace it",
        onClick: () => act.save(message.path, true),
      });
      const leave = button("Leave the file as it is", { text: "Leave it", onClick: () => act.keep() });
      conflict.replaceChildren(h("span", { textContent: message.text }), replace, leave);
    },
  };
}

/**
 * What is found, as Python says: the page looks for nothing itself.
 *
 * `go(place, start, end)` leads to a match, `count(text)` says how many there are.
 */
function createCueFinder(port, book, { at, count, go }) {
  let asked = {};
  let places = [];
  let now = -1;
  port.on("found", (message) => {
    if (message.ask !== asked.ask) return;
    places = message.places;
    count(asked.text.trim() ? `${places.length} found` : "");
    // From the current caption on, not from the beginning.
    now = places.findIndex(([id]) => book.places.get(id) >= at()) - 1;
  });
  return {
    find(told) {
      asked = { ...told, ask: Math.random() };
      places = [];
      port.send("find", { ask: asked.ask, text: told.text, case: told.case, words: told.words });
    },
    next(way) {
      if (!places.length) return;
      now = (Math.max(now, way < 0 ? 0 : -1) + way + places.length) % places.length;
      const [id, start, end] = places[now];
      count(`${now + 1} of ${places.length}`);
      const place = book.places.get(id);
      if (place === undefined) return;
      const letters = [...book.rows[place].text]; // Python counts them, the page its halves too
      go(place, letters.slice(0, start).join("").length, letters.slice(0, end).join("").length);
    },
  };
}

/** The keys of the whole editor: undo and redo outside of one-line fields, find, the next problem. */
function wireCueKeys(el, { back, problem, look }, signal) {
  const steps = { z: (event) => back(event.shiftKey ? "redo" : "undo"), y: () => back("redo") };
  el.addEventListener(
    "keydown",
    (event) => {
      const key = event.key.toLowerCase();
      const control = (event.ctrlKey || event.metaKey) && !event.altKey;
      if (event.key === "F8") problem();
      else if (control && key === "f" && !event.shiftKey) look();
      else if (control && steps[key] && !event.target.matches("input")) steps[key](event);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
}
