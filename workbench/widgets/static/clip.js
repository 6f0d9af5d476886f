// The player of one clip: the block that every widget which plays something is made of.

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

/**
 * A player of `clip` (see `clip_state` in widgets/panel.py) for the widget behind `port`.
 *
 * Returns its `element`, its `media` and `wave`, and `play`, `pause`, `seek`, `toggle`, `destroy`.
 *
 * - `compact`: one row, without transcript, notes and keys that page or zoom.
 * - `lazy`: the media are asked for when they are first played or sought; its outline is there.
 * - `onReport({position, playing})`: on play, pause and seek, never for each frame.
 * - `onSpeed(rate)`: the person chose another speed.
 */
function createPlayer(clip, port, options = {}) {
  const { compact = false, lazy = false, speed: rate = 1, onReport, onSpeed, label = "" } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([port.signal, ending.signal]);
  const on = (target, names, handler, capture = false) =>
    listen(target, names, handler, signal, capture);
  const video = clip.kind === "video";
  const { words, cues } = clip;
  const element = h("div", { className: `wb-player${compact ? " wb-compact" : ""}`, tabIndex: -1 });
  element.dataset.uid = clip.uid;
  element.setAttribute("role", "group");
  const name = label || `${video ? "Video" : "Audio"} player: ${clip.about}`;
  element.setAttribute("aria-label", name);

  // -- elements ------------------------------------------------------------------------------
  const media = h(video ? "video" : "audio", { preload: "metadata", controls: video, playsInline: true });
  media.playbackRate = media.defaultPlaybackRate = rate;
  const [width, height] = clip.size;
  if (video && width && height) media.style.aspectRatio = `${width} / ${height}`;
  let track = "";
  if (video && cues.length) {
    track = URL.createObjectURL(new Blob([webvtt(cues)], { type: "text/vtt" }));
    const shown = !clip.captioned; // not where the picture shows them already
    media.append(
      h("track", {
        kind: "captions",
        label: "Captions",
        srclang: clip.language || "und",
        src: track,
        default: shown,
      }),
    );
  }
  const play = h("button", { className: "wb-play", type: "button" });
  const time = h("span", { className: "wb-clock" });
  const about = h("span", { className: "wb-about", textContent: clip.about });
  const speed = h("select", { className: "wb-speed", title: "Speed" });
  speed.setAttribute("aria-label", "Speed");
  const rates = [...new Set([...SPEEDS, rate])].sort((a, b) => a - b);
  speed.append(...rates.map((r) => h("option", { value: r, textContent: `${r}×` })));
  speed.value = rate;
  const notes = h("ul", { className: "wb-notes" });
  notes.append(...clip.notes.map((note) => h("li", { textContent: note })));

  const wave = new Waveform({
    signal,
    onSeek: (to) => seek(to),
    label: "Position",
    height: compact ? 44 : video ? 56 : 84,
  });
  const spoken = words.length ? words : cues;
  wave.textAt = (t) => spoken[indexAt(spoken, t)]?.text || "";
  const breaks = new Set(clip.breaks);
  const spans = words.map((w) => h("span", { textContent: w.text, title: clock(w.start) }));
  const transcript = h("div", { className: "wb-words", dir: "auto", lang: clip.language });
  transcript.setAttribute("role", "group");
  transcript.setAttribute("aria-label", "Transcript: choose a word to go there");
  transcript.append(
    ...spans.flatMap((span, i) => [
      ...(i && breaks.has(i) ? [h("br")] : []),
      span,
      words[i].space ? " " : "",
    ]),
  );
  const bar = h("div", { className: "wb-bar" }, time, about, speed);
  const stage = h("div", { className: "wb-stage" }, wave.canvas, ...(compact ? [] : [bar]));
  const row = h("div", { className: "wb-row" }, play, stage, ...(compact ? [time] : []));
  element.append(media, row, ...(compact ? [] : [transcript, notes]));

  // -- time ----------------------------------------------------------------------------------
  let wanted = null; // where to go once the media are there
  let current = -1;
  let frame = 0;
  const duration = () => clip.duration || (media.duration < Infinity && media.duration) || 0;
  const position = () => (wanted === null ? media.currentTime : wanted);
  const report = () => onReport?.({ position: position(), playing: !media.paused });

  let asked = false;
  function ensure() {
    if (asked) return;
    asked = true;
    port.load(media, clip, { signal });
  }
  function tick() {
    const now = position();
    wave.seek(now);
    time.textContent = `${clock(now)} / ${clock(duration())}`;
    const i = compact ? -1 : indexAt(words, now);
    if (i !== current) light(i);
    cancelAnimationFrame(frame);
    if (!media.paused) frame = requestAnimationFrame(tick);
  }
  function light(i) {
    spans[current]?.classList.remove("wb-on");
    spans[current]?.removeAttribute("aria-current");
    current = i;
    const span = spans[i];
    if (!span) return;
    span.classList.add("wb-on");
    span.setAttribute("aria-current", "true");
    // Only the transcript scrolls: scrollIntoView would move the notebook.
    const top = span.offsetTop;
    const seen = top >= transcript.scrollTop && top < transcript.scrollTop + transcript.clientHeight - 24;
    if (!seen) transcript.scrollTop = top - 24;
  }
  function seek(to) {
    const goal = Math.min(duration(), Math.max(0, to));
    if (media.readyState) media.currentTime = goal;
    else wanted = goal;
    ensure();
    tick();
  }
  const face = () => {
    play.replaceChildren(icon(media.paused ? ICONS.play : ICONS.pause));
    play.title = media.paused ? "Play (space)" : "Pause (space)";
    play.setAttribute("aria-label", media.paused ? "Play" : "Pause");
  };
  const start = () => {
    ensure();
    return media.play().catch((error) => {
      if (error.name === "NotAllowedError") port.say("The browser waits for you to press play.");
      else if (error.name !== "AbortError" && !media.error) port.say(error.message);
    });
  };
  const toggle = () => (media.paused ? start() : media.pause());

  // -- what it hears -------------------------------------------------------------------------
  on(play, "click", toggle);
  on(speed, "change", () => {
    media.playbackRate = media.defaultPlaybackRate = Number(speed.value);
    onSpeed?.(media.playbackRate);
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
    if (wanted !== null) media.currentTime = wanted;
    wanted = null;
    wave.set({ duration: duration() });
    tick();
    element.dataset.ready = clip.uid;
  });
  // One plays at a time: play events do not bubble, but they can be caught on the way down.
  const other = (event) => event.target !== media && event.target.closest?.(".wb") && media.pause();
  on(document, "play", other, true);
  const keys = {
    " ": toggle,
    ArrowLeft: (e) => seek(position() - (e.shiftKey ? 0.1 : 1)),
    ArrowRight: (e) => seek(position() + (e.shiftKey ? 0.1 : 1)),
    PageDown: () => seek(position() - 5),
    PageUp: () => seek(position() + 5),
    Home: () => seek(0),
    End: () => seek(duration()),
    "+": () => wave.zoomBy(1.5),
    "-": () => wave.zoomBy(1 / 1.5),
  };
  on(element, "keydown", (event) => {
    const native = event.target.matches("select, video") || (event.key === " " && event.target === play);
    if (native || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key](event);
  });

  wave.set({ peaks: signed(clip.peaks), duration: duration(), cues });
  face();
  tick();
  if (!lazy) ensure();
  const end = () => {
    cancelAnimationFrame(frame);
    media.pause();
    if (track) URL.revokeObjectURL(track);
    element.remove();
  };
  signal.addEventListener("abort", end);
  return { element, media, wave, seek, toggle, play: start, pause: () => media.pause(), destroy: () => ending.abort() };
}
