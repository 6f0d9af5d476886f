// A sweep as a table: see workbench/widgets/sweep_grid.py for the state and the messages.

const PAGE = 50; // rows that are shown at once, until more are asked for

/** Numbers by size, texts by the alphabet; nothing comes last, whichever way it is sorted. */
function inOrder(column, descending) {
  const missing = (value) => value === null || value === undefined;
  const compare = (a, b) =>
    typeof a === "string" || typeof b === "string" ? (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0) : a - b;
  return (one, other) => {
    const [a, b] = [one.values[column], other.values[column]];
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    return descending ? compare(b, a) : compare(a, b);
  };
}

function mountSweep(model, el) {
  const port = connect(model, el);
  const { signal } = port;
  const columns = model.get("columns");
  const rows = model.get("rows").map((row, number) => ({ ...row, number }));
  const longest = Math.max(0.1, ...rows.map((row) => row.clip?.duration || 0)); // seconds
  let most = PAGE;
  el.classList.add("wb-sweep");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", `Sweep of ${rows.length} variants`);

  // -- above the table -------------------------------------------------------------------------
  const text = h("p", { className: "wb-sweep-text", dir: "auto", textContent: model.get("text") });
  const search = h("input", { type: "search", className: "wb-field", placeholder: "Find…", value: model.get("search") });
  search.setAttribute("aria-label", "Show only variants with these words");
  listen(search, "input", () => port.set({ search: search.value }), signal);
  const starred = button("Show only variants with a star", {
    path: ICONS.star,
    text: "Starred",
    className: "wb-sweep-quiet wb-sweep-starred",
    onClick: () => port.set({ starred_only: !model.get("starred_only") }),
  });
  const figures = button("Show all that was measured", {
    text: "All figures",
    className: "wb-sweep-figures",
    onClick: () => port.set({ figures: model.get("figures") === "all" ? "few" : "all" }),
  });
  figures.hidden = columns.every((column) => column.first);
  const count = h("span", { className: "wb-muted wb-sweep-count" });
  count.setAttribute("role", "status");
  const tools = h("div", { className: "wb-sweep-tools" }, search, starred, count, h("span", { className: "wb-sweep-space" }), figures);

  // -- the two that are compared ---------------------------------------------------------------
  const pair = h("div", { className: "wb-sweep-pair", hidden: true });
  pair.setAttribute("role", "group");
  pair.setAttribute("aria-label", "The two chosen variants");
  let sides = [];
  let heard = -1; // which of them was heard last
  function drawPair() {
    const chosen = model.get("selected").filter((number) => rows[number]?.clip);
    if (chosen.join() === sides.map((side) => side.number).join()) return;
    sides.forEach((side) => side.player.destroy());
    heard = -1;
    sides = chosen.map((number, i) => {
      const label = `${"AB"[i]}: ${rows[number].label}`;
      return { number, player: createPlayer(rows[number].clip, port, { compact: true, lazy: true, label }) };
    });
    const lines = sides.map(({ number, player }, i) => {
      const { label } = rows[number];
      const badge = h("b", { className: "wb-sweep-badge", textContent: "AB"[i] });
      const name = h("span", { className: "wb-sweep-name", textContent: label, title: label });
      listen(player.media, "play", () => hear(i), signal);
      return h("div", { className: "wb-sweep-side" }, badge, name, player.element);
    });
    const swap = button("Switch between A and B at the same place", { path: TUNER_ICONS.swap, text: "Switch", className: "wb-sweep-switch", onClick: change });
    const hand = button("Give the two to the comparison", { text: "Compare…", className: "wb-sweep-compare", onClick: () => port.send("compare") });
    const close = button("Compare nothing", { path: ICONS.close, className: "wb-sweep-quiet", onClick: () => port.set({ selected: [] }) });
    const told = h("span", { className: "wb-muted", textContent: "Choose another to compare them." });
    const foot = sides.length === 2 ? [swap, ...(model.get("comparable") ? [hand] : [])] : [told];
    const space = h("span", { className: "wb-sweep-space" });
    pair.replaceChildren(...lines, h("div", { className: "wb-sweep-tools wb-sweep-foot" }, ...foot, space, close));
    pair.hidden = !sides.length;
  }
  function hear(side) {
    heard = side;
    [...pair.querySelectorAll(".wb-sweep-side")].forEach((line, i) => line.classList.toggle("wb-current", i === side));
  }
  /** The one that is not heard goes on where the other is, as a part of its length. */
  function change() {
    const playing = sides.findIndex((side) => !side.player.media.paused);
    const before = playing >= 0 ? playing : heard;
    const next = before === 0 ? 1 : 0;
    const length = (i) => rows[sides[i].number].clip.duration || 1;
    const share = playing >= 0 ? sides[playing].player.media.currentTime / length(playing) : 0;
    hear(next);
    sides[next].player.seek(share * length(next));
    sides[next].player.play();
  }

  // -- the table -------------------------------------------------------------------------------
  const heads = columns.map((column, i) => {
    const node = h("button", { type: "button", className: "wb-sweep-head", title: `${column.help.replace(/[.]?$/, ".")} Sort by it.` }, column.label);
    if (column.unit) node.append(" ", h("small", { textContent: column.unit }));
    listen(node, "click", () => sortBy(column.name), signal);
    const numbers = rows.every((row) => typeof (row.values[i] ?? 0) === "number");
    const cell = h("th", { scope: "col", className: numbers ? "wb-sweep-number" : "" }, node);
    cell.dataset.column = i;
    return cell;
  });
  const head = (label) => h("th", { scope: "col" }, h("span", { className: "wb-sweep-unseen", textContent: label }));
  const body = h("tbody");
  const table = h(
    "table",
    { className: "wb-table" },
    h("thead", {}, h("tr", {}, head("Compare"), head("Star"), head("Sound"), ...heads, head("Keep"))),
    body,
  );
  const more = button("Show more variants", { className: "wb-sweep-more", onClick: () => ((most += PAGE), draw()) });
  const frame = h("div", { className: "wb-sweep-frame", tabIndex: 0 }, table);
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Variants");
  const kept = h("ul", { className: "wb-sweep-kept", hidden: true });
  kept.setAttribute("aria-label", "Kept presets");
  el.replaceChildren(port.hide, text, tools, pair, frame, more, kept, port.status);

  function sortBy(name) {
    if (model.get("order_by") !== name) return port.set({ order_by: name, descending: false });
    if (!model.get("descending")) return port.set({ descending: true });
    return port.set({ order_by: "", descending: false });
  }
  function choose(number) {
    const others = model.get("selected").filter((n) => n !== number);
    const on = others.length === model.get("selected").length;
    port.set({ selected: on ? [...others, number].slice(-2) : others });
  }
  function mark(number) {
    const others = model.get("starred").filter((n) => n !== number);
    const on = others.length === model.get("starred").length;
    port.set({ starred: on ? [...others, number].sort((a, b) => a - b) : others });
  }

  /** The columns in view: the first ones and the one that is sorted by, or all. */
  const inView = () => columns.map((c) => c.first || model.get("figures") === "all" || c.name === model.get("order_by"));
  const lines = new Map(); // number: what the row is made of, once it has been shown
  function line(row) {
    if (lines.has(row.number)) return lines.get(row.number);
    const check = h("input", { type: "checkbox", disabled: !row.clip });
    check.setAttribute("aria-label", `Compare ${row.label}`);
    listen(check, "change", () => choose(row.number), signal);
    const star = button(`Star ${row.label}`, { path: ICONS.star, className: "wb-sweep-quiet wb-sweep-star", onClick: () => mark(row.number) });
    const cells = row.cells.map((cell, i) => {
      const number = typeof row.values[i] === "number";
      return h("td", { textContent: cell, className: number ? "wb-sweep-number" : "wb-sweep-word", title: number ? "" : cell });
    });
    const sound = h("td", { className: "wb-sweep-sound" });
    if (row.clip) {
      const player = createPlayer(row.clip, port, { compact: true, lazy: true, label: row.label });
      // One scale for all: what is shorter looks shorter.
      player.wave.canvas.style.width = `${Math.max(10, (100 * row.clip.duration) / longest).toFixed(2)}%`;
      sound.append(player.element);
    } else sound.append(h("span", { className: "wb-sweep-error", textContent: row.error }));
    const keep = button(`Keep ${row.label} as a preset`, { path: TUNER_ICONS.keep, className: "wb-sweep-quiet wb-sweep-keep", onClick: () => ask(row, place) });
    keep.setAttribute("aria-expanded", "false");
    const place = h("td", { className: "wb-sweep-last" }, keep);
    const element = h("tr", {}, h("td", {}, check), h("td", {}, star), sound, ...cells, place);
    element.dataset.row = row.number;
    const made = { element, check, star, keep, place, cells };
    lines.set(row.number, made);
    return made;
  }
  let asked = -1; // the row that is being kept: Python may ask whether to replace another
  port.on("exists", (message) => {
    if (message.row !== asked) return;
    const { place, keep } = lines.get(asked);
    const close = () => (place.replaceChildren(keep), keep.focus());
    const again = () => (port.send("keep", { row: message.row, name: message.name, replace: true }), close());
    const replace = button("Replace it", { text: "Replace it", onClick: again });
    const cancel = button("Cancel", { text: "Cancel", onClick: close });
    const told = h("span", {}, "There is a preset ", h("b", { textContent: message.name }), " already.");
    const box = named(h("div", { className: "wb-sweep-ask wb-sweep-exists" }, told, replace, cancel), "Replace the preset?", { role: "alertdialog" });
    listen(box, "keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close();
    }, signal);
    place.replaceChildren(keep, box);
    replace.focus();
  });
  /** A field for the preset's name, in place of the button that asked for it. */
  function ask(row, place) {
    const { keep } = lines.get(row.number);
    const name = h("input", { className: "wb-field", value: row.name, maxLength: 64, size: 14 });
    name.setAttribute("aria-label", `Name of the preset for ${row.label}`);
    const close = () => {
      place.replaceChildren(keep);
      keep.setAttribute("aria-expanded", "false");
      keep.focus();
    };
    const send = () => {
      asked = row.number;
      port.send("keep", { row: row.number, name: name.value });
      close();
    };
    listen(name, "keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Enter") send();
      else close();
    }, signal);
    const save = button("Keep it under this name", { path: ICONS.check, className: "wb-sweep-quiet wb-sweep-save", onClick: send });
    const cancel = button("Do not keep it", { path: ICONS.close, className: "wb-sweep-quiet", onClick: close });
    place.replaceChildren(keep, h("div", { className: "wb-sweep-ask" }, name, save, cancel));
    keep.setAttribute("aria-expanded", "true");
    name.focus();
    name.select();
  }

  // -- drawing ---------------------------------------------------------------------------------
  function draw() {
    const wordsOf = (text) => text.toLowerCase().split(/[\s,:;]+/).filter(Boolean);
    const wanted = wordsOf(model.get("search"));
    const stars = new Set(model.get("starred"));
    const found = rows.filter((row) => {
      const told = wordsOf(`${row.label} ${row.error}`);
      return wanted.every((one) => told.some((word) => word.startsWith(one))) && (!model.get("starred_only") || stars.has(row.number));
    });
    const column = columns.findIndex((c) => c.name === model.get("order_by"));
    const descending = model.get("descending");
    if (column >= 0) found.sort(inOrder(column, descending));
    const seen = inView();
    heads.forEach((cell, i) => {
      cell.hidden = !seen[i];
      cell.setAttribute("aria-sort", i !== column ? "none" : descending ? "descending" : "ascending");
    });
    const shown = found.slice(0, most);
    const elements = shown.map((row) => line(row).element);
    const staying = new Set(elements);
    const there = [...body.children];
    if (elements.length !== there.length || elements.some((element, i) => element !== there[i])) {
      there.filter((element) => !staying.has(element)).forEach((element) => element.remove());
      // A row that stays where it is keeps its focus.
      elements.forEach((element, i) => body.children[i] === element || body.insertBefore(element, body.children[i] || null));
    }
    const chosen = new Set(model.get("selected"));
    for (const [number, { check, star, cells, element }] of lines) {
      cells.forEach((cell, i) => (cell.hidden = !seen[i]));
      check.checked = chosen.has(number);
      star.setAttribute("aria-pressed", String(stars.has(number)));
      element.classList.toggle("wb-sweep-chosen", chosen.has(number));
    }
    starred.setAttribute("aria-pressed", String(model.get("starred_only")));
    figures.setAttribute("aria-pressed", String(model.get("figures") === "all"));
    count.textContent = found.length === rows.length ? `${rows.length} variants` : `${found.length} of ${rows.length} variants`;
    more.hidden = found.length <= shown.length;
    more.replaceChildren(`Show more (${found.length - shown.length})`);
    if (document.activeElement !== search) search.value = model.get("search");
    drawPair();
  }
  function drawKept() {
    const presets = model.get("kept");
    kept.hidden = !presets.length;
    kept.replaceChildren(
      ...presets.map((one) =>
        h("li", {}, h("span", { className: "wb-muted", textContent: `${rows[one.row]?.label} → ${one.path}` }), h("code", { className: "wb-sweep-code", textContent: one.code })),
      ),
    );
  }

  port.watch(["order_by", "descending", "search", "starred_only", "figures", "selected", "starred"], draw);
  port.watch("kept", drawKept);
  draw();
  drawKept();
  port.send("hello");
  return port.close;
}

export default { render: remounting(mountSweep) };
