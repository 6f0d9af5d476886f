// What a video has beside sound: its picture, frame by frame, captions and the full screen.

/** The video of `clip` with its captions as a track, and the address to give back at its end. */
function pictureOf(clip) {
  const media = h("video", { preload: "metadata", playsInline: true, tabIndex: -1 });
  const [width, height] = clip.size || [];
  if (width && height) media.style.aspectRatio = `${width} / ${height}`;
  if (!clip.cues.length) return { media, track: "" };
  const track = URL.createObjectURL(new Blob([webvtt(clip.cues)], { type: "text/vtt" }));
  media.append(
    h("track", {
      kind: "captions",
      label: "Captions",
      srclang: clip.language || "und",
      src: track,
      default: !clip.captioned, // not where the picture shows them already
    }),
  );
  return { media, track };
}

/**
 * Tools of a video. Frames last 1 / `clip.fps` seconds: a step goes to the middle of one, where no
 * rounding shows its neighbour.
 */
function videoTools(media, clip, act, port, signal) {
  const { fps } = clip;
  const frameAt = (time) => Math.floor(time * fps + 1e-3);
  const count = () => Math.max(1, Math.round(act.duration() * fps));
  const frame = (by) => {
    media.pause();
    const to = Math.min(count() - 1, Math.max(0, frameAt(act.position()) + by));
    act.seek((to + 0.5) / fps);
  };
  const shown = h("span", { className: "wb-frame" });
  const tell = () => {
    shown.textContent = fps && media.paused ? `frame ${Math.min(count() - 1, frameAt(act.position()))}` : "";
  };

  const track = () => media.textTracks[0];
  const captions = () => {
    track().mode = track().mode === "showing" ? "hidden" : "showing";
  };
  const full = async () => {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await media.requestFullscreen();
    } catch (error) {
      port.say(`The browser shows no full screen here: ${error.message}`);
    }
  };
  const captionsTool = tool("captions", "Captions (C)", captions);
  captionsTool.hidden = !track();
  const tools = [
    ...(fps ? [tool("back", "Frame back (,)", () => frame(-1)), tool("on", "Frame on (.)", () => frame(1))] : []),
    captionsTool,
    tool("full", "Full screen (F)", full),
  ];
  const face = () => press(captionsTool, track()?.mode === "showing");
  // Tracks that a widget adds later are switched as well; the browser's own menu switches too.
  listen(media.textTracks, "change addtrack", () => {
    captionsTool.hidden = !track();
    face();
  }, signal);
  face();
  // In full screen there is nothing of ours to press.
  listen(document, "fullscreenchange", () => (media.controls = document.fullscreenElement === media), signal);
  listen(media, "click", () => document.fullscreenElement !== media && act.toggle(), signal);
  listen(media, "dblclick", full, signal);
  listen(media, "loadedmetadata", () => {
    if (!media.videoWidth) port.say("This browser plays the sound of this video, and cannot show its picture.");
  }, signal);
  return { tools, shown, tell, frame, captions, full, can: { frames: fps > 0, captions: () => Boolean(track()) } };
}
