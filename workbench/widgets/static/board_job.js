// One job of the board (board.js): its parameters, what went wrong in it, what it made.

/** How large a file is. */
function jobSize(bytes) {
  if (bytes === null || bytes === undefined) return "";
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return power ? `${(bytes / 1000 ** power).toFixed(1)} ${["", "kB", "MB", "GB", "TB"][power]}` : `${bytes} B`;
}

/** The pane of the job that somebody chose. `close` is called when it is to go. */
function createJobPane(port, close) {
  const { signal } = port;
  const element = h("section", { className: "wb-pane", hidden: true });
  element.setAttribute("aria-label", "Job");
  let shown = null; // what its line says
  let told = null; // what Python says
  let players = [];
  const name = h("span", { className: "wb-pane-name", dir: "auto" });
  const state = h("span", { className: "wb-job-state" });
  const stop = button("Stop this job", { path: ICONS.stop, text: "Stop this job" });
  const away = button("Close", { path: ICONS.close, className: "wb-tool", onClick: close });
  const head = h("div", { className: "wb-pane-head" }, name, state, stop, away);
  const body = h("div", { className: "wb-pane-body" });
  element.append(head, body);
  listen(stop, "click", () => shown && port.send("cancel", { id: shown.id }), signal);

  const drop = () => {
    players.forEach((player) => player.destroy());
    players.forEach(({ blob }) => blob && URL.revokeObjectURL(blob));
    players = [];
  };
  signal.addEventListener("abort", drop);
  const fold = (title, text) => h("details", {}, h("summary", { textContent: title }), h("pre", { textContent: text, dir: "auto" }));

  function line(job) {
    shown = job;
    name.textContent = job.name;
    element.setAttribute("aria-label", `Job ${job.name}`);
    state.textContent = jobWord(job);
    element.dataset.state = job.state;
    stop.hidden = !["queued", "running"].includes(job.state);
    stop.disabled = job.stopping;
  }
  /** Ask for all of a job; asked anew when what became of it has changed. */
  function ask() {
    port.send("job?", { id: shown.id });
  }
  function draw() {
    drop();
    body.replaceChildren();
    const { problem, code, cell, source, traceback, kept, executed, command, warnings, values, files } = told;
    if (problem) {
      const where = cell === null || problem.includes(`cell ${cell}`) ? "" : `Cell ${cell}: `;
      const text = h("div", { className: "wb-fault", textContent: `${where}${problem} `, dir: "auto" });
      if (code) text.append(h("code", { textContent: code }));
      body.append(text);
    }
    if (source) body.append(h("pre", { className: "wb-source", textContent: source, dir: "auto" }));
    if (traceback) body.append(fold("Traceback", traceback));
    if (warnings.length) body.append(h("ul", { className: "wb-notes" }, ...warnings.map((text) => h("li", { textContent: text }))));
    files.forEach((file, i) => body.append(fileOf(file, i)));
    if (values.length) {
      const rows = values.map(([key, value]) => h("div", {}, h("dt", { textContent: key }), h("dd", { textContent: value, dir: "auto" })));
      body.append(h("dl", { className: "wb-values" }, ...rows));
    }
    for (const [label, path] of [["Executed notebook", executed], ["Kept notebook", kept]]) {
      if (path) body.append(h("div", { className: "wb-path wb-muted" }, `${label}: `, h("code", { textContent: path })));
    }
    if (command && problem) body.append(fold("Run just this one again", command));
  }
  function fileOf({ name: called, bytes, plays }, file) {
    const text = h("span", { className: "wb-file-name", textContent: called, dir: "auto" });
    const place = h("div", { className: "wb-place" });
    const row = h("div", { className: "wb-file" }, text, h("span", { className: "wb-muted", textContent: jobSize(bytes) }));
    if (plays) {
      const label = plays === "picture" ? "Show" : "Play";
      const open = button(`${label} ${called}`, { path: plays === "picture" ? "" : ICONS.play, text: label });
      listen(open, "click", () => {
        open.disabled = true;
        place.textContent = "…";
        port.send("play?", { id: shown.id, file });
      }, signal);
      row.append(open);
    }
    return h("div", {}, row, place);
  }
  const mine = ({ id }) => told && id === told.id;
  const placeOf = (file) => body.querySelectorAll(".wb-place")[file];

  port.on("job", (message) => {
    if (!shown || message.id !== shown.id) return;
    told = message;
    draw();
  });
  port.on("clip", (message, [bytes]) => {
    const place = mine(message) && placeOf(message.file);
    if (!place) return;
    const player = createPlayer({ ...message.clip, peaks: bytes }, port, { compact: message.clip.kind === "audio" });
    players.push(player);
    place.replaceChildren(player.element);
    player.play();
  });
  port.on("picture", (message, [bytes]) => {
    const place = mine(message) && placeOf(message.file);
    if (!place || !bytes) return;
    const blob = URL.createObjectURL(new Blob([bytes], { type: message.mime }));
    players.push({ destroy: () => {}, blob });
    place.replaceChildren(h("img", { src: blob, alt: "" }));
  });
  port.on("no file", (message) => {
    const place = mine(message) && placeOf(message.file);
    if (!place) return;
    place.replaceChildren(h("div", { className: "wb-fault", textContent: message.text, dir: "auto" }));
    const open = place.previousElementSibling?.querySelector("button");
    if (open) open.disabled = false;
  });

  return {
    element,
    /** Show a job, or none. */
    open(job) {
      element.hidden = !job;
      drop();
      body.replaceChildren();
      told = shown = null;
      if (!job) return;
      line(job);
      ask();
    },
    /** A line has changed: where it is its own, what was said of it may have, too. */
    update(job) {
      if (!shown || !job || job === shown || job.id !== shown.id) return;
      const other = job.state !== shown.state || job.problem !== shown.problem;
      line(job);
      if (other) ask();
    },
  };
}
