// Every text within `root` that can be seen and has less contrast to its ground than `least`.
([root, least]) => {
  const g = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    g.clearRect(0, 0, 1, 1);
    g.fillStyle = colour;
    g.fillRect(0, 0, 1, 1);
    const [r, gr, b, a] = g.getImageData(0, 0, 1, 1).data;
    return [r, gr, b, a / 255];
  };
  const over = ([r, gr, b, a], [R, G, B]) => [r * a + R * (1 - a), gr * a + G * (1 - a), b * a + B * (1 - a), 1];
  const behind = (e) => {
    const layers = [];
    for (let n = e; n; n = n.parentElement) {
      const style = getComputedStyle(n);
      const colour = rgba(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const luminance = (c) => {
    const [r, gr, b] = c.slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * gr + 0.0722 * b;
  };
  const seen = (e) => e.offsetWidth > 1 && e.offsetHeight > 1
    && getComputedStyle(e).visibility === "visible" && !e.closest(":disabled, [aria-disabled=true]")
    && getComputedStyle(e).opacity === "1";
  const own = (e) => [...e.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
  const found = [];
  for (const e of document.querySelector(root).querySelectorAll("*")) {
    if (!own(e).length || !seen(e) || e.closest("option, video, audio")) continue;
    const back = behind(e);
    const ink = over(rgba(getComputedStyle(e).color), back);
    const [high, low] = [luminance(ink), luminance(back)].sort((x, y) => y - x);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < least) found.push(`${ratio.toFixed(2)} ${e.localName}.${e.className}: ${own(e)[0].data.trim().slice(0, 30)}`);
  }
  return found;
}
