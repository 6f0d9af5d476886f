// One walk through the states of a view: `steps` actions, each drawn from `seed`.
// The body of a function that has `model`, `el` and `view` of a mounted widget, and `argument`.
const {seed, steps, messages, texts, fixed} = argument;
let s = seed >>> 0;
const random = () => {  // mulberry32
  s = (s + 0x6d2b79f5) >>> 0;
  let t = Math.imul(s ^ (s >>> 15), 1 | s);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const numbers = [0, 1, -1, 0.5, 2, 3.7, 1e-9, 60, 1e6, -1e6, 2 ** 31];

// What Python takes from a closed list stays; what it holds to a range stays in it.
const closed = new Set(["uid", "kind", "align", "mime"]);
const ranges = { speed: [0.25, 0.7, 1, 1.5, 4], active: [0, 1] };
const named = (key, value, depth) =>
  closed.has(key) ? value : ranges[key] ? pick(ranges[key]) : other(value, depth);

// Another value of the same kind: what Python may send, as wild as its types allow.
const other = (value, depth = 0) => {
  if (value instanceof DataView) {
    const bytes = new Uint8Array(below(400)).map(() => below(256));
    return new DataView(bytes.buffer);
  }
  if (typeof value === "number") {
    return Number.isInteger(value) ? Math.trunc(pick(numbers)) : pick(numbers) * (1 + random());
  }
  if (typeof value === "string") return random() < 0.2 ? "" : pick(texts);
  if (typeof value === "boolean") return random() < 0.5;
  if (Array.isArray(value)) {
    const kept = value.filter(() => random() < 0.8);
    const changed = kept.map((one) => (random() < 0.3 ? other(one, depth + 1) : one));
    if (changed.length > 1 && random() < 0.3) changed.reverse();
    return random() < 0.3 ? [...changed, ...changed.slice(0, 3)] : changed;
  }
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(
      ([k, v]) => [k, random() < 0.3 ? named(k, v, depth + 1) : v]));
  }
  return value;
};

const first = Object.fromEntries(Object.keys(model.data).map((k) => [k, model.data[k]]));
const names = Object.keys(first).filter(
  (name) => !closed.has(name) && !fixed.includes(name) && !name.startsWith("_"));
const all = (selector) => [...el.querySelectorAll(selector)];
const seen = (selector) => all(selector).filter((one) => one.offsetWidth && one.offsetHeight);
const keys = [" ", "Enter", "Escape", "Tab", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown",
  "Home", "End", "PageUp", "PageDown", "Delete", "Backspace", "+", "-", "a", "z", "/", "?", "é",
  "1", "9"];
const at = (target) => {
  const box = target.getBoundingClientRect();
  return {clientX: box.left + random() * box.width, clientY: box.top + random() * box.height};
};
const pointer = (target, type, more = {}) => target.dispatchEvent(new PointerEvent(type, {
  bubbles: true, cancelable: true, pointerId: 1, pointerType: "mouse", isPrimary: true, ...at(target),
  ...more}));

const actions = {
  change: () => {
    const name = pick(names);
    const now = random() < 0.3 ? first[name] : named(name, first[name], 0);
    const deep = (v) => v instanceof DataView
      ? {$bytes: btoa(String.fromCharCode(...new Uint8Array(v.buffer)))}
      : Array.isArray(v) ? v.map(deep)
      : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, deep(x)]))
      : v;
    model.change({[name]: deep(now)});
    return name;
  },
  message: () => {
    const [template, parts] = pick(messages);
    const message = {...other(template), kind: template.kind};
    const asks = model.sent.filter((one) => one.ask);
    if ("ask" in message && asks.length) message.ask = pick(asks).ask;
    model.tell(message, parts);
    return JSON.stringify(message).slice(0, 300);
  },
  click: () => {
    const target = pick(seen("button, [role=button], [role=option], [role=tab], summary, label, "
      + "input[type=checkbox], input[type=radio], .wb-words span, tr, canvas, a"));
    if (!target) return "nothing";
    pointer(target, "pointerdown");
    if (random() < 0.3) pointer(target, "pointermove");
    pointer(target, "pointerup");
    if (!(target.localName === "a" && target.href)) target.click();
    if (random() < 0.1) target.dispatchEvent(new MouseEvent("dblclick", {bubbles: true, ...at(target)}));
    return target.localName + "." + target.className;
  },
  drag: () => {
    const target = pick(seen("canvas, [draggable], .wb-edge, .wb-region, [class*=region], [class*=edge]"));
    if (!target) return "nothing";
    pointer(target, "pointerdown");
    for (let i = below(4); i >= 0; i--) pointer(target, "pointermove", {shiftKey: random() < 0.3});
    pointer(target, random() < 0.2 ? "pointercancel" : "pointerup");
    return target.className;
  },
  wheel: () => {
    const target = pick(seen("canvas"));
    target?.dispatchEvent(new WheelEvent("wheel", {bubbles: true, cancelable: true, ...at(target),
      deltaY: random() < 0.5 ? 100 : -100, deltaX: 40, ctrlKey: random() < 0.7}));
  },
  key: () => {
    const target = pick([el.firstElementChild, ...all("button, canvas, input, select, textarea, [tabindex]")]) || el;
    target.focus?.();
    const key = pick(keys);
    const more = {key, bubbles: true, cancelable: true, shiftKey: random() < 0.2,
      ctrlKey: random() < 0.15, altKey: random() < 0.05};
    target.dispatchEvent(new KeyboardEvent("keydown", more));
    target.dispatchEvent(new KeyboardEvent("keyup", more));
    return `${key} on ${target.localName}.${target.className}`;
  },
  type: () => {
    const target = pick(all("input, textarea, select, [contenteditable]"));
    if (!target) return "nothing";
    if (target.localName === "select") target.selectedIndex = below(target.options.length);
    else if (target.type === "checkbox" || target.type === "radio") target.checked = !target.checked;
    else if (target.type === "range" || target.type === "number") target.value = pick(numbers);
    else if ("value" in target) target.value = pick(texts);
    else target.textContent = pick(texts);
    target.dispatchEvent(new InputEvent("input", {bubbles: true}));
    if (random() < 0.7) target.dispatchEvent(new Event("change", {bubbles: true}));
    if (random() < 0.3) target.blur();
    return `${target.localName}.${target.className}`;
  },
  hover: () => {
    const target = pick(seen("*"));
    if (target) ["pointerenter", "pointerover", "pointermove", "pointerleave"]
      .forEach((type) => pointer(target, type));
  },
  size: () => {
    el.style.width = pick(["", "0px", "1px", "120px", "700px", "3000px"]);
    el.style.display = random() < 0.15 ? "none" : "";
    return `${el.style.width} ${el.style.display}`;
  },
  media: () => {
    const one = pick(all("audio, video"));
    if (!one) return "nothing";
    const type = pick(["play", "pause", "seeked", "timeupdate", "ended", "error", "waiting", "volumechange"]);
    one.dispatchEvent(new Event(type));
    return type;
  },
  again: async () => { view.leave(); await view.start(); },
};
const wanted = ["change", "change", "change", "message", "click", "click", "click", "drag", "wheel",
  "key", "key", "type", "type", "hover", "size", "media", ...(below(4) ? [] : ["again"])];
window.trail = [];
for (let step = 0; step < steps; step++) {
  const name = pick(wanted);
  window.trail.push([name, ""]);
  try {
    window.trail.at(-1)[1] = (await actions[name]()) ?? "";
  } catch (error) {
    window.raised.push(`${error} ${error.stack}`);
  }
  if (window.trail.length > 12) window.trail.shift();
  if (step % 10 === 9) await new Promise((done) => setTimeout(done));  // what waits has its turn
  if (step % 50 === 49) await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  if (window.raised.length) break;
}
await new Promise((done) => setTimeout(done, 50));
return window.raised;
