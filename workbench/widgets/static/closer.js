// What is asked of Python for a closer look: a finer outline, the spectrum; and where one is in it.

const REST = 220; // milliseconds that a view stands still before more is asked for

/** Send `kind` with an `ask` of its own; `then(message, buffers)` hears the answer, `no(text)` a refusal. */
function asking(port, kind, answer, signal) {
  let asked = "";
  let heard = {};
  const take = (call) => (message, buffers) => {
    if (message.ask !== asked) return;
    asked = "";
    heard[call]?.(call === "no" ? message.text : message, buffers);
  };
  const deaf = [port.on(answer, take("then")), port.on("refused", take("no"))];
  signal.addEventListener("abort", () => deaf.forEach((stop) => stop()));
  return (content, then, no) => {
    asked = Math.random().toString(36).slice(2);
    heard = { then, no };
    port.send(kind, { ...content, ask: asked });
  };
}

/** The latest of many calls, once none has come for a moment. */
function afterwards(call, signal) {
  let timer = 0;
  signal.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    clearTimeout(timer);
    timer = setTimeout(call, REST);
  };
}

/**
 * Fetch finer outlines of `clip` as one looks closer: all of it where Python has had a rough look
 * only, and the part in view where it shows more bars than are known.
 */
function lookCloser(wave, clip, port, signal) {
  const ask = asking(port, "outline?", "outline", signal);
  const { uid } = clip;
  let exact = clip.exact !== false;
  const part = () => {
    const known = (wave.peaks.length / 2 / (wave.duration || 1)) * wave.span; // columns in view
    const { left, span, detail, duration } = wave;
    const covered = detail && left >= detail.start && left + span <= detail.end;
    if (!exact || !wave.peaks.length || covered || known > wave.canvas.clientWidth / 3) return;
    const start = Math.max(0, left - span);
    const end = Math.min(duration, left + 2 * span);
    ask({ uid, start, end }, (found, [bytes]) => {
      wave.detail = { peaks: signed(bytes), start: found.start, end: found.end };
      wave.outline = null;
      wave.draw();
    });
  };
  return {
    part: afterwards(part, signal),
    /** What came late: the exact outline of a long file. A file without sound has none. */
    whole: (then) => {
      if (exact) return;
      ask({ uid }, (found, [bytes]) => {
        exact = true;
        wave.set({ peaks: signed(bytes) });
        then(found);
      });
    },
  };
}

/** Draws the spectrum under the waveform, on demand: all of it, and the part in view anew. */
function spectrumOf(wave, clip, port, signal, failed) {
  const ask = asking(port, "spectrum?", "spectrum", signal);
  let whole = null;
  async function take(found, [bytes]) {
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    if (!wave.spectrum) return;
    const picture = { image, start: found.start, end: found.end };
    if (!whole) whole = picture;
    const closer = picture === whole ? [] : [picture];
    wave.spectrum = { pictures: [whole, ...closer], text: "" };
    wave.draw();
    part();
  }
  const request = (content) => {
    const width = Math.min(2000, Math.round(wave.canvas.clientWidth * (window.devicePixelRatio || 1)) || 600);
    ask({ uid: clip.uid, width, height: DEEP, ...content }, take, (text) => {
      if (!whole) toggle(false);
      failed(text);
    });
  };
  const part = afterwards(() => {
    if (!wave.spectrum || !whole || wave.zoom <= 1.05) return;
    const { left, span, duration } = wave;
    const close = wave.spectrum.pictures[1];
    const same = close && close.start <= left && close.end >= left + span && close.end - close.start < 2 * span;
    if (!same) request({ start: Math.max(0, left - span / 4), end: Math.min(duration, left + span * 1.25) });
  }, signal);
  function toggle(on) {
    wave.spectrum = on ? { pictures: whole ? [whole] : [], text: whole ? "" : "Drawing the spectrum…" } : null;
    wave.resize();
    if (on && !whole) request({});
    else if (on) part();
  }
  return { toggle, part };
}

/** A bar under a waveform that is zoomed: all of it, small, and a window for what is in view. */
function overviewOf(wave, signal) {
  const canvas = h("canvas", { className: "wb-small" });
  const frame = h("div", { className: "wb-window" });
  const element = h("div", { className: "wb-overview", hidden: true, title: "Drag to scroll" }, frame);
  element.setAttribute("role", "scrollbar");
  element.setAttribute("aria-label", "Part in view");
  element.setAttribute("aria-orientation", "horizontal");
  element.setAttribute("aria-valuemin", "0");
  element.setAttribute("aria-valuemax", "100");
  let drawn = "";
  function draw() {
    element.hidden = wave.zoom <= 1.001;
    if (element.hidden) return;
    if (!canvas.parentNode) element.prepend(canvas);
    const { left, span, duration } = wave;
    const share = (left / Math.max(1e-9, duration - span)) * 100;
    element.setAttribute("aria-valuenow", share.toFixed(0));
    element.setAttribute("aria-valuetext", `${clock(left)} to ${clock(left + span)}`);
    frame.style.left = `${(left / duration) * 100}%`;
    frame.style.width = `max(6px, ${(span / duration) * 100}%)`;
    const width = element.clientWidth;
    const key = [width, wave.peaks.byteOffset, wave.peaks.length, wave.colours?.muted].join();
    if (!width || key === drawn) return;
    drawn = key;
    const g = brush(canvas, width, 20);
    g.fillStyle = (wave.colours || coloursOf(canvas)).muted; // stronger than above: it is small
    const view = { left: 0, span: duration, width, middle: 10, reach: 9, loudest: loudestOf(wave.peaks) };
    g.fill(barsOf({ peaks: wave.peaks, start: 0, end: duration }, view));
  }
  let grip = null;
  const timeAt = (event) => {
    const box = element.getBoundingClientRect();
    return box.width ? ((event.clientX - box.left) / box.width) * wave.duration : wave.left;
  };
  const on = (names, handler) => listen(element, names, handler, signal);
  on("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    const time = timeAt(event);
    const inside = time >= wave.left && time <= wave.left + wave.span;
    grip = inside ? time - wave.left : wave.span / 2;
    wave.scrollTo(time - grip);
  });
  on("pointermove", (event) => grip !== null && wave.scrollTo(timeAt(event) - grip));
  on("pointerup pointercancel", () => (grip = null));
  return { element, draw };
}
