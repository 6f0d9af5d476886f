// Shared by every widget of the package: Python puts these files in front of the widget's own.
// Text from outside reaches the page as textContent or as an attribute's value, never as markup.

/** Seconds as "m:ss.t". */
function clock(seconds) {
  const tenths = Math.max(0, Math.floor(seconds * 10 + 1e-3));
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  const minutes = Math.floor(tenths / 600);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** An element with properties and children. */
function h(tag, props = {}, ...children) {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
}

/** A 24 by 24 icon from one path. */
function icon(path) {
  const make = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const svg = make("svg", { viewBox: "0 0 24 24", width: 20, height: 20, "aria-hidden": "true" });
  svg.append(make("path", { d: path, fill: "currentColor" }));
  return svg;
}

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zm8 0h4v14h-4z",
  stop: "M6 6h12v12H6z",
  again: "M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z",
  close: "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19 12 13.4 17.6 19 19 17.6 13.4 12 19 6.4 17.6 5 12 10.6z",
  star: "M12 3l2.7 5.9 6.3.7-4.7 4.3 1.3 6.3L12 17l-5.6 3.2 1.3-6.3L3 9.6l6.3-.7z",
  check: "M9 16.2 4.8 12l-1.4 1.4L9 19 21 7l-1.4-1.4z",
};

/** A button with an icon, a text or both; what it does is its name for those who cannot see it. */
function button(label, { path = "", text = "", className = "", onClick } = {}) {
  const node = h("button", { type: "button", className: `wb-button ${className}`.trim(), title: label });
  node.setAttribute("aria-label", label);
  if (path) node.append(icon(path));
  if (text) node.append(text);
  if (onClick) node.addEventListener("click", onClick);
  return node;
}

/** The bytes of a buffer that came from Python, as the signed numbers that peaks are. */
function signed(view) {
  return new Int8Array(view?.buffer || [], view?.byteOffset, view?.byteLength);
}

/** The last item that has begun at `time`, or -1: items are in order of their start. */
function lastBegun(items, time) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].start <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The item that `time` falls into, or -1. The millisecond forgives rounding after a seek. */
function indexAt(items, time) {
  const i = lastBegun(items, time + 1e-3);
  return i >= 0 && time < items[i].end ? i : -1;
}

const GONE = ["dead", "terminating", "restarting", "autorestarting"];
const ENDED = "The kernel has ended: run the cell again to go on. What is here can still be heard.";

/**
 * What every widget has: its line of errors, messages to and from Python, and an end.
 *
 * `signal` is aborted when the view goes; `say` puts a line into the status, `send` gives a message
 * to Python, `on` hears one kind of message, `watch` hears changes of traits, `set` changes traits,
 * `load` gives a media element the sound or video of a clip (media.js), `close` ends it all.
 */
function connect(model, el) {
  const ending = new AbortController();
  const { signal } = ending;
  const uid = model.get("uid");
  el.classList.add("wb", LOOK); // LOOK: see `style` in widgets/panel.py
  el.dataset.panel = uid;
  // The notebook leaves the keys to the widget. It asks the element in focus alone for some of them:
  // in Notebook 7 the key A added a cell.
  el.dataset.lmSuppressShortcuts = "true";
  listen(el, "focusin", ({ target }) => (target.dataset.lmSuppressShortcuts = "true"), signal, true);
  // A press beside every control keeps the focus in the widget: on the notebook's cell the next key
  // would be the notebook's, and X cuts the cell.
  if (!el.hasAttribute("tabindex")) el.tabIndex = -1;
  const keep = ({ target }) =>
    target.closest("button, input, select, textarea, canvas, summary, a, [tabindex]") === el &&
    queueMicrotask(() => el.contains(document.activeElement) || el.focus({ preventScroll: true }));
  listen(el, "pointerup", keep, signal);
  const status = h("div", { className: "wb-status", hidden: true });
  status.setAttribute("role", "alert");
  const say = (text) => {
    status.textContent = text;
    status.hidden = !text;
  };
  // While the widget lives its static twin is hidden, wherever and whenever it appears.
  const hide = h("style", { textContent: `.wb-${uid} { display: none !important; }` });
  const handlers = Object.create(null); // a message of the kind "constructor" is none
  const on = (kind, handler) => {
    (handlers[kind] ||= new Set()).add(handler);
    return () => handlers[kind].delete(handler);
  };
  const onMessage = (message, buffers) =>
    handlers[message?.kind]?.forEach((handler) => handler(message, buffers || []));
  const watched = [];
  const watch = (names, handler) => {
    for (const name of [names].flat()) {
      model.on(`change:${name}`, handler);
      watched.push([`change:${name}`, handler]);
    }
  };
  model.on("msg:custom", onMessage);
  watched.push(["msg:custom", onMessage]);
  const complain = () => say(model.get("error") || (ended ? ENDED : ""));
  watch("error", complain);

  // Without its kernel a widget hears no answer, and Jupyter tells nobody but the console.
  let ended = false;
  const end = () => {
    ended = true;
    complain();
  };
  const onStatus = (_, state) => GONE.includes(state) && end();
  const { kernel } = model.widget_manager || {};
  kernel?.statusChanged?.connect(onStatus);
  kernel?.disposed?.connect(end);
  signal.addEventListener("abort", () => {
    kernel?.statusChanged?.disconnect(onStatus);
    kernel?.disposed?.disconnect(end);
  });

  const port = {
    model,
    el,
    signal,
    hide,
    status,
    say,
    on,
    watch,
    send: (kind, content = {}, buffers = []) => ended || model.send({ ...content, kind }, undefined, buffers),
    set: (values) => {
      for (const [name, value] of Object.entries(values)) model.set(name, value);
      if (!ended) model.save_changes();
    },
    // Python's commands reach every view of a model; the first on the page obeys.
    first: () => document.querySelector(`.wb[data-panel="${uid}"]`) === el,
    load: (media, clip, options) => feed(port, media, clip, options),
    close: () => {
      ending.abort();
      watched.forEach(([name, handler]) => model.off(name, handler));
      el.replaceChildren();
    },
  };
  complain();
  return port;
}

/** A view is drawn again when one of `names` changes: Python sets the rest of the state first. */
function remounting(mount, names = []) {
  return ({ model, el }) => {
    let leave = mount(model, el);
    const again = () => {
      leave();
      leave = mount(model, el);
    };
    names.forEach((name) => model.on(`change:${name}`, again));
    return () => {
      names.forEach((name) => model.off(`change:${name}`, again));
      leave();
    };
  };
}

/** Add `handler` to several events, such as "play pause", until `signal` ends it. */
function listen(target, names, handler, signal, capture = false) {
  names.split(" ").forEach((name) => target.addEventListener(name, handler, { signal, capture }));
}
