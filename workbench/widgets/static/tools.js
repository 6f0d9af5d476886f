// The tools of a player: small buttons below the waveform.

const TOOLS = {
  select: "M5 4h2v16H5zm12 0h2v16h-2zM9 8h6v2H9zm0 6h6v2H9z",
  loop: "M7 7h9v3l4-4-4-4v3H5v6h2zm10 10H8v-3l-4 4 4 4v-3h11v-6h-2z",
  closer: "M10 3a7 7 0 1 0 4.3 12.5l5 5 1.4-1.4-5-5A7 7 0 0 0 10 3zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM9 7h2v2h2v2h-2v2H9v-2H7V9h2z",
  wider: "M10 3a7 7 0 1 0 4.3 12.5l5 5 1.4-1.4-5-5A7 7 0 0 0 10 3zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM7 9h6v2H7z",
  fit: "M3 5h2v14H3zm16 0h2v14h-2zM10 8v3h4V8l4 4-4 4v-3h-4v3l-4-4z",
  spectrum: "M4 14h3v6H4zm5-6h3v12H9zm5 4h3v8h-3zm5-8h2v16h-2z",
  sound: "M4 9v6h4l5 5V4L8 9zm11.5-.8v7.6a4.3 4.3 0 0 0 0-7.6zm0-4.4v2.1a6.6 6.6 0 0 1 0 12.2v2.1a8.7 8.7 0 0 0 0-16.4z",
  mute: "M4 9v6h4l5 5V4L8 9zm17 .4L19.6 8 17.5 10.1 15.4 8 14 9.4l2.1 2.1L14 13.6l1.4 1.4 2.1-2.1 2.1 2.1 1.4-1.4-2.1-2.1z",
  help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm1 15h-2v-2h2zm1.8-6.6-.8.8c-.7.6-1 1.2-1 2.3h-2v-.5c0-1.1.4-1.8 1.1-2.5l1.1-1.1A2 2 0 1 0 10 9H8a4 4 0 1 1 6.8 2.4z",
  clear: "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19 12 13.4 17.6 19 19 17.6 13.4 12 19 6.4 17.6 5 12 10.6z",
  captions: "M3 5h18v14H3zm2 2v10h14V7zm2 3h4v2H9v2h2v2H7zm6 0h4v2h-2v2h2v2h-4z",
  full: "M4 4h6v2H6v4H4zm10 0h6v6h-2V6h-4zM4 14h2v4h4v2H4zm14 0h2v6h-6v-2h4z",
  back: "M5 5h2v14H5zm14 0v14l-10-7z",
  on: "M17 5h2v14h-2zM5 5v14l10-7z",
};

/** A tool: an icon that may be pressed. */
function tool(name, label, onClick) {
  const node = button(label, { path: TOOLS[name], className: "wb-tool", onClick });
  node.dataset.tool = name;
  return node;
}

/** Show whether a tool is on. */
function press(node, on) {
  node.setAttribute("aria-pressed", String(Boolean(on)));
}

/** A row of tools, which the arrow keys leave to the player: each is reached with Tab. */
function toolbar(label, ...tools) {
  const element = h("div", { className: "wb-tools" }, ...tools);
  element.setAttribute("role", "toolbar");
  element.setAttribute("aria-label", label);
  return element;
}
