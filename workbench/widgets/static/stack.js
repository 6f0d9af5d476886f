// Takes one above the other, linked in time: see workbench/widgets/stack.py.

const LOADED = 12; // rows whose sound is fetched at once; the others' when they are first heard

function mount(model, el) {
  const port = connect(model, el);
  const { signal } = port;
  const rows = model.get("rows");
  const element = h("div", { className: "wb-stack", tabIndex: -1 });
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", `${rows.length} takes`);
  let active = model.get("active");
  let align = model.get("align");

  // -- time: what each row is at when the one that is heard is at `time` --------------------------
  const lengthOf = (i) => players[i].duration();
  /** The same as `linked_time` in Python. */
  const linked = (time, from, to) => {
    const whole = lengthOf(from);
    if (align === "share" && whole > 0) return Math.min(1, time / whole) * lengthOf(to);
    return lengthOf(to) ? Math.min(time, lengthOf(to)) : time;
  };
  const current = () => players[active];
  const follow = (time) =>
    players.forEach(({ wave }, i) => i !== active && wave.seek(linked(time, active, i)));
  const report = () => port.set({ position: current().position(), playing: !current().media.paused });

  // -- rows ------------------------------------------------------------------------------------
  const lanes = [];
  const names = [];
  const players = [];
  rows.forEach((row, i) => {
    const player = createPlayer(row, port, {
      bare: true,
      lazy: i >= LOADED,
      label: row.label,
      speed: model.get("speed"),
      position: i === active ? model.get("position") : 0,
      onReport: () => {
        if (i !== active || players.length < rows.length) return;
        face();
        report();
      },
      onTick: (time) => {
        if (players.length < rows.length) return; // not all of them are there yet
        if (i !== active) return player.wave.seek(linked(current().position(), active, i));
        clockface.textContent = clockOf(time, lengthOf(i));
        follow(time);
      },
    });
    player.wave.onSeek = (time) => solo(i, time);
    const name = h("button", { className: "wb-name", type: "button" });
    name.setAttribute("role", "radio");
    if (i < 9) name.append(h("kbd", { textContent: i + 1 }));
    name.append(h("span", { textContent: row.label, title: row.label }));
    listen(name, "click", () => solo(i), signal);
    const facts = h("div", { className: "wb-facts", textContent: row.measures });
    lanes.push(h("div", { className: "wb-lane" }, name, player.element, facts));
    names.push(name);
    players.push(player);
  });

  /** Hear row `i`, at `time` or where the one before was. */
  function solo(i, time) {
    if (!players[i]) return;
    const before = current();
    const playing = !before.media.paused;
    const goal = time ?? linked(before.position(), active, i);
    const other = i !== active;
    active = i;
    mark();
    if (other) before.pause();
    current().seek(goal);
    follow(goal);
    // At its very end a sound would begin again.
    if (playing && other && !(goal >= lengthOf(i) - 0.02)) current().play();
    face();
    if (other) port.set({ active, position: goal, playing: !current().media.paused });
  }
  function mark() {
    lanes.forEach((lane, i) => lane.classList.toggle("wb-heard", i === active));
    names.forEach((name, i) => {
      name.setAttribute("aria-checked", String(i === active));
      name.tabIndex = i === active ? 0 : -1;
    });
  }

  // -- what they share ---------------------------------------------------------------------------
  const play = h("button", { className: "wb-play", type: "button" });
  const clockface = h("span", { className: "wb-clock" });
  const choices = ["seconds", "share"].map((kind) => {
    const label = { seconds: "same second", share: "same place in the sentence" }[kind];
    const node = h("button", { type: "button", textContent: label });
    node.title = { seconds: "Switching keeps the second", share: "Switching keeps the part that is said, so that slow and fast readings are at the same word" }[kind];
    node.setAttribute("role", "radio");
    node.dataset.align = kind;
    listen(node, "click", () => port.set({ align: kind }), signal);
    return node;
  });
  const choice = h("div", { className: "wb-choice" }, ...choices);
  choice.setAttribute("role", "radiogroup");
  choice.setAttribute("aria-label", "Switching keeps");
  const speed = h("select", { className: "wb-speed wb-field", title: "Speed ([ and ])" });
  speed.setAttribute("aria-label", "Speed");
  const rates = [...new Set([...SPEEDS, model.get("speed")])].sort((a, b) => a - b);
  speed.append(...rates.map((rate) => h("option", { value: rate, textContent: `${rate}×` })));
  const setSpeed = (rate) => {
    players.forEach((player) => player.setSpeed(rate));
    speed.value = rate;
  };
  const face = () => {
    const still = current().media.paused;
    play.replaceChildren(icon(still ? ICONS.play : ICONS.pause));
    play.title = still ? "Play (space)" : "Pause (space)";
    play.setAttribute("aria-label", still ? "Play" : "Pause");
  };
  const toggle = () => current().toggle();
  const seek = (by) => () => current().seek(current().position() + by);
  const next = (by) => () => {
    const to = Math.min(rows.length - 1, Math.max(0, active + by));
    const focused = names.includes(document.activeElement);
    solo(to);
    if (focused) names[to].focus();
  };
  const faster = (by) => () => {
    const now = model.get("speed");
    const rate = by > 0 ? SPEEDS.find((r) => r > now) : SPEEDS.findLast((r) => r < now);
    if (rate) port.set({ speed: rate });
  };
  const digits = Array.from({ length: Math.min(9, rows.length) }, (_, i) => String(i + 1));
  const keys = [
    { keys: ["Space"], shown: "Space", about: "play or pause", does: [toggle] },
    { keys: digits, shown: `1 … ${digits.length}`, about: "hear a row, where it is", does: digits.map((_, i) => () => solo(i)) },
    { keys: ["ArrowUp", "ArrowDown"], shown: "↑ ↓", about: "the row above, below", does: [next(-1), next(1)] },
    { keys: ["ArrowLeft", "ArrowRight"], shown: "← →", about: "one second", does: [seek(-1), seek(1)] },
    { keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], shown: "Shift ← →", about: "a tenth of a second", does: [seek(-0.1), seek(0.1)] },
    { keys: ["Home"], shown: "Home", about: "start", does: [() => current().seek(0)] },
    { keys: ["[", "]"], shown: "[ ]", about: "slower, faster", does: [faster(-1), faster(1)] },
  ];
  const help = helpOf(keys);
  const openHelp = () => {
    help.hidden = !help.hidden;
    helper.setAttribute("aria-expanded", String(!help.hidden));
  };
  keys.push({ keys: ["?"], does: [openHelp] });
  const helper = tool("help", "Keys (?)", openHelp);
  helper.setAttribute("aria-expanded", "false");
  helper.setAttribute("aria-controls", help.id);
  wireKeys(element, keys, play, signal);
  listen(play, "click", toggle, signal);
  listen(speed, "change", () => port.set({ speed: Number(speed.value) }), signal);

  const showAlign = () => {
    align = model.get("align");
    choices.forEach((node) => node.setAttribute("aria-checked", String(node.dataset.align === align)));
    follow(current().position());
  };
  const list = h("div", { className: "wb-lanes" }, ...lanes);
  list.setAttribute("role", "radiogroup");
  list.setAttribute("aria-label", "Takes");
  const head = h("div", { className: "wb-head" }, play, clockface, choice, speed, helper);
  element.append(head, list, help);
  el.replaceChildren(port.hide, element, port.status);

  const ready = () => {
    const there = ({ element: one }, i) => i >= LOADED || one.dataset.ready;
    if (players.every(there)) element.dataset.ready = "true";
  };
  players.forEach(({ media }) => listen(media, "loadedmetadata", ready, signal));
  const commands = {
    play: () => current().play(),
    pause: () => current().pause(),
    seek: (message) => current().seek(message.time),
  };
  for (const [kind, obey] of Object.entries(commands)) {
    port.on(kind, (message) => port.first() && obey(message));
  }
  port.watch("active", () => model.get("active") !== active && solo(model.get("active")));
  port.watch("align", showAlign);
  port.watch("speed", () => setSpeed(model.get("speed")));
  mark();
  showAlign();
  setSpeed(model.get("speed"));
  face();
  clockface.textContent = clockOf(current().position(), lengthOf(active));
  if (model.get("playing") && port.first()) port.set({ playing: false });
  port.send("hello");
  return port.close;
}

export default { render: remounting(mount, ["rows"]) };
