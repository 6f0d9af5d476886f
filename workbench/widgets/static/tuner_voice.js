// The left side of the tuner: who speaks, blends, and every option of the engine.

/** Plays samples of voices, one at a time; each is asked for once. */
function createAudition(port) {
  const audio = h("audio", { className: "wb-sample" });
  const known = new Map();
  let wanted = "";
  let awaited = false; // asked for and not yet heard
  const show = (state) => {
    port.el.querySelectorAll(".wb-hear").forEach((node) => {
      node.setAttribute("aria-pressed", String(Boolean(state) && node.dataset.voice === state));
    });
  };
  const play = (voice) => {
    audio.src = known.get(voice);
    audio.play().catch((error) => error.name !== "AbortError" && port.say(error.message));
  };
  const hear = (voice) => {
    const playing = !audio.paused && !audio.ended;
    audio.pause();
    if (playing && wanted === voice) return undefined;
    wanted = voice;
    awaited = true;
    show(voice);
    return known.has(voice) ? play(voice) : port.send("audition", { voice });
  };
  const silent = () => awaited || show("");
  port.on("audition", ({ voice, mime }, buffers) => {
    known.set(voice, URL.createObjectURL(new Blob([buffers[0]], { type: mime })));
    if (voice === wanted) play(voice);
  });
  listen(audio, "playing", () => (awaited = false), port.signal);
  listen(audio, "ended pause", silent, port.signal);
  port.watch("error", () => {
    awaited = false;
    silent();
  });
  port.signal.addEventListener("abort", () => {
    audio.pause();
    known.forEach((url) => URL.revokeObjectURL(url));
  });
  return { element: audio, hear };
}

/** The engines: those that cannot speak here say what they lack. */
function createEngines(port, act) {
  const { model } = port;
  const select = named(h("select", { className: "wb-field wb-engine" }), "Engine");
  const lacking = h("details", { className: "wb-lacking" });
  const list = h("ul");
  lacking.append(h("summary", { textContent: "Other engines" }), list);
  const ask = (command) => {
    const code = h("code", { textContent: command });
    const copy = iconButton("Copy the command", TUNER_ICONS.copy, async () => {
      copy.title = (await copyText(command, code)) ? "Copied." : "Press Ctrl+C to copy.";
    });
    return h("div", { className: "wb-command" }, code, copy);
  };
  const choose = () => (select.value = model.get("chosen").engine);
  const update = () => {
    const engines = model.get("engines");
    select.replaceChildren(
      ...engines.map(({ name, ready, problem }) =>
        h("option", { value: name, disabled: !ready, textContent: ready ? name : `${name} (${problem})` }),
      ),
    );
    choose();
    const missing = engines.filter((engine) => !engine.ready);
    lacking.hidden = !missing.length;
    list.replaceChildren(
      ...missing.map(({ name, problem, command, remark }) =>
        h("li", {}, h("p", {}, h("b", { textContent: name }), ` ${problem}`), ...(command ? [ask(command)] : []), ...(remark ? [h("p", { textContent: remark })] : [])),
      ),
    );
  };
  select.addEventListener("change", () => act(lacking, "engine", { name: select.value }));
  port.watch("engines", update);
  port.watch("chosen", choose);
  update();
  return { element: select, lacking };
}

/** The voices of the engine: a list with a filter, a search, and a sample of each. */
function createVoices(port, act, audition) {
  const { model } = port;
  const language = named(h("select", { className: "wb-field" }), "Language");
  const search = named(h("input", { className: "wb-field", type: "search", placeholder: "Find a voice" }), "Find a voice");
  const list = named(h("div", { className: "wb-voices", tabIndex: 0 }), "Voices", { role: "listbox" });
  list.title = "Arrows move, Enter chooses, space lets you hear";
  const hover = h("input", { type: "checkbox" });
  const count = h("span", { className: "wb-muted" });
  const allow = h("label", { className: "wb-check" }, hover, "Hear on hover");
  const id = `wb-${Math.random().toString(36).slice(2)}`;
  let rows = [];
  let active = -1;
  let timer = 0;
  const primary = (tag) => tag.split("-")[0];

  const chosenNames = () => {
    const { voice, blend } = model.get("chosen");
    const parts = Object.keys(blend);
    return parts.length ? parts : [voice, voice.split("+")[0]]; // en-us+f3 is en-us with a timbre
  };
  const choose = (voice) => act(list, "change", { changes: { voice: `${model.get("chosen").engine}:${voice}` } });
  const point = (index, scroll = true) => {
    rows[active]?.node.classList.remove("wb-active");
    active = Math.max(0, Math.min(rows.length - 1, index));
    const row = rows[active];
    if (!row) return list.removeAttribute("aria-activedescendant");
    row.node.classList.add("wb-active");
    list.setAttribute("aria-activedescendant", row.node.id);
    const top = row.node.offsetTop;
    if (!scroll) return undefined;
    if (top < list.scrollTop || top + row.node.offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = top - list.clientHeight / 2;
    }
    return undefined;
  };
  const chosen = h("p", { className: "wb-chosen", dir: "auto" });
  chosen.setAttribute("role", "status");
  const mark = () => {
    const names = chosenNames();
    const { engine: owner, voice: own, blend } = model.get("chosen");
    const label = model.get("voices").find(({ name }) => name === own || name === own.split("+")[0])?.label;
    const parts = Object.keys(blend);
    chosen.replaceChildren(h("b", { textContent: parts.length > 1 ? `A blend of ${parts.join(", ")}` : label || own }), h("code", { textContent: `${owner}:${own}` }));
    rows.forEach(({ node, voice }) => node.setAttribute("aria-selected", String(names.includes(voice.name))));
  };
  const row = (voice, i) => {
    const name = h("span", { className: "wb-voice-name", textContent: voice.label, dir: "auto" });
    const about = [voice.language, voice.gender].filter(Boolean).join(", ");
    const hear = iconButton(`Hear ${voice.label}`, TUNER_ICONS.hear, (event) => {
      event.stopPropagation();
      act(list, "", {});
      audition.hear(voice.name);
    }, "wb-hear");
    hear.dataset.voice = voice.name;
    hear.title = "Speaks a sample sentence in this voice";
    hear.tabIndex = -1;
    const node = h("div", { className: "wb-voice", id: `${id}-${i}` }, hear, name, h("span", { className: "wb-muted", textContent: about }));
    node.setAttribute("role", "option");
    if (Object.keys(model.get("chosen").blend).length) {
      const add = iconButton(`Blend ${voice.label} in`, TUNER_ICONS.add, (event) => {
        event.stopPropagation();
        const parts = Object.keys(model.get("chosen").blend).length;
        act(list, "share", { voice: voice.name, share: 1 / (parts + 1) });
      });
      add.tabIndex = -1;
      node.append(add);
    }
    node.addEventListener("click", () => {
      point(i, false);
      choose(voice.name);
    });
    node.addEventListener("pointerenter", () => {
      clearTimeout(timer);
      if (hover.checked) timer = setTimeout(() => audition.hear(voice.name), 350);
    });
    return { node, voice };
  };
  const fill = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (voice) =>
      (!language.value || primary(voice.language) === language.value) &&
      words.every((word) => `${voice.label} ${voice.name} ${voice.language} ${voice.gender}`.toLowerCase().includes(word));
    const all = model.get("voices");
    const shown = all.filter(fits);
    active = -1;
    rows = shown.map(row);
    list.replaceChildren(...rows.map(({ node }) => node));
    count.textContent = shown.length === all.length ? `${all.length} voices` : `${shown.length} of ${all.length} voices`;
    mark();
    const names = chosenNames();
    point(rows.findIndex(({ voice }) => names.includes(voice.name)));
  };
  const engine = () => {
    const voices = model.get("voices");
    const tags = [...new Set(voices.map((voice) => primary(voice.language)))];
    const options = tags.map((tag) => [languageName(tag), tag]).sort(([a], [b]) => a.localeCompare(b));
    const wanted = primary(model.get("chosen").language);
    language.replaceChildren(
      h("option", { value: "", textContent: "All languages" }),
      ...options.map(([text, value]) => h("option", { value, textContent: text })),
    );
    language.value = tags.includes(wanted) ? wanted : "";
    search.value = "";
    fill();
  };
  let known = "";
  const moved = () => {
    const { voice, language: tag } = model.get("chosen");
    const same = known === `${voice} ${tag}`;
    known = `${voice} ${tag}`;
    if (same) return undefined; // a search goes on while options move
    const wanted = primary(model.get("chosen").language);
    const names = chosenNames();
    if (rows.some((one) => names.includes(one.voice.name))) return mark();
    if (language.value && language.value !== wanted) language.value = wanted;
    search.value = "";
    return fill();
  };
  // Who asks for a language wants to hear it: its first voice speaks from now on.
  language.addEventListener("change", () => {
    fill();
    const names = chosenNames();
    if (rows.length && !rows.some(({ voice }) => names.includes(voice.name))) choose(rows[0].voice.name);
  });
  search.addEventListener("input", () => {
    if (search.value) language.value = "";
    fill();
  });
  search.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "Enter"].includes(event.key)) return;
    event.preventDefault();
    list.focus();
    point(Math.max(0, active));
  });
  list.addEventListener("pointerleave", () => clearTimeout(timer));
  const keys = {
    ArrowDown: () => point(active + 1),
    ArrowUp: () => point(active - 1),
    Home: () => point(0),
    End: () => point(rows.length - 1),
    Enter: () => rows[active] && choose(rows[active].voice.name),
    " ": () => rows[active] && audition.hear(rows[active].voice.name),
  };
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key] || event.target !== list) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
  // Only what is on the page can be scrolled, and a view is made before it is put there.
  const seen = new ResizeObserver(() => {
    if (!list.clientHeight) return;
    seen.disconnect();
    point(active);
  });
  seen.observe(list);
  port.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    seen.disconnect();
  });
  port.watch("voices", engine);
  port.watch("chosen", moved);
  engine();
  return { language, search, chosen, list, foot: h("div", { className: "wb-voices-foot" }, count, allow) };
}

/** The shares of a blend, where the engine can blend. */
function createBlend(port, act) {
  const { model } = port;
  const element = named(h("div", { className: "wb-blend" }), "Blend", { role: "group" });
  let names = "";
  const update = () => {
    const parts = Object.entries(model.get("chosen").blend);
    element.hidden = parts.length < 2;
    const now = JSON.stringify(parts.map(([name]) => name));
    if (now !== names) {
      names = now;
      element.replaceChildren(...(parts.length < 2 ? [] : parts.map(([name]) => part(name))));
    }
    parts.forEach(([, share], i) => {
      const row = element.children[i];
      if (!row) return;
      row.querySelector("input").value = Math.round(share * 100);
      row.querySelector("output").textContent = `${Math.round(share * 100)} %`;
    });
  };
  const part = (voice) => {
    const slider = named(h("input", { type: "range", min: 1, max: 99, step: 1 }), `Share of ${voice}`);
    const output = h("output");
    slider.addEventListener("input", () => (output.textContent = `${slider.value} %`));
    slider.addEventListener("change", () => act(element, "share", { voice, share: slider.valueAsNumber / 100 }));
    const drop = iconButton(`Take ${voice} out of the blend`, ICONS.close, () => {
      act(element, "share", { voice, share: 0 });
      element.parentElement.querySelector(".wb-voices").focus();
    });
    return h("div", { className: "wb-part" }, h("span", { textContent: voice }), slider, output, drop);
  };
  port.watch("chosen", update);
  update();
  return element;
}
