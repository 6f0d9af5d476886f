// The player of one clip: the block that every widget which plays something is made of.

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const SOON = 1500; // milliseconds after which a rough outline need not wait for the media

/** Where one is in what lasts so long: of the position tenths that are over, the length rounded. */
function clockOf(now, whole) {
  const lasts = clock(Math.round(whole * 10) / 10);
  return `${now > 0 && now >= whole - 1e-3 ? lasts : clock(now)} / ${lasts}`;
}

/**
 * A player of `clip` (see `clip_state` in widgets/panel.py) for the widget behind `port`.
 *
 * Returns its `element`, its `media` and `wave`, and `play`, `pause`, `seek`, `toggle`, `destroy`;
 * also `position()`, `duration()`, `select(part)`, `repeat(on)`, `showSpectrum(on)`, `setSpeed(rate)`.
 *
 * - `compact`: one row, without transcript, notes, tools and keys that page or zoom.
 * - `bare`: a compact row without a button and a clock of its own, nor keys.
 * - `lazy`: the media are asked for when they are first played or sought; its outline is there.
 * - `position`, `selection`, `loop`, `spectrum`: how it begins.
 * - `lane`: whether captions have a lane above the waveform (not in compact ones).
 * - `onReport({position, playing})`: on play, pause and seek, never for each frame.
 * - `onSpeed(rate)`, `onSelect(part)`, `onLoop(on)`, `onSpectrum(on)`: the person chose another.
 * - `onTick(time)`: for each frame that is drawn while it plays, and on every seek.
 */
function createPlayer(clip, port, options = {}) {
  const { bare = false, compact = bare, lazy = false, speed: rate = 1, label = "" } = options;
  const { onReport, onSpeed, onSelect, onLoop, onSpectrum, onTick, lane = !compact } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([port.signal, ending.signal]);
  const on = (target, names, handler, capture = false) =>
    listen(target, names, handler, signal, capture);
  const video = clip.kind === "video";
  const { words, cues } = clip;
  const element = h("div", { className: `wb-player${compact ? " wb-compact" : ""}`, tabIndex: -1 });
  element.dataset.uid = clip.uid;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", label || `${video ? "Video" : "Audio"} player: ${clip.about}`);

  // -- elements ------------------------------------------------------------------------------
  const { media, track } = video ? pictureOf(clip) : { media: h("audio", { preload: "metadata" }), track: "" };
  media.playbackRate = media.defaultPlaybackRate = rate;
  const play = h("button", { className: "wb-play", type: "button" });
  const time = h("span", { className: "wb-clock" });
  const about = h("span", { className: "wb-about", textContent: clip.about, title: clip.about });
  const speed = h("select", { className: "wb-speed", title: "Speed ([ and ])" });
  speed.setAttribute("aria-label", "Speed");
  const rates = [...new Set([...SPEEDS, rate])].sort((a, b) => a - b);
  speed.append(...rates.map((r) => h("option", { value: r, textContent: `${r}×` })));
  speed.value = rate;
  const notes = h("ul", { className: "wb-notes" });
  notes.append(...clip.notes.map((note) => h("li", { textContent: note })));

  const wave = new Waveform({
    signal,
    lane,
    onSeek: (to) => seek(to),
    onSelect: compact ? null : (part, done) => selected(part, done),
    onView: () => viewed(),
    label: "Position",
    height: compact ? 44 : video ? 56 : 84,
  });
  const spoken = words.length ? words : cues;
  wave.textAt = (t) => spoken[indexAt(spoken, t)]?.text || "";
  const transcript = transcriptOf(compact ? { ...clip, words: [] } : clip, (word) => seek(word.start), signal);
  const caption = h("div", { className: "wb-caption", dir: "auto", lang: clip.language });
  caption.hidden = compact || video || !cues.length;
  const overview = overviewOf(wave, signal);
  const closer = lookCloser(wave, clip, port, signal);
  const spectrum = spectrumOf(wave, clip, port, signal, (text) => {
    press(tools.spectrum, wave.spectrum);
    onSpectrum?.(Boolean(wave.spectrum));
    port.say(text);
  });

  // -- time ----------------------------------------------------------------------------------
  let wanted = options.position || null; // where to go once the media are there
  let frame = 0;
  let loop = false;
  let begun = Boolean(options.position); // nothing is lit in a transcript that nobody listens to yet
  let armed = false; // whether the end of the selection is to be kept: playing began in it
  let alarm = 0;
  const duration = () => clip.duration || (media.duration < Infinity && media.duration) || 0;
  const position = () => (wanted === null ? media.currentTime : wanted);
  const report = () => onReport?.({ position: position(), playing: !media.paused });
  const within = (part, at) => at >= part[0] - 1e-3 && at <= part[1] + 1e-3;

  let asked = false;
  function ensure() {
    if (asked) return;
    asked = true;
    port.load(media, clip, { signal });
  }
  function tick() {
    keepEnd();
    const now = position();
    wave.seek(now);
    time.textContent = clockOf(now, duration());
    if (!compact) {
      transcript.light(begun ? indexAt(words, now) : -1);
      if (!caption.hidden) caption.textContent = cues[indexAt(cues, now)]?.text || "";
      picture?.tell();
    }
    onTick?.(now);
    cancelAnimationFrame(frame);
    if (!media.paused) frame = requestAnimationFrame(tick);
  }
  /** Stop or begin again at the end of the selection; a timer comes closer to it than frames do. */
  function keepEnd() {
    clearTimeout(alarm);
    const part = wave.selection;
    if (!armed || !part || media.paused || media.seeking) return;
    const left = (part[1] - media.currentTime) / media.playbackRate;
    if (left > 0.002) alarm = setTimeout(keepEnd, Math.min(left * 1000, 250));
    else if (loop) media.currentTime = part[0];
    else {
      media.pause();
      media.currentTime = part[1];
    }
  }
  function seek(to) {
    begun = true;
    const goal = Math.min(duration() || Infinity, Math.max(0, to));
    if (media.readyState) media.currentTime = goal;
    else wanted = goal;
    armed = Boolean(wave.selection && within(wave.selection, goal));
    ensure();
    tick();
  }
  const face = () => {
    play.replaceChildren(icon(media.paused ? ICONS.play : ICONS.pause));
    play.title = media.paused ? "Play (space)" : "Pause (space)";
    play.setAttribute("aria-label", media.paused ? "Play" : "Pause");
  };
  const start = () => {
    begun = true;
    ensure();
    const part = wave.selection;
    const now = position();
    if (part && within(part, now) && now >= part[1] - 0.01) seek(part[0]);
    armed = Boolean(part && within(part, position()));
    return media.play().catch((error) => {
      if (error.name === "NotAllowedError") port.say("The browser waits for you to press play.");
      else if (error.name !== "AbortError" && !media.error) port.say(error.message);
    });
  };
  const toggle = () => (media.paused ? start() : media.pause());

  // -- the selection -------------------------------------------------------------------------
  const chosen = h("span", { className: "wb-chosen", hidden: true });
  chosen.setAttribute("role", "status");
  const clear = tool("clear", "No selection (Esc)", () => wave.choose(null));
  /** Show a selection; `goes` to its start when the position lies outside of it. */
  function select(part, goes = true) {
    wave.selection = part;
    chosen.hidden = clear.hidden = !part;
    const seconds = part ? (part[1] - part[0]).toFixed(2) : "";
    chosen.textContent = part ? `${clock(part[0])} – ${clock(part[1])} (${seconds} s)` : "";
    media.loop = loop && !part;
    armed = Boolean(part && within(part, position()));
    if (part && goes && !armed) seek(part[0]);
    wave.draw();
  }
  function selected(part, done) {
    select(part, done);
    if (done) onSelect?.(part);
  }
  function mark(which) {
    const now = position();
    const [from, to] = wave.selection || [0, duration()];
    const part = which ? [Math.min(from, now), now] : [now, Math.max(to, now)];
    if (which && now <= from) part[0] = 0;
    if (!which && now >= to) part[1] = duration();
    if (part[1] > part[0]) {
      select(part, false);
      onSelect?.(part);
    }
  }
  function repeat(on) {
    loop = on;
    media.loop = loop && !wave.selection;
    press(tools.loop, loop);
  }
  const showSpectrum = (on) => {
    spectrum.toggle(on);
    press(tools.spectrum, on);
  };

  // -- tools and keys ------------------------------------------------------------------------
  function setSpeed(rate) {
    media.playbackRate = media.defaultPlaybackRate = rate;
    if (![...speed.options].some((one) => Number(one.value) === rate)) {
      speed.append(h("option", { value: rate, textContent: `${rate}×` }));
    }
    speed.value = rate;
  }
  const chooseSpeed = (rate) => {
    setSpeed(rate);
    onSpeed?.(rate);
  };
  const act = {
    seek,
    toggle,
    position,
    duration,
    mark,
    clear: () => (wave.selection ? wave.choose(null) : help.hidden || act.help()),
    word: (by) => goTo(transcript.near(position(), by)),
    line: (by) => goTo(transcript.line(position(), by)),
    frame: (by) => picture.frame(by),
    captions: () => picture.captions(),
    full: () => picture.full(),
    zoom: (factor) => wave.zoomBy(factor),
    fit: () => wave.fit(),
    zoomToSelection: () => (wave.selection && wave.zoom <= 1.001 ? wave.show(...wave.selection) : wave.fit()),
    select: () => {
      wave.selecting = !wave.selecting;
      press(tools.select, wave.selecting);
    },
    loop: () => {
      repeat(!loop);
      onLoop?.(loop);
    },
    spectrum: () => {
      showSpectrum(!wave.spectrum);
      onSpectrum?.(Boolean(wave.spectrum));
    },
    speed: (by) => {
      const now = media.playbackRate;
      const next = by > 0 ? SPEEDS.find((r) => r > now) : SPEEDS.findLast((r) => r < now);
      if (!by || next) chooseSpeed(by ? next : 1);
    },
    mute: () => (media.muted = !media.muted),
    help: () => {
      help.hidden = !help.hidden;
      tools.help.setAttribute("aria-expanded", String(!help.hidden));
    },
  };
  const goTo = (item) => item && seek(item.start);
  const tools = {
    select: tool("select", "Select by dragging", act.select),
    clear,
    loop: tool("loop", "Repeat (L)", act.loop),
    wider: tool("wider", "Zoom out (−)", () => act.zoom(1 / 1.5)),
    closer: tool("closer", "Zoom in (+)", () => act.zoom(1.5)),
    fit: tool("fit", "All of it (0)", act.fit),
    spectrum: tool("spectrum", "Spectrum (S)", act.spectrum),
    mute: tool("sound", "Mute (M)", act.mute),
    help: tool("help", "Keys (?)", act.help),
  };
  for (const node of [tools.select, tools.loop, tools.spectrum, tools.mute]) press(node, false);
  clear.hidden = true;
  const silent = Boolean(clip.silent);
  tools.spectrum.hidden = tools.mute.hidden = silent;
  const picture = video && !compact ? videoTools(media, clip, act, port, signal) : null;
  const keys = keysOf(act, {
    tools: !compact,
    words: words.length,
    lines: clip.breaks.length > 1 || cues.length,
    video: picture,
    frames: picture?.can.frames,
    captions: picture?.can.captions(),
  });
  const help = helpOf(keys);
  tools.help.setAttribute("aria-expanded", "false");
  tools.help.setAttribute("aria-controls", help.id);
  function viewed() {
    tools.fit.disabled = tools.wider.disabled = wave.zoom <= 1.001;
    overview.draw();
    closer.part();
    spectrum.part();
  }

  const { select: a, clear: b, loop: c, wider, closer: nearer, fit, spectrum: d, mute, help: e } = tools;
  const shown = picture ? [picture.shown] : [];
  const bar = h(
    "div",
    { className: "wb-bar" },
    time,
    ...shown,
    chosen,
    about,
    toolbar("Tools", ...(picture?.tools || []), a, b, c, wider, nearer, fit, d, mute, speed, e),
  );
  const stage = h("div", { className: "wb-stage" }, wave.canvas, ...(compact ? [] : [overview.element, caption, bar]));
  const row = h("div", { className: "wb-row" }, ...(bare ? [] : [play]), stage, ...(compact && !bare ? [time] : []));
  element.append(media, row, ...(compact ? [] : [help, transcript.element, notes]));

  // -- what it hears -------------------------------------------------------------------------
  on(play, "click", toggle);
  on(speed, "change", () => chooseSpeed(Number(speed.value)));
  on(media, "play seeking", () => (begun = true));
  on(media, "play pause seeked", () => {
    if (wave.selection) armed = within(wave.selection, position());
    face();
    tick();
    report();
  });
  on(media, "ended", () => armed && loop && wave.selection && (seek(wave.selection[0]), start()));
  on(media, "volumechange", () => {
    press(tools.mute, media.muted);
    tools.mute.replaceChildren(icon(TOOLS[media.muted ? "mute" : "sound"]));
  });
  on(media, "timeupdate", tick);
  on(media, "loadedmetadata", () => {
    if (wanted !== null) media.currentTime = Math.min(wanted, duration());
    wanted = null;
    wave.set({ duration: duration() });
    tick();
    element.dataset.ready = clip.uid;
    askWhole();
  });
  // One plays at a time: play events do not bubble, but they can be caught on the way down.
  const other = (event) => event.target !== media && event.target.closest?.(".wb") && media.pause();
  on(document, "play", other, true);
  if (!bare) wireKeys(element, keys, play, signal);

  // The sound comes first: while its bytes are on their way Python need not read the file too.
  const askWhole = () => {
    clearTimeout(soon);
    if (!signal.aborted) closer.whole((found) => video || (clip.duration = found.duration));
  };
  const soon = lazy ? 0 : setTimeout(askWhole, SOON);

  wave.set({ peaks: signed(clip.peaks), duration: duration(), cues });
  if (options.selection) select([...options.selection], false);
  repeat(Boolean(options.loop));
  if (options.spectrum && !silent) showSpectrum(true);
  face();
  viewed();
  tick();
  if (!lazy) ensure();
  const end = () => {
    cancelAnimationFrame(frame);
    clearTimeout(alarm);
    clearTimeout(soon);
    media.pause();
    if (track) URL.revokeObjectURL(track);
    element.remove();
  };
  signal.addEventListener("abort", end);
  return {
    element,
    media,
    wave,
    seek,
    toggle,
    play: start,
    pause: () => media.pause(),
    position,
    duration,
    select,
    repeat,
    showSpectrum,
    setSpeed,
    destroy: () => ending.abort(),
  };
}
