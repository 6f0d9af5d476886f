// The transcript: its words light up as they are spoken and lead to their time.

const MANY = 800; // words from which on they are kept in paragraphs that are laid out when seen
const PARAGRAPH = 150; // words

/** Where paragraphs begin: at a line or after a sentence, once one is long enough. */
function paragraphs(words, breaks) {
  const starts = [0];
  for (let i = 1; i < words.length; i++) {
    const length = i - starts.at(-1);
    const fits = breaks.has(i) || /[.!?…。！？]["'”’)]*$/.test(words[i - 1].text);
    if ((length >= PARAGRAPH && fits) || length >= 3 * PARAGRAPH) starts.push(i);
  }
  return starts;
}

/**
 * The transcript of `clip`; `onChoose(word)` hears a click. `light(i)` marks a word as spoken,
 * `near(time, step)` is the word before or after one, `line(time, step)` the first of a line.
 */
function transcriptOf(clip, onChoose, signal) {
  const { words } = clip;
  const breaks = new Set(clip.breaks);
  const element = h("div", { className: "wb-words", dir: "auto", lang: clip.language });
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Transcript: choose a word to go there");
  const spans = words.map((word) => h("span", { textContent: word.text }));
  const starts = words.length > MANY ? paragraphs(words, breaks) : [0];
  starts.forEach((start, p) => {
    const parts = [];
    for (let i = start; i < (starts[p + 1] ?? words.length); i++) {
      if (i > start && breaks.has(i)) parts.push(h("br"));
      parts.push(spans[i], words[i].space ? " " : "");
    }
    if (starts.length > 1) element.append(h("p", { className: "wb-part" }, ...parts));
    else element.append(...parts);
  });
  const wordOf = (event) => words[spans.indexOf(event.target)];
  listen(element, "click", (event) => wordOf(event) && onChoose(wordOf(event)), signal);
  listen(element, "pointerover", (event) => {
    if (event.target.localName === "span") event.target.title ||= clock(wordOf(event).start);
  }, signal);

  let current = -1;
  function light(i) {
    if (i === current) return;
    spans[current]?.classList.remove("wb-on");
    spans[current]?.removeAttribute("aria-current");
    current = i;
    const span = spans[i];
    if (!span) return;
    span.classList.add("wb-on");
    span.setAttribute("aria-current", "true");
    // Only the transcript scrolls: scrollIntoView would move the notebook.
    const seen = element.getBoundingClientRect();
    const box = span.getBoundingClientRect();
    if (box.top < seen.top || box.bottom > seen.bottom) element.scrollTop += box.top - seen.top - 24;
  }
  const step = (starts, time, by) => {
    const at = lastBegun(starts, time + 1e-3);
    // Going back from within one leads to its start first.
    const back = at >= 0 && time - starts[at].start > 0.3 ? at : at - 1;
    return starts[Math.max(0, by > 0 ? at + 1 : back)];
  };
  const lines = [...new Set([0, ...clip.breaks])].sort((a, b) => a - b).flatMap((i) => words[i] || []);
  return {
    element,
    light,
    near: (time, by) => step(words, time, by),
    line: (time, by) => step(lines.length > 1 ? lines : clip.cues, time, by),
  };
}
