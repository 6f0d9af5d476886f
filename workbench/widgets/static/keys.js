// The keys of a player, each with what it says in the help.

/** What was pressed, as the table names it: "Shift+ArrowLeft", "Alt+ArrowUp", "i". */
function pressed(event) {
  const shift = event.shiftKey && event.key.length > 1 ? "Shift+" : ""; // "?" needs it to be typed
  return `${event.altKey ? "Alt+" : ""}${shift}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
}

/**
 * The table of keys: groups of [keys, how they are written, what they do, handler(event)]. `can`
 * says what this player has: words, lines, video, captions, sound, tools.
 */
function keysOf(act, can) {
  const seek = (by) => () => act.seek(act.position() + by);
  const row = (keys, shown, about, ...does) => ({ keys: keys.split(" "), shown, about, does });
  const groups = [
    row("Space", "Space", "play or pause", act.toggle),
    row("ArrowLeft ArrowRight", "← →", "one second", seek(-1), seek(1)),
    row("Shift+ArrowLeft Shift+ArrowRight", "Shift ← →", "a tenth of a second", seek(-0.1), seek(0.1)),
    row("PageDown PageUp", "Page ↓ ↑", "five seconds back, on", seek(-5), seek(5)),
    row("Home End", "Home End", "start, end", () => act.seek(0), () => act.seek(act.duration())),
  ];
  if (can.words) {
    groups.push(row("Alt+ArrowLeft Alt+ArrowRight", "Alt ← →", "word by word", () => act.word(-1), () => act.word(1)));
  }
  if (can.lines) {
    groups.push(row("Alt+ArrowUp Alt+ArrowDown", "Alt ↑ ↓", "line by line", () => act.line(-1), () => act.line(1)));
  }
  if (can.frames) groups.push(row(", .", ", .", "frame by frame", () => act.frame(-1), () => act.frame(1)));
  if (can.tools) {
    groups.push(
      row("i o", "I O", "selection begins, ends here", () => act.mark(0), () => act.mark(1)),
      row("l", "L", "repeat", act.loop),
      row("Escape", "Esc", "no selection", act.clear),
      row("z", "Z", "zoom to the selection, or out", act.zoomToSelection),
      row("+ - 0", "+ − 0", "zoom in, out, all", () => act.zoom(1.5), () => act.zoom(1 / 1.5), () => act.fit()),
      row("s", "S", "spectrum", act.spectrum),
    );
  }
  if (can.tools) {
    groups.push(
      row("[ ] =", "[ ] =", "slower, faster, as recorded", () => act.speed(-1), () => act.speed(1), () => act.speed(0)),
      row("m", "M", "mute", act.mute),
    );
  }
  if (can.captions) groups.push(row("c", "C", "captions", act.captions));
  if (can.video) groups.push(row("f", "F", "full screen", act.full));
  if (can.tools) groups.push(row("?", "?", "this help", act.help));
  return groups;
}

/** Obey the keys of the table while the focus is within `element`. */
function wireKeys(element, groups, play, signal) {
  const known = new Map();
  for (const { keys, does } of groups) {
    keys.forEach((key, i) => known.set(key === "Space" ? " " : key, does[Math.min(i, does.length - 1)]));
  }
  listen(
    element,
    "keydown",
    (event) => {
      const { target } = event;
      const typing = target.matches("select, input, textarea, [contenteditable]");
      const own = event.key === " " && target.matches("button"); // the browser makes a click of it
      const does = known.get(pressed(event));
      if (typing || own || event.ctrlKey || event.metaKey || event.defaultPrevented || !does) return;
      event.preventDefault();
      event.stopPropagation();
      does(event);
    },
    signal,
  );
}

/** The help: a list of keys that opens below the tools. */
function helpOf(groups) {
  const element = h("div", { className: "wb-help", hidden: true, id: `wb-help-${Math.random().toString(36).slice(2)}` });
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", "Keys");
  const list = h("dl");
  for (const { shown, about } of groups) {
    list.append(h("div", {}, h("dt", {}, ...shown.split(" ").map((key) => h("kbd", { textContent: key }))), h("dd", { textContent: about })));
  }
  element.append(list);
  if (groups.some(({ shown }) => shown === "I O")) {
    element.append(
      h("p", {
        textContent:
          "Drag with Shift to select, drag an edge to move it. Ctrl and the wheel zoom, Shift and the wheel scroll.",
      }),
    );
  }
  return element;
}
