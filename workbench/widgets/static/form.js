// A form for a notebook: see workbench/widgets/form.py for the state and the messages.

function mount(model, el) {
  const port = connect(model, el);
  const { signal } = port;
  const element = h("form", { className: "wb-form", noValidate: true });
  element.setAttribute("aria-label", model.get("title"));
  const state = (name) => {
    const value = model.get(name);
    return value && typeof value === "object" ? value : {};
  };

  // -- fields ----------------------------------------------------------------------------------
  const specs = model.get("fields");
  const fields = new Map();
  for (const spec of specs) {
    const send = (value) => port.send("write", { name: spec.name, value });
    fields.set(spec.name, createField(spec, send, (name) => reset(name), signal));
  }
  let forced = false; // what was reset is shown also where somebody types
  const reset = (name = "") => {
    forced = true;
    port.send("reset", name ? { name } : {});
  };
  const showEntered = () => {
    const entered = state("entered");
    for (const [name, field] of fields) {
      if (Object.hasOwn(entered, name)) field.show(entered[name], forced);
    }
    forced = false;
  };
  const judge = () => {
    const mistakes = state("mistakes");
    const notes = state("notes");
    const changed = model.get("changed") || [];
    const own = (from, name) => (Object.hasOwn(from, name) ? String(from[name]) : "");
    for (const [name, field] of fields) {
      field.judge(own(mistakes, name), own(notes, name), changed.includes(name));
    }
    const count = Object.keys(mistakes).length;
    wrongs.textContent = count ? `${count} ${count === 1 ? "field is" : "fields are"} to be corrected` : "";
    all.disabled = !changed.length;
    working();
  };

  // -- run ---------------------------------------------------------------------------------------
  const run = button("Run (Ctrl+Enter)", { path: ICONS.play, text: "Run", className: "wb-main" });
  const stop = button("Stop", { path: ICONS.stop, text: "Stop", onClick: () => port.send("stop") });
  const all = button("Set all fields back to their defaults", { path: ICONS.again, text: "Reset", onClick: () => reset() });
  const bar = h("progress", { max: 1 });
  bar.setAttribute("aria-label", "Progress");
  const doing = h("span", { className: "wb-muted" });
  const wrongs = h("span", { className: "wb-wrong" });
  wrongs.setAttribute("role", "status");
  const start = () => {
    fields.forEach((field) => field.flush());
    if (!model.get("busy")) port.send("run");
  };
  listen(run, "click", start, signal);
  listen(element, "submit", (event) => event.preventDefault(), signal);
  listen(element, "keydown", (event) => {
    if (event.key !== "Enter") return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      start();
    } else if (event.target.matches("input")) event.preventDefault(); // no form is sent anywhere
  }, signal);
  const working = () => {
    const busy = model.get("busy");
    const part = Number(model.get("progress"));
    run.hidden = busy;
    run.disabled = Object.keys(state("mistakes")).length > 0;
    stop.hidden = bar.hidden = doing.hidden = !busy;
    if (part > 0 && part <= 1) bar.value = part;
    else bar.removeAttribute("value");
    doing.textContent = `${model.get("doing")} ${part > 0 ? `${Math.round(Math.min(1, part) * 100)} %` : "…"}`;
  };

  // -- the command -------------------------------------------------------------------------------
  const code = h("code", { tabIndex: 0 });
  code.setAttribute("aria-label", "The same in a terminal");
  const copy = button("Copy the command", { text: "Copy" });
  listen(copy, "click", async () => {
    try {
      await navigator.clipboard.writeText(model.get("command"));
      copy.textContent = "Copied";
    } catch {
      // Not every page may: selected, it is one key away.
      getSelection().selectAllChildren(code);
      copy.textContent = "Press Ctrl+C";
    }
  }, signal);
  const terminal = h("div", { className: "wb-terminal" }, code, copy);
  const showCommand = () => {
    code.textContent = model.get("command");
    copy.textContent = "Copy";
    terminal.hidden = !model.get("command");
  };

  // -- what was made -----------------------------------------------------------------------------
  const stage = h("div", { className: "wb-stage" });
  const files = h("ul", { className: "wb-made" });
  let player = null;
  const showMade = () => {
    const clip = state("played");
    player?.destroy();
    player = null;
    if (clip.uid && Array.isArray(clip.words)) player = createPlayer(clip, port, { label: "What was made" });
    stage.replaceChildren(...(player ? [player.element] : []));
    const made = model.get("made") || [];
    files.replaceChildren(...made.map((one) => h("li", {}, h("span", { textContent: one.path }), " ", h("span", { className: "wb-muted", textContent: sizeOf(one.bytes) }))));
    files.hidden = !made.length;
  };

  const head = h("div", { className: "wb-form-head" }, h("b", { textContent: model.get("about") || model.get("title") }), h("span", { className: "wb-muted", textContent: model.get("about") ? model.get("title") : "" }));
  const rows = h("div", { className: "wb-rows" }, ...[...fields.values()].map((field) => field.element));
  const foot = h("div", { className: "wb-foot" }, run, stop, all, bar, doing, wrongs);
  element.append(head, rows, foot, terminal, port.status, stage, files);
  el.replaceChildren(port.hide, element);

  port.watch("entered", showEntered);
  port.watch(["mistakes", "notes", "changed"], judge);
  port.watch(["busy", "doing", "progress"], working);
  port.watch("command", showCommand);
  port.watch(["played", "made"], showMade);
  showEntered();
  judge();
  showCommand();
  showMade();
  port.send("hello");
  return () => {
    player?.destroy();
    port.close();
  };
}

/** A number of bytes for people. */
function sizeOf(bytes) {
  if (!(bytes >= 1000)) return `${Number(bytes) || 0} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export default { render: remounting(mount, ["fields", "title", "about"]) };
