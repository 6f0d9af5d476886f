// Sound or video with its words: see workbench/widgets/player.py for the state and the messages.

const CLIP =
  "kind about language duration words breaks cues captioned notes peaks size src version".split(" ");

function mount(model, el) {
  const port = connect(model, el);
  const clip = Object.fromEntries(CLIP.map((name) => [name, model.get(name)]));
  clip.uid = model.get("take");
  const player = createPlayer(clip, port, {
    speed: model.get("speed"),
    onReport: port.set,
    onSpeed: (speed) => port.set({ speed }),
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
  port.send("hello");
  return port.close;
}

export default { render: remounting(mount, ["take"]) };
