// What a cue editor is heard and seen with: the player, one caption alone, captions on a video.

const CUE_VIEW = 30; // seconds of the waveform in sight at first

const CUE_KEYS = [
  ["Ctrl+Enter", "split at the caret"],
  ["Ctrl+Space", "play the caption"],
  ["Alt+↓", "next caption"],
  ["Alt+↑", "caption before"],
  ["F8", "next problem"],
  ["Ctrl+F", "find and replace"],
  ["Ctrl+Z", "undo"],
  ["Ctrl+Shift+Z", "redo"],
];

/** A line of the help. */
const keyRow = ([shown, about]) => h("div", {}, h("dt", {}, h("kbd", { textContent: shown })), h("dd", { textContent: about }));

/**
 * The player of `clip` (none: only a time line as long as the captions) and what it does for them.
 *
 * `hear(row)` plays one caption, `repeat()` whether over and over, `leave()` ends that; `tracks`
 * shows what was edited on a video; `reach` and `open` fit the time line to the captions.
 */
function createCueSound(clip, port, book) {
  const { signal } = port;
  // The transcript would be the captions twice.
  const quiet = clip && { ...clip, words: [], cues: [], notes: [], breaks: [] };
  const player = clip && createPlayer(quiet, port, { lane: false }); // the regions name the captions
  const wave = player
    ? player.wave
    : new Waveform({ signal, onSeek: (time) => wave.seek(time), label: "Position", height: 36 });
  const element = player ? player.element : h("div", { className: "wb-player" }, wave.canvas);
  if (clip?.silent) wave.canvas.after(h("span", { className: "wb-cue-silent", textContent: "no sound" }));
  element.querySelector(".wb-help dl")?.append(...CUE_KEYS.map(keyRow));
  const seek = (time) => (player ? player.seek(time) : wave.seek(time));
  wave.textAt = (time) => inLine(book.rows[indexAt(book.rows, time)]?.text || "");

  let again = false;
  let range = null; // the caption that is played alone
  let frame = 0;
  function hear(one) {
    if (!player || !one) return;
    range = one;
    player.seek(one.start);
    player.play();
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(watch);
  }
  function watch() {
    if (!range) return;
    if (player.media.currentTime >= range.end - 0.01) {
      if (again) player.seek(range.start);
      else {
        range = null;
        player.pause();
        return;
      }
    }
    frame = requestAnimationFrame(watch);
  }
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));

  // The browser draws captions on a video as they are edited; not where the picture has its own.
  const language = clip?.language || "und";
  const track = clip?.kind === "video" && player.media.addTextTrack("captions", "Captions", language);
  const known = new Map();
  if (track) track.mode = clip.captioned ? "disabled" : "showing";
  function tracks(first, last = first + 1) {
    if (!track || typeof VTTCue === "undefined") return;
    for (const one of book.rows.slice(first, last)) {
      const old = known.get(one.id);
      const plain = one.text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
      const same = old?.text === plain && old.startTime === one.start && old.endTime === one.end;
      if (same) continue;
      if (old) track.removeCue(old);
      known.set(one.id, new VTTCue(one.start, one.end, plain));
      track.addCue(known.get(one.id));
    }
    for (const [id, old] of known) {
      if (book.places.has(id)) continue;
      track.removeCue(old);
      known.delete(id);
    }
  }

  return {
    player,
    wave,
    element,
    seek,
    hear,
    tracks,
    repeat: () => (again = !again),
    leave: () => (range = null),
    reach: () => {
      if (player) return;
      const end = Math.max(1, ...book.rows.slice(-20).map((one) => one.end));
      if (end + 5 !== wave.duration) wave.set({ duration: end + 5 });
    },
    open: () => wave.duration > CUE_VIEW && wave.zoomBy(wave.duration / CUE_VIEW, 0),
  };
}
