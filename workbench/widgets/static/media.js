// How sound and video reach the page: by address, by message from Python, or from the static twin.

/** Cues as WebVTT. An empty line would end a cue, and "<" would begin a tag. */
function webvtt(cues) {
  const stamp = (t) => new Date(Math.round(t * 1000)).toISOString().slice(11, 23);
  const plain = (s) => s.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const block = (c) =>
    `${stamp(c.start)} --> ${stamp(c.end)}\n${plain(c.text).trim().replace(/\s*\n\s*/g, "\n")}\n`;
  return ["WEBVTT\n", ...cues.map(block)].join("\n");
}

/**
 * Give `media` what it plays: the file's address, else bytes from the kernel, else what the static
 * twin of this output holds. Bytes come as messages, so they stay out of saved state. Returns what
 * ends it; the end of the view does too.
 */
function feed(port, media, clip, { signal = port.signal, say = port.say } = {}) {
  const { model } = port;
  let parts = new Map(); // not a list: a number out of range would make a huge one
  let asked = "";
  let blob = "";

  const ask = () => {
    asked = Math.random().toString(36).slice(2);
    parts = new Map();
    port.send("media?", { uid: clip.uid, ask: asked });
  };
  const onRefused = (message) => message.ask === asked && say(message.text);
  const onMedia = (message, buffers) => {
    if (message.ask !== asked) return; // another view's, or an answer that came too late
    const { part, parts: count } = message;
    if (!Number.isInteger(part) || part < 0 || part >= count || !buffers[0]) return;
    parts.set(part, buffers[0]);
    if (parts.size < count) return;
    asked = "";
    const pieces = [...parts].sort(([a], [b]) => a - b).map(([, piece]) => piece);
    blob = URL.createObjectURL(new Blob(pieces, { type: message.mime }));
    media.src = blob;
  };
  const borrow = () => {
    const twin = document.querySelector(`.wb-media-${clip.uid}[src]`);
    if (media.hasAttribute("src") || !twin) return;
    asked = "";
    media.src = twin.src;
  };
  const address = async () => {
    const path = clip.src.split("/").map(encodeURIComponent).join("/");
    const url = await model.widget_manager.resolveUrl(path);
    if (signal.aborted) return;
    // The version keeps the browser from showing what the file held before.
    media.src = `${url}${url.includes("?") ? "&" : "?"}wb=${clip.version}`;
  };

  let byAddress = Boolean(clip.src && model.widget_manager?.resolveUrl);
  const onError = () => {
    if (!byAddress) return say(`This browser cannot play it: ${media.error?.message || "unknown format"}`);
    byAddress = false;
    media.removeAttribute("src");
    return ask();
  };
  media.addEventListener("error", onError, { signal });
  const deaf = [port.on("media", onMedia), port.on("refused", onRefused)];
  if (byAddress) address().catch(onError);
  else ask();
  // A busy kernel answers late and a missing one never: the twin, once it is there, is as good.
  const timers = [800, 3000, 8000].map((delay) => setTimeout(borrow, delay));
  const end = () => {
    deaf.forEach((stop) => stop());
    timers.forEach(clearTimeout);
    media.pause();
    media.removeAttribute("src");
    if (blob) URL.revokeObjectURL(blob);
    blob = "";
  };
  signal.addEventListener("abort", end);
  return end;
}
