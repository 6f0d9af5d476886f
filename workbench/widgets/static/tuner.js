// The tuner: see workbench/widgets/tuner.py for the state and the messages.

/** What is said, Generate and Stop, undo, and a preset to begin from. */
function createSpeech(port, act, takes) {
  const { model, signal } = port;
  const text = named(h("textarea", { className: "wb-field wb-text", rows: 2, dir: "auto" }), "Text");
  const generate = button("Generate (Ctrl+Enter)", { path: ICONS.play, text: "Generate", className: "wb-main wb-generate" });
  const stop = button("Stop", { path: ICONS.stop, text: "Stop", className: "wb-stop" });
  const bar = named(h("progress", { className: "wb-progress" }), "Progress");
  const doing = h("span", { className: "wb-muted wb-doing" });
  doing.setAttribute("role", "status");
  const aloud = h("input", { type: "checkbox", checked: true });
  const hear = h("label", { className: "wb-check" }, aloud, "Play when ready");
  const undo = iconButton("Undo", TUNER_ICONS.undo, () => act(row, "undo"));
  const redo = iconButton("Redo", TUNER_ICONS.redo, () => act(row, "redo"));
  const presets = named(h("select", { className: "wb-field wb-presets" }), "Open a preset");
  const row = h("div", { className: "wb-go" }, generate, stop, doing, hear, h("span", { className: "wb-space" }), presets, undo, redo);
  let awaited = false; // a take that this view asked for
  let spoken = null; // which one it became, as Python says
  let waiting = 0;

  const typed = settling(() => act(row, "change", { changes: { text: text.value } }), 400, signal);
  const start = () => {
    if (model.get("busy") || awaited) return;
    if (!text.value.trim()) {
      act(row, "");
      text.focus();
      return port.say("Write something to speak.");
    }
    typed.drop();
    awaited = true;
    spoken = null;
    waiting = setTimeout(() => (doing.textContent = "Waiting for the kernel…"), 300);
    able(stop, true);
    port.el.dataset.asked = performance.now();
    return act(row, "generate", { changes: text.value === model.get("chosen").text ? {} : { text: text.value } });
  };
  const answered = () => {
    clearTimeout(waiting);
    if (!model.get("busy")) doing.textContent = "";
  };
  const given = () => {
    awaited = false;
    answered();
    able(stop, model.get("busy"));
  };
  // Messages overtake changes of state: the take may be told of before it is listed.
  const arrived = () => {
    const card = awaited && takes.cards.get(spoken);
    if (!card) return;
    given();
    if (aloud.checked) card.player.play();
    else card.player.seek(0);
  };
  port.on("spoken", ({ take }) => {
    spoken = take;
    arrived();
  });
  let worked = false;
  const update = () => {
    const chosen = model.get("chosen");
    text.lang = chosen.language;
    // What is being typed is newer than what Python has heard.
    if (!typed.waiting() && text.value !== chosen.text) text.value = chosen.text;
    const steps = model.get("steps");
    able(undo, Boolean(steps.undo));
    able(redo, Boolean(steps.redo));
  };
  const working = () => {
    const busy = model.get("busy");
    able(generate, !busy);
    able(stop, busy || awaited);
    port.el.classList.toggle("wb-busy", busy);
    if (busy) {
      clearTimeout(waiting);
      doing.textContent = `${model.get("doing")} …`;
    } else if (worked) {
      // Stopped, or failed: nothing comes.
      if (spoken === null) given();
      doing.textContent = "";
    }
    worked = busy;
    const progress = model.get("progress");
    if (progress > 0) bar.value = progress;
    else bar.removeAttribute("value");
  };
  const fill = () => {
    const names = model.get("presets");
    presets.hidden = !names.length;
    presets.replaceChildren(
      h("option", { value: "", textContent: "Open a preset" }),
      ...names.map((name) => h("option", { value: name, textContent: name })),
    );
  };
  presets.addEventListener("change", () => {
    if (presets.value) act(row, "open", { name: presets.value });
    presets.value = "";
  });
  text.addEventListener("input", typed.ask);
  text.addEventListener("blur", typed.flush);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    start();
  });
  generate.addEventListener("click", start);
  stop.addEventListener("click", () => {
    if (!able(stop)) return;
    given();
    port.send("stop");
  });
  port.watch(["chosen", "steps"], update);
  port.watch(["busy", "doing", "progress"], working);
  port.watch("presets", fill);
  port.watch("error", () => model.get("error") && given());
  signal.addEventListener("abort", () => clearTimeout(waiting));
  update();
  working();
  fill();
  return { element: h("div", { className: "wb-speech" }, text, bar, row), arrived };
}

/** Keep what is set, or a take, as a preset; and the line of code that says the same. */
function createKeep(port, act) {
  const { model } = port;
  const name = named(h("input", { className: "wb-field", type: "text", placeholder: "a name, such as narrator", maxLength: 64, spellcheck: false }), "Name of the preset");
  const note = named(h("input", { className: "wb-field wb-keep-note", type: "text", placeholder: "A note for people", dir: "auto", maxLength: 5000 }), "Note of the preset");
  const keep = button("Keep as a preset", { path: TUNER_ICONS.keep, text: "Keep", className: "wb-keep-button" });
  const what = h("span", { className: "wb-what" });
  const whole = iconButton("Keep the settings instead", ICONS.close, () => {
    aim(null);
    name.focus();
  });
  const ask = h("div", { className: "wb-ask", hidden: true });
  ask.setAttribute("role", "alertdialog");
  const row = h("div", { className: "wb-keep-row" }, what, whole, name, note, keep);
  const opened = h("p", { className: "wb-opened wb-muted", dir: "auto" });
  const done = h("p", { className: "wb-done wb-muted" });
  done.setAttribute("role", "status");
  const line = (label, which) => {
    const code = h("code");
    const copy = iconButton(label, TUNER_ICONS.copy, async () => {
      const copied = await copyText(model.get("calls")[which], code);
      done.textContent = copied ? "Copied." : "Press Ctrl+C to copy.";
    });
    return { code, element: h("div", { className: "wb-code" }, h("pre", {}, code), copy) };
  };
  const short = line("Copy the code", 0);
  const spelt = line("Copy the code, spelt out", 1);
  const also = h("div", { className: "wb-also" }, h("p", { className: "wb-muted", textContent: "The same, spelt out:" }), spelt.element);
  let take = null;

  const aim = (id) => {
    take = id;
    what.textContent = id === null ? "The settings above, as" : `Take ${id}, as`;
    whole.hidden = id === null;
  };
  const send = (replace) => {
    ask.hidden = true;
    done.replaceChildren();
    if (!name.value.trim()) {
      act(row, "");
      name.setAttribute("aria-invalid", "true");
      name.focus();
      return port.say("Give it a name first.");
    }
    if (replace) name.focus(); // the button that was pressed goes
    return act(row, "keep", { name: name.value, note: note.value, take, replace });
  };
  const update = () => {
    const calls = model.get("calls");
    short.code.textContent = calls[0];
    spelt.code.textContent = calls[1] || "";
    also.hidden = calls.length < 2;
    opened.textContent = model.get("opened");
    if (also.hidden) done.replaceChildren(); // the settings are no longer those that were kept
  };
  port.on("exists", (message) => {
    const replace = button("Replace it", { text: "Replace it", onClick: () => send(true) });
    const leave = button("Cancel", { text: "Cancel", onClick: () => {
      ask.hidden = true;
      name.focus();
    } });
    ask.replaceChildren(h("span", {}, "There is a preset ", h("b", { textContent: message.name }), " already."), replace, leave);
    done.replaceChildren();
    ask.hidden = false;
    replace.focus();
  });
  keep.addEventListener("click", () => send(false));
  name.addEventListener("keydown", (event) => event.key === "Enter" && send(false));
  name.addEventListener("input", () => {
    ask.hidden = true;
    if (!name.hasAttribute("aria-invalid")) return;
    name.removeAttribute("aria-invalid");
    port.say("");
  });
  port.watch(["calls", "opened"], update);
  port.watch("name", () => (name.value = model.get("name")));
  port.watch("kept", () => {
    const { path } = model.get("kept");
    done.replaceChildren("Kept in ", h("code", { textContent: path }), ". This line speaks with it:");
    aim(null);
  });
  name.value = model.get("name");
  aim(null);
  update();
  const focus = (id) => {
    aim(id);
    name.focus();
    name.select();
  };
  return { element: section("Keep", "wb-keep", opened, row, ask, done, short.element, also), focus };
}

function mountTuner(model, el) {
  const port = withSounds(connect(model, el));
  holdFocus(port);
  /** Do what Python does, and let its complaint stand where the person acted. */
  const act = (place, kind, content = {}) => {
    if (place.isConnected) place.after(port.status);
    port.say("");
    if (kind) port.send(kind, content);
  };
  const audition = createAudition(port);
  const engines = createEngines(port, act);
  const voices = createVoices(port, act, audition);
  const options = createOptions(port, act);

  const removed = h("div", { className: "wb-removed", hidden: true });
  removed.setAttribute("role", "status");
  let pair = null;
  let speech = null;
  let keep = null;
  const hooks = {
    changed: () => {
      pair?.checked();
      speech?.arrived();
    },
    pick: (side, id) => pair.choose(side, id),
    keep: (id) => keep.focus(id),
    remove: (node, id) => {
      act(node, "delete", { take: id });
      const back = button(`Bring take ${id} back`, { text: "Undo", path: TUNER_ICONS.undo });
      back.addEventListener("click", () => {
        act(removed, "restore", { take: id });
        removed.hidden = true;
        takes.list.focus();
      });
      removed.replaceChildren(`Take ${id} is deleted.`, back);
      removed.hidden = false;
      back.focus({ preventScroll: true });
    },
  };
  const takes = createTakes(port, act, hooks);
  pair = createPair(port, act, takes);
  speech = createSpeech(port, act, takes);
  keep = createKeep(port, act);
  port.watch("listed", () => {
    const ids = model.get("listed").map(({ id }) => `Take ${id} `);
    if (ids.some((told) => removed.textContent.startsWith(told))) removed.hidden = true;
  });

  const left = h("div", { className: "wb-left" },
    section("Voice", "wb-who", h("div", { className: "wb-filters" }, engines.element, voices.language), voices.search, voices.chosen, voices.list, createBlend(port, act), voices.foot, engines.lacking),
    section("Options", "wb-how", options.all, options.element, createSeed(port, act)));
  const right = h("div", { className: "wb-right" }, section("Takes", "wb-what-is", pair.element, removed, takes.empty, takes.list));
  el.classList.add("wb-tuner");
  el.replaceChildren(port.hide, speech.element, port.status, h("div", { className: "wb-columns" }, left, right), keep.element, audition.element);
  port.send("hello");
  return () => {
    el.classList.remove("wb-tuner", "wb-busy");
    port.close();
  };
}

export default { render: remounting(mountTuner) };
