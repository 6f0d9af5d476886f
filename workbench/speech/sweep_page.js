// Sorts by the column whose head is chosen, plays one sound at a time, goes on by a key.
const table = document.querySelector("table");
const body = table.tBodies[0];
const names = new Intl.Collator(undefined, { numeric: true });

[...table.tHead.rows[0].cells].forEach((head, column) => {
  if (!("sort" in head.dataset)) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
    const rows = [...body.rows].map((row) => [row, row.cells[column].dataset.value ?? ""]);
    const numbers = rows.every(([, value]) => value === "" || Number.isFinite(Number(value)));
    rows.sort(([, a], [, b]) => {
      // What has no value comes last, whichever way round.
      if (a === "" || b === "") return (a === "") - (b === "");
      return sign * (numbers ? a - b : names.compare(a, b));
    });
    body.append(...rows.map(([row]) => row));
  });
});

let last = null; // the sound that is heard, or was
document.addEventListener(
  "play",
  ({ target }) => {
    last = target;
    for (const sound of body.querySelectorAll("audio")) {
      if (sound !== target) sound.pause();
      const row = sound.closest("tr");
      row.classList.toggle("heard", sound === target);
      if (sound === target) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  },
  true,
);

// From the start, in the order in which the rows stand now.
function play(sound) {
  if (!sound) return;
  sound.currentTime = 0;
  sound.play();
  sound.closest("tr").scrollIntoView({ block: "nearest" });
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const sounds = [...body.querySelectorAll("audio")];
  const here = sounds.indexOf(last);
  if (event.key === "j") play(sounds[here + 1]);
  else if (event.key === "k") play(sounds[here === -1 ? sounds.length - 1 : here - 1]);
  else if (event.key === "r") play(last ?? sounds[0]);
  else if (event.key === "p" && last) last.paused ? last.play() : last.pause();
});
document.querySelector(".keys").hidden = false;
