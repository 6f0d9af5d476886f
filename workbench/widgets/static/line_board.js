// The line board: see workbench/widgets/line_page.py for the state and the messages.

const LINE_KEYS =
  "j, k: next, previous line · space: play · e: edit · r: retake · a: accept · 1–9: choose a take and hear it · f: filter · u or Ctrl+Z: undo · Ctrl+Shift+Z: redo";

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
    engines: {}, // by name: whether it leaves something to chance, and its controls
    fixed: true, // whether the same words by the same voice are the same sound, without chance
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
  const only = button("Flagged or to judge only (f)", { text: "Flagged or to judge only" });
  only.setAttribute("aria-pressed", "false");
  const undo = iconButton("Undo the last change (u)", TUNER_ICONS.undo, () => port.send("undo"));
  const redo = iconButton("Redo what was undone (Ctrl+Shift+Z)", TUNER_ICONS.redo, () => port.send("redo"));
  const hear = button("Have a recogniser listen to every line", { text: "Listen", onClick: () => port.send("listen") });
  const stop = button("Stop", { path: ICONS.stop, text: "Stop", onClick: () => port.send("stop") });
  const doing = h("span", { className: "wb-muted" });
  const done = h("progress", { max: 1, value: 0 });
  done.setAttribute("aria-label", "Progress");
  const work = h("span", { className: "wb-work", hidden: true }, doing, done, stop);
  const head = h("div", { className: "wb-board-head" }, told, work, hear, undo, redo, only);
  const list = h("div", { className: "wb-lines" });
  list.setAttribute("role", "list");
  list.setAttribute("aria-label", "Lines");
  list.setAttribute("aria-description", LINE_KEYS);
  const all = button("Show all lines", { text: "Show all" });
  const none = h("div", { className: "wb-none", hidden: true }, h("span", { textContent: "No line is flagged, and none is to judge." }), all);
  const keys = h("div", { className: "wb-muted wb-keys", textContent: LINE_KEYS });
  el.classList.add("wb-board");
  el.replaceChildren(port.hide, whole, head, list, none, keys, createBoardFile(port), port.status);

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
  }
  const wanted = ({ flags, kept, shown, fault }) => flags.length > 0 || kept !== shown || Boolean(fault);
  /** Hide what is not asked for; `anew` when somebody has just asked. */
  function filter(anew = false) {
    const narrow = only.getAttribute("aria-pressed") === "true";
    // The current line stays where it is: it would vanish under the hand that mends it.
    lines.forEach((line) => {
      line.element.hidden = narrow && !wanted(line.data) && (anew || !line.current);
    });
    const left = [...list.children].filter(({ hidden }) => !hidden);
    none.hidden = !narrow || [...lines.values()].some(({ data }) => wanted(data));
    // No key may act on a line that is not to be seen.
    if (lines.get(board.current)?.element.hidden ?? true) board.choose(left[0]?.dataset.id || "");
  }
  function narrowed(on) {
    only.setAttribute("aria-pressed", String(on));
    filter(true);
    const gone = document.activeElement?.closest("[hidden]");
    if (gone && el.contains(gone)) (lines.get(board.current)?.element || only).focus({ preventScroll: true });
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
  port.on("voices", ({ voices, engines, fixed }) => {
    Object.assign(board, { voices, engines: engines || {}, fixed: fixed !== false });
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
  const drawSteps = () => {
    able(undo, model.get("undoable"));
    able(redo, model.get("redoable"));
  };
  port.watch(["undoable", "redoable"], drawSteps);
  listen(only, "click", () => narrowed(only.getAttribute("aria-pressed") !== "true"), signal);
  listen(all, "click", () => {
    narrowed(false);
    lines.get(board.current)?.element.focus({ preventScroll: true });
  }, signal);

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
    r: (line) => line.retake(),
    a: (line) => line.accept(),
    f: () => only.click(),
    u: () => port.send("undo"),
  };
  const steps = { z: "undo", "shift+z": "redo", y: "redo" };
  listen(el, "keydown", (event) => {
    const { target, key } = event;
    if (event.altKey || target.matches("textarea, input:not([type=radio], [type=range], [type=checkbox])")) return;
    if (event.ctrlKey || event.metaKey) {
      const kind = steps[`${event.shiftKey ? "shift+" : ""}${key.toLowerCase()}`];
      if (!kind) return;
      event.preventDefault();
      event.stopPropagation();
      port.send(kind);
      return;
    }
    if (target.matches("select, input:not([type=radio])")) return;
    if (target.matches("button") && (key === " " || key === "Enter")) return;
    if (target.matches("[type=radio]") && (key === " " || key.startsWith("Arrow"))) return;
    const line = lines.get(board.current);
    const act = /^[1-9]$/.test(key) ? () => line.hear(Number(key)) : acts[key];
    if (!act || (!line && key !== "f" && key !== "u")) return;
    event.preventDefault();
    event.stopPropagation();
    line?.say("");
    act(line);
  }, signal);

  drawLines();
  drawJoined();
  drawWork();
  drawSteps();
  port.send("hello");
  port.send("voices?");
  return () => {
    lines.forEach((line) => line.destroy());
    port.close();
  };
}

export default { render: remounting(mountBoard) };
