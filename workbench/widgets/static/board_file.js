// The row below the line board (line_board.js): the file that the work is saved to.

/** A path and a button that saves there; a dot says that there is something to save. */
function createBoardFile(port) {
  const { model, signal } = port;
  const path = h("input", { type: "text", className: "wb-field wb-path", placeholder: "File, such as talk.review.json" });
  path.setAttribute("aria-label", "File of the work");
  const save = button("Save the work", { path: TUNER_ICONS.keep, text: "Save", className: "wb-save" });
  const mark = h("span", { className: "wb-unsaved", textContent: "● not saved" });
  const about = h("div", { className: "wb-muted wb-saved", hidden: true });
  about.setAttribute("role", "status");
  const conflict = h("div", { className: "wb-conflict", hidden: true });
  conflict.setAttribute("role", "alert");
  const row = h("div", { className: "wb-acts" }, path, save, mark);
  const element = h("div", { className: "wb-board-file" }, row, conflict, about);

  const tell = (node, ...parts) => {
    node.replaceChildren(...parts);
    node.hidden = !parts.length;
  };
  const ask = (overwrite = false) => {
    tell(conflict);
    tell(about);
    port.send("save", { path: path.value.trim(), overwrite });
  };
  listen(save, "click", () => ask(), signal);
  listen(path, "keydown", (event) => event.key === "Enter" && ask(), signal);
  port.on("saved", ({ text }) => {
    tell(conflict);
    tell(about, text);
  });
  port.on("taken", (message) => {
    const leave = () => {
      tell(conflict);
      path.focus();
    };
    const replace = () => {
      path.value = message.path;
      ask(true);
      save.focus();
    };
    tell(
      conflict,
      h("span", { textContent: message.text }),
      button("Replace the file", { text: "Replace it", onClick: replace }),
      button("Leave the file as it is", { text: "Leave it", onClick: leave }),
    );
  });
  const draw = () => {
    const unsaved = model.get("unsaved");
    mark.hidden = !unsaved;
    save.classList.toggle("wb-main", unsaved);
    if (unsaved) tell(about);
  };
  port.watch("unsaved", draw);
  port.watch("path", () => (path.value = model.get("path")));
  path.value = model.get("path");
  draw();
  return element;
}
