// The line board: see workbench/widgets/line_board.py for the state and the messages.

const LINE_KEYS =
  "j, k: next, previous line · space: play · e: edit · r: retake · a: accept · 1–9: hear a take · f: filter · u: undo";

/** A sound without words: what `createPlayer` needs of a take, its outline apart. */
function soundOf(version, peaks) {
  const none = { words: [], cues: [], breaks: [], notes: [], size: [], src: "", version: "" };
  const { clip, about, duration } = version;
  return { ...none, kind: "audio", captioned: false, language: "", uid: clip, about, duration, peaks };
}

/** One line of the board: what is always to be seen, and more when it is the current one. */
class BoardLine {
  constructor(board, id) {
    Object.assign(this, { board, id, data: null, players: new Map(), seen: false, typed: null });
    const { signal } = board.port;
    this.number = h("span", { className: "wb-number" });
    this.text = h("div", { className: "wb-line-text", dir: "auto" });
    this.sound = h("div", { className: "wb-line-sound" });
    this.voice = h("span", { className: "wb-muted wb-line-voice" });
    this.measures = h("span", { className: "wb-muted wb-line-measures" });
    this.state = h("span", { className: "wb-state" });
    this.flags = h("span", { className: "wb-flags" });
    this.fault = h("div", { className: "wb-fault", hidden: true });
    this.fault.setAttribute("role", "alert");
    this.more = h("div", { className: "wb-line-more", hidden: true });
    const facts = h("div", { className: "wb-line-facts" }, this.voice, this.measures, this.flags);
    const middle = h("div", { className: "wb-line-middle" }, this.text, facts, this.fault);
    const parts = [this.number, middle, this.sound, this.state, this.more];
    this.element = h("div", { className: "wb-line", tabIndex: -1 }, ...parts);
    this.element.setAttribute("role", "listitem");
    this.element.dataset.id = id;
    // A line that is chosen grows: not before the button is up, or the click would miss its aim.
    listen(this.element, "click", () => board.choose(id), signal);
    listen(this.element, "focusin", () => board.held || board.choose(id), signal);
    // Not on a double click: the line moves with the first, and the second would miss it.
    const onText = () => this.field || !getSelection().isCollapsed || this.edit();
    listen(this.text, "click", onText, signal);
  }

  get current() {
    return this.board.current === this.id;
  }

  get version() {
    return this.data.versions[this.data.shown];
  }

  /** Show what is known of the line; what somebody is typing stays. */
  update(data) {
    this.data = data;
    const { accepted, kept, shown, flags, fault } = data;
    this.number.textContent = data.number;
    const pending = kept !== shown;
    const word = pending ? "to judge" : accepted ? "accepted" : "";
    this.state.replaceChildren(...(word === "accepted" ? [icon(ICONS.check)] : []), word === "to judge" ? word : "");
    this.state.title = word;
    this.state.className = `wb-state${pending ? " wb-pending" : ""}`;
    this.element.classList.toggle("wb-flagged", flags.length > 0);
    const versions = data.versions.length > 1 ? `, ${data.versions.length} takes` : "";
    this.voice.textContent = `${data.voice}, ${data.duration.toFixed(1)} s${versions}`;
    this.flags.replaceChildren(
      ...flags.map(({ kind, text }) => h("span", { className: "wb-flag", textContent: kind, title: text })),
    );
    this.fault.textContent = fault;
    this.fault.hidden = !fault;
    const said = `Line ${data.number}: ${data.text}`;
    const told = [word, ...flags.map(({ kind }) => kind)].filter(Boolean).join(", ");
    this.element.setAttribute("aria-label", told ? `${said} (${told})` : said);
    this.draw();
  }

  /** The parts that depend on whether it is the current line or in view. */
  draw() {
    const { current, data } = this;
    const held = this.element.contains(document.activeElement) ? document.activeElement : null;
    this.element.classList.toggle("wb-current", current);
    this.element.tabIndex = current ? 0 : -1;
    if (current) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
    if (!this.field) this.text.textContent = data.text;
    else if (this.typed === null) this.field.value = data.text;
    this.more.hidden = !current;
    if (!current) this.more.replaceChildren();
    else this.drawMore();
    this.drawSound();
    if (held && !held.isConnected) this.refocus(held.getAttribute("aria-label"));
  }

  /** What had the focus was drawn anew: it goes to what took its place, so that keys go on. */
  refocus(label) {
    const same = label && this.more.querySelector(`[aria-label="${CSS.escape(label)}"]:not(:disabled)`);
    (same || this.element).focus({ preventScroll: true });
  }

  /** The player of the version in front, once the line has come into view. */
  drawSound() {
    const wanted = new Set();
    if (this.seen || this.current) wanted.add(this.version.clip);
    if (this.current) this.data.versions.forEach(({ clip }) => wanted.add(clip));
    for (const [uid, player] of this.players) {
      if (wanted.has(uid)) continue;
      player.destroy();
      this.players.delete(uid);
    }
    if (!wanted.has(this.version.clip)) return this.sound.replaceChildren();
    const player = this.player(this.version);
    if (player.element.parentNode !== this.sound) this.sound.replaceChildren(player.element);
    const look = this.board.looks.get(this.version.clip);
    this.measures.replaceChildren(
      ...(look?.cells || []).map(({ text, help }) => h("span", { textContent: text, title: help })),
    );
  }

  player(version) {
    const uid = version.clip;
    if (this.players.has(uid)) return this.players.get(uid);
    const look = this.board.looks.get(uid);
    const label = `Line ${this.data.number}: ${version.about}`;
    const options = { compact: true, lazy: true, label };
    const player = createPlayer(soundOf(version, look?.peaks), this.board.port, options);
    this.players.set(uid, player);
    if (!look) this.board.ask(uid);
    return player;
  }

  /** An outline or measures have come. */
  looked(uid) {
    const { peaks } = this.board.looks.get(uid);
    this.players.get(uid)?.wave.set({ peaks: signed(peaks) });
    if (this.version.clip === uid) this.drawSound();
  }

  drawMore() {
    const { data, board } = this;
    // What has the focus is not taken away while somebody works with it.
    const held = document.activeElement;
    const note = this.more.contains(held) && held.matches(".wb-note") ? held : null;
    const acts = h(
      "div",
      { className: "wb-acts" },
      button("Speak this line again (r)", { path: ICONS.again, text: "Retake", onClick: () => this.retake() }),
      button("Edit the text (e)", { text: "Edit text", onClick: () => this.edit() }),
      this.voiceField(),
      data.accepted && data.kept === data.shown
        ? button("Not right after all", { text: "Reopen", onClick: () => board.say("reopen", this.id) })
        : button("Take this version into the narration (a)", {
            path: ICONS.check,
            text: "Accept",
            className: "wb-main",
            onClick: () => this.accept(),
          }),
    );
    acts.querySelectorAll("button, select").forEach((node) => {
      if (board.busy && !node.matches(".wb-main")) node.disabled = true;
    });
    const notes = note || this.noteField();
    const flags = h("ul", { className: "wb-flag-list" });
    flags.append(...data.flags.map(({ text }) => h("li", { textContent: text })));
    const versions = data.versions.length > 1 ? [this.versionList()] : [];
    if (note) {
      this.more.querySelector(".wb-acts").replaceWith(acts);
      this.more.querySelector(".wb-versions")?.remove();
      acts.after(...versions);
      this.more.querySelector(".wb-flag-list").replaceWith(flags);
    } else {
      this.more.replaceChildren(acts, ...versions, flags, notes);
    }
  }

  noteField() {
    const onchange = () => this.board.say("note", this.id, { text: note.value });
    const about = { className: "wb-field wb-note", placeholder: "Note", maxLength: 5000, onchange };
    const note = h("input", { ...about, value: this.data.note });
    note.setAttribute("aria-label", "Note");
    return note;
  }

  voiceField() {
    const { board, data } = this;
    const onchange = () => this.retake({ voice: select.value });
    const title = "Speak it with another voice";
    const select = h("select", { className: "wb-field wb-voices", title, onchange });
    select.setAttribute("aria-label", "Voice");
    const fill = () => {
      const known = board.voices.some(({ name }) => name === data.voice);
      const all = known ? board.voices : [{ name: data.voice, label: data.voice }, ...board.voices];
      select.replaceChildren(...all.map(({ name, label }) => h("option", { value: name, textContent: label })));
      select.value = data.voice;
    };
    fill();
    return select;
  }

  versionList() {
    const { data, board } = this;
    const list = h("div", { className: "wb-versions" });
    list.setAttribute("role", "radiogroup");
    list.setAttribute("aria-label", "Takes of this line");
    data.versions.forEach((version, index) => {
      const onchange = () => board.say("show", this.id, { version: index });
      const name = `wb-${board.uid}-${this.id}`;
      const pick = h("input", { type: "radio", name, checked: index === data.shown, onchange });
      const where = index === data.kept ? "in the narration" : "";
      const facts = [`${index + 1}`, version.about, `${version.duration.toFixed(1)} s`, where].filter(Boolean);
      const label = h("label", {}, pick, h("span", { textContent: facts.join(" · ") }));
      const item = h("div", { className: "wb-version" }, label);
      if (version.text !== data.text) {
        item.append(h("div", { className: "wb-muted", dir: "auto", textContent: version.text }));
      }
      if (index !== data.shown) item.append(this.player(version).element);
      list.append(item);
    });
    return list;
  }

  // -- what a person does ----------------------------------------------------------------------

  edit() {
    if (this.field) return this.field.focus();
    const field = h("textarea", { className: "wb-field wb-line-field", value: this.data.text, dir: "auto", rows: 1 });
    field.setAttribute("aria-label", `Text of line ${this.data.number}`);
    field.lang = this.data.language;
    const fit = () => {
      field.style.height = "auto";
      field.style.height = `${field.scrollHeight + 2}px`;
    };
    const speak = button("Speak the text (Enter)", { text: "Speak", className: "wb-main", onClick: () => this.speak() });
    const leave = button("Leave the text as it was (Escape)", { text: "Cancel", onClick: () => this.leave() });
    field.oninput = () => {
      this.typed = field.value;
      fit();
    };
    field.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.leave();
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.speak();
    };
    this.field = field;
    this.text.replaceChildren(field, h("div", { className: "wb-acts" }, speak, leave));
    fit();
    field.focus();
  }

  leave() {
    this.field = null;
    this.typed = null;
    this.text.textContent = this.data.text;
    this.element.focus();
  }

  speak() {
    const text = this.field.value;
    if (text === this.data.text) return this.leave();
    // The words stay in the field until they are spoken: an error must not lose them.
    return this.board.say("retake", this.id, { text });
  }

  retake(ways = {}) {
    const text = this.typed;
    this.board.say("retake", this.id, text === null ? ways : { ...ways, text });
  }

  accept() {
    this.board.say("accept", this.id, { version: this.data.shown });
  }

  toggle(index = this.data.shown) {
    const version = this.data.versions[index];
    if (version) this.player(version).toggle();
  }

  destroy() {
    this.players.forEach((player) => player.destroy());
    this.element.remove();
  }
}

/** The board: its lines, the joined narration above them, and the keys. */
function mountBoard(model, el) {
  const port = connect(model, el);
  const { signal } = port;
  const lines = new Map();
  let joined = null;
  let asking = [];
  let now = null;

  const board = {
    port,
    uid: model.get("uid"),
    current: "",
    held: false, // a button of the mouse is down
    voices: [],
    looks: new Map(),
    get busy() {
      return model.get("busy");
    },
    say: (kind, id, content = {}) => port.send(kind, { id, ...content }),
    // Outlines are asked for together, when the page has drawn what is new.
    ask: (uid) => {
      if (!asking.length) {
        queueMicrotask(() => {
          port.send("look", { uids: asking });
          asking = [];
        });
      }
      asking.push(uid);
    },
    choose: (id) => {
      if (board.current === id) return;
      const before = lines.get(board.current);
      const line = lines.get(id);
      const top = line?.element.offsetTop - list.scrollTop;
      board.current = id;
      before?.draw();
      line?.draw();
      // The line stays under the hand, whatever closes above it.
      if (before && line) list.scrollTop = line.element.offsetTop - top;
    },
  };

  // -- elements --------------------------------------------------------------------------------
  const whole = h("div", { className: "wb-whole" });
  const told = h("span", { className: "wb-told" });
  told.setAttribute("role", "status");
  const only = button("Only lines with flags or something to judge", { text: "Flagged only" });
  only.setAttribute("aria-pressed", "false");
  const undo = button("Undo the last change (u)", { text: "Undo", onClick: () => port.send("undo") });
  const hear = button("Have a recogniser listen to every line", { text: "Listen", onClick: () => port.send("listen") });
  const stop = button("Stop", { path: ICONS.stop, text: "Stop", onClick: () => port.send("stop") });
  const doing = h("span", { className: "wb-muted" });
  const done = h("progress", { max: 1, value: 0 });
  done.setAttribute("aria-label", "Progress");
  const work = h("span", { className: "wb-work", hidden: true }, doing, done, stop);
  const head = h("div", { className: "wb-board-head" }, told, work, hear, undo, only);
  const list = h("div", { className: "wb-lines" });
  list.setAttribute("role", "list");
  list.setAttribute("aria-label", "Lines");
  list.setAttribute("aria-description", LINE_KEYS);
  const keys = h("div", { className: "wb-muted wb-keys", textContent: LINE_KEYS });
  el.classList.add("wb-board");
  el.replaceChildren(port.hide, whole, head, list, keys, port.status);

  // -- lines -----------------------------------------------------------------------------------
  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const line = lines.get(target.dataset.id);
        if (!line || line.seen === isIntersecting) continue;
        const playing = [...line.players.values()].some(({ media }) => !media.paused);
        line.seen = isIntersecting || playing;
        line.drawSound();
      }
    },
    { root: list, rootMargin: "240px" },
  );
  signal.addEventListener("abort", () => sight.disconnect());

  function drawLines() {
    const rows = model.get("rows");
    const ids = new Set(rows.map(({ id }) => id));
    for (const [id, line] of lines) {
      if (ids.has(id)) continue;
      sight.unobserve(line.element);
      line.destroy();
      lines.delete(id);
    }
    rows.forEach((row, index) => {
      let line = lines.get(row.id);
      if (!line) {
        line = new BoardLine(board, row.id);
        lines.set(row.id, line);
        sight.observe(line.element);
      }
      if (list.children[index] !== line.element) list.insertBefore(line.element, list.children[index] || null);
      const same = JSON.stringify(row);
      if (line.same === same) return;
      const spoken = line.data && row.versions.length > line.data.versions.length;
      if (line.field && spoken) {
        line.field = null; // what was typed is spoken now
        line.typed = null;
      }
      line.same = same;
      line.update(row);
    });
    if (!lines.has(board.current)) board.current = "";
    if (!board.current && rows.length) board.choose(rows[0].id);
    tell(rows);
    filter();
  }
  function tell(rows) {
    const count = (test) => rows.filter(test).length;
    const judge = count(({ kept, shown }) => kept !== shown);
    const parts = [
      `${rows.length} line${rows.length === 1 ? "" : "s"}`,
      `${count(({ accepted }) => accepted)} accepted`,
      judge ? `${judge} to judge` : "",
      `${count(({ flags }) => flags.length)} flagged`,
    ];
    told.textContent = parts.filter(Boolean).join(" · ");
    undo.disabled = !model.get("undoable");
  }
  const wanted = ({ flags, kept, shown, fault }) => flags.length > 0 || kept !== shown || Boolean(fault);
  function filter() {
    const narrow = only.getAttribute("aria-pressed") === "true";
    // The current line stays where it is: it would vanish under the hand that mends it.
    lines.forEach((line) => {
      line.element.hidden = narrow && !wanted(line.data) && !line.current;
    });
  }
  function go(step) {
    const shown = [...list.children].filter(({ hidden }) => !hidden);
    const at = shown.findIndex(({ dataset }) => dataset.id === board.current);
    const next = shown[Math.max(0, Math.min(shown.length - 1, at + step))];
    if (!next) return;
    board.choose(next.dataset.id);
    next.focus({ preventScroll: true });
    reveal(next);
  }
  /** Only the list scrolls: scrollIntoView would move the notebook. */
  function reveal(element) {
    const top = element.offsetTop;
    const bottom = top + element.offsetHeight;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  }

  // -- the joined narration ----------------------------------------------------------------------
  function drawJoined() {
    const clip = model.get("joined");
    const was = joined && { time: joined.media.currentTime, playing: !joined.media.paused };
    joined?.destroy();
    joined = createPlayer(clip, port, { compact: true, lazy: true, label: "The whole narration" });
    whole.replaceChildren(joined.element);
    const { media } = joined;
    const light = () => {
      const { id } = model.get("rows")[lastBegun(clip.cues, media.currentTime + 1e-3)] || {};
      const line = lines.get(id)?.element;
      if (now !== line) {
        now?.classList.remove("wb-now");
        line?.classList.add("wb-now");
        now = line;
      }
      if (line && !media.paused) reveal(line);
    };
    listen(media, "timeupdate seeked play", light, signal);
    if (!was?.time) return;
    joined.seek(Math.min(was.time, clip.duration));
    if (was.playing) joined.play();
  }

  // -- what it hears -----------------------------------------------------------------------------
  port.on("outlines", ({ uids }, buffers) => {
    uids.forEach((uid, i) => {
      board.looks.set(uid, { ...board.looks.get(uid), peaks: buffers[i] });
      lines.forEach((line) => line.players.has(uid) && line.looked(uid));
    });
  });
  port.on("measures", ({ uid, cells }) => {
    board.looks.set(uid, { ...board.looks.get(uid), cells });
    lines.forEach((line) => line.players.has(uid) && line.looked(uid));
  });
  port.on("voices", ({ voices }) => {
    board.voices = voices;
    lines.get(board.current)?.draw();
  });
  function drawWork() {
    work.hidden = !model.get("busy");
    doing.textContent = model.get("doing");
    const part = model.get("progress");
    if (part > 0) done.value = part;
    else done.removeAttribute("value");
    hear.hidden = !model.get("listener");
    hear.disabled = model.get("busy");
    const at = model.get("at");
    lines.forEach((line, id) => {
      line.element.toggleAttribute("aria-busy", id === at);
      line.element.classList.toggle("wb-busy", id === at);
    });
  }
  port.watch(["progress", "doing", "at", "listener"], drawWork);
  port.watch("busy", () => {
    drawWork();
    lines.get(board.current)?.draw();
  });
  port.watch("rows", drawLines);
  port.watch("joined", drawJoined);
  port.watch("undoable", () => tell(model.get("rows")));
  listen(only, "click", () => {
    only.setAttribute("aria-pressed", String(only.getAttribute("aria-pressed") !== "true"));
    filter();
  }, signal);

  // Jupyter looks for this on what has the focus first: "a" would insert a cell.
  listen(el, "focusin", ({ target }) => (target.dataset.lmSuppressShortcuts = "true"), signal, true);
  listen(el, "pointerdown", () => (board.held = true), signal, true);
  listen(window, "pointerup pointercancel", () => (board.held = false), signal, true);
  const acts = {
    j: () => go(1),
    ArrowDown: () => go(1),
    k: () => go(-1),
    ArrowUp: () => go(-1),
    Home: () => go(-lines.size),
    End: () => go(lines.size),
    " ": (line) => line.toggle(),
    e: (line) => line.edit(),
    Enter: (line) => line.edit(),
    r: (line) => board.busy || line.retake(),
    a: (line) => line.accept(),
    f: () => only.click(),
    u: () => port.send("undo"),
  };
  listen(el, "keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches("textarea, select, input:not([type=radio])")) return;
    if (target.matches("button") && (key === " " || key === "Enter")) return;
    if (target.matches("[type=radio]") && (key === " " || key.startsWith("Arrow"))) return;
    const line = lines.get(board.current);
    const act = /^[1-9]$/.test(key) ? () => line.toggle(Number(key) - 1) : acts[key];
    if (!act || !line) return;
    event.preventDefault();
    event.stopPropagation();
    act(line);
  }, signal);

  drawLines();
  drawJoined();
  drawWork();
  port.send("hello");
  port.send("voices?");
  return () => {
    lines.forEach((line) => line.destroy());
    port.close();
  };
}

export default { render: remounting(mountBoard) };
