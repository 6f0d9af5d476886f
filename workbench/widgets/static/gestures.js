// What a pointer and a wheel do on a waveform.

const GRIP = 6; // pixels around the edge of a selection that take hold of it
const STILL = 3; // pixels that a click may move

/**
 * Click or drag to seek, drag with Shift (or in the mode that selects) to select, drag an edge of
 * the selection, drag the time line or turn the wheel with Shift to scroll, turn it with Control or
 * spread two fingers to zoom, click a caption in its lane to go to its start.
 */
function wireGestures(wave, signal) {
  const { canvas } = wave;
  const pointers = new Map();
  let doing = null;
  const heightOf = (event) => event.clientY - canvas.getBoundingClientRect().top;
  const edgeAt = (event) => {
    if (!wave.selection || !wave.onSelect) return -1;
    const at = event.clientX - canvas.getBoundingClientRect().left;
    const grip = event.pointerType === "touch" ? 2 * GRIP : GRIP;
    const far = wave.selection.map((time) => Math.abs(wave.placeOf(time) - at));
    const nearest = far[0] < far[1] ? 0 : 1;
    return far[nearest] <= grip ? nearest : -1;
  };
  const cueAt = (event) => {
    const y = heightOf(event);
    return (wave.roof && y >= 0 && y < wave.roof && wave.cues[indexAt(wave.cues, wave.timeAt(event))]) || null;
  };
  const onAxis = (event) => wave.zoom > 1 && heightOf(event) > wave.height - AXIS;
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return { wide: Math.max(20, Math.abs(a.x - b.x)), event: { clientX: (a.x + b.x) / 2 } };
  };

  function begin(event) {
    if (pointers.size === 2) {
      const { wide, event: middle } = spread();
      return { kind: "pinch", wide, zoom: wave.zoom, time: wave.timeAt(middle) };
    }
    const start = { x: event.clientX, time: wave.timeAt(event), left: wave.left };
    const edge = edgeAt(event);
    if (onAxis(event)) return { kind: "scroll", ...start };
    if (edge >= 0) return { kind: "select", anchor: wave.selection[1 - edge], moved: true, ...start };
    if (wave.onSelect && (event.shiftKey || wave.selecting)) {
      return { kind: "select", anchor: start.time, moved: false, ...start };
    }
    const cue = cueAt(event);
    wave.onSeek(cue ? cue.start : start.time);
    const inside = wave.selection && start.time >= wave.selection[0] && start.time <= wave.selection[1];
    if (wave.selection && !inside) wave.choose(null);
    return cue ? null : { kind: "seek" };
  }

  function go(event) {
    const time = wave.timeAt(event);
    if (doing.kind === "seek") wave.onSeek(time);
    else if (doing.kind === "scroll") {
      wave.scrollTo(doing.left - ((event.clientX - doing.x) / (canvas.clientWidth || 1)) * wave.span);
    } else if (doing.kind === "select") {
      doing.moved ||= Math.abs(event.clientX - doing.x) > STILL;
      const part = [Math.min(doing.anchor, time), Math.max(doing.anchor, time)];
      if (doing.moved && part[0] < part[1]) wave.choose(part, false);
    } else if (pointers.size === 2) {
      const { wide, event: middle } = spread();
      wave.zoomBy((doing.zoom * wide) / doing.wide / wave.zoom, doing.time);
      wave.scrollTo(wave.left + doing.time - wave.timeAt(middle));
    }
  }

  function end() {
    const { kind, moved, time } = doing || {};
    doing = null;
    if (kind !== "select") return;
    if (moved) return wave.choose(wave.selection);
    wave.choose(null);
    wave.onSeek(time);
  }

  const on = (names, handler) => listen(canvas, names, handler, signal);
  // The notebook would take a press for its own: with Shift it selects cells, and the next key is
  // the notebook's, not the player's.
  on("pointerdown mousedown", (event) => {
    if (event.button) return;
    event.stopPropagation();
    if (event.shiftKey) event.preventDefault();
    canvas.focus({ preventScroll: true });
  });
  on("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX });
    doing = begin(event);
  });
  on("pointermove", (event) => {
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, { x: event.clientX });
    wave.hover = wave.timeAt(event);
    wave.pointed = cueAt(event);
    if (doing) go(event);
    else {
      canvas.style.cursor =
        edgeAt(event) >= 0 ? "ew-resize" : onAxis(event) ? "grab" : wave.selecting ? "text" : "";
    }
    wave.draw();
  });
  on("pointerup pointercancel", (event) => {
    pointers.delete(event.pointerId);
    if (doing) end();
  });
  on("pointerleave", () => {
    wave.hover = wave.pointed = null;
    wave.draw();
  });
  const onWheel = (event) => {
    const across = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      // A wheel turns in steps, two fingers on a touchpad in many small ones.
      const factor = Math.abs(event.deltaY) >= 40 ? 1.25 ** -Math.sign(event.deltaY) : 1.01 ** -event.deltaY;
      wave.zoomBy(factor, wave.timeAt(event));
    } else if (across && wave.zoom > 1) {
      event.preventDefault();
      wave.scrollTo(wave.left + (across / (canvas.clientWidth || 1)) * wave.span);
    }
  };
  canvas.addEventListener("wheel", onWheel, { signal, passive: false });
}
