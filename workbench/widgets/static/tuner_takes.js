// The right side of the tuner: the takes, and two of them side by side.

/** The takes in their order; a take that was there before keeps its element and its place in time. */
function createTakes(port, act, hooks) {
  const { model } = port;
  const list = named(h("div", { className: "wb-takes" }), "Takes", { role: "list", tabindex: "-1" });
  const empty = h("p", { className: "wb-empty wb-muted", textContent: "No takes yet. Generate one: it stands here, and you can hear it again beside the next." });
  const cards = new Map();
  const pair = { a: null, b: null };

  const card = (take) => {
    const { id } = take;
    const element = named(h("article", { className: "wb-take" }), `Take ${id}`, { role: "listitem", tabindex: "-1" });
    element.dataset.take = id;
    const star = iconButton("Star", ICONS.star, () => act(element, "star", { take: id, on: star.getAttribute("aria-pressed") !== "true" }), "wb-star");
    const player = createPlayer(take.clip, port, { compact: true, lazy: true, label: `Take ${id}` });
    const [a, b] = ["a", "b"].map((side) => {
      const node = button(`Compare as ${side.toUpperCase()}`, { text: side.toUpperCase(), className: "wb-side" });
      node.addEventListener("click", () => hooks.pick(side, pair[side] === id ? null : id));
      return node;
    });
    const use = iconButton("Use these settings", TUNER_ICONS.use, () => act(element, "use", { take: id }));
    const keep = iconButton("Keep this take as a preset", TUNER_ICONS.keep, () => hooks.keep(id));
    const drop = iconButton("Delete", TUNER_ICONS.trash, () => hooks.remove(element, id));
    const chips = h("div", { className: "wb-chips" });
    const chip = (text, className = "") => h("span", { className: `wb-chip ${className}`.trim(), textContent: text });
    chips.append(h("b", { className: "wb-number-of", textContent: id }), chip(take.voice, "wb-chip-voice"));
    chips.append(...take.options.map(([name, value]) => chip(`${name} ${plain(value)}`)));
    if (take.seed !== null) chips.append(chip(`seed ${take.seed}`));
    const text = h("p", { className: "wb-said", textContent: take.text, dir: "auto", lang: take.language });
    const measures = h("div", { className: "wb-measures" });
    const note = named(h("input", { className: "wb-note", type: "text", placeholder: "Add a note", dir: "auto", maxLength: 5000 }), `Note on take ${id}`);
    note.addEventListener("change", () => act(element, "note", { take: id, text: note.value }));
    note.addEventListener("keydown", (event) => event.key === "Enter" && element.focus({ preventScroll: true }));
    const tools = h("div", { className: "wb-tools" }, a, b, use, keep, drop);
    element.append(h("div", { className: "wb-take-row" }, star, player.element, tools), text, chips, h("div", { className: "wb-take-foot" }, measures, note));
    const mark = () => {
      const { star: on = false, note: said = "" } = model.get("marks")[id] || {};
      star.setAttribute("aria-pressed", String(on));
      if (document.activeElement !== note) note.value = said;
    };
    const sides = () => {
      a.setAttribute("aria-pressed", String(pair.a === id));
      b.setAttribute("aria-pressed", String(pair.b === id));
    };
    let told = "";
    const measure = () => {
      const found = model.get("measured")[id] || {};
      const figures = JSON.stringify(found);
      if (figures === told) return; // those of a hundred other takes stay as they are
      told = figures;
      const shown = model.get("fields").filter(({ name, brief }) => brief && name in found);
      const one = ({ name, label, unit, help }) => {
        const long = name === "duration" && found[name] >= 60;
        const value = long ? [h("b", { textContent: minutes(found[name]) })] : [h("b", { textContent: found[name] }), ` ${unit}`];
        return h("span", { title: `${label}, measured in this take: ${help}` }, ...(unit ? [] : [`${label} `]), ...value);
      };
      const head = h("span", { className: "wb-measured", textContent: "measured" });
      measures.replaceChildren(...(shown.length ? [head] : []), ...shown.map(one));
      const rest = model.get("fields").filter(({ name, brief }) => !brief && name in found);
      measures.title = rest.map(({ name, label, unit }) => `${label} ${found[name]} ${unit}`.trim()).join("\n");
    };
    const same = () => (text.hidden = take.text === model.get("chosen").text);
    return { element, player, take, mark, sides, measure, same };
  };

  const update = () => {
    const listed = model.get("listed");
    const ids = new Set(listed.map(({ id }) => id));
    for (const [id, { player, element }] of cards) {
      if (ids.has(id)) continue;
      player.destroy();
      element.remove();
      cards.delete(id);
    }
    const focus = document.activeElement;
    let place = null;
    for (const take of listed) {
      if (!cards.has(take.id)) cards.set(take.id, card(take));
      const { element, ...one } = cards.get(take.id);
      const next = place ? place.nextSibling : list.firstChild;
      if (element !== next) list.insertBefore(element, next);
      place = element;
      one.mark();
      one.measure();
      one.sides();
      one.same();
    }
    if (list.contains(focus) && focus !== document.activeElement) focus.focus({ preventScroll: true });
    empty.hidden = listed.length > 0;
    hooks.changed();
  };
  const each = (what) => () => cards.forEach((one) => one[what]());
  port.watch("listed", update);
  port.watch("marks", each("mark"));
  port.watch("measured", each("measure"));
  port.watch("chosen", each("same"));
  update();
  const setPair = (a, b) => {
    Object.assign(pair, { a, b });
    each("sides")();
  };
  return { list, empty, cards, setPair };
}

/** Two takes side by side: one plays, the other goes on from the same place in the line. */
function createPair(port, act, takes) {
  const { model } = port;
  const chosen = { a: null, b: null };
  const players = { a: null, b: null };
  const element = named(h("div", { className: "wb-pair", hidden: true }), "Compare A and B", { role: "group" });
  const rows = h("div", { className: "wb-pair-rows" });
  const matched = h("input", { type: "checkbox", checked: true });
  const level = h("label", { className: "wb-check", title: "The louder one is turned down: louder sounds better, whatever else it is" }, matched, "Same loudness");
  const swap = button("Switch between A and B (X)", { path: TUNER_ICONS.swap, text: "Switch", className: "wb-swap" });
  const close = iconButton("Close the comparison", ICONS.close, () => {
    pick(null, null);
    takes.list.focus({ preventScroll: true });
  });
  let side = "a";

  const share = (player) => player.media.currentTime / (player.media.duration || Infinity);
  const show = () => {
    for (const name of ["a", "b"]) players[name]?.row.classList.toggle("wb-current", name === side);
  };
  const level_now = () => {
    const loud = ["a", "b"].map((name) => Number(model.get("measured")[chosen[name]]?.loudness));
    const quietest = Math.min(...loud);
    ["a", "b"].forEach((name, i) => {
      const gain = matched.checked && Number.isFinite(quietest) ? 10 ** ((quietest - loud[i]) / 20) : 1;
      if (players[name]) players[name].media.volume = Math.min(1, gain);
    });
  };
  const go = (to) => {
    const from = players[side];
    const other = players[to];
    if (!from || !other || from === other) return;
    const playing = !from.media.paused;
    const at = share(from);
    from.pause();
    side = to;
    show();
    other.seek(at * other.length);
    if (playing || at === 0) other.play();
  };
  const build = () => {
    rows.replaceChildren();
    for (const name of ["a", "b"]) {
      players[name]?.destroy();
      players[name] = null;
      const one = takes.cards.get(chosen[name]);
      if (!one) continue;
      const player = createPlayer(one.take.clip, port, { compact: true, label: `${name.toUpperCase()}: take ${chosen[name]}` });
      const badge = h("b", { className: "wb-badge", textContent: name.toUpperCase() });
      const row = h("div", { className: "wb-pair-row" }, badge, player.element);
      row.dataset.side = name;
      rows.append(row);
      players[name] = { ...player, row, length: one.take.clip.duration };
      listen(player.media, "play", () => {
        side = name;
        show();
      }, port.signal);
    }
    element.hidden = !(players.a && players.b);
    show();
    level_now();
  };
  const pick = (a, b) => {
    if (a === chosen.a && b === chosen.b) return;
    Object.assign(chosen, { a, b });
    side = "a";
    takes.setPair(a, b);
    build();
  };
  const choose = (name, id) => {
    const next = { ...chosen, [name]: id };
    const other = name === "a" ? "b" : "a";
    if (id !== null && next[other] === id) next[other] = null;
    pick(next.a, next.b);
  };
  const checked = () => {
    const there = (id) => (takes.cards.has(id) ? id : null);
    pick(there(chosen.a), there(chosen.b));
  };
  swap.addEventListener("click", () => go(side === "a" ? "b" : "a"));
  matched.addEventListener("change", level_now);
  port.watch("measured", level_now);
  const typing = "textarea, select, input:not([type=checkbox], [type=range])";
  listen(port.el, "keydown", (event) => {
    if (element.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { x: side === "a" ? "b" : "a", a: "a", b: "b" }[event.key.toLowerCase()];
    if (!to || event.target.matches(typing)) return;
    event.preventDefault();
    event.stopPropagation();
    go(to);
  }, port.signal);
  element.append(rows, h("div", { className: "wb-pair-foot" }, swap, level, close));
  return { element, choose, checked };
}
