// The lower left of the tuner: every option of the engine, and the seed.

/**
 * A field that a person may be in the middle of: `update` leaves it alone until what was typed is
 * sent, `wrong` marks what was refused, and on leaving the last good value stands in it again.
 */
function drafted(fields, show) {
  const [main] = fields;
  let value = null;
  let typing = false;
  const settle = () => {
    typing = false;
    main.removeAttribute("aria-invalid");
    show(value);
  };
  for (const field of fields) {
    field.addEventListener("input", () => (typing = true));
    field.addEventListener("change", () => (typing = false));
    // What was sent is on its way, and stays; what was not, or was refused, goes.
    field.addEventListener("blur", () => (typing || main.hasAttribute("aria-invalid")) && settle());
  }
  const update = (now) => {
    value = now;
    if (!typing) settle();
  };
  const wrong = () => {
    const here = fields.includes(document.activeElement);
    if (here) main.setAttribute("aria-invalid", "true");
    else settle();
  };
  return { update, wrong };
}

/** Set a field's value; what is the same already keeps its selection. */
function fill(field, value) {
  if (field.value !== String(value) || field.validity.badInput) field.value = value;
}

/** Hear what is entered into a number's field: null for nothing; `bad` for what is no number. */
function entered(field, take, bad) {
  const hear = () => (field.validity.badInput ? bad() : take(field.value === "" ? null : field.valueAsNumber));
  field.addEventListener("change", hear);
  // An empty field into which no number was typed has not changed, for the browser.
  field.addEventListener("keydown", (event) => event.key === "Enter" && field.validity.badInput && bad());
}

/** A control for each option of the engine, with its range, unit and help. */
function createOptions(port, act) {
  const { model } = port;
  const element = h("div", { className: "wb-options" });
  const all = button("Set all options back to their defaults", { path: ICONS.again, text: "Reset", className: "wb-quiet wb-reset-all" });
  let fields = [];
  all.addEventListener("click", () => {
    act(element, "reset", { name: "" });
    fields[0]?.main.focus(); // the button goes when nothing is left to reset
  });

  const one = (spec) => {
    const row = h("div", { className: "wb-option" });
    const send = (value) => act(row, "change", { changes: { [spec.name]: value } });
    const refuse = (text) => {
      act(row, "");
      port.say(text);
      field.wrong();
    };
    const label = h("label", { className: "wb-option-label", textContent: spec.label, title: spec.about });
    const unit = h("span", { className: "wb-unit wb-muted", textContent: spec.unit });
    const back = iconButton(`Set ${spec.label} back to ${plain(spec.default) || "nothing"}`, ICONS.again, () => {
      act(row, "reset", { name: spec.name });
      main.focus();
    }, "wb-back");
    const make = Object.hasOwn(CONTROLS, spec.kind) ? CONTROLS[spec.kind] : CONTROLS.text;
    const [main, extra, set] = make(spec, send, refuse);
    const field = drafted(extra ? [main, extra] : [main], set);
    main.id = `wb-${Math.random().toString(36).slice(2)}`;
    label.htmlFor = main.id;
    main.title = spec.about;
    row.append(label, h("span", { className: "wb-value" }, main, unit, back), ...(extra ? [extra] : []));
    const update = (value) => {
      const changed = value !== spec.default;
      row.classList.toggle("wb-changed", changed);
      back.disabled = !changed;
      field.update(value);
    };
    return { name: spec.name, main, row, update, wrong: field.wrong };
  };
  const build = () => {
    fields = model.get("controls").map(one);
    element.replaceChildren(...fields.map(({ row }) => row));
    update();
  };
  const update = () => {
    const { options } = model.get("chosen");
    let changed = false;
    fields.forEach((field) => {
      if (!(field.name in options)) return;
      field.update(options[field.name]);
      changed ||= field.row.classList.contains("wb-changed");
    });
    all.disabled = !changed;
  };
  const complain = () => {
    const error = model.get("error");
    fields.forEach(({ name, wrong }) => error.startsWith(`${name}: `) && wrong());
  };
  port.watch("controls", build);
  port.watch("chosen", update);
  port.watch("error", complain);
  build();
  return { element, all };
}

/**
 * A field for a number: what is sent is the option's own value, what is shown is it in the unit of
 * the page, `scale` times as large.
 */
function numberField(spec, send, refuse) {
  const { scale, minimum, maximum, unit, whole } = spec;
  const field = h("input", { className: "wb-field wb-number", type: "number", step: whole ? scale : "any" });
  if (minimum !== null) field.min = minimum * scale;
  if (maximum !== null) field.max = maximum * scale;
  const take = (value) => {
    if (value === null) return send(spec.default);
    if (scale === 1) return send(value);
    const { rangeUnderflow: less, rangeOverflow: more } = field.validity;
    if (less || more) return refuse(`${spec.label} must be ${plain(minimum * scale)} to ${plain(maximum * scale)} ${unit}, not ${plain(value)}.`);
    return send(whole ? Math.round(value / scale) : value / scale);
  };
  entered(field, take, () => refuse(`${spec.label} must be a number.`));
  return field;
}

/** For each kind of control: its main element, a further one, and what sets both. */
const CONTROLS = {
  slider(spec, send, refuse) {
    const { scale, minimum, maximum } = spec;
    const number = numberField(spec, send, refuse);
    const bounds = { min: minimum * scale, max: maximum * scale, step: spec.step * scale };
    const slider = named(h("input", { type: "range", ...bounds, title: spec.about }), `${spec.label}, slider`);
    const colour = (shown) => {
      const part = (shown - minimum * scale) / ((maximum - minimum) * scale || 1);
      slider.style.setProperty("--wb-part", `${part * 100}%`);
    };
    slider.addEventListener("input", () => {
      number.value = plain(slider.valueAsNumber);
      colour(slider.valueAsNumber);
    });
    slider.addEventListener("change", () => send(slider.valueAsNumber / scale));
    const set = (value) => {
      slider.value = value * scale;
      fill(number, plain(value * scale));
      colour(value * scale);
    };
    return [number, slider, set];
  },
  number(spec, send, refuse) {
    const number = numberField(spec, send, refuse);
    return [number, null, (value) => fill(number, plain(value * spec.scale))];
  },
  switch(spec, send) {
    const box = h("input", { type: "checkbox", className: "wb-switch" });
    box.setAttribute("role", "switch");
    box.addEventListener("change", () => send(box.checked));
    return [box, null, (value) => (box.checked = value)];
  },
  select(spec, send) {
    const select = h("select", { className: "wb-field" });
    select.append(...spec.choices.map((value) => h("option", { value, textContent: value || "none" })));
    select.addEventListener("change", () => send(select.value));
    return [select, null, (value) => (select.value = value)];
  },
  text(spec, send) {
    const input = h("input", { className: "wb-field", type: "text" });
    input.addEventListener("change", () => send(input.value));
    return [input, null, (value) => fill(input, value)];
  },
};

/** The seed, where the engine leaves something to chance. */
function createSeed(port, act) {
  const { model } = port;
  const number = named(h("input", { className: "wb-field wb-number wb-seed", type: "number", min: 0, max: 4294967295, step: 1, placeholder: "any" }), "Seed");
  const dice = iconButton("Another seed", TUNER_ICONS.dice, () => send(Math.floor(Math.random() * 100000)));
  const row = h("div", { className: "wb-option" });
  const label = h("span", { className: "wb-option-label", textContent: "Seed", title: "The same seed gives the same take" });
  row.append(label, h("span", { className: "wb-value" }, number, dice));
  const send = (seed) => act(row, "change", { changes: { seed } });
  const field = drafted([number], (seed) => fill(number, seed ?? ""));
  entered(number, send, () => {
    act(row, "");
    port.say("Seed must be a whole number.");
    field.wrong();
  });
  const update = () => {
    const { seed, seeded } = model.get("chosen");
    row.hidden = !seeded;
    field.update(seed);
    row.classList.toggle("wb-changed", seed !== null);
  };
  port.watch("chosen", update);
  port.watch("error", () => model.get("error").startsWith("seed: ") && field.wrong());
  update();
  return row;
}
