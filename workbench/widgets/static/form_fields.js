// The fields of a form: a control for each parameter, and what is wrong beside it.

const WAIT = 120; // milliseconds after a key until Python is asked

/** A text that is safe as a number of a slider. */
const numeric = (text, fallback) => {
  const value = Number(text);
  return String(text).trim() !== "" && Number.isFinite(value) ? value : fallback;
};

/** As many lines as a text has, within reason. */
const linesOf = (text, least) => Math.max(least, Math.min(12, String(text).split("\n").length));

/**
 * One field: its `element`, `show(value)`, `judge(mistake, note, changed)` and `focus()`.
 *
 * `send(value)` is called while a person types, a moment after the last key, and at once on leaving.
 */
function createField(spec, send, reset, signal) {
  const id = `wb-form-${Math.random().toString(36).slice(2)}`;
  const kind = Object.hasOwn(ENTRIES, spec.control) ? spec.control : "text";
  const { main, extra, take, put } = ENTRIES[kind](spec);
  main.id = id;
  const wrong = h("div", { className: "wb-wrong", id: `${id}-wrong`, hidden: true });
  wrong.setAttribute("role", "status");
  const about = [spec.help, spec.range && `(${spec.range})`].filter(Boolean).join(" ");
  const hint = h("div", { className: "wb-hint", id: `${id}-hint`, textContent: about });
  const note = h("span", { className: "wb-note" });
  main.setAttribute("aria-describedby", `${id}-wrong ${id}-hint`);
  const label = h("label", { htmlFor: id, textContent: spec.name, title: spec.type });
  const back = button(`Set ${spec.name} back to its default`, { path: ICONS.again, className: "wb-back", onClick: () => reset(spec.name) });
  const unit = h("span", { className: "wb-unit wb-muted", textContent: spec.unit });
  const line = h("div", { className: "wb-entry" }, main, ...(extra ? [extra] : []), unit, back);
  const element = h("div", { className: `wb-field-row wb-is-${kind}` }, label, h("div", {}, line, wrong, h("div", { className: "wb-said wb-muted" }, hint, note)));

  let timer = 0;
  let typed = false; // what stands here is not yet Python's
  const now = () => {
    clearTimeout(timer);
    if (!typed) return;
    typed = false;
    send(take());
  };
  const soon = () => {
    typed = true;
    clearTimeout(timer);
    timer = setTimeout(now, WAIT);
  };
  for (const one of [main, extra].filter(Boolean)) {
    listen(one, "input", soon, signal);
    listen(one, "change blur", now, signal);
  }
  signal.addEventListener("abort", () => clearTimeout(timer));
  return {
    element,
    flush: now,
    focus: () => main.focus(),
    /** Show Python's value, unless a person is in the middle of another. */
    show: (value, force) => {
      if (typed && !force) return;
      clearTimeout(timer);
      typed = false;
      if (force || take() !== value) put(value);
    },
    judge: (mistake, remark, changed) => {
      wrong.textContent = mistake;
      wrong.hidden = !mistake;
      note.textContent = mistake ? "" : remark;
      note.hidden = !note.textContent;
      if (mistake) main.setAttribute("aria-invalid", "true");
      else main.removeAttribute("aria-invalid");
      element.classList.toggle("wb-changed", changed);
      back.disabled = !changed;
    },
  };
}

const textOf = (value) => (typeof value === "string" ? value : value === undefined ? "" : String(value));

/** A field of one line. */
function oneLine(spec, more = {}) {
  const main = h("input", { type: "text", className: "wb-field", placeholder: spec.placeholder || "", spellcheck: false, autocomplete: "off", ...more });
  return { main, take: () => main.value, put: (value) => (main.value = textOf(value)) };
}

/** A field of several lines, which grows with them. */
function manyLines(spec, least) {
  const main = h("textarea", { className: "wb-field", placeholder: spec.placeholder || "" });
  const grow = () => (main.rows = linesOf(main.value, least));
  main.addEventListener("input", grow);
  grow();
  const put = (value) => {
    main.value = textOf(value);
    grow();
  };
  return { main, take: () => main.value, put };
}

/** For each kind of control: its element, perhaps a second one, what it says and what sets it. */
const ENTRIES = {
  flag() {
    const main = h("input", { type: "checkbox" });
    return { main, take: () => main.checked, put: (value) => (main.checked = value === true) };
  },
  choice(spec) {
    const main = h("select", { className: "wb-field" });
    const known = Array.isArray(spec.choices) ? spec.choices.map(textOf) : [];
    main.append(...known.map((one) => h("option", { value: one, textContent: one })));
    const put = (value) => {
      const text = textOf(value);
      if (!known.includes(text)) {
        known.push(text);
        main.append(h("option", { value: text, textContent: text }));
      }
      main.value = text;
    };
    return { main, take: () => main.value, put };
  },
  slider(spec) {
    const { main, take } = oneLine(spec, { inputMode: "decimal" });
    main.classList.add("wb-number");
    const extra = h("input", { type: "range", min: spec.minimum, max: spec.maximum, step: spec.step });
    extra.setAttribute("aria-label", `${spec.name}, slider`);
    const follow = () => (extra.value = numeric(main.value, spec.minimum));
    extra.addEventListener("input", () => (main.value = extra.value));
    main.addEventListener("input", follow);
    const put = (value) => {
      main.value = textOf(value);
      follow();
    };
    return { main, extra, take, put };
  },
  number(spec) {
    const made = oneLine(spec, { inputMode: "decimal" });
    made.main.classList.add("wb-number");
    return made;
  },
  list: (spec) => manyLines({ ...spec, placeholder: "one a line" }, 2),
  json: (spec) => manyLines(spec, 1),
  lines: (spec) => manyLines(spec, 2),
  path: (spec) => oneLine({ ...spec, placeholder: spec.placeholder || "a path" }),
  text(spec) {
    const made = oneLine(spec);
    if (Array.isArray(spec.choices) && spec.choices.length) {
      const list = h("datalist", { id: `wb-list-${Math.random().toString(36).slice(2)}` });
      list.append(...spec.choices.map((one) => h("option", { value: textOf(one) })));
      made.main.setAttribute("list", list.id);
      return { ...made, extra: list };
    }
    return made;
  },
};
