// The list of the board (board.js): only the rows in view are elements, however many jobs there are.

const JOB_ROW = 34; // pixels of a row; see board.css
const JOB_ORDER = { running: 0, dead: 1, failed: 1, cancelled: 2, warnings: 3, done: 4, queued: 5 };

/** How long something is, for a person. */
function jobTime(seconds) {
  if (seconds === null || seconds === undefined || !(seconds >= 0)) return "";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
}

/** The word for a state: jobs with warnings are done. */
const jobWord = ({ state, stopping }) => (stopping ? "stopping" : state === "warnings" ? "done" : state);

/**
 * The windowed list. `onChoose(id)` hears which job somebody chose.
 *
 * Returns its `element`, and `put(rows, gone, whole)`, `filter(state, text)`, `choose(id)`, `get(id)`.
 */
function createJobList(port, onChoose) {
  const { signal } = port;
  const jobs = new Map();
  const lines = new Map(); // the elements, by id
  const name = `wb-jobs-${Math.random().toString(36).slice(2)}`;
  let order = [];
  let chosen = "";
  let wanted = { state: "", words: [] };
  let frame = 0;

  const inner = h("div", { className: "wb-jobs-inner" });
  const element = h("div", { className: "wb-jobs", tabIndex: 0 }, inner);
  element.setAttribute("role", "listbox");
  element.setAttribute("aria-label", "Jobs");
  const none = h("div", { className: "wb-none wb-muted", hidden: true });

  const fits = ({ state, text }) =>
    (!wanted.state || state === wanted.state || (wanted.state === "failed" && state === "dead") || (wanted.state === "done" && state === "warnings")) &&
    wanted.words.every((word) => text.includes(word));
  // What moves or went wrong comes first, then what ended last; what waits stands as in the file.
  const before = (a, b) =>
    (JOB_ORDER[a.state] ?? 9) - (JOB_ORDER[b.state] ?? 9) || (a.state === "queued" ? 0 : b.ended - a.ended) || a.row - b.row;

  function sort() {
    order = [...jobs.values()].filter(fits).sort(before);
    inner.style.height = `${order.length * JOB_ROW}px`;
    none.hidden = order.length > 0;
    none.textContent = jobs.size ? "No job is so." : "";
    draw();
  }
  function draw() {
    frame = 0;
    const first = Math.max(0, Math.floor(element.scrollTop / JOB_ROW) - 4);
    const last = Math.min(order.length, Math.ceil((element.scrollTop + (element.clientHeight || 340)) / JOB_ROW) + 4);
    const kept = new Set();
    for (let i = first; i < last; i++) {
      const job = order[i];
      kept.add(job.id);
      let line = lines.get(job.id);
      if (!line) lines.set(job.id, (line = createJobLine(job.id)));
      line.show(job, i, order.length, job.id === chosen);
      if (!line.element.parentNode) inner.append(line.element);
    }
    for (const [id, line] of lines) {
      if (kept.has(id)) continue;
      line.element.remove();
      lines.delete(id);
    }
    const line = lines.get(chosen);
    if (line) element.setAttribute("aria-activedescendant", line.element.id);
    else element.removeAttribute("aria-activedescendant");
  }
  const soon = () => (frame ||= requestAnimationFrame(draw));

  function createJobLine(id) {
    const number = h("span", { className: "wb-job-number" });
    const title = h("span", { className: "wb-job-name", dir: "auto" });
    const state = h("span", { className: "wb-job-state" });
    const bar = h("progress", { max: 1 });
    const time = h("span", { className: "wb-job-time" });
    const why = h("span", { className: "wb-job-why", dir: "auto" });
    const line = h("div", { className: "wb-job" }, number, title, state, time, bar, why);
    line.setAttribute("role", "option");
    line.dataset.id = id;
    bar.setAttribute("aria-label", "Progress");
    let drawn = null;
    const show = (job, i, count, now) => {
      line.id = `${name}-${i}`;
      line.style.transform = `translateY(${i * JOB_ROW}px)`;
      line.setAttribute("aria-posinset", i + 1);
      line.setAttribute("aria-setsize", count);
      line.setAttribute("aria-selected", String(now));
      line.classList.toggle("wb-current", now);
      if (job.state === "running") time.textContent = jobTime(job.since + (performance.now() - job.heard) / 1000);
      if (drawn === job) return;
      drawn = job;
      number.textContent = job.row || "";
      title.textContent = title.title = job.name;
      state.textContent = jobWord(job);
      line.dataset.state = job.state;
      bar.hidden = job.state !== "running";
      if (job.part > 0) bar.value = job.part;
      else bar.removeAttribute("value");
      if (job.state !== "running") time.textContent = jobTime(job.seconds);
      const cell = job.cell === null || job.problem.includes(`cell ${job.cell}`) ? "" : `cell ${job.cell}: `;
      why.textContent = why.title = job.problem ? `${cell}${job.problem}` : "";
    };
    return { element: line, show };
  }

  function choose(id, reveal = true) {
    if (chosen !== id) {
      chosen = id;
      onChoose(id);
    }
    const at = order.findIndex((job) => job.id === id);
    if (reveal && at >= 0) {
      const top = at * JOB_ROW;
      const bottom = top + JOB_ROW;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
    }
    draw();
  }
  function step(by) {
    const at = order.findIndex((job) => job.id === chosen);
    const to = at < 0 ? 0 : Math.max(0, Math.min(order.length - 1, at + by));
    if (order[to]) choose(order[to].id);
  }

  listen(element, "scroll", soon, signal);
  listen(element, "click", ({ target }) => {
    const line = target.closest(".wb-job");
    if (line) choose(line.dataset.id, false);
  }, signal);
  const page = () => Math.max(1, Math.floor(element.clientHeight / JOB_ROW) - 1);
  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    j: () => step(1),
    k: () => step(-1),
    PageDown: () => step(page()),
    PageUp: () => step(-page()),
    Home: () => step(-order.length),
    End: () => step(order.length),
  };
  listen(element, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }, signal);
  const watch = new ResizeObserver(soon);
  watch.observe(element);
  const ticking = setInterval(() => order.some(({ state }) => state === "running") && soon(), 1000);
  signal.addEventListener("abort", () => {
    watch.disconnect();
    clearInterval(ticking);
    cancelAnimationFrame(frame);
  });

  return {
    element: h("div", {}, element, none),
    get: (id) => jobs.get(id),
    choose,
    put(rows, gone, whole) {
      if (whole) jobs.clear();
      gone.forEach((id) => jobs.delete(id));
      const heard = performance.now();
      for (const row of rows) {
        const text = `${row.row} ${row.name} ${row.problem} ${jobWord(row)}`.toLowerCase();
        jobs.set(row.id, { ...row, heard, text });
      }
      sort();
    },
    filter(state, text) {
      wanted = { state, words: text.toLowerCase().split(/\s+/).filter(Boolean) };
      sort();
    },
  };
}
