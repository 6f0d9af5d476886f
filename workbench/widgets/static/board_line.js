// One line of the line board (line_board.js): its text, sound, flags and takes.

/** A sound without words: what `createPlayer` needs of a take, its outline apart. */
function soundOf(version, peaks) {
  const none = { words: [], cues: [], breaks: [], notes: [], size: [], src: "", version: "" };
  const { clip, about, duration } = version;
  return { ...none, kind: "audio", captioned: false, language: "", uid: clip, about, duration, peaks };
}

/** How long something is, for a person: seconds, and above a minute as on a clock. */
const lasting = (seconds) => (seconds < 59.95 ? `${seconds.toFixed(1)} s` : clock(seconds + 0.05).replace(/\.\d$/, ""));

/** One line of the board: what is always to be seen, and more when it is the current one. */
class BoardLine {
  constructor(board, id) {
    Object.assign(this, { board, id, data: null, players: new Map(), seen: false, typed: null });
    this.draft = { voice: null, options: {} }; // of the next retake
    this.panel = null; // what is open below the current line
    this.picked = null; // the take that was chosen, until Python has answered
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
    this.hint = h("div", { className: "wb-muted wb-hint", hidden: true });
    this.hint.setAttribute("role", "status");
    this.more = h("div", { className: "wb-line-more", hidden: true });
    const facts = h("div", { className: "wb-line-facts" }, this.voice, this.measures, this.flags);
    const middle = h("div", { className: "wb-line-middle" }, this.text, facts, this.fault, this.hint);
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
  update(row) {
    const more = this.data && row.versions.length !== this.data.versions.length;
    if (this.data && row.versions.length > this.data.versions.length) this.draft = { voice: null, options: {} };
    if (more || row.shown === this.picked) this.picked = null;
    const data = this.picked === null ? row : { ...row, shown: this.picked };
    this.data = data;
    this.say("");
    const { accepted, kept, shown, flags, fault } = data;
    this.number.textContent = data.number;
    const pending = kept !== shown;
    const word = pending ? "to judge" : accepted ? "accepted" : "";
    this.state.replaceChildren(...(word === "accepted" ? [icon(ICONS.check)] : []), word === "to judge" ? word : "");
    this.state.title = word;
    this.state.className = `wb-state${pending ? " wb-pending" : ""}`;
    this.element.classList.toggle("wb-flagged", flags.length > 0);
    const versions = data.versions.length > 1 ? `, ${data.versions.length} takes` : "";
    this.voice.textContent = `${data.voice}, ${lasting(data.duration)}${versions}`;
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
    if (current) this.drawMore();
    else {
      this.more.replaceChildren();
      this.panel = null;
    }
    this.drawSound();
    if (held && held !== document.activeElement) this.refocus(held);
  }

  /** What had the focus was moved or drawn anew: it, or what took its place, has it again. */
  refocus(held) {
    const { type, value } = held;
    const radio = type === "radio" && this.more.querySelector(`[type=radio][value="${CSS.escape(value)}"]`);
    (held.isConnected ? held : radio || this.element).focus({ preventScroll: true });
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

  /** What opens below the current line: made once, so that redrawing takes no focus away. */
  drawMore() {
    const { data, board } = this;
    if (!this.panel) {
      const parts = createRetake(this);
      const edit = button("Edit the text (e)", { text: "Edit text", onClick: () => this.edit() });
      const accept = button("", { onClick: () => (this.settled ? board.say("reopen", this.id) : this.accept()) });
      const acts = h("div", { className: "wb-acts" }, parts.again, edit, parts.voice, accept);
      const versions = h("div", { hidden: true });
      const flags = h("ul", { className: "wb-flag-list" });
      this.panel = { ...parts, accept, versions, flags, note: this.noteField(), listed: "" };
      this.more.replaceChildren(acts, parts.fold, versions, flags, this.panel.note);
    }
    const { panel, settled } = this;
    panel.draw();
    const label = settled ? "Reopen: not right after all" : `${this.acceptName} into the narration (a)`;
    panel.accept.title = named(panel.accept, label).getAttribute("aria-label");
    panel.accept.replaceChildren(...(settled ? ["Reopen"] : [icon(ICONS.check), this.acceptName]));
    panel.accept.classList.toggle("wb-main", !settled);
    const listed = JSON.stringify([data.versions, data.shown, data.kept, data.text]);
    if (listed !== panel.listed) {
      panel.versions.hidden = data.versions.length < 2;
      panel.versions.replaceChildren(...(panel.versions.hidden ? [] : [this.versionList()]));
      panel.listed = listed;
    }
    panel.flags.replaceChildren(...data.flags.map(({ text }) => h("li", { textContent: text })));
    if (document.activeElement !== panel.note) panel.note.value = data.note;
  }

  /** Whether the take in front is the one that was accepted. */
  get settled() {
    const { accepted, kept, shown } = this.data;
    return accepted && kept === shown;
  }

  // -- what a retake would be --------------------------------------------------------------------

  /** Who would speak; empty for a preset, which has options of its own. */
  get engine() {
    const { voice } = this.draft;
    if (voice === null) return this.data.engine;
    return this.board.voices.find(({ name }) => name === voice)?.engine || "";
  }

  /** The options that it would have as it stands. */
  get base() {
    if (this.draft.voice === null) return this.data.options;
    const { controls = [] } = this.board.engines[this.engine] || {};
    return Object.fromEntries(controls.map((control) => [control.name, control.default]));
  }

  /** What is unlike the take in front. */
  get changes() {
    const { base, draft, typed } = this;
    const options = Object.entries(draft.options).filter(([name, value]) => value !== base[name]);
    return {
      ...(draft.voice === null ? {} : { voice: draft.voice }),
      ...(typed === null ? {} : { text: typed }),
      options: Object.fromEntries(options),
    };
  }

  /** Why a retake would be of no use now; empty when it is. */
  get idle() {
    const { board, changes, data, engine } = this;
    if (board.busy) return "Wait until the work that is going on has ended, or stop it.";
    const same = !("voice" in changes) && (changes.text ?? data.text) === data.text;
    if (!same || Object.keys(changes.options).length || !board.fixed) return "";
    if (board.engines[engine]?.seeded !== false) return "";
    return `${engine} speaks without chance: change the text, the voice or an option first.`;
  }

  /** What Accept does: where there are several takes it says which of them it means. */
  get acceptName() {
    return this.data.versions.length > 1 ? `Accept take ${this.data.shown + 1}` : "Accept";
  }

  noteField() {
    const onchange = () => this.board.say("note", this.id, { text: note.value });
    const about = { className: "wb-field wb-note", placeholder: "Note", maxLength: 5000, onchange };
    const note = h("input", { ...about, value: this.data.note });
    note.setAttribute("aria-label", "Note");
    return note;
  }

  versionList() {
    const { data, board } = this;
    const list = h("div", { className: "wb-versions" });
    list.setAttribute("role", "radiogroup");
    list.setAttribute("aria-label", "Takes of this line");
    data.versions.forEach((version, index) => {
      const onchange = () => this.pick(index);
      const name = `wb-${board.uid}-${this.id}`;
      const pick = h("input", { type: "radio", name, value: index, checked: index === data.shown, onchange });
      const where = index === data.kept ? "in the narration" : "";
      const facts = [`${index + 1}`, version.about, lasting(version.duration), where].filter(Boolean);
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
      this.panel?.draw();
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
    if (text === this.data.text && this.idle) return this.leave();
    // The words stay in the field until they are spoken: an error must not lose them.
    return this.board.say("retake", this.id, { ...this.changes, text });
  }

  retake() {
    const why = this.idle;
    return why ? this.say(why) : this.board.say("retake", this.id, this.changes);
  }

  accept() {
    this.board.say("accept", this.id, { version: this.data.shown });
  }

  /** Choose a take: it comes to the front, and Accept means it from now on. */
  pick(index) {
    if (index === this.data.shown) return;
    this.picked = index;
    this.update(this.data);
    this.board.say("show", this.id, { version: index });
  }

  /** Choose the take with a number, counted from 1, and let it be heard. */
  hear(number) {
    const version = this.data.versions[number - 1];
    if (!version) return this.say(`There is no take ${number}.`);
    this.pick(number - 1);
    return this.player(version).toggle();
  }

  toggle() {
    this.player(this.version).toggle();
  }

  /** Say a word about the line, until something happens with it. */
  say(text) {
    this.hint.textContent = text;
    this.hint.hidden = !text;
  }

  destroy() {
    this.players.forEach((player) => player.destroy());
    this.element.remove();
  }
}
