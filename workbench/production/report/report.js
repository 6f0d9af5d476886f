// Sorting and filtering of the table; the page is as complete without it.
const table = document.getElementById("jobs");
const body = table.tBodies[0];
const find = document.getElementById("find");
const state = document.getElementById("state");
const count = document.getElementById("count");
document.querySelector(".tools").hidden = false;

const lines = [...body.rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
function filter() {
  const wanted = find.value.trim().toLowerCase().split(/\s+/);
  let shown = 0;
  for (const { row, text } of lines) {
    const fits = (!state.value || row.className === state.value) && wanted.every((part) => text.includes(part));
    row.hidden = !fits;
    shown += fits;
  }
  count.textContent = shown === lines.length ? `${shown} jobs` : `${shown} of ${lines.length} jobs`;
}
find.addEventListener("input", filter);
state.addEventListener("change", filter);
filter();

const names = new Intl.Collator(undefined, { numeric: true });
const valueOf = (row, column) => row.cells[column].dataset.v ?? row.cells[column].textContent;
[...table.tHead.rows[0].cells].forEach((head, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const sign = down ? -1 : 1;
    lines.sort((a, b) => sign * names.compare(valueOf(a.row, column), valueOf(b.row, column)));
    body.append(...lines.map(({ row }) => row));
  });
});

// One plays at a time.
document.addEventListener(
  "play",
  ({ target }) => document.querySelectorAll("audio, video").forEach((media) => media === target || media.pause()),
  true,
);
