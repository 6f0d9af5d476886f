// The board of a batch: see workbench/widgets/board.py for the state and the messages.

const BOARD_STATES = ["running", "queued", "done", "failed", "cancelled"];

function mountJobs(model, el) {
  const port = connect(model, el);
  const { signal } = port;
  let state = "";

  // -- elements --------------------------------------------------------------------------------
  const title = h("span", { className: "wb-title", dir: "auto" });
  const about = h("span", { className: "wb-muted wb-about-all" });
  const stop = button("Stop the batch", { path: ICONS.stop, text: "Stop the batch" });
  const sure = h("span", { className: "wb-sure", hidden: true });
  sure.setAttribute("role", "alert");
  const bar = h("progress", { max: 1, value: 0, className: "wb-whole-bar" });
  bar.setAttribute("aria-label", "The whole batch");
  const told = h("div", { className: "wb-told" });
  told.setAttribute("role", "status");
  const note = h("div", { className: "wb-note", hidden: true });
  note.setAttribute("role", "status");
  const doing = h("span", { className: "wb-muted" });
  const chips = h("div", { className: "wb-chips" });
  chips.setAttribute("role", "group");
  chips.setAttribute("aria-label", "Show jobs that are");
  const find = h("input", { type: "search", className: "wb-field", placeholder: "Find a job" });
  find.setAttribute("aria-label", "Find a job");
  const pane = createJobPane(port, () => list.choose(""));
  const list = createJobList(port, (id) => pane.open(id ? list.get(id) : null));
  const head = h("div", { className: "wb-board-head" }, title, about, doing, sure, stop);
  const tools = h("div", { className: "wb-board-tools" }, chips, find);
  el.classList.add("wb-jobs-board");
  el.replaceChildren(port.hide, head, bar, told, note, tools, list.element, pane.element, port.status);

  // -- the whole -------------------------------------------------------------------------------
  const countOf = (which) => {
    const counts = model.get("counts");
    return (counts[which] || 0) + (which === "failed" ? counts.dead || 0 : 0);
  };
  const open = () => countOf("running") + countOf("queued");
  function drawHead() {
    const counts = model.get("counts");
    const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
    title.textContent = model.get("title");
    title.title = model.get("folder");
    about.textContent = model.get("facts");
    bar.value = model.get("part");
    bar.hidden = !all;
    const left = model.get("left");
    const rest = open() && left !== null ? `about ${jobTime(left)} left` : "";
    const share = all && open() ? `${Math.floor(model.get("part") * 100)} %` : "";
    const parts = BOARD_STATES.filter(countOf).map((which) => `${countOf(which)} ${which}`);
    told.textContent = [...parts, share, rest].filter(Boolean).join(" · ");
    tools.hidden = !all;
    stop.hidden = !open() || !sure.hidden;
    stop.disabled = model.get("busy");
    drawNote();
  }
  function drawNote() {
    const again = model.get("again");
    const broken = countOf("failed");
    const parts = [];
    const tell = (text, command) => {
      const line = h("div", { textContent: text });
      if (command) line.append(" ", h("code", { textContent: command }));
      parts.push(line);
    };
    if (model.get("note")) tell(model.get("note"), again);
    if (broken && !open()) {
      const which = broken === 1 ? "the one that" : `the ${broken} that`;
      const how = again ? ":" : ", run the batch with --only-failed (only_failed=True).";
      tell(`To try ${which} failed again${how}`, again && `${again} --only-failed`);
    }
    note.replaceChildren(...parts);
    note.hidden = !note.childNodes.length;
  }
  function drawChips() {
    const all = ["", ...BOARD_STATES];
    if (chips.children.length !== all.length) {
      chips.replaceChildren(
        ...all.map((which) => {
          const chip = h("button", { type: "button", className: "wb-chip" });
          chip.dataset.state = which;
          listen(chip, "click", () => {
            state = which;
            drawChips();
            filter();
          }, signal);
          return chip;
        }),
      );
    }
    for (const chip of chips.children) {
      const which = chip.dataset.state;
      chip.textContent = which ? `${which} ${countOf(which)}` : "all";
      chip.hidden = Boolean(which) && !countOf(which) && which !== state;
      chip.setAttribute("aria-pressed", String(which === state));
    }
  }
  const filter = () => list.filter(state, find.value);
  listen(find, "input", filter, signal);

  // -- stopping --------------------------------------------------------------------------------
  const settle = () => {
    sure.hidden = true;
    sure.replaceChildren();
    drawHead();
  };
  listen(stop, "click", () => {
    const yes = button("Yes, stop the batch", { text: "Stop", className: "wb-main" });
    const no = button("No, go on", { text: "Go on" });
    listen(yes, "click", () => {
      port.send("cancel all");
      settle();
    }, signal);
    listen(no, "click", () => {
      settle();
      stop.focus();
    }, signal);
    sure.replaceChildren(`Stop ${open()} job${open() === 1 ? "" : "s"}?`, yes, no);
    sure.hidden = false;
    stop.hidden = true;
    no.focus();
  }, signal);
  const drawWork = () => {
    doing.textContent = model.get("busy") ? `${model.get("doing")} …` : "";
    stop.disabled = model.get("busy");
  };

  // -- what it hears ---------------------------------------------------------------------------
  port.on("rows", ({ rows, gone, whole }) => {
    list.put(rows, gone, whole);
    rows.forEach(({ id }) => pane.update(list.get(id)));
  });
  port.watch(["title", "folder", "facts", "part", "left", "note", "again"], drawHead);
  port.watch("counts", () => {
    drawHead();
    drawChips();
  });
  port.watch(["busy", "doing"], drawWork);
  listen(el, "keydown", (event) => {
    if (event.key !== "Escape" || pane.element.hidden) return;
    event.stopPropagation();
    list.choose("");
    list.element.firstChild.focus({ preventScroll: true });
  }, signal);

  drawHead();
  drawChips();
  drawWork();
  filter();
  port.send("hello");
  port.send("rows?");
  return port.close;
}

export default { render: remounting(mountJobs) };
