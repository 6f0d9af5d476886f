// Small parts of the tuner: icons, named elements, languages, the sound that comes with a take.

const TUNER_ICONS = {
  undo: "M12.5 8c-2.65 0-5.05 1-6.9 2.6L2 7v9h9l-3.62-3.62A8 8 0 0 1 20.1 16l2.37-.78A10.5 10.5 0 0 0 12.5 8z",
  redo: "M18.4 10.6A10.5 10.5 0 0 0 11.5 8 10.5 10.5 0 0 0 1.54 15.22L3.9 16a8 8 0 0 1 12.73-3.62L13 16h9V7z",
  trash: "M6 19a2 2 0 0 0 2 2h8a2 2 0 0 0 2-2V7H6zM19 4h-3.5l-1-1h-5l-1 1H5v2h14z",
  copy: "M16 1H4a2 2 0 0 0-2 2v14h2V3h12zm3 4H8a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2V7a2 2 0 0 0-2-2zm0 16H8V7h11z",
  dice: "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM8 6.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3zM16 14.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3zM12 10.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3z",
  hear: "M3 9v6h4l5 5V4L7 9zm13.5 3A4.5 4.5 0 0 0 14 8v8a4.5 4.5 0 0 0 2.5-4z",
  use: "M3 17v2h6v-2zM3 5v2h10V5zm10 16v-2h8v-2h-8v-2h-2v6zM7 9v2H3v2h4v2h2V9zm14 4v-2H11v2zm-6-4h2V7h4V5h-4V3h-2z",
  swap: "M6.99 11 3 15l3.99 4v-3H14v-2H6.99zM21 9l-3.99-4v3H10v2h7.01v3z",
  keep: "M17 3H5a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h14a2 2 0 0 0 2-2V7zm-5 16a3 3 0 1 1 0-6 3 3 0 0 1 0 6zm3-10H5V5h10z",
  add: "M19 13h-6v6h-2v-6H5v-2h6V5h2v6h6z",
};

/** Give an element its name for those who cannot see it, and further attributes. */
function named(node, label, attributes = {}) {
  node.setAttribute("aria-label", label);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** A button that is an icon alone. */
function iconButton(label, path, onClick, className = "") {
  const node = button(label, { path, className: `wb-quiet ${className}`.trim() });
  node.addEventListener("click", (event) => able(node) && onClick(event));
  return node;
}

/** Whether a button does something. One that does not keeps the focus: notebooks take lost keys. */
function able(node, on) {
  if (on !== undefined) node.setAttribute("aria-disabled", String(!on));
  return node.getAttribute("aria-disabled") !== "true";
}

/**
 * Keep the focus in the widget when what has it is hidden, disabled or removed: the notebook takes
 * the keys that nobody has, and X cut the cell.
 */
function holdFocus({ el, signal }) {
  el.tabIndex = -1;
  let last = null;
  const usable = (node) => node.isConnected && !node.matches(":disabled") && node.checkVisibility();
  listen(el, "focusin", ({ target }) => (last = target), signal);
  listen(el, "focusout", ({ target, relatedTarget }) => {
    if (relatedTarget) last = null;
    // Left for nothing: by a click elsewhere, or since it went, which is told a moment later.
    else setTimeout(() => last === target && usable(target) && document.activeElement !== target && (last = null));
  }, signal);
  const watcher = new MutationObserver(() => {
    if (!last || usable(last) || (document.activeElement !== document.body && document.activeElement !== last)) return;
    let near = last.parentElement;
    while (near && near !== el && !(near.tabIndex === -1 && near.hasAttribute("tabindex") && usable(near))) near = near.parentElement;
    last = null;
    (near || el).focus({ preventScroll: true });
  });
  watcher.observe(el, { subtree: true, childList: true, attributes: true, attributeFilter: ["hidden", "disabled"] });
  signal.addEventListener("abort", () => watcher.disconnect());
}

/** A part of the panel with a heading. */
function section(title, className, ...children) {
  const heading = h("h3", { className: "wb-heading", textContent: title });
  const node = h("section", { className }, heading, ...children);
  return named(node, title);
}

const LANGUAGE_NAMES = new Intl.DisplayNames(["en"], { type: "language" });

/** A language's name for people; a tag that the browser does not know is in brackets. */
function languageName(tag) {
  try {
    const name = LANGUAGE_NAMES.of(tag);
    return name && name !== tag ? name : `(${tag})`;
  } catch {
    return `(${tag})`;
  }
}

/** Call `act` a moment after the last `ask`; `flush` calls it now if it was asked for. */
function settling(act, delay, signal) {
  let timer = 0;
  const flush = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    act();
  };
  const drop = () => {
    clearTimeout(timer);
    timer = 0;
  };
  signal.addEventListener("abort", drop);
  const ask = () => {
    clearTimeout(timer);
    timer = setTimeout(flush, delay);
  };
  return { ask, flush, drop, waiting: () => Boolean(timer) };
}

/** A value as it stands on a chip. */
function plain(value) {
  return typeof value === "number" ? String(Number(value.toFixed(4))) : String(value);
}

/** How long, in whole seconds, as "20:06". */
function minutes(seconds) {
  return clock(Math.round(seconds)).replace(/\.0$/, "");
}

/** The port, whose `load` first looks for sound that was sent together with its take. */
function withSounds(port) {
  const sounds = new Map();
  port.on("sound", ({ uid, mime }, buffers) => {
    sounds.set(uid, URL.createObjectURL(new Blob([buffers[0]], { type: mime })));
  });
  port.signal.addEventListener("abort", () => sounds.forEach((url) => URL.revokeObjectURL(url)));
  const load = (media, clip, options) => {
    if (!sounds.has(clip.uid)) return port.load(media, clip, options);
    media.src = sounds.get(clip.uid);
    return () => media.removeAttribute("src");
  };
  return { ...port, load };
}

/** Copy a text; where the browser forbids it, `node`, which shows it, is selected instead. */
async function copyText(text, node) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(node);
    return false;
  }
}
