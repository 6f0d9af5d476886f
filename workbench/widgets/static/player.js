// Sound or video with its words: see workbench/widgets/player.py for the state and the messages.

const CLIP = (
  "kind about language duration words breaks cues captioned notes peaks exact size fps silent src " +
  "version"
).split(" ");

function mount(model, el) {
  const port = connect(model, el);
  const clip = Object.fromEntries(CLIP.map((name) => [name, model.get(name)]));
  clip.uid = model.get("take");
  const player = createPlayer(clip, port, {
    speed: model.get("speed"),
    position: model.get("position"),
    selection: model.get("selection"),
    loop: model.get("loop"),
    spectrum: model.get("spectrum"),
    onReport: port.set,
    onSpeed: (speed) => port.set({ speed }),
    onSelect: (selection) => port.set({ selection }),
    onLoop: (loop) => port.set({ loop }),
    onSpectrum: (spectrum) => port.set({ spectrum }),
  });
  el.replaceChildren(port.hide, player.element, port.status);
  const commands = {
    play: player.play,
    pause: player.pause,
    seek: (message) => player.seek(message.time),
  };
  for (const [kind, obey] of Object.entries(commands)) {
    port.on(kind, (message) => port.first() && obey(message));
  }
  const same = (a, b) => a === b || (a && b && a[0] === b[0] && a[1] === b[1]);
  port.watch("selection", () => {
    const part = model.get("selection");
    if (!same(part, player.wave.selection)) player.select(part);
  });
  port.watch("loop", () => player.repeat(model.get("loop")));
  port.watch("spectrum", () => {
    const on = model.get("spectrum");
    if (on !== Boolean(player.wave.spectrum)) player.showSpectrum(on);
  });
  port.watch("speed", () => player.setSpeed(model.get("speed")));
  // What played when the page was left plays no longer, unless another view does.
  const views = [...document.querySelectorAll(`.wb[data-panel="${model.get("uid")}"]`)];
  if (model.get("playing") && views.every((view) => view === el)) port.set({ playing: false });
  port.send("hello");
  return port.close;
}

export default { render: remounting(mount, ["take"]) };
