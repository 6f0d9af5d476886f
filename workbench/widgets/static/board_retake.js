// How a line of the board (board_line.js) is spoken again: by whom, with which options.

const AGAIN = "Speak this line again (r)";

/** Retake, voice and options. What is chosen is only marked: Retake, or Enter, speaks with it. */
function createRetake(line) {
  const { board } = line;
  const again = button(AGAIN, { path: ICONS.again, text: "Retake", onClick: () => line.retake() });
  const voice = named(h("select", { className: "wb-field wb-voices", title: "Who speaks the next retake" }), "Voice");
  const grid = h("div", { className: "wb-options" });
  const fold = h("details", { className: "wb-fold" }, h("summary", { textContent: "Options" }), grid);
  let filled = null;
  let built = "";
  let fields = [];
  voice.addEventListener("change", () => {
    const before = line.engine;
    line.draft.voice = voice.value === line.data.voice ? null : voice.value;
    if (line.engine !== before) line.draft.options = {};
    draw();
  });
  const enter = (event) => {
    if (event.key !== "Enter" || !event.target.matches("select, input")) return;
    event.preventDefault();
    event.stopPropagation();
    event.target.blur(); // a number that was typed is taken over
    event.target.focus();
    line.retake();
  };
  voice.addEventListener("keydown", enter);
  grid.addEventListener("keydown", enter);

  /** A field with the option's range and unit. */
  const field = (spec) => {
    const { name, kind, label, help, unit, minimum, maximum, whole, choices } = spec;
    const scale = spec.scale || 1;
    const number = kind === "slider" || kind === "number";
    const node = h(kind === "select" ? "select" : "input", { className: kind === "switch" ? "" : "wb-field" });
    if (kind === "select") node.append(...choices.map((value) => h("option", { value, textContent: value || "none" })));
    else node.type = number ? "number" : kind === "switch" ? "checkbox" : "text";
    const bounded = minimum !== null && maximum !== null;
    const range = bounded ? `${plain(minimum * scale)} to ${plain(maximum * scale)}` : "";
    if (number) Object.assign(node, { step: whole ? scale : "any", min: minimum === null ? "" : minimum * scale, max: maximum === null ? "" : maximum * scale });
    node.title = help;
    const read = () => {
      if (kind === "switch") return node.checked;
      if (!number) return node.value;
      if (node.value === "") return line.base[name];
      const value = node.valueAsNumber / scale;
      return whole && scale !== 1 ? Math.round(value) : value;
    };
    const row = h("label", { className: "wb-option" }, h("span", { textContent: label }), node);
    row.append(h("span", { className: "wb-muted", textContent: [range, unit].filter(Boolean).join(" ") }));
    node.addEventListener("change", () => {
      line.draft.options[name] = read();
      draw();
    });
    const set = () => {
      const value = line.draft.options[name] ?? line.base[name] ?? spec.default;
      if (kind === "switch") node.checked = value;
      else if (document.activeElement !== node) node.value = number ? plain(value * scale) : value;
      row.classList.toggle("wb-changed", name in line.changes.options);
    };
    return { row, set };
  };
  const fill = () => {
    const { data } = line;
    if (filled !== board.voices || !voice.options.length) {
      const known = board.voices.some(({ name }) => name === data.voice);
      const all = known ? board.voices : [{ name: data.voice, label: data.voice }, ...board.voices];
      voice.replaceChildren(...all.map(({ name, label }) => h("option", { value: name, textContent: label })));
      filled = board.voices;
    }
    const wanted = line.draft.voice ?? data.voice;
    if (![...voice.options].some(({ value }) => value === wanted)) {
      voice.append(h("option", { value: wanted, textContent: wanted }));
    }
    voice.value = wanted;
  };
  function draw() {
    fill();
    const controls = board.engines[line.engine]?.controls || [];
    fold.hidden = !controls.length;
    if (built !== line.engine || fields.length !== controls.length) {
      built = line.engine;
      fields = controls.map(field);
      grid.replaceChildren(...fields.map(({ row }) => row));
    }
    fields.forEach(({ set }) => set());
    voice.classList.toggle("wb-changed", line.draft.voice !== null);
    const why = line.idle;
    able(again, !why);
    again.title = why || AGAIN;
  }
  return { again, voice, fold, draw };
}
