// Sound or video with its words: see workbench/widgets/player.py for the state and the messages.

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

function mount(model, el) {
  const ending = new AbortController();
  const { signal } = ending;
  const video = model.get("kind") === "video";
  const uid = model.get("uid");
  const words = model.get("words");
  const cues = model.get("cues");
  el.classList.add("wb-player");
  el.dataset.uid = uid;
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves the arrow keys to the player
  el.tabIndex = -1;
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", `${video ? "Video" : "Audio"} player: ${model.get("about")}`);

  // -- elements ------------------------------------------------------------------------------
  const media = h(video ? "video" : "audio", { preload: "metadata", controls: video, playsInline: true });
  media.playbackRate = media.defaultPlaybackRate = model.get("speed");
  const [width, height] = model.get("size");
  if (video && width && height) media.style.aspectRatio = `${width} / ${height}`;
  let track = "";
  if (video && cues.length) {
    track = URL.createObjectURL(new Blob([webvtt(cues)], { type: "text/vtt" }));
    const lang = model.get("language") || "und";
    const shown = !model.get("captioned"); // not where the picture shows them already
    media.append(
      h("track", { kind: "captions", label: "Captions", srclang: lang, src: track, default: shown }),
    );
  }
  const play = h("button", { className: "wb-play", type: "button" });
  const time = h("span", { className: "wb-clock" });
  const about = h("span", { className: "wb-about", textContent: model.get("about") });
  const speed = h("select", { className: "wb-speed", title: "Speed" });
  speed.setAttribute("aria-label", "Speed");
  const rates = [...new Set([...SPEEDS, model.get("speed")])].sort((a, b) => a - b);
  speed.append(...rates.map((r) => h("option", { value: r, textContent: `${r}×` })));
  speed.value = model.get("speed");
  const status = h("div", { className: "wb-status", hidden: true });
  status.setAttribute("role", "alert");
  const notes = h("ul", { className: "wb-notes" });
  notes.append(...model.get("notes").map((note) => h("li", { textContent: note })));

  const seek = (to) => {
    media.currentTime = Math.min(duration(), Math.max(0, to));
    tick();
  };
  const wave = new Waveform({ signal, onSeek: seek, label: "Position", height: video ? 56 : 84 });
  wave.textAt = (t) => (words.length ? words : cues)[indexAt(words.length ? words : cues, t)]?.text || "";

  const breaks = new Set(model.get("breaks"));
  const spans = words.map((w) => h("span", { textContent: w.text, title: clock(w.start) }));
  const transcript = h("div", { className: "wb-words", dir: "auto", lang: model.get("language") });
  transcript.setAttribute("role", "group");
  transcript.setAttribute("aria-label", "Transcript: choose a word to go there");
  transcript.append(
    ...spans.flatMap((span, i) => [
      ...(i && breaks.has(i) ? [h("br")] : []),
      span,
      words[i].space ? " " : "",
    ]),
  );
  // While the widget lives its static twin is hidden, wherever and whenever it appears.
  const hide = h("style", { textContent: `.wb-${uid} { display: none !important; }` });
  const bar = h("div", { className: "wb-bar" }, time, about, speed);
  const row = h("div", { className: "wb-row" }, play, h("div", { className: "wb-stage" }, wave.canvas, bar));
  el.replaceChildren(hide, media, row, status, transcript, notes);

  // -- what it says --------------------------------------------------------------------------
  const say = (text) => {
    status.textContent = text;
    status.hidden = !text;
  };
  const complain = () => say(model.get("error"));
  const duration = () => model.get("duration") || (media.duration < Infinity && media.duration) || 0;
  const report = () => {
    model.set("position", media.currentTime);
    model.set("playing", !media.paused);
    model.save_changes();
  };
  let current = -1;
  let frame = 0;
  function tick() {
    const now = media.currentTime;
    wave.seek(now);
    time.textContent = `${clock(now)} / ${clock(duration())}`;
    const i = indexAt(words, now);
    if (i !== current) {
      spans[current]?.classList.remove("wb-on");
      spans[current]?.removeAttribute("aria-current");
      current = i;
      if (spans[i]) {
        const span = spans[i];
        span.classList.add("wb-on");
        span.setAttribute("aria-current", "true");
        // Only the transcript scrolls: scrollIntoView would move the notebook.
        const top = span.offsetTop;
        const seen = top >= transcript.scrollTop && top < transcript.scrollTop + transcript.clientHeight - 24;
        if (!seen) transcript.scrollTop = top - 24;
      }
    }
    cancelAnimationFrame(frame);
    if (!media.paused) frame = requestAnimationFrame(tick);
  }
  const face = () => {
    play.replaceChildren(icon(media.paused ? ICONS.play : ICONS.pause));
    play.title = media.paused ? "Play (space)" : "Pause (space)";
    play.setAttribute("aria-label", media.paused ? "Play" : "Pause");
  };
  const start = () =>
    media.play().catch((error) => {
      if (error.name === "NotAllowedError") say("The browser waits for you to press play.");
      else if (error.name !== "AbortError") say(media.error ? status.textContent : error.message);
    });
  const toggle = () => (media.paused ? start() : media.pause());

  // -- what it hears -------------------------------------------------------------------------
  const on = (target, names, handler, capture = false) =>
    names.split(" ").forEach((name) => target.addEventListener(name, handler, { signal, capture }));
  on(play, "click", toggle);
  on(speed, "change", () => {
    media.playbackRate = media.defaultPlaybackRate = Number(speed.value);
    model.set("speed", media.playbackRate);
    model.save_changes();
  });
  on(transcript, "click", (event) => {
    const i = spans.indexOf(event.target);
    if (i >= 0) seek(words[i].start);
  });
  on(media, "play pause seeked", () => {
    face();
    tick();
    report();
  });
  on(media, "timeupdate", tick);
  on(media, "loadedmetadata", () => {
    wave.set({ duration: duration() });
    tick();
    el.dataset.ready = uid;
  });
  // One plays at a time: play events do not bubble, but they can be caught on the way down.
  on(document, "play", (e) => e.target !== media && e.target.closest?.(".wb-player") && media.pause(), true);
  const keys = {
    " ": toggle,
    ArrowLeft: (e) => seek(media.currentTime - (e.shiftKey ? 0.1 : 1)),
    ArrowRight: (e) => seek(media.currentTime + (e.shiftKey ? 0.1 : 1)),
    PageDown: () => seek(media.currentTime - 5),
    PageUp: () => seek(media.currentTime + 5),
    Home: () => seek(0),
    End: () => seek(duration()),
    "+": () => wave.zoomBy(1.5),
    "-": () => wave.zoomBy(1 / 1.5),
  };
  on(el, "keydown", (event) => {
    const native = event.target.matches("select, video") || (event.key === " " && event.target === play);
    if (native || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key](event);
  });
  // Python's commands reach every view of the model; the first on the page obeys.
  const onMessage = (message) => {
    if (document.querySelector(`.wb-player[data-uid="${uid}"]`) !== el) return;
    if (message.kind === "play") start();
    if (message.kind === "pause") media.pause();
    if (message.kind === "seek") seek(message.time);
  };
  model.on("msg:custom", onMessage);
  model.on("change:error", complain);

  const peaks = model.get("peaks"); // a DataView
  wave.set({
    peaks: new Int8Array(peaks?.buffer || [], peaks?.byteOffset, peaks?.byteLength),
    duration: duration(),
    cues,
  });
  face();
  tick();
  complain();
  feed(model, media, { signal, say });
  model.send({ kind: "hello", uid });

  return () => {
    ending.abort();
    cancelAnimationFrame(frame);
    model.off("msg:custom", onMessage);
    model.off("change:error", complain);
    if (track) URL.revokeObjectURL(track);
    el.replaceChildren();
  };
}

function render({ model, el }) {
  let leave = mount(model, el);
  const again = () => {
    leave();
    leave = mount(model, el);
  };
  model.on("change:uid", again); // other media: Python sets the rest of the state first
  return () => {
    model.off("change:uid", again);
    leave();
  };
}

export default { render };
