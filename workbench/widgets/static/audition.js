// A blind comparison: see workbench/widgets/audition.py for the state and the messages. There is no
// outline, name or length of a sound in here: any of them would tell which it is.

function mountAudition(model, el) {
  const port = connect(model, el);
  const { signal } = port;
  const abx = model.get("kind") === "abx";
  const names = abx ? ["A", "B", "X"] : ["A", "B"];
  el.classList.add("wb-audition");
  el.tabIndex = -1;
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", `Blind comparison: ${model.get("question")}`);

  // What cannot be done now is only said to be so: a button that is disabled would lose the focus,
  // and with it the widget its keys.
  // -- elements ------------------------------------------------------------------------------
  const count = h("span", { className: "wb-count" });
  count.setAttribute("role", "status");
  const bar = h("progress", { className: "wb-done" });
  bar.setAttribute("aria-label", "Trials answered");
  const question = h("span", { className: "wb-question", textContent: model.get("question") });
  const head = h("div", { className: "wb-head" }, question, count, bar);

  const play = button("Play", { path: ICONS.play, className: "wb-play", onClick: () => toggle() });
  const pick = Object.fromEntries(
    names.map((name, i) => {
      const node = button(`Hear ${name} (${name} or ${i + 1})`, {
        text: name,
        className: "wb-sound",
        onClick: () => (name === current && playing() ? pause() : choose(name)),
      });
      node.dataset.sound = name;
      return [name, node];
    }),
  );
  const where = h("input", { type: "range", className: "wb-where", min: 0, step: 0.01, value: 0 });
  where.setAttribute("aria-label", "Position");
  const time = h("span", { className: "wb-clock" });
  const again = button("Repeat", { path: ICONS.again, className: "wb-again", onClick: () => repeat() });
  again.setAttribute("aria-pressed", "false");
  const listening = h("div", { className: "wb-listening" }, play, ...Object.values(pick), where, time, again);

  const says = abx
    ? [["A", "X is A"], ["B", "X is B"]]
    : [["A", "A is better"], ...(model.get("ties") ? [["none", "No difference"]] : []), ["B", "B is better"]];
  const keyOf = { A: "Shift+A", B: "Shift+B", none: "Shift+N" };
  const answers = says.map(([choice, text]) => {
    const node = button(`${text} (${keyOf[choice]})`, {
      text,
      className: "wb-answer wb-main",
      onClick: () => answer(choice),
    });
    node.dataset.choice = choice;
    return node;
  });
  const hint = h("span", { className: "wb-hint wb-muted" });
  const answering = h("div", { className: "wb-answering" }, ...answers, hint);

  const undo = button("Undo the last answer", { text: "Undo", className: "wb-undo", onClick: () => isOff(undo) || port.send("undo") });
  const finish = button("Finish early", { text: "Finish early…", className: "wb-finish", onClick: () => ask(true) });
  const sure = h(
    "span",
    { className: "wb-sure", hidden: true },
    "This ends the session and shows the result. ",
    button("End and show the result", { text: "End it", className: "wb-end", onClick: () => port.send("finish") }),
    button("Go on listening", { text: "Go on", className: "wb-on-with-it", onClick: () => ask(false) }),
  );
  const keys = h("span", {
    className: "wb-keys wb-muted",
    textContent: `Keys: ${names.join(", ")} to hear, space to pause, ${says.map(([c]) => keyOf[c]).join(", ")} to answer`,
  });
  const foot = h("div", { className: "wb-foot" }, undo, finish, sure, keys);
  const outcome = h("div", { className: "wb-outcome", hidden: true });
  const stage = h("div", { className: "wb-box" }, head, listening, answering, foot, outcome);
  const shelf = h("div", { hidden: true });
  el.replaceChildren(port.hide, shelf, stage, port.status);

  // -- the trial -----------------------------------------------------------------------------
  let trial = "";
  let sounds = {}; // name: {media, heard}
  let current = "A";
  let length = 0;
  let began = 0;
  let frame = 0;
  let leaving = new AbortController();

  const media = () => sounds[current]?.media;
  const playing = () => Boolean(media() && !media().paused && !media().ended);
  const position = () => media()?.currentTime || 0;
  const off = (node, on) => node.setAttribute("aria-disabled", String(Boolean(on)));
  const isOff = (node) => node.ariaDisabled === "true";
  const sayable = () => Boolean(trial) && names.every((name) => sounds[name]?.heard);

  function begin(state) {
    leaving.abort();
    leaving = new AbortController();
    const end = AbortSignal.any([signal, leaving.signal]);
    trial = state.trial;
    sounds = {};
    current = "A";
    length = Math.max(0, ...state.sounds.map((sound) => sound.duration));
    delete el.dataset.ready;
    for (const sound of state.sounds) {
      const audio = h("audio", { preload: "auto", loop: again.ariaPressed === "true" });
      audio.dataset.sound = sound.name;
      sounds[sound.name] = { media: audio, heard: false };
      listen(audio, "play pause seeked ended", () => face(), end);
      listen(audio, "playing", () => hear(sound.name), end);
      listen(
        audio,
        "loadeddata",
        () => {
          off(pick[sound.name], false);
          const ready = names.every((name) => sounds[name].media.readyState >= 2);
          if (ready) el.dataset.ready = trial;
          face();
        },
        end,
      );
      off(pick[sound.name], true);
      port.load(audio, sound, { signal: end });
    }
    shelf.replaceChildren(...Object.values(sounds).map((sound) => sound.media));
    began = performance.now();
    face();
  }
  function hear(name) {
    sounds[name].heard = true;
    face();
  }

  // -- listening -----------------------------------------------------------------------------
  function start() {
    const audio = media();
    if (!audio || isOff(pick[current])) return;
    if (audio.ended || position() >= length - 0.02) audio.currentTime = 0;
    audio.play().catch((error) => {
      if (error.name === "NotAllowedError") port.say("The browser waits for you to press play.");
      else if (error.name !== "AbortError" && !audio.error) port.say(error.message);
    });
  }
  const pause = () => media()?.pause();
  const toggle = () => (playing() ? pause() : start());
  /** Go on with another sound at the same time: a difference is heard best without a gap. */
  function choose(name) {
    if (!sounds[name] || isOff(pick[name])) return;
    if (name !== current) {
      const at = position();
      pause();
      current = name;
      media().currentTime = at;
    }
    start();
    face(); // at once: events of media come later
  }
  function seek(to) {
    if (media()) media().currentTime = Math.min(length, Math.max(0, to));
    face();
  }
  function repeat() {
    const on = again.ariaPressed !== "true";
    again.setAttribute("aria-pressed", String(on));
    for (const sound of Object.values(sounds)) sound.media.loop = on;
  }

  // -- answering -----------------------------------------------------------------------------
  function answer(choice) {
    if (!sayable()) return;
    const seconds = (performance.now() - began) / 1000;
    const said = trial;
    trial = ""; // a second click is no answer to the next trial
    el.focus({ preventScroll: true }); // the keys of the next trial are the widget's
    face();
    port.send("answer", { trial: said, choice, seconds });
  }
  function ask(on) {
    finish.hidden = on;
    sure.hidden = !on;
    (on ? sure.querySelector("button") : finish).focus();
  }

  // -- what it shows -------------------------------------------------------------------------
  function face() {
    const now = position();
    play.replaceChildren(icon(playing() ? ICONS.pause : ICONS.play));
    play.title = playing() ? "Pause (space)" : "Play (space)";
    play.setAttribute("aria-label", playing() ? "Pause" : "Play");
    off(play, isOff(pick[current]));
    for (const [name, node] of Object.entries(pick)) {
      node.setAttribute("aria-pressed", String(name === current));
      node.classList.toggle("wb-heard", Boolean(sounds[name]?.heard));
    }
    where.max = length;
    if (document.activeElement !== where || playing()) where.value = now;
    where.setAttribute("aria-valuetext", `${clock(now)} of ${clock(length)}`);
    time.textContent = clockOf(now, length);
    answers.forEach((node) => off(node, !sayable()));
    const unheard = names.filter((name) => !sounds[name]?.heard);
    hint.textContent = unheard.length ? `Hear ${unheard.join(" and ")} first.` : "";
    cancelAnimationFrame(frame);
    if (playing()) frame = requestAnimationFrame(face);
  }
  function table({ title, heads, helps, numbers, rows }) {
    const kind = (i) => (numbers[i] ? "wb-number" : "");
    const cells = (row) => row.map((textContent, i) => h("td", { textContent, className: kind(i) }));
    const names = heads.map((textContent, i) => h("th", { textContent, title: helps[i] }));
    const whole = h("table", { className: "wb-table" });
    whole.append(h("thead", {}, h("tr", {}, ...names)));
    whole.append(h("tbody", {}, ...rows.map((row) => h("tr", {}, ...cells(row)))));
    whole.setAttribute("aria-label", title);
    return h("section", {}, h("h4", { textContent: title }), h("div", { className: "wb-scroll" }, whole));
  }
  /** The takes by their names, to hear again what was chosen blind. */
  function lane(take) {
    const { label } = take;
    const player = createPlayer(take, port, { compact: true, lazy: true, label });
    return h("div", { className: "wb-lane" }, h("span", { className: "wb-label", textContent: label, title: label }), player.element);
  }
  function unveil({ verdict, tables, takes, notes }) {
    outcome.append(h("p", { className: "wb-verdict", textContent: verdict }), ...takes.map(lane));
    const told = notes.map((textContent) => h("li", { textContent }));
    if (told.length) outcome.append(h("ul", { className: "wb-notes wb-muted" }, ...told));
    const summary = h("summary", { textContent: "Figures" });
    if (tables.length) outcome.append(h("details", { className: "wb-figures" }, summary, ...tables.map(table)));
  }
  function show() {
    const state = model.get("stage");
    const inside = el.contains(document.activeElement);
    const over = Boolean(state.results);
    begin(state);
    question.textContent = over ? "Result" : model.get("question");
    count.textContent = over ? state.results.about : `Trial ${state.done + 1} of ${state.total}`;
    bar.max = state.total;
    bar.value = state.done;
    off(undo, !state.undo);
    finish.hidden = false;
    sure.hidden = true;
    listening.hidden = answering.hidden = foot.hidden = over;
    outcome.hidden = !over;
    outcome.replaceChildren();
    if (over) unveil(state.results);
    if (inside) el.focus({ preventScroll: true }); // what had it may be gone or disabled
  }

  // -- what it hears -------------------------------------------------------------------------
  listen(where, "input", () => seek(Number(where.value)), signal);
  const step = { ArrowLeft: -1, ArrowRight: 1 };
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !model.get("stage").trial) return;
    const { key, target } = event;
    const native = target === where || target.matches("summary");
    const letter = key.toUpperCase();
    let done = true;
    if (event.shiftKey && ["A", "B", "N"].includes(letter)) {
      const choice = letter === "N" ? "none" : letter;
      if (says.some(([known]) => known === choice)) answer(choice);
    } else if (names.includes(letter)) choose(letter);
    else if (names[Number(key) - 1]) choose(names[Number(key) - 1]);
    else if (key === " " && !target.matches("button, summary")) toggle();
    else if (step[key] && !native) seek(position() + step[key]);
    else if (key === "Home" && !native) seek(0);
    else done = false;
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  };
  listen(el, "keydown", onKey, signal);
  const other = (event) =>
    event.target !== media() && event.target.closest?.(".wb") && !shelf.contains(event.target) && pause();
  listen(document, "play", other, signal, true);
  port.watch("stage", show);
  // An answer that was refused is none: the trial waits for another.
  port.watch("error", () => {
    trial = model.get("stage").trial;
    face();
  });
  port.on("play", (message) => port.first() && choose(message.name || current));
  port.on("pause", () => pause());
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));

  show();
  port.send("hello");
  return port.close;
}

export default { render: remounting(mountAudition) };
